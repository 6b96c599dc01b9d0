//! One direction's chunk stream → messages. Source: RTMP 1.0 §5.3, §5.4.
//!
//! Bytes come in pieces of any size; chunk data is copied once, into the message that it belongs to. Set Chunk Size
//! and Abort act here, at once. Where senders differ about extended timestamps, the bytes decide: see
//! [`Chunks::extended_on_type_3`].

mod doubt;
mod ending;
mod follow;
mod headers;
mod messages;
mod reason;
mod search;
mod stream;
mod symptom;
mod take_back;
mod times;

use std::collections::HashMap;

use bytes::Bytes;

use self::doubt::{Departure, Doubt};
pub use self::reason::Reason;
use self::search::Search;
use self::stream::ChunkStream;
use self::take_back::Undo;
use super::hypothesis::{DEFAULT_CHUNK_SIZE, Form, Sizes};
use super::resync::{self, ChunkSize, Signs, Then};
use super::{Head, MessageType, Mistake};
use crate::limits::Limits;
use crate::proto::Why;
use crate::wire::{Moment, map_bytes};

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
    /// From `offset` on the bytes are read as a mistake of the sender has it.
    Deviation {
        offset: u64,
        at: Moment,
        mistake: Mistake,
    },
    /// A limit was reached, by its name.
    Reached(&'static str),
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
    /// What the bytes are is not known.
    Doubting,
    /// It is followed no more: what comes is counted as not decoded.
    Left,
}

/// What a header needs before it can be read.
enum Unread {
    Wait,
    Bad(Reason),
    /// It cannot be a header: its sender made a mistake here or before.
    Doubt,
    /// What it inherits, or how long its chunk is, was missed: only what follows can tell.
    Seek,
    /// After a hole: it cannot be a header, so what was thought of the bytes before was wrong.
    Astray,
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
    doubt: Option<Box<Doubt>>,
    undo: Undo,
    /// How its headers are read.
    form: Form,
    /// The sizes that it and the other side announced.
    sizes: Sizes,
    /// Whether it is read otherwise than RTMP and itself have it.
    deviates: bool,
    departure: Departure,
    /// Headers before this place are not doubted: they were proven.
    trusted: u64,
    /// Where nothing explains what stands there.
    hopeless: Option<(u64, Reason)>,
    /// The message that begins here has another length than its header says.
    correction: Option<(u64, u32)>,
    /// Where the last message ended that may have bytes behind it which belong to none, its length and type.
    trailed: Option<(u64, u32, MessageType)>,
    /// By how much the last message of another length than its header says was longer, and its type.
    last_length: Option<(MessageType, i32)>,
    /// Whether the last video message ended with its NAL units.
    ends_well: bool,
    /// Bytes that came. They pay for looking: what is missing pays for nothing.
    received: u64,
    /// How much looking for mistakes was done.
    doubt_spent: u64,
    /// How much looking for the next chunk was done.
    search_spent: u64,
    /// What tells this direction's messages from chance.
    message_streams: Vec<u32>,
    signs: Signs,
    /// The stream offset of the next byte to be read (held ones not read).
    offset: u64,
    /// Some type 3 chunk left an extended timestamp out.
    omits: bool,
    /// Bytes were missing before: what stands where a header should is looked at with doubt.
    has_hole: bool,
    /// Whether extended timestamps of types 1 and 2 have proven to be absolute times.
    absolutes: bool,
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
            doubt: None,
            undo: Undo::default(),
            form: Form::RIGHT,
            sizes: Sizes::default(),
            deviates: false,
            departure: Departure::default(),
            trusted: 0,
            hopeless: None,
            correction: None,
            trailed: None,
            last_length: None,
            ends_well: false,
            received: 0,
            doubt_spent: 0,
            search_spent: 0,
            message_streams: Vec::new(),
            signs: Signs::default(),
            offset,
            omits: false,
            has_hole: false,
            absolutes: false,
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

    /// Bytes of memory that it takes beside itself.
    pub(super) fn held(&self) -> usize {
        let bounds = self.held_bounds.capacity() + self.search.bounds.capacity();
        self.streams.capacity() * size_of::<ChunkStream>()
            + map_bytes(&self.large)
            + self.partial_bytes
            + self.message_streams.capacity() * size_of::<u32>()
            + self.sizes.past.capacity() * size_of::<u32>()
            + self.held.capacity()
            + self.held_by_doubt()
            + self.search.bytes.capacity()
            + bounds * size_of::<(usize, Moment)>()
    }

