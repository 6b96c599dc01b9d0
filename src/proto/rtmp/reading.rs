//! How a message was read.

use crate::wire::Word;

/// How a message was read: as RTMP has it, or otherwise, because its sender made a mistake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    #[default]
    Standard,
    ChunkSize,
    MessageStreamId,
    ExtendedTimestamp,
    HeaderOnEveryChunk,
    Length,
}

impl Reading {
    pub fn is_standard(self) -> bool {
        self == Reading::Standard
    }

    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        Reading::ChunkSize.name(),
        Reading::MessageStreamId.name(),
        Reading::ExtendedTimestamp.name(),
        Reading::HeaderOnEveryChunk.name(),
        Reading::Length.name(),
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Reading::Standard => "standard",
            Reading::ChunkSize => "chunk_size",
            Reading::MessageStreamId => "message_stream_id",
            Reading::ExtendedTimestamp => "extended_timestamp",
            Reading::HeaderOnEveryChunk => "header_on_every_chunk",
            Reading::Length => "length",
        }
    }
}
