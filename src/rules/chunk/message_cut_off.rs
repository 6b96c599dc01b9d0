use crate::net::How;
use crate::proto::rtmp::type_name;
use crate::proto::{Close, Incomplete, Why};
use crate::rules::{Facts, Findings, Rule, rule};
use crate::wire::PacketNo;

rule! {
    /// The sender closed its side in an orderly way (FIN) inside a message.
    ///
    /// Why: the last message is lost, often the end of a recording or the command that ends the stream.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: finish the message under way, say `deleteStream`, then close.
    pub(super) struct MessageCutOff {
        cut: [Option<Cut>; 2],
    }
    "CHK014", "message-cut-off", Error, "RTMP 1.0 §5.3", rests: Sender, media: false
}

/// The first message that the end of its direction cut off.
struct Cut {
    text: String,
    packets: (PacketNo, PacketNo),
}

impl Rule for MessageCutOff {
    fn incomplete(&mut self, part: &Incomplete, _: &Facts, _: &mut Findings) {
        if part.why != Why::Closed {
            return;
        }
        let head = &part.head;
        self.cut[part.from.index()].get_or_insert_with(|| Cut {
            text: format!(
                "the {} closed after {} of the {} bytes of {} (offset {})",
                part.from.name(),
                part.received,
                head.length,
                type_name(head.kind),
                head.offset
            ),
            packets: (head.first.packet, head.last.packet),
        });
    }

    fn close(&mut self, close: &Close, _: &Facts, findings: &mut Findings) {
        if let Some(Cut { text, packets }) = self.cut[close.from.index()].take()
            && close.how == How::Fin
        {
            findings.push(Self::META, Some(close.from), text, packets);
        }
    }
}
