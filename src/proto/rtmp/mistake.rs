//! A single mistake of a sender that explains its bytes, with the numbers that prove it.
//!
//! Which mistakes are thought of, and how one is proven, is the business of `hypothesis`.

use super::handshake::{HALF, Step};
use crate::wire::words::count;
use crate::wire::{Side, Word};

/// What a sender does otherwise than its own announcements and RTMP have it. The bytes are read that way from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Its chunks have another size than the one in force.
    ChunkSize(UsedSize),
    /// Its type 0 headers have a message stream id of so many bytes, where 4 belong.
    MessageStreamId { bytes: u8 },
    /// All chunks of a message have a header of this type, where type 3 belongs.
    HeaderOnEveryChunk { format: u8 },
    /// A message is longer or shorter than its header says.
    Length { said: u32, is: u32, by: Telling },
    /// It sends no C2 or S2: its chunks begin where that belongs.
    NoEcho,
    /// Its handshake is longer or shorter than the 3073 bytes before the first chunk.
    HandshakeLength(HandshakeLength),
    /// Bytes that belong to no chunk stand between two messages.
    Extra { bytes: u32, what: Stray },
}

/// A handshake of another length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeLength {
    /// The block that does not have 1536 bytes: C1 or S1, C2 or S2. None where nothing tells which.
    pub step: Option<Step>,
    /// The bytes of that block, or of the version and both blocks.
    pub is: u32,
    /// The block stands there twice, byte for byte.
    pub twice: bool,
}

/// A chunk size that was not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedSize {
    /// The payload bytes of the longest chunk that proves it.
    pub used: u32,
    /// The size in force: the last one that the sender announced, or 128.
    pub in_force: u32,
    /// Whether the sender announced that.
    pub announced: bool,
    pub source: SizeSource,
}

/// Where a chunk size comes from that was not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeSource {
    /// The sender's own, before its last Set Chunk Size.
    Before,
    /// The other side announced it for itself.
    Peer(u32),
    /// Nobody announced it: headers inside a message stand that far apart.
    Spacing,
    /// Nobody announced it: a whole message lies in one chunk.
    Whole,
}

/// What says how long a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// The lengths of its NAL units.
    NalUnits,
    /// The end of its AMF values.
    Amf,
    /// The next chunk's header alone.
    NextHeader,
}

/// What bytes between two messages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// Nothing that is known.
    Unknown,
    /// An FLV file's PreviousTagSize of the message before.
    TagSize,
}

/// How a message was read: as RTMP has it, or otherwise, because its sender made a mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    #[default]
    Standard,
    ChunkSize,
    MessageStreamId,
    HeaderOnEveryChunk,
    Length,
}

impl Reading {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        Reading::ChunkSize.name(),
        Reading::MessageStreamId.name(),
        Reading::HeaderOnEveryChunk.name(),
        Reading::Length.name(),
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Reading::Standard => "standard",
            Reading::ChunkSize => "chunk_size",
            Reading::MessageStreamId => "message_stream_id",
            Reading::HeaderOnEveryChunk => "header_on_every_chunk",
            Reading::Length => "length",
        }
    }
}

impl Mistake {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        "chunk_size",
        "message_stream_id",
        "header_on_every_chunk",
        "length",
        "echo_missing",
        "handshake_length",
        "extra_bytes",
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Mistake::ChunkSize(_) => Reading::ChunkSize.name(),
            Mistake::MessageStreamId { .. } => Reading::MessageStreamId.name(),
            Mistake::HeaderOnEveryChunk { .. } => Reading::HeaderOnEveryChunk.name(),
            Mistake::Length { .. } => Reading::Length.name(),
            Mistake::NoEcho => "echo_missing",
            Mistake::HandshakeLength(_) => "handshake_length",
            Mistake::Extra { .. } => "extra_bytes",
        }
    }

    /// Whether bytes of it are left out that may have been meant as messages.
    pub fn loses(self) -> bool {
        matches!(self, Mistake::Extra { what: Stray::Unknown, .. })
    }

    /// Whether it is one of the handshake.
    pub fn is_of_handshake(self) -> bool {
        matches!(self, Mistake::NoEcho | Mistake::HandshakeLength(_))
    }

    /// What the side `from` does, for a person.
    pub fn clause(self, from: Side) -> String {
        match self {
            Mistake::ChunkSize(size) => size.clause(from),
            Mistake::MessageStreamId { bytes: 0 } => {
                "type 0 headers of 8 bytes, without a message stream id, where 12 belong".into()
            }
            Mistake::MessageStreamId { bytes } => {
                format!("type 0 headers of {} bytes, with a message stream id of {bytes}, where 12 belong", 8 + bytes)
            }
            Mistake::HeaderOnEveryChunk { format } => {
                format!("a type {format} header on every chunk of a message, where type 3 belongs")
            }
            Mistake::Length { said, is, by } => {
                let by = match by {
                    Telling::NalUnits => "by the lengths of its NAL units",
                    Telling::Amf => "by the end of its AMF values",
                    Telling::NextHeader => "by the place of the next header",
                };
                format!("a message whose header says {said} bytes has {is} {by}")
            }
            Mistake::NoEcho if from == Side::Client => "its connect where the 1536 bytes of C2 belong".into(),
            Mistake::NoEcho => "its first chunk where the 1536 bytes of S2 belong".into(),
            Mistake::HandshakeLength(it) => it.clause(from),
            Mistake::Extra { bytes, what } => {
                let what = match what {
                    Stray::Unknown => "that cannot be read as chunks",
                    Stray::TagSize => "of an FLV file, the size of the tag before, which no chunk stream has",
                };
                format!("{} {what}", count(u64::from(bytes), "byte"))
            }
        }
    }
}

impl HandshakeLength {
    /// Bytes that belong there.
    pub fn wanted(self) -> u32 {
        self.step.map_or(HALF as u32, |step| step.length() as u32)
    }

    fn clause(self, from: Side) -> String {
        let HandshakeLength { step, is, twice } = self;
        match step {
            Some(step) if twice => format!("{} twice, byte for byte", step.name(from)),
            Some(step) => format!("{is} bytes of {}, where 1536 belong", step.name(from)),
            None => format!("a handshake of {is} bytes, where 3073 belong"),
        }
    }
}

impl UsedSize {
    fn clause(self, from: Side) -> String {
        let UsedSize { used, in_force, announced, source } = self;
        let force = if announced { "announced" } else { "was to use until it announces another" };
        match source {
            SizeSource::Before => format!("chunks of {used} bytes, its size of before, where it announced {in_force}"),
            SizeSource::Peer(size) => format!(
                "a chunk of {used} bytes: it uses {size}, which the {} announced for itself, where the {} {force} {in_force}",
                from.other().name(),
                from.name()
            ),
            SizeSource::Spacing => format!("chunks of {used} bytes, where the {} {force} {in_force}", from.name()),
            SizeSource::Whole => {
                format!("a message of {used} bytes in one chunk, where the {} {force} {in_force}", from.name())
            }
        }
    }
}
