//! Action Message Format: the values inside commands, data messages and shared objects.
//!
//! [`amf0`] reads AMF0, and goes over to `amf3` behind its avmplus marker, for one value. Each value is read and recorded
//! with its bytes; references are recorded with the node that they name and are never followed here. [`Context`] holds
//! the bounds of one message. This module knows nothing of messages.

pub mod amf0;
pub mod amf3;
mod context;
mod value;

pub use context::Context;
pub use value::{Amf, Members, Vector};

pub(crate) use amf3::flex::FIELDS;
