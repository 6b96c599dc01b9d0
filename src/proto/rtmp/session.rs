//! One RTMP connection: two directions, each a handshake and then chunks, and the calls between them.

mod first;
mod opening;

use std::collections::VecDeque;

use self::first::First;
use super::blocks::Blocks;
use super::chunk::{Chunked, Chunks};
use super::detect::{Beginning, Foreign, Found, is_encrypted, is_version};
use super::handshake::{Echo, HALF, Handshake, PeerBlock};
use super::{Answer, Body, Head, Message, Reason};
use crate::limits::{Limits, Reached};
use crate::net::{Delivery, How, Start, TcpFacts};
use crate::proto::opening::Begin;
use crate::proto::stream::{Consumer, Sink};
use crate::proto::{Attempts, Close, Deviation, Event, Gap, Incomplete, Resync, Undecodable, Why};
use crate::wire::{Moment, Side, Time};

/// An RTMP session. Told of bytes, holes and ends; gives events.
#[derive(Debug)]
pub struct Session {
    session: u32,
    is_from_syn: bool,
    /// What follows the handshake is in clear, whatever its versions say.
    is_clear: bool,
    directions: [Direction; 2],
    limits: Limits,
    chunked: Vec<Chunked>,
}

#[derive(Debug)]
struct Direction {
    /// Bytes before C0 that are not RTMP's.
    skip: u64,
    handshake: Half,
    chunks: Chunks,
    /// This side's C1 or S1.
    block: Option<PeerBlock>,
    /// This side's C2 or S2, until the block that it answers is known (packets may come in another order than they were
    /// sent in), and until its place is certain.
    early_echo: Option<Handshake>,
    /// What tells where its blocks lie, until its first chunk is known.
    blocks: Option<Blocks>,
    shown: Shown,
    /// How much looking was done for where its chunks begin, and before that was known.
    looked: u64,
    /// It may have had a byte of the other side, so that what it sends may answer that.
    heard: bool,
    /// Calls of this side that wait for an answer, oldest first.
    calls: VecDeque<Call>,
    bytes: u64,
    messages: u64,
    /// Bytes of no chunk stream that can be read: encrypted ones, or another protocol's.
    opaque: u64,
    /// What it says in C0 or S0.
    version: Option<u8>,
    /// Its first bytes are missing, and a PROXY protocol header may have been among them: where its handshake lies is not
    /// certain until its C2 is what it should be, or chunks are found right behind it.
    is_doubtful: bool,
    /// Its first bytes, until they tell whether it speaks RTMP; none once they told.
    start: Option<First>,
    /// C0 or S0 was left out: 1 byte is missing before its first one.
    left_out: u64,
    /// Its first bytes are from somewhere in the middle, though the session's beginning was captured: that is to be said.
    is_joined: bool,
    /// It speaks another protocol.
    foreign: Option<Foreign>,
    closed: bool,
}

/// A direction's half of the handshake, as far as it came.
#[derive(Debug, Default)]
struct Half {
    /// Bytes of the direction that belong to the handshake and have passed.
    passed: u64,
    /// The step under way.
    bytes: Vec<u8>,
    first: Moment,
    last: Moment,
}

/// What was told of a side's handshake, and what waits for its first chunk.
#[derive(Debug, Default)]
struct Shown {
    block: bool,
    echo: bool,
    /// Its C1 or S1 has a valid digest.
    is_signed: bool,
    /// Its C2 or S2 answers the other side's block, at the place where it belongs.
    is_right: bool,
    /// Its C1 or S1 may have bytes of the block behind it.
    late_block: Option<(Handshake, PeerBlock)>,
    /// The early echo may be right elsewhere.
    is_held: bool,
    /// Its C1 or S1 is too short to be told.
    is_odd: bool,
}

#[derive(Debug)]
struct Call {
    transaction_id: f64,
    n: u64,
    time: Time,
}

/// What may come of a packet before its memory is given back.
const ROOM: usize = 4;

/// Bytes of the shortest PROXY protocol header: `PROXY UNKNOWN` and the end of its line.
const PROXY_HEADER: u64 = 15;

impl Direction {
    /// Where in its bytes this place is, counted from C0 or S0.
    fn offset(&self, place: u64) -> u64 {
        self.skip + place - self.left_out
    }

    /// Whether what stands where C2 should is that, by what it is to the peer's S1.
    fn is_believed(&mut self, echo: Option<Echo>) -> bool {
        self.is_doubtful &= !matches!(echo, Some(Echo::Exact | Echo::Random | Echo::Signature));
        !self.is_doubtful
    }

