//! Follows what TCP does on a connection beside carrying bytes: what is sent again, what comes late, windows, round trips.
//!
//! It judges by what passed the point of capture. Apart from [`reassembly`](super::reassembly), it looks at what was on the
//! wire, cut or not, and remembers no bytes: data in order costs a few comparisons.

use super::{Resent, Segment, TcpFacts, Trips};
use crate::limits::Limits;
use crate::wire::{Moment, Side, Time};

/// Holes of a direction that are remembered. Past it the oldest is judged by what is known then.
const HOLES: usize = Limits::DEFAULT.holes;

/// Segments of a direction that are remembered to recognise copies.
const COPIES: usize = 8;

/// How much later a copy may come, in nanoseconds, where the packets have an identification: no host uses one twice so
/// soon. Mirror ports and virtual interfaces take microseconds, a doubled packet in a network some milliseconds.
const COPY_NS: i64 = 10_000_000;

/// The same where the checksum alone tells. A sender takes longer than that to send something again.
const CHECKSUM_COPY_NS: i64 = 1_000_000;

/// How late a segment may come without being a retransmission, in nanoseconds, where no round trip is known.
const LATE_NS: i64 = 3_000_000;

/// Identifications within this distance are taken to be counted up by one sender.
const NEAR: u16 = 1024;

/// Numbers farther than this ahead have nothing to do with the stream: the largest TCP window.
const PLAUSIBLE: u64 = 1 << 30;

/// Both directions of a connection, told apart by who sends.
pub(super) struct Health {
    senders: [Sender; 2],
    last: Time,
}

/// What a segment is judged by, beside its own direction.
struct Conditions {
    /// The receiver's window is closed.
    probing: bool,
    /// The round trip from here to the receiver, in nanoseconds.
    round_trip: Option<i64>,
    /// The packet is older than an earlier one of its direction.
    is_behind: bool,
}

/// Bytes that were not captured where later ones were.
#[derive(Clone, Copy)]
struct Hole {
    start: u64,
    end: u64,
    /// When the later ones came, and in a packet of which identity.
    time: Time,
    identity: Identity,
}

/// What tells a packet from the same segment sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// The IP identification.
    Identification(u16),
    /// The TCP checksum, where there is no identification: the same for a segment with the same header.
    Checksum(u16),
    #[default]
    None,
}

#[derive(Clone, Copy, Default)]
struct Remembered {
    sequence: u32,
    identity: Identity,
    time: Time,
}

/// One direction: what its sender sent, and how that was acknowledged. Positions are 64-bit; their low halves are
/// sequence numbers.
#[derive(Default)]
struct Sender {
    facts: TcpFacts,
    /// Where what was seen begins and ends, once anything was.
    start: u64,
    end: u64,
    acknowledged: u64,
    /// Whether a packet of the other side has acknowledged anything of this one.
    answered: bool,
    holes: Vec<Hole>,
    /// The time of its latest packet.
    latest: Time,
    recent: [Remembered; COPIES],
    next_recent: u8,
    /// When the SYN was sent, until it is acknowledged.
    syn_at: Option<Time>,
    /// The segment whose round trip is being measured: where it ends, and when it came.
    timed: Option<(u64, Time)>,
    has_syn: bool,
    /// What the SYN offered.
    window_scale: Option<u8>,
    /// Where the FIN says that the stream ends.
    fin: Option<u64>,
    /// The acknowledgement and the sequence number that the window is from.
    window_from: Option<(u32, u32)>,
    /// Since when the window is closed.
    closed_since: Option<Moment>,
    /// The largest window as it was in the header.
    largest_window: u16,
    /// Whether the byte at `end` was sent to probe a closed window. The receiver may have taken it.
    probed: bool,
    /// Payload bytes of the segment so far, where it comes in parts.
    segment: u32,
}

