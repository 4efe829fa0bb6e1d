//! What an agent thought and did.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Extra;

/// Payload of `agent.thought`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentThought {
    /// The agent.
    pub agent: String,
    /// The thought.
    pub text: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Payload of `agent.action`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentAction {
    /// The agent.
    pub agent: String,
    /// What it did.
    pub name: String,
    /// With what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// What came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
