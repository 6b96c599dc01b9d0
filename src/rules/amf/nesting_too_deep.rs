use super::part::problem;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// Values stand inside one another more than 32 deep. This program follows no further: the rest of the message is
    /// shown as bytes.
    ///
    /// Why: real data is a few levels deep. Deeper values break receivers that read them by recursion.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: look for an object that contains itself; write such things as references.
    pub(super) struct NestingTooDeep {}
    "AMF009", "nesting-too-deep", Error, "–", rests: Sender, unsure: true, media: false
}

impl Rule for NestingTooDeep {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((part, problem)) = problem(message, Trouble::Depth) {
            let text = format!("the {}'s {}: {}", message.from.name(), part.name(), problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(part.byte(problem.at)));
        }
    }
}
