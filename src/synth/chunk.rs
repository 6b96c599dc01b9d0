//! Messages written as chunks, also in the ways that the specification forbids.

use std::collections::BTreeMap;

/// The value of a timestamp field that says: the Extended Timestamp field has it (RTMP 1.0 §5.3.1.3).
const EXTENDED: u32 = 0x00ff_ffff;

/// A message and where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub chunk_stream_id: u32,
    pub message_type: u8,
    pub message_stream_id: u32,
    /// Absolute, in milliseconds.
    pub timestamp: u32,
    pub payload: Vec<u8>,
}

impl Message {
    pub fn new(
        chunk_stream_id: u32,
        message_type: u8,
        message_stream_id: u32,
        timestamp: u32,
        payload: Vec<u8>,
    ) -> Self {
        Message { chunk_stream_id, message_type, message_stream_id, timestamp, payload }
    }

    /// A protocol control message where the spec wants it: chunk stream 2, message stream 0 (RTMP 1.0 §5.4).
    pub fn control(message_type: u8, payload: Vec<u8>) -> Self {
        Message::new(2, message_type, 0, 0, payload)
    }
}

/// Which chunk header begins a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The smallest that says all. It never lets type 3 follow type 0, because receivers disagree about that delta.
    #[default]
    Best,
    /// Absolute timestamp, length, type, message stream.
    Type0,
    /// Timestamp delta, length, type.
    Type1,
    /// Timestamp delta.
    Type2,
    /// Nothing: everything as before. What the message says otherwise is lost, as on a real wire.
    Type3,
}

/// What a sender does with the Extended Timestamp field on chunks of type 3, and what it puts into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtendedTimestamp {
    /// As the spec says: type 3 repeats the field of the last header.
    #[default]
    Repeated,
    /// Type 3 never has the field (the 2009 draft; librtmp for long).
    Omitted,
    /// Once the clock has passed 0xFFFFFE every header has the field, and it holds the absolute timestamp, also on types
    /// 1 to 3 (rtmp-rs, lal).
    Absolute,
}

/// How a chunk stream id is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Smallest,
    /// One byte: the lowest 6 bits of the id, whatever it is.
    One,
    /// Two bytes: the lowest 8 bits of id - 64.
    Two,
    /// Three bytes: the lowest 16 bits of id - 64, low byte first.
    Three,
}

/// A message of which some chunks are still to be written.
#[derive(Clone, Debug)]
pub struct Unfinished {
    message: Message,
    format: Format,
    written: usize,
    begun: bool,
}

impl Unfinished {
    pub fn is_finished(&self) -> bool {
        self.begun && self.written == self.message.payload.len()
    }
}

/// What a receiver remembers of a chunk stream: what the next header may leave out.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    message_stream_id: u32,
    message_type: u8,
    length: usize,
    timestamp: u32,
    /// The delta that type 3 would repeat; not known after type 0.
    delta: Option<u32>,
    /// The Extended Timestamp field of the last type 0, 1 or 2 header, if it had one.
    extended: Option<u32>,
}

/// Writes one direction's messages as chunks.
///
/// ```
/// use rtmp_inspect::synth::{ChunkWriter, Message};
///
/// let mut chunks = ChunkWriter::default();
/// chunks.message(&Message::new(3, 8, 1, 1000, vec![0xaf, 1]));
/// assert_eq!(chunks.take(), [0x03, 0, 3, 0xe8, 0, 0, 2, 8, 1, 0, 0, 0, 0xaf, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct ChunkWriter {
    /// Payload bytes in a chunk, from now on. [`set_chunk_size`](Self::set_chunk_size) also tells the peer.
    pub chunk_size: usize,
    pub extended_timestamp: ExtendedTimestamp,
    pub form: Form,
    known: BTreeMap<u32, Known>,
    out: Vec<u8>,
    taken: u64,
}

impl Default for ChunkWriter {
    fn default() -> Self {
        ChunkWriter {
            chunk_size: 128,
            extended_timestamp: ExtendedTimestamp::default(),
            form: Form::default(),
            known: BTreeMap::new(),
            out: Vec::new(),
            taken: 0,
        }
    }
}

impl ChunkWriter {
    /// Writes all of a message under the smallest header.
    pub fn message(&mut self, message: &Message) {
        self.message_as(Format::Best, message);
    }

    /// Writes all of a message under this header, be it right or wrong.
    pub fn message_as(&mut self, format: Format, message: &Message) {
        let mut unfinished = self.begin(format, message);
        while self.chunk(&mut unfinished) {}
    }