    /// Where the chunks begin is as doubtful as where the handshake does.
    fn end_handshake(&mut self, at: Moment) {
        if self.is_doubtful && self.handshake.passed == HALF {
            self.chunks.gap(0, true, at, &mut Vec::new());
        }
    }
}

impl Consumer for Session {
    fn take(&mut self, from: Side, delivery: &Delivery<'_>, out: &mut Sink<'_>) {
        match *delivery {
            Delivery::Joined => self.join(from),
            Delivery::Heard => self.directions[from.index()].heard = true,
            Delivery::Bytes { bytes, at, .. } => self.bytes(from, bytes, at, out),
            Delivery::Gap { .. } => self.gap(from, delivery, out),
            Delivery::Close { how, at, tcp } => self.close(from, how, at, tcp, out),
        }
    }

    fn held(&self) -> usize {
        let side = |direction: &Direction| {
            let blocks = direction.blocks.as_ref().map_or(0, Blocks::held);
            direction.chunks.held() + blocks + direction.calls.capacity() * size_of::<Call>()
        };
        self.directions.iter().map(side).sum::<usize>() + self.chunked.capacity() * size_of::<Chunked>()
    }

    fn own(&self) -> usize {
        let side = |direction: &Direction| {
            let late = direction.shown.late_block.as_ref();
            let blocks = direction.block.iter().chain(late.map(|(_, block)| block)).map(|block| block.bytes().len());
            let steps = direction.early_echo.iter().chain(late.map(|(step, _)| step)).map(|step| step.bytes.len());
            let start = direction.start.as_ref().map_or(0, First::held);
            direction.handshake.bytes.capacity() + start + blocks.chain(steps).sum::<usize>()
        };
        size_of::<Session>() + self.directions.iter().map(side).sum::<usize>()
    }

    fn is_over(&self) -> bool {
        self.directions.iter().all(|direction| direction.closed)
    }

    fn work(&self) -> u64 {
        self.directions.iter().map(|direction| direction.looked + direction.chunks.work()).sum()
    }

    fn shed(&mut self, at: Moment, out: &mut Sink<'_>) {
        for from in Side::BOTH {
            self.release(from, out.events);
            let mut chunked = std::mem::take(&mut self.chunked);
            let direction = &mut self.directions[from.index()];
            direction.calls = VecDeque::new();
            if direction.chunks.held() > 0 && !direction.closed {
                direction.chunks.shed(at, &mut chunked);
            }
            self.give(from, &mut chunked, out);
            self.put_back(chunked);
        }
    }
}

impl Session {
    pub fn new(begin: &Begin<'_>, found: &Found) -> Self {
        let Begin { session, start, limits, is_deciphered, .. } = *begin;
        let direction = |skip: u64| Direction {
            skip,
            handshake: Half::default(),
            chunks: Chunks::new(skip + HALF, limits),
            block: None,
            early_echo: None,
            blocks: Some(Blocks::default()),
            shown: Shown::default(),
            looked: 0,
            heard: start == Start::Midstream,
            calls: VecDeque::new(),
            bytes: 0,
            messages: 0,
            opaque: 0,
            version: None,
            is_doubtful: false,
            start: Some(First::default()),
            left_out: 0,
            is_joined: false,
            foreign: None,
            closed: false,
        };
        let directions = [direction(found.skip as u64), direction(0)];
        let is_from_syn = start == Start::Syn;
        let mut it = Session {
            session,
            is_from_syn,
            is_clear: found.is_clear || is_deciphered,
            directions,
            limits: limits.clone(),
            chunked: Vec::new(),
        };
        for from in Side::BOTH.into_iter().filter(|from| found.midstream[from.index()]) {
            it.join(from);
        }
        it
    }

    /// What follows of a side is from somewhere in the middle: what comes first says nothing of the protocol, and its
    /// handshake, should there be some of it, is not at any known place.
    fn join(&mut self, from: Side) {
        let direction = &mut self.directions[from.index()];
        if direction.bytes == 0 {
            direction.skip = 0;
            direction.start = None;
            direction.is_joined = self.is_from_syn;
            direction.handshake.passed = HALF;
            direction.blocks = None;
            direction.chunks = Chunks::midstream(0, &self.limits);
        }
    }

    /// A side's version. Where its own is missing, the other's tells.
    fn version(&self, from: Side) -> Option<u8> {
        let of = |side: Side| self.directions[side.index()].version;
        of(from).or(of(from.other()))
    }

