use crate::proto::rtmp::command::{COMMAND_NAME, TRANSACTION_ID};
use crate::proto::rtmp::{Body, Message, Misplaced};
use crate::rules::{Findings, Rule, Severity, Story, place, rule};

rule! {
    /// A command is a string for its name, a number for its transaction id, and what belongs to it. This one has no name, no
    /// transaction id, or something else in their place. A notice (`onFCPublish`, say) that ends after its name is a warning:
    /// nobody answers it. AMF that cannot be read is for the AMF rules.
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
        let Body::Command(command) = &message.body else { return };
        if command.transaction_id.is_some() {
            return;
        }
        let name = &command.name;
        match command.misplaced {
            Some(Misplaced::Name) => {
                let text = "a command whose name is no string".to_owned();
                findings.about(Self::META, message, text).mark = place::field(message, &COMMAND_NAME);
            }
            Some(Misplaced::TransactionId) => {
                let text = format!("{name} with something else than a number for its transaction id");
                findings.about(Self::META, message, text).mark = place::field(message, &TRANSACTION_ID);
            }
            None if message.payload.is_empty() => {
                findings.about(Self::META, message, "a command without content".to_owned());
            }
            None if message.problems.is_empty() => {
                let finding = findings.about(Self::META, message, format!("{name} without a transaction id"));
                if name.starts_with("on") {
                    finding.severity = Severity::Warning;
                }
            }
            None => {}
        }
    }
}
