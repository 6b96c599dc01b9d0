//! A chain of headers, followed as far as it goes.
//!
//! Each header says where the next one stands. This module goes from one to the next and tells when that is proof enough.
//! What a header inherits and is worth is found out in [`headers`](super::headers). A length from before a hole is a
//! guess that what follows has to prove; so is a chunk size, and [`size`](super::size) tries those.

use super::headers::End;
use super::size::Open;
use super::{ChunkSize, Known, Past, Signs, Then, Verdict};
use crate::proto::rtmp::MessageType;

/// Headers that a chain has at least, unless the stream ends with it.
const HEADERS: u32 = 2;
/// Bits that a single header has to have more than several that agree.
pub(super) const ALONE: i32 = 12;
/// Bits behind a message's end that prove a length from before a hole.
const SETTLED: i32 = 24;
/// What it says that the stream ends just where a chunk does.
const AT_THE_END: i32 = 16;
/// What it says that a chunk stream from before a hole goes on where a chain ends.
const IN_USE: i32 = 6;

/// A chain of headers.
#[derive(Clone)]
pub(super) struct Chain<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) known: &'b Known,
    /// Bits that prove it.
    pub(super) proof: i32,
    /// Where it goes on.
    pub(super) at: usize,
    pub(super) streams: Vec<Past>,
    pub(super) signs: Signs,
    pub(super) size: ChunkSize,
    /// The size at the chain's beginning, once a Set Chunk Size in it changed that.
    first_size: Option<ChunkSize>,
    pub(super) bits: i32,
    pub(super) headers: u32,
    /// How often the chunk size was in doubt.
    pub(super) doubts: u32,
    /// A message that was followed with a doubtful chunk size, until that is confirmed.
    pub(super) open: Option<Open>,
    /// Whether the message under way has a length from before a hole.
    pub(super) guessed: bool,
    /// Such a message that the verdict depends on: the chain's first, or one of doubtful chunk size.
    pub(super) guess: Option<Guess>,
}

/// A message whose length is from before a hole. That a header is there says nothing of the length, nor does a chunk
/// inside; only what stands behind the end does.
#[derive(Clone, Copy)]
pub(super) struct Guess {
    pub(super) place: usize,
    /// The chain's bits at the message's end.
    pub(super) end: Option<i32>,
}

impl<'b> Chain<'b> {
    /// Every place begins one: it is built where it is walked.
    #[inline]
    pub(super) fn new(bytes: &'b [u8], at: usize, known: &'b Known, proof: i32) -> Chain<'b> {
        Chain {
            bytes,
            known,
            proof,
            at,
            streams: known.streams.clone(),
            signs: known.signs,
            size: known.size,
            first_size: None,
            bits: 0,
            headers: 0,
            doubts: 0,
            open: None,
            guessed: false,
            guess: None,
        }
    }

    /// Follows the chain until it is proven, breaks, or can prove nothing more.
    pub(super) fn walk(mut self) -> Verdict {
        loop {
            if self.at > self.bytes.len() {
                return self.short();
            }
            if self.at == self.bytes.len() && self.known.then == Then::End && self.headers > 0 {
                // That leaves no doubt about what was guessed.
                self.open = None;
                self.guess = None;
                return self.verdict(AT_THE_END);
            }
            let is_behind = self.is_behind_open();
            let (place, data) = match self.header() {
                Ok(found) => found,
                Err(End::Broken) => return Verdict::Rejected,
                Err(End::Short) => return self.short(),
                Err(End::Unknown) => return self.verdict(IN_USE),
            };
            self.headers += 1;
            self.confirm(place, is_behind);
            if self.headers >= HEADERS
                && let proven @ Verdict::Proven(_) = self.verdict(0)
            {
                return proven;
            }
            if self.guessed && self.headers == 1 {
                self.guess = Some(Guess { place, end: None });
            }
            let left = self.streams[place].left;
            let take = match self.size {
                ChunkSize::Known(size) => left.min(size),
                ChunkSize::AtLeast { least, .. } if left <= least => left,
                ChunkSize::AtLeast { least, likely } => return self.doubt(place, data, least, likely),
            };
            self.take(place, data, take);
            self.obey(place, data);
        }
    }

    /// Passes a chunk's data.
    pub(super) fn take(&mut self, place: usize, data: usize, take: u32) {
        self.streams[place].left -= take;
        self.at = data + take as usize;
        if self.streams[place].left == 0
            && let Some(guess) = &mut self.guess
            && guess.place == place
        {
            guess.end.get_or_insert(self.bits);
        }
    }

    /// Takes a Set Chunk Size into account.
    fn obey(&mut self, place: usize, data: usize) {
        let past = self.streams[place];
        if past.kind == MessageType::SET_CHUNK_SIZE
            && past.left == 0
            && let Some(size) = self.bytes.get(data..).and_then(|payload| payload.first_chunk::<4>())
            && let size @ 1..=0x7fff_ffff = u32::from_be_bytes(*size)
        {
            self.first_size.get_or_insert(self.size);
            self.size = ChunkSize::Known(size);
        }
    }

    /// Whether what stands behind a message of a guessed length proves that.
    pub(super) fn is_settled(&self) -> bool {
        self.guess.is_none_or(|guess| guess.end.is_some_and(|end| self.bits - end >= SETTLED))
    }

    /// The verdict where the bytes end.
    fn short(&self) -> Verdict {
        if self.known.then == Then::More { Verdict::Wait } else { self.verdict(0) }
    }

    /// The verdict on what there is, with so many bits more. One header alone proves less than two that agree, and
    /// what is guessed nothing before a header stands where it says.
    fn verdict(&self, more: i32) -> Verdict {
        let wanted = if self.headers >= HEADERS { self.proof } else { self.proof + ALONE };
        if self.bits + more >= wanted && self.open.is_none() && self.is_settled() {
            Verdict::Proven(self.first_size.unwrap_or(self.size))
        } else {
            Verdict::Rejected
        }
    }
}
