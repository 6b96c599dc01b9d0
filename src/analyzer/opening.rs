//! What is kept of a connection until it is known which protocol it speaks.

use crate::net::{Delivery, Kept, TcpFacts};
use crate::wire::{Moment, Side};

/// What a piece costs beside its bytes: its place in a list that grows by doubling, and an allocation.
const PIECE: usize = 2 * size_of::<(Side, Kept)>() + 32;

/// A connection's beginning, in the order in which it came.
#[derive(Debug)]
pub(super) struct Opening {
    kept: Vec<(Side, Kept)>,
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

    /// Takes what a direction tells.
    pub(super) fn keep(&mut self, from: Side, delivery: &Delivery<'_>) {
        let side = from.index();
        match *delivery {
            Delivery::Joined => return self.joined[side] = true,
            Delivery::Heard => return self.heard[side] = true,
            Delivery::Bytes { bytes, .. } => {
                let run = if self.whole[side] { &mut self.starts } else { &mut self.later };
                run[side].extend_from_slice(bytes);
                self.bytes += bytes.len();
                self.cost += 2 * bytes.len() + PIECE;
            }
            Delivery::Gap { .. } => {
                self.whole[side] = false;
                self.later[side].clear();
                self.cost += PIECE;
            }
            Delivery::Close { tcp, .. } => self.cost += PIECE + tcp.map_or(0, TcpFacts::memory),
        }
        self.kept.push((from, Kept::of(delivery)));
    }

    /// Whether a side's first bytes are only those that were captured first.
    pub(super) fn joined(&self) -> [bool; 2] {
        self.joined
    }

    /// Whether a side may have had a byte of the other one.
    pub(super) fn heard(&self) -> [bool; 2] {
        self.heard
    }

    /// What TCP did for each side of a connection that closed without a byte; none where there were any.
    pub(super) fn closes(&self) -> Option<[&TcpFacts; 2]> {
        match &self.kept[..] {
            [(from, Kept::Close { tcp: Some(tcp), .. }), (_, Kept::Close { tcp: Some(other), .. })] => {
                Some(if *from == Side::Client { [tcp, other] } else { [other, tcp] })
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
            (from, Kept::Bytes { at, .. }) if *from == side => Some(*at),
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
        let pieces = self.kept.iter().map(|(_, kept)| kept.memory());
        let runs = self.starts.iter().chain(&self.later).map(Vec::capacity);
        size_of::<Opening>() + self.kept.capacity() * size_of::<(Side, Kept)>() + pieces.chain(runs).sum::<usize>()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    /// Leaves out a side's first bytes, which are not the protocol's own.
    pub(super) fn skip(&mut self, side: Side, mut skip: usize) {
        for (from, kept) in &mut self.kept {
            let Kept::Bytes { offset, bytes, place, .. } = kept else { continue };
            if *from != side || skip == 0 {
                continue;
            }
            let length = skip.min(bytes.len());
            skip -= length;
            *bytes = bytes[length..].into();
            *offset += length as u64;
            if let Some(place) = place {
                place.offset += length as u64;
            }
        }
        self.kept.retain(|(_, kept)| !matches!(kept, Kept::Bytes { bytes, .. } if bytes.is_empty()));
    }

    pub(super) fn take(&mut self) -> Vec<(Side, Kept)> {
        std::mem::take(&mut self.kept)
    }
}
