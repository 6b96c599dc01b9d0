use super::connect_property_type::kind;
use crate::proto::rtmp::command::TRANSACTION_ID;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Severity, Story, place, rule};
use crate::wire::told;

const MEMBERS: [&str; 3] = ["level", "code", "description"];

rule! {
    /// An `onStatus` has the transaction id 0, and an information object with at least `level`, `code` and `description`. This
    /// one has another id, lacks some of them, or has something else than a string there. A description alone that is missing is a note.
    ///
    /// Why: clients act on `code` and `level`: without them a start or a rejection goes unnoticed. A client that sees an id
    /// other than 0 may take the message for an answer.
    ///
    /// Seen: xiu gives the status the transaction id of the publish or play.
    ///
    /// Change: send transaction id 0, null, and an object with all three.
    pub(super) struct StatusMalformed {}
    "CMD010", "status-malformed", Warning, "RTMP 1.0 §7.2.2", rests: Event, media: false
}

impl Rule for StatusMalformed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(id) = command.transaction_id.filter(|_| command.name == "onStatus") else { return };
        if !message.problems.is_empty() {
            return;
        }
        let values = || command.arguments.iter().chain(&command.object);
        let information = command.information().or_else(|| values().find(|value| !value.members().is_empty()));
        let member = |name: &str| information.and_then(|object| object.member(name));
        let missing: Vec<_> = MEMBERS.into_iter().filter(|name| member(name).is_none()).collect();
        let mut faults = Vec::new();
        if !missing.is_empty() {
            faults.push(format!("without {}", missing.join(", ")));
        }
        for name in MEMBERS {
            if let Some(value) = member(name).filter(|value| value.text().is_none()) {
                faults.push(format!("with {} for its {name}, where a string belongs", kind(value)));
            }
        }
        if id != 0.0 {
            faults.push(format!("with the transaction id {}, not 0", crate::wire::words::number(id)));
        }
        if faults.is_empty() {
            return;
        }
        let code = command.information_text("code").map(|code| format!(" {}", told(code))).unwrap_or_default();
        let text = format!("the {} sends onStatus{code} {}", message.from.name(), faults.join(" and "));
        let finding = findings.about(Self::META, message, text);
        if id != 0.0 {
            finding.mark = place::field(message, &TRANSACTION_ID);
        } else if missing == ["description"] && faults.len() == 1 {
            finding.severity = Severity::Note;
        }
    }
}
