//! One TCP connection: whose it is, how it began, how it ends.

use std::net::SocketAddr;

use super::health::Health;
use super::reassembly::{Data, Direction, Room};
use super::{ConnectionId, Delivery, How, Output, Segment, Start, TcpFacts, Tunnels};
use crate::wire::{Moment, Side, Time};

/// What a segment is to a connection with the same addresses and ports.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// A part of it, or a copy of one.
    Same,
    /// It can only belong to another connection.
    Other,
}

/// What a connection needs next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    /// To be looked at again when some time has passed.
    Time,
    /// To be forgotten: both directions are closed.
    Burial,
}

/// The two directions are told apart by who sends: 0 and 1, as the connection table has its ends.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    ends: [SocketAddr; 2],
    /// The end that is the client.
    client: usize,
    start: Start,
    /// Whether `Open` was given. A connection without a SYN waits a little: captures reorder, the SYN may follow.
    opened: bool,
    first: Moment,
    /// Packets so far.
    packets: u32,
    directions: [Direction; 2],
    health: Health,
    reset: Option<Reset>,
    /// By direction: segments in a row that are nowhere near the stream.
    strays: [u32; 2],
    /// By direction: whether its sender may have had a byte of the other one.
    heard: [bool; 2],
    /// By direction: what its first packet was wrapped in, once there was one.
    tunnels: [Option<Tunnels>; 2],
}

/// An RST that ended the connection.
#[derive(Clone, Copy)]
struct Reset {
    from: usize,
    at: Moment,
    /// The packets there were when it came.
    packets: u32,
    /// How far its sender's stream went by then, the FIN included.
    sent: u64,
    /// Where it stands in its sender's direction.
    position: Option<u64>,
    /// Its sender had a connection to end: an answer to a segment of none carries no acknowledgement.
    is_own: bool,
    /// How far each direction was known to go when it came.
    reach: [u64; 2],
}

/// Gives what a direction delivers to the outside.
macro_rules! sink {
    ($id:expr, $from:expr, $out:expr) => {
        &mut |delivery: Delivery<'_>| $out(Output::Stream { connection: $id, from: $from, delivery })
    };
}

impl Connection {
    /// `from` is the end that sent the first segment.
    pub(super) fn new(id: ConnectionId, ends: [SocketAddr; 2], from: usize, segment: &Segment<'_>, at: Moment) -> Self {
        let mut connection = Connection {
            id,
            ends,
            client: from,
            start: Start::Midstream,
            opened: false,
            first: at,
            packets: 0,
            directions: [Direction::new(), Direction::new()],
            health: Health::new(),
            reset: None,
            strays: [0; 2],
            heard: [false; 2],
            tunnels: [None, None],
        };
        if segment.is_syn() {
            connection.begin(from, segment);
        } else {
            connection.client = guess_client(&connection.ends, from);
        }
        connection
    }

    /// Bytes of memory that it takes beside itself and the bytes that wait.
    pub(super) fn memory(&self) -> usize {
        self.health.memory() + self.tunnels.iter().flatten().map(Tunnels::memory).sum::<usize>()
    }

    fn side(&self, from: usize) -> Side {
        if from == self.client { Side::Client } else { Side::Server }
    }

    /// The ends in the order client, server.
    fn in_order(&self) -> [usize; 2] {
        [self.client, 1 - self.client]
    }

    /// The sequence numbers with which the directions began, as far as that is known.
    pub(super) fn first_sequences(&self) -> [Option<u32>; 2] {
        [self.directions[0].first_sequence(), self.directions[1].first_sequence()]
    }

    /// How many bytes the directions had, as far as a FIN said it.
    pub(super) fn lengths(&self) -> [Option<u64>; 2] {
        [self.directions[0].finished_length(), self.directions[1].finished_length()]
    }

    /// Takes the beginning from a SYN or SYN/ACK.
    fn begin(&mut self, from: usize, segment: &Segment<'_>) {
        self.start = Start::Syn;
        self.directions[from].start(segment.sequence.wrapping_add(1));
        if segment.flags.ack {
            self.client = 1 - from;
            self.directions[1 - from].start(segment.acknowledgement);
        } else {
            self.client = from;
        }
    }

