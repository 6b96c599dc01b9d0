//! What figures need of a row: when it was complete, what it was of, and how large.

use super::Book;
use super::frame::{Frame, Level};
use super::row::Row;
use crate::wire::{Side, Time};

/// A row in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub at: Time,
    pub from: Side,
    /// Bytes of its payload.
    pub bytes: u32,
    /// Where it ends in its direction's stream: so many bytes the side had sent.
    pub end: u64,
    /// The message's own time, in ms.
    pub timestamp: Option<u32>,
    pub frame: Frame,
    /// Nanoseconds from the call that it answers.
    pub latency: Option<i64>,
    pub level: Option<Level>,
}

/// What figures may go over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Message(Sample),
    /// Something of this side is missing: no figure goes over it.
    Hole(Side, Time),
    /// Anything else: the session was still there.
    Other(Time),
}

impl Book {
    /// The retransmissions of the side whose end a row is, each time with how many there were.
    pub fn resent(&self, row: u32) -> Option<(Side, impl Iterator<Item = (Time, u32)>)> {
        let Row::Close(close) = self.index.row(row)? else { return None };
        let resent = close.tcp.as_ref()?.resent.as_ref()?;
        Some((close.from, resent.iter()))
    }

    /// A row in figures; none of a finding.
    pub fn figure(&self, row: u32) -> Option<Figure> {
        match self.index.row(row)? {
            Row::Message(message) => {
                let head = message.head(self.index.runs(message), &[]);
                Some(Figure::Message(Sample {
                    at: message.time,
                    from: message.from,
                    bytes: message.length,
                    end: message.offset + u64::from(head.size),
                    timestamp: head.timestamp_known.then_some(head.timestamp),
                    frame: message.frame,
                    latency: self.index.answer(row).map(|answer| answer.latency),
                    level: self.index.level(row),
                }))
            }
            Row::Gap(gap) => Some(Figure::Hole(gap.from, gap.envelope().last.time)),
            other => other.envelope().map(|envelope| Figure::Other(envelope.last.time)),
        }
    }
}
