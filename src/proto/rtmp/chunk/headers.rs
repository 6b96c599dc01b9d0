//! A chunk's header, with the extended timestamp that a type 3 header may have.

use super::stream::ChunkStream;
use super::{Chunks, Reason, Unread};
use crate::proto::rtmp::header::{self, ChunkHeader, near};
use crate::proto::rtmp::hypothesis::{ExtendedField, tag_size};
use crate::proto::rtmp::resync::{self, ChunkSize};
use crate::wire::{Reader, Silent};

/// The most bytes that are waited for to see what follows a chunk.
const LOOK_AHEAD: u32 = 65_536;

impl Chunks {
    /// Reads the header at the start of `bytes`, with the extended timestamp that a type 3 chunk may have, and its
    /// length.
    pub(super) fn header(&self, bytes: &[u8]) -> Result<(ChunkHeader, usize), Unread> {
        if let Some(header) = self.next_chunk(bytes[0]) {
            return Ok((header, 1));
        }
        let (mut header, length) = self.written_header(bytes)?;
        if self.is_suspect(&header, &bytes[length..]) && self.may_doubt() {
            return Err(Unread::Doubt);
        }
        if self.has_hole && header.format < 2 && !resync::is_possible(&header, &self.message_streams) {
            return Err(Unread::Astray);
        }
        if is_nonsense(&header) {
            return Err(Unread::Bad(self.no_chunks(bytes)));
        }
        let Some(stream) = self.find(header.chunk_stream_id) else {
            if header.format >= 2 {
                let ChunkHeader { chunk_stream_id, format, .. } = header;
                return Err(Unread::Bad(Reason::FirstChunkInherits { chunk_stream_id, format }));
            }
            if self.streams.len() >= self.max_streams {
                return Err(Unread::Bad(Reason::ChunkStreams));
            }
            return if self.is_in_doubt(header.length) { Err(Unread::Seek) } else { Ok((header, length)) };
        };
        let stream = &self.streams[stream];
        if self.form.on_every_chunk && header.format < 3 && stream.partial.is_some() {
            return Ok((ChunkHeader { format: 3, ..header }, length));
        }
        if header.format >= 2 && !stream.last.fresh && stream.partial.is_none() {
            return Err(Unread::Seek);
        }
        if header.format == 3
            && let Some(stored) = stream.last.extended
        {
            header.extended = self.extended_on_type_3(stream, stored, &bytes[length..])?;
        } else if header.format == 3
            && self.form.extended == ExtendedField::Inside
            && let Some(partial) = &stream.partial
        {
            header.extended = self.extended_inside(partial.head.timestamp, &bytes[length..])?;
        }
        let begins = if header.format < 2 { header.length } else { stream.last.length };
        if stream.partial.is_none() && self.is_in_doubt(begins) {
            return Err(Unread::Seek);
        }
        let extended = if header.format == 3 && header.extended.is_some() { 4 } else { 0 };
        Ok((header, length + extended))
    }

    /// The header of one byte that most chunks have: of type 3, for the next chunk of a message under way. Nothing about it can be
    /// doubted.
    #[inline]
    fn next_chunk(&self, first: u8) -> Option<ChunkHeader> {
        let chunk_stream_id = u32::from(first & 63);
        if first < 0xc0 || chunk_stream_id < 2 {
            return None;
        }
        let stream = &self.streams[self.find(chunk_stream_id)?];
        let may_have_field = stream.last.extended.is_some() || self.form.extended == ExtendedField::Inside;
        let is_next = stream.partial.is_some() && !may_have_field;
        is_next.then_some(ChunkHeader { format: 3, chunk_stream_id, ..ChunkHeader::default() })
    }

    /// The header as it stands, and its length.
    fn written_header(&self, bytes: &[u8]) -> Result<(ChunkHeader, usize), Unread> {
        if !self.form.is_right() {
            return self.form.read(bytes, &self.message_streams, &self.signs).ok_or(Unread::Wait);
        }
        let length = match header::length(bytes) {
            Ok(length) if length <= bytes.len() => length,
            _ => return Err(Unread::Wait),
        };
        let header = header::read(&mut Reader::new(&bytes[..length], 0, &mut Silent)).map_err(|_| Unread::Wait)?;
        Ok((header, length))
    }