impl Health {
    pub(super) fn new() -> Self {
        Health { senders: [Sender::default(), Sender::default()], last: Time::default() }
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn memory(&self) -> usize {
        self.senders.iter().map(|sender| sender.holes.capacity() * size_of::<Hole>() + sender.facts.beside()).sum()
    }

    /// Takes a segment of the connection.
    pub(super) fn see(&mut self, from: usize, segment: &Segment<'_>, at: Moment) {
        self.last = at.time;
        let (one, other) = self.senders.split_at_mut(1);
        let (sender, peer) = if from == 0 { (&mut one[0], &mut other[0]) } else { (&mut other[0], &mut one[0]) };
        sender.facts.count(segment);
        let is_behind = sender.facts.packets > 1 && at.time < sender.latest;
        sender.latest = if sender.facts.packets > 1 { sender.latest.max(at.time) } else { at.time };
        if segment.flags.rst {
            return;
        }
        if segment.is_syn() {
            sender.syn(segment, at, is_behind);
        }
        let (probing, round_trip) = (peer.closed_since.is_some(), peer.facts.round_trip);
        sender.sent(segment, at, &Conditions { probing, round_trip, is_behind });
        if segment.flags.ack {
            peer.acknowledge(segment.acknowledgement, at.time);
            if !segment.flags.syn && !segment.flags.fin {
                sender.window(segment, at);
            }
        }
    }

    /// What is known of the direction now. `reset` says who reset the connection.
    pub(super) fn facts(&self, from: usize, reset: Option<(Side, Moment)>) -> TcpFacts {
        let (sender, peer) = (&self.senders[from], &self.senders[1 - from]);
        let mut facts = TcpFacts { reset, ..sender.facts.clone() };
        for hole in &sender.holes {
            sender.judge(hole, &mut facts);
        }
        // One number more than was seen can be a FIN that was not captured.
        let tail =
            sender.fin.map_or(sender.acknowledged, |fin| sender.acknowledged.min(fin)).saturating_sub(sender.end);
        if sender.is_known() && (tail > 1 || tail > 0 && sender.fin.is_some()) {
            facts.capture_holes += 1;
            facts.capture_hole_bytes += tail;
        }
        if let Some(since) = sender.closed_since {
            facts.zero_window_at_end = true;
            facts.opened(since, self.last);
        }
        if sender.has_syn && peer.has_syn {
            // Windows are scaled only where both sides offer it (RFC 7323 §2.2).
            // More than 14 stands for 14 (RFC 7323 §2.3).
            facts.window_scale = sender.window_scale.filter(|_| peer.window_scale.is_some()).map(|shift| shift.min(14));
            let largest = u64::from(sender.largest_window) << facts.window_scale.unwrap_or(0);
            facts.largest_window = sender.window_from.map(|_| largest);
        }
        facts
    }
}

impl Sender {
    fn is_known(&self) -> bool {
        self.end > 0
    }

    /// The first sequence number that is known.
    fn anchor(&mut self, sequence: u32) {
        self.start = (1 << 32) + u64::from(sequence);
        self.end = self.start;
        self.acknowledged = 0;
        self.holes.clear();
        self.timed = None;
    }

    fn position(&self, sequence: u32) -> u64 {
        self.end.saturating_add_signed(i64::from(sequence.wrapping_sub(self.end as u32) as i32))
    }

    fn syn(&mut self, segment: &Segment<'_>, at: Moment, is_behind: bool) {
        let first = segment.sequence.wrapping_add(1);
        let is_again = self.has_syn && self.start as u32 == first;
        if is_again {
            if self.end == self.start {
                // What was acknowledged beyond it was of an earlier connection.
                self.acknowledged = self.acknowledged.min(self.end);
            }
            if is_behind || self.is_copy(segment, at.time) {
                self.facts.copies += 1;
                return;
            }
            self.count_retransmission(at);
        } else if !self.is_known() || self.start == self.end {
            self.anchor(first);
        } else if !self.has_syn {
            // It was captured late.
            let first = self.position(first);
            self.begin_earlier(first, first, at.time);
        }
        self.has_syn = true;
        self.window_scale = segment.window_scale;
        if !self.answered || is_again && self.acknowledged < self.start {
            self.syn_at = Some(at.time);
        }
        self.remember(segment, at.time);
    }

    /// Moves the start back to bytes that were captured late, up to `until`.
    fn begin_earlier(&mut self, start: u64, until: u64, now: Time) {
        if start < self.start {
            if until < self.start {
                self.dig(Hole { start: until, end: self.start, time: now, identity: Identity::None });
            }
            self.start = start;
        }
    }

    fn count_retransmission(&mut self, at: Moment) {
        let packet = at.packet;
        match &mut self.facts.resent {
            Some(resent) => resent.push(at.time),
            None => self.facts.resent = Some(Box::new(Resent::new(at.time))),
        }
        self.facts.retransmissions += 1;
        let first = self.facts.retransmission_packets.map_or(packet, |(first, _)| first);
        self.facts.retransmission_packets = Some((first, packet));
    }

