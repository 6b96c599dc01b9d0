//! The two directions of a connection together: which response answers which request.

use std::collections::VecDeque;

use super::head::{Head, Length, Start};
use super::stream::{Piece, Step, Stream};
use crate::limits::{Limits, Reached};
use crate::net::{Delivery, How, Kept, TcpFacts};
use crate::wire::{Moment, Place, Side};

/// What a connection says. A message is named by the number of its request, from 0 in the order in which requests became
/// known; it is a request's where `from` is the client.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// A request or a response begins.
    Head { number: u64, from: Side, head: &'a Head },
    /// A message of which the head was not captured begins: about `missing` bytes of its body are not
    /// there.
    Missed { number: u64, from: Side, missing: u64, at: Moment },
    /// A response follows to a request that is not in the capture.
    Unasked { number: u64 },
    /// No response to a request comes, or it is not in the capture. `certain` where the capture misses nothing of the connection.
    Unanswered { number: u64, at: Moment, certain: bool },
    /// Bytes of a body. Those in `excess` stand behind its end, as its head says it, where the next head should be.
    Body { number: u64, from: Side, bytes: &'a [u8], at: Moment, place: Option<Place>, excess: bool },
    /// Bytes of a body that are not in the capture.
    Hole { number: u64, from: Side, missing: u64, exact: bool, at: Moment },
    /// A body is over: at its end, or because nothing more of it comes, with so many bytes left where that is known. Where it is `whole`
    /// all the same, its head claims so many too many: the next one stands in their place.
    End { number: u64, from: Side, whole: bool, left: u64, at: Moment },
    /// A direction is over.
    Closed { from: Side, how: How, at: Moment, tcp: Option<&'a TcpFacts> },
}

/// A request that waits for its response.
#[derive(Clone, Copy, Debug)]
struct Asked {
    number: u64,
    /// Its first packet, or where it was missed, the one before it.
    at: Moment,
    /// Its response has no body, whatever its head says.
    is_bodiless: bool,
}

/// The message that a direction is in.
#[derive(Clone, Copy, Debug)]
struct Current {
    number: u64,
    /// It is over, by its head; or its head is missing.
    is_over: bool,
    is_missed: bool,
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    streams: [Stream; 2],
    current: [Option<Current>; 2],
    asked: VecDeque<Asked>,
    next: u64,
    /// What the server said before its request was read: it may wait behind a hole in the client's direction.
    waiting: VecDeque<Kept>,
    waiting_bytes: usize,
    /// The last captured packet of the client's.
    client_last: Moment,
    /// Heads may be missing.
    is_lossy: bool,
    closed: [bool; 2],
    /// Requests that were under way at a time, the most.
    depth: usize,
    waiting_most: usize,
    pipelined_most: usize,
}

/// Where what is told goes.
type Give<'g> = &'g mut dyn FnMut(Told<'_>);

impl Connection {
    pub fn new(limits: &Limits) -> Connection {
        Connection {
            streams: Side::BOTH.map(|side| Stream::new(side, limits.http_head_bytes.max(16))),
            current: [None; 2],
            asked: VecDeque::new(),
            next: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            client_last: Moment::default(),
            is_lossy: false,
            closed: [false; 2],
            depth: 1,
            waiting_most: limits.http_waiting_bytes,
            pipelined_most: limits.http_pipelined.max(1),
        }
    }

    /// Takes the next thing that a direction tells.
    pub fn take(&mut self, from: Side, delivery: &Delivery<'_>, reached: &mut Reached, give: Give<'_>) {
        match from {
            Side::Client => {
                self.client(delivery, reached, give);
                self.resume(give);
            }
            Side::Server if self.waiting.is_empty() => self.server(delivery, give),
            Side::Server => self.keep(Kept::of(delivery)),
        }
        if self.waiting_bytes > self.waiting_most {
            reached.http_waiting_bytes += 1;
            self.stop_waiting(give);
        }
    }

    /// Takes what waits for its request as it is.
    pub fn stop_waiting(&mut self, give: Give<'_>) {
        while !self.waiting.is_empty() {
            self.unasked(give);
            self.resume(give);
        }
    }

    /// Gives up heads that are under way: their bytes are told as what stands between two messages.
    pub fn shed(&mut self, at: Moment, give: Give<'_>) {
        for from in Side::BOTH {
            let Some(kept) = self.streams[from.index()].shed() else { continue };
            self.is_lossy = true;
            self.told(from, Step::Stray { kept, bytes: 0 }, Piece { bytes: &[], at, place: None }, give);
        }
    }

    /// Bytes of memory that it takes beside itself.
    pub fn held(&self) -> usize {
        let room = (self.waiting.capacity() - self.waiting.len()) * size_of::<Kept>();
        self.waiting_bytes
            + room
            + self.asked.capacity() * size_of::<Asked>()
            + self.streams.iter().map(Stream::held).sum::<usize>()
    }

    /// Bytes in which heads were looked for.
    pub fn work(&self) -> u64 {
        self.streams.iter().map(|stream| stream.looked).sum()
    }

    fn keep(&mut self, kept: Kept) {
        self.waiting_bytes += kept.memory() + size_of::<Kept>();
        self.waiting.push_back(kept);
    }

    fn resume(&mut self, give: Give<'_>) {
        while !self.waiting.is_empty() && self.is_answerable() {
            let Some(kept) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= kept.memory() + size_of::<Kept>();
            let before = self.waiting.len();
            self.server(&kept.lend(), give);
            // What is left of it goes where it was.
            if self.waiting.len() > before
                && let Some(rest) = self.waiting.pop_back()
            {
                self.waiting.push_front(rest);
                return;
            }
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }

    /// Whether what the server says next can be read: a response begins when its request is known.
    fn is_answerable(&self) -> bool {
        !self.streams[1].is_between() && self.current[1].is_some() || !self.asked.is_empty() || self.closed[0]
    }

    fn client(&mut self, delivery: &Delivery<'_>, reached: &mut Reached, give: Give<'_>) {
        match *delivery {
            Delivery::Joined => self.join(Side::Client),
            Delivery::Heard => {}
            Delivery::Bytes { bytes, at, place, .. } => {
                let mut piece = Piece { bytes, at, place };
                while !piece.bytes.is_empty() {
                    let (used, step) = self.streams[0].step(piece);
                    if let Step::Head(head) = &step {
                        if self.asked.len() >= self.pipelined_most {
                            reached.http_pipelined += 1;
                            self.is_lossy = true;
                            self.unanswered(at, give);
                        }
                        self.end_stray(Side::Client, head.first, give);
                        let is_bodiless = matches!(&head.start, Start::Request { method, .. } if **method == *"HEAD");
                        self.ask(head.first, is_bodiless);
                    }
                    self.told(Side::Client, step, piece, give);
                    piece = piece.skip(used);
                }
                self.client_last = at;
            }
            Delivery::Gap { missing, exact, at, .. } => self.gap(Side::Client, missing, exact, at, give),
            Delivery::Close { how, at, tcp } => self.close(Side::Client, how, at, tcp, give),
        }
    }

    fn server(&mut self, delivery: &Delivery<'_>, give: Give<'_>) {
        match *delivery {
            Delivery::Joined => self.join(Side::Server),
            Delivery::Heard => {}
            Delivery::Bytes { offset, bytes, at, place } => {
                let mut piece = Piece { bytes, at, place };
                while !piece.bytes.is_empty() {
                    let is_line_end = matches!(piece.bytes[0], b'\r' | b'\n');
                    if self.streams[1].is_between() && !is_line_end && !self.is_answerable() {
                        let offset = offset + (bytes.len() - piece.bytes.len()) as u64;
                        let Piece { bytes, at, place } = piece;
                        self.keep(Kept::of(&Delivery::Bytes { offset, bytes, at, place }));
                        return;
                    }
                    let (used, step) = self.streams[1].step(piece);
                    let mut is_bodiless = false;
                    if let Step::Head(head) = &step {
                        self.end_stray(Side::Server, head.first, give);
                        if (100..200).contains(&head.status()) {
                            piece = piece.skip(used);
                            continue;
                        }
                        is_bodiless = self.answer(head.first, give);
                    }
                    self.told(Side::Server, step, piece, give);
                    if is_bodiless && self.streams[1].is_inside() {
                        self.streams[1].has_no_body();
                        self.end(Side::Server, true, at, give);
                    }
                    piece = piece.skip(used);
                }
            }
            Delivery::Gap { .. } if self.streams[1].is_between() && !self.is_answerable() => {
                self.keep(Kept::of(delivery));
            }
            Delivery::Gap { missing, exact, at, .. } => self.gap(Side::Server, missing, exact, at, give),
            Delivery::Close { .. } if !self.closed[0] && !self.waiting.is_empty() => self.keep(Kept::of(delivery)),
            Delivery::Close { how, at, tcp } => self.close(Side::Server, how, at, tcp, give),
        }
    }

    fn join(&mut self, from: Side) {
        self.is_lossy = true;
        self.streams[from.index()].join();
    }

    fn ask(&mut self, at: Moment, is_bodiless: bool) -> u64 {
        let number = self.next;
        self.next += 1;
        self.asked.push_back(Asked { number, at, is_bodiless });
        self.current[0] = Some(Current { number, is_over: false, is_missed: false });
        number
    }

    /// The oldest request gets no response.
    fn unanswered(&mut self, at: Moment, give: Give<'_>) {
        if let Some(Asked { number, .. }) = self.asked.pop_front() {
            let certain = !self.is_lossy;
            give(Told::Unanswered { number, at, certain });
        }
    }

    /// A response comes to a request that is not in the capture.
    fn unasked(&mut self, give: Give<'_>) {
        let number = self.next;
        self.next += 1;
        self.asked.push_front(Asked { number, at: Moment::default(), is_bodiless: false });
        give(Told::Unasked { number });
    }

    /// A response begins: which request is answered. Whether it has no body, whatever its head says.
    ///
    /// They come in the order of their requests. Where heads are missing that is not enough: no response was captured before
    /// its request, and no more requests are under way at a time than were when all was there.
    fn answer(&mut self, at: Moment, give: Give<'_>) -> bool {
        let under_way = self.asked.iter().take_while(|asked| asked.at.packet < at.packet).count();
        if self.is_lossy {
            for _ in self.depth..under_way {
                self.unanswered(at, give);
            }
            if under_way == 0 {
                self.unasked(give);
            }
        } else {
            self.depth = self.depth.max(under_way);
        }
        if self.asked.is_empty() {
            self.unasked(give);
        }
        let Some(asked) = self.asked.pop_front() else { return false };
        self.current[1] = Some(Current { number: asked.number, is_over: false, is_missed: false });
        asked.is_bodiless
    }

    /// What was of a message without a head, or behind a body's end, is over: a head was found.
    fn end_stray(&mut self, from: Side, at: Moment, give: Give<'_>) {
        if self.current[from.index()].is_some_and(|current| !current.is_over) {
            self.end(from, true, at, give);
        }
    }

    fn end(&mut self, from: Side, whole: bool, at: Moment, give: Give<'_>) {
        let left = if whole { 0 } else { self.streams[from.index()].left() };
        self.end_with(from, whole, left, at, give);
    }

    fn end_with(&mut self, from: Side, whole: bool, left: u64, at: Moment, give: Give<'_>) {
        if let Some(current) = self.current[from.index()].as_mut().filter(|current| !current.is_over) {
            current.is_over = true;
            give(Told::End { number: current.number, from, whole, left, at });
        }
    }

    /// Tells a step.
    fn told(&mut self, from: Side, step: Step, piece: Piece<'_>, give: Give<'_>) {
        let Some(Current { number, is_over, is_missed }) = self.current[from.index()] else { return };
        let mut body = |piece: Piece<'_>, excess: bool| {
            let Piece { bytes, at, place } = piece;
            if !bytes.is_empty() {
                give(Told::Body { number, from, bytes, at, place, excess });
            }
        };
        match step {
            Step::Nothing => {}
            Step::Head(head) => {
                give(Told::Head { number, from, head: &head });
                if head.length == Length::Bytes(0) {
                    self.end(from, true, head.last, give);
                }
            }
            Step::Body { bytes, ends } => {
                body(piece.first(bytes), false);
                if ends {
                    self.end(from, true, piece.at, give);
                }
            }
            Step::Stray { kept, bytes } => {
                let excess = is_over && !is_missed;
                kept.pieces().for_each(|piece| body(piece, excess));
                body(piece.first(bytes), excess);
            }
            Step::End => self.end(from, true, piece.at, give),
            Step::Early => {
                let left = self.streams[from.index()].left();
                self.end_with(from, true, left, piece.at, give);
                self.streams[from.index()].has_no_body();
            }
        }
    }

    fn gap(&mut self, from: Side, missing: u64, exact: bool, at: Moment, give: Give<'_>) {
        let current = self.current[from.index()];
        let hole = self.streams[from.index()].gap(missing, exact);
        if let Some(Current { number, is_over: false, .. }) = current {
            if hole.inside > 0 {
                give(Told::Hole { number, from, missing: hole.inside, exact: exact || hole.whole, at });
            }
            if hole.ends {
                self.end(from, hole.whole, at, give);
            }
        }
        if !hole.is_lost {
            return;
        }
        self.is_lossy = true;
        // One head at least.
        let missing = hole.outside.saturating_sub(self.streams[from.index()].head_length);
        if let Some(Current { number, is_over: false, is_missed: true }) = self.current[from.index()] {
            give(Told::Hole { number, from, missing: hole.outside.max(1), exact: false, at });
            return;
        }
        let number = match from {
            Side::Client => self.ask(self.client_last, false),
            Side::Server => {
                if self.asked.is_empty() {
                    self.unasked(give);
                }
                self.asked.pop_front().map_or(0, |asked| asked.number)
            }
        };
        self.current[from.index()] = Some(Current { number, is_over: false, is_missed: true });
        give(Told::Missed { number, from, missing, at });
    }

    fn close(&mut self, from: Side, how: How, at: Moment, tcp: Option<&TcpFacts>, give: Give<'_>) {
        let stream = &self.streams[from.index()];
        if stream.is_inside() {
            self.end(from, stream.is_until_close(), at, give);
        }
        let kept = self.streams[from.index()].finish();
        let nothing = Piece { bytes: &[], at, place: None };
        self.told(from, Step::Stray { kept, bytes: 0 }, nothing, give);
        self.end(from, true, at, give);
        self.closed[from.index()] = true;
        self.is_lossy |= matches!(how, How::Timeout | How::EndOfCapture);
        while self.closed[1] && !self.asked.is_empty() {
            self.unanswered(at, give);
        }
        give(Told::Closed { from, how, at, tcp });
    }
}
