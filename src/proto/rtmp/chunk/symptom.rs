//! Symptoms: what makes a header doubtful, or the message before it.

use super::stream::ChunkStream;
use super::{Chunked, Chunks};
use crate::proto::rtmp::header::{self, ChunkHeader, LARGEST_ID, LONG, STEP, apart};
use crate::proto::rtmp::hypothesis::{self, ExtendedField, ends, is_amf, is_whole};
use crate::proto::rtmp::reading::Reading;
use crate::proto::rtmp::resync::{ChunkSize, Then, fits};
use crate::proto::rtmp::{Head, MessageType, Run};

/// Bytes of a payload that tell its type.
const TELLING: usize = 6;
/// Distances of chunk headers that are tried.
const SIZES: usize = 64;
/// The longest AMF payload that is looked at once more.
pub(super) const MOST_VALUES: usize = 65_536;

impl Chunks {
    /// Whether nothing explains a header but a mistake of the sender; or nothing much speaks for it.
    pub(super) fn is_suspect(&self, header: &ChunkHeader, rest: &[u8]) -> bool {
        let ChunkHeader { format, kind, length, .. } = *header;
        let Some(place) = self.find(header.chunk_stream_id) else {
            return match format {
                0 => self.is_odd(header) || self.hides_header(header.chunk_stream_id),
                1 => self.is_odd(header) || header.chunk_stream_id >= 64 || header.timestamp > STEP || length > LONG,
                _ => true,
            };
        };
        let stream = &self.streams[place];
        if let Some(partial) = &stream.partial {
            let is_next =
                self.form.on_every_chunk && (format == 2 || (length, kind) == (partial.head.length, partial.head.kind));
            return format < 3 && !is_next;
        }
        let is_new = stream.last.kind != kind;
        let is_far = header.timestamp > STEP && header.extended.is_none();
        match format {
            0 => self.is_odd(header) || (length > LONG && is_new),
            1 => self.is_odd(header) || (is_new && (kind.name().is_none() || length > LONG || is_far)),
            2 if is_far => true,
            _ => stream.last.fresh && stream.last.extended.is_none() && !self.begins(stream, rest),
        }
    }

    /// Whether a chunk stream id of two bytes, the first that its sender uses, may be a byte too many before the header of a chunk
    /// stream that is known.
    fn hides_header(&self, id: u32) -> bool {
        let Some(second) = id.checked_sub(64).filter(|second| self.large.is_empty() && *second < 256) else {
            return false;
        };
        matches!(second >> 6, 1 | 2) && self.find(second & 63).is_some()
    }

    /// Whether a header of type 0 or 1 says what no sender says.
    fn is_odd(&self, header: &ChunkHeader) -> bool {
        let ChunkHeader { format, kind, message_stream_id, .. } = *header;
        let length = self.form.length(kind, header.length);
        let has_length = match kind.0 {
            1 | 2 | 3 | 5 => length == 4,
            6 => length == 5,
            4 => (2..=64).contains(&length),
            _ => true,
        };
        let is_far = message_stream_id > LARGEST_ID && !self.message_streams.contains(&message_stream_id);
        // Another of a type that was proven is one more.
        let is_known = |stream: usize| self.streams[stream].last.kind == kind;
        let is_strange =
            kind.name().is_none() && (length > 0xffff || !self.find(header.chunk_stream_id).is_some_and(is_known));
        !has_length || is_strange || (format == 0 && is_far)
    }

    /// Whether the present place is the end of a media message, which says of itself neither its length nor that it is one piece.
    fn is_behind_media(&self, out: &[Chunked]) -> bool {
        matches!(out.last(), Some(Chunked::Message(head, _))
            if matches!(head.kind, MessageType::AUDIO | MessageType::VIDEO) && head.end() == self.offset)
    }

    /// Whether the payload begins as those of the chunk stream do, as far as it is there.
    fn begins(&self, stream: &ChunkStream, rest: &[u8]) -> bool {
        let payload = &rest[..rest.len().min(stream.last.length as usize)];
        match (stream.last.kind, payload) {
            // Sizes of 16 MiB and more, and such event types, are seldom.
            (MessageType::SET_CHUNK_SIZE | MessageType::USER_CONTROL, [first, ..]) => *first == 0,
            (MessageType::ABORT, [a, b, ..]) => (*a, *b) == (0, 0),
            (MessageType::SET_PEER_BANDWIDTH, [_, _, _, _, limit]) => *limit < 3,
            (MessageType::AUDIO | MessageType::VIDEO | MessageType::COMMAND_AMF0 | MessageType::DATA_AMF0, payload)
                // One byte is no frame, whatever it is: some senders write such ones.
                if payload.len() >= TELLING.min(stream.last.length as usize).max(2) =>
            {
                fits(stream.last.kind, payload, &self.signs)
            }
            _ => true,
        }
    }

    /// Whether a header that is not whole cannot become one.
    pub(super) fn is_odd_beginning(&self, bytes: &[u8], out: &[Chunked]) -> bool {
        let (format, id) = (bytes[0] >> 6, u32::from(bytes[0] & 63));
        let place = if id < 2 { None } else { self.find(id) };
        if place.is_none() && (format > 0 || id < 2 || self.is_behind_media(out) || self.has_broken_values(out)) {
            return true;
        }
        if place.is_some_and(|place| self.streams[place].partial.is_some()) && format < 3 && !self.form.on_every_chunk {
            return true;
        }
        // As far as its time is there.
        let Some(first) = bytes.get(1).filter(|_| format < 3) else { return false };
        let low = u32::from_be_bytes([0, *first, bytes.get(2).copied().unwrap_or(0), 0]);
        let clock = if format == 0 { self.signs.clock.unwrap_or(0) } else { 0 };
        // The time's lower three bytes, where the field that says it whole is behind.
        let clock = if self.form.extended == ExtendedField::Uncalled { clock & header::EXTENDED } else { clock };
        let is_near = apart(low, clock) <= 2 * STEP || low == 0;
        !is_near && *first != 0xff
    }

