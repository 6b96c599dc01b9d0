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
        lost: [Option<Lost>; 2],
        said: [bool; 2],
    }
    "CHK018", "undecodable-chunk", Error, "RTMP 1.0 §5.3", rests: Event, media: false
}

/// Bytes that cannot be decoded, until it is known how many.
struct Lost {
    text: String,
    packet: PacketNo,
}

impl UndecodableChunk {
    fn say(&mut self, from: Side, bytes: u64, findings: &mut Findings) {
        if let Some(Lost { text, packet }) = self.lost[from.index()].take() {
            let text = format!("{text}; {} not decoded", count(bytes, "byte"));
            findings.push(Self::META, Some(from), text, (packet, packet));
        }
    }
}

impl Rule for UndecodableChunk {
    fn undecodable(&mut self, lost: &Undecodable, story: &Story, findings: &mut Findings) {
        // What the capture misses may explain it.
        if !story.is_captured(lost.from) || std::mem::replace(&mut self.said[lost.from.index()], true) {
            return;
        }
        let packet = lost.at.packet;
        match lost.reason {
            Reason::NoChunks { .. } => {
                let last = story.of(lost.from).last_n;
                let last = last.map_or_else(String::new, |n| format!(", behind message {n}"));
                let whose = format!("the {}'s bytes", lost.from.name());
                let clause = lost.reason.clause().replacen("the bytes", &whose, 1);
                let text = format!("{clause} (offset {}{last})", lost.offset);
                self.lost[lost.from.index()] = Some(Lost { text, packet });
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
    }
}
