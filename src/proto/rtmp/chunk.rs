//! One direction's chunk stream → messages. Source: RTMP 1.0 §5.3, §5.4.
//!
//! Bytes come in pieces of any size; chunk data is copied once, into the message that it belongs to. Set Chunk Size
//! and Abort act here, at once. Where senders differ about extended timestamps, the bytes decide: see
//! [`Chunks::extended_on_type_3`].

use std::collections::HashMap;

use bytes::Bytes;

use super::header::{self, ChunkHeader};
use super::resync::{self, ChunkSize, Known, Past, Then, Verdict};
use super::{Extended, ExtendedForm, Head, HeaderBytes, MessageType, Run};
use crate::limits::Limits;
use crate::proto::Why;
use crate::wire::{Moment, Reader, Silent};

/// RTMP 1.0 §5.4.1: until a Set Chunk Size.
const DEFAULT_CHUNK_SIZE: u32 = 128;
/// How far apart, in ms, two times may be and still be the same clock's: tells an absolute time from a delta.
const SAME_CLOCK: u32 = 60_000;
/// The most bytes that are waited for to see what follows a chunk.
const LOOK_AHEAD: u32 = 65_536;

/// What the chunk layer gives.
#[derive(Debug)]
pub(super) enum Chunked {
    Message(Head, Bytes),
    Incomplete {
        head: Head,
        received: u32,
        why: Why,
    },
    Undecodable {
        offset: u64,
        at: Moment,
        reason: Reason,
    },
    /// Chunks were found again at `offset`, after `skipped` bytes that could not be decoded.
    Resync {
        offset: u64,
        skipped: u64,
        at: Moment,
    },
}

/// Why a chunk stream cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The first chunk of a chunk stream leaves out what only an earlier one could give.
    FirstChunkInherits { chunk_stream_id: u32, format: u8 },
    /// More chunk streams than are followed.
    ChunkStreams,
    /// Bytes before it are missing from the capture.
    Gap,
}

impl Reason {
    pub fn clause(&self) -> String {
        match self {
            Reason::FirstChunkInherits { chunk_stream_id, format } => {
                format!(
                    "the first chunk on chunk stream {chunk_stream_id} is of type {format} and inherits from nothing"
                )
            }
            Reason::ChunkStreams => "more chunk streams than are followed".into(),
            Reason::Gap => "bytes before it are missing from the capture".into(),
        }
    }
}

/// A chunk stream's last header, and the message under way on it.
#[derive(Debug, Default)]
struct ChunkStream {
    id: u32,
    timestamp: u32,
    delta: u32,
    length: u32,
    kind: MessageType,
    message_stream_id: u32,
    /// The last header's extended timestamp, which type 3 chunks repeat or leave out.
    extended: Option<u32>,
    /// Whether that was an absolute time where a delta belongs.
    absolute: bool,
    /// Whether nothing was missed since the last header, so that the next one may inherit from it.
    fresh: bool,
    /// Whether `timestamp` is known: after a hole it is only with the next absolute one.
    timed: bool,
    /// Whether `message_stream_id` is known.
    placed: bool,
    partial: Option<Partial>,
}

/// A message of which more is to come.
#[derive(Debug)]
struct Partial {
    head: Head,
    payload: Vec<u8>,
    /// Payload bytes that came or are known to be missing.
    passed: u32,
    /// Payload bytes that are known to be missing.
    missing: u32,
    /// Its payload was given up to keep within the limit.
    dropped: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    /// Inside a chunk of `streams[stream]`, `left` bytes of its data to come.
    Data {
        stream: usize,
        left: u32,
    },
    /// Where the next chunk begins is not known.
    Seeking,
}

/// What a header needs before it can be read.
enum Unread {
    Wait,
    Bad(Reason),
    /// What it inherits, or how long its chunk is, was missed: only what follows can tell.
    Seek,
    /// After a hole: it cannot be a header, so what was thought of the bytes before was wrong.
    Astray,
}

