//! One session: its requests in the order of their numbers, and the two streams that they carry.

mod numbers;
mod turns;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use super::exchange::{Exchange, Problem};
use super::request::{Path, Request};
use super::slot::Slot;
use super::{Give, Tunneled};
use crate::net::{ConnectionId, Delivery, How, Start, TcpFacts};
use crate::proto::http::{Head, Length};
use crate::wire::{Moment, Place, Side, Time};

/// Requests that were not answered, and numbers that were given up, that are remembered. Clients send one again at once, if at all.
const REMEMBERED: usize = 16;

/// The most that a message without its head may miss and be no more than a polling byte, or an idle request: heads differ by some digits.
const NOTHING: u64 = 3;

/// How a direction ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) how: How,
    pub(super) at: Moment,
    pub(super) tcp: Option<Box<TcpFacts>>,
}

/// A request without an answer.
#[derive(Debug)]
struct Unanswered {
    number: u64,
    /// How many bytes of its body were there, and how many were not.
    bytes: u64,
    left: u64,
}

/// A session.
#[derive(Debug)]
pub(super) struct Tunnel {
    number: u32,
    /// Its key: server and id.
    pub(super) server: SocketAddr,
    pub(super) id: Box<str>,
    start: Start,
    /// Requests in their order, from the oldest that is not over.
    slots: VecDeque<Slot>,
    next_slot: u32,
    /// By side: which of them adds to its stream now.
    at: [usize; 2],
    /// Requests whose numbers are too high, until those before them come.
    ahead: BTreeMap<u64, Slot>,
    /// The number that comes next.
    expected: Option<u64>,
    unanswered: VecDeque<Unanswered>,
    /// Runs of numbers that were given up: the first, and the one behind the last.
    given_up: VecDeque<(u64, u64)>,
    /// By side: bytes of its stream so far, and whether it was told that it heard the other.
    offsets: [u64; 2],
    heard: [bool; 2],
    /// By side: bytes that are missing before the next one.
    owed: [u64; 2],
    /// Bodies of the session so far, and their bytes: what a missing one has is about their mean.
    bodies: [(u64, u64); 2],
    /// When the last response ended.
    answered: Option<Moment>,
    /// Open directions of the connections that carry it.
    pub(super) open: Vec<(ConnectionId, [bool; 2])>,
    /// How many connections carried it.
    connections: u32,
    /// The capture misses something of it.
    is_lossy: bool,
    ended: [Option<Ended>; 2],
    /// Its client ended it, or it never was one.
    pub(super) is_ending: bool,
    /// When something of it was captured last.
    pub(super) last: Moment,
    /// Without a connection, until when it waits for one, and whether it stands among those that do.
    pub(super) rests_until: Time,
    pub(super) is_resting: bool,
    /// Bytes of memory of what its lanes keep.
    pub(super) held: usize,
}

impl Tunnel {
    pub(super) fn new(number: u32, server: SocketAddr, id: &str, start: Start, at: Moment) -> Tunnel {
        Tunnel {
            number,
            server,
            id: id.into(),
            start,
            slots: VecDeque::new(),
            next_slot: 0,
            at: [0; 2],
            ahead: BTreeMap::new(),
            expected: None,
            unanswered: VecDeque::new(),
            given_up: VecDeque::new(),
            offsets: [0; 2],
            heard: [start == Start::Midstream; 2],
            owed: [0; 2],
            bodies: [(0, 0); 2],
            answered: None,
            open: Vec::new(),
            connections: 0,
            is_lossy: start == Start::Midstream,
            ended: [None, None],
            is_ending: false,
            last: at,
            rests_until: at.time,
            is_resting: false,
            held: 0,
        }
    }

    /// Says that both streams begin in the middle, where they do.
    pub(super) fn begin(&mut self, give: Give<'_>) {
        if self.start == Start::Midstream {
            for from in Side::BOTH {
                give(Tunneled::Stream { tunnel: self.number, from, delivery: Delivery::Joined });
            }
        }
    }

