//! One RTMP connection: two directions, each a handshake and then chunks, and the calls between them.

use std::collections::VecDeque;

use super::chunk::{Chunked, Chunks};
use super::detect::{Foreign, Found, hides_signature, is_encrypted, is_version};
use super::handshake::{Echo, HALF, Handshake, HandshakeFacts, PeerBlock, Step};
use super::{Answer, Body, Head, Message, Mistake, Reason};
use crate::limits::{Limits, Reached};
use crate::net::{How, Start, TcpFacts};
use crate::proto::{Attempts, Close, Deviation, Event, Gap, Incomplete, Resync, Undecodable, Why};
use crate::wire::{Moment, Side, Time};

/// Where a session puts what it says, and what all sessions count together.
pub struct Sink<'s> {
    pub events: &'s mut VecDeque<Event>,
    /// Messages so far: the last one's number.
    pub messages: &'s mut u64,
    pub reached: &'s mut Reached,
}

/// An RTMP session. Told of bytes, holes and ends; gives events.
#[derive(Debug)]
pub struct Session {
    session: u32,
    is_from_syn: bool,
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
    start: Option<Vec<u8>>,
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
    /// Chunks that stand where C2 belongs.
    chunks: Vec<u8>,
}

#[derive(Debug)]
struct Call {
    transaction_id: f64,
    n: u64,
    time: Time,
}

/// Whether a chunk stream begins here, with a `connect`, or with one behind a chunk size or a window.
fn is_connect(mut bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"\x02\0\x07connect";
    while let [2, _, _, _, 0, 0, 4, 1 | 5, 0, 0, 0, 0, _, _, _, _, rest @ ..] = bytes {
        bytes = rest;
    }
    matches!(bytes, [2..=63, _, _, _, 0, _, _, 20, 0, 0, 0, 0, payload @ ..] if payload.starts_with(NAME))
}

/// Bytes of the shortest PROXY protocol header: `PROXY UNKNOWN` and the end of its line.
const PROXY_HEADER: u64 = 15;

impl Direction {
    /// Whether what stands where C2 should is that, by what it is to the peer's S1.
    fn is_believed(&mut self, echo: Option<Echo>) -> bool {
        self.is_doubtful &= !matches!(echo, Some(Echo::Exact | Echo::Random | Echo::Signature));
        !self.is_doubtful
    }

    /// Where the chunks begin is as doubtful as where the handshake does.
    fn end_handshake(&mut self, at: Moment) {
        if self.is_doubtful && self.handshake.passed == HALF {
            self.chunks.gap(0, at, &mut Vec::new());
        }
    }
}

impl Session {
    pub fn new(session: u32, start: Start, found: &Found, limits: &Limits) -> Self {
        let direction = |skip: u64| Direction {
            skip,
            handshake: Half::default(),
            chunks: Chunks::new(skip + HALF, limits),
            block: None,
            early_echo: None,
            heard: start == Start::Midstream,
            calls: VecDeque::new(),
            bytes: 0,
            messages: 0,
            opaque: 0,
            version: None,
            is_doubtful: false,
            start: Some(Vec::new()),
            is_joined: false,
            foreign: None,
            closed: false,
        };
        let directions = [direction(found.skip as u64), direction(0)];
        let is_from_syn = start == Start::Syn;
        let mut it = Session { session, is_from_syn, directions, limits: limits.clone(), chunked: Vec::new() };
        for from in Side::BOTH.into_iter().filter(|from| found.midstream[from.index()]) {
            it.join(from);
        }
        it
    }

    /// What follows of a side is from somewhere in the middle: what comes first says nothing of the protocol, and its
    /// handshake, should there be some of it, is not at any known place.
    pub fn join(&mut self, from: Side) {
        let direction = &mut self.directions[from.index()];
        if direction.bytes == 0 {
            direction.skip = 0;
            direction.start = None;
            direction.is_joined = self.is_from_syn;
            direction.handshake.passed = HALF;
            direction.chunks = Chunks::midstream(0, &self.limits);
        }
    }

    /// From here on a side may answer what the other one sends.
    pub fn hear(&mut self, from: Side) {
        self.directions[from.index()].heard = true;
    }

    /// A side's version. Where its own is missing, the other's tells.
    fn version(&self, from: Side) -> Option<u8> {
        let of = |side: Side| self.directions[side.index()].version;
        of(from).or(of(from.other()))
    }

