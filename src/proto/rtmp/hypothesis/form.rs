//! Headers as some senders write them.

use crate::proto::rtmp::header::{self, ChunkHeader, LARGEST_ID};
use crate::proto::rtmp::resync::{Signs, fits};
use crate::proto::rtmp::{MessageType, Surplus};
use crate::wire::{Reader, Silent};

/// How a direction's headers are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proto::rtmp) struct Form {
    /// Bytes that the message stream id of a type 0 header may have instead of 4.
    pub(in crate::proto::rtmp) message_stream_id: u8,
    pub(in crate::proto::rtmp) extended: ExtendedField,
    /// A header of type 0, 1 or 2 inside a message may belong to its next chunk.
    pub(in crate::proto::rtmp) on_every_chunk: bool,
    /// A message may have an FLV file's PreviousTagSize behind it.
    pub(in crate::proto::rtmp) tag_sizes: bool,
    /// How much longer messages are than their headers say.
    pub(in crate::proto::rtmp) surplus: Surplus,
}

/// When headers of types 0 to 2 have the field of an extended timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proto::rtmp) enum ExtendedField {
    /// Where the time's three bytes are ffffff.
    Called,
    Never,
    /// Also where they are not; then they are the field's lower three.
    Uncalled,
    /// Where they are, and in type 3 headers inside a message where they are not.
    Inside,
}

/// Bytes of an FLV file's PreviousTagSize.
pub(in crate::proto::rtmp) const TAG_SIZE: usize = 4;

/// The PreviousTagSize behind a message of this length: it counts the tag's header, too.
pub(in crate::proto::rtmp) fn tag_size(length: u32) -> [u8; TAG_SIZE] {
    length.wrapping_add(11).to_be_bytes()
}

/// Payload bytes that tell whether a header ended where it was thought to.
const TELLING: usize = 6;

impl Form {
    /// As RTMP has it.
    pub(in crate::proto::rtmp) const RIGHT: Form = Form {
        message_stream_id: 4,
        extended: ExtendedField::Called,
        on_every_chunk: false,
        tag_sizes: false,
        surplus: Surplus { audio: 0, video: 0, data: 0, command: 0, control: 0, is_stray: false },
    };

    pub(in crate::proto::rtmp) fn is_right(self) -> bool {
        self == Form::RIGHT
    }

    /// The payload bytes of a message, given what its header says.
    pub(in crate::proto::rtmp) fn length(self, kind: MessageType, said: u32) -> u32 {
        if self.surplus.is_stray || said == 0 { said } else { said.saturating_add_signed(self.surplus.of(kind)) }
    }

    /// Whether a header leaves open when its message is.
    pub(in crate::proto::rtmp) fn hides_time(self, header: &[u8]) -> bool {
        self.extended == ExtendedField::Never && called(header)
    }

    /// Whether a type 3 header inside a message whose first header has no extended timestamp has this one: the time again, or the step
    /// from the one before.
    pub(in crate::proto::rtmp) fn has_inside(self, field: u32, clock: Option<u32>) -> bool {
        let is_time = clock.is_some_and(|clock| header::near(field, clock));
        self.extended == ExtendedField::Inside && (is_time || field <= header::STEP)
    }

    /// Whether bytes may stand behind messages that belong to none.
    pub(in crate::proto::rtmp) fn has_trailers(self) -> bool {
        self.tag_sizes || self.surplus.is_stray
    }

    /// Bytes behind a message that belong to none.
    pub(in crate::proto::rtmp) fn stray(self, kind: MessageType) -> usize {
        if self.surplus.is_stray { usize::try_from(self.surplus.of(kind)).unwrap_or(0) } else { 0 }
    }