    /// Whether a SYN or SYN/ACK from `from` belongs here; if it tells the connection's beginning, that is taken.
    pub(super) fn fit_syn(&mut self, from: usize, segment: &Segment<'_>) -> Fit {
        let first = segment.sequence.wrapping_add(1);
        let (own, peer) = (&self.directions[from], &self.directions[1 - from]);
        if own.first_sequence() == Some(first) {
            return Fit::Same;
        }
        if !self.opened {
            let fits = own.can_start(first) && (!segment.flags.ack || peer.can_start(segment.acknowledgement));
            if fits {
                self.begin(from, segment);
            }
            return if fits { Fit::Same } else { Fit::Other };
        }
        if from == self.client || self.start == Start::Midstream {
            return Fit::Other;
        }
        if !segment.flags.ack {
            // Both may begin at once (RFC 9293 §3.5); whose SYN was first is the client.
            let crosses = !own.is_started() && own.is_untouched() && peer.is_untouched();
            if crosses {
                self.directions[from].start(first);
            }
            return if crosses { Fit::Same } else { Fit::Other };
        }
        // What an RST has ended does not begin again.
        if !peer.is_answered_by(segment.acknowledgement) || own.is_closed() {
            return Fit::Other;
        }
        let own = &mut self.directions[from];
        if own.is_started() && own.is_untouched() {
            // A server that forgot the first SYN answers the next one with another number.
            own.restart(first);
        } else if own.can_start(first) {
            own.start(first);
        }
        Fit::Same
    }

