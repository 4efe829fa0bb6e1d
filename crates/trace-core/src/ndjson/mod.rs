//! Events to lines and back.
//!
//! Writing is exact and allocates nothing but the buffer; reading is tolerant: broken input is data, told by [`Diagnostic`]s.

mod decode;
mod diagnostic;
mod encode;
mod envelope;
mod lines;
mod upgrade;

pub use decode::{Decoded, Decoder, decode, decode_line};
pub use diagnostic::{Code, Diagnostic};
#[cfg(feature = "edge")]
pub(crate) use encode::encode_fields;
pub use encode::{encode, encode_parts};
pub use envelope::{Envelope, envelope};
pub use lines::{Line, Lines};
pub use upgrade::format_of;

/// Bytes that one line may have, its line break not counted.
pub const MAX_LINE_BYTES: usize = 16 << 20;
