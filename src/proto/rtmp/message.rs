//! Messages: what the chunk layer puts together.

use bytes::Bytes;

use super::body::{self, Body};
use super::edges;
use super::reading::Reading;
use crate::limits::Limits;
use crate::open_enum;
use crate::proto::answer::Answer;
use crate::wire::{Moment, Problem, Reader, Recorder, Side, Silent, Word};

open_enum! {
    /// Message type id. Source: RTMP 1.0 §5.4, §6.2, §7.1.
    pub struct MessageType(u8) {
        SET_CHUNK_SIZE = 1 "set_chunk_size",
        ABORT = 2 "abort",
        ACKNOWLEDGEMENT = 3 "acknowledgement",
        USER_CONTROL = 4 "user_control",
        WINDOW_ACKNOWLEDGEMENT_SIZE = 5 "window_acknowledgement_size",
        SET_PEER_BANDWIDTH = 6 "set_peer_bandwidth",
        AUDIO = 8 "audio",
        VIDEO = 9 "video",
        DATA_AMF3 = 15 "data_amf3",
        SHARED_OBJECT_AMF3 = 16 "shared_object_amf3",
        COMMAND_AMF3 = 17 "command_amf3",
        DATA_AMF0 = 18 "data_amf0",
        SHARED_OBJECT_AMF0 = 19 "shared_object_amf0",
        COMMAND_AMF0 = 20 "command_amf0",
        AGGREGATE = 22 "aggregate",
    }
}

impl MessageType {
    /// Protocol control messages: they act on the chunk layer and belong on chunk stream 2, message stream 0.
    pub fn is_protocol_control(self) -> bool {
        matches!(self.0, 1..=3 | 5 | 6)
    }

    /// These and user control messages: they are the connection's, and nobody reads their time (RTMP 1.0 §5.4, §7.1.7).
    pub fn is_control(self) -> bool {
        self.is_protocol_control() || self == MessageType::USER_CONTROL
    }
}

/// A message's header and where it lies on the wire.
#[derive(Clone, Debug)]
pub struct Head {
    /// The packets that carry its first and its last byte, by number.
    pub first: Moment,
    pub last: Moment,
    /// Where its first chunk header starts in the direction's stream.
    pub offset: u64,
    /// Its bytes on the wire, chunk headers included, other messages' chunks not.
    pub size: u32,
    pub chunks: u32,
    pub chunk_stream_id: u32,
    /// The type (0–3) of its first chunk's header.
    pub chunk_format: u8,
    /// Absolute, in ms after all deltas; it wraps at 2^32.
    pub timestamp: u32,
    /// Whether `timestamp` is that. After a hole in the capture, until the next absolute one, it is not.
    pub timestamp_known: bool,
    /// Whether no header of its chunk stream ever gave an absolute time: `timestamp` counts from 0, as receivers have it.
    pub timestamp_inherited: bool,
    /// How far its header moved its chunk stream's clock, in ms mod 2^32; none where it has an absolute time.
    pub delta: Option<u32>,
    /// The payload's length in bytes, as the header says.
    pub length: u32,
    pub kind: MessageType,
    pub message_stream_id: u32,
    /// Whether `message_stream_id` was ever seen: a capture that begins in the middle may never show it.
    pub message_stream_known: bool,
    /// The first chunk's header as it stands on the wire.
    pub header: HeaderBytes,
    /// Where its chunks lie.
    pub runs: Vec<Run>,
    /// How its chunks carry the extended timestamp, if they do.
    pub extended: Option<Extended>,
    /// How it was read, where its sender does not keep to what RTMP or itself said.
    pub reading: Reading,
}

impl Head {
    /// Its time for a column: `?` where it is not known, and `40?` where it counts from 0 for want of an absolute one.
    pub fn time_words(&self) -> String {
        match (self.timestamp_known, self.timestamp_inherited) {
            (true, false) => self.timestamp.to_string(),
            (true, true) => format!("{}?", self.timestamp),
            (false, _) => "?".to_owned(),
        }
    }

    /// Where its last byte is followed by the next in the direction's stream. Other messages' chunks may stand before.
    pub fn end(&self) -> u64 {
        self.runs.last().map_or(self.offset + u64::from(self.size), |run| run.end())
    }
}

/// The bytes of a chunk header: at most three of basic header, eleven of message header, four of extended timestamp.
#[derive(Clone, Copy, Default)]
pub struct HeaderBytes {
    bytes: [u8; 18],
    length: u8,
}