    /// How many bytes behind the message before the present place belong to none; nothing where more bytes are needed to tell.
    pub(super) fn trailer(&mut self, rest: &[u8]) -> Option<usize> {
        let Some(trailed) = self.trailed.take_if(|(offset, ..)| *offset == self.offset) else { return Some(0) };
        let (_, length, kind) = trailed;
        let (field, stray) = (tag_size(length), self.form.stray(kind));
        let is_short = rest.len() < stray || self.form.tag_sizes && rest.len() < field.len() && field.starts_with(rest);
        if is_short && !self.at_end {
            self.trailed = Some(trailed);
            return None;
        }
        let is_field = self.form.tag_sizes && rest.starts_with(&field);
        Some(if is_field { field.len() } else { stray.min(rest.len()) })
    }

    /// Whether a message of this length may or may not fit into a chunk.
    pub(super) fn is_in_doubt(&self, length: u32) -> bool {
        matches!(self.size, ChunkSize::AtLeast { least, .. } if length > least)
    }

    /// Payload bytes of a chunk of a message of which `left` are to come.
    pub(super) fn chunk_of(&self, left: u32) -> u32 {
        match self.size {
            ChunkSize::Known(size) => left.min(size),
            ChunkSize::AtLeast { .. } => left,
        }
    }

    /// Whether a type 3 chunk, whose chunk stream's last header had an extended timestamp, has it too.
    ///
    /// The specification repeats the field; its 2009 draft did not, and senders of both kinds live. A third kind writes
    /// the absolute time where the header's type calls for a delta. The bytes say which it is: they are the stored
    /// field, or the message's own time, or (on a new message) a time near the last one; a payload that begins with
    /// just that value is a chance of one in 2^32. Only a new message whose bytes are none of these needs a look at
    /// what follows its first chunk.
    pub(super) fn extended_on_type_3(
        &self,
        stream: &ChunkStream,
        stored: u32,
        rest: &[u8],
    ) -> Result<Option<u32>, Unread> {
        let Some(field) = rest.first_chunk::<4>().map(|field| u32::from_be_bytes(*field)) else {
            return if self.at_end { Ok(None) } else { Err(Unread::Wait) };
        };
        if field == stored {
            return Ok(Some(field));
        }
        if let Some(partial) = &stream.partial {
            return Ok((field == partial.head.timestamp).then_some(field));
        }
        if near(field, stream.last.timestamp) {
            return Ok(Some(field));
        }
        let data = self.chunk_of(stream.last.length);
        if self.omits || data > LOOK_AHEAD {
            return Ok(None);
        }
        let data = data as usize;
        if rest.len() < data + 4 + 1 && !self.at_end {
            return Err(Unread::Wait);
        }
        let follows = |at: usize| rest.get(at..).is_none_or(|next| self.is_plausible(next));
        Ok((follows(data + 4) && !follows(data)).then_some(field))
    }

    /// The extended timestamp of a type 3 header inside a message that should have none, of a sender who writes it there.
    fn extended_inside(&self, clock: u32, rest: &[u8]) -> Result<Option<u32>, Unread> {
        match rest.first_chunk::<4>().map(|field| u32::from_be_bytes(*field)) {
            Some(field) => Ok(Some(field).filter(|field| self.form.has_inside(*field, Some(clock)))),
            None if self.at_end => Ok(None),
            None => Err(Unread::Wait),
        }
    }

    /// Whether a chunk header may begin with these bytes, as far as they go.
    pub(super) fn is_plausible(&self, bytes: &[u8]) -> bool {
        let Ok(length) = header::length(bytes) else { return true };
        let Some(header) = bytes.get(..length) else { return true };
        let Ok(header) = header::read(&mut Reader::new(header, 0, &mut Silent)) else { return false };
        let known = self.find(header.chunk_stream_id).is_some();
        match header.format {
            0 | 1 => header.kind.name().is_some() && (known || header.format == 0),
            _ => known,
        }
    }
}

/// Whether everything that a header says is beyond what any sender writes: then other bytes stand in its place.
fn is_nonsense(header: &ChunkHeader) -> bool {
    header.format < 2
        && header.kind.name().is_none()
        && header.length > LOOK_AHEAD
        && (header.format == 1 || header.message_stream_id > 0xffff)
}
