use super::{about_field, called, command};
use crate::proto::ftl::{Command, Message, Misplaced, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::told;

rule! {
    /// CONNECT after one was accepted, or an attribute or a dot after media was allowed to begin.
    ///
    /// Why: a control connection is for one channel and one set of media. Janus closes it at a second CONNECT and at an attribute
    /// after the start.
    ///
    /// Seen: clients that change what they send, or start anew, without a new connection.
    ///
    /// Change: send DISCONNECT, and begin again on a new connection.
    pub(super) struct ConnectRepeated {}
    "FTL007", "ftl-connect-repeated", Error, "FTL 0.9, Establishing a connection", rests: Session, media: false
}

impl Rule for ConnectRepeated {
    fn ftl(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Some((line, command)) = command(message) else { return };
        let text = match (line.misplaced, command) {
            (Some(Misplaced::ConnectAgain), _) => "CONNECT after one was accepted".to_owned(),
            (Some(Misplaced::AfterStart), Command::Attribute { attribute, .. }) => {
                format!("the attribute {} after media was allowed to begin", told(attribute))
            }
            (Some(Misplaced::AfterStart), command) => {
                format!("{} again after media was allowed to begin", command.name().map_or("a line", called))
            }
            _ => return,
        };
        about_field(findings, Self::META, message, &field::NAME, text);
    }
}
