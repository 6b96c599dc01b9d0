use super::part::problem;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// The values of a command or data message are AMF0, in which an avmplus marker announces each that is AMF3; so are those of
    /// the types 15 and 17 behind their format selector 0. Here AMF3 values stand without that marker, AMF0 values behind it, or a format selector in a type that has none.
    /// They are shown as they are written.
    ///
    /// Why: a receiver that keeps to the specification takes AMF3's marker of a string for `undefined`, and finds no name.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write the name, and the transaction id, as AMF0, and 11 (hex) before each value that is AMF3.
    pub(super) struct EncodingMixed {}
    "AMF011", "encoding-mixed", Warning, "AMF0 §3.1, Errata and Addenda §7.2", rests: Event, media: false
}

impl Rule for EncodingMixed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((part, problem)) = problem(message, Trouble::Mixed) {
            let text = format!("the {}'s {}: {}", message.from.name(), part.name(), problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(part.byte(problem.at)));
        }
    }
}
