use super::part::problem;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// The message ends where an object's or an array's end should stand, or with fewer values than an array says. All values
    /// in it were read and are shown.
    ///
    /// Why: receivers that read an ECMA array by its count take it, those that wait for its end drop the metadata, or
    /// disconnect.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: end each object and ECMA array with 00 00 09, also where the count was written.
    pub(super) struct ValueNotClosed {}
    "AMF010", "value-not-closed", Warning, "AMF0 §2.5, §2.10, AMF3 §3.11, §3.12", rests: Sender, unsure: true, media: false
}

impl Rule for ValueNotClosed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((part, problem)) = problem(message, Trouble::Unclosed) {
            let text = format!("the {}'s {}: {}", message.from.name(), part.name(), problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(part.byte(problem.at)));
        }
    }
}
