use crate::net::How;
use crate::proto::rtmp::type_name;
use crate::proto::{Close, Incomplete, Why};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::PacketNo;
use crate::wire::words::count;

rule! {
    /// The sender closed its side in an orderly way (FIN) inside a message, and was the first to end the connection. Where the
    /// other side had ended it before, that is another rule's.
    ///
    /// Why: the last message is lost, often the end of a recording or the command that ends the stream.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: finish the message under way, say `deleteStream`, then close.
    pub(super) struct MessageCutOff {
        cut: [Option<Cut>; 2],
    }
    "CHK014", "message-cut-off", Error, "RTMP 1.0 §5.3", rests: Sender, unsure: true, media: false
}

/// The first message that the end of its direction cut off.
struct Cut {
    text: String,
    packets: (PacketNo, PacketNo),
}

impl Rule for MessageCutOff {
    fn incomplete(&mut self, part: &Incomplete, _: &Story, _: &mut Findings) {
        if part.why != Why::Closed {
            return;
        }
        let head = &part.head;
        self.cut[part.from.index()].get_or_insert_with(|| Cut {
            text: format!(
                "the {} closed the connection inside its own {} (offset {}), after {} of its {}",
                part.from.name(),
                type_name(head.kind),
                head.offset,
                part.received,
                count(u64::from(head.length), "byte"),
            ),
            packets: (head.first.packet, head.last.packet),
        });
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let ending = story.ending(close);
        let Some(by) = ending.by.filter(|_| close.last && ending.how == How::Fin) else { return };
        if let Some(Cut { text, packets }) = self.cut[by.index()].take() {
            // Without the other side's FIN, one that was sent before may be missing.
            let other = if close.from == by { story.of(by.other()).closed } else { Some(close.how) };
            findings.push(Self::META, Some(by), text, packets).certain = other == Some(How::Fin);
        }
    }
}