    /// Takes a segment that fits.
    pub(super) fn push(
        &mut self,
        from: usize,
        segment: &Segment<'_>,
        at: Moment,
        room: &mut Room<'_>,
        out: &mut impl FnMut(Output<'_>),
    ) -> Need {
        self.packets = self.packets.wrapping_add(1);
        if self.tunnels[from].is_none() {
            self.tunnels[from] = Some(segment.tunnels.into());
            if self.opened {
                self.tell_tunnels(from, out);
            }
        }
        if self.start == Start::Syn && !self.opened {
            self.open(out);
        }
        let (id, side) = (self.id, self.side(from));
        if self.start == Start::Syn && !self.heard[from] && self.hears(from, segment) {
            self.heard[from] = true;
            out(Output::Stream { connection: id, from: side, delivery: Delivery::Heard });
        }
        // The SYN takes one sequence number; data in it (TCP Fast Open) comes after.
        let sequence = segment.sequence.wrapping_add(u32::from(segment.flags.syn));
        let length = segment.length();
        let direction = &mut self.directions[from];
        let mut fits = true;
        if length > 0 {
            let data = Data { sequence, payload: segment.payload, length, at, place: segment.place };
            fits = direction.push(&data, room, sink!(id, side, out));
            self.strays[from] = if fits { 0 } else { self.strays[from].saturating_add(1) };
            if direction.is_overfull(room) {
                if !self.opened {
                    self.open_midstream(out);
                }
                let side = self.side(from);
                self.directions[from].make_room(room, sink!(id, side, out));
            }
        }
        if fits {
            self.health.see(from, segment, at);
        }
        if segment.flags.ack && !segment.flags.rst {
            // What has not said anything yet has answered nothing but the SYN, nor was it told anything.
            if self.start == Start::Syn && !segment.flags.syn && !self.directions[1 - from].is_started() {
                let is_first = self.directions[from].first_sequence() == Some(segment.sequence);
                self.directions[1 - from].start_with_acknowledgement(segment.acknowledgement, is_first);
            }
            self.directions[1 - from].acknowledge(segment.acknowledgement, at);
        }
        if segment.flags.fin {
            self.directions[from].fin(sequence.wrapping_add(length as u32), at);
        }
        if self.opened {
            self.directions[from].start_if_expected();
        }
        if segment.flags.rst && self.reset.is_none() && self.accepts_reset(from, segment.sequence) {
            let direction = &self.directions[from];
            let position = direction.position(segment.sequence).filter(|_| direction.is_started());
            let sent = direction.sent_by(segment.sequence);
            let reach = self.directions.each_ref().map(Direction::reach);
            let (packets, is_own) = (self.packets, segment.flags.ack);
            self.reset = Some(Reset { from, at, packets, sent, position, is_own, reach });
        }
        if segment.is_syn() {
            // Who was refused tries again, or an RST was for what used these ports before (RFC 9293 §3.5.1).
            self.reset = None;
            self.directions[from].begin_again();
        }
        if let Some(Reset { from, sent, .. }) = self.reset
            && !self.directions[from].is_closed()
            && self.directions[from].acknowledged() > sent
        {
            // Who was to be reset takes what was sent after that: it did not believe it (RFC 5961 §3.2).
            self.reset = None;
        }
        if self.is_quiet() { Need::Nothing } else { self.settle(at.time, room, out) }
    }

    /// Whether nothing waits on it: what comes in order was given at once.
    fn is_quiet(&self) -> bool {
        self.opened && self.reset.is_none() && self.directions.iter().all(Direction::is_quiet)
    }

    /// Whether the sender of a segment may have had a byte of the other side: it acknowledges another place than the first one.
    fn hears(&self, from: usize, segment: &Segment<'_>) -> bool {
        let first = self.directions[1 - from].first_sequence();
        segment.flags.ack && !segment.flags.syn && first != Some(segment.acknowledgement)
    }

    /// An RST beyond the receiver's window is not believed (RFC 9293 §3.10.7.4): it is left from an earlier connection, or
    /// somebody else's. One below it may be a late answer.
    fn accepts_reset(&self, from: usize, sequence: u32) -> bool {
        let direction = &self.directions[from];
        let window = self.facts(1 - from).largest_window.unwrap_or(u64::MAX / 2);
        !direction.is_started() || direction.position(sequence).is_some_and(|at| at <= direction.reach() + window)
    }

    /// Whether so many segments in a row are nowhere near the streams that they must be another connection.
    pub(super) fn is_lost(&self, room: &Room<'_>) -> bool {
        self.strays.iter().any(|strays| *strays > room.limits.acknowledged_hole_packets)
    }

    fn open(&mut self, out: &mut impl FnMut(Output<'_>)) {
        self.opened = true;
        out(Output::Open {
            connection: self.id,
            client: self.ends[self.client],
            server: self.ends[1 - self.client],
            start: self.start,
            at: self.first,
        });
        for from in self.in_order() {
            self.tell_tunnels(from, out);
        }
    }

    fn tell_tunnels(&self, from: usize, out: &mut impl FnMut(Output<'_>)) {
        if let Some(tunnels) = self.tunnels[from].as_ref().filter(|tunnels| !tunnels.is_empty()) {
            out(Output::Tunnels { connection: self.id, from: self.side(from), tunnels });
        }
    }

    /// Opens what was waiting for a SYN.
    fn open_midstream(&mut self, out: &mut impl FnMut(Output<'_>)) {
        self.open(out);
        for direction in &mut self.directions {
            direction.start_with_lowest();
        }
    }

    /// Gives what is certain by now.
    pub(super) fn settle(&mut self, now: Time, room: &mut Room<'_>, out: &mut impl FnMut(Output<'_>)) -> Need {
        if !self.opened {
            let is_over = self.packets > room.limits.acknowledged_hole_packets
                || now.since(self.first.time) >= room.limits.acknowledged_hole_ns;
            if !is_over {
                return Need::Time;
            }
            self.open_midstream(out);
        }
        self.drain(room, out);
        let mut need = Need::Nothing;
        for from in self.in_order() {
            let (id, side) = (self.id, self.side(from));
            let direction = &mut self.directions[from];
            if direction.settle(self.packets, now, room, sink!(id, side, out)) {
                need = Need::Time;
            }
            if let Some(at) = direction.finished()
                && !direction.is_closed()
            {
                self.close_one(from, How::Fin, at, room, out);
            }
        }
        if let Some(Reset { from, at, position: Some(position), is_own: true, .. }) = self.reset
            && self.directions[from].is_done_at(position)
        {
            // Its sender has said all, and all of that is there. The other may still be heard.
            self.close_one(from, How::Rst, at, room, out);
        }
        if let Some(Reset { at, packets, .. }) = self.reset {
            // What the capture reordered may still follow.
            let is_over = self.packets.wrapping_sub(packets) >= room.limits.acknowledged_hole_packets
                || now.since(at.time) >= room.limits.acknowledged_hole_ns;
            if is_over && self.is_alive() {
                self.reset = None;
            } else if is_over {
                self.close(How::Rst, at, room, out);
            } else {
                need = Need::Time;
            }
        }
        if self.directions.iter().all(Direction::is_closed) { Need::Burial } else { need }
    }

    /// Delivers the buffered bytes that can be, of both directions in the order in which they were captured, so that
    /// a question comes before its answer.
    fn drain(&mut self, room: &mut Room<'_>, out: &mut impl FnMut(Output<'_>)) {
        loop {
            let from = match [self.directions[0].ready(), self.directions[1].ready()] {
                [None, None] => return,
                [Some(_), None] => 0,
                [None, Some(_)] => 1,
                [Some(one), Some(other)] => usize::from(other < one),
            };
            let (id, side) = (self.id, self.side(from));
            self.directions[from].give_ready(room, sink!(id, side, out));
        }
    }

    /// Ends the connection now, whatever it waits for. One that was reset is reported as that.
    pub(super) fn end(&mut self, how: How, at: Moment, room: &mut Room<'_>, out: &mut impl FnMut(Output<'_>)) {
        if !self.opened {
            self.open_midstream(out);
        }
        match self.reset.filter(|_| !self.is_alive()) {
            Some(Reset { at, .. }) => self.close(How::Rst, at, room, out),
            None => self.close(how, at, room, out),
        }
    }

    fn close(&mut self, how: How, at: Moment, room: &mut Room<'_>, out: &mut impl FnMut(Output<'_>)) {
        for direction in &mut self.directions {
            direction.start_with_lowest();
        }
        self.drain(room, out);
        for from in self.in_order() {
            let (id, side) = (self.id, self.side(from));
            self.directions[from].flush(room, sink!(id, side, out));
        }
        for from in self.in_order() {
            let direction = &self.directions[from];
            if !direction.is_closed() {
                let (how, at) = direction.finished().map_or((how, at), |at| (How::Fin, at));
                self.close_one(from, how, at, room, out);
            }
        }
    }

