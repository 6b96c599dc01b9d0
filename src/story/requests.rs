//! What both sides asked for, and which message answers which request. Nothing else in the program decides that.
//!
//! - **A `_result` or `_error`** answers the call of the other side that has its transaction id: the oldest that waits, as the
//!   decoder paired them. One that was captured before its call (captures reorder, and a hole holds back what is behind it)
//!   waits for that.
//! - **A status** (`onStatus`, and `onFCPublish` and its like for their own procedures) is given to a request whose kind it can
//!   answer by the [table of procedures](crate::proto::rtmp::procedure), FCPublish and publish in either order: an `onStatus` is
//!   publish's, an `onFCPublish` FCPublish's. Where the status names its stream (`details`), that decides between
//!   two.
//! - It settles **the oldest request that is not settled**, so that two open plays share no answer; once all are settled it is
//!   further word about the latest.
//! - **A status on the wrong message stream is still an answer**, and a fault of its own: requests on the status's own stream
//!   come first, then those on any other.

use std::collections::VecDeque;

use super::Quote;
use super::answered::Answered;
use super::request::{Answer, Request, Use, ended_stream};
use crate::limits::Limits;
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::{self, Deed};
use crate::proto::rtmp::{Body, Command, Message, Part};
use crate::wire::{Moment, PacketNo, Side};

/// Requests, and early answers, that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.story_requests;
/// Requests among which a status looks for its own, the newest.
const REACH: usize = Limits::DEFAULT.story_reach;
/// Statuses that are remembered in case their request comes later.
const EARLY: usize = Limits::DEFAULT.story_early_statuses;

/// A call that is captured so long after its answer, in nanoseconds, still belongs to it: captures reorder a little.
const REORDERED_NS: i64 = 100_000_000;

/// What both sides asked for, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// By `n`.
    all: VecDeque<Request>,
    /// The `n` of every publish and play among them.
    uses: Vec<u64>,
    unclaimed: VecDeque<Early>,
    early: VecDeque<Answer>,
    last: Option<Last>,
}

/// What the last message answered.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// The request's `n`.
    n: u64,
    /// Whether that settled it.
    settles: bool,
    /// Whether it is the `_result` or `_error` of a call.
    is_reply: bool,
}

/// A `_result` or `_error` without a call so far.
#[derive(Clone, Debug)]
pub struct Early {
    pub from: Side,
    /// `_result` or `_error`.
    pub name: String,
    pub transaction_id: f64,
    pub packets: (PacketNo, PacketNo),
    pub at: Moment,
    /// What it says, should it answer a connect.
    pub(super) answered: Answered,
    /// The message stream that it names, should it answer a createStream.
    pub(super) stream: Option<f64>,
    /// The message itself.
    pub quote: Quote,
    answer: Answer,
}

impl Requests {
    /// Bytes of memory that it takes, about.
    pub(super) fn held(&self) -> usize {
        let early = self.unclaimed.iter().map(|early| size_of::<Early>() + early.name.len() + early.quote.cost());
        let told = self.early.iter().map(|early| size_of::<Answer>() + early.name.len() + early.code.len());
        self.all.iter().map(Request::cost).chain(early).chain(told).sum()
    }

