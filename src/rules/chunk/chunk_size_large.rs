use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Quote, Rule, Severity, Story, rule};
use crate::wire::words::duration;
use crate::wire::{Moment, PacketNo, Side};

rule! {
    /// A chunk size of over 65536 bytes is legal, and peers and tools that break at that size exist. Beyond 16777215, the largest
    /// message, all sizes are the same. Where the other side says nothing more and ends the connection within a second of such a
    /// one, the finding names both and is a warning.
    ///
    /// Why: a receiver that holds the size in 16 or 24 bits, or allocates it, fails; and a large picture holds up the audio, since
    /// chunks cannot come in between.
    ///
    /// Seen: crtmpserver announces 4194304 before it plays a recording.
    ///
    /// Change: send 65536 or less.
    pub(super) struct ChunkSizeLarge {
        absurd: [Option<Absurd>; 2],
    }
    "CHK012", "chunk-size-large", Note, "RTMP 1.0 §5.4.1", rests: Event, media: false
}

/// A size that no message needs: judged when it is known how the other side took it.
struct Absurd {
    size: u32,
    quote: Quote,
    packets: (PacketNo, PacketNo),
    at: Moment,
}

/// The largest size that a message can make use of.
const LARGEST: u32 = 16_777_215;

/// What ends a connection so many nanoseconds after such a size is taken for an answer to it.
const SOON_NS: i64 = 1_000_000_000;

impl Rule for ChunkSizeLarge {
    fn held(&self) -> usize {
        self.absurd.iter().flatten().map(|absurd| absurd.quote.cost()).sum()
    }

    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::SetChunkSize(size) = message.body else { return };
        let before = self.absurd[message.from.index()].take();
        if let Some(before) = before {
            before.say(None, findings);
        }
        match size {
            65_537..=LARGEST => {
                let text = format!("the {} announces a chunk size of {size}, which is over 65536", message.from.name());
                findings.about(Self::META, message, text).at(Mark::Payload(0..4));
            }
            16_777_216..=0x7fff_ffff => {
                let packets = (message.head.first.packet, message.head.last.packet);
                let absurd = Absurd { size, quote: Quote::of(message), packets, at: message.head.last };
                self.absurd[message.from.index()] = Some(absurd);
            }
            _ => {}
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for from in Side::BOTH {
            if let Some(absurd) = self.absurd[from.index()].take() {
                let reaction = absurd.reaction(from, close, story);
                absurd.say(reaction, findings);
            }
        }
    }
}

impl Absurd {
    /// What the other side did: when it ended the connection, if it did so soon and without another word.
    fn reaction(&self, from: Side, close: &Close, story: &Story) -> Option<(String, PacketNo)> {
        let (ending, other) = (story.ending(close), from.other());
        let did = match ending.how {
            How::Fin => "closed",
            How::Rst => "reset",
            How::Timeout | How::EndOfCapture => return None,
        };
        let later = ending.at.time.since(self.at.time);
        let is_silent = story.of(other).last.is_none_or(|last| last.packet < self.packets.1);
        let is_it = ending.by == Some(other) && (0..SOON_NS).contains(&later) && is_silent;
        let is_certain = story.is_whole(other) && ending.at.packet > self.packets.1;
        let text = || format!("; the {} {did} the connection {} later", other.name(), duration(later));
        (is_it && is_certain).then(|| (text(), ending.at.packet))
    }

    fn say(&self, reaction: Option<(String, PacketNo)>, findings: &mut Findings) {
        let (then, last) = reaction.map_or((None, self.packets.1), |(then, last)| (Some(then), last));
        let text = format!(
            "the {} announces a chunk size of {}, which is over {LARGEST}, the largest message{}",
            self.quote.from.name(),
            self.size,
            then.as_deref().unwrap_or_default()
        );
        let finding = findings.about_earlier(ChunkSizeLarge::META, &self.quote, (self.packets.0, last), text);
        finding.mark = Some(Mark::Payload(0..4));
        if then.is_some() {
            finding.severity = Severity::Warning;
        }
    }
}
