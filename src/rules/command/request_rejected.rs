use crate::proto::rtmp::{Body, Message};
use crate::rules::{Facts, Findings, Rule, rule};

rule! {
    /// An `_error`, or a status of level `error`: someone said no. The finding says who, to what, and why.
    ///
    /// Why: this is no fault by itself. It is what a person who asks "why does it not connect?" looks for first.
    ///
    /// Seen: every server, for a wrong application, a refused or busy key, a missing stream.
    ///
    /// Change: what the description asks for; a server should say there what a person can act on.
    pub(super) struct RequestRejected {}
    "CMD023", "request-rejected", Note, "RTMP 1.0 §7.2", rests: Event, each: true
}

impl Rule for RequestRejected {
    fn message(&mut self, message: &Message, facts: &Facts, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if command.name != "_error" && command.information_text("level") != Some("error") {
            return;
        }
        let call = facts.calls.answered_by(message);
        let mut text = format!("the {} rejected ", message.from.name());
        match (call, command.name.as_str(), command.transaction_id) {
            (Some(call), ..) => text += &format!("{}({})", call.name, call.transaction_id),
            (None, "_error", Some(id)) => text += &format!("call {id}"),
            (None, ..) => text = format!("the {} sent {}", message.from.name(), command.name),
        }
        if let Some(code) = command.information_text("code") {
            text += &format!(": {code}");
        }
        if let Some(description) = command.information_text("description") {
            text += &format!(" \"{description}\"");
        }
        findings.about(Self::META, message, text);
    }
}
