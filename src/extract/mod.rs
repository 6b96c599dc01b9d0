//! What is taken out of captures: sessions, in a form that other programs read.
//!
//! Who extracts is told the events of an inspection with evidence, one after the other, and writes at once what follows from each:
//! nothing is kept of a session but what is under way. Captured bytes are read again by way of the [evidence](crate::evidence).
//! There is no file here but the one that is written to, whoever opened it.

mod clear;
mod made;
mod pcapng;

use std::io;

pub use clear::{Clear, LeftOut, Written};

use crate::evidence::Missing;

/// Why an extraction stopped.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A session's bytes cannot be read again.
    #[error("session {0} cannot be taken out: {1}")]
    Capture(u32, Missing),
    /// What is taken out cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}
