//! An FTL control connection: its lines in order, which reply answers which command, and how far the two have come.
//! Source: FTL 0.9 "Establishing a connection", ftl-sdk `handshake.c`, Janus `FtlControlConnection.cpp`.
//!
//! Told of bytes, holes and ends with their times; gives an [`Item`] for each line. Replies have no number of what they
//! answer: they come in the order of the commands that are answered at all (HMAC, CONNECT, the dot, PING).

mod matching;

use super::body::{Content, decode};
use super::command::{Command, CommandName};
use super::line::{Line, Lines};
use super::signature;
use super::state::{Misplaced, Relation, State};
use crate::wire::{Moment, Problem, Side, Silent};
use matching::Matching;

/// Lines that have room to be given at once.
const ROOM: usize = 4;

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
    lines: Vec<Line>,
}

impl Session {
    /// A connection of which the capture has each side's beginning, or not. With the stream keys that are known, signatures
    /// are judged.
    pub fn new(from_start: [bool; 2], stream_keys: &[String]) -> Session {
        let joined = !from_start.iter().all(|is_there| *is_there);
        Session {
            sides: [Side::Client, Side::Server].map(|side| Lines::new(side, from_start[side.index()])),
            state: State { joined, is_holed: joined, ..State::default() },
            matching: Matching::new(joined),
            stream_keys: stream_keys.to_vec(),
            items: 0,
            lines: Vec::new(),
        }
    }

    /// Goes on counting from there: the next line's number is one more.
    pub(super) fn count_from(&mut self, number: u64) {
        self.items = number;
    }

    /// Bytes of memory that it takes beside itself, at most.
    pub fn memory(&self) -> usize {
        let lines = self.lines.capacity() * size_of::<Line>();
        self.sides.iter().map(Lines::memory).sum::<usize>() + lines + self.matching.memory() + self.state.memory()
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
        self.state.lose();
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
        lines.shrink_to(ROOM);
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
        let at = item.line.last;
        match &item.content {
            Content::Command(command) => {
                item.misplaced = self.state.misplaced(command);
                if let Some(name) = command.name() {
                    self.matching.command(item.number, name, at);
                }
                item.signature_valid = self.judge(command);
            }
            Content::Reply(reply) => item.relation = Some(self.matching.reply(reply, at, self.state.phase)),
        }
        self.state.learn(&item.content, item.relation, item.signature_valid, at);
        item
    }

    /// Whether a CONNECT's signature is made with a key that is known, of the nonce that was asked for last.
    fn judge(&self, command: &Command) -> Option<bool> {
        let Command::Connect { channel_id, signature } = command else { return None };
        let (nonce, given) = self.state.nonce.as_ref().zip(signature.as_ref())?;
        signature::judge(&self.stream_keys, *channel_id, nonce, given)
    }
}
