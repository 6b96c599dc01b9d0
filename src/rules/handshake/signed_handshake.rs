use super::dotted;
use crate::proto::rtmp::{Handshake, HandshakeFacts, Scheme};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// C1 or S1 holds a valid digest: the signed handshake of Flash Player 9 and later, which the specification does not have.
    /// The finding names the byte that places the digest, 772 or 8, and the version in front of it.
    ///
    /// Why: this is no fault. Flash Player plays H.264 and AAC only behind such a handshake, and a server that knows one of the
    /// two places alone takes the other for a plain handshake.
    ///
    /// Seen: FFmpeg and whatever uses it, Flash Player, RTMPE clients; nginx-rtmp, SRS, node-media-server, crtmpserver
    /// and Flash Media Server.
    ///
    /// Change: nothing.
    pub(super) struct SignedHandshake {}
    "HSK004", "signed-handshake", Note, "docs/protocol-notes.md#signed-handshake", rests: Event, media: false, background: true
}

impl Rule for SignedHandshake {
    fn handshake(&mut self, step: &Handshake, _: &Story, findings: &mut Findings) {
        let HandshakeFacts::Block { zero, scheme, digest_at: Some(at), .. } = step.facts else { return };
        let placed = match scheme {
            Scheme::Digest0 => 772,
            Scheme::Digest1 => 8,
            Scheme::Simple => return,
        };
        let name = step.step.name(step.from);
        let text = format!(
            "the {}'s {name} is signed: version {}, a digest at byte {at}, placed by byte {placed}",
            step.from.name(),
            dotted(zero)
        );
        findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
    }
}