    /// Writes several messages in turns of one chunk. They need different chunk streams to make sense.
    pub fn interleave(&mut self, messages: &[Message]) {
        let mut unfinished: Vec<_> = messages.iter().map(|message| self.begin(Format::Best, message)).collect();
        while !unfinished.is_empty() {
            unfinished.retain_mut(|message| self.chunk(message));
        }
    }

    /// Prepares a message that is to be written chunk by chunk. Nothing is written yet.
    #[must_use]
    pub fn begin(&self, format: Format, message: &Message) -> Unfinished {
        Unfinished { message: message.clone(), format, written: 0, begun: false }
    }

    /// Writes the next chunk of a message, at the chunk size of this moment. False when that was the last.
    pub fn chunk(&mut self, unfinished: &mut Unfinished) -> bool {
        if unfinished.begun {
            self.continuation_header(&unfinished.message);
        } else {
            self.first_header(unfinished.format, &unfinished.message);
            unfinished.begun = true;
        }
        self.chunk_data(unfinished)
    }

    /// Writes the next chunk of a message under a full header again, where type 3 belongs: what peers do that drop a
    /// message without an Abort, or that know no type 3.
    pub fn chunk_as(&mut self, format: Format, unfinished: &mut Unfinished) -> bool {
        self.first_header(format, &unfinished.message);
        unfinished.begun = true;
        self.chunk_data(unfinished)
    }

    /// Set Chunk Size (1): tells the peer, and takes effect at once, also in the middle of another message.
    pub fn set_chunk_size(&mut self, chunk_size: u32) {
        self.message(&Message::control(1, chunk_size.to_be_bytes().into()));
        // The first bit is no part of the size (§5.4.1); a chunk of no bytes would never end.
        self.chunk_size = (chunk_size & 0x7fff_ffff).max(1) as usize;
    }

    /// Abort Message (2). The unfinished message of that chunk stream is simply not continued.
    pub fn abort(&mut self, chunk_stream_id: u32) {
        self.message(&Message::control(2, chunk_stream_id.to_be_bytes().into()));
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// What was written since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        self.taken += self.out.len() as u64;
        std::mem::take(&mut self.out)
    }

    /// All bytes written until now, taken or not.
    pub fn written(&self) -> u64 {
        self.taken + self.out.len() as u64
    }

    fn first_header(&mut self, format: Format, message: &Message) {
        let known = self.known.get(&message.chunk_stream_id).copied();
        let format = if format == Format::Best { best(known, message) } else { format };
        let mut next = known.unwrap_or_default();
        let delta = message.timestamp.wrapping_sub(next.timestamp);
        let absolute = self.extended_timestamp == ExtendedTimestamp::Absolute && message.timestamp >= EXTENDED;

        let (fmt, time) = match format {
            Format::Best | Format::Type0 => (0, message.timestamp),
            Format::Type1 => (1, delta),
            Format::Type2 => (2, delta),
            Format::Type3 => (3, 0),
        };
        self.basic_header(fmt, message.chunk_stream_id);
        if fmt < 3 {
            next.extended = match (absolute, time >= EXTENDED) {
                (true, _) => Some(message.timestamp),
                (false, true) => Some(time),
                (false, false) => None,
            };
            next.delta = (fmt > 0).then_some(delta);
            let field = if next.extended.is_some() { EXTENDED } else { time };
            self.out.extend(&field.to_be_bytes()[1..]);
        }
        if fmt < 2 {
            self.out.extend(&(message.payload.len() as u32).to_be_bytes()[1..]);
            self.out.push(message.message_type);
            next.length = message.payload.len();
            next.message_type = message.message_type;
        }
        if fmt == 0 {
            // The one little-endian field (§5.3.1.2.5).
            self.out.extend(message.message_stream_id.to_le_bytes());
            next.message_stream_id = message.message_stream_id;
        }
        next.timestamp = message.timestamp;
        match fmt {
            3 => self.extended_on_type3(next.extended, message.timestamp),
            _ => self.out.extend(next.extended.into_iter().flat_map(u32::to_be_bytes)),
        }
        self.known.insert(message.chunk_stream_id, next);
    }

    fn continuation_header(&mut self, message: &Message) {
        self.basic_header(3, message.chunk_stream_id);
        let extended = self.known.get(&message.chunk_stream_id).and_then(|known| known.extended);
        self.extended_on_type3(extended, message.timestamp);
    }

    fn extended_on_type3(&mut self, extended: Option<u32>, timestamp: u32) {
        let field = match self.extended_timestamp {
            ExtendedTimestamp::Repeated => extended,
            ExtendedTimestamp::Omitted => None,
            ExtendedTimestamp::Absolute => extended.map(|_| timestamp),
        };
        self.out.extend(field.into_iter().flat_map(u32::to_be_bytes));
    }