/// Bytes in which the next chunk is looked for.
#[derive(Debug, Default)]
struct Search {
    bytes: Vec<u8>,
    bounds: Vec<(usize, Moment)>,
    /// Every place before this one is rejected.
    from: usize,
    /// Bytes before these that were looked through in vain.
    skipped: u64,
    /// Whether bytes are missing before these, or were skipped: nothing under way can go on.
    broken: bool,
    /// Whether finding the chunks again is worth an event.
    announced: bool,
    /// How much looking was done already.
    spent: u64,
}

/// One direction's chunk layer.
#[derive(Debug)]
pub(super) struct Chunks {
    size: ChunkSize,
    streams: Vec<ChunkStream>,
    /// Chunk stream id → place in `streams`: the small ids by themselves, the rest in a map.
    small: [u16; 64],
    large: HashMap<u32, usize>,
    state: State,
    /// Bytes of a header that is not whole yet, and where each packet's part of them ends.
    held: Vec<u8>,
    held_bounds: Vec<(usize, Moment)>,
    search: Search,
    /// What tells this direction's messages from chance.
    message_streams: Vec<u32>,
    clock: Option<u32>,
    audio: Option<u8>,
    video: Option<u8>,
    /// The stream offset of the next byte to be read (held ones not read).
    offset: u64,
    /// Some type 3 chunk left an extended timestamp out.
    omits: bool,
    /// Bytes were missing before: what stands where a header should is looked at with doubt.
    has_hole: bool,
    /// Whether extended timestamps of types 1 and 2 are absolute times; unknown until there is one.
    absolutes: Option<bool>,
    /// No more bytes will come: wait for none.
    at_end: bool,
    partial_bytes: usize,
    undecoded: u64,
    search_bytes: usize,
    max_partial_bytes: usize,
    max_streams: usize,
}

impl Chunks {
    pub(super) fn new(offset: u64, limits: &Limits) -> Self {
        Chunks {
            size: ChunkSize::Known(DEFAULT_CHUNK_SIZE),
            streams: Vec::new(),
            small: [u16::MAX; 64],
            large: HashMap::new(),
            state: State::Header,
            held: Vec::new(),
            held_bounds: Vec::new(),
            search: Search::default(),
            message_streams: Vec::new(),
            clock: None,
            audio: None,
            video: None,
            offset,
            omits: false,
            has_hole: false,
            absolutes: None,
            at_end: false,
            partial_bytes: 0,
            undecoded: 0,
            search_bytes: limits.search_bytes,
            max_partial_bytes: limits.partial_bytes,
            max_streams: limits.chunk_streams.min(usize::from(u16::MAX)),
        }
    }

    /// A direction whose beginning was not captured: chunks are looked for from its first byte on.
    pub(super) fn midstream(offset: u64, limits: &Limits) -> Self {
        let mut chunks = Chunks::new(offset, limits);
        chunks.size = ChunkSize::UNKNOWN;
        chunks.has_hole = true;
        chunks.state = State::Seeking;
        chunks.search = Search { broken: true, announced: true, ..Search::default() };
        chunks
    }

    /// Bytes that were there and not decoded.
    pub(super) fn undecoded(&self) -> u64 {
        self.undecoded
    }

    /// The next bytes of the direction.
    pub(super) fn push(&mut self, bytes: &[u8], at: Moment, out: &mut Vec<Chunked>) {
        if matches!(self.state, State::Seeking) {
            self.search.bytes.extend_from_slice(bytes);
            self.search.bounds.push((self.search.bytes.len(), at));
            self.seek(Then::More, out);
        } else if self.held.is_empty() {
            let used = self.run(bytes, &[(bytes.len(), at)], out);
            self.keep(&bytes[used..], vec![(bytes.len() - used, at)], out);
        } else {
            self.held.extend_from_slice(bytes);
            self.held_bounds.push((self.held.len(), at));
            self.run_held(out);
        }
    }

    fn run_held(&mut self, out: &mut Vec<Chunked>) {
        let held = std::mem::take(&mut self.held);
        let bounds = std::mem::take(&mut self.held_bounds);
        let used = self.run(&held, &bounds, out);
        self.keep(&held[used..], after(bounds, used), out);
    }

