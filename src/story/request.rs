//! One thing that a side asked for, and what came of it.

use super::Quote;
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::{self, Deed, Procedure};
use crate::proto::rtmp::{Command, Message, status};
use crate::wire::told;
use crate::wire::words::number;
use crate::wire::{Moment, PacketNo, Side};

/// What a message stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Publish,
    Play,
}

/// A call, or a command that asks for something without being numbered.
#[derive(Clone, Debug)]
pub struct Request {
    pub from: Side,
    pub name: String,
    /// What is known of procedures of that name.
    pub procedure: Option<&'static Procedure>,
    /// What this one does: `publish(false)` ends what another `publish` began, and what only the other side may call does
    /// nothing.
    pub deed: Option<Deed>,
    /// 0 asks for no `_result`.
    pub transaction_id: Option<f64>,
    /// The message stream that it came on.
    pub message_stream_id: u32,
    /// The message stream of what it asked for: where it came on message stream 0, that of the status that answered it.
    pub used_stream_id: u32,
    pub n: u64,
    pub packets: (PacketNo, PacketNo),
    /// When it was complete.
    pub at: Moment,
    /// The first argument, where that is a text: the stream's name, in a command that has one.
    pub argument: Option<String>,
    /// A play asks for what was played before to be dropped.
    pub asks_reset: bool,
    /// The `_result` or `_error` that answers it.
    pub reply: Option<Reply>,
    /// What settled it: the first answer that says yes or no.
    pub outcome: Option<Outcome>,
    /// Statuses that came for it.
    pub statuses: u64,
    /// `NetStream.Play.Reset` came.
    pub is_reset: bool,
    /// `NetStream.Play.Start` or `NetStream.Publish.Start` came.
    pub is_started: bool,
    /// When its sender took it back: the stream was closed or deleted, or asked for something else.
    pub over: Option<Moment>,
    /// When the first audio or video frame that belongs to it was complete, and the first picture that can be decoded alone:
    /// a publisher sends them, a player gets them. None where the capture may miss an earlier one.
    pub first_frame: Option<Moment>,
    pub first_key_frame: Option<Moment>,
    /// The message itself, as long as somebody may have to show it.
    pub quote: Option<Quote>,
}

/// A `_result` or `_error`.
#[derive(Clone, Debug)]
pub struct Reply {
    pub is_result: bool,
    pub n: u64,
    pub at: Moment,
}

/// How a request was settled.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub accepted: bool,
    /// The code of the information object that says so; empty where there is none.
    pub code: String,
    /// The message.
    pub n: u64,
    pub at: Moment,
}

/// What an answer says.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) from: Side,
    /// The command's name.
    pub(super) name: String,
    pub(super) code: String,
    /// The name in the information object of the stream that it is about.
    details: Option<String>,
    is_error: bool,
    pub(super) message_stream_id: u32,
    pub(super) n: u64,
    pub(super) at: Moment,
}

impl Request {
    pub(super) fn new(message: &Message, command: &Command) -> Request {
        let procedure = procedure::find(&command.name);
        let deed = deed(command).filter(|_| procedure.is_none_or(|it| it.caller.allows(message.from)));
        Request {
            from: message.from,
            name: command.name.clone(),
            procedure,
            deed,
            transaction_id: command.transaction_id,
            message_stream_id: message.head.message_stream_id,
            used_stream_id: message.head.message_stream_id,
            n: message.n,
            packets: (message.head.first.packet, message.head.last.packet),
            at: message.head.last,
            argument: command.arguments.first().and_then(Amf::text).map(str::to_owned),
            asks_reset: deed == Some(Deed::Plays) && command.arguments.get(3) == Some(&Amf::Boolean(true)),
            reply: None,
            outcome: None,
            statuses: 0,
            is_reset: false,
            is_started: false,
            over: None,
            first_frame: None,
            first_key_frame: None,
            quote: Some(Quote::of(message)),
        }
    }

    /// What it uses its message stream for.
    pub fn purpose(&self) -> Option<Use> {
        match self.deed? {
            Deed::Publishes => Some(Use::Publish),
            Deed::Plays => Some(Use::Play),
            _ => None,
        }
    }

    /// The command's name and transaction id, for a sentence: `publish(5)`.
    pub fn call(&self) -> String {
        match self.transaction_id {
            Some(id) => format!("{}({})", told(&self.name), number(id)),
            None => told(&self.name).to_string(),
        }
    }

    /// Whether it is a command that only the other side may send.
    pub fn is_from_wrong_side(&self) -> bool {
        self.procedure.is_some_and(|procedure| !procedure.caller.allows(self.from))
    }

    /// Whether a `_result` or `_error` is owed to it.
    pub fn expects_reply(&self) -> bool {
        self.is_numbered() && procedure::expects_result(&self.name) && !self.is_from_wrong_side()
    }

    /// Whether its caller goes on without an answer, and after an `_error` too.
    pub fn is_courtesy(&self) -> bool {
        procedure::is_courtesy(&self.name)
    }

    /// Whether a `_result` or `_error` can answer it.
    pub fn is_numbered(&self) -> bool {
        self.transaction_id.is_some_and(|id| id != 0.0)
    }

