use crate::proto::Undecodable;
use crate::proto::rtmp::Reason;
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// The first chunk of a chunk stream must have a type 0 header: types 2 and 3 take the message's length and type
    /// from an earlier chunk, and there is none.
    ///
    /// Why: receivers disconnect or lose the direction; this program looks for the next chunk that it can follow.
    ///
    /// Seen: encoders that go on after a reconnect as if the old connection's headers were known.
    ///
    /// Change: begin every chunk stream, after a reconnect too, with a type 0 header.
    pub(super) struct FirstChunkInherits {}
    "CHK001", "first-chunk-inherits", Error, "RTMP 1.0 §5.3.1.2.1", rests: Sender, media: false
}

impl Rule for FirstChunkInherits {
    fn undecodable(&mut self, lost: &Undecodable, _: &Story, findings: &mut Findings) {
        if matches!(lost.reason, Reason::FirstChunkInherits { .. }) {
            let text = format!("{} (offset {})", lost.reason.clause(), lost.offset);
            let packet = lost.at.packet;
            findings.push(Self::META, Some(lost.from), text, (packet, packet));
        }
    }
}
