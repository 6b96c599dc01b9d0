use crate::proto::rtmp::{Content, Handshake, HandshakeFacts};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// 1528 bytes of C1 and S1 are random, so that each side can tell the answer to its own from any other. Here they are all
    /// the same, or S1 is a copy of C1. FFmpeg's C1 is the same in every connection; its fingerprint names it, and it is no
    /// finding.
    ///
    /// Why: an endpoint cannot tell an answer from its own words, nor an echo from a loop.
    ///
    /// Seen: nginx-rtmp copies a C1 that is not signed into S1; rtmplite3 and Go programs of joy4's family send zeros.
    ///
    /// Change: fill the bytes from any generator; they need not be secret.
    pub(super) struct OwnBytesMissing {}
    "HSK007", "own-bytes-missing", Note, "RTMP 1.0 §5.2.3", rests: Sender, media: false, background: true
}

impl Rule for OwnBytesMissing {
    fn handshake(&mut self, step: &Handshake, _: &Story, findings: &mut Findings) {
        let HandshakeFacts::Block { content, .. } = step.facts else { return };
        let name = format!("the {}'s {}", step.from.name(), step.step.name(step.from));
        let (from, text) = match content {
            Content::Random => return,
            Content::Zero => (step.from, format!("the 1528 random bytes of {name} are all 0")),
            Content::Constant => (step.from, format!("the 1528 random bytes of {name} are all {}", step.bytes[8])),
            // A client says C1 first, whichever of them a capture has first.
            Content::Copy => {
                (Side::Server, "the server's S1 is C1 byte for byte, where 1528 bytes of its own belong".to_owned())
            }
        };
        findings.push(Self::META, Some(from), text, (step.first.packet, step.last.packet));
    }
}
