//! Calls by procedure: how many, and how long their answers took.

use std::collections::VecDeque;

use super::latency::{Latencies, Room};
use crate::proto::rtmp::{Command, Message};
use crate::story::Story;
use crate::wire::Side;

/// Bytes of a procedure's name that are kept.
const NAME: usize = 48;
/// Calls that may still be answered. Clients that number calls which no server answers make a few in a session.
const WAITING: usize = 256;

/// Calls by who made them and what they called, and how long their answers took. A transaction id of 0 asks for none.
#[derive(Clone, Debug)]
pub struct Calls {
    /// In order of their first call.
    procedures: Vec<(Side, String, Procedure)>,
    /// Procedures that are told apart.
    most: usize,
    /// Calls of others.
    pub more: u64,
    /// Those that may still be answered, oldest first: their `n`, and the place of their procedure.
    waiting: VecDeque<(u64, usize)>,
}

/// The calls of one procedure by one side.
#[derive(Clone, Debug, Default)]
pub struct Procedure {
    pub count: u64,
    /// Those that asked for an answer: their transaction id is not 0.
    pub asked: u64,
    /// Those that a `_result` or `_error` answered.
    pub answered: u64,
    /// Those that an `_error` answered.
    pub errors: u64,
    /// From the call's last packet to its answer's.
    pub latencies: Latencies,
}

impl Calls {
    pub(super) fn new(most: usize) -> Calls {
        Calls { procedures: Vec::new(), most, more: 0, waiting: VecDeque::new() }
    }

    pub fn iter(&self) -> impl Iterator<Item = (Side, &str, &Procedure)> {
        self.procedures.iter().map(|(side, name, procedure)| (*side, name.as_str(), procedure))
    }

    pub fn is_empty(&self) -> bool {
        self.procedures.is_empty()
    }

    /// The place of a procedure.
    fn at(&mut self, side: Side, name: &str) -> Option<usize> {
        let known = self.procedures.iter().position(|(its, of, _)| *its == side && of == name);
        if known.is_none() && self.procedures.len() < self.most {
            self.procedures.push((side, name.to_owned(), Procedure::default()));
            return Some(self.procedures.len() - 1);
        }
        known
    }

    pub(super) fn learn(&mut self, message: &Message, command: &Command, story: &Story, room: &mut Room) {
        if command.is_answer() {
            let Some(answer) = message.answers else { return };
            let Some(place) = self.waiting.iter().position(|(n, ..)| *n == answer.n) else { return };
            let Some((_, place)) = self.waiting.remove(place) else { return };
            let procedure = &mut self.procedures[place].2;
            procedure.answered += 1;
            procedure.errors += u64::from(command.name == "_error");
            procedure.latencies.add(answer.latency, room);
            return;
        }
        let request = story.requests.get(message.n);
        // A status is no call, though it has a call's form.
        if command.misplaced.is_some() || command.is_status() {
            return;
        }
        let name = clipped(&command.name, NAME);
        let Some(place) = self.at(message.from, &name) else {
            self.more += 1;
            return;
        };
        let procedure = &mut self.procedures[place].2;
        procedure.count += 1;
        let Some(request) = request.filter(|request| request.is_numbered()) else { return };
        procedure.asked += u64::from(request.expects_reply());
        if let Some(reply) = &request.reply {
            // It was captured before the call.
            procedure.answered += 1;
            procedure.errors += u64::from(!reply.is_result);
            procedure.latencies.add(reply.at.time.since(request.at.time), room);
        } else {
            if self.waiting.len() == WAITING {
                self.waiting.pop_front();
            }
            self.waiting.push_back((message.n, place));
        }
    }

    /// Adds those of a session.
    pub(super) fn add(&mut self, others: &Calls, room: &mut Room) {
        self.more += others.more;
        for (side, name, other) in others.iter() {
            let Some(place) = self.at(side, name) else {
                self.more += other.count;
                continue;
            };
            let procedure = &mut self.procedures[place].2;
            procedure.count += other.count;
            procedure.asked += other.asked;
            procedure.answered += other.answered;
            procedure.errors += other.errors;
            procedure.latencies.add_all(&other.latencies, room);
        }
    }

    pub(super) fn release(&self, room: &mut Room) {
        self.procedures.iter().for_each(|(.., procedure)| procedure.latencies.release(room));
    }
}

/// At most so many bytes of a text, with a sign that it was cut.
pub(super) fn clipped(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", &text[..end])
}
