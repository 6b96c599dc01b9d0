//! A chunk stream's last header, and the message under way on it.

use super::Chunked;
use crate::proto::Why;
use crate::proto::rtmp::header::{ChunkHeader, near};
use crate::proto::rtmp::{Head, MessageType, Run};
use crate::wire::Moment;

/// A chunk stream's last header, and the message under way on it.
#[derive(Debug, Default)]
pub(super) struct ChunkStream {
    pub(super) id: u32,
    pub(super) timestamp: u32,
    pub(super) delta: u32,
    pub(super) length: u32,
    pub(super) kind: MessageType,
    pub(super) message_stream_id: u32,
    /// The last header's extended timestamp, which type 3 chunks repeat or leave out.
    pub(super) extended: Option<u32>,
    /// Whether that was an absolute time where a delta belongs.
    pub(super) absolute: bool,
    /// Whether nothing was missed since the last header, so that the next one may inherit from it.
    pub(super) fresh: bool,
    /// Whether `timestamp` is known: after a hole it is only with the next absolute one.
    pub(super) timed: bool,
    /// Whether `message_stream_id` is known.
    pub(super) placed: bool,
    pub(super) partial: Option<Partial>,
}

/// A message of which more is to come.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) head: Head,
    pub(super) payload: Vec<u8>,
    /// Payload bytes that came or are known to be missing.
    pub(super) passed: u32,
    /// Payload bytes that are known to be missing.
    pub(super) missing: u32,
    /// Its payload was given up to keep within the limit.
    pub(super) dropped: bool,
}

impl ChunkStream {
    /// What its last header said, without the message under way.
    pub(super) fn state(&self) -> ChunkStream {
        ChunkStream { partial: None, ..*self }
    }

    /// A new message's header: what it leaves out stays as it was.
    ///
    /// A delta of more than 16777214 ms is next to never meant, and a sender that writes the absolute time writes one
    /// near the last. The direction's first such field says which kind of sender it is, unless the clock stands at 0, where
    /// both readings are the same.
    pub(super) fn inherit(&mut self, header: &ChunkHeader, absolutes: &mut Option<bool>) {
        self.absolute = false;
        self.fresh = true;
        let clock = self.timestamp;
        match (header.format, header.extended) {
            (0, extended) => {
                self.timed = true;
                self.placed = true;
                self.timestamp = extended.unwrap_or(header.timestamp);
                // §5.3.1.2.4: a type 3 chunk after a type 0 chunk has the type 0's timestamp for its delta.
                self.delta = self.timestamp;
            }
            (_, Some(time)) if self.timed && clock != 0 && *absolutes.get_or_insert(near(time, clock)) => {
                self.set_absolute(time);
            }
            (_, Some(time)) if !self.timed && *absolutes == Some(true) => {
                self.set_absolute(time);
                self.timed = true;
            }
            (_, Some(delta)) => self.advance(delta),
            (3, None) => self.advance(self.delta),
            (_, None) => self.advance(header.timestamp),
        }
        if header.format < 2 {
            self.length = header.length;
            self.kind = header.kind;
        }
        if header.format == 0 {
            self.message_stream_id = header.message_stream_id;
        }
        if header.format < 3 || header.extended.is_some() {
            self.extended = header.extended;
        }
    }

    pub(super) fn advance(&mut self, delta: u32) {
        self.delta = delta;
        self.timestamp = self.timestamp.wrapping_add(delta);
    }

    pub(super) fn set_absolute(&mut self, time: u32) {
        self.delta = time.wrapping_sub(self.timestamp);
        self.timestamp = time;
        self.absolute = true;
    }
}

impl Partial {
    /// Bytes of memory that it takes: payload, and the places of its chunks.
    pub(super) fn cost(&self) -> usize {
        self.payload.capacity() + self.head.runs.capacity() * size_of::<Run>()
    }

    /// Makes room for `more` bytes of payload: twice as much as there is when that is too little, never more than the
    /// message has.
    pub(super) fn make_room(&mut self, more: usize) {
        let (have, needed) = (self.payload.capacity(), self.payload.len() + more);
        if needed > have {
            let wanted = (self.head.length as usize).min((2 * have).max(4096)).max(needed);
            self.payload.reserve_exact(wanted - self.payload.len());
        }
    }

    /// Gives up the payload, to keep within the limit.
    pub(super) fn drop_payload(&mut self) {
        self.payload = Vec::new();
        self.head.runs.truncate(1);
        self.head.runs.shrink_to_fit();
        self.dropped = true;
    }

    pub(super) fn incomplete(self, why: Why) -> Chunked {
        let received = self.passed - self.missing;
        let why = if self.missing > 0 { Why::Gap } else { why };
        Chunked::Incomplete { head: self.head, received, why }
    }
}

impl Head {
    /// A packet carries some of it.
    pub(super) fn carry(&mut self, at: Moment) {
        if at.packet < self.first.packet {
            self.first = at;
        }
        if at.packet > self.last.packet {
            self.last = at;
        }
    }

    pub(super) fn add_chunk(&mut self, offset: u64, header: u8, data: u32, chunk_size: u32) {
        if let Some(run) = self.runs.last_mut() {
            let full = run.payload / run.chunk;
            let end = run.offset
                + u64::from(run.first_header)
                + u64::from(run.payload)
                + u64::from(full.saturating_sub(1)) * u64::from(run.later_header);
            let alike = run.later_header == header || full == 1;
            if run.payload % run.chunk == 0 && end == offset && alike && chunk_size == run.chunk {
                run.later_header = header;
                run.payload += data;
                return;
            }
        }
        self.runs.push(Run { offset, first_header: header, later_header: 0, chunk: chunk_size, payload: data });
    }
}
