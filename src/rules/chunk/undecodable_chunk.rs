use crate::proto::rtmp::Reason;
use crate::proto::{Close, Resync, Undecodable};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::count;
use crate::wire::{PacketNo, Side};

rule! {
    /// Where a chunk header should be stands something that cannot be one, and no single mistake that this program knows of explains
    /// it: another chunk size, shorter headers, a header on every chunk, a wrong length, bytes between messages. The finding says
    /// where, with the first bytes, and how many could not be decoded; what they would mean as a header is not said. Bytes
    /// that read as text are left out. All before that place was decoded. This program looks for the next chunk that it can prove; a
    /// receiver has none to look for.
    ///
    /// Why: the connection is of no use from there on. The fault is most often before that place: a message whose length is
    /// wrong, or a chunk size that the sender does not keep.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: look at the last message before the offset: at its length, and at the chunk size in force.
    pub(super) struct UndecodableChunk {
        sides: [Seen; 2],
    }
    "CHK018", "undecodable-chunk", Error, "RTMP 1.0 §5.3", rests: Event, media: false
}

/// What was seen of a direction.
#[derive(Default)]
struct Seen {
    /// The first bytes that cannot be decoded, until it is known how many.
    first: Option<Lost>,
    /// Bytes of those.
    lost: u64,
    /// How many more places there were, and the packets of the first and the last.
    more: u64,
    packets: Option<(PacketNo, PacketNo)>,
}

struct Lost {
    text: String,
    packet: PacketNo,
}

impl UndecodableChunk {
    fn say(&mut self, from: Side, bytes: u64, findings: &mut Findings) {
        let seen = &mut self.sides[from.index()];
        if let Some(Lost { text, packet }) = seen.first.take() {
            seen.lost = bytes;
            let text = format!("{text}; {} not decoded", count(bytes, "byte"));
            findings.push(Self::META, Some(from), text, (packet, packet));
        }
    }

    /// The others are counted: they may follow from the first.
    fn say_more(&mut self, from: Side, bytes: u64, findings: &mut Findings) {
        let seen = &self.sides[from.index()];
        let (bytes, more) = (bytes.saturating_sub(seen.lost), seen.more);
        if let Some(packets) = seen.packets.filter(|_| more > 0 && bytes > 0) {
            let (who, bytes) = (from.name(), count(bytes, "more byte"));
            let text = format!("{bytes} of the {who}, in {}, cannot be decoded either", count(more, "place"));
            findings.push(Self::META, Some(from), text, packets);
        }
    }
}

impl Rule for UndecodableChunk {
    fn undecodable(&mut self, lost: &Undecodable, story: &Story, findings: &mut Findings) {
        // What the capture misses may explain it.
        if !story.is_captured(lost.from) {
            return;
        }
        let packet = lost.at.packet;
        let seen = &mut self.sides[lost.from.index()];
        if let Some((first, last)) = &mut seen.packets {
            if seen.more == 0 {
                *first = packet;
            }
            *last = packet;
            seen.more += 1;
            return;
        }
        seen.packets = Some((packet, packet));
        match lost.reason {
            Reason::NoChunks { .. } | Reason::FlvTags => {
                let last = story.of(lost.from).last_n;
                let last = last.map_or_else(String::new, |n| format!(", behind message {n}"));
                let whose = format!("the {}'s bytes", lost.from.name());
                let clause = lost.reason.clause().replacen("the bytes", &whose, 1);
                let text = format!("{clause} (offset {}{last})", lost.offset);
                seen.first = Some(Lost { text, packet });
            }
            Reason::ChunkStreams => {
                let text = format!("{} (offset {})", lost.reason.clause(), lost.offset);
                findings.push(Self::META, Some(lost.from), text, (packet, packet));
            }
            _ => {}
        }
    }

    fn resync(&mut self, found: &Resync, _: &Story, findings: &mut Findings) {
        self.say(found.from, found.skipped, findings);
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        self.say(close.from, close.undecoded, findings);
        self.say_more(close.from, close.undecoded, findings);
    }
}