impl HeaderBytes {
    pub fn new(header: &[u8]) -> Self {
        let mut bytes = [0; 18];
        let length = header.len().min(18);
        bytes[..length].copy_from_slice(&header[..length]);
        HeaderBytes { bytes, length: length as u8 }
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// How many of them are the basic header, which names the chunk stream.
    pub fn basic_length(&self) -> u32 {
        match self.bytes[0] & 63 {
            0 => 2,
            1 => 3,
            _ => 1,
        }
    }
}

impl std::fmt::Debug for HeaderBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// Chunks of one message that lie one behind the other on the wire: a first one, then some with the same header length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where the first header starts in the direction's stream.
    pub offset: u64,
    /// Bytes of the first header.
    pub first_header: u8,
    /// Bytes of each later header.
    pub later_header: u8,
    /// Payload bytes of every chunk but the last.
    pub chunk: u32,
    /// Payload bytes of all.
    pub payload: u32,
}

impl Run {
    /// Where the stream goes on behind it.
    pub fn end(self) -> u64 {
        let later = u64::from(self.payload).div_ceil(u64::from(self.chunk.max(1))).saturating_sub(1);
        self.offset + u64::from(self.first_header) + u64::from(self.payload) + later * u64::from(self.later_header)
    }

    /// The payload's pieces: stream offset and length of each.
    pub fn pieces(self) -> impl Iterator<Item = (u64, u32)> {
        let mut at = self.offset + u64::from(self.first_header);
        let mut left = self.payload;
        std::iter::from_fn(move || {
            let length = left.min(self.chunk);
            if length == 0 {
                return None;
            }
            let piece = (at, length);
            at += u64::from(length) + u64::from(self.later_header);
            left -= length;
            Some(piece)
        })
    }
}

/// How a message's chunks carry the extended timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    /// The field's value.
    pub value: u32,
    pub form: ExtendedForm,
    /// Whether the field holds the absolute time where the header's type calls for a delta.
    pub absolute: bool,
    /// Whether the other reading, as a delta or as an absolute time, is near the clock as well.
    pub ambiguous: bool,
}

/// What type 3 chunks do after a header with an extended timestamp. Source: RTMP 1.0 §5.3.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedForm {
    /// The message has no type 3 chunk.
    Single,
    /// They repeat it, as the specification says.
    Repeated,
    /// They leave it out, as some senders do.
    Omitted,
}

impl ExtendedForm {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([ExtendedForm::Single.name(), ExtendedForm::Repeated.name(), ExtendedForm::Omitted.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            ExtendedForm::Single => "single",
            ExtendedForm::Repeated => "repeated",
            ExtendedForm::Omitted => "omitted",
        }
    }
}

/// A whole message.
#[derive(Clone, Debug)]
pub struct Message {
    /// From 1, over all sessions, in order of completion.
    pub n: u64,
    pub session: u32,
    pub from: Side,
    pub head: Head,
    pub payload: Bytes,
    pub body: Body,
    /// What could not be decoded; positions count from the start of the payload.
    pub problems: Vec<Problem>,
    /// The call that this message answers.
    pub answers: Option<Answer>,
    /// The first limit that its decoding came to, by its name in [`Limits`].
    pub limit: Option<&'static str>,
}

impl Message {
    /// Decodes a whole payload. `n` and `answers` are for the caller to fill in.
    pub(crate) fn decode(session: u32, from: Side, head: Head, payload: Bytes, limits: &Limits) -> Self {
        let body::Decoded { body, problems, limit } =
            body::decode(&mut Reader::new(&payload, 0, &mut Silent), head.kind, head.timestamp, limits);
        Message { n: 0, session, from, head, payload, body, problems, answers: None, limit }
    }

    /// The first byte of an AMF3 type, which says how its values are written and should be 0; none where the sender
    /// left it out, and in other types.
    pub fn format_selector(&self) -> Option<u8> {
        let is_amf3 = matches!(
            self.head.kind,
            MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3 | MessageType::SHARED_OBJECT_AMF3
        );
        if is_amf3 && !edges::begins_with_value(&self.payload) { self.payload.first().copied() } else { None }
    }

    /// Records every field of the payload. Positions count from the start of the payload.
    pub fn record(&self, record: &mut impl Recorder, limits: &Limits) {
        record_payload(self.head.kind, self.head.timestamp, &self.payload, 0, record, limits);
    }
}

/// Records every field of a message's payload, given its type and its time in ms. Positions count from `base`.
pub fn record_payload(
    kind: MessageType,
    timestamp: u32,
    payload: &[u8],
    base: u32,
    record: &mut impl Recorder,
    limits: &Limits,
) {
    body::decode(&mut Reader::new(payload, base, record), kind, timestamp, limits);
}
