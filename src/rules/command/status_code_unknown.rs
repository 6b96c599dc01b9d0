use super::status_text;
use crate::proto::rtmp::{Message, status};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::told;

rule! {
    /// A status code that begins with `NetConnection.` or `NetStream.` and that no table has. Codes are case-sensitive.
    ///
    /// Why: clients compare codes as text. They ignore one that they do not know, and wait on.
    ///
    /// Seen: xiu sends `NetStream.DeleteStream.Suceess`.
    ///
    /// Change: use a code of the tables, and say what is special in the description; or a code with a beginning of your own.
    pub(super) struct StatusCodeUnknown {}
    "CMD012", "status-code-unknown", Note, "ActionScript 3 NetStatusEvent; Enhanced RTMP v2", rests: Event, media: false
}

impl Rule for StatusCodeUnknown {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Some(code) = status_text(message, "code") else { return };
        let is_ours = code.starts_with("NetConnection.") || code.starts_with("NetStream.");
        if !is_ours || status::find(code).is_some() {
            return;
        }
        let mut text = format!("the {} sends {}, which is in no table of codes", message.from.name(), told(code));
        if let Some(known) = status::STATUSES.iter().find(|known| known.code.eq_ignore_ascii_case(code)) {
            text += &format!("; {} is", known.code);
        }
        findings.about(Self::META, message, text).mark = place::member(message, "code");
    }
}