    fn is_encrypted(&self, from: Side) -> bool {
        self.version(from).is_some_and(is_encrypted)
    }

    /// Bytes of memory that it takes beside itself and its handshake, about: what [`Session::shed`] gives up.
    pub fn held(&self) -> usize {
        let side = |direction: &Direction| direction.chunks.held() + direction.calls.capacity() * size_of::<Call>();
        self.directions.iter().map(side).sum()
    }

    /// Gives up what is kept that bytes to come may still need. What follows has to be found again, as behind a hole.
    pub fn shed(&mut self, at: Moment, out: &mut Sink<'_>) {
        for from in Side::BOTH {
            let mut chunked = std::mem::take(&mut self.chunked);
            let direction = &mut self.directions[from.index()];
            direction.calls = VecDeque::new();
            if direction.chunks.held() > 0 && !direction.closed {
                direction.chunks.shed(at, &mut chunked);
            }
            self.give(from, &mut chunked, out);
            self.chunked = chunked;
        }
    }

    /// The next bytes of one side.
    pub fn bytes(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut Sink<'_>) {
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
        start.extend_from_slice(bytes);
        if start.len() < Foreign::TOLD_BY {
            direction.start = Some(start);
            return;
        }
        direction.foreign = Foreign::of(&start);
        if let Some(foreign) = direction.foreign {
            let (session, offset, reason) = (self.session, direction.skip, Reason::NotRtmp(foreign));
            out.events.push_back(Event::Undecodable(Undecodable { session, from, offset, at, reason }));
        }
        self.decode(from, &start, at, out);
    }

    /// Bytes of which is known whether they are RTMP's.
    fn decode(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut Sink<'_>) {
        let (mut early, mut bytes) = (Vec::new(), bytes);
        let direction = &mut self.directions[from.index()];
        if direction.foreign.is_some() {
            direction.opaque += bytes.len() as u64;
            return;
        }
        if direction.handshake.passed < HALF {
            let used = self.handshake(from, bytes, at, out.events);
            bytes = &bytes[used..];
            self.directions[from.index()].end_handshake(at);
            early = std::mem::take(&mut self.directions[from.index()].handshake.chunks);
        }
        if !early.is_empty() {
            early.extend_from_slice(bytes);
            bytes = &early;
        }
        if bytes.is_empty() {
            return;
        }
        let is_encrypted = self.is_encrypted(from);
        let direction = &mut self.directions[from.index()];
        if is_encrypted {
            direction.opaque += bytes.len() as u64;
            return;
        }
        let peer = self.directions[from.other().index()].chunks.announced();
        let mut chunked = std::mem::take(&mut self.chunked);
        let chunks = &mut self.directions[from.index()].chunks;
        chunks.hear(peer);
        chunks.push(bytes, at, &mut chunked);
        self.give(from, &mut chunked, out);
        self.chunked = chunked;
    }

    /// Takes handshake bytes; gives how many it took: all that belong to the handshake.
    fn handshake(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut VecDeque<Event>) -> usize {
        let mut used = 0;
        while used < bytes.len() {
            let (step, start) = match self.directions[from.index()].handshake.passed {
                0 => (Step::Version, 0),
                passed @ 1..=1536 => (Step::Block, passed.min(1)),
                passed if passed < HALF => (Step::Echo, 1537),
                _ => break,
            };
            let peer = if step == Step::Version { None } else { self.directions[from.other().index()].block.clone() };
            // The signature may be encrypted in a way that cannot be checked: RTMPE 8 and 9.
            let hides = self.version(from).is_some_and(hides_signature);
            let direction = &mut self.directions[from.index()];
            let half = &mut direction.handshake;
            let end = start + step.length() as u64;
            let take = (end - half.passed).min((bytes.len() - used) as u64) as usize;
            if half.bytes.is_empty() {
                half.first = at;
                half.last = at;
            }
            if at.packet > half.last.packet {
                half.last = at;
            }
            if at.packet < half.first.packet {
                half.first = at;
            }
            half.bytes.extend_from_slice(&bytes[used..used + take]);
            half.passed += take as u64;
            used += take;
            if step == Step::Echo && from == Side::Client && !direction.is_doubtful && is_connect(&half.bytes) {
                let offset = direction.skip + start;
                half.passed = HALF;
                half.chunks = std::mem::take(&mut half.bytes);
                direction.chunks = Chunks::new(offset, &self.limits);
                let (session, mistake, at) = (self.session, Mistake::NoEcho, half.first);
                out.push_back(Event::Deviation(Deviation { session, from, offset, at, mistake }));
                break;
            }
            if half.passed < end {
                continue;
            }
            let content = std::mem::take(&mut half.bytes);
            if content.len() < step.length() {
                // Bytes of it are missing from the capture.
                continue;
            }
            let peer = peer.filter(|_| step != Step::Echo || !hides);
            let (facts, block) = Handshake::judge(step, from, &content, peer.as_ref());
            let event = Handshake {
                session: self.session,
                from,
                step,
                first: half.first,
                last: half.last,
                offset: direction.skip + start,
                bytes: content.into(),
                facts,
            };
            match facts {
                HandshakeFacts::Version(version) => direction.version = Some(version),
                HandshakeFacts::Echo { echo: None, .. } if !hides => {
                    direction.early_echo = Some(event);
                    continue;
                }
                HandshakeFacts::Echo { echo, .. } if !direction.is_believed(echo) => {
                    direction.early_echo = Some(event);
                    continue;
                }
                _ => {}
            }
            out.push_back(Event::Handshake(event));
            if step == Step::Echo {
                // What it answers is answered now.
                self.directions[from.other().index()].block = None;
                continue;
            }
            if block.is_some() {
                direction.block = block;
                self.give_early_echo(from.other(), out);
            }
        }
        used
    }

