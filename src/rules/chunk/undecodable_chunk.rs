use crate::proto::Undecodable;
use crate::proto::rtmp::Reason;
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Where a chunk header should be stands something that cannot be followed. The finding says at which offset, and why; all
    /// before it was decoded. This program looks for the next chunk that it can prove; a receiver has none to look for.
    ///
    /// Why: the connection is of no use from there on. The fault is most often before that place: a message whose length is
    /// wrong, or a chunk size that the sender does not keep.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: look at the last message before the offset: at its length, and at the chunk size in force.
    pub(super) struct UndecodableChunk {}
    "CHK018", "undecodable-chunk", Error, "RTMP 1.0 §5.3", rests: Sender, media: false
}

impl Rule for UndecodableChunk {
    fn undecodable(&mut self, lost: &Undecodable, _: &Story, findings: &mut Findings) {
        if matches!(lost.reason, Reason::ChunkStreams | Reason::NoChunks { .. }) {
            let text = format!("{} (offset {})", lost.reason.clause(), lost.offset);
            findings.push(Self::META, Some(lost.from), text, (lost.at.packet, lost.at.packet));
        }
    }
}
