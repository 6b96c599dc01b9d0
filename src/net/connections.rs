//! The table of connections: which segment belongs to which, and when one is forgotten. What happens inside one is for
//! [`connection`](super::connection).

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use foldhash::quality::RandomState;

use super::connection::{Connection, Fit, Need};
use super::reassembly::Room;
use super::recent::{Class, Recent};
use super::{ConnectionId, How, Output, Segment};
use crate::limits::{Limits, Reached};
use crate::wire::{Moment, Time, map_bytes};

/// How long late copies of a closed connection's segments are expected, in nanoseconds: twice the longest lifetime of
/// a segment (RFC 9293 §3.4.2).
const TIME_WAIT: i64 = 240_000_000_000;

/// How far before a closed connection's first byte others of it may have been, in bytes.
const EARLIER: i64 = 1 << 20;

/// Two ends, the lower one first, small to hash: addresses and ports as they are on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    V4(u32, u32, u32),
    V6([u8; 36]),
}

/// A four-tuple's connection.
enum Entry {
    /// Its slot.
    Open(u32),
    Closed(Tombstone),
}

/// What is left of a closed connection, so that late segments do not open it again.
struct Tombstone {
    connection: ConnectionId,
    first_sequences: [Option<u32>; 2],
    lengths: [Option<u64>; 2],
    closed: Time,
}

struct Slot {
    key: Key,
    connection: Connection,
    /// When something of it was captured last.
    last: Time,
}

/// Follows every TCP connection and gives its bytes in order.
///
/// What comes out depends only on what goes in: time is that of the packets.
pub struct Connections {
    limits: Limits,
    /// Hashed with a seed of this run, so that no capture can be made in which all connections meet in one place.
    table: HashMap<Key, Entry, RandomState>,
    open: Recent<Slot>,
    /// The closed connections in the table, longest closed first; some are no longer there.
    tombstones: VecDeque<(Key, ConnectionId)>,
    /// Slots to be looked at again at a time; each slot is here once at most.
    timers: VecDeque<(Time, u32)>,
    /// By slot: whether it is in `timers`.
    timed: Vec<bool>,
    /// Bytes buffered over all connections.
    held: usize,
    reached: Reached,
    next_id: ConnectionId,
    last: Moment,
}

impl Connections {
    pub fn new(limits: &Limits) -> Self {
        Connections {
            limits: limits.clone(),
            table: HashMap::default(),
            open: Recent::new(),
            tombstones: VecDeque::new(),
            timers: VecDeque::new(),
            timed: Vec::new(),
            held: 0,
            reached: Reached::default(),
            next_id: 0,
            last: Moment::default(),
        }
    }

