//! Records, cut out of what one direction tells.
//!
//! While all is there, one record begins where the last one ended. Behind a hole that is lost: every place is a candidate whose five bytes
//! can be a header, and whoever asks says whether the record is one, by authenticating it.

use std::collections::VecDeque;
use std::ops::Range;

use super::opener::HEADER;
use crate::wire::Moment;

/// The longest body: RFC 5246's, which has room for compression. TLS 1.3's is shorter.
const BODY: usize = (1 << 14) + 2048;

/// Bytes of memory that a direction keeps in which no record is under way.
const IDLE: usize = 4 << 10;

/// Content types of records.
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const DATA: u8 = 23;
const HEARTBEAT: u8 = 24;

/// What is missing before a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// Where in the stream the first record stood that is not there, or not whole.
    pub(super) from: u64,
    /// The packet that showed it.
    pub(super) at: Moment,
    /// How many records are missing, where that is known.
    pub(super) records: Option<u64>,
    /// All of it was captured, and was not opened.
    pub(super) captured: bool,
}

impl Lost {
    /// A record that is whole, and was not opened.
    pub(super) fn record(from: u64, at: Moment) -> Lost {
        Lost { from, at, records: Some(1), captured: true }
    }

    /// Both, this one first.
    fn and(self, next: Lost) -> Lost {
        let records = self.records.zip(next.records).map(|(one, other)| one + other);
        Lost { from: self.from, at: self.at, records, captured: self.captured && next.captured }
    }

    /// What is missing in all, where there is something.
    pub(super) fn add(before: Option<Lost>, next: Option<Lost>) -> Option<Lost> {
        match (before, next) {
            (Some(before), Some(next)) => Some(before.and(next)),
            (before, next) => before.or(next),
        }
    }
}

/// A record that may be one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    start: usize,
    length: usize,
    /// Where its header stands in the stream.
    pub(super) offset: u64,
    /// What is missing before it. Then it is no more than a candidate.
    pub(super) lost: Option<Lost>,
}

/// One direction's bytes that are not used up, and how far they are understood.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// What of the buffer is used up.
    start: usize,
    /// Where the buffer begins in the stream.
    base: u64,
    /// Up to where in the stream which packet's bytes go.
    packets: VecDeque<(u64, Moment)>,
    /// Bytes to come of a record that is not whole.
    skip: u64,
    lost: Option<Lost>,
}

