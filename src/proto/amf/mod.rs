//! Action Message Format: the values inside commands and data messages.
//!
//! [`amf0`] reads AMF0 with the byte range of every value. AMF3 values are framed by their marker only, for now: their
//! bytes are kept raw.

pub mod amf0;
mod value;

pub use value::Amf;
