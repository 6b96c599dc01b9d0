use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// A message of a type that neither the specification nor practice knows: 0, 7, 10 to 14, 21 and everything from 23 on.
    ///
    /// Why: receivers skip it, or take it for a sign that they lost the chunks and disconnect. It often is that sign.
    ///
    /// Seen: no real sender yet; type 7 was kept for edge servers.
    ///
    /// Change: send data messages (15, 18) for what is your own.
    pub(super) struct UnknownMessageType {}
    "CHK017", "unknown-message-type", Warning, "RTMP 1.0 §6.1", rests: Sender, media: false
}

impl Rule for UnknownMessageType {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        if head.kind.name().is_some() {
            return;
        }
        let text = format!("a message of type {} and {} bytes", head.kind.0, head.length);
        let finding = findings.about(Self::META, message, text);
        if head.chunk_format < 2 {
            let at = head.header.basic_length() + 6;
            finding.at(Mark::Header(at..at + 1));
        }
    }
}
