use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// Set Chunk Size should give at least 128 bytes.
    ///
    /// Why: the headers become a large part of the stream, and some servers (SRS) refuse it.
    ///
    /// Seen: GStreamer's `rtmp2sink` where it is told to.
    ///
    /// Change: send 4096 or more.
    pub(super) struct ChunkSizeSmall {}
    "CHK011", "chunk-size-small", Warning, "RTMP 1.0 §5.4.1", rests: Event, media: false
}

impl Rule for ChunkSizeSmall {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Body::SetChunkSize(size @ 1..128) = message.body {
            let text = format!("the {} announces a chunk size of {size}, which is under 128", message.from.name());
            findings.about(Self::META, message, text).at(Mark::Payload(0..4));
        }
    }
}
