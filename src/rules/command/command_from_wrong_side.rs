use super::numbered;
use crate::proto::rtmp::procedure;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// A command that only the other side sends: a server asks nobody to publish or to delete a stream, and a client tells
    /// nobody that publishing began. Nobody has to answer such a command.
    ///
    /// Why: the other side has no handler for it. It ignores the command, answers it with an `_error`, or takes its sender for a
    /// client that may act on its streams.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send from each side what §7.2 gives to it; tell players of an end with onStatus and Stream EOF.
    pub(super) struct CommandFromWrongSide {}
    "CMD028", "command-from-wrong-side", Warning, "RTMP 1.0 §7.2", rests: Event, media: false
}

impl Rule for CommandFromWrongSide {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        // Which side is the client is a guess where the beginning was not captured.
        if story.midstream {
            return;
        }
        let Body::Command(command) = &message.body else { return };
        if procedure::find(&command.name).is_none_or(|it| it.caller.allows(message.from)) {
            return;
        }
        let (from, to) = (message.from.name(), message.from.other().name());
        let text = format!("the {from} sends {}, which is for the {to} to send", numbered(command));
        findings.about(Self::META, message, text);
    }
}