    /// Gives up all that is kept.
    pub(super) fn shed(&mut self, at: Moment, out: &mut Vec<Chunked>) {
        if matches!(self.state, State::Left) {
            return;
        }
        self.lose(Why::Limit, out);
        self.forget();
        out.push(Chunked::Undecodable { offset: self.offset, at, reason: Reason::Memory });
    }

    /// Lets go of all memory of what came before.
    fn forget(&mut self) {
        self.streams = Vec::new();
        self.small = [u16::MAX; 64];
        self.large = HashMap::new();
        self.held = Vec::new();
        self.held_bounds = Vec::new();
        self.message_streams = Vec::new();
        self.undo = Undo::default();
    }

    /// Credit for looking, given how much was spent of it.
    fn credit(&self, spent: u64) -> u64 {
        (resync::FIRST_CREDIT + resync::CREDIT * self.received).saturating_sub(spent)
    }

    /// How much looking was done: headers that were read and bytes that were scanned, about.
    pub(super) fn work(&self) -> u64 {
        self.doubt_spent + self.search_spent
    }

    /// The chunk size that it announced last.
    pub(super) fn announced(&self) -> Option<u32> {
        self.sizes.announced
    }

    /// What the other side announced, which some senders take for their own.
    pub(super) fn hear(&mut self, peer: Option<u32>) {
        self.sizes.peer = peer;
    }

    /// Bytes that were there and not decoded.
    pub(super) fn undecoded(&self) -> u64 {
        self.undecoded
    }

