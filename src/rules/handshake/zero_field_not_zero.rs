use super::{dotted, lacks_signature};
use crate::proto::rtmp::{Content, Handshake, HandshakeFacts, Scheme};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Bytes 4 to 7 of C1 and S1 are zero. Peers that sign their handshake write a version number there, but no valid digest
    /// stands behind this one.
    ///
    /// Why: a peer that takes the bytes for a promise looks for the digest, and some of them hang up.
    ///
    /// Seen: SRS, xiu and crtmpserver fill the bytes at random behind a plain C1; Red5 writes its version there.
    ///
    /// Change: write zeros into bytes 4 to 7, or sign the block by a digest.
    pub(super) struct ZeroFieldNotZero {}
    "HSK003", "zero-field-not-zero", Note, "RTMP 1.0 §5.2.3", rests: Sender, media: false, background: true
}

impl Rule for ZeroFieldNotZero {
    fn handshake(&mut self, step: &Handshake, story: &Story, findings: &mut Findings) {
        let HandshakeFacts::Block { zero, scheme: Scheme::Simple, content, .. } = step.facts else { return };
        if zero == [0; 4] || content == Content::Copy || lacks_signature(step, story) {
            return;
        }
        let text = format!(
            "bytes 4 to 7 of the {}'s {} are {}, where zeros belong, as no digest in it is valid",
            step.from.name(),
            step.step.name(step.from),
            dotted(zero)
        );
        findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
    }
}
