//! An FTL control connection: its lines in order, which reply answers which command, and how far the two have come.
//! Source: FTL 0.9 "Establishing a connection", ftl-sdk `handshake.c`, Janus `FtlControlConnection.cpp`.
//!
//! Told of bytes, holes and ends with their times; gives an [`Item`] for each line. Replies have no number of what they
//! answer: they come in the order of the commands that are answered at all (HMAC, CONNECT, the dot, PING).

mod matching;

use super::attributes::Attributes;
use super::body::{Content, decode};
use super::command::{Command, CommandName};
use super::line::{Line, Lines};
use super::reply::{Reply, ReplyCode};
use super::signature;
use crate::wire::{Moment, Problem, Side, Silent};
use matching::Matching;
pub use matching::{Answer, Relation};

/// How far a control connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// No command yet.
    #[default]
    Opened,
    /// A nonce was asked for; the signature is to come, or to be accepted.
    Handshaking,
    /// CONNECT was accepted: attributes may come.
    Authenticated,
    /// At least one attribute came behind that.
    Announcing,
    /// The dot was accepted: media may come.
    Started,
    /// The client said DISCONNECT, or the server refused something or ended it.
    Ended,
}

/// What is known of a control connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub phase: Phase,
    /// The connection's beginning is not in the capture, so that its phase is what its lines imply.
    pub joined: bool,
    pub channel_id: Option<u32>,
    pub nonce: Option<Vec<u8>>,
    pub signature_valid: Option<bool>,
    pub attributes: Attributes,
    /// Where media goes: the server's address and this UDP port.
    pub media_port: Option<u16>,
    pub started: Option<Moment>,
    /// When DISCONNECT came.
    pub disconnected: Option<Moment>,
    /// The last error that the server sent.
    pub refused: Option<(ReplyCode, Moment)>,
}

impl State {
    /// Bytes of memory that it takes beside itself: of a line each.
    fn memory(&self) -> usize {
        let attributes = &self.attributes;
        let texts = [&attributes.protocol_version, &attributes.vendor_name, &attributes.vendor_version];
        let codecs = [&attributes.video.codec, &attributes.audio.codec];
        let texts = texts.into_iter().chain(codecs).flatten().map(String::capacity);
        texts.sum::<usize>() + self.nonce.as_ref().map_or(0, Vec::capacity)
    }
}

/// A command at a place where it does not belong. None is given where a hole may have had what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// CONNECT before a nonce was given.
    BeforeChallenge,
    /// An attribute or the dot before CONNECT was accepted.
    BeforeAuthentication,
    /// CONNECT after one was accepted.
    ConnectAgain,
    /// An attribute or a dot after the start.
    AfterStart,
    /// Anything after DISCONNECT.
    AfterEnd,
}

/// One line with what it says and what it is to the other side's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Counted from 1 over both sides, in the order in which the lines are given.
    pub number: u64,
    pub from: Side,
    pub line: Line,
    pub content: Content,
    pub problems: Vec<Problem>,
    /// Of a reply.
    pub relation: Option<Relation>,
    /// Of a CONNECT, where a key of its channel is known.
    pub signature_valid: Option<bool>,
    pub misplaced: Option<Misplaced>,
}

/// An FTL control connection.
#[derive(Debug)]
pub struct Session {
    sides: [Lines; 2],
    state: State,
    matching: Matching,
    stream_keys: Vec<String>,
    items: u64,
    /// A hole may have hidden a step.
    is_holed: bool,
    lines: Vec<Line>,
}

impl Session {
    /// A connection of which the capture has each side's beginning, or not. With the stream keys that are known, signatures
    /// are judged.
    pub fn new(from_start: [bool; 2], stream_keys: &[String]) -> Session {
        let joined = !from_start.iter().all(|is_there| *is_there);
        Session {
            sides: [Side::Client, Side::Server].map(|side| Lines::new(side, from_start[side.index()])),
            state: State { joined, ..State::default() },
            matching: Matching::new(joined),
            stream_keys: stream_keys.to_vec(),
            items: 0,
            is_holed: joined,
            lines: Vec::new(),
        }
    }

    /// Goes on counting from there: the next line's number is one more.
    pub(super) fn count_from(&mut self, number: u64) {
        self.items = number;
    }