    /// The next bytes of the direction.
    pub(super) fn push(&mut self, bytes: &[u8], at: Moment, out: &mut Vec<Chunked>) {
        self.received += bytes.len() as u64;
        if matches!(self.state, State::Seeking) {
            self.search.bytes.extend_from_slice(bytes);
            self.search.bounds.push((self.search.bytes.len(), at));
            self.go_on(Then::More, out);
        } else if let Some(doubt) = &mut self.doubt {
            doubt.bytes.extend_from_slice(bytes);
            doubt.bounds.push((doubt.bytes.len(), at));
            self.go_on(Then::More, out);
        } else if self.held.is_empty() {
            let used = self.run(bytes, &[(bytes.len(), at)], out);
            if used < bytes.len() {
                self.store(&bytes[used..], vec![(bytes.len() - used, at)]);
            }
            self.go_on(Then::More, out);
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

    /// Keeps what `run` left over, and goes on with it as far as it can be.
    fn keep(&mut self, bytes: &[u8], bounds: Vec<(usize, Moment)>, out: &mut Vec<Chunked>) {
        self.store(bytes, bounds);
        self.go_on(Then::More, out);
    }

    /// Keeps what `run` left over: the beginning of a header, bytes in which the next chunk is to be looked for, or such whose
    /// meaning is in doubt.
    fn store(&mut self, bytes: &[u8], bounds: Vec<(usize, Moment)>) {
        if bytes.is_empty() {
            return;
        }
        match (self.state, &mut self.doubt) {
            (State::Doubting, Some(doubt)) => {
                let before = doubt.bytes.len();
                doubt.bytes.extend_from_slice(bytes);
                doubt.bounds.extend(bounds.into_iter().map(|(end, at)| (before + end, at)));
            }
            (State::Seeking, _) => {
                self.search.bytes.extend_from_slice(bytes);
                self.search.bounds = bounds;
            }
            _ => {
                self.held.extend_from_slice(bytes);
                self.held_bounds = bounds;
            }
        }
    }

    /// Looks for the next chunk, or for what the bytes mean, until that needs more bytes or is known.
    fn go_on(&mut self, then: Then, out: &mut Vec<Chunked>) {
        loop {
            match self.state {
                State::Seeking => {
                    self.seek(then, out);
                    if matches!(self.state, State::Seeking) {
                        return;
                    }
                }
                State::Doubting => {
                    if !self.settle(then, out) {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    /// `missing` bytes were never captured, or about as many where that is not `exact`. Whether decoding goes on with certainty:
    /// only when they all lie in one chunk's data, since nothing else can be inside a chunk. Otherwise the next chunk is looked
    /// for.
    pub(super) fn gap(&mut self, missing: u64, exact: bool, at: Moment, out: &mut Vec<Chunked>) -> bool {
        if matches!(self.state, State::Doubting) {
            self.go_on(Then::Cut, out);
        }
        if matches!(self.state, State::Left) {
            self.offset += missing;
            return false;
        }
        if let State::Data { stream, left } = self.state
            && exact
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
        self.go_on(Then::End, out);
        self.drop_kept();
        self.end_with_content(out);
        self.doubt_length(out);
        self.give_up(why, out);
        // The other direction may go on for long.
        self.forget();
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
        self.note_moments(bounds);
        loop {
            match self.state {
                State::Seeking | State::Doubting => return at,
                State::Left => {
                    self.pass_over(bytes.len() - at);
                    return bytes.len();
                }
                State::Data { stream, left } => {
                    let take = (left as usize).min(bytes.len() - at);
                    if take > 0 {
                        self.data(stream, &bytes[at..at + take], bounds, at, out);
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
                    if take > 0 && bounds.len() == 1 && matches!(self.state, State::Header) {
                        at += self.follow(stream, &bytes[at..]);
                    }
                }
                State::Header => {
                    if at == bytes.len() {
                        return at;
                    }
                    match self.trailer(&bytes[at..]) {
                        Some(0) => {}
                        Some(length) => {
                            at += length;
                            self.pass_over(length);
                            continue;
                        }
                        None => return at,
                    }
                    // Fewer than a header of type 0 has: the segment may end with the message before.
                    if (2..12).contains(&(bytes.len() - at))
                        && self.may_doubt()
                        && self.offset != self.trusted
                        && self.hides_headers(bytes.len() - at, out)
                    {
                        self.face(moment(bounds, at), out);
                        return at;
                    }
                    match self.header(&bytes[at..]) {
                        Ok((header, _)) if self.is_behind_broken_values(&header, out) => {
                            self.doubt(out);
                        }
                        Ok((header, length)) => {
                            let first = moment(bounds, at);
                            let last = moment(bounds, at + length - 1);
                            self.begin_chunk(header, &bytes[at..at + length], first, last, out);
                            at += length;
                            self.offset += length as u64;
                        }
                        Err(Unread::Wait) => {
                            if self.may_doubt() && (self.at_end || self.is_odd_beginning(&bytes[at..], out)) {
                                self.face(moment(bounds, at), out);
                            }
                            return at;
                        }
                        Err(Unread::Doubt) => self.face(moment(bounds, at), out),
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
                        Err(Unread::Bad(reason)) => self.lose_chunks(reason, moment(bounds, at), out),
                    }
                }
            }
        }
    }

    /// No chunk begins at the present place: the next one is looked for.
    fn lose_chunks(&mut self, reason: Reason, at: Moment, out: &mut Vec<Chunked>) {
        let offset = self.offset;
        if reason == Reason::ChunkStreams {
            return self.leave(reason, at, out);
        }
        if !self.has_hole && matches!(reason, Reason::NoChunks { .. } | Reason::FirstChunkInherits { .. }) {
            self.withhold(out);
        }
        // Every chunk stream is looked at.
        self.search_spent += self.streams.len() as u64;
        // What it inherits may have been sent before the capture began.
        let unnamed = self.has_hole && matches!(reason, Reason::FirstChunkInherits { .. });
        if !unnamed {
            self.give_up(Why::Undecodable, out);
            self.make_stale();
        }
        self.state = State::Seeking;
        // The header itself is no beginning.
        self.search = Search { broken: true, announced: true, from: 1, unnamed, ..Search::default() };
        out.push(Chunked::Undecodable { offset, at, reason });
    }

    /// The direction is followed no more.
    fn leave(&mut self, reason: Reason, at: Moment, out: &mut Vec<Chunked>) {
        out.push(Chunked::Reached("chunk_streams"));
        self.give_up(Why::Undecodable, out);
        self.forget();
        self.state = State::Left;
        out.push(Chunked::Undecodable { offset: self.offset, at, reason });
    }

    /// Bytes that were there and are not decoded.
    fn pass_over(&mut self, bytes: usize) {
        self.offset += bytes as u64;
        self.undecoded += bytes as u64;
    }

    fn find(&self, id: u32) -> Option<usize> {
        match self.small.get(id as usize) {
            Some(&u16::MAX) => None,
            Some(&place) => Some(usize::from(place)),
            None => self.large.get(&id).copied(),
        }
    }
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
    let place = bounds.partition_point(|(end, _)| *end <= at);
    bounds.get(place).or(bounds.last()).map(|(_, moment)| *moment).unwrap_or_default()
}
