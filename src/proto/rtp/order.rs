//! Packets of one source in the order in which they were sent.
//!
//! A packet whose forerunner is missing waits until that comes, or until it is too late: [`WAIT`] after the packet came, or when
//! too many wait. So a frame is told late only where something is missing. It is bounded in packets and bytes.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Rtp;
use crate::wire::{Moment, Time};

/// How long a missing packet is waited for, in ns: several rounds of asking for it again.
const WAIT: i64 = 1_000_000_000;
/// Packets that may wait. A key frame of good quality has some hundred.
const PACKETS: usize = 1024;
/// Bytes of them.
const BYTES: usize = 2 << 20;

/// A packet on its way into a frame.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) at: Moment,
    pub(super) rtp: Rtp,
    /// The whole datagram.
    pub(super) datagram: Bytes,
    /// The frame that it belongs to.
    pub(super) frame: u64,
    /// How many packets are missing right before it.
    pub(super) missing: u64,
    /// None of its source came before it: what it begins in may have begun earlier.
    pub(super) is_first: bool,
}

/// Packets that wait for others.
#[derive(Debug, Default)]
pub(super) struct Order {
    next: Option<i64>,
    /// The next packet is the first.
    has_begun: bool,
    waiting: BTreeMap<i64, Packet>,
    bytes: usize,
}

impl Order {
    /// Takes a packet that was not there before, and gives those whose turn it is. One that comes too late is not given.
    pub(super) fn packet(&mut self, number: i64, mut packet: Packet, out: &mut Vec<Packet>) {
        let now = packet.at.time;
        if number < *self.next.get_or_insert(number) {
            return;
        }
        if self.next != Some(number) {
            // A copy, so that a packet that waits does not keep alive the buffer that it came in.
            packet.datagram = Bytes::copy_from_slice(&packet.datagram);
        }
        self.bytes += packet.datagram.len();
        if let Some(other) = self.waiting.insert(number, packet) {
            self.bytes -= other.datagram.len();
        }
        self.give(now, out);
    }

    /// Gives all that waits, across holes: the source begins anew, or nothing more comes.
    pub(super) fn flush(&mut self, out: &mut Vec<Packet>) {
        while let Some((number, _)) = self.waiting.first_key_value() {
            self.take(*number, out);
        }
        self.next = None;
        self.has_begun = false;
    }

    /// Bytes of memory that what waits takes.
    pub(super) fn held(&self) -> usize {
        self.waiting.len() * (size_of::<Packet>() + 64) + self.bytes
    }

    fn give(&mut self, now: Time, out: &mut Vec<Packet>) {
        while let Some((number, packet)) = self.waiting.first_key_value() {
            let is_next = self.next == Some(*number);
            let is_due = now.since(packet.at.time) > WAIT;
            if !is_next && !is_due && self.waiting.len() <= PACKETS && self.bytes <= BYTES {
                break;
            }
            self.take(*number, out);
        }
    }

    fn take(&mut self, number: i64, out: &mut Vec<Packet>) {
        let Some(mut packet) = self.waiting.remove(&number) else { return };
        self.bytes -= packet.datagram.len();
        packet.missing = self.next.map_or(0, |next| (number - next).max(0) as u64);
        packet.is_first = !std::mem::replace(&mut self.has_begun, true);
        self.next = Some(number + 1);
        out.push(packet);
    }
}
