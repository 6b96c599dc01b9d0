use super::part::problem;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// A value begins with a type marker that does not exist, or with one that is reserved (movie clip, record set). An
    /// object end where no object is open is the same.
    ///
    /// Why: nothing behind it can be read: the length of a value follows from its marker.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write only the markers that the encoding has; count what is written before each value.
    pub(super) struct UnknownMarker {}
    "AMF001", "unknown-marker", Error, "AMF0 §2, AMF3 §3", rests: Sender, unsure: true, media: false
}

impl Rule for UnknownMarker {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((part, problem)) = problem(message, Trouble::Unknown) {
            let text = format!("the {}'s {}: {}", message.from.name(), part.name(), problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(part.byte(problem.at)));
        }
    }
}
