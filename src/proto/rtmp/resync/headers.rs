//! The header at a chain's end: what it inherits, and what it is worth there.
//!
//! Types 2 and 3 leave out what an earlier header of their chunk stream said. Where that was before a hole it is a
//! guess; the chain is told so. The bits themselves are those of [`evidence`] and [`payload`].

use super::chain::Chain;
use super::known::HEADER_COST;
use super::payload::{self, FAMILIAR, TELLING};
use super::{ChunkSize, Past, evidence};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::header::{self, ChunkHeader};
use crate::wire::{Reader, Silent};

/// A header's chunk stream, by its place in the chain's `streams`, and where the chunk's data begins.
pub(super) type Found = (usize, usize);

/// Why a chain goes no further.
pub(super) enum End {
    Broken,
    /// The bytes end here.
    Short,
    /// A chunk of a message whose beginning was missed: how long it is cannot be known.
    Unknown,
}

impl Chain<'_> {
    /// Reads and weighs the header at the chain's end.
    pub(super) fn header(&mut self) -> Result<Found, End> {
        if !self.known.spend(HEADER_COST) {
            return Err(End::Broken);
        }
        let bytes = &self.bytes[self.at..];
        let length = match header::length(bytes) {
            Ok(length) if length <= bytes.len() => length,
            _ => return Err(End::Short),
        };
        let Ok(header) = header::read(&mut Reader::new(&bytes[..length], 0, &mut Silent)) else {
            return Err(End::Broken);
        };
        let place = self.streams.iter().position(|past| past.id == header.chunk_stream_id);
        let data = self.at + length;
        match (header.format, place) {
            (3, Some(place)) => self.type_3(place, data),
            (2 | 3, None) => Err(End::Broken),
            _ => self.message(header, place, data),
        }
    }

    /// A header of type 0, 1 or 2.
    fn message(&mut self, mut header: ChunkHeader, place: Option<usize>, data: usize) -> Result<Found, End> {
        let past = place.map(|place| self.streams[place]);
        if past.is_some_and(|past| past.is_under_way()) {
            // A new message inside another one on its chunk stream: no sane sender does that.
            return Err(End::Broken);
        }
        self.guessed = false;
        if let Some(past) = past.filter(|_| header.format == 2) {
            (header.length, header.kind) = (past.length, past.kind);
            self.guessed = !past.fresh;
        }
        let bits = evidence::weigh(&header, past.as_ref(), &self.known.message_streams, &mut self.signs.clock);
        self.bits += bits.ok_or(End::Broken)?;
        let payload = self.weigh_payload(header.kind, header.length, data)?;
        if self.guessed && payload < FAMILIAR {
            // The type is from before the hole too; its payload has to look like it.
            return Err(self.unknown());
        }
        self.bits += payload;
        let past = Past {
            id: header.chunk_stream_id,
            length: header.length,
            kind: header.kind,
            fresh: true,
            left: header.length,
            extended: header.extended,
        };
        if let Some(place) = place {
            self.streams[place] = past;
            return Ok((place, data));
        }
        self.streams.push(past);
        Ok((self.streams.len() - 1, data))
    }

    /// A header of type 3: the next chunk of the message under way, or a message like the last.
    fn type_3(&mut self, place: usize, data: usize) -> Result<Found, End> {
        let past = self.streams[place];
        let data = data + self.extended_on_type_3(&past, data)?;
        if past.is_under_way() {
            self.bits += 8;
            return Ok((place, data));
        }
        self.guessed = !past.fresh;
        let payload = self.weigh_payload(past.kind, past.length, data);
        if past.fresh {
            // Where the chunk size is in doubt this may as well be the message before, going on: its payload has to
            // tell.
            let payload = payload?;
            let is_sure = payload >= TELLING || matches!(self.size, ChunkSize::Known(_));
            if !is_sure && payload == 0 {
                return Err(End::Broken);
            }
            self.bits += payload + if is_sure { 8 } else { 0 };
        } else {
            // It goes on with a message whose beginning is missing, or begins one like the last. Only a payload that
            // begins as it should, in a message of one chunk, speaks for the second.
            let fits = match self.size {
                ChunkSize::Known(size) => past.length < size,
                ChunkSize::AtLeast { likely, .. } => likely.is_some_and(|size| past.length < size),
            };
            self.bits += match payload {
                Ok(payload) if payload >= FAMILIAR && fits && past.length > 0 => 2 + payload,
                Err(End::Short) => return Err(End::Short),
                _ => return Err(self.unknown()),
            };
        }
        self.streams[place].fresh = true;
        self.streams[place].left = past.length;
        Ok((place, data))
    }

    /// The bytes of the extended timestamp that a type 3 header has.
    fn extended_on_type_3(&self, past: &Past, data: usize) -> Result<usize, End> {
        let Some(stored) = past.extended else { return Ok(0) };
        let Some(field) = self.bytes[data..].first_chunk::<4>() else { return Err(End::Short) };
        let field = u32::from_be_bytes(*field);
        // A new message may have a time of its own there.
        let is_time = |clock: u32| !past.is_under_way() && header::near(field, clock);
        Ok(if field == stored || self.signs.clock.is_some_and(is_time) { 4 } else { 0 })
    }

    fn weigh_payload(&mut self, kind: MessageType, length: u32, data: usize) -> Result<i32, End> {
        let payload = &self.bytes[data..];
        let payload = &payload[..payload.len().min(length as usize)];
        if payload.len() < payload::BEGINNING.min(length as usize) {
            return Err(End::Short);
        }
        payload::weigh(kind, payload, &mut self.signs).ok_or(End::Broken)
    }

    /// A chunk of a message whose beginning was missed, as far as the chain is to be trusted.
    fn unknown(&self) -> End {
        if self.headers > 0 { End::Unknown } else { End::Broken }
    }
}
