use super::deviation::Waiting;
use crate::proto::rtmp::{Body, Message, Mistake, SizeSource, UsedSize};
use crate::proto::{Close, Deviation};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// Each side writes chunks of at most 128 bytes until it announces another size for itself, by Set Chunk Size. What the other
    /// side announced counts for that one alone. Here a sender writes longer or shorter chunks that it did not announce. This
    /// program reads what follows with the size that is used.
    ///
    /// Why: a receiver takes media for chunk headers at the end of the first longer chunk. It waits for ever, reports a chunk stream
    /// that nobody opened, or closes the connection.
    ///
    /// Seen: clients that take the server's Set Chunk Size for their own, clients that never split a message, and clients that
    /// announce the size behind the first message that needs it.
    ///
    /// Change: send Set Chunk Size before the first chunk of that size, or write with the size that is in force.
    pub(super) struct ChunkSizeNotAnnounced {
        waiting: Waiting,
    }
    "CHK020", "chunk-size-not-announced", Error, "RTMP 1.0 §5.4.1", rests: Event
}

impl ChunkSizeNotAnnounced {
    /// Says it, now that it is known what the sender announces next, if anything.
    fn say(&mut self, from: Side, next: Option<u32>, findings: &mut Findings) {
        let Some((deviation, shown)) = self.waiting.take(from) else { return };
        let Mistake::ChunkSize(size) = deviation.mistake else { return };
        let text = text(size, from, deviation.offset, next.filter(|next| *next >= size.used));
        match shown {
            Some((quote, packets)) => {
                findings.about_earlier(Self::META, &quote, packets, text);
            }
            None => {
                Waiting::say(Self::META, &deviation, None, text, findings);
            }
        }
    }
}

fn text(size: UsedSize, from: Side, offset: u64, announced_behind: Option<u32>) -> String {
    let UsedSize { used, in_force, announced, source } = size;
    let (who, other) = (from.name(), from.other().name());
    if let Some(size) = announced_behind {
        return format!(
            "the {who} uses chunk size {size} before announcing it: a chunk of {used} bytes at offset {offset}, where {in_force} was in force, and Set Chunk Size behind it"
        );
    }
    let said = if announced { format!("had announced {in_force}") } else { "had announced nothing".to_owned() };
    let what = match source {
        SizeSource::Peer(size) => {
            format!("chunks of up to {used} bytes: it uses {size}, which the {other} announced for itself")
        }
        SizeSource::Whole => format!("messages of up to {used} bytes in one chunk"),
        SizeSource::Before | SizeSource::Spacing => format!("chunks of {used} bytes"),
    };
    let counts = if announced { "" } else { ", so that 128 counted" };
    format!("the {who} {said}{counts}, and from offset {offset} on writes {what}")
}

impl Rule for ChunkSizeNotAnnounced {
    fn held(&self) -> usize {
        self.waiting.held()
    }

    fn deviation(&mut self, deviation: &Deviation, story: &Story, findings: &mut Findings) {
        self.say(deviation.from, None, findings);
        // What could not be read may have announced it.
        if !story.is_whole(deviation.from) {
            return;
        }
        if matches!(deviation.mistake, Mistake::ChunkSize(size) if size.source != SizeSource::Before) {
            self.waiting.put(deviation);
        }
    }

    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if self.waiting.show(message) {
            return;
        }
        let next = match message.body {
            Body::SetChunkSize(size) => Some(size),
            _ => None,
        };
        self.say(message.from, next, findings);
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        self.say(close.from, None, findings);
    }
}
