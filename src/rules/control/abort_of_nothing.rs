use crate::proto::rtmp::{Body, Message};
use crate::proto::{Close, Gap, Incomplete, Undecodable};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::wire::PacketNo;

rule! {
    /// Abort drops the unfinished message of a chunk stream. On the one that it names, no message was under way.
    ///
    /// Why: it does nothing. Its sender names another chunk stream than it means, or aborts what it has sent whole.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: name the chunk stream (not the message stream) of the message that will not be finished.
    pub(super) struct AbortOfNothing {
        waiting: Option<Abort>,
    }
    "CTL017", "abort-of-nothing", Note, "RTMP 1.0 §5.4.2", rests: Sender, background: true
}

/// An Abort; what it drops is the next event.
struct Abort {
    quote: Quote,
    packets: (PacketNo, PacketNo),
    chunk_stream_id: u32,
}

impl AbortOfNothing {
    fn nothing(&mut self, findings: &mut Findings) {
        if let Some(Abort { quote, packets, chunk_stream_id }) = self.waiting.take() {
            let text = format!(
                "the {} aborts chunk stream {chunk_stream_id}, on which no message of it is under way",
                quote.from.name()
            );
            findings.about_earlier(Self::META, &quote, packets, text);
        }
    }
}

impl Rule for AbortOfNothing {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        self.nothing(findings);
        if let Body::Abort(chunk_stream_id) = message.body {
            let packets = (message.head.first.packet, message.head.last.packet);
            self.waiting = Some(Abort { quote: Quote::of(message), packets, chunk_stream_id });
        }
    }

    fn incomplete(&mut self, part: &Incomplete, _: &Story, findings: &mut Findings) {
        let is_dropped =
            |abort: &mut Abort| abort.quote.from == part.from && abort.chunk_stream_id == part.head.chunk_stream_id;
        if self.waiting.take_if(is_dropped).is_none() {
            self.nothing(findings);
        }
    }

    fn gap(&mut self, _: &Gap, _: &Story, findings: &mut Findings) {
        self.nothing(findings);
    }

    fn undecodable(&mut self, _: &Undecodable, _: &Story, findings: &mut Findings) {
        self.nothing(findings);
    }

    fn close(&mut self, _: &Close, _: &Story, findings: &mut Findings) {
        self.nothing(findings);
    }
}
