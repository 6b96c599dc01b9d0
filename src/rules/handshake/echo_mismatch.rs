use super::{is_early, lacks_signature};
use crate::proto::rtmp::{Echo, Handshake, HandshakeFacts, Step};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// C2 and S2 send the random bytes of the peer's S1 and C1 back, or end with a valid signature over the peer's
    /// digest. This one does neither.
    ///
    /// Why: some peers compare and hang up. The errata ask receivers not to, so most streams survive.
    ///
    /// Seen: Restream's ingest with go-rtmp clients; StreamPack failed on an S2 that was not C1.
    ///
    /// Change: copy bytes 8 to 1535 of C1 into S2, of S1 into C2.
    pub(super) struct EchoMismatch {}
    "HSK005", "echo-mismatch", Warning, "RTMP 1.0 §5.2.4, Errata and Addenda §3", rests: Session, media: false
}

impl Rule for EchoMismatch {
    fn handshake(&mut self, step: &Handshake, story: &Story, findings: &mut Findings) {
        if let HandshakeFacts::Echo { echo: Some(Echo::Different), .. } = step.facts
            && !is_early(step, story)
            && !lacks_signature(step, story)
        {
            let (name, peer) = (step.step.name(step.from), Step::Block.name(step.from.other()));
            let text = format!("the {}'s {name} is neither an echo of {peer} nor signed", step.from.name());
            findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
        }
    }
}
