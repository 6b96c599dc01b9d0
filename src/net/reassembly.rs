//! One direction of a connection: segments in any order → its bytes in order, and its holes.
//!
//! Positions are 64-bit: the 32-bit sequence number, unwrapped. The first-captured copy of a byte is the one that
//! counts. Who opened the connection, and when it is over, is for [`connection`](super::connection).

use super::stream::Delivery;
use super::waiting::{Piece, Waiting};
use crate::limits::{Limits, Reached};
use crate::wire::{Moment, PacketNo, Place, Time};

/// The position of the first sequence number that a direction learns of. High enough that no plausible earlier one
/// is below zero; a multiple of 2³², so that the low half of a position is the distance in sequence numbers.
const ORIGIN: u64 = 1 << 32;

/// A sequence number farther than this from the next expected one, in bytes, has nothing to do with the stream: the
/// largest TCP window.
const PLAUSIBLE: i32 = 1 << 30;

/// How far before the first captured segment a midstream direction may turn out to start, in bytes.
const EARLIER: u64 = 1 << 20;

/// What a segment carries.
pub(super) struct Data<'a> {
    /// The sequence number of the first byte.
    pub(super) sequence: u32,
    pub(super) payload: &'a [u8],
    /// Bytes on the wire; more than `payload` when a snap length cut it.
    pub(super) length: u64,
    pub(super) at: Moment,
    pub(super) place: Place,
}

/// What buffering may cost, here and over all connections.
pub(super) struct Room<'l> {
    pub(super) limits: &'l Limits,
    /// Bytes buffered over all connections, with their overhead.
    pub(super) held: &'l mut usize,
    pub(super) reached: &'l mut Reached,
}

/// Since when the receiver is known to have what the capture has not.
struct Mark {
    /// What was acknowledged then; holes up to here are ripe together.
    upto: u64,
    packets: u32,
    time: Time,
}

impl Mark {
    fn is_ripe(&self, packets: u32, now: Time, limits: &Limits) -> bool {
        packets.wrapping_sub(self.packets) >= limits.acknowledged_hole_packets
            || now.since(self.time) >= limits.acknowledged_hole_ns
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No sequence number is known.
    Unknown,
    /// The other side has acknowledged up to `next`; no data was seen.
    Expected,
    /// Data is buffered, from `next` on, but it is open whether earlier data follows in the capture.
    Buffering,
    /// Bytes are delivered from `base` on.
    Started,
}

pub(super) struct Direction {
    phase: Phase,
    /// The sequence number at [`ORIGIN`].
    origin: u32,
    /// The position of offset 0.
    base: u64,
    /// The position of the next byte to deliver.
    next: u64,
    /// The lowest position of any segment before the start is settled.
    lowest: u64,
    /// Where the data ends that its sender is known to have sent.
    sent: u64,
    sent_at: Moment,
    /// Where the data ends that its receiver has acknowledged.
    acknowledged: u64,
    acknowledged_at: Moment,
    /// Where that was before.
    acknowledged_before: u64,
    /// Where the sender closed the direction.
    fin: Option<(u64, Moment)>,
    /// Bytes above `next`.
    waiting: Waiting,
    mark: Option<Mark>,
    /// It is to be said that `base` is not known to be the first byte's.
    joined: bool,
    closed: bool,
}

impl Direction {
    pub(super) fn new() -> Self {
        Direction {
            phase: Phase::Unknown,
            origin: 0,
            base: ORIGIN,
            next: ORIGIN,
            lowest: u64::MAX,
            sent: 0,
            sent_at: Moment::default(),
            acknowledged: 0,
            acknowledged_at: Moment::default(),
            acknowledged_before: 0,
            fin: None,
            waiting: Waiting::new(),
            mark: None,
            joined: false,
            closed: false,
        }
    }

