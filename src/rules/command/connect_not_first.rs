use crate::proto::rtmp::{Body, Message, type_name};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::told;

rule! {
    /// `connect` must be the first command of a client. This client sends another command, data or media before it.
    ///
    /// Why: a server knows no application yet, and drops the message or the connection.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send connect first, and the rest when its `_result` has come.
    pub(super) struct ConnectNotFirst {}
    "CMD001", "connect-not-first", Error, "RTMP 1.0 §7.2.1.1", rests: Sender
}

impl Rule for ConnectNotFirst {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if story.connect.is_some() || message.from != Side::Client {
            return;
        }
        let what = match &message.body {
            Body::Command(command) if command.name == "connect" || command.name.is_empty() => return,
            Body::Command(command) => told(&command.name).to_string(),
            Body::Audio(_) | Body::Video(_) | Body::Data(_) | Body::Aggregate(_) | Body::SharedObject(_) => {
                type_name(message.head.kind)
            }
            _ => return,
        };
        findings.about(Self::META, message, format!("the client sends {what} before connect"));
    }
}
