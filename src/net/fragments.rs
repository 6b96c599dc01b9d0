//! Fragments of IP packets → whole packets, in whatever order they come.
//!
//! A byte's first captured copy is the one that counts, as in [`reassembly`](super::reassembly); bytes are never guessed.
//! A packet of which a fragment is missing is never given out: nobody received it. A copy of a fragment of a packet that is
//! already whole is recognised by its bytes and ignored.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::Unread;
use super::ip::{self, Fragment};
use super::waiting::{Piece, Waiting};
use crate::limits::{Limits, Reached};
use crate::wire::{Moment, Place, Time, map_bytes};

/// No IP packet is longer.
const LONGEST: usize = 65_535;

/// What a packet costs beside its bytes: its entry in the table, with room, and in the queue.
const OVERHEAD: usize = 512;

/// Where bytes lie in the capture: a frame has one run, a packet of fragments one for each stretch of them.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) at: Moment,
    /// Captured bytes of the frame.
    pub(super) captured: u64,
    /// Where the first byte lies, when there are no runs.
    pub(super) place: Place,
    /// Where each run starts among the bytes, and where it lies.
    pub(super) runs: &'a [(usize, Place)],
}

impl Origin<'_> {
    /// Where the byte at `at` lies, and where the run ends in which it does.
    pub(super) fn run(&self, at: usize) -> (Place, usize) {
        let after = self.runs.partition_point(|(start, _)| *start <= at);
        let (start, place) = after.checked_sub(1).map_or((0, self.place), |index| self.runs[index]);
        let end = self.runs.get(after).map_or(usize::MAX, |(start, _)| *start);
        (Place { file: place.file, offset: place.offset + (at - start) as u64 }, end)
    }
}

/// What tells the fragments of one packet from those of others (RFC 791 §2.3, RFC 8200 §4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    /// 0 for IPv6, where it does not count.
    protocol: u8,
}

/// A packet put together: all that follows its IP header.
pub(super) struct Whole {
    pub(super) key: Key,
    pub(super) protocol: u8,
    /// Up to the first byte that a snap length cut off.
    pub(super) bytes: Vec<u8>,
    /// Bytes on the wire.
    pub(super) length: usize,
    pub(super) runs: Vec<(usize, Place)>,
    /// Packets that it came in, and their captured bytes.
    pub(super) packets: Lost,
}

/// Packets, and their captured bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    pub packets: u64,
    pub bytes: u64,
}

/// A packet under way.
struct Part {
    /// Which of the packets with this key it is.
    number: u64,
    pieces: Waiting,
    /// Bytes of the whole packet, once its last fragment was seen.
    total: Option<usize>,
    /// What the first fragment says is inside.
    protocol: Option<u8>,
    /// Where fragments end that were captured, and where they would, of those that a snap length cut.
    cuts: Vec<(usize, usize)>,
    /// Up to where nothing is missing, as far as that was looked at.
    reached: usize,
    packets: Lost,
}

/// The bytes of a packet that was given out, for copies to be told.
struct Done {
    number: u64,
    bytes: Vec<u8>,
}

enum Entry {
    Part(Part),
    Done(Done),
}

pub(super) struct Fragments {
    entries: HashMap<Key, Entry>,
    /// Packets under way and since when, the oldest first; some are no longer there.
    parts: VecDeque<(Key, u64, Time)>,
    /// Packets that were given out, likewise.
    done: VecDeque<(Key, u64, Time)>,
    /// Bytes that all of these cost.
    held: usize,
    numbers: u64,
    lost: Lost,
    reached: Reached,
    limits: Limits,
}

impl Fragments {
    pub(super) fn new(limits: &Limits) -> Self {
        Fragments {
            entries: HashMap::new(),
            parts: VecDeque::new(),
            done: VecDeque::new(),
            held: 0,
            numbers: 0,
            lost: Lost::default(),
            reached: Reached::default(),
            limits: limits.clone(),
        }
    }

    /// What was given up since it was asked last.
    pub(super) fn take_lost(&mut self) -> Lost {
        std::mem::take(&mut self.lost)
    }

