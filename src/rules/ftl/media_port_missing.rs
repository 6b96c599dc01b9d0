use super::{about_field, reply};
use crate::proto::ftl::{CommandName, Message, Relation, ReplyCode, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::told;

rule! {
    /// 200 to the dot names no UDP port in the form in which clients look for it: `. Use UDP port N` behind the first dot of the
    /// text.
    ///
    /// Why: the client does not know where to send its media. ftl-sdk takes the old port 8082 then, in silence.
    ///
    /// Seen: servers under development.
    ///
    /// Change: answer the dot with `200 hi. Use UDP port N`, with the port in decimal digits.
    pub(super) struct MediaPortMissing {}
    "FTL008", "media-port-missing", Warning, "FTL 0.9, Establishing a connection", rests: Session, media: false
}

impl Rule for MediaPortMissing {
    fn ftl(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Some((line, reply)) = reply(message) else { return };
        let is_of_dot =
            matches!(line.relation, Some(Relation::Answers(answer)) if answer.command == CommandName::Start);
        if !is_of_dot || reply.code != Some(ReplyCode::OK) || reply.media_port.is_some() {
            return;
        }
        let text = match &reply.text {
            Some(said) => format!("200 to the dot names no UDP port: \"{}\"", told(said)),
            None => "200 to the dot names no UDP port".to_owned(),
        };
        about_field(findings, Self::META, message, &field::CODE, text);
    }
}