    pub(super) fn is_started(&self) -> bool {
        self.phase == Phase::Started
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The sequence number of offset 0, once that is settled.
    pub(super) fn first_sequence(&self) -> Option<u32> {
        self.is_started().then(|| self.origin.wrapping_add(self.base as u32))
    }

    /// Whether a SYN/ACK with this acknowledgement answers the SYN of this direction, or that and its data.
    pub(super) fn is_answered_by(&self, acknowledgement: u32) -> bool {
        let sent = self.base..=self.sent.max(self.base);
        self.is_started() && self.position(acknowledgement).is_some_and(|position| sent.contains(&position))
    }

    /// Where the data ends that its receiver has acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Where all ends that was sent before an RST with this sequence number, with room for a FIN.
    pub(super) fn sent_by(&self, sequence: u32) -> u64 {
        self.reach().max(self.position(sequence).unwrap_or(0)) + 1
    }

    /// How many bytes there were, if a FIN ended them.
    pub(super) fn finished_length(&self) -> Option<u64> {
        self.finished().and(self.fin).map(|(end, _)| end - self.base)
    }

    /// Whether nothing of the direction's data was seen.
    pub(super) fn is_untouched(&self) -> bool {
        self.sent <= self.base && self.fin.is_none()
    }

    /// The position of a sequence number, if it is anywhere near the stream.
    pub(super) fn position(&self, sequence: u32) -> Option<u64> {
        let distance = sequence.wrapping_sub(self.origin.wrapping_add(self.next as u32)) as i32;
        // Not below zero: `next` is at least about `ORIGIN`.
        (-PLAUSIBLE..=PLAUSIBLE).contains(&distance).then(|| self.next.wrapping_add_signed(i64::from(distance)))
    }

    /// Whether the stream can begin at `sequence`: nothing before it was seen, and what was seen is not far behind.
    pub(super) fn can_start(&self, sequence: u32) -> bool {
        let earliest = match self.phase {
            Phase::Unknown => return true,
            Phase::Buffering => self.lowest,
            Phase::Expected => self.next,
            Phase::Started => return false,
        };
        self.position(sequence).is_some_and(|start| start <= earliest && earliest - start <= EARLIER)
    }

    /// Settles that offset 0 is at `sequence`.
    pub(super) fn start(&mut self, sequence: u32) {
        if self.phase == Phase::Unknown {
            self.anchor(sequence);
        }
        if let Some(position) = self.position(sequence) {
            self.start_at(position);
            self.joined = false;
        }
    }

    /// Takes back a start after which nothing came: the peer began anew with another number.
    pub(super) fn restart(&mut self, sequence: u32) {
        *self = Direction::new();
        self.start(sequence);
    }

    /// A SYN is sent again: what was acknowledged before any data was of an earlier connection.
    pub(super) fn begin_again(&mut self) {
        if self.is_untouched() {
            self.acknowledged = 0;
            self.acknowledged_before = 0;
        }
    }

    fn anchor(&mut self, sequence: u32) {
        self.origin = sequence;
        self.base = ORIGIN;
        self.next = ORIGIN;
    }

    fn start_at(&mut self, position: u64) {
        self.base = position;
        self.next = position;
        self.phase = Phase::Started;
        self.joined = true;
        self.mark = None;
    }

    /// Settles the start by what was seen, if anything was.
    pub(super) fn start_with_lowest(&mut self) {
        if !self.is_started() && self.lowest != u64::MAX {
            self.start_at(self.lowest);
        }
    }

    /// Takes a segment's data. False if it is not of this stream.
    pub(super) fn push(&mut self, data: &Data<'_>, room: &mut Room<'_>, sink: &mut impl FnMut(Delivery<'_>)) -> bool {
        if self.closed {
            return true;
        }
        let Some(position) = self.see(data.sequence) else { return false };
        let end = position + data.length;
        if end > self.sent {
            self.sent = end;
            self.sent_at = data.at;
        }
        self.lowest = self.lowest.min(position.max(self.next));
        let bytes = match self.fin {
            Some((fin, _)) => &data.payload[..data.payload.len().min(fin.saturating_sub(position) as usize)],
            None => data.payload,
        };
        let piece = Piece { position, bytes, at: data.at, place: data.place };
        if self.is_started() && position <= self.next {
            self.deliver(piece, room, sink);
        } else {
            self.waiting.keep(piece.from(self.next), room.held);
        }
        true
    }

    /// The position of a segment of this direction; the first one anchors it.
    fn see(&mut self, sequence: u32) -> Option<u64> {
        if self.phase == Phase::Unknown {
            self.anchor(sequence);
            self.phase = Phase::Buffering;
            // Room for what was captured later but sent before.
            self.next = ORIGIN - EARLIER;
        }
        let position = self.position(sequence)?;
        if self.phase == Phase::Expected {
            self.phase = Phase::Buffering;
        }
        Some(position)
    }

    /// The sender's last word is at `sequence`.
    pub(super) fn fin(&mut self, sequence: u32, at: Moment) {
        if self.closed || self.fin.is_some() {
            return;
        }
        let Some(position) = self.see(sequence) else { return };
        // A FIN below what was delivered is a fake, or belongs to an earlier connection.
        if position >= self.next {
            self.lowest = self.lowest.min(position);
            self.fin = Some((position, at));
        }
    }

    /// The receiver has everything up to `sequence`.
    #[inline]
    pub(super) fn acknowledge(&mut self, sequence: u32, at: Moment) {
        match self.phase {
            Phase::Started => {
                if let Some(position) = self.position(sequence)
                    && position > self.acknowledged
                {
                    self.acknowledged_before = self.acknowledged;
                    self.acknowledged = position;
                    self.acknowledged_at = at;
                }
            }
            // Before any data the acknowledgement alone says where the stream stands.
            Phase::Unknown | Phase::Expected => {
                self.anchor(sequence);
                self.phase = Phase::Expected;
            }
            Phase::Buffering => {}
        }
    }

    /// Of a connection whose SYN was seen, the first acknowledgement is of the peer's SYN, whether or not that was
    /// captured. That is certain where it `is_first`: its sender had sent nothing before.
    pub(super) fn start_with_acknowledgement(&mut self, sequence: u32, is_first: bool) {
        match self.phase {
            Phase::Unknown | Phase::Expected => self.start(sequence),
            Phase::Buffering if self.can_start(sequence) => self.start(sequence),
            Phase::Buffering => return self.start_with_lowest(),
            Phase::Started => return,
        }
        self.joined = !is_first;
    }

    /// Whether this segment is the very next data of a direction that was only known by acknowledgements.
    pub(super) fn start_if_expected(&mut self) {
        if self.phase == Phase::Buffering && self.lowest == self.next {
            self.start_at(self.next);
        }
    }

    fn deliver(&mut self, piece: Piece<'_>, room: &mut Room<'_>, sink: &mut impl FnMut(Delivery<'_>)) {
        let end = piece.end();
        if self.waiting.is_empty() {
            if end > self.next {
                self.give(&piece.from(self.next), sink);
                self.next = end;
            }
            return;
        }
        loop {
            self.drain(room, sink);
            if end <= self.next {
                return;
            }
            let until = self.waiting.first().map_or(end, |(first, _)| end.min(first));
            self.give(&piece.from(self.next).until(until), sink);
            self.next = until;
        }
    }

    /// Delivers what waits exactly at `next`.
    fn drain(&mut self, room: &mut Room<'_>, sink: &mut impl FnMut(Delivery<'_>)) {
        while self.ready().is_some() {
            self.give_ready(room, sink);
        }
    }

    /// The packet of the buffered bytes that can be delivered, if there are such.
    pub(super) fn ready(&self) -> Option<PacketNo> {
        let (position, at) = self.waiting.first()?;
        (self.is_started() && position <= self.next).then_some(at.packet)
    }

    /// Delivers the first buffered bytes.
    pub(super) fn give_ready(&mut self, room: &mut Room<'_>, sink: &mut impl FnMut(Delivery<'_>)) {
        if let Some((position, kept)) = self.waiting.pop(room.held) {
            let piece = kept.piece(position);
            self.give(&piece, sink);
            self.next = piece.end();
        }
    }

    fn give(&mut self, piece: &Piece<'_>, sink: &mut impl FnMut(Delivery<'_>)) {
        if std::mem::take(&mut self.joined) {
            sink(Delivery::Joined);
        }
        let offset = piece.position - self.base;
        sink(Delivery::Bytes { offset, bytes: piece.bytes, at: piece.at, place: Some(piece.place) });
    }

