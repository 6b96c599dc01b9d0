//! A chunk stream's last header, and the message under way on it.

use super::Chunked;
use super::times::{self, Reading};
use crate::proto::Why;
use crate::proto::rtmp::header::{ChunkHeader, EXTENDED};
use crate::proto::rtmp::{Head, MessageType, Run};
use crate::wire::Moment;

/// A chunk stream's last header, and the message under way on it.
#[derive(Debug, Default)]
pub(super) struct ChunkStream {
    pub(super) id: u32,
    pub(super) last: LastHeader,
    pub(super) partial: Option<Partial>,
}

/// What the headers of a chunk stream said so far, which the next one inherits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastHeader {
    pub(super) timestamp: u32,
    pub(super) delta: u32,
    pub(super) length: u32,
    pub(super) kind: MessageType,
    pub(super) message_stream_id: u32,
    /// The last header's extended timestamp, which type 3 chunks repeat or leave out.
    pub(super) extended: Option<u32>,
    /// Whether that was an absolute time where a delta belongs.
    pub(super) absolute: bool,
    /// Whether it might as well be read the other way.
    pub(super) ambiguous: bool,
    /// How far the last header moved the clock; none where it set it.
    pub(super) step: Option<u32>,
    /// Whether nothing was missed since the last header, so that the next one may inherit from it.
    pub(super) fresh: bool,
    /// Whether `timestamp` is known: after a hole it is only with the next absolute one.
    pub(super) timed: bool,
    /// Whether no header ever set `timestamp`: it counts from 0, as receivers have it.
    pub(super) unset: bool,
    /// Whether `message_stream_id` is known.
    pub(super) placed: bool,
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

impl LastHeader {
    /// None so far. Where its direction `is_whole` up to here nothing came before either, and receivers count the time from 0.
    pub(super) fn none(is_whole: bool) -> Self {
        LastHeader { timed: is_whole, unset: is_whole, ..LastHeader::default() }
    }

    /// A new message's header: what it leaves out stays as it was. `absolutes` says whether the direction has proven that
    /// it writes absolute times into extended fields of types 1 to 3; see [`times`].
    pub(super) fn inherit(&mut self, header: &ChunkHeader, absolutes: &mut bool) {
        (self.absolute, self.ambiguous) = (false, false);
        self.fresh = true;
        match (header.format, header.extended) {
            (0, extended) => self.set(extended.unwrap_or(header.timestamp)),
            (3, None) => self.advance(self.delta),
            (_, None) => self.advance(header.timestamp),
            (3, Some(field)) if self.repeats(field) => self.advance(field),
            // The field says the delta again, where none belongs.
            (1 | 2, Some(field)) if header.timestamp != EXTENDED => self.advance(field),
            (_, Some(field)) => self.extend(field, absolutes),
        }
        if header.format < 2 {
            self.length = header.length;
            self.kind = header.kind;
        }
        if header.format == 0 {
            self.placed = true;
            self.message_stream_id = header.message_stream_id;
        }
        if header.format < 3 || header.extended.is_some() {
            self.extended = header.extended;
        }
    }

    /// A type 0 header's time.
    fn set(&mut self, time: u32) {
        (self.timed, self.unset, self.step) = (true, false, None);
        self.timestamp = time;
        // §5.3.1.2.4: a type 3 chunk after a type 0 chunk has the type 0's timestamp for its delta.
        self.delta = time;
    }

    fn advance(&mut self, delta: u32) {
        self.delta = delta;
        self.step = Some(delta);
        self.timestamp = self.timestamp.wrapping_add(delta);
    }

    fn set_absolute(&mut self, time: u32) {
        self.delta = time.wrapping_sub(self.timestamp);
        self.step = None;
        self.timestamp = time;
        self.absolute = true;
    }

    /// Whether a type 3 header's field is the last header's, which was read as a delta: it means the same again. From a clock
    /// at 0 both readings led to the same time, and which it was is not known.
    fn repeats(&self, field: u32) -> bool {
        self.step == Some(field) && self.extended == Some(field) && self.timestamp != field
    }

    /// An extended field where a delta belongs.
    fn extend(&mut self, field: u32, absolutes: &mut bool) {
        let reading = match (self.timed, *absolutes) {
            (true, false) => times::read(field, self.timestamp),
            (true, true) if self.timestamp != 0 => Reading::Absolute { certain: true },
            (false, true) => Reading::Absolute { certain: true },
            // From 0 both lead to the same time.
            (true, true) | (false, false) => Reading::Delta { certain: true },
        };
        match reading {
            Reading::Absolute { certain } => {
                *absolutes |= certain;
                self.ambiguous = !certain;
                self.set_absolute(field);
                self.timed = true;
            }
            Reading::Delta { certain } => {
                self.ambiguous = !certain;
                self.advance(field);
            }
        }
    }
}

impl Partial {
    /// Bytes of memory that it takes: payload, and the places of its chunks.
    pub(super) fn cost(&self) -> usize {
        self.payload.capacity() + self.head.runs.capacity() * size_of::<Run>()
    }

    /// Makes room for `more` bytes of payload: four times as much as there is when that is too little, never more than the
    /// message has.
    pub(super) fn make_room(&mut self, more: usize) {
        let (have, needed) = (self.payload.capacity(), self.payload.len() + more);
        if needed > have {
            let wanted = (self.head.length as usize).min((4 * have).max(4096)).max(needed);
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

    /// Its last chunk is as long as its bytes go: so many of its payload are not there.
    pub(super) fn cut(&mut self, missing: u32) {
        if let Some(run) = self.runs.last_mut() {
            run.payload = run.payload.saturating_sub(missing);
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