impl Frames {
    /// The next bytes.
    pub(super) fn push(&mut self, bytes: &[u8], at: Moment) {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        let bytes = &bytes[skipped as usize..];
        if self.buffer.is_empty() {
            self.base += skipped;
        }
        if bytes.is_empty() {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        self.packets.push_back((self.base + self.buffer.len() as u64, at));
    }

    /// Bytes that are not there; about so many, where that is not exact.
    pub(super) fn hole(&mut self, missing: u64, exact: bool, at: Moment) {
        let partial = self.buffer.len() - self.start;
        let from = self.position();
        let mut lost = Lost { from, at, records: None, captured: missing == 0 };
        let mut skip = if exact { self.skip.saturating_sub(missing) } else { 0 };
        if !exact {
            // Where the next record begins is anybody's guess.
        } else if self.skip > 0 {
            // In the tail of a record that is lost anyway.
            lost.records = (self.skip >= missing).then_some(0);
        } else if self.lost.is_none() {
            // The beginning of the record that the hole is in tells where it ends.
            if let Some(length) = self.buffer.get(self.start..).and_then(header).map(|(_, length)| length) {
                let rest = (HEADER + length).saturating_sub(partial) as u64;
                if missing <= rest {
                    skip = rest - missing;
                    lost.records = Some(1);
                }
            }
        }
        self.lost = Some(self.lost.map_or(lost, |before| before.and(lost)));
        self.base = from + partial as u64 + missing;
        self.skip = skip;
        self.buffer.clear();
        self.packets.clear();
        self.start = 0;
    }

    /// The first bytes that are seen are not the first that were sent.
    pub(super) fn join(&mut self, at: Moment) {
        self.lost = Some(Lost { from: 0, at, records: None, captured: false });
    }

    /// Where in the stream the first byte stands that is not used up.
    pub(super) fn position(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Where in the stream the last byte ended that came.
    pub(super) fn end(&self) -> u64 {
        self.base + self.buffer.len() as u64
    }

    /// The packet that began the record that is not whole, where there is one.
    pub(super) fn rest(&self) -> Option<Moment> {
        (self.buffer.len() > self.start).then(|| self.at(self.start))
    }

    /// What is missing, while no record was found behind it.
    pub(super) fn lost(&self) -> Option<Lost> {
        self.lost
    }

    /// The next record that is whole.
    pub(super) fn next(&mut self) -> Option<Found> {
        loop {
            let rest = self.buffer.get(self.start..).filter(|rest| rest.len() >= HEADER)?;
            let Some((_, length)) = header(rest) else {
                // Not what should stand here: the bytes are not TLS's, or some are missing that nobody knows of.
                let lost = Lost { from: self.position(), at: self.at(self.start), records: None, captured: true };
                self.lost.get_or_insert(lost);
                self.start += 1 + rest[1..].windows(2).position(|next| next[1] == 3).unwrap_or(rest.len() - 2);
                continue;
            };
            if rest.len() < HEADER + length {
                return None;
            }
            let offset = self.position();
            return Some(Found { start: self.start, length: HEADER + length, offset, lost: self.lost });
        }
    }

    /// A record's bytes, and up to where in it which packet's go.
    pub(super) fn bytes(&mut self, found: &Found, pieces: &mut Vec<(usize, Moment)>) -> &mut [u8] {
        pieces.clear();
        for (end, at) in &self.packets {
            let Some(end) = end.checked_sub(found.offset).filter(|end| *end > 0) else { continue };
            pieces.push(((end as usize).min(found.length), *at));
            if end as usize >= found.length {
                break;
            }
        }
        &mut self.buffer[found.range()]
    }

    /// The record is one, and used up.
    pub(super) fn accept(&mut self, found: &Found) {
        self.lost = None;
        self.start = found.start + found.length;
        self.forget();
    }

    /// It is none.
    pub(super) fn reject(&mut self, found: &Found) {
        self.start = found.start + 1;
        self.forget();
    }

    /// Leaves out what is used up.
    pub(super) fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.base += self.start as u64;
        self.start = 0;
        self.forget();
        if self.buffer.is_empty() && self.memory() > IDLE {
            (self.buffer, self.packets) = (Vec::new(), VecDeque::new());
        }
    }

    /// Gives up a record that is not whole.
    pub(super) fn shed(&mut self) {
        if self.buffer.len() - self.start >= HEADER {
            self.hole(0, true, self.at(self.start));
        }
        if self.buffer.is_empty() {
            (self.buffer, self.packets) = (Vec::new(), VecDeque::new());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity() + self.packets.capacity() * size_of::<(u64, Moment)>()
    }

    fn forget(&mut self) {
        let position = self.position();
        while self.packets.front().is_some_and(|(end, _)| *end <= position) {
            self.packets.pop_front();
        }
    }

    /// The packet with a byte of the buffer.
    fn at(&self, index: usize) -> Moment {
        let offset = self.base + index as u64;
        let packet = self.packets.iter().find(|(end, _)| *end > offset).or(self.packets.back());
        packet.map_or_else(Moment::default, |(_, at)| *at)
    }
}

impl Found {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.length
    }
}

/// The type and the body's length, where these bytes can be a record's header.
pub(super) fn header(bytes: &[u8]) -> Option<(u8, usize)> {
    let header: &[u8; HEADER] = bytes.first_chunk()?;
    let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
    let is_header = (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&header[0]) && header[1] == 3 && header[2] <= 4;
    (is_header && length <= BODY && (length > 0 || header[0] == DATA)).then_some((header[0], length))
}
