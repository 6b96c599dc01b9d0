use super::authentication_round::asks_for_more;
use super::{application, numbered};
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::{Body, Command, Message, status};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::Request;
use crate::wire::words::number;
use crate::wire::{Origin, told, told_as};

rule! {
    /// An `_error`, or a status of level `error`: someone said no. The finding says who, to which call, with which code and
    /// description. Where the description is missing it says what the code means. An `_error` to a call that clients go on
    /// without (releaseStream, FCPublish, _checkbw and their like) is none of these, nor is a round of authentication.
    ///
    /// Why: this is no fault by itself. It is what a person who asks "why does it not connect?" looks for first.
    ///
    /// Seen: every server, for a wrong application, a refused or busy key, a missing stream.
    ///
    /// Change: what the description asks for; a server should say there what a person can act on.
    pub(super) struct RequestRejected {}
    "CMD023", "request-rejected", Note, "RTMP 1.0 §7.2", rests: Event, each: true, media: false
}

impl Rule for RequestRejected {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if !is_rejection(command) || asks_for_more(command) {
            return;
        }
        let call = story.requests.answered_by(message);
        if call.is_some_and(|call| call.is_courtesy() && command.is_answer()) {
            return;
        }
        let deed = if command.is_answer() {
            answered(message, command, call, story)
        } else {
            Some(announced(message, command, call, story))
        };
        let Some(deed) = deed else { return };
        let text = format!("the {} {deed}{}", message.from.name(), reason(command));
        findings.about(Self::META, message, text);
    }
}

/// Whether a command says no. A code that means no does, whatever its level.
fn is_rejection(command: &Command) -> bool {
    let known = command.information_text("code").and_then(status::find);
    let may_be = |level| known.is_some_and(|known| known.allows(level));
    match (command.name.as_str(), command.information_text("level")) {
        ("_error", Some("status")) => known.is_none() || may_be("error"),
        ("_error", _) | ("onStatus" | "_result", Some("error")) => true,
        ("onStatus", _) => may_be("error") && !may_be("status"),
        _ => false,
    }
}

/// What an `_error` does, to which call; none where nobody waits for it.
fn answered(message: &Message, command: &Command, call: Option<&Request>, story: &Story) -> Option<String> {
    if let Some(call) = call {
        return Some(format!("rejected {}{}", call.call(), application(&call.name, story)));
    }
    let code = command.information_text("code").unwrap_or_default();
    if code.starts_with("NetConnection.Connect.") || code.starts_with("NetStream.") {
        return Some(announced(message, command, None, story));
    }
    match command.transaction_id? {
        // That of calls that want no answer.
        0.0 => None,
        id if story.is_whole(message.from.other()) => Some(format!("sent {}({})", told(&command.name), number(id))),
        id => Some(format!("rejected call {id}, which was not captured")),
    }
}

/// What an `onStatus` of level error does, and an answer whose call is not known.
fn announced(message: &Message, command: &Command, request: Option<&Request>, story: &Story) -> String {
    let id = message.head.message_stream_id;
    let code = command.information_text("code").unwrap_or_default();
    match request {
        Some(request) if request.outcome.as_ref().is_some_and(|outcome| outcome.accepted) => {
            if request.deed == Some(Deed::Connects) {
                return format!("sent {} about the connection", numbered(command));
            }
            format!("accepted {} and then broke it off", request.call())
        }
        Some(request) => format!("rejected {}{}", request.call(), application(&request.name, story)),
        None if code.starts_with("NetConnection.") => format!("sent {} about the connection", numbered(command)),
        None if code.starts_with("NetStream.Seek.") => "rejected a seek".to_owned(),
        None => format!("sent {} on message stream {id}", numbered(command)),
    }
}

/// Why, as far as it says.
fn reason(command: &Command) -> String {
    let code = command.information_text("code").unwrap_or_default();
    let description = command.information_text("description").map(str::trim).unwrap_or_default();
    match (code, description) {
        ("", "") => " without saying why".to_owned(),
        ("", description) => format!(": \"{}\"", told_as(Origin::Description, description)),
        (code, "") => match status::find(code) {
            Some(known) => format!(": {} ({})", known.code, clause(known.meaning)),
            None => format!(": {}", told(code)),
        },
        (code, description) => format!(": {} \"{}\"", told(code), told_as(origin(code), description)),
    }
}

/// What the sentence is that a code comes with: those about streams quote their names.
fn origin(code: &str) -> Origin {
    if code.starts_with("NetStream.") { Origin::Description } else { Origin::Text }
}

/// A sentence as a clause.
fn clause(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
