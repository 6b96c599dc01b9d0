use super::part::problem;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// A value needs more bytes than its message has left: a string longer than that, a number cut short. An object or array
    /// in which only the end is missing is another rule's.
    ///
    /// Why: receivers drop the command, or disconnect.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write the lengths that follow, end each object with 00 00 09, and the length of the message last.
    pub(super) struct ValueTruncated {}
    "AMF002", "value-truncated", Error, "AMF0 §2, AMF3 §3", rests: Sender, unsure: true, media: false
}

impl Rule for ValueTruncated {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((part, problem)) = problem(message, Trouble::Truncated) {
            let path = part.broken_path(problem.at).map(|path| format!("{path}: ")).unwrap_or_default();
            let text = format!("the {}'s {}: {path}{}", message.from.name(), part.name(), problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(part.rest(problem.at)));
        }
    }
}