    /// Whether a `_result` or `_error` that is owed to it has not come.
    pub fn waits_for_reply(&self) -> bool {
        self.expects_reply() && self.reply.is_none()
    }

    /// Whether anything that answers it may still come.
    pub(super) fn is_open(&self) -> bool {
        self.waits_for_reply() || (self.outcome.is_none() && self.procedure.is_some_and(|it| !it.yes.is_empty()))
    }

    /// Whether it asks for a stream by an empty name, or by one with nothing in front of its query: no server knows such a one.
    pub fn names_nothing(&self) -> bool {
        let is_nothing = |name: &str| name.is_empty() || name.starts_with('?');
        self.purpose().is_some() && self.argument.as_deref().is_some_and(is_nothing)
    }

    /// Whether it was neither refused nor taken back.
    pub fn is_standing(&self) -> bool {
        self.over.is_none() && self.outcome.as_ref().is_none_or(|outcome| outcome.accepted)
    }

    /// Bytes of memory that it takes, about.
    pub(super) fn cost(&self) -> usize {
        let texts = [self.argument.as_ref(), self.outcome.as_ref().map(|outcome| &outcome.code)];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Request>() + self.name.len() + texts + self.quote.as_ref().map_or(0, Quote::cost)
    }

    /// Whether a status can be about it.
    pub(super) fn can_be_told(&self, answer: &Answer) -> bool {
        let code = Some(answer.code.as_str()).filter(|code| !code.is_empty());
        // A status in a `_result` that answers no call is one all the same.
        let name = if answer.name.starts_with('_') { procedure::ON_STATUS } else { &answer.name };
        self.from != answer.from && self.procedure.is_some_and(|procedure| procedure.is_told_by(name, code))
    }

    /// Whether the status names the stream that it names.
    pub(super) fn is_named_by(&self, answer: &Answer) -> bool {
        answer.details.is_some() && answer.details == self.argument
    }

    /// Takes note of its `_result` or `_error`.
    pub(super) fn learn_reply(&mut self, answer: Answer) {
        if self.reply.is_some() {
            return;
        }
        let is_result = answer.name == "_result";
        self.reply = Some(Reply { is_result, n: answer.n, at: answer.at });
        let by_status = |it: &Procedure| matches!(it.answer, procedure::Answer::Status | procedure::Answer::Nothing);
        if !self.procedure.is_some_and(by_status) {
            let Answer { code, n, at, .. } = answer;
            self.outcome.get_or_insert(Outcome { accepted: is_result, code, n, at });
        } else if !answer.code.is_empty() || !is_result {
            // Some servers answer publish and play with a `_result` in which the status stands.
            self.learn(answer);
        }
    }

    /// Takes note of a status about it.
    pub(super) fn learn_status(&mut self, answer: Answer) {
        self.statuses += u64::from(!answer.name.starts_with('_'));
        if self.used_stream_id == 0 {
            self.used_stream_id = answer.message_stream_id;
        }
        self.learn(answer);
    }

    fn learn(&mut self, answer: Answer) {
        let Answer { name, code, is_error, n, at, .. } = answer;
        self.is_reset |= code == "NetStream.Play.Reset";
        self.is_started |= matches!(code.as_str(), "NetStream.Play.Start" | "NetStream.Publish.Start");
        let procedure = self.procedure;
        let says_yes = procedure.is_some_and(|it| it.yes.contains(&code.as_str()) || it.told_by == Some(&name));
        if (says_yes || is_error) && self.outcome.is_none() {
            self.outcome = Some(Outcome { accepted: !is_error, code, n, at });
        }
    }
}

/// What a command does, by its name and its first argument.
pub fn deed(command: &Command) -> Option<Deed> {
    match procedure::deed(&command.name)? {
        Deed::Publishes | Deed::Plays if command.arguments.first() == Some(&Amf::Boolean(false)) => Some(Deed::Ends),
        deed => Some(deed),
    }
}

/// The message stream on which a client's command ends what is published or played. One that names it by what is published
/// (FCUnpublish) ends none by itself.
pub(super) fn ended_stream(message: &Message, command: &Command) -> Option<u32> {
    let own = message.head.message_stream_id;
    match deed(command)? {
        Deed::Ends if !procedure::is_courtesy(&command.name) => Some(own),
        Deed::Deletes => Some(command.arguments.first().and_then(Amf::number).map_or(own, |id| id as u32)),
        _ => None,
    }
}

impl Answer {
    pub(super) fn of(message: &Message, command: &Command) -> Answer {
        let code = command.information_text("code").unwrap_or_default();
        // A code that means no does, whatever its level.
        let is_level = match command.information_text("level") {
            Some(level) => level == "error",
            None => status::find(code).is_some_and(|known| !known.allows("status") && known.allows("error")),
        };
        Answer {
            from: message.from,
            name: command.name.clone(),
            code: code.to_owned(),
            details: command.information_text("details").map(str::to_owned),
            is_error: is_level || command.name == "_error",
            message_stream_id: message.head.message_stream_id,
            n: message.n,
            at: message.head.last,
        }
    }
}
