//! What is kept of a connection until it is known which protocol it speaks.

use crate::net::{How, TcpFacts};
use crate::wire::{Moment, Place, Side};

/// One thing that happened before the protocol was known.
#[derive(Debug)]
pub(super) enum Kept {
    Joined { from: Side },
    Heard { from: Side },
    Bytes { from: Side, offset: u64, bytes: Box<[u8]>, at: Moment, place: Place },
    Gap { from: Side, offset: u64, missing: u64, at: Moment },
    Close { from: Side, how: How, at: Moment, tcp: Box<TcpFacts> },
}

/// What a piece costs beside its bytes: its place in a list that grows by doubling, and an allocation.
const PIECE: usize = 2 * size_of::<Kept>() + 32;

/// A connection's beginning, in the order in which it came.
#[derive(Debug)]
pub(super) struct Opening {
    kept: Vec<Kept>,
    /// Each side's first bytes, as long as none is missing.
    starts: [Vec<u8>; 2],
    /// Each side's bytes behind its last hole.
    later: [Vec<u8>; 2],
    /// Whether a side's start goes on: nothing is missing so far.
    whole: [bool; 2],
    /// Whether a side's first bytes are only those that were captured first.
    joined: [bool; 2],
    /// Whether a side may have had a byte of the other one.
    heard: [bool; 2],
    bytes: usize,
    /// What all of it takes, allocations too.
    cost: usize,
    /// Bytes at which it is worth another look.
    next_look: usize,
}

impl Opening {
    pub(super) fn new() -> Self {
        let (starts, later) = Default::default();
        let (whole, joined, heard) = ([true; 2], [false; 2], [false; 2]);
        Opening { kept: Vec::new(), starts, later, whole, joined, heard, bytes: 0, cost: 0, next_look: 0 }
    }

    pub(super) fn join(&mut self, from: Side) {
        self.joined[from.index()] = true;
    }

    /// Whether a side's first bytes are only those that were captured first.
    pub(super) fn joined(&self) -> [bool; 2] {
        self.joined
    }

    pub(super) fn hear(&mut self, from: Side) {
        self.heard[from.index()] = true;
    }

    /// Whether a side may have had a byte of the other one.
    pub(super) fn heard(&self) -> [bool; 2] {
        self.heard
    }

    pub(super) fn keep(&mut self, from: Side, offset: u64, bytes: &[u8], at: Moment, place: Place) {
        let run = if self.whole[from.index()] { &mut self.starts } else { &mut self.later };
        run[from.index()].extend_from_slice(bytes);
        self.bytes += bytes.len();
        self.cost += 2 * bytes.len() + PIECE;
        self.kept.push(Kept::Bytes { from, offset, bytes: bytes.into(), at, place });
    }

    pub(super) fn miss(&mut self, from: Side, offset: u64, missing: u64, at: Moment) {
        self.whole[from.index()] = false;
        self.later[from.index()].clear();
        self.cost += PIECE;
        self.kept.push(Kept::Gap { from, offset, missing, at });
    }

    pub(super) fn close(&mut self, from: Side, how: How, at: Moment, tcp: &TcpFacts) {
        self.cost += PIECE + size_of::<TcpFacts>();
        self.kept.push(Kept::Close { from, how, at, tcp: Box::new(*tcp) });
    }

    /// What TCP did for each side of a connection that closed without a byte; none where there were any.
    pub(super) fn closes(&self) -> Option<[&TcpFacts; 2]> {
        match &self.kept[..] {
            [Kept::Close { from, tcp, .. }, Kept::Close { tcp: other, .. }] => {
                Some(if *from == Side::Client { [&**tcp, &**other] } else { [&**other, &**tcp] })
            }
            _ => None,
        }
    }

    pub(super) fn later(&self) -> [&[u8]; 2] {
        self.later.each_ref().map(Vec::as_slice)
    }

    pub(super) fn start_of(&self, side: Side) -> &[u8] {
        &self.starts[side.index()]
    }

    /// When a side's first bytes came.
    pub(super) fn first_bytes(&self, side: Side) -> Option<Moment> {
        self.kept.iter().find_map(|kept| match kept {
            Kept::Bytes { from, at, .. } if *from == side => Some(*at),
            _ => None,
        })
    }

    /// Whether nothing is missing so far.
    pub(super) fn is_whole(&self) -> bool {
        self.whole == [true; 2]
    }

    /// Whether no more than this is kept: `limit` bytes of either side, or as many pieces as such bytes can make.
    pub(super) fn is_full(&self, limit: usize) -> bool {
        self.starts.iter().any(|start| start.len() >= limit) || self.bytes >= 2 * limit || self.kept.len() >= 2 * limit
    }

    /// Whether there is a quarter more than at the last look: a look costs as much as there is.
    pub(super) fn has_grown(&mut self) -> bool {
        let grown = self.bytes >= self.next_look;
        if grown {
            self.next_look = self.bytes + self.bytes / 4;
        }
        grown
    }

    /// Bytes of memory that it takes; 0 when it is empty.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// The same as it is now, with itself.
    pub(super) fn memory(&self) -> usize {
        let pieces = self.kept.iter().map(|kept| match kept {
            Kept::Bytes { bytes, .. } => bytes.len(),
            Kept::Close { .. } => size_of::<TcpFacts>(),
            Kept::Joined { .. } | Kept::Heard { .. } | Kept::Gap { .. } => 0,
        });
        let runs = self.starts.iter().chain(&self.later).map(Vec::capacity);
        size_of::<Opening>() + self.kept.capacity() * size_of::<Kept>() + pieces.chain(runs).sum::<usize>()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    pub(super) fn take(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.kept)
    }
}
