//! CHK: the chunk stream.

mod extended_timestamp_not_repeated;
mod first_chunk_inherits;

pub(super) const CHK001: super::Entry = first_chunk_inherits::FirstChunkInherits::ENTRY;
pub(super) const CHK004: super::Entry = extended_timestamp_not_repeated::ExtendedTimestampNotRepeated::ENTRY;
