//! What a file cannot tell of itself: holes, cuts, messages that were not decoded. Each is a line of JSON in a file beside it, with the
//! keys and words of the timeline's JSON.

use std::io;

use serde::Serialize;

use super::shelf::{FileId, Shelf};
use crate::export::json;
use crate::wire::{Moment, Side};

/// One thing to know.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// The timeline's word for it, or that of a fact that only files have.
    pub(super) event: &'static str,
    pub(super) from: Option<Side>,
    pub(super) at: Moment,
    /// The message that it is about.
    pub(super) n: Option<u64>,
    /// Of a hole: where in the direction's stream, and how many bytes.
    pub(super) hole: Option<(u64, u64)>,
    /// A clause for a person, in which secrets are masked.
    pub(super) text: String,
}

#[derive(Serialize)]
struct Line<'n> {
    event: &'static str,
    session: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    packet: u64,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// The media time of what stands before it in the file, in ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u32>,
    text: &'n str,
}

/// The notes of one stream.
#[derive(Debug)]
pub(super) struct Notes {
    name: String,
    file: Option<FileId>,
    count: u64,
}

impl Notes {
    /// Of what is called by this base, made in a form of this name: both forms may stand in one folder.
    pub(super) fn new(base: &str, form: &str) -> Notes {
        Notes { name: format!("{base}.{form}.notes.jsonl"), file: None, count: 0 }
    }

    /// Writes one more. The file begins with the first.
    pub(super) fn put(
        &mut self,
        session: u32,
        note: &Note,
        timestamp: Option<u32>,
        shelf: &mut impl Shelf,
    ) -> io::Result<()> {
        let file = match self.file {
            Some(file) => file,
            None => *self.file.insert(shelf.begin(&self.name)?),
        };
        self.count += 1;
        let line = Line {
            event: note.event,
            session,
            from: note.from.map(Side::name),
            packet: note.at.packet.0,
            time: json::time(note.at.time),
            n: note.n,
            offset: note.hole.map(|(offset, _)| offset),
            bytes: note.hole.map(|(_, bytes)| bytes),
            timestamp,
            text: &note.text,
        };
        let mut line = json::plain(&line)?;
        line.push(b'\n');
        shelf.write(file, &line)
    }

    /// Ends the file. Gives its name and how many notes it has.
    pub(super) fn finish(self, shelf: &mut impl Shelf) -> io::Result<Option<(String, u64)>> {
        let Some(file) = self.file else { return Ok(None) };
        shelf.finish(file)?;
        Ok(Some((self.name, self.count)))
    }

    /// Leaves them out.
    pub(super) fn abandon(self, shelf: &mut impl Shelf) {
        if let Some(file) = self.file {
            shelf.abandon(file);
        }
    }
}
