//! TLS 1.2 and 1.3, seen from outside: with a session's secrets, what its records carry; without them, what can be known all the same.
//!
//! A carrier: [`Tls`] takes what the two directions of a connection tell, and gives what the streams inside of it tell, in the same
//! words. It never gives a byte that did not authenticate. [`KeyLog`] has the secrets, [`Facts`] what there is to say of the connection.
//!
//! ```text
//! Delivery ─► frames (records) ─► step ┬─ in clear ──► messages ─► handshake: hellos, certificate → Facts
//!                      ▲               └─ protected ─► opener ──► messages, alerts, data ─► Delivery
//!                      └─ search: which sequence number a record behind a hole has
//! ```
//!
//! Records that come before their secrets wait, in the order of both directions (`waiting`).

mod alert;
mod certificate;
mod describe;
mod facts;
mod frames;
mod guess;
mod half;
mod handshake;
mod hello;
mod keylog;
mod keys;
mod messages;
mod opener;
mod phase;
mod protected;
mod queue;
mod resumption;
mod sealed;
mod search;
mod shape;
mod suite;
mod waiting;

pub use alert::{Alert, AlertDescription, AlertLevel};
pub use certificate::Certificate;
pub use facts::{BadRecord, EarlyData, Facts, Reason, Sent};
pub use keylog::{KeyLog, Looks, Report};
pub use resumption::Resumable;
pub use sealed::Sealed;
pub use shape::Likeness;
pub use suite::{CipherSuite, ClientRandom, Version};

use std::fmt;

use crate::limits::{Limits, Reached};
use crate::net::{Delivery, How, TcpFacts};
use crate::wire::{Moment, Side};
use frames::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, Lost};
use half::Half;
use handshake::Hello;
use opener::HEADER;
use phase::Phase;
use shape::Shape;

/// Where the inner streams go.
type Give<'g> = dyn FnMut(Side, &Delivery<'_>) + 'g;

/// What a step may look at and give to.
struct Outside<'o> {
    secrets: &'o KeyLog,
    give: &'o mut Give<'o>,
}

/// A whole record, or a candidate for one where something is missing before it.
struct Record<'r> {
    /// With its header.
    bytes: &'r mut [u8],
    /// Up to where in it which packet's bytes go.
    pieces: &'r [(usize, Moment)],
    /// Where its header stands in the outer stream.
    offset: u64,
    lost: Option<Lost>,
}

impl Record<'_> {
    fn kind(&self) -> u8 {
        self.bytes[0]
    }

    fn body(&self) -> &[u8] {
        &self.bytes[HEADER..]
    }

    /// The packet that completed it.
    fn at(&self) -> Moment {
        self.pieces.last().map_or_else(Moment::default, |(_, at)| *at)
    }
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It was used.
    Done,
    /// It was whole, and nothing could be done with it.
    Closed,
    /// What opens it may still come. Its bytes are as they were.
    Wait,
    /// It is none: the candidate was wrong.
    Reject,
}

/// One connection.
pub struct Tls {
    waiting_bytes: usize,
    handshake_bytes: usize,
    halves: [Half; 2],
    hello: Hello,
    /// The number of the next thing that waits for secrets: both directions' wait in the order in which they were complete.
    order: u64,
    /// The key log's generation when they were tried last.
    tried: u64,
    /// Why they wait, where secrets may still come.
    awaited: Option<Reason>,
    /// Something changed that records may have waited for.
    is_unlocked: bool,
    facts: Facts,
    shape: Shape,
    reached: Reached,
    /// Sessions that may go on in other connections, not yet taken.
    resumable: Vec<Resumable>,
    work: u64,
    /// What is left of the work that all connections may do in advance.
    purse: u64,
    /// Kept for its memory.
    pieces: Vec<(usize, Moment)>,
    scratch: Vec<u8>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = self.halves.each_ref().map(|half| half.phase);
        f.debug_struct("Tls").field("phases", &phases).field("waiting", &self.has_waiting()).finish_non_exhaustive()
    }
}