    /// Judges a C2 or S2 that came before what it answers, as far as that is known now.
    fn give_early_echo(&mut self, from: Side, out: &mut VecDeque<Event>) {
        let Some(mut event) = self.directions[from.index()].early_echo.take() else { return };
        let peer = self.directions[from.other().index()].block.as_ref();
        event.facts = Handshake::judge(Step::Echo, from, &event.bytes, peer).0;
        let direction = &mut self.directions[from.index()];
        if let HandshakeFacts::Echo { echo, .. } = event.facts
            && !direction.is_believed(echo)
        {
            direction.early_echo = Some(event);
            return;
        }
        out.push_back(Event::Handshake(event));
        self.directions[from.other().index()].block = None;
    }

    /// Gives out a C2 or S2 whose sender had nothing to answer, so that it stands before the sender's first message. Nothing that
    /// is captured later can explain it.
    fn give_blind_echo(&mut self, from: Side, out: &mut VecDeque<Event>) {
        let direction = &mut self.directions[from.index()];
        if !direction.heard && !direction.is_doubtful {
            out.extend(direction.early_echo.take().map(Event::Handshake));
        }
    }

    /// `missing` bytes of one side are not in the capture.
    pub fn gap(&mut self, from: Side, offset: u64, missing: u64, at: Moment, out: &mut Sink<'_>) {
        let mut chunked = std::mem::take(&mut self.chunked);
        let is_encrypted = self.is_encrypted(from);
        let direction = &mut self.directions[from.index()];
        let is_first = direction.bytes == 0 && direction.handshake.passed == 0;
        direction.is_doubtful |= from == Side::Client && is_first && missing >= PROXY_HEADER;
        direction.bytes += missing;
        if let Some(start) = direction.start.take().filter(|start| !start.is_empty()) {
            self.handshake(from, &start, at, out.events);
        }
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
            missing == inside || direction.chunks.gap(missing - inside, at, &mut chunked)
        } else {
            is_encrypted || direction.chunks.gap(missing, at, &mut chunked)
        };
        out.events.push_back(Event::Gap(Gap { session: self.session, from, offset, bytes: missing, at, survived }));
        self.give(from, &mut chunked, out);
        self.chunked = chunked;
    }

    /// One side ended.
    pub fn close(&mut self, from: Side, how: How, at: Moment, tcp: &TcpFacts, out: &mut Sink<'_>) {
        let why = if how == How::EndOfCapture { Why::EndOfCapture } else { Why::Closed };
        for side in Side::BOTH {
            self.give_early_echo(side, out.events);
        }
        let mut chunked = std::mem::take(&mut self.chunked);
        self.directions[from.index()].chunks.finish(why, &mut chunked);
        self.give(from, &mut chunked, out);
        self.chunked = chunked;
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
            tcp: Box::new(*tcp),
            last,
            attempts: Attempts::default(),
            strangers: Vec::new(),
        }));
    }

    fn give(&mut self, from: Side, chunked: &mut Vec<Chunked>, out: &mut Sink<'_>) {
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
