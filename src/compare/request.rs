//! One request of a client, and what the server did about it.

use super::situation::Situation;
use crate::limits::Limits;
use crate::proto::rtmp::procedure::{self, Deed, PROCEDURES};
use crate::story;
use crate::wire::Time;

/// Steps of one answer that are kept.
const STEPS: usize = Limits::DEFAULT.compared_steps;
/// A server that says nothing for so long has said all, in nanoseconds.
pub(super) const PATIENCE: i64 = 1_000_000_000;

/// The answer of a server that closes at once.
pub(super) const CLOSES: &str = "the server closes the connection";

/// Something that the server did about a request.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Where it stands among all that the server sent.
    pub(super) order: u32,
    pub(super) text: String,
    pub(super) n: Option<u64>,
    pub(super) time: Time,
}

/// A request with what came of it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) n: u64,
    pub(super) time: Time,
    pub(super) name: String,
    pub(super) deed: Option<Deed>,
    /// Whether a `_result` or `_error` is due.
    pub(super) wants_answer: bool,
    /// The first argument, where it is a flag: whether to pause.
    pub(super) flag: Option<bool>,
    pub(super) message_stream: u32,
    pub(super) situation: Situation,
    /// Requests with nothing of the server's between them have the same.
    pub(super) batch: u32,
    pub(super) steps: Vec<Step>,
    /// What the session's story says came of it.
    pub(super) told: Told,
    /// Whether it wants to publish what another session is publishing.
    pub(super) is_name_busy: bool,
    /// Whether the server's media had begun.
    pub(super) is_amid_media: bool,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// A `_result` or `_error` came.
    pub(super) is_answered: bool,
    /// Something said yes or no.
    pub(super) is_settled: bool,
    /// A status came.
    pub(super) has_status: bool,
    /// What was to be played or published was said to begin.
    pub(super) is_started: bool,
    /// The message that answered it, and when.
    pub(super) answer: Option<(u64, Time)>,
}

impl Told {
    pub(super) fn of(request: &story::Request) -> Told {
        let reply = request.reply.as_ref().map(|reply| (reply.n, reply.at.time));
        let outcome = request.outcome.as_ref().map(|outcome| (outcome.n, outcome.at.time));
        // As in the timeline and in statistics: by the `_result` or `_error` where one is owed, else by what settled it.
        let answer = if request.expects_reply() { reply } else { outcome };
        Told {
            is_answered: request.reply.is_some(),
            is_settled: request.outcome.is_some(),
            has_status: request.statuses > 0,
            is_started: request.is_started,
            answer,
        }
    }
}

impl Request {
    pub(super) fn is_ending(&self) -> bool {
        self.deed.is_some_and(Deed::is_end)
    }

    /// Whether it calls a method that is the application's own, so that `NetConnection.Call.Failed` is due where it is unknown.
    pub(super) fn is_call(&self) -> bool {
        self.wants_answer && matches!(self.deed, None | Some(Deed::Tells | Deed::Measures))
    }

    pub(super) fn add(&mut self, step: Step) {
        if self.steps.len() < STEPS && self.steps.last().is_none_or(|last| last.text != step.text) {
            self.steps.push(step);
        }
    }

    /// The last that happened to it.
    pub(super) fn last(&self) -> Time {
        self.steps.iter().map(|step| step.time).fold(self.time, Time::max)
    }

    /// All steps in the order in which the server made them; a step that comes twice in a row stands once.
    pub(super) fn story(&self) -> String {
        let mut steps: Vec<&Step> = self.steps.iter().collect();
        steps.sort_by_key(|step| step.order);
        let mut texts: Vec<&str> = steps.iter().map(|step| step.text.as_str()).collect();
        texts.dedup();
        if self.wants_answer && !self.told.is_answered && texts.iter().any(|text| *text != CLOSES) {
            texts.push("no _result");
        }
        texts.join(", ")
    }
}

/// Whether a call is a mere reaction to what the server did.
pub(super) fn is_reaction(name: &str) -> bool {
    procedure::deed(name) == Some(Deed::Measures) || procedure::is_handler(name) || name.starts_with('_')
}

/// Where a request stands in the table: the order of the protocol.
pub(super) fn rank(name: &str) -> u32 {
    300 + PROCEDURES.iter().position(|known| known.name == name).unwrap_or(PROCEDURES.len()) as u32
}