    /// Whether more is buffered than the limits allow.
    pub(super) fn is_overfull(&self, room: &Room<'_>) -> bool {
        !self.waiting.is_empty()
            && (self.waiting.bytes() > room.limits.reorder_bytes
                || self.waiting.len() > room.limits.reorder_segments
                || *room.held > room.limits.reorder_bytes_total)
    }

    /// Gives up holes until the limits are kept.
    pub(super) fn make_room(&mut self, room: &mut Room<'_>, sink: &mut impl FnMut(Delivery<'_>)) {
        while self.is_overfull(room) {
            if self.waiting.bytes() > room.limits.reorder_bytes {
                room.reached.reorder_bytes += 1;
            } else if self.waiting.len() > room.limits.reorder_segments {
                room.reached.reorder_segments += 1;
            } else {
                room.reached.reorder_bytes_total += 1;
            }
            self.give_up_hole(room, sink);
        }
    }

    /// Where the first hole ends and when that was seen: at buffered bytes, or at the FIN.
    fn hole_end(&self) -> Option<(u64, Moment)> {
        self.waiting.first().or(self.fin)
    }

    /// Declares the first hole a gap, or, if the start is not settled, settles that nothing came before.
    fn give_up_hole(&mut self, room: &mut Room<'_>, sink: &mut impl FnMut(Delivery<'_>)) {
        if !self.is_started() {
            self.start_with_lowest();
        }
        if let Some((end, at)) = self.hole_end() {
            self.gap(end, at, sink);
            self.drain(room, sink);
        }
    }

    fn gap(&mut self, end: u64, at: Moment, sink: &mut impl FnMut(Delivery<'_>)) {
        if end > self.next {
            if std::mem::take(&mut self.joined) {
                sink(Delivery::Joined);
            }
            sink(Delivery::Gap {
                offset: self.next - self.base,
                missing: end - self.next,
                exact: true,
                captured: false,
                at,
            });
            self.next = end;
        }
    }

    /// Whether nothing waits here: neither bytes nor an end.
    pub(super) fn is_quiet(&self) -> bool {
        !self.closed && self.waiting.is_empty() && self.fin.is_none() && self.mark.is_none()
    }

    /// Gives up the holes that are ripe. Whether something waits for time to pass.
    pub(super) fn settle(
        &mut self,
        packets: u32,
        now: Time,
        room: &mut Room<'_>,
        sink: &mut impl FnMut(Delivery<'_>),
    ) -> bool {
        if self.closed || (self.waiting.is_empty() && self.fin.is_none()) {
            self.mark = None;
            return false;
        }
        if self.mark.as_ref().is_some_and(|mark| mark.is_ripe(packets, now, room.limits)) {
            let upto = self.mark.take().map_or(0, |mark| mark.upto);
            if !self.is_started() {
                self.start_with_lowest();
                self.drain(room, sink);
            }
            while let Some((end, _)) = self.hole_end()
                && end > self.next
                && end <= upto
            {
                self.give_up_hole(room, sink);
            }
        }
        let waits = match self.hole_end() {
            _ if !self.is_started() => true,
            Some((end, _)) => end > self.next && self.acknowledged >= end,
            None => false,
        };
        if !waits {
            self.mark = None;
        } else if self.mark.is_none() {
            let upto = if self.is_started() { self.acknowledged } else { 0 };
            self.mark = Some(Mark { upto, packets, time: now });
        }
        waits
    }

    /// How far the direction is known to go.
    pub(super) fn reach(&self) -> u64 {
        self.sent.max(self.acknowledged)
    }

    /// Whether everything up to a position was delivered, and nothing is there beyond it.
    pub(super) fn is_done_at(&self, position: u64) -> bool {
        !self.closed
            && self.is_started()
            && self.next == position
            && self.reach() <= position
            && self.waiting.is_empty()
    }

    /// When the FIN was seen, if everything before it is done.
    pub(super) fn finished(&self) -> Option<Moment> {
        self.fin.filter(|(position, _)| self.is_started() && *position <= self.next).map(|(_, at)| at)
    }

    /// Delivers all that is left, if the start is settled: buffered bytes, and gaps for what is known to be missing.
    pub(super) fn flush(&mut self, room: &mut Room<'_>, sink: &mut impl FnMut(Delivery<'_>)) {
        if self.closed || !self.is_started() {
            return;
        }
        while !self.waiting.is_empty() {
            self.give_up_hole(room, sink);
        }
        if let Some((end, at)) = self.fin {
            self.gap(end, at, sink);
            return;
        }
        // Cut off by a snap length: sent for certain.
        self.gap(self.sent, self.sent_at, sink);
        // One number more, at the very end, is a FIN that was not captured; that is no byte.
        let fin = u64::from(self.acknowledged == self.acknowledged_before + 1);
        if self.acknowledged > self.next + 1 {
            self.gap(self.acknowledged - fin, self.acknowledged_at, sink);
        }
    }

    /// Nothing is taken from now on.
    pub(super) fn close(&mut self, room: &mut Room<'_>) {
        self.waiting.clear(room.held);
        self.mark = None;
        self.closed = true;
    }
}