    /// A connection carries a part of it. Whether it is a further one.
    pub(super) fn join(&mut self, connection: ConnectionId) -> bool {
        if self.open.iter().any(|(id, _)| *id == connection) {
            return false;
        }
        self.open.push((connection, [true; 2]));
        self.connections += 1;
        self.connections > 1
    }

    /// Whether requests wait for numbers before theirs, and the lowest of these.
    pub(super) fn awaited(&self) -> Option<u64> {
        self.expected.filter(|_| !self.ahead.is_empty())
    }

    /// Whether a request's number is higher than the one that comes next.
    pub(super) fn is_ahead(&self, number: u64) -> bool {
        self.expected.is_some_and(|expected| number > expected)
    }

    /// A request begins; its slot. Numbers that are missing before it may still come where it `waits`, and are known to be in a hole
    /// where that is `explained`.
    pub(super) fn ask(
        &mut self,
        connection: ConnectionId,
        path: Path<'_>,
        head: &Head,
        [waits, explained]: [bool; 2],
        give: Give<'_>,
    ) -> u32 {
        let mut exchange = Exchange::new(Some(path.request), path.number, connection, head.first);
        exchange.reach(head.last);
        exchange.heads[0] = head.bytes;
        if head.length == Length::Unknown {
            exchange.problems.push(Problem::NoLength { from: Side::Client });
        }
        exchange.content_type[0].clone_from(&head.content_type);
        // While a response is under way, or may be missing, nobody waits.
        let is_idle = self.slots.iter().all(|slot| slot.lanes[1].is_done);
        exchange.waited = self.answered.filter(|_| is_idle).map(|answered| head.first.time.since(answered.time));
        let mut slot = self.slot(exchange);
        let id = slot.id;
        let Some(number) = path.number else {
            slot.exchange.problems.push(Problem::NoNumber);
            self.place(slot);
            return id;
        };
        let expected = self.expected.unwrap_or(number);
        if self.ahead.contains_key(&number) {
            slot.known = u64::MAX;
            slot.exchange.problems.push(Problem::SentAgain);
            self.place(slot);
            return id;
        }
        if number > expected && waits {
            self.ahead.insert(number, slot);
            return id;
        }
        if self.expected.is_none() && explained {
            // Its first requests may be among what is missing.
            let at = slot.exchange.at;
            for lane in &mut slot.lanes {
                self.held += lane.push(&Delivery::Gap { offset: 0, missing: 1, exact: false, captured: false, at });
            }
        }
        // Those that waited for the same numbers come first.
        while self.ahead.first_key_value().is_some_and(|(first, _)| *first < number) {
            self.give_up_numbers(give);
        }
        let expected = self.expected.unwrap_or(expected);
        if number > expected {
            self.jump(&mut slot, number, expected, explained, give);
        } else if number < expected {
            self.go_back(&mut slot, number, expected);
        }
        if !slot.is_outside {
            let is_again = slot.exchange.problems.contains(&Problem::SentAgain);
            let next = number.saturating_add(1);
            self.expected = Some(if is_again { expected.max(next) } else { next });
        }
        self.place(slot);
        self.follow(give);
        id
    }

    /// A request begins whose head is missing.
    pub(super) fn miss(&mut self, connection: ConnectionId, missing: u64, at: Moment) -> u32 {
        let mut exchange = Exchange::new(None, None, connection, at);
        exchange.certain = false;
        self.is_lossy = true;
        let mut slot = self.slot(exchange);
        slot.missed[0] = Some(missing);
        let id = slot.id;
        self.place(slot);
        id
    }

    /// A response begins, on a connection, to a request that is not there: before those to the others on it.
    pub(super) fn unasked(&mut self, connection: ConnectionId, at: Moment) -> u32 {
        let mut exchange = Exchange::new(None, None, connection, at);
        exchange.certain = false;
        self.is_lossy = true;
        let mut slot = self.slot(exchange);
        slot.lanes[0].is_done = true;
        let id = slot.id;
        let is_next = |other: &Slot| other.exchange.connection == connection && !other.lanes[1].is_done;
        let place = self.slots.iter().position(is_next).unwrap_or(self.slots.len()).max(self.at[1]);
        self.slots.insert(place, slot);
        if place < self.at[0] {
            self.at[0] += 1;
        }
        id
    }