    /// Reads the header at the start of `bytes`, and gives its length; none where they end too early to tell.
    ///
    /// A sender of short headers may write whole ones beside them, by another part of its code: the one counts behind which
    /// a payload begins.
    pub(in crate::proto::rtmp) fn read(
        self,
        bytes: &[u8],
        message_streams: &[u32],
        signs: &Signs,
    ) -> Option<(ChunkHeader, usize)> {
        let length = header::length(bytes).ok()?;
        match self.extended {
            ExtendedField::Never if called(bytes) => {
                let length = length - FIELD;
                let header = read(&[bytes.get(..length)?, &header::EXTENDED.to_be_bytes()].concat())?;
                // How far it goes is not said; a type 0 header says at least that it is late.
                let timestamp = if header.format == 0 { header.timestamp } else { 0 };
                return Some((ChunkHeader { extended: None, timestamp, ..header }, length));
            }
            ExtendedField::Uncalled if bytes[0] < 0xc0 && !called(bytes) => {
                return uncalled(bytes, length, signs);
            }
            _ => {}
        }
        let right = read(bytes.get(..length)?)?;
        let missing = 4_usize.saturating_sub(usize::from(self.message_stream_id));
        if missing == 0 || right.format > 0 {
            return Some((right, length));
        }
        let rest = &bytes[length..];
        if rest.len() + missing < TELLING.min(right.length as usize) {
            return None;
        }
        let is_id = right.message_stream_id <= LARGEST_ID || message_streams.contains(&right.message_stream_id);
        let is_whole = if right.kind.is_control() {
            // Any bytes may be its payload.
            is_beginning(rest, right.length as usize)
        } else {
            fits(right.kind, &rest[..rest.len().min(right.length as usize)], signs)
        };
        if is_id && is_whole { Some((right, length)) } else { short(bytes, length, missing) }
    }
}

/// Bytes of an extended timestamp.
const FIELD: usize = 4;

/// Whether a header's time calls for an extended timestamp.
fn called(bytes: &[u8]) -> bool {
    let basic = basic_length(bytes);
    bytes[0] < 0xc0 && bytes.get(basic..basic + 3) == Some(&[0xff; 3])
}

/// A header that may have an extended timestamp though its time does not call for one: that says the time again. Where both are 0, a
/// control message may begin so, and has its field where the next chunk shows it.
fn uncalled(bytes: &[u8], length: usize, signs: &Signs) -> Option<(ChunkHeader, usize)> {
    let right = read(bytes.get(..length)?)?;
    let rest = &bytes[length..];
    let field = u32::from_be_bytes(*rest.first_chunk::<FIELD>()?);
    let is_control = right.kind.is_control();
    let is_payload = if is_control {
        right.timestamp == 0 && right.format < 2 && is_beginning(rest, right.length as usize)
    } else {
        // No other payload begins with four zeros; its first bytes may be those of a late time.
        let is_late = field != right.timestamp && right.format < 2;
        is_late && begins(right, rest, signs) && !begins(right, &rest[FIELD..], signs)
    };
    if field & header::EXTENDED != right.timestamp || is_payload {
        return Some((right, length));
    }
    Some((ChunkHeader { extended: Some(field), ..right }, length + FIELD))
}

/// Whether a payload begins here as its type has it, as far as it is there.
fn begins(header: ChunkHeader, rest: &[u8], signs: &Signs) -> bool {
    fits(header.kind, &rest[..rest.len().min(header.length as usize)], signs)
}

fn basic_length(bytes: &[u8]) -> usize {
    match bytes[0] & 63 {
        0 => 2,
        1 => 3,
        _ => 1,
    }
}

/// A type 0 header whose message stream id has some bytes less, given its length with a whole one.
fn short(bytes: &[u8], length: usize, missing: usize) -> Option<(ChunkHeader, usize)> {
    let basic = basic_length(bytes);
    let (before, rest) = bytes.split_at(basic + 7);
    let (id, rest) = rest.split_at_checked(4 - missing)?;
    let extended = rest.get(..length - basic - 11)?;
    let header = read(&[before, id, &[0; 4][..missing], extended].concat())?;
    Some((header, length - missing))
}

/// Whether a chunk may begin at `at`, as far as its first bytes tell, or the bytes end there.
fn is_beginning(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at..) {
        None => false,
        Some([]) => true,
        Some(next) => {
            let kind = next.get(7).filter(|_| next[0] >> 6 < 2 && next[0] & 63 > 1);
            next[0] & 63 > 1 && kind.is_none_or(|kind| MessageType(*kind).name().is_some())
        }
    }
}

fn read(header: &[u8]) -> Option<ChunkHeader> {
    header::read(&mut Reader::new(header, 0, &mut Silent)).ok()
}