    /// Keeps what `run` left over: the beginning of a header, or bytes in which the next chunk is to be looked for.
    fn keep(&mut self, bytes: &[u8], bounds: Vec<(usize, Moment)>, out: &mut Vec<Chunked>) {
        if matches!(self.state, State::Seeking) {
            self.search.bytes.extend_from_slice(bytes);
            self.search.bounds = bounds;
            self.seek(Then::More, out);
        } else if !bytes.is_empty() {
            self.held.extend_from_slice(bytes);
            self.held_bounds = bounds;
        }
    }

    /// Looks for the next chunk in what is kept for that, and goes on from there when it is proven.
    fn seek(&mut self, then: Then, out: &mut Vec<Chunked>) {
        while matches!(self.state, State::Seeking) {
            let full = self.search.bytes.len() >= self.search_bytes;
            // At the bound the same bytes are judged however they came.
            let length = if full { self.search_bytes } else { self.search.bytes.len() };
            let known = self.known(if full { Then::Cut } else { then });
            let received = self.search.skipped + self.search.bytes.len() as u64;
            let credit = (resync::FIRST_CREDIT + resync::CREDIT * received).saturating_sub(self.search.spent);
            known.credit.set(credit);
            let found = resync::seek(&self.search.bytes[..length], self.search.from, &known);
            self.search.spent += credit - known.credit.get();
            match found {
                Some((at, Verdict::Proven(size))) => self.resume(at, size, out),
                Some((at, _)) if !full => {
                    self.search.from = at;
                    return;
                }
                // At the bound nothing waits, but for credit.
                Some(_) | None if full => {
                    let count = self.search_bytes / 2;
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
    fn known(&self, then: Then) -> Known {
        let broken = self.search.broken;
        let past = |stream: &ChunkStream| Past {
            id: stream.id,
            length: stream.length,
            kind: stream.kind,
            fresh: stream.fresh && !broken,
            left: stream.partial.as_ref().filter(|_| !broken).map_or(0, |partial| partial.head.length - partial.passed),
            extended: stream.extended,
        };
        Known {
            streams: self.streams.iter().map(past).collect(),
            message_streams: self.message_streams.clone(),
            size: self.size,
            clock: self.clock,
            audio: self.audio,
            video: self.video,
            then,
            credit: std::cell::Cell::new(0),
        }
    }

    /// Goes on at a proven place.
    fn resume(&mut self, at: usize, size: ChunkSize, out: &mut Vec<Chunked>) {
        let search = std::mem::take(&mut self.search);
        let skipped = search.skipped + at as u64;
        if search.broken || at > 0 {
            self.give_up(Why::Gap, out);
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
            self.streams[stream].fresh = true;
        }
        if search.announced || skipped > 0 {
            out.push(Chunked::Resync { offset: self.offset, skipped, at: moment(&search.bounds, at) });
        }
        self.state = State::Header;
        let (bytes, bounds) = (&search.bytes[at..], after(search.bounds, at));
        let used = self.run(bytes, &bounds, out);
        let rest = after(bounds, used);
        if matches!(self.state, State::Seeking) {
            self.search.bytes.extend_from_slice(&bytes[used..]);
            self.search.bounds = rest;
        } else if used < bytes.len() {
            self.held.extend_from_slice(&bytes[used..]);
            self.held_bounds = rest;
        }
    }

    fn make_stale(&mut self) {
        // Media stay on their message stream; there is no other where the direction has only one. Commands change theirs.
        let is_sole = self.message_streams.iter().filter(|id| **id != 0).count() == 1;
        for stream in &mut self.streams {
            stream.fresh = false;
            stream.timed = false;
            stream.placed &= is_sole && matches!(stream.kind, MessageType::AUDIO | MessageType::VIDEO);
        }
    }

    /// `missing` bytes were never captured. Whether decoding goes on with certainty: only when they all lie in one
    /// chunk's data, since nothing else can be inside a chunk. Otherwise the next chunk is looked for.
    pub(super) fn gap(&mut self, missing: u64, at: Moment, out: &mut Vec<Chunked>) -> bool {
        if let State::Data { stream, left } = self.state
            && missing <= u64::from(left)
        {
            let missing = missing as u32;
            self.offset += u64::from(missing);
            self.state = State::Data { stream, left: left - missing };
            self.pass(stream, missing);
            if let Some(partial) = &mut self.streams[stream].partial {
                partial.missing += missing;
            }
            self.run(&[], &[(0, at)], out);
            return true;
        }
        self.lose(Why::Gap, out);
        self.offset += missing;
        false
    }

    /// No more bytes come: gives what is unfinished.
    pub(super) fn finish(&mut self, why: Why, out: &mut Vec<Chunked>) {
        self.at_end = true;
        self.run_held(out);
        self.seek(Then::End, out);
        self.drop_kept();
        self.give_up(why, out);
    }

    /// From here on the next chunk is looked for: bytes are missing, or cannot be decoded.
    fn lose(&mut self, why: Why, out: &mut Vec<Chunked>) {
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
    fn drop_kept(&mut self) {
        let kept = (self.held.len() + self.search.bytes.len()) as u64;
        self.undecoded += kept;
        self.offset += kept;
        self.held.clear();
        self.held_bounds.clear();
        self.search = Search::default();
    }

    fn give_up(&mut self, why: Why, out: &mut Vec<Chunked>) {
        let mut partials: Vec<_> = self.streams.iter_mut().filter_map(|stream| stream.partial.take()).collect();
        partials.sort_by_key(|partial| partial.head.offset);
        out.extend(partials.into_iter().map(|partial| partial.incomplete(why)));
        self.partial_bytes = 0;
    }

    /// Reads as much of `bytes` as can be read; gives how much that was. `bounds` says which packet each part is from.
    fn run(&mut self, bytes: &[u8], bounds: &[(usize, Moment)], out: &mut Vec<Chunked>) -> usize {
        let mut at = 0;
        loop {
            match self.state {
                State::Seeking => return at,
                State::Data { stream, left } => {
                    let take = (left as usize).min(bytes.len() - at);
                    if take > 0 {
                        self.data(stream, &bytes[at..at + take], bounds, at);
                        at += take;
                        self.offset += take as u64;
                    }
                    let left = left - take as u32;
                    if left > 0 {
                        self.state = State::Data { stream, left };
                        return at;
                    }
                    self.state = State::Header;
                    self.end_of_chunk(stream, out);
                }
                State::Header => {
                    if at == bytes.len() {
                        return at;
                    }
                    match self.header(&bytes[at..]) {
                        Ok((header, length)) => {
                            let first = moment(bounds, at);
                            let last = moment(bounds, at + length - 1);
                            self.begin_chunk(header, &bytes[at..at + length], first, last, out);
                            at += length;
                            self.offset += length as u64;
                        }
                        Err(Unread::Wait) => return at,
                        Err(Unread::Seek) => {
                            self.state = State::Seeking;
                            self.search = Search::default();
                        }
                        Err(Unread::Astray) => {
                            self.give_up(Why::Gap, out);
                            self.make_stale();
                            self.state = State::Seeking;
                            self.size = self.size.doubted();
                            self.search = Search { broken: true, announced: true, from: 1, ..Search::default() };
                        }
                        Err(Unread::Bad(reason)) => {
                            let offset = self.offset;
                            self.give_up(Why::Undecodable, out);
                            self.make_stale();
                            self.state = State::Seeking;
                            // The header itself is no beginning.
                            self.search = Search { broken: true, announced: true, from: 1, ..Search::default() };
                            out.push(Chunked::Undecodable { offset, at: moment(bounds, at), reason });
                        }
                    }
                }
            }
        }
    }

    fn find(&self, id: u32) -> Option<usize> {
        match self.small.get(id as usize) {
            Some(&u16::MAX) => None,
            Some(&place) => Some(usize::from(place)),
            None => self.large.get(&id).copied(),
        }
    }

    /// Reads the header at the start of `bytes`, with the extended timestamp that a type 3 chunk may have, and its
    /// length.
    fn header(&self, bytes: &[u8]) -> Result<(ChunkHeader, usize), Unread> {
        let length = match header::length(bytes) {
            Ok(length) if length <= bytes.len() => length,
            _ => return Err(Unread::Wait),
        };
        let mut header = header::read(&mut Reader::new(&bytes[..length], 0, &mut Silent)).map_err(|_| Unread::Wait)?;
        if self.has_hole && header.format < 2 && !resync::is_possible(&header, &self.message_streams) {
            return Err(Unread::Astray);
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
        if header.format >= 2 && !stream.fresh && stream.partial.is_none() {
            return Err(Unread::Seek);
        }
        if header.format == 3
            && let Some(stored) = stream.extended
        {
            header.extended = self.extended_on_type_3(stream, stored, &bytes[length..])?;
        }
        let begins = if header.format < 2 { header.length } else { stream.length };
        if stream.partial.is_none() && self.is_in_doubt(begins) {
            return Err(Unread::Seek);
        }
        let extended = if header.format == 3 && header.extended.is_some() { 4 } else { 0 };
        Ok((header, length + extended))
    }

    /// Whether a message of this length may or may not fit into a chunk.
    fn is_in_doubt(&self, length: u32) -> bool {
        matches!(self.size, ChunkSize::AtLeast { least, .. } if length > least)
    }

    /// Payload bytes of a chunk of a message of which `left` are to come.
    fn chunk_of(&self, left: u32) -> u32 {
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
    fn extended_on_type_3(&self, stream: &ChunkStream, stored: u32, rest: &[u8]) -> Result<Option<u32>, Unread> {
        let Some(field) = rest.first_chunk::<4>().map(|field| u32::from_be_bytes(*field)) else {
            return if self.at_end { Ok(None) } else { Err(Unread::Wait) };
        };
        if field == stored {
            return Ok(Some(field));
        }
        if let Some(partial) = &stream.partial {
            return Ok((field == partial.head.timestamp).then_some(field));
        }
        if near(field, stream.timestamp) {
            return Ok(Some(field));
        }
        let data = self.chunk_of(stream.length);
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

    /// Whether a chunk header may begin with these bytes, as far as they go.
    fn is_plausible(&self, bytes: &[u8]) -> bool {
        let Ok(length) = header::length(bytes) else { return true };
        let Some(header) = bytes.get(..length) else { return true };
        let Ok(header) = header::read(&mut Reader::new(header, 0, &mut Silent)) else { return false };
        let known = self.find(header.chunk_stream_id).is_some();
        match header.format {
            0 | 1 => header.kind.name().is_some() && (known || header.format == 0),
            _ => known,
        }
    }

    /// Takes a chunk's header into account: a new message, or more of the one under way.
    fn begin_chunk(&mut self, header: ChunkHeader, bytes: &[u8], first: Moment, last: Moment, out: &mut Vec<Chunked>) {
        let index = self.find(header.chunk_stream_id).unwrap_or_else(|| self.add_stream(header.chunk_stream_id));
        let stream = &mut self.streams[index];
        if header.format < 3
            && let Some(partial) = stream.partial.take()
        {
            self.partial_bytes -= partial.payload.len();
            out.push(partial.incomplete(Why::HeaderInside));
        }
        let form = match (stream.extended, header.extended) {
            (Some(_), None) if header.format == 3 => ExtendedForm::Omitted,
            (_, Some(_)) if header.format == 3 => ExtendedForm::Repeated,
            _ => ExtendedForm::Single,
        };
        self.omits |= form == ExtendedForm::Omitted;
        let partial = if let Some(partial) = &mut stream.partial {
            if let Some(extended) = &mut partial.head.extended {
                extended.form = form;
            }
            partial.head.chunks += 1;
            partial.head.size += bytes.len() as u32;
            partial
        } else {
            stream.inherit(&header, &mut self.absolutes);
            let value = header.extended.or(stream.extended);
            let head = Head {
                first,
                last,
                offset: self.offset,
                size: bytes.len() as u32,
                chunks: 1,
                chunk_stream_id: stream.id,
                chunk_format: header.format,
                timestamp: stream.timestamp,
                timestamp_known: stream.timed,
                length: stream.length,
                kind: stream.kind,
                message_stream_id: stream.message_stream_id,
                message_stream_known: stream.placed,
                header: HeaderBytes::new(bytes),
                runs: Vec::new(),
                extended: value.map(|value| Extended { value, form, absolute: stream.absolute }),
            };
            stream.partial.insert(Partial { head, payload: Vec::new(), passed: 0, missing: 0, dropped: false })
        };
        partial.head.carry(first);
        partial.head.carry(last);
        let left = partial.head.length - partial.passed;
        let (left, size) = match self.size {
            ChunkSize::Known(size) => (left.min(size), size),
            ChunkSize::AtLeast { .. } => (left, left.max(1)),
        };
        partial.head.add_chunk(self.offset, bytes.len() as u8, left, size);
        self.state = State::Data { stream: index, left };
    }

    fn add_stream(&mut self, id: u32) -> usize {
        let index = self.streams.len();
        self.streams.push(ChunkStream { id, ..ChunkStream::default() });
        match self.small.get_mut(id as usize) {
            Some(place) => *place = index as u16,
            None => {
                self.large.insert(id, index);
            }
        }
        index
    }

    fn data(&mut self, stream: usize, data: &[u8], bounds: &[(usize, Moment)], at: usize) {
        self.pass(stream, data.len() as u32);
        let Some(partial) = &mut self.streams[stream].partial else { return };
        if !partial.dropped && partial.missing == 0 {
            if self.partial_bytes + data.len() > self.max_partial_bytes {
                self.partial_bytes -= partial.payload.len();
                partial.payload = Vec::new();
                partial.dropped = true;
            } else {
                if partial.payload.is_empty() {
                    partial.payload.reserve((partial.head.length as usize).min(data.len().max(4096)));
                }
                partial.payload.extend_from_slice(data);
                self.partial_bytes += data.len();
            }
        }
        partial.head.carry(moment(bounds, at));
        partial.head.carry(moment(bounds, at + data.len() - 1));
    }

    fn pass(&mut self, stream: usize, bytes: u32) {
        if let Some(partial) = &mut self.streams[stream].partial {
            partial.passed += bytes;
            partial.head.size += bytes;
        }
    }

    fn end_of_chunk(&mut self, index: usize, out: &mut Vec<Chunked>) {
        let stream = &mut self.streams[index];
        if stream.partial.as_ref().is_none_or(|partial| partial.passed < partial.head.length) {
            return;
        }
        let Some(partial) = stream.partial.take() else { return };
        self.partial_bytes -= partial.payload.len();
        if partial.dropped {
            out.push(partial.incomplete(Why::Limit));
            return;
        }
        if partial.missing > 0 {
            out.push(partial.incomplete(Why::Gap));
            return;
        }
        self.remember(&partial);
        let (kind, word) =
            (partial.head.kind, partial.payload.first_chunk::<4>().map(|word| u32::from_be_bytes(*word)));
        out.push(Chunked::Message(partial.head, partial.payload.into()));
        match (kind, word) {
            // §5.4.1: at least 1, the top bit is 0. Anything else cannot be followed and is left for a rule to blame.
            (MessageType::SET_CHUNK_SIZE, Some(size @ 1..=0x7fff_ffff)) => self.size = ChunkSize::Known(size),
            (MessageType::ABORT, Some(id)) => {
                if let Some(stream) = self.find(id)
                    && let Some(partial) = self.streams[stream].partial.take()
                {
                    self.partial_bytes -= partial.payload.len();
                    out.push(partial.incomplete(Why::Aborted));
                }
            }
            _ => {}
        }
    }
}

impl Chunks {
    /// Takes from a whole message what tells later ones from chance.
    fn remember(&mut self, partial: &Partial) {
        let head = &partial.head;
        match head.kind {
            MessageType::AUDIO => self.audio = partial.payload.first().copied().or(self.audio),
            MessageType::VIDEO => {
                self.video = partial.payload.first().map(|first| resync::video_codec(*first)).or(self.video);
            }
            _ => {}
        }
        if matches!(head.kind, MessageType::AUDIO | MessageType::VIDEO) && head.timestamp_known {
            self.clock = Some(head.timestamp);
        }
        let id = head.message_stream_id;
        if head.message_stream_known && self.message_streams.len() < 16 && !self.message_streams.contains(&id) {
            self.message_streams.push(id);
        }
    }
}

impl Search {
    fn drop_first(&mut self, count: usize) {
        self.bytes.drain(..count);
        self.bounds = after(std::mem::take(&mut self.bounds), count);
        self.from = self.from.saturating_sub(count);
        self.skipped += count as u64;
        self.broken = true;
        self.announced = true;
    }
}

impl ChunkStream {
    /// A new message's header: what it leaves out stays as it was.
    ///
    /// A delta of more than 16777214 ms is next to never meant, and a sender that writes the absolute time writes one
    /// near the last. The direction's first such field says which kind of sender it is, unless the clock stands at 0, where
    /// both readings are the same.
    fn inherit(&mut self, header: &ChunkHeader, absolutes: &mut Option<bool>) {
        self.absolute = false;
        self.fresh = true;
        let clock = self.timestamp;
        match (header.format, header.extended) {
            (0, extended) => {
                self.timed = true;
                self.placed = true;
                self.timestamp = extended.unwrap_or(header.timestamp);
                // §5.3.1.2.4: a type 3 chunk after a type 0 chunk has the type 0's timestamp for its delta.
                self.delta = self.timestamp;
            }
            (_, Some(time)) if self.timed && clock != 0 && *absolutes.get_or_insert(near(time, clock)) => {
                self.set_absolute(time);
            }
            (_, Some(time)) if !self.timed && *absolutes == Some(true) => {
                self.set_absolute(time);
                self.timed = true;
            }
            (_, Some(delta)) => self.advance(delta),
            (3, None) => self.advance(self.delta),
            (_, None) => self.advance(header.timestamp),
        }
        if header.format < 2 {
            self.length = header.length;
            self.kind = header.kind;
        }
        if header.format == 0 {
            self.message_stream_id = header.message_stream_id;
        }
        if header.format < 3 || header.extended.is_some() {
            self.extended = header.extended;
        }
    }

    fn advance(&mut self, delta: u32) {
        self.delta = delta;
        self.timestamp = self.timestamp.wrapping_add(delta);
    }

    fn set_absolute(&mut self, time: u32) {
        self.delta = time.wrapping_sub(self.timestamp);
        self.timestamp = time;
        self.absolute = true;
    }
}

impl Partial {
    fn incomplete(self, why: Why) -> Chunked {
        let received = self.passed - self.missing;
        let why = if self.missing > 0 { Why::Gap } else { why };
        Chunked::Incomplete { head: self.head, received, why }
    }
}

impl Head {
    /// A packet carries some of it.
    fn carry(&mut self, at: Moment) {
        if at.packet < self.first.packet {
            self.first = at;
        }
        if at.packet > self.last.packet {
            self.last = at;
        }
    }

    fn add_chunk(&mut self, offset: u64, header: u8, data: u32, chunk_size: u32) {
        if let Some(run) = self.runs.last_mut() {
            let full = run.payload / run.chunk;
            let end = run.offset
                + u64::from(run.first_header)
                + u64::from(run.payload)
                + u64::from(full.saturating_sub(1)) * u64::from(run.later_header);
            let alike = run.later_header == header || full == 1;
            if run.payload % run.chunk == 0 && end == offset && alike && chunk_size == run.chunk {
                run.later_header = header;
                run.payload += data;
                return;
            }
        }
        self.runs.push(Run { offset, first_header: header, later_header: 0, chunk: chunk_size, payload: data });
    }
}

/// Whether `time` may be the same clock's as `last`, a little earlier or later.
fn near(time: u32, last: u32) -> bool {
    (time.wrapping_sub(last) as i32).unsigned_abs() <= SAME_CLOCK
}

/// The bounds of what is left behind the first `used` bytes.
fn after(mut bounds: Vec<(usize, Moment)>, used: usize) -> Vec<(usize, Moment)> {
    bounds.retain_mut(|(end, _)| {
        let kept = *end > used;
        *end = end.saturating_sub(used);
        kept
    });
    bounds
}

/// The packet that byte `at` is from.
fn moment(bounds: &[(usize, Moment)], at: usize) -> Moment {
    bounds.iter().find(|(end, _)| at < *end).or(bounds.last()).map(|(_, moment)| *moment).unwrap_or_default()
}
