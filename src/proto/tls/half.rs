//! One direction: what its records are protected by, and how much of the stream inside was given.

use zeroize::Zeroizing;

use super::frames::{Frames, Lost};
use super::guess::Guess;
use super::keys::Secret;
use super::messages::Messages;
use super::opener::Opener;
use super::phase::Phase;
use super::queue::Queue;
use crate::net::Delivery;
use crate::wire::{Moment, Side};

/// Bytes of records that may be tried behind a first hole, if others have left so much, …
const ADVANCE: u64 = 1 << 20;
/// … and for each byte of records that come, up to so much at a time.
const EARNED: u64 = 4;
const MOST_EARNED: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Half {
    pub(super) frames: Frames,
    pub(super) messages: Messages,
    pub(super) phase: Phase,
    /// None until it is needed.
    pub(super) opener: Option<Box<Opener>>,
    /// The traffic secret of the phase before, once a KeyUpdate ends that.
    pub(super) traffic: Traffic,
    /// The next record's number under these keys.
    pub(super) sequence: u64,
    /// The explicit nonce of the last record that was opened, with its number.
    pub(super) nonce: Option<(u64, u64)>,
    /// Records before the next one that were not opened.
    pub(super) lost: Option<Lost>,
    /// Its records that wait.
    pub(super) waiting: Queue,
    /// No further ones may: one did not fit.
    pub(super) is_full: bool,
    /// Records that did not fit, behind those that wait.
    pub(super) lost_behind: Option<Lost>,
    pub(super) is_midstream: bool,
    pub(super) is_closed: bool,
    /// Bytes of records that may be tried to find out which they are: what those that came pay for, and what is advanced.
    earned: u64,
    advance: u64,
    /// What is tried where the handshake is not there.
    pub(super) guess: Option<Box<Guess>>,
    /// The stream inside has begun.
    has_begun: bool,
    /// Where the next byte of it stands.
    position: u64,
    /// Bytes of it that are missing before the next one.
    missing: Option<Missing>,
    /// The stream inside was told that nothing opens this side.
    pub(super) is_shut: bool,
}

/// Bytes of the stream inside that are not given, about as many.
#[derive(Clone, Copy, Debug)]
struct Missing {
    bytes: u64,
    at: Moment,
    captured: bool,
}

/// What a record has at least beside what it carries: its header, and what authenticates that.
const LEAST: u64 = 22;

/// A traffic secret that nothing prints.
#[derive(Default)]
pub(super) struct Traffic(pub(super) Option<(u32, Secret)>);

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "known" } else { "unknown" })
    }
}

impl Traffic {
    pub(super) fn keep(&mut self, generation: u32, secret: &[u8]) {
        self.0 = Some((generation, Zeroizing::new(secret.to_vec())));
    }
}

impl Default for Half {
    fn default() -> Self {
        Half {
            frames: Frames::default(),
            messages: Messages::default(),
            phase: Phase::Clear,
            opener: None,
            traffic: Traffic::default(),
            sequence: 0,
            nonce: None,
            lost: None,
            waiting: Queue::default(),
            is_full: false,
            lost_behind: None,
            is_midstream: false,
            is_closed: false,
            earned: 0,
            advance: ADVANCE,
            guess: None,
            has_begun: false,
            position: 0,
            missing: None,
            is_shut: false,
        }
    }
}

