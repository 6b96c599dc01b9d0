use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// Set Chunk Size gives a size of at least 1, and its first bit is 0. This one is 0 or has that bit. This program goes on
    /// with the size that was in force.
    ///
    /// Why: receivers disconnect, divide by zero, or take another size than the sender does and lose the direction.
    ///
    /// Seen: clients in SRS's issues.
    ///
    /// Change: send a size between 128 and 65536.
    pub(super) struct ChunkSizeZero {}
    "CHK010", "chunk-size-zero", Error, "RTMP 1.0 §5.4.1", rests: Event, media: false
}

impl Rule for ChunkSizeZero {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::SetChunkSize(size) = message.body else { return };
        let text = match size {
            0 => "of 0, which leaves no room for any byte".to_owned(),
            0x8000_0000.. => format!("of {size}, whose first bit must be 0"),
            _ => return,
        };
        let text = format!("the {} announces a chunk size {text}", message.from.name());
        findings.about(Self::META, message, text).at(Mark::Payload(0..4));
    }
}