    pub(super) fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Packets that are kept, and places in the queues.
    pub(super) fn held(&self) -> (usize, usize) {
        (self.entries.len(), self.parts.len() + self.done.len())
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn memory(&self) -> usize {
        let cuts = |entry: &Entry| match entry {
            Entry::Part(part) => part.cuts.capacity() * size_of::<(usize, usize)>(),
            Entry::Done(_) => 0,
        };
        // What is held counts the places of the tables as well, for each packet.
        let tables =
            map_bytes(&self.entries) + (self.parts.capacity() + self.done.capacity()) * size_of::<(Key, u64, Time)>();
        self.held - self.entries.len() * OVERHEAD + tables + self.entries.values().map(cuts).sum::<usize>()
    }

    /// Takes a fragment; gives the whole packet if this was what it lacked.
    pub(super) fn push(
        &mut self,
        packet: &ip::Packet<'_>,
        fragment: Fragment,
        origin: &Origin<'_>,
    ) -> Result<Option<Whole>, Unread> {
        let (offset, length) = (fragment.offset, packet.rest.length);
        // All but the last one end where the next one can start (RFC 791 §3.2, RFC 8200 §4.5).
        if length == 0 || offset + length > LONGEST || (fragment.more && length % 8 != 0) {
            return Err(Unread::Malformed);
        }
        self.expire(origin.at.time);
        self.tidy();
        let protocol = if packet.source.is_ipv4() { packet.protocol } else { 0 };
        let (source, destination) = (packet.source, packet.destination);
        let key = Key { source, destination, identification: fragment.identification, protocol };
        if let Some(Entry::Done(done)) = self.entries.get(&key) {
            if done.bytes.get(offset..offset + packet.rest.bytes.len()) == Some(packet.rest.bytes) {
                return Ok(None);
            }
            // The number is used again.
            self.forget(&key);
        }
        let numbers = &mut self.numbers;
        let (held, parts) = (&mut self.held, &mut self.parts);
        let entry = self.entries.entry(key).or_insert_with(|| {
            *numbers += 1;
            *held += OVERHEAD;
            parts.push_back((key, *numbers, origin.at.time));
            Entry::Part(Part::new(*numbers))
        });
        let Entry::Part(part) = entry else { return Ok(None) };
        if !part.has_room(packet, self.limits.fragment_cuts) {
            self.reached.fragment_cuts += 1;
        }
        let is_whole = part.take(packet, fragment, origin, self.limits.fragment_cuts, held)?;
        part.packets.packets += 1;
        part.packets.bytes += origin.captured;
        if !is_whole {
            self.make_room(&key);
            return Ok(None);
        }
        let Some(Entry::Part(part)) = self.entries.remove(&key) else { return Ok(None) };
        self.held -= OVERHEAD;
        Ok(part.whole(key, &mut self.held))
    }

    /// Takes back a packet that was given out. `read`: something came of all its fragments; else the completing one is
    /// reported by itself, and the others are lost.
    pub(super) fn settle(&mut self, whole: Whole, read: bool, at: Time) {
        if !read {
            self.lost.packets += whole.packets.packets.saturating_sub(1);
            self.lost.bytes += whole.packets.bytes;
        }
        self.numbers += 1;
        let key = whole.key;
        self.held += whole.bytes.len() + OVERHEAD;
        self.done.push_back((key, self.numbers, at));
        self.entries.insert(key, Entry::Done(Done { number: self.numbers, bytes: whole.bytes }));
        self.make_room(&key);
    }

    /// Nothing follows: what is not whole is lost.
    pub(super) fn finish(&mut self) {
        while let Some((key, number, _)) = self.parts.pop_front() {
            if self.is_there(&key, number) {
                self.forget(&key);
            }
        }
    }

    fn is_there(&self, key: &Key, number: u64) -> bool {
        match self.entries.get(key) {
            Some(Entry::Part(part)) => part.number == number,
            Some(Entry::Done(done)) => done.number == number,
            None => false,
        }
    }

    /// Gives up what is too old.
    fn expire(&mut self, now: Time) {
        while let Some((key, number, since)) = self.parts.front().copied() {
            let is_there = self.is_there(&key, number);
            if is_there && now.since(since) < self.limits.fragment_age_ns {
                break;
            }
            self.parts.pop_front();
            if is_there {
                self.reached.fragment_age_ns += 1;
                self.forget(&key);
            }
        }
        while let Some((key, number, since)) = self.done.front().copied() {
            let is_there = self.is_there(&key, number);
            if is_there && now.since(since) < self.limits.fragment_age_ns {
                break;
            }
            self.done.pop_front();
            if is_there {
                self.forget(&key);
            }
        }
    }

    /// Drops the places of what is no longer there, when most are. One old packet at the front would keep them all.
    fn tidy(&mut self) {
        if self.parts.len() + self.done.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            let is_there = |(key, number, _): &(Key, u64, Time)| match entries.get(key) {
                Some(Entry::Part(part)) => part.number == *number,
                Some(Entry::Done(done)) => done.number == *number,
                None => false,
            };
            self.parts.retain(is_there);
            self.done.retain(is_there);
        }
    }

