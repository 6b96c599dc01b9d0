use super::{dotted, is_early, lacks_signature};
use crate::proto::rtmp::{Handshake, HandshakeFacts, Step};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Behind a signed C1 a server that writes a version into S1 signs it too, and where both are signed, C2 and S2 end with
    /// a signature over the other side's digest or are plain echoes. Here the HMAC is wrong at both places where a digest may
    /// stand, or the signature is.
    ///
    /// Why: clients that verify hang up, and Flash Player plays no H.264.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: compute the digest over the block without its 32 bytes, and the signature with the key made of the peer's digest;
    /// or write zeros for the version and echo.
    pub(super) struct SignatureInvalid {}
    "HSK012", "signature-invalid", Warning, "docs/protocol-notes.md#signed-handshake", rests: Session, media: false
}

impl Rule for SignatureInvalid {
    fn handshake(&mut self, step: &Handshake, story: &Story, findings: &mut Findings) {
        if !lacks_signature(step, story) || is_early(step, story) {
            return;
        }
        let (from, name, peer) = (step.from.name(), step.step.name(step.from), Step::Block.name(step.from.other()));
        let text = match step.facts {
            HandshakeFacts::Block { zero, .. } => {
                format!("the {from}'s {name} has version {} and no valid digest, and {peer} is signed", dotted(zero))
            }
            _ => format!("the {from}'s {name} is no echo of {peer}, and its signature over {peer}'s digest is wrong"),
        };
        findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
    }
}
