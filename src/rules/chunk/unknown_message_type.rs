use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::words::count;

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
        let text = format!(
            "the {} sends a message of type {}, which nobody knows, with {} on chunk stream {}",
            message.from.name(),
            head.kind.0,
            count(u64::from(head.length), "byte"),
            head.chunk_stream_id
        );
        let finding = findings.about(Self::META, message, text);
        if head.chunk_format < 2 {
            let at = head.header.basic_length() + 6;
            finding.at(Mark::Header(at..at + 1));
        }
    }
}
