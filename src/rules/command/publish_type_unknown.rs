use super::numbered;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::{Origin, told_as};

/// `appendWithGap` came with Flash Media Server 3.5.
const TYPES: &[&str] = &["live", "record", "append", "appendWithGap"];

rule! {
    /// `publish` says behind the stream's name how it is to be published: live, record or append. This one says something else
    /// or nothing.
    ///
    /// Why: some servers record what was meant to be live, or reject the stream.
    ///
    /// Seen: encoders that leave it out; lal had to learn to accept them.
    ///
    /// Change: send `live` behind the stream's name, unless the server shall record.
    pub(super) struct PublishTypeUnknown {}
    "CMD016", "publish-type-unknown", Warning, "RTMP 1.0 §7.2.2.6", rests: Event, media: false
}

impl Rule for PublishTypeUnknown {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if command.name != "publish" || message.from != Side::Client || !message.problems.is_empty() {
            return;
        }
        // `publish(false)` ends publishing.
        if command.transaction_id.is_none() || command.arguments.first() == Some(&Amf::Boolean(false)) {
            return;
        }
        let call = numbered(command);
        let text = match command.arguments.get(1) {
            None => format!("the client sends {call} without a type: live, record or append belongs behind the name"),
            Some(Amf::String(kind)) if TYPES.contains(&kind.as_str()) => return,
            Some(Amf::String(kind)) => {
                format!(
                    "the client sends {call} with the type \"{}\", not live, record or append",
                    told_as(Origin::Secret, kind)
                )
            }
            Some(_) => format!("the client sends {call} with a type that is no string, not live, record or append"),
        };
        findings.about(Self::META, message, text);
    }
}
