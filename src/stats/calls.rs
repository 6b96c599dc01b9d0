//! Calls by procedure: how many, and how long their answers took.

use std::collections::VecDeque;

use super::latency::{Latencies, Room};
use crate::limits::Limits;
use crate::proto::rtmp::{Command, Message};
use crate::story::{Request, Story};
use crate::wire::Side;
use crate::wire::words::clip_bytes;

/// Bytes of a procedure's name that are kept.
const NAME: usize = Limits::DEFAULT.stats_procedure_bytes;
/// Calls that may still be answered.
const OPEN: usize = Limits::DEFAULT.stats_calls;

/// Calls by who made them and what they called, and how long their answers took. A transaction id of 0 asks for none.
#[derive(Clone, Debug)]
pub struct Calls {
    /// In order of their first call.
    procedures: Vec<(Side, String, Procedure)>,
    /// Procedures that are told apart.
    most: usize,
    /// Calls of others.
    pub more: u64,
    /// Calls that were let through and may still be answered, oldest first: their `n`, and the place of their procedure. Which
    /// answer is whose the story says; whether a filter let the call through it cannot know.
    open: VecDeque<(u64, usize)>,
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

impl Procedure {
    /// A call of it was answered.
    fn answer(&mut self, call: &Request, room: &mut Room) {
        let Some(reply) = &call.reply else { return };
        self.answered += 1;
        self.errors += u64::from(!reply.is_result);
        self.latencies.add(reply.at.time.since(call.at.time), room);
    }
}

impl Calls {
    pub(super) fn new(most: usize) -> Calls {
        Calls { procedures: Vec::new(), most, more: 0, open: VecDeque::new() }
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
            let Some(request) = story.requests.last_replied() else { return };
            let Some(place) = self.open.iter().position(|(n, _)| *n == request.n) else { return };
            let Some((_, place)) = self.open.remove(place) else { return };
            self.procedures[place].2.answer(request, room);
            return;
        }
        let request = story.requests.get(message.n);
        // A status is no call, though it has a call's form.
        if command.misplaced.is_some() || command.is_status() {
            return;
        }
        let name = clip_bytes(command.name.clone(), NAME);
        let Some(place) = self.at(message.from, &name) else {
            self.more += 1;
            return;
        };
        let procedure = &mut self.procedures[place].2;
        procedure.count += 1;
        let Some(request) = request.filter(|request| request.is_numbered()) else { return };
        procedure.asked += u64::from(request.expects_reply());
        if request.reply.is_some() {
            // It was captured before the call.
            procedure.answer(request, room);
        } else {
            if self.open.len() == OPEN {
                self.open.pop_front();
            }
            self.open.push_back((message.n, place));
        }
    }

    /// Puts in the place of each name what may be shown of it.
    pub(super) fn rename(&mut self, shown: impl Fn(&str) -> String) {
        for (_, name, _) in &mut self.procedures {
            *name = shown(name);
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
