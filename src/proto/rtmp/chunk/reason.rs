//! Why a chunk stream cannot be followed, in words.

use crate::proto::rtmp::detect::Foreign;
use crate::wire::{Origin, Sentence, told_as};

/// First bytes that are told of what cannot be decoded.
pub(super) const FIRST: usize = 12;

/// Why a chunk stream cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The first chunk of a chunk stream leaves out what only an earlier one could give.
    FirstChunkInherits { chunk_stream_id: u32, format: u8 },
    /// More chunk streams than are followed.
    ChunkStreams,
    /// All sessions together keep too much, and this direction much of it.
    Memory,
    /// The bytes are no chunk stream of the size in force, nor of any other that was thought of. The first of them.
    NoChunks { size: u32, first: [u8; FIRST], count: u8 },
    /// The tags of an FLV file as they are.
    FlvTags,
    /// The direction's beginning was not captured, while the connection's was.
    Joined,
    /// Another protocol from the first byte on.
    NotRtmp(Foreign),
}

impl Reason {
    /// As a clause. What it quotes are bytes from the wire.
    pub fn sentence(&self) -> Sentence {
        Sentence::of(self.clause(), usize::MAX)
    }

    /// As a clause, to be a part of a [`Sentence`]: what it quotes is marked.
    pub fn clause(&self) -> String {
        match self {
            Reason::FirstChunkInherits { chunk_stream_id, format } => {
                format!(
                    "the first chunk on chunk stream {chunk_stream_id} is of type {format} and inherits from nothing"
                )
            }
            Reason::ChunkStreams => "more chunk streams than are followed".into(),
            Reason::Memory => "it keeps too much of what all sessions may keep together".into(),
            Reason::NoChunks { size, first, count } => {
                let first = shown(&first[..usize::from(*count).min(FIRST)]);
                format!(
                    "from here on the bytes are no chunk stream of size {size}: they begin with {}",
                    told_as(Origin::Bytes, &first)
                )
            }
            Reason::FlvTags => "from here on the bytes are the tags of an FLV file, where chunks belong".into(),
            Reason::Joined => "how much came before is not known".into(),
            Reason::NotRtmp(foreign) => format!("{} stands where RTMP's version should", foreign.name()),
        }
    }
}

/// Bytes in hex, with spaces between them.
fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
