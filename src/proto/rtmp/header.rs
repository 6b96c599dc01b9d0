//! A chunk's header, field by field. Source: RTMP 1.0 §5.3.1.

use super::MessageType;
use crate::fields;
use crate::wire::{Reader, Recorder, Stop, Value};

fields! {
    /// A message's first chunk header.
    HEADER: Group "header", "", "RTMP 1.0 §5.3.1";
    /// Which of the four header types this is: how much it leaves out.
    CHUNK_FORMAT: Uint "chunk_format", "", "RTMP 1.0 §5.3.1.1";
    /// The chunk stream: within one, messages come one after the other.
    CHUNK_STREAM_ID: Uint "chunk_stream_id", "", "RTMP 1.0 §5.3.1.1";
    /// The timestamp (type 0) or the timestamp delta (types 1 and 2) as it stands in the header; 16777215 says that the
    /// extended timestamp has it.
    HEADER_TIMESTAMP: Uint "header_timestamp", "ms", "RTMP 1.0 §5.3.1.2.1";
    /// The message's payload bytes.
    LENGTH: Uint "length", "bytes", "RTMP 1.0 §5.3.1.2.5";
    /// What the message is.
    TYPE: Uint "type", "", "RTMP 1.0 §5.3.1.2.5", MessageType::WORDS;
    /// The name of the type.
    TYPE_NAME: Word "type_name", "", "RTMP 1.0 §5.4, §6.2, §7.1", MessageType::WORDS;
    /// The message stream; the least significant byte comes first.
    MESSAGE_STREAM_ID: Uint "message_stream_id", "", "RTMP 1.0 §5.3.1.2.5";
    /// The whole timestamp, or delta, where 24 bits do not hold it.
    EXTENDED_TIMESTAMP: Uint "extended_timestamp", "ms", "RTMP 1.0 §5.3.1.3";
}

/// The header's 24-bit timestamp that says: see the extended timestamp.
pub(super) const EXTENDED: u32 = 0x00ff_ffff;

/// How far apart, in ms, two times may be and still be the same clock's: tells an absolute time from a delta.
pub(super) const SAME_CLOCK: u32 = 60_000;

/// What is no surprise in a header: the longest message in bytes, the longest step in time in ms, the largest message stream id.
pub(super) const LONG: u32 = 1 << 20;
pub(super) const STEP: u32 = 60_000;
pub(super) const LARGEST_ID: u32 = 1024;

/// A chunk header as it stands, nothing inherited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ChunkHeader {
    pub(super) format: u8,
    pub(super) chunk_stream_id: u32,
    /// Types 0 to 2: the 24-bit field.
    pub(super) timestamp: u32,
    /// Types 0 and 1.
    pub(super) length: u32,
    pub(super) kind: MessageType,
    /// Type 0.
    pub(super) message_stream_id: u32,
    /// Types 0 to 2, where the 24-bit field says so.
    pub(super) extended: Option<u32>,
}

/// The length in bytes of the header that begins with these bytes, type 3's extended timestamp not included.
/// `Err` is how many bytes must be there to tell.
pub(super) fn length(bytes: &[u8]) -> Result<usize, usize> {
    let Some(&first) = bytes.first() else { return Err(1) };
    let basic = match first & 63 {
        0 => 2,
        1 => 3,
        _ => 1,
    };
    let message = [11, 7, 3, 0][usize::from(first >> 6)];
    if message == 0 {
        return Ok(basic);
    }
    let Some(timestamp) = bytes.get(basic..basic + 3) else { return Err(basic + 3) };
    Ok(basic + message + if timestamp == [0xff; 3] { 4 } else { 0 })
}

/// How far `time` is from `last`, in ms, before or after.
pub(super) fn apart(time: u32, last: u32) -> u32 {
    (time.wrapping_sub(last) as i32).unsigned_abs()
}

/// Whether `time` may be the same clock's as `last`, a little earlier or later.
pub(super) fn near(time: u32, last: u32) -> bool {
    apart(time, last) <= SAME_CLOCK
}

/// Reads one header. It must be whole; see [`length`].
pub(super) fn read<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<ChunkHeader, Stop> {
    let mut header = ChunkHeader::default();
    let at = r.at();
    let first = r.skip(1, "a basic header")?[0];
    header.format = first >> 6;
    header.chunk_stream_id = match first & 63 {
        0 => 64 + u32::from(r.skip(1, "a basic header")?[0]),
        1 => {
            let id = r.skip(2, "a basic header")?;
            64 + u32::from(id[0]) + 256 * u32::from(id[1])
        }
        id => u32::from(id),
    };
    r.note(&CHUNK_FORMAT, at..at + 1, Value::Uint(u64::from(header.format)));
    r.note(&CHUNK_STREAM_ID, at..r.at(), Value::Uint(u64::from(header.chunk_stream_id)));
    if header.format < 3 {
        header.timestamp = r.u24(&HEADER_TIMESTAMP)?;
    }
    if header.format < 2 {
        header.length = r.u24(&LENGTH)?;
        let at = r.at();
        header.kind = MessageType(r.u8(&TYPE)?);
        if let Some(name) = header.kind.name() {
            r.note(&TYPE_NAME, at..at + 1, Value::Word(name));
        }
    }
    if header.format == 0 {
        header.message_stream_id = r.u32_le(&MESSAGE_STREAM_ID)?;
    }
    // A type 3 header has it only as evidence says; then it is what is left.
    if (header.format < 3 && header.timestamp == EXTENDED) || (header.format == 3 && r.left() >= 4) {
        header.extended = Some(r.u32(&EXTENDED_TIMESTAMP)?);
    }
    Ok(header)
}

/// Records a stored header's fields. Positions count from `base`.
pub fn record(bytes: &[u8], base: u32, record: &mut impl Recorder) {
    // A stored header is whole.
    let _ = Reader::new(bytes, base, record).group(&HEADER, |r| read(r));
}