    /// What a segment carries.
    #[inline]
    fn sent(&mut self, segment: &Segment<'_>, at: Moment, conditions: &Conditions) {
        let length = segment.length();
        let sequence = segment.sequence.wrapping_add(u32::from(segment.flags.syn));
        if segment.flags.fin && self.is_known() {
            self.fin = Some(self.position(sequence).saturating_add(length));
        }
        if length == 0 {
            if sequence.wrapping_add(1) == self.acknowledged as u32 && !segment.flags.syn && self.is_known() {
                self.ask(segment, at.time, conditions.probing);
            }
            return;
        }
        if !self.is_known() {
            self.anchor(sequence);
        }
        let start = self.position(sequence);
        if start == self.end && !(conditions.probing && length == 1) {
            self.advance(start + length, at.time);
        } else if self.passes(start, length, segment, at, conditions) {
            return;
        }
        self.segment = if segment.continues { self.segment.saturating_add(length as u32) } else { length as u32 };
        self.facts.largest_segment = self.facts.largest_segment.max(self.segment);
        if segment.cut > 0 {
            self.facts.cut_packets += 1;
            self.facts.cut_bytes += u64::from(segment.cut);
        }
        // A SYN with data was remembered as what it is.
        if !segment.flags.syn {
            self.remember(segment, at.time);
        }
    }

    /// Takes a segment that is not simply the next one. True if it counts no further.
    fn passes(&mut self, start: u64, length: u64, segment: &Segment<'_>, at: Moment, conditions: &Conditions) -> bool {
        let Conditions { probing, round_trip, is_behind } = *conditions;
        let now = at.time;
        // Captures of several interfaces hold some packets of one, then the same of another, and the clock goes back:
        // nothing is sent again before it is sent.
        if self.is_copy(segment, now) || is_behind && self.has(start, start + length) {
            self.facts.copies += u64::from(!segment.continues && !segment.flags.syn);
            return true;
        }
        if start >= self.end {
            if probing && length == 1 && start == self.end {
                self.facts.window_probes += 1;
                self.probed = true;
                return true;
            }
            if start > self.end && !(self.probed && start == self.end + 1) {
                let identity = segment.identity;
                self.dig(Hole { start: self.end, end: start, time: now, identity });
            }
            self.advance(start + length, now);
            return false;
        }
        if length == 1 && start + 1 == self.acknowledged && self.acknowledged == self.end {
            self.ask(segment, now, probing);
            return true;
        }
        self.again(start, start + length, segment, at, self.late(round_trip));
        false
    }

    /// How much later than what follows it a segment may come without being a retransmission, in nanoseconds: a sender learns of a
    /// loss after a round trip, whose other half is given.
    fn late(&self, other: Option<i64>) -> i64 {
        match (self.facts.round_trip, other) {
            (Some(one), Some(other)) => one.saturating_add(other),
            _ => LATE_NS,
        }
    }

    /// Takes a segment of which at least the first byte is not beyond what was seen.
    fn again(&mut self, start: u64, end: u64, segment: &Segment<'_>, at: Moment, late: i64) {
        let beyond = end.saturating_sub(self.end.max(start));
        // Before the first captured byte of a connection whose SYN was not captured, nothing is known to have been sent.
        let before = if self.has_syn { 0 } else { self.start.min(end).saturating_sub(start) };
        let (in_holes, is_late) = self.fill(start, end, segment.identity, at.time, late);
        let seen = end - start - beyond - before - in_holes;
        if before > 0 {
            self.begin_earlier(start, end, at.time);
        }
        if seen > 0 || is_late {
            if !segment.continues {
                self.count_retransmission(at);
                if end <= self.acknowledged {
                    self.facts.spurious_retransmissions += 1;
                } else if is_late {
                    self.facts.lost_before_capture += 1;
                }
            }
            self.facts.retransmitted_bytes += seen + if is_late { in_holes } else { 0 };
            // Whose acknowledgement comes now is not known (Karn's algorithm, RFC 6298 §3).
            self.timed = None;
        } else if !segment.continues {
            self.facts.out_of_order += 1;
        }
        if beyond > 0 {
            self.advance(end, at.time);
        }
    }

    /// How many bytes of the holes lie in the range, which are then filled, and whether they come so late that they were
    /// sent again.
    fn fill(&mut self, start: u64, end: u64, identity: Identity, now: Time, late: i64) -> (u64, bool) {
        let (mut filled, mut is_late) = (0, false);
        let mut at = 0;
        while let Some(hole) = self.holes.get(at).copied() {
            let (from, to) = (hole.start.max(start), hole.end.min(end));
            if from >= to {
                at += 1;
                continue;
            }
            filled += to - from;
            is_late |= hole.is_passed_late(identity, now, late);
            self.holes.remove(at);
            for (start, end) in [(hole.start, from), (to, hole.end)] {
                if start < end && self.holes.len() < HOLES {
                    self.holes.insert(at, Hole { start, end, ..hole });
                    at += 1;
                }
            }
        }
        (filled, is_late)
    }

    /// Whether all of the range was captured.
    fn has(&self, start: u64, end: u64) -> bool {
        self.start <= start && end <= self.end && self.holes.iter().all(|hole| end <= hole.start || hole.end <= start)
    }