    /// Whether RTMPE is spoken: the client asks for it, and the server does not answer with another version, and goes on so.
    fn is_encrypted(&self) -> bool {
        let mut versions = self.directions.iter().filter_map(|direction| direction.version).peekable();
        !self.is_clear && versions.peek().is_some() && versions.all(is_encrypted)
    }

    /// The next bytes of one side.
    fn bytes(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut Sink<'_>) {
        let direction = &mut self.directions[from.index()];
        if std::mem::take(&mut direction.is_joined) {
            let (session, reason) = (self.session, Reason::Joined);
            out.events.push_back(Event::Undecodable(Undecodable { session, from, offset: 0, at, reason }));
        }
        direction.bytes += bytes.len() as u64;
        let skip = direction.skip.saturating_sub(direction.bytes - bytes.len() as u64).min(bytes.len() as u64);
        let bytes = &bytes[skip as usize..];
        let Some(first) = bytes.first() else { return };
        let Some(mut start) = direction.start.take().filter(|start| !start.is_empty() || !is_version(*first)) else {
            return self.decode(from, bytes, at, out);
        };
        start.push(bytes, at);
        match Beginning::of(&start.bytes, from, false) {
            Beginning::Open => direction.start = Some(start),
            beginning => self.begin_with(from, &start, beginning, out),
        }
    }

    /// Bytes of which is known whether they are RTMP's.
    fn decode(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut Sink<'_>) {
        let mut bytes = bytes;
        let direction = &mut self.directions[from.index()];
        if direction.foreign.is_some() {
            direction.opaque += bytes.len() as u64;
            return;
        }
        if self.place(from, bytes, at, out) {
            return;
        }
        if self.directions[from.index()].handshake.passed < HALF {
            let used = self.handshake(from, bytes, at, out.events);
            bytes = &bytes[used..];
            self.directions[from.index()].end_handshake(at);
        }
        if bytes.is_empty() {
            return;
        }
        if self.is_encrypted() {
            self.directions[from.index()].opaque += bytes.len() as u64;
            return;
        }
        self.chunk_bytes(from, bytes, at, out);
    }

    /// Bytes of the chunk stream.
    fn chunk_bytes(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut Sink<'_>) {
        let peer = self.directions[from.other().index()].chunks.announced();
        let mut chunked = std::mem::take(&mut self.chunked);
        let chunks = &mut self.directions[from.index()].chunks;
        chunks.hear(peer);
        chunks.push(bytes, at, &mut chunked);
        self.give(from, &mut chunked, out);
        self.put_back(chunked);
    }

    /// Bytes of one side are not in the capture, or nothing opens them.
    fn gap(&mut self, from: Side, gap: &Delivery<'_>, out: &mut Sink<'_>) {
        let Delivery::Gap { missing, exact, captured, at, .. } = *gap else { return };
        let mut chunked = std::mem::take(&mut self.chunked);
        let is_encrypted = self.is_encrypted();
        let direction = &mut self.directions[from.index()];
        let is_first = direction.bytes == 0 && direction.handshake.passed == 0;
        direction.is_doubtful |= from == Side::Client && is_first && missing >= PROXY_HEADER;
        direction.is_doubtful |= !exact && direction.handshake.passed < HALF;
        direction.bytes += missing;
        direction.opaque += if captured { missing } else { 0 };
        match direction.start.take().filter(|start| !start.is_empty()) {
            Some(start) if start.len() < Foreign::TOLD_BY => {
                self.handshake(from, &start.bytes, at, out.events);
            }
            Some(start) => self.begin_with(from, &start, Beginning::of(&start.bytes, from, true), out),
            None => {}
        }
        self.miss_blocks(from, missing, out.events);
        let direction = &mut self.directions[from.index()];
        let half = &mut direction.handshake;
        let survived = if direction.foreign.is_some() {
            true
        } else if half.passed < HALF {
            // The handshake's length is known: bytes missing inside it move nothing.
            let inside = missing.min(HALF - half.passed);
            half.passed += inside;
            half.bytes.clear();
            direction.end_handshake(at);
            missing == inside || direction.chunks.gap(missing - inside, exact, at, &mut chunked)
        } else {
            is_encrypted || direction.chunks.gap(missing, exact, at, &mut chunked)
        };
        out.events.extend(Gap::of(self.session, from, gap, survived).map(Event::Gap));
        self.give(from, &mut chunked, out);
        self.put_back(chunked);
    }

