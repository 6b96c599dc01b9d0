use crate::proto::rtmp::{Body, Message};
use crate::rules::{Facts, Findings, Mark, Rule, rule};

rule! {
    /// A chunk size of over 65536 bytes is legal, and peers and tools that break at that size exist. Beyond 16777215, the largest
    /// message, all sizes are the same.
    ///
    /// Why: a receiver that holds the size in 16 bits, or allocates it, fails; and a large picture holds up the audio, since chunks
    /// cannot come in between.
    ///
    /// Seen: crtmpserver announces 4194304 before it plays a recording.
    ///
    /// Change: send 65536 or less.
    pub(super) struct ChunkSizeLarge {}
    "CHK012", "chunk-size-large", Note, "RTMP 1.0 §5.4.1", rests: Event, media: false
}

impl Rule for ChunkSizeLarge {
    fn message(&mut self, message: &Message, _: &Facts, findings: &mut Findings) {
        let Body::SetChunkSize(size) = message.body else { return };
        let text = match size {
            65_537..=16_777_215 => format!("a chunk size of {size} is over 65536"),
            16_777_216..=0x7fff_ffff => format!("a chunk size of {size} is over 16777215, the largest message"),
            _ => return,
        };
        findings.about(Self::META, message, text).at(Mark::Payload(0..4));
    }
}