    /// Bytes of memory that it takes beside itself, at most.
    pub fn memory(&self) -> usize {
        self.sides.iter().map(Lines::memory).sum::<usize>() + self.matching.memory() + self.state.memory()
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Bytes of empty lines behind a side's last line.
    pub fn blank(&self, side: Side) -> u64 {
        self.sides[side.index()].blank()
    }

    /// The next bytes of one side.
    pub fn bytes(&mut self, from: Side, at: Moment, bytes: &[u8], out: &mut Vec<Item>) {
        self.settle(from.other(), out);
        self.with(from, out, |side, lines| side.bytes(at, bytes, lines));
    }

    /// Bytes of one side that the capture misses.
    pub fn gap(&mut self, from: Side, at: Moment, bytes: u64, out: &mut Vec<Item>) {
        self.settle(from.other(), out);
        self.with(from, out, |side, lines| side.gap(at, bytes, lines));
        self.is_holed = true;
        self.matching.doubt();
    }

    /// One side will send no more, or the capture ends.
    pub fn close(&mut self, from: Side, at: Moment, out: &mut Vec<Item>) {
        self.settle(from.other(), out);
        self.with(from, out, |side, lines| side.break_off(at, lines));
    }

    /// Commands that still wait for their reply, oldest first: their numbers, kinds and times.
    pub fn unanswered(&self) -> impl Iterator<Item = (u64, CommandName, Moment)> {
        self.matching.waiting()
    }

    fn settle(&mut self, side: Side, out: &mut Vec<Item>) {
        self.with(side, out, Lines::settle);
    }

    fn with(&mut self, from: Side, out: &mut Vec<Item>, told: impl FnOnce(&mut Lines, &mut Vec<Line>)) {
        let mut lines = std::mem::take(&mut self.lines);
        told(&mut self.sides[from.index()], &mut lines);
        for line in lines.drain(..) {
            out.push(self.item(from, line));
        }
        self.lines = lines;
    }

    fn item(&mut self, from: Side, line: Line) -> Item {
        let (content, problems) = decode(from, &line.bytes, &mut Silent);
        self.items += 1;
        let mut item = Item {
            number: self.items,
            from,
            line,
            content,
            problems,
            relation: None,
            signature_valid: None,
            misplaced: None,
        };
        match &item.content {
            Content::Command(command) => {
                item.misplaced = self.misplaced(command).filter(|_| !self.is_holed);
                let at = item.line.last;
                if let Some(name) = command.name() {
                    self.matching.command(item.number, name, at);
                }
                self.command(command, at);
                if let Command::Connect { .. } = command {
                    item.signature_valid = self.state.signature_valid;
                }
            }
            Content::Reply(reply) => {
                let relation = self.matching.reply(reply, item.line.last, self.state.phase);
                self.reply(reply, relation, item.line.last);
                item.relation = Some(relation);
            }
        }
        item
    }

    fn misplaced(&self, command: &Command) -> Option<Misplaced> {
        let phase = self.state.phase;
        if self.state.disconnected.is_some() {
            return Some(Misplaced::AfterEnd);
        }
        match command.name()? {
            CommandName::Connect if (Phase::Authenticated..=Phase::Started).contains(&phase) => {
                Some(Misplaced::ConnectAgain)
            }
            CommandName::Connect if self.state.nonce.is_none() => Some(Misplaced::BeforeChallenge),
            CommandName::Attribute | CommandName::Start if phase < Phase::Authenticated => {
                Some(Misplaced::BeforeAuthentication)
            }
            CommandName::Attribute | CommandName::Start if phase == Phase::Started => Some(Misplaced::AfterStart),
            _ => None,
        }
    }

    fn command(&mut self, command: &Command, at: Moment) {
        let state = &mut self.state;
        match command {
            Command::Hmac => {
                state.phase = state.phase.max(Phase::Handshaking);
                // A signature is of the nonce that was asked for last.
                state.nonce = None;
            }
            Command::Connect { channel_id, signature } => {
                state.phase = state.phase.max(Phase::Handshaking);
                state.channel_id = channel_id.or(state.channel_id);
                state.signature_valid = match (&state.nonce, signature) {
                    (Some(nonce), Some(given)) => signature::judge(&self.stream_keys, *channel_id, nonce, given),
                    _ => None,
                };
            }
            Command::Attribute { attribute, value } => {
                state.attributes.put(attribute, value);
                // Joined behind CONNECT, its being there implies that it was accepted.
                if state.phase == Phase::Authenticated || (self.is_holed && state.phase < Phase::Authenticated) {
                    state.phase = Phase::Announcing;
                }
            }
            Command::Ping { channel_id } => {
                state.channel_id = state.channel_id.or(*channel_id);
                if self.is_holed && state.phase < Phase::Started {
                    state.phase = Phase::Started;
                }
            }
            Command::Disconnect => {
                state.phase = Phase::Ended;
                state.disconnected.get_or_insert(at);
            }
            Command::Start | Command::Unknown { .. } => {}
        }
    }

    fn reply(&mut self, reply: &Reply, relation: Relation, at: Moment) {
        let state = &mut self.state;
        let Some(code) = reply.code else { return };
        if code.is_error() {
            state.refused = Some((code, at));
            state.phase = Phase::Ended;
            return;
        }
        if let Some(nonce) = &reply.nonce {
            state.nonce = Some(nonce.clone());
        }
        if let Some(port) = reply.media_port {
            state.media_port = Some(port);
        }
        let reached = match relation {
            Relation::Answers(Answer { command: CommandName::Connect, .. }) => Phase::Authenticated,
            Relation::Answers(Answer { command: CommandName::Start, .. }) => Phase::Started,
            // Nothing else has a port.
            _ if reply.media_port.is_some() => Phase::Started,
            _ => return,
        };
        if reached == Phase::Started {
            state.started.get_or_insert(at);
        }
        state.phase = state.phase.max(reached);
    }
}