impl Half {
    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.opener = None;
        self.sequence = 0;
        self.nonce = None;
        self.guess = None;
        self.messages.shrink();
    }

    /// A record came: what it may cost to look for others.
    pub(super) fn earn(&mut self, bytes: usize) {
        self.earned = (self.earned + EARNED * bytes as u64).min(MOST_EARNED);
    }

    /// What may be tried, in bytes of records.
    pub(super) fn credit(&self) -> u64 {
        self.earned + self.advance
    }

    /// Pays for trying so many bytes. What is advanced comes out of a purse that all connections have together.
    pub(super) fn pay(&mut self, bytes: u64, purse: &mut u64) -> bool {
        let place = if self.earned >= bytes {
            &mut self.earned
        } else if self.advance >= bytes && *purse >= bytes {
            *purse -= bytes;
            &mut self.advance
        } else {
            return false;
        };
        *place -= bytes;
        true
    }

    /// Records are missing before the next one.
    pub(super) fn lose(&mut self, lost: Option<Lost>) {
        self.lost = Lost::add(self.lost, lost);
    }

    /// About so many bytes of the stream inside are missing.
    pub(super) fn miss(&mut self, missing: u64, lost: Lost) {
        if missing > 0 {
            let before = self.missing.unwrap_or(Missing { bytes: 0, at: lost.at, captured: true });
            let captured = before.captured && lost.captured;
            self.missing = Some(Missing { bytes: before.bytes + missing, captured, ..before });
        }
    }

    /// What was lost up to this place of the stream outside is told to be missing inside.
    pub(super) fn miss_lost(&mut self, lost: Lost, end: u64) {
        let around = lost.records.unwrap_or(0) * LEAST;
        self.miss(end.saturating_sub(lost.from + around), lost);
    }

    /// Gives bytes of the stream inside, a piece for each packet. `bytes` begin at `start` of the record that the pieces are of.
    pub(super) fn data(
        &mut self,
        from: Side,
        bytes: &[u8],
        start: usize,
        pieces: &[(usize, Moment)],
        give: &mut dyn FnMut(Side, &Delivery<'_>),
    ) {
        if bytes.is_empty() {
            return;
        }
        if !self.has_begun {
            self.has_begun = true;
            give(from, if self.is_midstream { &Delivery::Joined } else { &Delivery::Heard });
        }
        self.give_missing(from, give);
        let (mut rest, mut place) = (bytes, start);
        for (end, at) in pieces {
            let length = end.saturating_sub(place).min(rest.len());
            let (piece, behind) = rest.split_at(length);
            if !piece.is_empty() {
                give(from, &Delivery::Bytes { offset: self.position, bytes: piece, at: *at, place: None });
                self.position += length as u64;
            }
            (rest, place) = (behind, place + length);
        }
    }

    /// It is over: what is missing at its end is told, where something inside `is_read`.
    pub(super) fn end(&mut self, from: Side, is_read: bool, give: &mut dyn FnMut(Side, &Delivery<'_>)) {
        let mut lost = Lost::add(self.lost, self.frames.lost());
        let rest = self.frames.rest();
        if let Some(at) = rest.filter(|_| self.frames.lost().is_none()) {
            let part = Lost { records: None, ..Lost::record(self.frames.position(), at) };
            lost = Lost::add(lost, Some(part));
        }
        if self.has_begun || is_read {
            if let Some(lost) = lost {
                self.miss_lost(lost, self.frames.end());
            }
            self.give_missing(from, give);
        }
        self.frames = Frames::default();
        self.messages = Messages::default();
        self.opener = None;
        self.guess = None;
        self.traffic = Traffic::default();
    }

    pub(super) fn give_missing(&mut self, from: Side, give: &mut dyn FnMut(Side, &Delivery<'_>)) {
        if let Some(Missing { bytes: missing, at, captured }) = self.missing.take() {
            give(from, &Delivery::Gap { offset: self.position, missing, exact: false, captured, at });
            self.position += missing;
        }
    }

    /// Bytes of memory for what opens its records, and where they lie.
    pub(super) fn own(&self) -> usize {
        let idle = if self.frames.is_empty() { self.frames.memory() } else { 0 };
        idle + self.guess.as_ref().map_or(0, |guess| guess.memory())
            + self.opener.as_ref().map_or(0, |_| size_of::<Opener>())
            + self.traffic.0.as_ref().map_or(0, |(_, secret)| secret.capacity())
    }
}
