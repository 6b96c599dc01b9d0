//! Looking for the next chunk where it is not known where that begins, and going on from there.

use super::stream::ChunkStream;
use super::{Chunked, Chunks, State, after, moment};
use crate::limits::Limits;
use crate::proto::Why;
use crate::proto::amf::{Amf, Context};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::data::{self, Data};
use crate::proto::rtmp::header::{self, ChunkHeader};
use crate::proto::rtmp::resync::{self, ChunkSize, Known, Past, Then, Verdict};
use crate::wire::{Moment, Reader, Silent};

/// Bytes in which the next chunk is looked for.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) bytes: Vec<u8>,
    pub(super) bounds: Vec<(usize, Moment)>,
    /// Every place before this one is rejected.
    pub(super) from: usize,
    /// Bytes before these that were looked through in vain.
    pub(super) skipped: u64,
    /// Whether bytes are missing before these, or were skipped: nothing under way can go on.
    pub(super) broken: bool,
    /// Whether finding the chunks again is worth an event.
    pub(super) announced: bool,
    /// Whether the bytes begin with a chunk whose header inherits from one that was not captured.
    pub(super) unnamed: bool,
}

impl Chunks {
    /// Looks for the next chunk in what is kept for that, and goes on from there when it is proven.
    pub(super) fn seek(&mut self, then: Then, out: &mut Vec<Chunked>) {
        while matches!(self.state, State::Seeking) {
            let full = self.search.bytes.len() >= self.search_bytes;
            // At the bound the same bytes are judged however they came.
            let length = if full { self.search_bytes } else { self.search.bytes.len() };
            let known = self.known(if full { Then::Cut } else { then });
            self.search_spent += 1 + self.streams.len() as u64 / 4;
            let credit = self.credit(self.search_spent);
            known.credit.set(credit);
            let found = resync::seek(&self.search.bytes[..length], self.search.from, &known);
            self.search_spent += credit - known.credit.get();
            match found {
                Some((at, Verdict::Proven(size))) => self.resume(at, size, out),
                Some((at, _)) if !full => {
                    self.search.from = at;
                    return;
                }
                // At the bound nothing waits, but for credit.
                Some(_) | None if full => {
                    let count = self.search_bytes / 2;
                    out.push(Chunked::Reached("search_bytes"));
                    self.search.drop_first(count);
                    self.offset += count as u64;
                    self.undecoded += count as u64;
                }
                _ => {
                    self.search.from = length;
                    return;
                }
            }
        }
    }

    /// What is known of the direction to tell a chunk by.
    pub(super) fn known(&self, then: Then) -> Known {
        let broken = self.search.broken;
        let past = |stream: &ChunkStream| Past {
            id: stream.id,
            length: stream.last.length,
            kind: stream.last.kind,
            fresh: stream.last.fresh && !broken,
            left: stream.partial.as_ref().filter(|_| !broken).map_or(0, |partial| partial.head.length - partial.passed),
            extended: stream.last.extended,
        };
        Known {
            streams: self.streams.iter().map(past).collect(),
            message_streams: self.message_streams.clone(),
            size: self.size,
            signs: self.signs,
            then,
            credit: std::cell::Cell::new(0),
        }
    }

    /// Goes on at a proven place.
    pub(super) fn resume(&mut self, at: usize, size: ChunkSize, out: &mut Vec<Chunked>) {
        let search = std::mem::take(&mut self.search);
        let named = search.unnamed && self.name(&search.bytes[..at]);
        let (at, size) = if named { (0, self.size) } else { (at, size) };
        let skipped = search.skipped + at as u64;
        // Every chunk stream is looked at, and what is behind the place is copied.
        self.search_spent += (self.streams.len() + search.bounds.len() + search.bytes.len() / 64) as u64;
        if (search.broken && !named) || at > 0 {
            self.give_up(if search.unnamed { Why::Undecodable } else { Why::Gap }, out);
            self.make_stale();
        }
        self.size = size;
        self.offset += at as u64;
        self.undecoded += at as u64;
        let first = search.bytes[at];
        if first >> 6 >= 2
            && let Some(stream) = self.find(u32::from(first & 63))
        {
            // What it inherits was proven with it.
            self.streams[stream].last.fresh = true;
        }
        if search.announced || skipped > 0 {
            out.push(Chunked::Resync { offset: self.offset, skipped, at: moment(&search.bounds, at) });
        }
        self.state = State::Header;
        let (bytes, bounds) = (&search.bytes[at..], after(search.bounds, at));
        let used = self.run(bytes, &bounds, out);
        if matches!(self.state, State::Seeking) && used == 0 && self.search.from == 0 {
            // A place that cannot be followed after all: looking there once more would lead here again.
            self.search.from = 1;
        }
        self.store(&bytes[used..], after(bounds, used));
    }