    /// One side ended.
    fn close(&mut self, from: Side, how: How, at: Moment, tcp: Option<&TcpFacts>, out: &mut Sink<'_>) {
        let why = if how == How::EndOfCapture { Why::EndOfCapture } else { Why::Closed };
        let start = &mut self.directions[from.index()].start;
        if let Some(start) = start.take_if(|start| start.len() >= Foreign::TOLD_BY) {
            self.begin_with(from, &start, Beginning::of(&start.bytes, from, true), out);
        }
        self.find_last_chunks(from, out);
        for side in Side::BOTH {
            self.give_early_echo(side, out.events);
        }
        let mut chunked = std::mem::take(&mut self.chunked);
        self.directions[from.index()].chunks.finish(why, &mut chunked);
        self.give(from, &mut chunked, out);
        self.put_back(chunked);
        self.release(from, out.events);
        self.give_early_echo(from, out.events);
        let direction = &mut self.directions[from.index()];
        direction.closed = true;
        direction.opaque += direction.early_echo.take().map_or(0, |event| event.bytes.len() as u64);
        let last = self.directions.iter().all(|direction| direction.closed);
        let direction = &self.directions[from.index()];
        out.events.push_back(Event::Close(Close {
            session: self.session,
            from,
            how,
            at,
            bytes: direction.bytes,
            messages: direction.messages,
            undecoded: direction.chunks.undecoded()
                + direction.opaque
                + direction.handshake.bytes.len() as u64
                + direction.start.as_ref().map_or(0, |start| start.len() as u64),
            tcp: tcp.map(|tcp| Box::new(tcp.clone())),
            last,
            attempts: Attempts::default(),
            strangers: Vec::new(),
            frames: Vec::new(),
        }));
    }

    /// Keeps the room for the next messages, unless these were many: a thousand sessions have such room each.
    fn put_back(&mut self, chunked: Vec<Chunked>) {
        if chunked.capacity() <= ROOM {
            self.chunked = chunked;
        }
    }

    fn give(&mut self, from: Side, chunked: &mut Vec<Chunked>, out: &mut Sink<'_>) {
        self.settle(from, chunked, out.events);
        for chunked in chunked.drain(..) {
            if let Chunked::Message(Head { offset: HALF, .. }, _) | Chunked::Resync { offset: HALF, .. } = chunked {
                // They were looked for, and are where they should be: so is what is before them.
                self.directions[from.index()].is_doubtful = false;
            }
            let event = match chunked {
                Chunked::Message(head, payload) => {
                    self.give_blind_echo(from, out.events);
                    let mut message = Message::decode(self.session, from, head, payload, &self.limits);
                    if let Some(limit) = message.limit {
                        out.reached.count(limit);
                    }
                    *out.messages += 1;
                    message.n = *out.messages;
                    self.directions[from.index()].messages += 1;
                    self.pair(&mut message, out.reached);
                    Event::Message(message)
                }
                Chunked::Incomplete { head, received, why } => {
                    Event::Incomplete(Incomplete { session: self.session, from, head, received, why })
                }
                Chunked::Resync { offset, skipped, at } => {
                    Event::Resync(Resync { session: self.session, from, offset, skipped, at })
                }
                Chunked::Undecodable { offset, at, reason } => {
                    Event::Undecodable(Undecodable { session: self.session, from, offset, at, reason })
                }
                Chunked::Deviation { offset, at, mistake } => {
                    Event::Deviation(Deviation { session: self.session, from, offset, at, mistake })
                }
                Chunked::Reached(limit) => {
                    out.reached.count(limit);
                    continue;
                }
            };
            out.events.push_back(event);
        }
        let is_answer = self.directions[from.other().index()].block.is_some();
        if is_answer && !self.directions[from.index()].is_doubtful {
            self.give_early_echo(from, out.events);
        }
    }

    /// Remembers a call; finds the call of an answer. Source: RTMP 1.0 §7.2.
    fn pair(&mut self, message: &mut Message, reached: &mut Reached) {
        let Body::Command(command) = &message.body else { return };
        let Some(transaction_id) = command.transaction_id else { return };
        if command.is_answer() {
            let calls = &mut self.directions[message.from.other().index()].calls;
            let Some(place) = calls.iter().position(|call| call.transaction_id == transaction_id) else { return };
            if let Some(call) = calls.remove(place) {
                message.answers = Some(Answer { n: call.n, latency: message.head.last.time.since(call.time) });
            }
        } else if transaction_id != 0.0 && command.name != "onStatus" {
            let calls = &mut self.directions[message.from.index()].calls;
            if calls.len() >= self.limits.pending_calls {
                reached.pending_calls += 1;
                calls.pop_front();
            }
            calls.push_back(Call { transaction_id, n: message.n, time: message.head.last.time });
        }
    }
}