    /// How many chunk headers of another size that the sender announced stand inside a message that came in one chunk. One may be a
    /// chance: it is none where what the message holds does not speak for it.
    pub(super) fn old_headers(&self, head: &Head, payload: &[u8]) -> usize {
        let ChunkSize::Known(size) = self.size else { return 0 };
        if !self.may_doubt() || self.offset == self.trusted || !is_one_chunk(head) {
            return 0;
        }
        let others = self.sizes.past.iter().copied().chain([self.sizes.in_force()]);
        match others.filter(|other| *other < size).map(|other| marks(head, payload, other as usize)).max() {
            Some(1) if ends(head.kind, payload) != Some(false) => 0,
            found => found.unwrap_or(0),
        }
    }

    /// Whether a video message does not end with its NAL units or its record, of a sender whose others did. One such message may be an
    /// encoder's doing; where nothing explains it no more are asked until one ends well again.
    pub(super) fn is_cut_wrong(&mut self, head: &Head, payload: &[u8]) -> bool {
        let ends = if head.kind == MessageType::VIDEO { ends(head.kind, payload) } else { None };
        let Some(ends) = ends else { return false };
        let is_config = payload.get(1) == Some(&0);
        let is_new = std::mem::replace(&mut self.ends_well, ends) || is_config;
        !ends && is_new && self.offset > self.trusted && self.may_doubt()
    }

    /// Whether a message holds the next header where the last one did whose length was wrong: as far as its first bytes tell.
    pub(super) fn is_long_again(&self, head: &Head, payload: &[u8]) -> bool {
        let Some((_, by @ ..0)) = self.last_length.filter(|(kind, _)| *kind == head.kind) else { return false };
        let from = payload.len().checked_add_signed(by as isize).filter(|from| *from > 0);
        let Some(rest) = from.and_then(|from| payload.get(from..)) else { return false };
        let is_open = rest.first().is_some_and(|first| first >> 6 < 2 && self.find(u32::from(first & 63)).is_some());
        is_open
            && rest.get(7).is_none_or(|kind| MessageType(*kind).name().is_some())
            && self.offset > self.trusted
            && self.may_doubt()
    }

    /// Whether a message that nothing proves may be none: it was read otherwise than its header says, its content does not end with
    /// it, or a header stands inside it.
    pub(super) fn is_unsure(&mut self, head: &Head, payload: &[u8]) -> bool {
        self.doubt_spent += payload.len() as u64 / 4;
        let holds_header = || {
            let own = (head.chunk_stream_id, head.kind);
            payload.len() <= MOST_VALUES && hypothesis::holds_header(payload, &self.known(Then::More), own)
        };
        head.reading == Reading::Length || ends(head.kind, payload).map_or_else(holds_header, |ends| !ends)
    }

    /// Whether the message before the present place came in one chunk and holds, at equal distances, as many chunk headers as bytes
    /// are left behind it: it ends with these.
    pub(super) fn hides_headers(&self, left: usize, out: &[Chunked]) -> bool {
        let Some(Chunked::Message(head, payload)) = out.last().filter(|_| self.is_behind_media(out)) else {
            return false;
        };
        is_one_chunk(head)
            && memchr::memchr_iter(mark(head), payload).take(SIZES).any(|size| marks(head, payload, size) == left)
    }

    /// Whether the message before the present place is AMF values that do not end with it, and the header here is one that a few of
    /// their bytes may look like.
    pub(super) fn is_behind_broken_values(&self, header: &ChunkHeader, out: &[Chunked]) -> bool {
        let Some(Chunked::Message(head, _)) = out.last() else { return false };
        if !is_amf(head.kind) {
            return false;
        }
        let is_like = |stream: usize| header.format == 2 || self.streams[stream].last.kind == header.kind;
        let is_usual = match header.format {
            3 => header.chunk_stream_id != head.chunk_stream_id,
            _ => self.find(header.chunk_stream_id).is_some_and(is_like),
        };
        !is_usual && self.has_broken_values(out)
    }

    /// Whether the message before the present place is AMF values that do not end with it.
    fn has_broken_values(&self, out: &[Chunked]) -> bool {
        let Some(Chunked::Message(head, payload)) = out.last() else { return false };
        let is_behind = head.end() == self.offset && is_amf(head.kind) && payload.len() <= MOST_VALUES;
        is_behind && self.may_doubt() && self.offset != self.trusted && !is_whole(head.kind, payload)
    }
}

/// Whether a message came in one chunk, whose header can be told inside it.
fn is_one_chunk(head: &Head) -> bool {
    matches!(head.runs[..], [Run { later_header: 0, .. }]) && head.chunk_stream_id < 64
}

/// The type 3 header of a message's chunk stream.
fn mark(head: &Head) -> u8 {
    0xc0 | head.chunk_stream_id as u8
}

/// How many chunk headers stand in a payload where chunks of `size` bytes end; none unless that is everywhere, and more than padding.
fn marks(head: &Head, payload: &[u8], size: usize) -> usize {
    let mark = mark(head);
    if size == 0 || payload.get(size) != Some(&mark) || payload[size - 1] == mark {
        return 0;
    }
    let mut places = (size..payload.len()).step_by(size + 1);
    if places.all(|at| payload[at] == mark) { payload.len() / (size + 1) } else { 0 }
}
