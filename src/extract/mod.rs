//! What is taken out of captures, in forms that other programs read: sessions in [clear](Clear), media as [streams](Streams), the captured [packets](Packets)
//! themselves.
//!
//! Who extracts is told the events of an inspection, one after the other, and writes at once what follows from each: nothing is
//! kept of a session but what is under way. Media are the messages' own bytes; a session's bytes in clear are read again by way of the
//! [evidence](crate::evidence). There is no file here but what is written to, whoever opened it: [`Clear`] has one, [`Streams`] a
//! [`Shelf`] of them.

mod addresses;
mod anonymous;
mod clear;
mod clock;
mod flv;
mod form;
mod item;
mod made;
mod media;
mod name;
mod notes;
mod packets;
mod pcapng;
mod shelf;
mod streams;

use std::io;

pub use anonymous::{Anonymiser, Secrets};
pub use clear::{Clear, LeftOut, Written};
pub use flv::Counts;
pub use media::{Elementary, LeftOver};
pub use name::safe;
pub use packets::{Chosen, Packets, PacketsWritten};
pub use shelf::{FileId, Shelf};
pub use streams::{Made, Streams};

use crate::evidence::Missing;

/// What is made of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// One FLV file each; perhaps with times that begin at 0.
    Flv { rebase: bool },
    /// Elementary streams.
    Media,
}

impl Output {
    /// What of it is in the names of its files' notes.
    fn name(self) -> &'static str {
        match self {
            Output::Flv { .. } => "flv",
            Output::Media => "media",
        }
    }
}

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
