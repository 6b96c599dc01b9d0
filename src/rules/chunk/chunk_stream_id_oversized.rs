use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// A basic header has one byte for chunk streams 2 to 63, two for 64 to 319 and three beyond. Here an id that fits into two
    /// was written with three.
    ///
    /// Why: this is legal. It costs a byte a chunk, and some receivers read the three-byte form wrong.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: use the smallest form, or better, chunk streams under 64.
    pub(super) struct ChunkStreamIdOversized {}
    "CHK007", "chunk-stream-id-oversized", Note, "RTMP 1.0 §5.3.1.1", rests: Event, background: true
}

impl Rule for ChunkStreamIdOversized {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        let length = head.header.basic_length();
        if length == 3 && head.chunk_stream_id < 320 {
            let text = format!(
                "the {} writes chunk stream {} in 3 bytes, 2 hold it",
                message.from.name(),
                head.chunk_stream_id
            );
            findings.about(Self::META, message, text).at(Mark::Header(0..length));
        }
    }
}
