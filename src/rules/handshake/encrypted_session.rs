use crate::proto::rtmp::{Handshake, HandshakeFacts};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// C0 or S0 is 6, 8 or 9: RTMPE. All behind the handshake is encrypted, with keys that a capture does not hold.
    ///
    /// Why: nothing behind the handshake is decoded, and all rules that need messages are silent.
    ///
    /// Seen: rtmpdump with `rtmpe://` and crtmpserver; Flash Player and Flash Media Server.
    ///
    /// Change: capture a session over plain RTMP, or look at the server's side of it. RTMPE keeps nobody out: use TLS.
    pub(super) struct EncryptedSession {}
    "HSK011", "encrypted-session", Note, "docs/protocol-notes.md#signed-handshake", rests: Sender, media: false
}

impl Rule for EncryptedSession {
    fn handshake(&mut self, step: &Handshake, _: &Story, findings: &mut Findings) {
        let HandshakeFacts::Version(version) = step.facts else { return };
        let kind = match version {
            6 => "RTMPE",
            8 => "RTMPE with signatures under XTEA",
            9 => "RTMPE with signatures under Blowfish",
            _ => return,
        };
        let text = format!("{} is {version}: {kind}", step.step.name(step.from));
        findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
    }
}
