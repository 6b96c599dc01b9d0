use crate::proto::rtmp::{Echo, Handshake, HandshakeFacts};
use crate::rules::{Facts, Findings, Rule, rule};

rule! {
    /// C2 and S2 send the random bytes of the peer's S1 and C1 back, or end with a valid signature over the peer's
    /// digest. This one does neither.
    ///
    /// Some peers compare and hang up. The errata ask receivers not to, so most streams survive. A server or client
    /// should copy bytes 8 to 1535 of what it received.
    pub(super) struct EchoMismatch {}
    "HSK005", "echo-mismatch", Warning, "RTMP 1.0 §5.2.4, Errata and Addenda §3"
}

impl Rule for EchoMismatch {
    fn handshake(&mut self, step: &Handshake, _: &Facts, findings: &mut Findings) {
        if let HandshakeFacts::Echo { echo: Some(Echo::Different), .. } = step.facts {
            let (name, peer) = (step.step.name(step.from), crate::proto::rtmp::Step::Block.name(step.from.other()));
            let text = format!("{name} is neither an echo of {peer} nor signed");
            findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
        }
    }
}