    /// A request's response begins, with a head or behind a hole.
    pub(super) fn answer(&mut self, slot: u32, head: Option<&Head>, missing: Option<u64>, at: Moment) {
        self.last = at;
        self.is_lossy |= missing.is_some();
        if let Some(slot) = self.find(slot) {
            slot.answer(head);
            slot.missed[1] = missing;
        }
    }

    /// Bytes of a body.
    pub(super) fn body(
        &mut self,
        slot: u32,
        from: Side,
        bytes: (&[u8], Option<Place>),
        at: Moment,
        excess: bool,
        give: Give<'_>,
    ) {
        self.last = at;
        let (bytes, place) = bytes;
        self.pay_missed(slot, from, at, 0, give);
        let Some(found) = self.find(slot) else { return };
        let carried = found.body(from, bytes, at, excess);
        let skipped = (bytes.len() - carried.len()) as u64;
        let place = place.map(|place| Place { offset: place.offset + skipped, ..place });
        if !carried.is_empty() {
            self.add(slot, from, &Delivery::Bytes { offset: 0, bytes: carried, at, place }, give);
        }
    }

    /// Bytes of a body that are not in the capture.
    pub(super) fn hole(&mut self, slot: u32, from: Side, missing: u64, exact: bool, at: Moment, give: Give<'_>) {
        self.is_lossy = true;
        self.pay_missed(slot, from, at, 0, give);
        let Some(found) = self.find(slot) else { return };
        let missing = found.hole(from, missing);
        if missing > 0 {
            self.add(slot, from, &Delivery::Gap { offset: 0, missing, exact, captured: false, at }, give);
        }
    }

    /// A body is over.
    pub(super) fn end(&mut self, slot: u32, from: Side, whole: bool, left: u64, at: Moment, give: Give<'_>) {
        self.pay_missed(slot, from, at, NOTHING, give);
        let is_owed = |slot: &Slot| from == Side::Server || slot.exchange.request == Some(Request::Send);
        let Some(found) = self.find(slot) else { return };
        found.end(from, whole, left, at);
        let owed = if is_owed(found) && !found.is_outside && !whole { left } else { 0 };
        let (number, bytes) = (found.exchange.number, found.exchange.bytes_up);
        let (is_close, status) = (found.exchange.request == Some(Request::Close), found.exchange.status);
        if owed > 0 {
            self.owed[from.index()] = owed;
            // The server's end may come before the client's.
            let cut = self.unanswered.iter_mut().find(|it| from == Side::Client && Some(it.number) == number);
            if let Some(cut) = cut {
                (cut.bytes, cut.left) = (bytes, owed);
            }
        }
        if from == Side::Server {
            self.answered = Some(at);
            self.is_ending |= is_close && status == Some(200);
        }
        self.flow(give);
    }

    /// No response comes to a request.
    pub(super) fn unanswered(&mut self, slot: u32, certain: bool, give: Give<'_>) {
        let Some(found) = self.find(slot) else { return };
        found.exchange.problems.push(Problem::Unanswered);
        found.exchange.certain &= certain;
        let is_missed = !certain && !found.lanes[1].is_done && !found.is_outside;
        if is_missed {
            self.miss_response(slot);
        }
        let Some(found) = self.find(slot) else { return };
        found.lanes[1].is_done = true;
        let left = found.exchange.problems.iter().find_map(|problem| match problem {
            Problem::Cut { from: Side::Client, bytes } => Some(*bytes),
            _ => None,
        });
        if let Some(number) = found.exchange.number {
            let bytes = found.exchange.bytes_up;
            self.unanswered.push_back(Unanswered { number, bytes, left: left.unwrap_or(0) });
            if self.unanswered.len() > REMEMBERED {
                self.unanswered.pop_front();
            }
        }
        self.flow(give);
    }