    fn basic_header(&mut self, fmt: u8, chunk_stream_id: u32) {
        let fmt = fmt << 6;
        let beyond = chunk_stream_id.wrapping_sub(64);
        let form = match self.form {
            Form::Smallest if chunk_stream_id < 64 => Form::One,
            Form::Smallest if beyond < 256 => Form::Two,
            Form::Smallest => Form::Three,
            form => form,
        };
        match form {
            Form::Two => self.out.extend([fmt, beyond as u8]),
            Form::Three => self.out.extend([fmt | 1, beyond as u8, (beyond >> 8) as u8]),
            Form::Smallest | Form::One => self.out.push(fmt | (chunk_stream_id as u8 & 0x3f)),
        }
    }

    fn chunk_data(&mut self, unfinished: &mut Unfinished) -> bool {
        let left = &unfinished.message.payload[unfinished.written..];
        let data = &left[..left.len().min(self.chunk_size.max(1))];
        self.out.extend_from_slice(data);
        unfinished.written += data.len();
        unfinished.written < unfinished.message.payload.len()
    }
}

fn best(known: Option<Known>, message: &Message) -> Format {
    let Some(known) = known else { return Format::Type0 };
    // A step of more than half the clock is a step back, which only type 0 may make (§5.3.1.2.1).
    let delta = message.timestamp.wrapping_sub(known.timestamp);
    if message.message_stream_id != known.message_stream_id || delta > u32::MAX / 2 {
        Format::Type0
    } else if message.message_type != known.message_type || message.payload.len() != known.length {
        Format::Type1
    } else if Some(delta) != known.delta {
        Format::Type2
    } else {
        Format::Type3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(timestamp: u32, length: usize) -> Message {
        Message::new(3, 8, 12345, timestamp, vec![0; length])
    }

    fn video(chunk_stream_id: u32, timestamp: u32, length: usize) -> Message {
        Message::new(chunk_stream_id, 9, 1, timestamp, vec![0xee; length])
    }

    /// The bytes without the payload bytes 0xee.
    fn headers(chunks: &mut ChunkWriter) -> Vec<u8> {
        chunks.take().into_iter().filter(|byte| *byte != 0xee).collect()
    }

    #[test]
    fn example_1_of_the_spec_has_chunks_of_44_36_33_and_33_bytes() {
        let mut chunks = ChunkWriter::default();
        let mut written = Vec::new();
        for timestamp in [1000, 1020, 1040, 1060] {
            chunks.message(&audio(timestamp, 32));
            written.push(chunks.take());
        }
        assert_eq!(written.iter().map(Vec::len).collect::<Vec<_>>(), [44, 36, 33, 33]);
        assert_eq!(written[0][..12], [0x03, 0, 0x03, 0xe8, 0, 0, 32, 8, 0x39, 0x30, 0, 0]);
        assert_eq!(written[1][..4], [0x83, 0, 0, 20]);
        assert_eq!((written[2][0], written[3][0]), (0xc3, 0xc3));
        assert_eq!(chunks.written(), 44 + 36 + 33 + 33);
    }

    #[test]
    fn example_2_of_the_spec_has_chunks_of_140_129_and_52_bytes() {
        let mut chunks = ChunkWriter::default();
        let mut unfinished = chunks.begin(Format::Best, &Message::new(4, 9, 12346, 1000, vec![0; 307]));
        let mut written = Vec::new();
        while !unfinished.is_finished() {
            chunks.chunk(&mut unfinished);
            written.push(chunks.take());
        }
        assert_eq!(written.iter().map(Vec::len).collect::<Vec<_>>(), [140, 129, 52]);
        assert_eq!(written[0][..12], [0x04, 0, 0x03, 0xe8, 0, 1, 0x33, 9, 0x3a, 0x30, 0, 0]);
        assert_eq!((written[1][0], written[2][0]), (0xc4, 0xc4));
    }

    #[test]
    fn the_id_365_of_the_spec_takes_three_bytes_low_byte_first() {
        let mut chunks = ChunkWriter::default();
        for id in [2, 63, 64, 319, 320, 365, 65599] {
            chunks.basic_header(0, id);
        }
        let wanted = [2, 63, 0, 0, 0, 255, 1, 0, 1, 1, 45, 1, 1, 255, 255];
        assert_eq!(chunks.take(), wanted);
        chunks.form = Form::Three;
        chunks.basic_header(3, 64);
        chunks.form = Form::One;
        chunks.basic_header(3, 100);
        assert_eq!(chunks.take(), [0xc1, 0, 0, 0xe4]);
    }

    #[test]
    fn a_step_back_and_another_message_stream_take_type_0() {
        let mut chunks = ChunkWriter::default();
        chunks.message(&audio(1000, 1));
        chunks.take();
        chunks.message(&audio(999, 1));
        assert_eq!(chunks.take()[0], 0x03);
        chunks.message(&Message { message_stream_id: 2, ..audio(1010, 1) });
        assert_eq!(chunks.take()[0], 0x03);
        chunks.message(&Message { message_stream_id: 2, ..audio(1020, 2) });
        assert_eq!(chunks.take()[..8], [0x43, 0, 0, 10, 0, 0, 2, 8]);
    }

    #[test]
    fn the_extended_timestamp_has_three_dialects() {
        let big = 0x0100_0000;
        let write = |dialect| {
            let mut chunks = ChunkWriter { extended_timestamp: dialect, ..ChunkWriter::default() };
            chunks.message(&video(6, big, 129));
            chunks.message(&video(6, big + 40, 130));
            headers(&mut chunks)
        };
        let type0 = [6, 0xff, 0xff, 0xff, 0, 0, 129, 9, 1, 0, 0, 0, 1, 0, 0, 0];
        let type1 = [0x46, 0, 0, 40, 0, 0, 130, 9];
        assert_eq!(write(ExtendedTimestamp::Repeated), [&type0[..], &[0xc6, 1, 0, 0, 0], &type1, &[0xc6]].concat());
        assert_eq!(write(ExtendedTimestamp::Omitted), [&type0[..], &[0xc6], &type1, &[0xc6]].concat());
        let type1 = [0x46, 0xff, 0xff, 0xff, 0, 0, 130, 9, 1, 0, 0, 40];
        let type3 = [0xc6, 1, 0, 0, 40];
        assert_eq!(write(ExtendedTimestamp::Absolute), [&type0[..], &[0xc6, 1, 0, 0, 0], &type1, &type3].concat());
    }

    #[test]
    fn an_extended_delta_is_repeated_as_a_delta() {
        let mut chunks = ChunkWriter::default();
        chunks.message(&video(6, 10, 1));
        chunks.take();
        chunks.message(&video(6, 10 + EXTENDED, 129));
        assert_eq!(
            headers(&mut chunks),
            [0x46, 0xff, 0xff, 0xff, 0, 0, 129, 9, 0, 0xff, 0xff, 0xff, 0xc6, 0, 0xff, 0xff, 0xff]
        );
    }

    #[test]
    fn a_chunk_size_takes_effect_in_the_middle_of_a_message() {
        let mut chunks = ChunkWriter::default();
        let mut unfinished = chunks.begin(Format::Best, &video(6, 0, 300));
        assert!(chunks.chunk(&mut unfinished));
        assert_eq!(chunks.take().len(), 12 + 128);
        chunks.set_chunk_size(4096);
        assert_eq!(chunks.take(), [2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0x10, 0]);
        assert!(!chunks.chunk(&mut unfinished));
        assert_eq!(chunks.take().len(), 1 + 172);
    }

    #[test]
    fn messages_interleave_chunk_by_chunk() {
        let mut chunks = ChunkWriter { chunk_size: 2, ..ChunkWriter::default() };
        chunks.interleave(&[
            Message { chunk_stream_id: 4, payload: vec![1; 3], ..Message::default() },
            Message { chunk_stream_id: 5, payload: vec![2; 5], ..Message::default() },
        ]);
        let (a, b) = ([4, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0]);
        assert_eq!(chunks.take(), [&a[..], &[1, 1], &b, &[2, 2], &[0xc4, 1], &[0xc5, 2, 2], &[0xc5, 2]].concat());
    }

    #[test]
    fn wrong_things_are_written_as_told() {
        let mut chunks = ChunkWriter::default();
        chunks.message_as(Format::Type3, &audio(5, 2));
        assert_eq!(chunks.take(), [0xc3, 0, 0]);
        let mut unfinished = chunks.begin(Format::Type0, &video(6, 0, 200));
        chunks.chunk(&mut unfinished);
        chunks.take();
        chunks.chunk_as(Format::Type1, &mut unfinished);
        assert_eq!(chunks.take()[..8], [0x46, 0, 0, 0, 0, 0, 200, 9]);
        chunks.message(&Message { chunk_stream_id: 7, ..Message::control(1, vec![0xff]) });
        chunks.raw(b"GET");
        assert_eq!(chunks.take(), [7, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0xff, b'G', b'E', b'T']);
    }

    #[test]
    fn an_empty_message_is_one_header() {
        let mut chunks = ChunkWriter::default();
        chunks.message(&audio(0, 0));
        assert_eq!(chunks.take().len(), 12);
    }
}
