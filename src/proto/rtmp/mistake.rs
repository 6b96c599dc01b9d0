//! A single mistake of a sender that explains its bytes, with the numbers that prove it.
//!
//! Which mistakes are thought of, and how one is proven, is the business of `hypothesis`.

use super::MessageType;
use super::handshake::{HALF, Step};
use super::reading::Reading;
use crate::wire::words::count;
use crate::wire::{Side, Word};

/// What a sender does otherwise than its own announcements and RTMP have it. The bytes are read that way from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Its chunks have another size than the one in force.
    ChunkSize(UsedSize),
    /// Its type 0 headers have a message stream id of so many bytes, where 4 belong.
    MessageStreamId { bytes: u8 },
    /// Its headers have an extended timestamp where none belongs, or none where one does.
    ExtendedTimestamp(ExtendedFault),
    /// All chunks of a message have a header of this type, where type 3 belongs.
    HeaderOnEveryChunk { format: u8 },
    /// A message is longer or shorter than its header says.
    Length { said: u32, is: u32, by: Telling },
    /// All messages of some types are longer or shorter than their headers say, by as many bytes each.
    Lengths(Surplus),
    /// It sends no C2 or S2: its chunks begin where that belongs.
    NoEcho,
    /// Its handshake is longer or shorter than the 3073 bytes before the first chunk.
    HandshakeLength(HandshakeLength),
    /// Bytes that belong to no chunk stand between two messages.
    Extra { bytes: u32, what: Stray },
    /// None any more: it writes again as it announced.
    Over,
}

/// What is wrong with the extended timestamps of a sender's headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedFault {
    /// Headers of types 0 to 2 leave it out where the three bytes of the time call for it.
    Missing,
    /// Headers of types 0 to 2 have it where the time does not call for it.
    Needless,
    /// Type 3 headers inside a message have it, where the message's first header has none.
    Inside,
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

/// How many bytes the messages of each type have beyond what their headers say. Negative: fewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surplus {
    pub audio: i8,
    pub video: i8,
    /// Data messages, of both encodings.
    pub data: i8,
    /// Commands, of both encodings.
    pub command: i8,
    /// Protocol control and user control messages.
    pub control: i8,
    /// They stand behind the messages, and are no part of them.
    pub is_stray: bool,
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
    /// Nothing that is known, and nor is which bytes are the message before: it may have been split, so that as many headers of chunks
    /// are inside it, or its length be wrong.
    Ambiguous,
}

impl Mistake {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        "chunk_size",
        "message_stream_id",
        "extended_timestamp",
        "header_on_every_chunk",
        "length",
        "lengths",
        "echo_missing",
        "handshake_length",
        "extra_bytes",
        "over",
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Mistake::ChunkSize(_) => Reading::ChunkSize.name(),
            Mistake::MessageStreamId { .. } => Reading::MessageStreamId.name(),
            Mistake::ExtendedTimestamp(_) => Reading::ExtendedTimestamp.name(),
            Mistake::HeaderOnEveryChunk { .. } => Reading::HeaderOnEveryChunk.name(),
            Mistake::Length { .. } => Reading::Length.name(),
            Mistake::Lengths(_) => "lengths",
            Mistake::NoEcho => "echo_missing",
            Mistake::HandshakeLength(_) => "handshake_length",
            Mistake::Extra { .. } => "extra_bytes",
            Mistake::Over => "over",
        }
    }

    /// Whether bytes of it are left out that may have been meant as messages.
    pub fn loses(self) -> bool {
        matches!(self, Mistake::Extra { what: Stray::Unknown | Stray::Ambiguous, .. })
    }

    /// How much longer a message is than its header says, or how many bytes too many stand behind it.
    pub(super) fn surplus(self) -> Option<i32> {
        match self {
            Mistake::Length { said, is, .. } => i32::try_from(i64::from(is) - i64::from(said)).ok(),
            Mistake::Extra { bytes, what: Stray::Unknown } => i32::try_from(bytes).ok(),
            _ => None,
        }
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
            Mistake::ExtendedTimestamp(ExtendedFault::Missing) => {
                "headers with the time ffffff and no extended timestamp, which that calls for".into()
            }
            Mistake::ExtendedTimestamp(ExtendedFault::Needless) => {
                "headers with an extended timestamp behind a time that is not ffffff, and does not call for it".into()
            }
            Mistake::ExtendedTimestamp(ExtendedFault::Inside) => {
                "type 3 headers with an extended timestamp inside messages whose first header has none".into()
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
                format!("a message whose header says {} has {is} {by}", count(u64::from(said), "byte"))
            }
            Mistake::Lengths(surplus) => surplus.clause(),
            Mistake::NoEcho if from == Side::Client => "its connect where the 1536 bytes of C2 belong".into(),
            Mistake::NoEcho => "its first chunk where the 1536 bytes of S2 belong".into(),
            Mistake::HandshakeLength(it) => it.clause(from),
            Mistake::Over => "as it announced again".into(),
            Mistake::Extra { bytes, what } => {
                let what = match what {
                    Stray::Unknown => "that cannot be read as chunks",
                    Stray::TagSize => "of an FLV file, the size of the tag before, which no chunk stream has",
                    Stray::Ambiguous => "behind a message of which the bytes do not tell where it ends",
                };
                format!("{} {what}", count(u64::from(bytes), "byte"))
            }
        }
    }
}