    /// The response to a request may be missing: what follows it in the server's stream may begin anywhere. Where nothing follows, nothing
    /// is known to be missing.
    fn miss_response(&mut self, slot: u32) {
        let (at, side) = (self.last, Side::Server.index());
        let is_turn = self.slots.get(self.at[side]).is_some_and(|it| it.id == slot && it.lanes[side].is_empty());
        if is_turn {
            self.owed[side] = self.owed[side].max(1);
        } else if let Some(found) = self.find(slot) {
            self.held +=
                found.lanes[side].push(&Delivery::Gap { offset: 0, missing: 1, exact: false, captured: false, at });
        }
    }

    /// Goes on without what is missing of the oldest request.
    pub(super) fn give_up_oldest(&mut self, give: Give<'_>) {
        let at = self.last;
        let Some(slot) = self.slots.front_mut() else { return self.give_up_numbers(give) };
        slot.exchange.certain = false;
        if !slot.lanes[1].is_done && slot.exchange.status.is_none() {
            slot.exchange.problems.push(Problem::Unanswered);
        }
        let id = slot.id;
        for from in Side::BOTH {
            if self.slots.front().is_some_and(|slot| slot.id == id && !slot.lanes[from.index()].is_done) {
                self.add(id, from, &Delivery::Gap { offset: 0, missing: 1, exact: false, captured: false, at }, give);
                self.slots[0].lanes[from.index()].is_done = true;
            }
        }
        self.flow(give);
    }

    /// Requests that are kept.
    pub(super) fn len(&self) -> usize {
        self.slots.len() + self.ahead.len()
    }

    /// A direction of a connection that carries it is over, where it `ended`.
    pub(super) fn close(&mut self, connection: ConnectionId, from: Side, ended: Option<&Ended>) {
        let Some(ended) = ended else { return };
        let Some(place) = self.open.iter().position(|(id, _)| *id == connection) else { return };
        let sides = &mut self.open[place].1;
        if !std::mem::replace(&mut sides[from.index()], false) {
            return;
        }
        if *sides == [false; 2] {
            self.open.swap_remove(place);
        }
        self.ended[from.index()] = Some(ended.clone());
    }

    /// Nothing of it follows: both streams end. How, where no connection told.
    pub(super) fn finish(&mut self, how: How, at: Moment, give: Give<'_>) {
        while !self.ahead.is_empty() {
            self.give_up_numbers(give);
        }
        for slot in &mut self.slots {
            if !slot.lanes[1].is_done {
                slot.exchange.problems.push(Problem::Unanswered);
                slot.exchange.certain = false;
            }
            slot.lanes.iter_mut().for_each(|lane| lane.is_done = true);
        }
        self.flow(give);
        let is_one = self.connections == 1;
        let mut sides = Side::BOTH;
        sides.sort_by_key(|side| self.ended[side.index()].as_ref().map(|ended| ended.at.packet));
        for from in sides {
            let ended = self.ended[from.index()].as_ref().filter(|_| self.open.is_empty());
            let delivery = match ended {
                Some(Ended { how, at, tcp }) => {
                    Delivery::Close { how: *how, at: *at, tcp: tcp.as_deref().filter(|_| is_one) }
                }
                None => Delivery::Close { how, at, tcp: None },
            };
            give(Tunneled::Stream { tunnel: self.number, from, delivery });
        }
    }

    /// Bytes of memory that it takes, without what its lanes keep.
    pub(super) fn own(&self) -> usize {
        let slots: usize = self.slots.iter().chain(self.ahead.values()).map(Slot::own).sum();
        let ends =
            self.ended.iter().flatten().filter_map(|ended| ended.tcp.as_deref()).map(TcpFacts::memory).sum::<usize>();
        let room = (self.slots.capacity() - self.slots.len()) * size_of::<Slot>();
        let lists = self.open.capacity() * size_of::<(ConnectionId, [bool; 2])>()
            + self.unanswered.capacity() * size_of::<Unanswered>()
            + self.given_up.capacity() * size_of::<(u64, u64)>();
        size_of::<Tunnel>() + self.id.len() + slots + room + ends + lists
    }

    fn slot(&mut self, exchange: Exchange) -> Slot {
        self.last = exchange.at;
        let id = self.next_slot;
        self.next_slot = self.next_slot.wrapping_add(1);
        Slot::new(id, exchange)
    }

    fn place(&mut self, slot: Slot) {
        self.slots.push_back(slot);
    }
}