    /// Takes the next captured segment.
    pub fn push(&mut self, segment: &Segment<'_>, at: Moment, out: &mut impl FnMut(Output<'_>)) {
        self.last = at;
        if !self.timers.is_empty() {
            self.look_again(at.time, out);
        }
        self.close_idle(at, out);
        if segment.source == segment.destination {
            // Both directions would be one.
            return;
        }
        let (key, from) = key(segment.source, segment.destination);
        let slot = match self.table.get(&key) {
            Some(Entry::Open(slot)) => Some(*slot),
            Some(Entry::Closed(tombstone)) => {
                if tombstone.covers(from, segment, at.time) {
                    return;
                }
                None
            }
            None => None,
        };
        let slot = slot.filter(|slot| !self.replaces(*slot, from, segment, at, out));
        let slot = match slot {
            Some(slot) => slot,
            None if segment.is_syn() || segment.length() > 0 => self.create(key, from, segment, at, out),
            None => return,
        };
        // A connection is half-open until something else than its SYNs was captured.
        let class =
            if segment.length() > 0 || !(segment.flags.syn || segment.flags.rst) { Class::Full } else { Class::Half };
        self.open.touch(slot, class);
        let mut room = Room { limits: &self.limits, held: &mut self.held, reached: &mut self.reached };
        let Some(Slot { connection, last, .. }) = self.open.get_mut(slot) else { return };
        *last = at.time;
        let need = connection.push(from, segment, at, &mut room, out);
        if need != Need::Nothing {
            self.attend(slot, need, at.time);
        }
    }

    /// How often a limit was reached so far.
    pub fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Connections that are followed, and closed ones that are remembered.
    pub fn held(&self) -> (usize, usize) {
        (self.open.len(), self.table.len() - self.open.len())
    }

    /// Bytes of memory that it takes beside itself.
    pub fn memory(&self) -> usize {
        self.held
            + map_bytes(&self.table)
            + self.open.held()
            + self.open.slots().map(|(_, slot)| slot.connection.memory()).sum::<usize>()
            + self.tombstones.capacity() * size_of::<(Key, ConnectionId)>()
            + self.timers.capacity() * size_of::<(Time, u32)>()
            + self.timed.capacity()
    }

    /// Ends all connections, in the order in which they began.
    pub fn finish(&mut self, out: &mut impl FnMut(Output<'_>)) {
        let mut left: Vec<(ConnectionId, u32)> =
            self.open.slots().map(|(slot, value)| (value.connection.id, slot)).collect();
        left.sort_unstable();
        for (_, slot) in left {
            self.end(slot, How::EndOfCapture, self.last, out);
        }
        self.table.clear();
        self.tombstones.clear();
        self.timers.clear();
        self.timed.clear();
    }

    /// Whether the segment begins another connection than the one in `slot`, which is then ended.
    fn replaces(
        &mut self,
        slot: u32,
        from: usize,
        segment: &Segment<'_>,
        at: Moment,
        out: &mut impl FnMut(Output<'_>),
    ) -> bool {
        let room = Room { limits: &self.limits, held: &mut self.held, reached: &mut self.reached };
        let Some(Slot { connection, .. }) = self.open.get_mut(slot) else { return true };
        let replaces =
            if segment.is_syn() { connection.fit_syn(from, segment) == Fit::Other } else { connection.is_lost(&room) };
        if replaces {
            self.end(slot, How::Timeout, at, out);
        }
        replaces
    }

    fn create(
        &mut self,
        key: Key,
        from: usize,
        segment: &Segment<'_>,
        at: Moment,
        out: &mut impl FnMut(Output<'_>),
    ) -> u32 {
        while self.open.len() >= self.limits.connections.max(1) {
            // Where most are half-open, somebody knocks at every door: those who came in must not pay for it.
            let class = if self.open.count(Class::Half) * 2 >= self.open.len() { Class::Half } else { Class::Full };
            let Some(oldest) = self.open.oldest(class) else { break };
            self.reached.connections += 1;
            self.end(oldest, How::Timeout, at, out);
        }
        let ends =
            if from == 0 { [segment.source, segment.destination] } else { [segment.destination, segment.source] };
        let connection = Connection::new(self.next_id, ends, from, segment, at);
        self.next_id += 1;
        let slot = self.open.insert(Slot { key, connection, last: at.time });
        self.table.insert(key, Entry::Open(slot));
        slot
    }

    /// Ends and forgets an open connection.
    fn end(&mut self, slot: u32, how: How, at: Moment, out: &mut impl FnMut(Output<'_>)) {
        let Some(Slot { key, mut connection, .. }) = self.open.remove(slot) else { return };
        self.table.remove(&key);
        connection.end(
            how,
            at,
            &mut Room { limits: &self.limits, held: &mut self.held, reached: &mut self.reached },
            out,
        );
    }

    /// Sees to what a connection needs.
    fn attend(&mut self, slot: u32, need: Need, now: Time) {
        match need {
            Need::Nothing => {}
            Need::Time => {
                if self.timed.len() <= slot as usize {
                    self.timed.resize(slot as usize + 1, false);
                }
                if !std::mem::replace(&mut self.timed[slot as usize], true) {
                    self.timers.push_back((Time(now.0.saturating_add(self.limits.acknowledged_hole_ns)), slot));
                }
            }
            Need::Burial => self.bury(slot, now),
        }
    }

    /// Puts a tombstone in the place of a closed connection.
    fn bury(&mut self, slot: u32, now: Time) {
        let Some(Slot { key, connection, .. }) = self.open.remove(slot) else { return };
        let tombstone = Tombstone {
            connection: connection.id,
            first_sequences: connection.first_sequences(),
            lengths: connection.lengths(),
            closed: now,
        };
        self.table.insert(key, Entry::Closed(tombstone));
        self.tombstones.push_back((key, connection.id));
        // A tombstone is small; a quarter as many as there may be connections covers what is still under way.
        while self.tombstones.len() > (self.limits.connections / 4).max(16) {
            let Some((key, id)) = self.tombstones.pop_front() else { break };
            if let Some(Entry::Closed(tombstone)) = self.table.get(&key)
                && tombstone.connection == id
            {
                self.table.remove(&key);
            }
        }
    }

    /// Ends connections of which nothing was captured for too long.
    fn close_idle(&mut self, at: Moment, out: &mut impl FnMut(Output<'_>)) {
        for (class, age) in [(Class::Half, self.limits.half_open_ns), (Class::Full, self.limits.idle_ns)] {
            while let Some(slot) = self.open.oldest(class)
                && self.open.get_mut(slot).is_some_and(|oldest| at.time.since(oldest.last) >= age)
            {
                match class {
                    Class::Half => self.reached.half_open_ns += 1,
                    Class::Full => self.reached.idle_ns += 1,
                }
                self.end(slot, How::Timeout, at, out);
            }
        }
    }

    /// Looks at the connections whose time has come.
    fn look_again(&mut self, now: Time, out: &mut impl FnMut(Output<'_>)) {
        // Each once: where a capture's clock stands at its end, the next time is not later.
        for _ in 0..self.timers.len() {
            let Some((_, slot)) = self.timers.front().copied().filter(|(time, _)| *time <= now) else { return };
            self.timers.pop_front();
            self.timed[slot as usize] = false;
            let mut room = Room { limits: &self.limits, held: &mut self.held, reached: &mut self.reached };
            // The slot may have gone to another connection by now; then this look does no harm.
            if let Some(Slot { connection, .. }) = self.open.get_mut(slot) {
                let need = connection.settle(now, &mut room, out);
                self.attend(slot, need, now);
            }
        }
    }
}

impl Tombstone {
    /// Whether a segment can be a late one of the closed connection.
    fn covers(&self, from: usize, segment: &Segment<'_>, now: Time) -> bool {
        if segment.is_syn() {
            let is_copy = self.first_sequences[from] == Some(segment.sequence.wrapping_add(1));
            let answers = segment.flags.ack && self.first_sequences[1 - from] == Some(segment.acknowledgement);
            return is_copy || answers;
        }
        now.since(self.closed) < TIME_WAIT && !self.is_outlived(from, segment)
    }

    /// Whether a segment carries what is not of the closed stream: it belongs to a connection whose beginning was not
    /// captured.
    fn is_outlived(&self, from: usize, segment: &Segment<'_>) -> bool {
        let (Some(first), Some(length)) = (self.first_sequences[from], self.lengths[from]) else { return false };
        let distance = i64::from(segment.sequence.wrapping_sub(first) as i32);
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        // What was sent before the first captured byte may come again, too.
        segment.length() > 0 && length < i64::from(i32::MAX) && !(-EARLIER..=length).contains(&distance)
    }
}

/// The key of a four-tuple, and which of its two ends is the source.
fn key(source: SocketAddr, destination: SocketAddr) -> (Key, usize) {
    if let (SocketAddr::V4(source), SocketAddr::V4(destination)) = (source, destination) {
        let number = |end: SocketAddrV4| u64::from(end.ip().to_bits()) << 16 | u64::from(end.port());
        let (from, to) = (number(source), number(destination));
        let (low, high) = (from.min(to), from.max(to));
        let ports = (low as u32) << 16 | high as u32 & 0xffff;
        return (Key::V4((low >> 16) as u32, (high >> 16) as u32, ports), usize::from(to < from));
    }
    let octets = |end: SocketAddr| {
        let ip = match end.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let mut octets = [0; 18];
        octets[..16].copy_from_slice(&ip.octets());
        octets[16..].copy_from_slice(&end.port().to_be_bytes());
        octets
    };
    let (from, to) = (octets(source), octets(destination));
    let swap = to < from;
    let (low, high) = if swap { (to, from) } else { (from, to) };
    let mut key = [0; 36];
    key[..18].copy_from_slice(&low);
    key[18..].copy_from_slice(&high);
    (Key::V6(key), usize::from(swap))
}

#[cfg(test)]
mod tests;