impl Surplus {
    /// For messages of a type; none where that type has no say.
    pub fn of(self, kind: MessageType) -> i32 {
        self.slot(kind).map_or(0, |slot| i32::from(self.all()[slot]))
    }

    /// The same with another number for a type.
    pub(super) fn with(mut self, kind: MessageType, by: i8) -> Surplus {
        match self.slot(kind) {
            Some(0) => self.audio = by,
            Some(1) => self.video = by,
            Some(2) => self.data = by,
            Some(3) => self.command = by,
            Some(_) => self.control = by,
            None => {}
        }
        self
    }

    /// Which of the four numbers is a type's.
    #[allow(clippy::unused_self)]
    pub(super) fn slot(self, kind: MessageType) -> Option<usize> {
        match kind {
            MessageType::AUDIO => Some(0),
            MessageType::VIDEO => Some(1),
            MessageType::DATA_AMF0 | MessageType::DATA_AMF3 => Some(2),
            MessageType::COMMAND_AMF0 | MessageType::COMMAND_AMF3 => Some(3),
            kind if kind.is_control() => Some(4),
            _ => None,
        }
    }

    fn all(self) -> [i8; 5] {
        [self.audio, self.video, self.data, self.command, self.control]
    }

    /// The same for every type.
    pub(super) fn of_all(by: i8) -> Surplus {
        Surplus { audio: by, video: by, data: by, command: by, control: by, is_stray: false }
    }

    /// Whether it says anything.
    pub fn is_none(self) -> bool {
        self.all() == [0; 5]
    }

    /// What it is, for a person.
    pub fn clause(self) -> String {
        let names = ["audio", "video", "data", "command", "control"];
        if self.all() == [self.audio; 5] {
            let bytes = count(u64::from(self.audio.unsigned_abs()), "byte");
            return match (self.audio > 0, self.is_stray) {
                (_, true) => format!("{bytes} that belong to no message behind its messages, of all types"),
                (true, _) => format!("messages with {bytes} more than their headers say, of all types"),
                (false, _) => format!("messages with {bytes} fewer than their headers say, of all types"),
            };
        }
        let said = self.all().into_iter().zip(names).filter(|(by, _)| *by != 0).map(|(by, name)| {
            let bytes = count(u64::from(by.unsigned_abs()), "byte");
            match (by > 0, self.is_stray) {
                (_, true) => format!("{bytes} that belong to no message behind its {name} messages"),
                (true, _) => format!("{name} messages with {bytes} more than their headers say"),
                (false, _) => format!("{name} messages with {bytes} fewer than their headers say"),
            }
        });
        said.collect::<Vec<_>>().join(", ")
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
        let used = count(u64::from(used), "byte");
        let force = if announced { "announced" } else { "was to use until it announces another" };
        match source {
            SizeSource::Before => format!("chunks of {used}, its size of before, where it announced {in_force}"),
            SizeSource::Peer(size) => format!(
                "a chunk of {used}: it uses {size}, which the {} announced for itself, where the {} {force} {in_force}",
                from.other().name(),
                from.name()
            ),
            SizeSource::Spacing => format!("chunks of {used}, where the {} {force} {in_force}", from.name()),
            SizeSource::Whole => {
                format!("a message of {used} in one chunk, where the {} {force} {in_force}", from.name())
            }
        }
    }
}