    /// All that are remembered, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.all.iter()
    }

    /// The publishes and plays, the oldest first.
    pub fn uses(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.uses.iter().filter_map(|n| self.get(*n))
    }

    /// Calls to which a `_result` or `_error` is owed, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Request> {
        self.all.iter().filter(|request| request.waits_for_reply())
    }

    /// The request that is message `n`.
    pub fn get(&self, n: u64) -> Option<&Request> {
        self.all.get(self.place(n)?)
    }

    fn place(&self, n: u64) -> Option<usize> {
        self.all.binary_search_by_key(&n, |request| request.n).ok()
    }

    /// The request that a message answers: with a `_result` or `_error`, or with a status.
    pub fn answered_by(&self, message: &Message) -> Option<&Request> {
        let Body::Command(command) = &message.body else { return None };
        self.all.get(self.answered(message, command)?)
    }

    fn answered(&self, message: &Message, command: &Command) -> Option<usize> {
        if command.is_answer() {
            if let Some(answer) = message.answers {
                return self.place(answer.n);
            }
            // The status is what it says, whatever the id.
            command.information_text("code")?;
        } else if !is_told(command) {
            return None;
        }
        self.told(&Answer::of(message, command))
    }

    /// The request that a status is about.
    fn told(&self, answer: &Answer) -> Option<usize> {
        let first = self.all.len().saturating_sub(REACH);
        let mut able: Vec<(usize, &Request)> =
            self.all.iter().enumerate().skip(first).filter(|(_, request)| request.can_be_told(answer)).collect();
        // What names another stream is left out where there is a better one.
        if able.iter().any(|(_, request)| request.is_named_by(answer)) {
            able.retain(|(_, request)| request.is_named_by(answer));
        }
        let is_open = |(_, request): &&(usize, &Request)| request.outcome.is_none();
        let is_on_its_stream =
            |(_, request): &&(usize, &Request)| request.message_stream_id == answer.message_stream_id;
        let oldest_open_there = able.iter().filter(is_open).find(is_on_its_stream);
        let latest_there = || able.iter().rev().find(is_on_its_stream);
        let oldest_open = || able.iter().find(is_open);
        let found = oldest_open_there.or_else(latest_there).or_else(oldest_open).or_else(|| able.last());
        found.map(|(place, _)| *place)
    }

    /// The request that the session's last message answered.
    pub fn last_answered(&self) -> Option<&Request> {
        self.get(self.last?.n)
    }

    /// The same, where that answer is the `_result` or `_error` of a call.
    pub fn last_replied(&self) -> Option<&Request> {
        self.last.filter(|last| last.is_reply).and_then(|last| self.get(last.n))
    }

    /// The request that the session's last message settled.
    pub fn last_settled(&self) -> Option<&Request> {
        self.last.filter(|last| last.settles).and_then(|last| self.get(last.n))
    }

    /// Answers to which no call is known, oldest first.
    pub fn unclaimed(&self) -> impl Iterator<Item = &Early> {
        self.unclaimed.iter()
    }

    /// The answer to a call that came before it.
    pub(super) fn early_reply(&self, call: &Message) -> Option<&Early> {
        self.unclaimed.get(self.early_place(call)?)
    }

    fn early_place(&self, call: &Message) -> Option<usize> {
        let Body::Command(command) = &call.body else { return None };
        let at = call.head.last;
        self.unclaimed.iter().position(|early| {
            early.from != call.from
                && Some(early.transaction_id) == command.transaction_id.filter(|id| *id != 0.0)
                && (early.at.packet > at.packet || at.time.since(early.at.time) < REORDERED_NS)
        })
    }

    /// Pairs of a call that was owed an answer, by its `n`, and the answer to no call that must have been meant for it, by its
    /// own: the sender took another transaction id. To be asked when no more comes.
    pub fn misnumbered(&self) -> Vec<(u64, u64)> {
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        for early in &self.unclaimed {
            let mut waiting = self.waiting().filter(|request| {
                let is_free = !pairs.iter().any(|(call, _)| *call == request.n);
                is_free && request.from != early.from && !request.is_courtesy() && request.at.packet <= early.at.packet
            });
            if let Some(call) = waiting.next() {
                pairs.push((call.n, early.quote.n));
            }
        }
        pairs
    }

    pub(super) fn learn(&mut self, message: &Message) {
        self.last = None;
        let Body::Command(command) = &message.body else { return };
        if command.is_answer() {
            self.learn_reply(message, command);
        } else if is_told(command) {
            self.give(Answer::of(message, command));
        }
        if is_request(command) {
            self.ask(message, command);
        }
    }

    fn learn_reply(&mut self, message: &Message, command: &Command) {
        let answer = Answer::of(message, command);
        if message.answers.is_some() {
            if let Some(request) = self.answered(message, command).and_then(|place| self.all.get_mut(place)) {
                let was_settled = request.outcome.is_some();
                request.learn_reply(answer);
                let settles = request.outcome.is_some() && !was_settled;
                self.last = Some(Last { n: request.n, settles, is_reply: true });
                if !request.is_open() && request.purpose().is_none() {
                    request.quote = None;
                }
            }
            return;
        }
        if !answer.code.is_empty() {
            self.give(answer.clone());
        }
        let Some(transaction_id) = command.transaction_id else { return };
        if self.unclaimed.len() < REMEMBERED {
            self.unclaimed.push_back(Early {
                from: message.from,
                name: command.name.clone(),
                transaction_id,
                packets: (message.head.first.packet, message.head.last.packet),
                at: message.head.last,
                answered: Answered::of(message, command),
                stream: command.arguments.first().and_then(Amf::number).filter(|_| command.name == "_result"),
                quote: Quote::of(message),
                answer,
            });
        }
    }

    /// Gives a status to the request that it is about. One that settles nothing may be for a request that is still held back.
    fn give(&mut self, answer: Answer) {
        if let Some(place) = self.told(&answer) {
            let request = &mut self.all[place];
            let was_settled = request.outcome.is_some();
            request.learn_status(answer.clone());
            let settles = request.outcome.is_some() && !was_settled;
            self.last = Some(Last { n: request.n, settles, is_reply: false });
            if !was_settled {
                return;
            }
        }
        if self.early.len() == EARLY {
            self.early.pop_front();
        }
        self.early.push_back(answer);
    }

    fn ask(&mut self, message: &Message, command: &Command) {
        let mut request = Request::new(message, command);
        if let Some(place) = self.early_place(message)
            && let Some(early) = self.unclaimed.remove(place)
        {
            request.learn_reply(early.answer);
        }
        // In captures of several interfaces the order of packets is not that of their times.
        let first = message.head.first;
        self.early.retain(|early| {
            let is_later = early.at.packet > first.packet || early.at.time > first.time;
            let streams = [early.message_stream_id, request.message_stream_id];
            let is_near = streams[0] == streams[1] || streams.contains(&0);
            let is_its = is_later && is_near && request.can_be_told(early);
            if is_its {
                request.learn_status(early.clone());
            }
            !is_its
        });
        self.take_back(message, command, request.deed);
        if self.all.len() == REMEMBERED {
            self.forget();
        }
        if request.purpose().is_some() {
            self.uses.push(request.n);
        } else if !request.is_open() {
            request.quote = None;
        }
        self.all.push_back(request);
    }

    /// What a request takes back of those before it: a stream that is closed or asked for something else.
    fn take_back(&mut self, message: &Message, command: &Command, deed: Option<Deed>) {
        let asked = matches!(deed, Some(Deed::Publishes | Deed::Plays)).then_some(message.head.message_stream_id);
        let Some(id) = asked.or_else(|| ended_stream(message, command)) else { return };
        for n in self.uses.iter().rev().take(REACH) {
            let place = self.all.binary_search_by_key(n, |request| request.n);
            if let Some(request) = place.ok().and_then(|place| self.all.get_mut(place))
                && request.used_stream_id == id
                && request.from == message.from
            {
                request.over.get_or_insert(message.head.last);
            }
        }
    }

    /// Makes room: what is settled goes first, then what is oldest.
    fn forget(&mut self) {
        let recent = self.all.len() - REMEMBERED / 4;
        let mut place = 0;
        self.all.retain(|request| {
            place += 1;
            place > recent || request.is_open() || request.purpose().is_some()
        });
        let excess = self.all.len().saturating_sub(REMEMBERED / 4 * 3);
        self.all.drain(..excess);
        let oldest = self.all.front().map_or(u64::MAX, |request| request.n);
        self.uses.retain(|n| *n >= oldest);
    }

    /// A frame of audio or video came. `is_whole` says that the capture misses nothing of its sender so far.
    pub(super) fn learn_frame(&mut self, message: &Message, part: Part<'_>, is_whole: bool) {
        // Behind a hole nobody knows which frame was the first.
        if !is_whole {
            return;
        }
        let id = message.head.message_stream_id;
        let purpose = if message.from == Side::Client { Use::Publish } else { Use::Play };
        for n in self.uses.iter().rev() {
            let place = self.all.binary_search_by_key(n, |request| request.n);
            let Some(request) = place.ok().and_then(|place| self.all.get_mut(place)) else { continue };
            if request.purpose() != Some(purpose) || (id != 0 && request.used_stream_id != id) {
                continue;
            }
            request.first_frame.get_or_insert(message.head.last);
            if part.is_key() {
                request.first_key_frame.get_or_insert(message.head.last);
            }
            return;
        }
    }
}

/// Whether a command tells what came of a request: a status, or what answers one procedure alone.
fn is_told(command: &Command) -> bool {
    command.is_status() || procedure::PROCEDURES.iter().any(|it| it.told_by == Some(command.name.as_str()))
}

/// Whether a command asks for something. A handler that wants no answer only tells.
fn is_request(command: &Command) -> bool {
    let wants_answer = command.transaction_id.is_some_and(|id| id != 0.0);
    let only_tells = command.is_status() || procedure::is_handler(&command.name) && !wants_answer;
    !command.is_answer() && !command.name.is_empty() && !only_tells
}
