//! Errors as JavaScript sees them: `{ code, message }`, the code stable and the causes spelled out in the message.

use std::error::Error as StdError;
use std::fmt::Write;

use napi::bindgen_prelude::{Env, JsError, Unknown};

/// A stable code such as `OPTIONS_INVALID`; it becomes the `code` property of the JavaScript error.
#[derive(Debug, Clone, Copy)]
pub struct Code(pub &'static str);

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.0
    }
}

/// What a synchronous export throws.
pub type Error = napi::Error<Code>;

/// What a synchronous export returns.
pub type Result<T> = std::result::Result<T, Error>;

/// `cause` and everything behind it in one message, because JavaScript has no `source` chain.
pub(crate) fn coded(code: &'static str, cause: &dyn StdError) -> Error {
    Error::new(Code(code), with_causes(cause))
}

fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _: std::fmt::Result = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// What a promise is rejected with: the same shape, made on the JavaScript thread.
pub(crate) fn rejection(env: Env, error: Error) -> napi::Error {
    let value: Unknown<'_> = JsError::from(error).into_unknown(env);
    napi::Error::from(value)
}
