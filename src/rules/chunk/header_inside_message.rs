use crate::proto::rtmp::{Message, Reading, type_name};
use crate::proto::{Incomplete, Why};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// A chunk stream carries one message after the other: all chunks of a message but the first have a type 3 header. Here a
    /// type 0, 1 or 2 header began a new message before the last one was whole, and no Abort Message was sent for it; or each chunk
    /// of a message has its whole header again. This program puts such a message together.
    ///
    /// Why: the unfinished message is lost, and receivers that go by byte counts lose the direction.
    ///
    /// Seen: senders that drop frames in the middle; hardware encoders that write a full header before every chunk.
    ///
    /// Change: finish each message, or send Abort Message first; write type 3 headers inside a message.
    pub(super) struct HeaderInsideMessage {}
    "CHK003", "header-inside-message", Error, "RTMP 1.0 §5.3", rests: Sender
}

impl Rule for HeaderInsideMessage {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        if head.reading == Reading::HeaderOnEveryChunk {
            let text = format!(
                "all {} chunks of the {}'s {} of {} bytes have the header of a new message; type 3 belongs on all but the first (offset {})",
                head.chunks,
                message.from.name(),
                type_name(head.kind),
                head.length,
                head.offset
            );
            findings.about(Self::META, message, text);
        }
    }

    fn incomplete(&mut self, part: &Incomplete, _: &Story, findings: &mut Findings) {
        if part.why != Why::HeaderInside {
            return;
        }
        let head = &part.head;
        let text = format!(
            "a new header on chunk stream {} after {} of the {} bytes of the {}'s {} (offset {})",
            head.chunk_stream_id,
            part.received,
            head.length,
            part.from.name(),
            type_name(head.kind),
            head.offset
        );
        findings.push(Self::META, Some(part.from), text, (head.first.packet, head.last.packet));
    }
}