impl Tls {
    pub fn new(limits: &Limits) -> Tls {
        Tls {
            waiting_bytes: limits.tls_waiting_bytes,
            handshake_bytes: limits.tls_handshake_bytes,
            halves: Default::default(),
            hello: Hello::default(),
            order: 0,
            tried: 0,
            awaited: None,
            is_unlocked: false,
            facts: Facts::default(),
            shape: Shape::default(),
            reached: Reached::default(),
            resumable: Vec::new(),
            work: 0,
            purse: u64::MAX,
            pieces: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Takes the next thing that a direction of the connection tells, and gives what that makes the streams inside tell.
    pub fn take(
        &mut self,
        from: Side,
        delivery: &Delivery<'_>,
        secrets: &KeyLog,
        give: &mut dyn FnMut(Side, &Delivery<'_>),
    ) {
        self.retry(secrets, give);
        let out = &mut Outside { secrets, give };
        let half = &mut self.halves[from.index()];
        match *delivery {
            Delivery::Joined => half.is_midstream = true,
            // What a side heard of the other's hello says nothing of what is inside.
            Delivery::Heard => {}
            Delivery::Bytes { bytes, at, .. } => {
                if half.is_midstream && half.frames.position() == 0 && half.frames.lost().is_none() {
                    half.frames.join(at);
                }
                half.frames.push(bytes, at);
                self.drain(from, out);
            }
            Delivery::Gap { missing, exact, at, .. } => {
                self.facts.sent[from.index()].holes += 1;
                half.frames.hole(missing, exact, at);
            }
            Delivery::Close { how, at, tcp } => self.close(from, how, at, tcp, out),
        }
    }

    /// Tries again to decrypt what waits, where there are new secrets.
    pub fn retry(&mut self, secrets: &KeyLog, give: &mut dyn FnMut(Side, &Delivery<'_>)) {
        if self.has_waiting() && self.tried != secrets.generation() {
            self.pump(&mut Outside { secrets, give });
        }
        self.tried = secrets.generation();
    }

    /// Says how many bytes of records may be tried beyond what those that came pay for. Without it, that is bounded for the connection alone.
    pub fn allow(&mut self, bytes: u64) {
        self.purse = bytes;
    }

    /// What is left of that.
    pub fn allowed(&self) -> u64 {
        self.purse
    }

    /// Gives up what waits: its streams go on behind it.
    pub fn shed(&mut self, give: &mut dyn FnMut(Side, &Delivery<'_>)) {
        self.surrender(give);
        for half in &mut self.halves {
            half.frames.shed();
            half.messages.shed();
        }
    }

    /// Whether it is over but for what waits for secrets.
    pub fn is_waiting(&self) -> bool {
        self.has_waiting() && self.halves.iter().all(|half| half.is_closed)
    }

    /// Gives up what waits, and nothing else: no secrets come any more.
    pub fn give_up(&mut self, give: &mut dyn FnMut(Side, &Delivery<'_>)) {
        self.surrender(give);
    }

    /// Sessions of this connection that others may go on with: [`KeyLog::learn`] is to have them before those come.
    pub fn take_resumable(&mut self) -> Vec<Resumable> {
        std::mem::take(&mut self.resumable)
    }

    /// What is known of the connection.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether a connection to a server's port is likely RTMPS, by what is seen without secrets, and why.
    pub fn likeness(&self, port: u16) -> Option<Likeness> {
        self.shape.likeness(&self.facts, port)
    }

    /// Bytes of memory for what is under way: records that are not whole or wait, and handshake messages that are not whole.
    pub fn held(&self) -> usize {
        let waiting: usize = self.halves.iter().map(|half| half.waiting.memory()).sum();
        let under_way = |half: &Half| if half.frames.is_empty() { 0 } else { half.frames.memory() };
        waiting + self.halves.iter().map(|half| under_way(half) + half.messages.memory()).sum::<usize>()
    }

    /// Bytes of memory that it takes itself.
    pub fn own(&self) -> usize {
        size_of::<Tls>()
            + self.facts.memory()
            + self.hello.memory()
            + self.shape.memory()
            + self.halves.iter().map(Half::own).sum::<usize>()
            + self.pieces.capacity() * size_of::<(usize, Moment)>()
            + self.scratch.capacity()
            + self.resumable.capacity() * size_of::<Resumable>()
    }

    /// Bytes of records that were tried beyond once each, to find out which they are, and what the keys for that cost.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// How often a limit was reached so far.
    pub fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Takes all records that are whole.
    fn drain(&mut self, from: Side, out: &mut Outside<'_>) {
        let mut frames = std::mem::take(&mut self.halves[from.index()].frames);
        let mut pieces = std::mem::take(&mut self.pieces);
        while let Some(found) = frames.next() {
            let bytes = frames.bytes(&found, &mut pieces);
            let length = bytes.len();
            let mut record = Record { bytes, pieces: &pieces, offset: found.offset, lost: found.lost };
            let (kind, at) = (record.kind(), record.at());
            if self.arrive(from, &mut record, out) == Verdict::Reject {
                frames.reject(&found);
                continue;
            }
            frames.accept(&found);
            self.count(from, kind, length, at);
        }
        frames.compact();
        self.pieces = pieces;
        self.halves[from.index()].frames = frames;
        if self.is_unlocked && self.has_waiting() {
            self.pump(out);
        }
    }

    fn count(&mut self, from: Side, kind: u8, length: usize, at: Moment) {
        let half = &mut self.halves[from.index()];
        half.earn(length);
        let is_protected = half.phase != Phase::Clear || half.guess.is_some();
        if self.facts.packets.is_none() {
            self.facts.handshake_at(at);
        }
        let sent = &mut self.facts.sent[from.index()];
        sent.records += 1;
        sent.bytes += length as u64;
        if kind == DATA {
            sent.data_records += 1;
            sent.first_data.get_or_insert(at);
            sent.last_data = Some(at);
            if is_protected {
                self.shape.record(from, length - HEADER);
            }
        }
    }

    /// The next record of a direction. It goes behind those that wait.
    fn arrive(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> Verdict {
        if !self.halves[from.index()].waiting.is_empty() {
            if self.is_unlocked {
                self.pump(out);
            }
            if !self.halves[from.index()].waiting.is_empty() {
                return self.wait(from, record);
            }
        }
        match self.step(from, record, out) {
            Verdict::Wait => self.wait(from, record),
            verdict => verdict,
        }
    }

    /// Looks at a record, whose turn it is.
    fn step(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> Verdict {
        if self.halves[from.index()].phase == Phase::Clear {
            self.clear(from, record, out)
        } else {
            self.protected(from, record, out)
        }
    }

    /// A record before anything is protected, as far as is known.
    fn clear(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> Verdict {
        let (kind, at) = (record.kind(), record.at());
        if record.lost.is_some() {
            if self.begins_behind_hole(from, record, out) {
                return Verdict::Done;
            }
            if is_clear(record) {
                let half = &mut self.halves[from.index()];
                half.lose(record.lost.take());
                half.messages.forget();
            } else if kind != DATA {
                return Verdict::Reject;
            }
        }
        let is_1_3 = self.hello.version() == Some(Version::TLS_1_3);
        match kind {
            CHANGE_CIPHER_SPEC if self.hello.version().is_some() && !is_1_3 => {
                if from == Side::Server {
                    // Without a certificate or a key exchange before it, an earlier session goes on.
                    if self.facts.resumed.is_none() {
                        self.facts.resumed = Some(true);
                        self.facts.changed();
                    }
                }
                self.enter(from, Phase::Keys);
            }
            ALERT => self.alert(from, record.body(), at, false),
            HANDSHAKE => {
                let half = &self.halves[from.index()];
                if half.messages.is_empty() && !messages::is_plausible(record.body()) {
                    self.facts.because(Reason::HandshakeMissing);
                    return Verdict::Closed;
                }
                self.handshake(from, record.body(), at, false);
            }
            DATA if from == Side::Client && self.hello.offers_early_data() => return Verdict::Wait,
            // A client's early data before a second hello is refused (RFC 8446 §4.2.10).
            DATA if from == Side::Client && self.hello.is_retried() => return Verdict::Closed,
            DATA if !guess::is_protected(record) => return Verdict::Reject,
            DATA => {
                let phase = match self.hello.version() {
                    _ if self.hello.client_random.is_none() || self.hello.is_guessed => {
                        return self.guess(from, record, out);
                    }
                    Some(Version::TLS_1_3) => Phase::Handshake,
                    Some(_) => Phase::Keys,
                    None => return self.guess(from, record, out),
                };
                // It began unseen.
                self.enter(from, phase);
                record.lost.get_or_insert(Lost { from: record.offset, at, records: None, captured: false });
                return self.protected(from, record, out);
            }
            _ => {}
        }
        Verdict::Done
    }

    fn alert(&mut self, from: Side, body: &[u8], at: Moment, encrypted: bool) {
        if let [level, description] = *body {
            let (level, description) = (AlertLevel(level), AlertDescription(description));
            self.facts.alert(Alert { from, level, description, at, encrypted });
        }
    }

    /// From here on a direction's records are protected otherwise.
    fn enter(&mut self, from: Side, phase: Phase) {
        self.halves[from.index()].enter(phase);
        self.is_unlocked = true;
    }

    fn close(&mut self, from: Side, how: How, at: Moment, tcp: Option<&TcpFacts>, out: &mut Outside<'_>) {
        if self.is_unlocked && self.has_waiting() {
            self.pump(out);
        }
        let half = &mut self.halves[from.index()];
        half.is_closed = true;
        if half.waiting.is_empty() {
            let is_read = self.is_read();
            self.halves[from.index()].end(from, is_read, out.give);
            (out.give)(from, &Delivery::Close { how, at, tcp });
        } else {
            self.wait_to_close(from, how, at, tcp);
        }
        // A capture may have its secrets behind the connection.
        if self.halves.iter().all(|half| half.is_closed) && !out.secrets.may_grow() {
            self.surrender(out.give);
        }
    }

    /// Something was given of the streams inside.
    fn is_read(&self) -> bool {
        self.facts.sent.iter().any(|sent| sent.plain_bytes > 0)
    }
}

/// Whether a record can be one in clear.
fn is_clear(record: &Record<'_>) -> bool {
    let body = record.body();
    match record.kind() {
        CHANGE_CIPHER_SPEC => body == [1],
        ALERT => matches!(body, [1 | 2, description] if AlertDescription(*description).name().is_some()),
        HANDSHAKE => messages::is_plausible(body),
        _ => false,
    }
}
