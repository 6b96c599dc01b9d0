use super::part::problem;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// A reference names a value, a string or a class by its number, and none with that number came before. In AMF3 the
    /// numbers begin anew with each value behind an avmplus marker; a sender that goes on counting gives such references.
    ///
    /// Why: the value is lost, and in AMF3 the place of everything behind it.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: begin the tables of references anew where the receiver does: with each message in AMF0, with each avmplus
    /// marker in AMF3.
    pub(super) struct ReferenceDangling {}
    "AMF007", "reference-dangling", Error, "AMF0 §2.9, AMF3 §2.2", rests: Sender, unsure: true, media: false
}

impl Rule for ReferenceDangling {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((part, problem)) = problem(message, Trouble::Dangling) {
            let text = format!("the {}'s {}: {}", message.from.name(), part.name(), problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(part.byte(problem.at)));
        }
    }
}
