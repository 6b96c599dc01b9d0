use super::status_text;
use crate::proto::rtmp::{Message, status};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::told;

rule! {
    /// A known status code with another level than the one that belongs to it.
    ///
    /// Why: many clients look at the level alone. With `status` for `error` they take a rejection for a success; with `error`
    /// for `status` they hang up though all is well.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send the level that the code's table has.
    pub(super) struct StatusLevelWrong {}
    "CMD011", "status-level-wrong", Warning, "ActionScript 3 NetStatusEvent; Enhanced RTMP v2", rests: Event, media: false
}

impl Rule for StatusLevelWrong {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Some(code) = status_text(message, "code") else { return };
        let (Some(level), Some(known)) = (status_text(message, "level"), status::find(code)) else { return };
        if !known.allows(level) {
            let usual: Vec<_> = known.levels.iter().map(|level| level.name()).collect();
            let text = format!(
                "the {} sends {} with the level {}, not {}",
                message.from.name(),
                told(code),
                told(level),
                usual.join(" or ")
            );
            findings.about(Self::META, message, text).mark = place::member(message, "level");
        }
    }
}
