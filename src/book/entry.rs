//! What stands in the columns of a row: plain values, ready to be laid out.

use super::row::Row;
use crate::rules::Severity;
use crate::wire::{Side, Time};

/// What a row is, as far as a list shows that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message, or what belongs to one of a carrier.
    Message,
    /// Belongs under what it is about.
    Finding(Severity),
    /// Something is missing, or was not as it should be.
    Trouble,
    /// A beginning, an end, a step of the handshake.
    Other,
}

/// A row in columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    /// A whole message's number, from 1.
    pub n: Option<u64>,
    pub session: u32,
    pub from: Option<Side>,
    /// When it was complete, or certain. A finding has none.
    pub at: Option<Time>,
    pub chunk_stream_id: Option<u32>,
    /// The message's own time in ms, with `?` where that is not known for sure.
    pub timestamp: Option<String>,
    /// It was not read as the protocol has it, because its sender made a mistake.
    pub is_otherwise: bool,
}

impl Entry {
    pub(super) fn of(row: &Row) -> Entry {
        let kind = match row {
            Row::Message(_) | Row::Kept(_) => Kind::Message,
            Row::Finding(finding) => Kind::Finding(finding.severity),
            Row::Gap(_) | Row::Undecodable(_) | Row::Deviation(_) | Row::Incomplete(_) => Kind::Trouble,
            Row::Opened(_) | Row::Handshake(_) | Row::Flow(_) | Row::Resync(_) | Row::Close(_) => Kind::Other,
        };
        let n = match row {
            Row::Message(message) => Some(u64::from(message.n)),
            Row::Kept(kept) => kept.0.n(),
            _ => None,
        };
        let (chunk_stream_id, timestamp) = match row {
            Row::Message(message) => (Some(message.chunk_stream_id), Some(message.time_words())),
            Row::Incomplete(event) => (Some(event.head.chunk_stream_id), Some(event.head.time_words())),
            _ => (None, None),
        };
        Entry {
            kind,
            n,
            session: row.session(),
            from: row.from(),
            at: row.envelope().map(|envelope| envelope.last.time),
            chunk_stream_id,
            timestamp,
            is_otherwise: matches!(row, Row::Message(message) if !message.reading.is_standard()),
        }
    }
}