    /// Finds out the length and type of a message whose header inherits them from one that was not captured. Its bytes
    /// lie between two places that are known. Only AMF says where it ends and what it is: a string and then no number,
    /// as a command has it, with an end just there, is a data message.
    fn name(&mut self, bytes: &[u8]) -> bool {
        let size = match self.size {
            ChunkSize::Known(size) => size as usize,
            ChunkSize::AtLeast { .. } => bytes.len(),
        };
        let Ok(length) = header::length(bytes) else { return false };
        let Some(first) = bytes.get(..length) else { return false };
        let Ok(header) = header::read(&mut Reader::new(first, 0, &mut Silent)) else { return false };
        let ChunkHeader { format: 2 | 3, chunk_stream_id: id @ 2..=63, extended: None, .. } = header else {
            return false;
        };
        let mut chunks = bytes[length..].chunks(size + 1).peekable();
        let mut payload = Vec::new();
        while let Some(chunk) = chunks.next() {
            match chunk.split_at_checked(size) {
                // The next chunk's header.
                Some((data, [mark])) if *mark == 0xc0 | id as u8 && chunks.peek().is_some() => {
                    payload.extend_from_slice(data);
                }
                Some((data, [])) => payload.extend_from_slice(data),
                None => payload.extend_from_slice(chunk),
                Some(_) => return false,
            }
        }
        if self.streams.len() >= self.max_streams || !is_data(&payload) {
            return false;
        }
        let place = self.find(id).unwrap_or_else(|| self.add_stream(id));
        let stream = &mut self.streams[place];
        stream.last.length = payload.len() as u32;
        stream.last.kind = MessageType::DATA_AMF0;
        stream.last.fresh = true;
        if let ChunkSize::AtLeast { least, .. } = &mut self.size {
            *least = (*least).max(payload.len() as u32);
        }
        true
    }

    pub(super) fn make_stale(&mut self) {
        // Media stay on their message stream; there is no other where the direction has only one. Commands change theirs.
        let is_sole = self.message_streams.iter().filter(|id| **id != 0).count() == 1;
        for stream in &mut self.streams {
            stream.last.fresh = false;
            stream.last.timed = false;
            stream.last.placed &= is_sole && matches!(stream.last.kind, MessageType::AUDIO | MessageType::VIDEO);
        }
    }

    /// From here on the next chunk is looked for: bytes are missing, or cannot be decoded.
    pub(super) fn lose(&mut self, why: Why, out: &mut Vec<Chunked>) {
        self.seek(Then::Cut, out);
        self.drop_kept();
        self.give_up(why, out);
        self.make_stale();
        self.state = State::Seeking;
        self.search = Search { broken: true, announced: true, ..Search::default() };
        self.size = self.size.doubted();
        self.has_hole = true;
    }

    /// Counts what is kept and cannot be used as not decoded.
    pub(super) fn drop_kept(&mut self) {
        let doubted = self.doubt.take().map_or(0, |doubt| doubt.bytes.len());
        let kept = (self.held.len() + self.search.bytes.len() + doubted) as u64;
        self.undecoded += kept;
        self.offset += kept;
        self.held.clear();
        self.held_bounds.clear();
        self.search = Search::default();
    }
}

/// Whether this is a whole AMF0 data message, and can be no command.
fn is_data(payload: &[u8]) -> bool {
    let mut data = Data::default();
    let mut context = Context::new(&Limits::default());
    let mut silent = Silent;
    let mut r = Reader::new(payload, 0, &mut silent);
    let decoded = data::data(&mut r, &mut data, false, &mut context).is_ok() && context.take_end().is_none();
    let is_telling = matches!(data.values.first(), Some(Amf::String(_) | Amf::Object { .. } | Amf::EcmaArray { .. }));
    decoded && r.is_empty() && !data.name.is_empty() && is_telling
}

impl Search {
    fn drop_first(&mut self, count: usize) {
        self.unnamed = false;
        self.bytes.drain(..count);
        self.bounds = after(std::mem::take(&mut self.bounds), count);
        self.from = self.from.saturating_sub(count);
        self.skipped += count as u64;
        self.broken = true;
        self.announced = true;
    }
}
