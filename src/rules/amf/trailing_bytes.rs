use super::part::problem;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// Behind the last value stand bytes that are none: zeros from a buffer that is longer than what was written to it, an
    /// object end too many, or more data than an event of a shared object has.
    ///
    /// Why: a receiver that reads values to the end of the message fails on them and drops all of it.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send as many bytes as were written, with one end for each object.
    pub(super) struct TrailingBytes {}
    "AMF003", "trailing-bytes", Warning, "–", rests: Sender, unsure: true, media: false
}

impl Rule for TrailingBytes {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((part, problem)) = problem(message, Trouble::Trailing) {
            let text = format!("the {}'s {}: {}", message.from.name(), part.name(), problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(part.rest(problem.at)));
        }
    }
}
