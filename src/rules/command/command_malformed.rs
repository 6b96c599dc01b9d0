use super::connect_property_type::kind;
use super::numbered;
use crate::proto::amf::Amf;
use crate::proto::rtmp::command::{ARGUMENTS, COMMAND_NAME, TRANSACTION_ID};
use crate::proto::rtmp::data::DATA_NAME;
use crate::proto::rtmp::{Body, Message, Misplaced, procedure};
use crate::rules::{Findings, Rule, Severity, Story, place, rule};
use crate::wire::told;

rule! {
    /// A command is a string for its name, a number for its transaction id, and what belongs to it. This one has no name, no
    /// transaction id, or something else in their place; or a data message has something else than a string for its name. A notice
    /// (`onFCPublish`, say) that ends after its name is a warning: nobody answers it. So is a number where a publish, a play or its
    /// like has the stream's name. AMF that cannot be read is for the AMF rules.
    ///
    /// Why: the receiver cannot tell what is called or what to answer, and drops the message or the connection.
    ///
    /// Seen: FFmpeg as a server sends `onFCPublish` as a name alone; some hardware encoders wait for its transaction id.
    ///
    /// Change: write the name, the transaction id (0 where no answer is wanted) and the command object or null.
    pub(super) struct CommandMalformed {}
    "CMD009", "command-malformed", Error, "RTMP 1.0 §7.1.1", rests: Event, media: false
}

impl Rule for CommandMalformed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let from = message.from.name();
        let command = match &message.body {
            Body::Command(command) => command,
            Body::Data(data) if data.name.is_empty() => {
                if let ([value, ..], Some(_)) = (&data.values[..], message.problems.first()) {
                    let text = format!(
                        "the {from} sends a data message with {} for its name, where a string belongs",
                        kind(value)
                    );
                    findings.about(Self::META, message, text).mark = place::field(message, &DATA_NAME);
                }
                return;
            }
            _ => return,
        };
        if command.transaction_id.is_some() {
            if let Some(value @ (Amf::Number(_) | Amf::Integer(_))) = command.arguments.first()
                && procedure::names_stream(&command.name)
            {
                let (what, name) = (kind(value), numbered(command));
                let text = format!("the {from} sends {name} with {what} for the stream's name, where a string belongs");
                let finding = findings.about(Self::META, message, text);
                finding.severity = Severity::Warning;
                finding.mark = place::field(message, &ARGUMENTS);
            }
            return;
        }
        let name = told(&command.name);
        match command.misplaced {
            Some(Misplaced::Name) => {
                let what = command.arguments.first().map_or("something else than a string", kind);
                let text = format!("the {from} sends a command with {what} for its name, where a string belongs");
                findings.about(Self::META, message, text).mark = place::field(message, &COMMAND_NAME);
            }
            Some(Misplaced::TransactionId) => {
                let text = format!("the {from} sends {name} with something else than a number for its transaction id");
                findings.about(Self::META, message, text).mark = place::field(message, &TRANSACTION_ID);
            }
            None if message.payload.is_empty() => {
                findings.about(Self::META, message, format!("the {from} sends a command without content"));
            }
            None if message.problems.is_empty() => {
                let finding =
                    findings.about(Self::META, message, format!("the {from} sends {name} without a transaction id"));
                if command.name.starts_with("on") {
                    finding.severity = Severity::Warning;
                }
            }
            None => {}
        }
    }
}