    /// Keeps the limits: what was given out goes first, then the oldest packets under way, `newest` never.
    fn make_room(&mut self, newest: &Key) {
        while self.held > self.limits.fragment_bytes || self.entries.len() > self.limits.fragments {
            if let Some((key, number, _)) = self.done.pop_front() {
                if self.is_there(&key, number) {
                    self.forget(&key);
                }
            } else if let Some((key, number, _)) = self.parts.front().copied() {
                if self.is_there(&key, number) {
                    if key == *newest {
                        return;
                    }
                    if self.held > self.limits.fragment_bytes {
                        self.reached.fragment_bytes += 1;
                    } else {
                        self.reached.fragments += 1;
                    }
                    self.forget(&key);
                }
                self.parts.pop_front();
            } else {
                return;
            }
        }
    }

    fn forget(&mut self, key: &Key) {
        match self.entries.remove(key) {
            Some(Entry::Part(mut part)) => {
                part.pieces.clear(&mut self.held);
                self.held -= OVERHEAD;
                self.lost.packets += part.packets.packets;
                self.lost.bytes += part.packets.bytes;
            }
            Some(Entry::Done(done)) => self.held -= done.bytes.len() + OVERHEAD,
            None => {}
        }
    }
}

impl Part {
    fn new(number: u64) -> Self {
        let (pieces, packets) = (Waiting::new(), Lost::default());
        Part { number, pieces, total: None, protocol: None, cuts: Vec::new(), reached: 0, packets }
    }

    /// Whether one more fragment may be cut, if this one is.
    fn has_room(&self, packet: &ip::Packet<'_>, most_cuts: usize) -> bool {
        packet.rest.bytes.len() >= packet.rest.length || self.cuts.len() < most_cuts
    }

    /// Whether the packet is whole with this fragment. One that contradicts the packet's length is not taken.
    fn take(
        &mut self,
        packet: &ip::Packet<'_>,
        fragment: Fragment,
        origin: &Origin<'_>,
        most_cuts: usize,
        held: &mut usize,
    ) -> Result<bool, Unread> {
        let rest = packet.rest;
        let end = fragment.offset + rest.length;
        let known = self.total.unwrap_or(if fragment.more { LONGEST } else { end });
        if end > known || (!fragment.more && (end < known || end < self.seen())) {
            return Err(Unread::Malformed);
        }
        if !fragment.more {
            self.total = Some(end);
        }
        if fragment.offset == 0 {
            self.protocol.get_or_insert(packet.protocol);
        }
        let mut at = 0;
        while at < rest.bytes.len() {
            let (place, run_end) = origin.run(rest.at + at);
            let until = rest.bytes.len().min(run_end.saturating_sub(rest.at).max(at + 1));
            let position = (fragment.offset + at) as u64;
            self.pieces.keep(Piece { position, bytes: &rest.bytes[at..until], at: origin.at, place }, held);
            at = until;
        }
        if rest.bytes.len() < rest.length {
            let cut = (fragment.offset + rest.bytes.len(), end);
            if !self.cuts.contains(&cut) && self.cuts.len() < most_cuts {
                self.cuts.push(cut);
            }
        }
        Ok(self.total.is_some_and(|total| self.covers(total)))
    }

    /// Where the data ends that is kept so far.
    fn seen(&self) -> usize {
        let cut = self.cuts.iter().map(|(_, end)| *end).max().unwrap_or(0);
        self.pieces.end().map_or(0, |end| end as usize).max(cut)
    }

    /// Whether nothing is missing up to `total`.
    fn covers(&mut self, total: usize) -> bool {
        if self.cuts.is_empty() {
            // Pieces never overlap and none lies beyond the end.
            return self.pieces.bytes() == total;
        }
        // From where it came to last: looking at all pieces with each of them would be work without end.
        let cut = |reached: usize| self.cuts.iter().filter(|(from, _)| *from <= reached).map(|(_, to)| *to).max();
        while let Some(end) = self.pieces.end_of(self.reached as u64).map(|end| end as usize).or(cut(self.reached))
            && end > self.reached
        {
            self.reached = end;
        }
        self.reached >= total
    }

    fn whole(mut self, key: Key, held: &mut usize) -> Option<Whole> {
        let length = self.total.unwrap_or(0);
        let mut bytes = Vec::with_capacity(length);
        let mut runs: Vec<(usize, Place)> = Vec::new();
        while let Some((position, kept)) = self.pieces.pop(held) {
            if position != bytes.len() as u64 {
                // What is behind a cut has no use: TCP's payload goes to the cut.
                break;
            }
            let piece = kept.piece(position);
            runs.push((bytes.len(), piece.place));
            bytes.extend_from_slice(piece.bytes);
        }
        self.pieces.clear(held);
        Some(Whole { key, protocol: self.protocol?, bytes, length, runs, packets: self.packets })
    }
}
