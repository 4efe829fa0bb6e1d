//! Console output and page errors.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Extra;

/// A place in a page's code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageLocation {
    /// The script.
    pub url: String,
    /// The line, from 0 as the browser counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `console.log`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsoleLog {
    /// `log`, `info`, `debug`, `warn` and so on.
    pub level: String,
    /// The message.
    pub text: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<Value>>,
    /// Where it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<PageLocation>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `console.error`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsoleError {
    /// `error` or `pageerror`.
    pub level: String,
    /// The message.
    pub text: String,
    /// The stack, one frame a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Where it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<PageLocation>,
    /// The page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