    fn close_one(&mut self, from: usize, how: How, at: Moment, room: &mut Room<'_>, out: &mut impl FnMut(Output<'_>)) {
        self.directions[from].close(room);
        let tcp = &self.facts(from);
        out(Output::Stream {
            connection: self.id,
            from: self.side(from),
            delivery: Delivery::Close { how, at, tcp: Some(tcp) },
        });
    }

    /// Whether the RST was somebody else's, and its sender went on: it said more than led up to the RST, or has heard what
    /// was not yet said then.
    fn is_alive(&self) -> bool {
        let Some(Reset { from, position, reach, .. }) = self.reset else { return false };
        let (own, peer) = (&self.directions[from], &self.directions[1 - from]);
        if own.is_closed() {
            return false;
        }
        let leads_up = |position: u64| position == own.reach() || position == own.reach() + 1;
        own.reach() > reach[from] && !position.is_some_and(leads_up) || peer.acknowledged() > reach[1 - from]
    }

    fn facts(&self, from: usize) -> TcpFacts {
        self.health.facts(from, self.reset.map(|reset| (self.side(reset.from), reset.at)))
    }
}

/// Which end is the client, when `first` is the one that spoke first.
fn guess_client(ends: &[SocketAddr; 2], first: usize) -> usize {
    let known = ends.map(|end| end.port() < 1024 || end.port() == 1935);
    // Systems give ports to clients from 32768 (Linux) or 49152 (RFC 6335) on.
    let low = ends.map(|end| end.port() < 32768);
    match (known, low) {
        ([true, false], _) | ([false, false], [true, false]) => 1,
        ([false, true], _) | ([false, false], [false, true]) => 0,
        _ => first,
    }
}