    fn dig(&mut self, hole: Hole) {
        if self.holes.len() >= HOLES {
            let oldest = self.holes.remove(0);
            let mut facts = std::mem::take(&mut self.facts);
            self.judge(&oldest, &mut facts);
            self.facts = facts;
        }
        self.holes.push(hole);
    }

    /// Counts a hole that was not filled, if the receiver has its bytes.
    fn judge(&self, hole: &Hole, facts: &mut TcpFacts) {
        let missed = hole.end.min(self.acknowledged).saturating_sub(hole.start);
        facts.capture_holes += u64::from(missed > 0);
        facts.capture_hole_bytes += missed;
    }

    #[inline]
    fn advance(&mut self, end: u64, now: Time) {
        self.end = end;
        self.probed = false;
        if self.timed.is_none() {
            self.timed = Some((end, now));
        }
    }

    /// A segment that asks for an answer.
    fn ask(&mut self, segment: &Segment<'_>, now: Time, probing: bool) {
        if segment.flags.fin || !(probing || self.acknowledged == self.end) {
            return;
        }
        if self.is_copy(segment, now) {
            return;
        }
        if probing {
            self.facts.window_probes += 1;
        } else {
            self.facts.keep_alives += 1;
        }
        self.remember(segment, now);
    }

    /// The other side acknowledges this one's bytes.
    #[inline]
    fn acknowledge(&mut self, sequence: u32, now: Time) {
        self.answered = true;
        if !self.is_known() {
            return;
        }
        let position = self.position(sequence);
        if position <= self.acknowledged || position > self.end + PLAUSIBLE {
            return;
        }
        self.acknowledged = position;
        if let Some(at) = self.syn_at
            && position >= self.start
        {
            self.syn_at = None;
            self.facts.round_trip = Some(now.since(at)).filter(|round_trip| *round_trip >= 0);
        }
        if let Some((end, at)) = self.timed
            && position >= end
        {
            self.timed = None;
            let sample = now.since(at);
            if sample >= 0 {
                self.facts.trips.get_or_insert_with(|| Box::new(Trips::new(at))).push(at, sample);
                let smallest = self.facts.smallest_round_trip.map_or(sample, |smallest| smallest.min(sample));
                self.facts.smallest_round_trip = Some(smallest);
                let smoothed = self.facts.smoothed_round_trip.map_or(sample, |last| last + (sample - last) / 8);
                self.facts.smoothed_round_trip = Some(smoothed);
            }
        }
    }

    /// The window that this side offers, if the segment is not older than the one that offered the last
    /// (RFC 9293 §3.10.7.4).
    #[inline]
    fn window(&mut self, segment: &Segment<'_>, at: Moment) {
        let from = (segment.acknowledgement, segment.sequence);
        if let Some(last) = self.window_from {
            let newer = (from.0.wrapping_sub(last.0) as i32, from.1.wrapping_sub(last.1) as i32);
            if newer < (0, 0) {
                return;
            }
        }
        self.window_from = Some(from);
        self.largest_window = self.largest_window.max(segment.window);
        if segment.window == 0 {
            if self.closed_since.is_none() {
                self.closed_since = Some(at);
                self.facts.zero_window_packet.get_or_insert(at.packet);
                self.facts.zero_windows += 1;
            }
        } else if let Some(since) = self.closed_since.take() {
            self.facts.opened(since, at.time);
        }
    }

    #[inline]
    fn remember(&mut self, segment: &Segment<'_>, now: Time) {
        let place = usize::from(self.next_recent) % COPIES;
        self.recent[place] = Remembered { sequence: segment.sequence, identity: segment.identity, time: now };
        self.next_recent = self.next_recent.wrapping_add(1);
    }

    /// Whether this very packet was captured just before.
    fn is_copy(&self, segment: &Segment<'_>, now: Time) -> bool {
        let within = match segment.identity {
            Identity::Identification(_) => COPY_NS,
            Identity::Checksum(_) => CHECKSUM_COPY_NS,
            Identity::None => return false,
        };
        self.recent.iter().any(|recent| {
            recent.identity == segment.identity
                && recent.sequence == segment.sequence
                && now.since(recent.time).saturating_abs() <= within
        })
    }
}

impl Hole {
    /// Whether what fills it was sent again. Where the sender counts its packets, they tell which was sent first.
    fn is_passed_late(&self, identity: Identity, now: Time, late: i64) -> bool {
        if let (Identity::Identification(after), Identity::Identification(filler)) = (self.identity, identity) {
            let distance = filler.wrapping_sub(after) as i16;
            if distance != 0 && distance.unsigned_abs() <= NEAR {
                return distance > 0;
            }
        }
        now.since(self.time) > late
    }
}

#[cfg(test)]
mod tests;
