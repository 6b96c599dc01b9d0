use crate::proto::rtmp::{Handshake, HandshakeFacts, Step};
use crate::proto::{Close, Opened};
use crate::rules::{Findings, Rule, Severity, Story, rule};
use crate::wire::{PacketNo, Side};

rule! {
    /// C0 or S0 is 6, 8 or 9: RTMPE. All behind the handshake is encrypted, with keys that a capture does not
    /// hold, but `--rtmpe-keys` may give. Where only one of the
    /// two is, the other side does not speak it: what follows is read as plain RTMP. So it is where both say RTMPE and the client goes
    /// on with a connect in clear.
    ///
    /// Why: nothing behind the handshake is decoded, and all rules that need messages are silent. Where only one side says RTMPE, the
    /// other may hang up, or read what is encrypted as chunks.
    ///
    /// Seen: rtmpdump with `rtmpe://` and crtmpserver; Flash Player and Flash Media Server.
    ///
    /// Change: give what both sides agreed on with `--rtmpe-keys`, capture a session over plain RTMP, or look at the server's side of
    /// it. RTMPE keeps nobody out: use TLS. A client that does
    /// not encrypt sends 3, and a server answers 3 where it does not, or was not asked to.
    pub(super) struct EncryptedSession {
        // What each side said, and where.
        versions: [Option<(u8, (PacketNo, PacketNo))>; 2],
        said: bool,
        is_encrypted: bool,
    }
    "HSK011", "encrypted-session", Note, "docs/protocol-notes.md#signed-handshake", rests: Sender, media: false
}

impl Rule for EncryptedSession {
    fn opened(&mut self, opened: &Opened, _: &Story, _: &mut Findings) {
        self.is_encrypted = opened.protocol == "rtmpe";
    }

    fn handshake(&mut self, step: &Handshake, story: &Story, findings: &mut Findings) {
        if let HandshakeFacts::Version(version) = step.facts {
            self.versions[step.from.index()] = Some((version, (step.first.packet, step.last.packet)));
            if self.versions.iter().all(Option::is_some) {
                self.say(story, findings);
            }
        }
    }

    fn close(&mut self, _: &Close, story: &Story, findings: &mut Findings) {
        self.say(story, findings);
    }
}

impl EncryptedSession {
    fn say(&mut self, story: &Story, findings: &mut Findings) {
        if std::mem::replace(&mut self.said, true) {
            return;
        }
        for side in Side::BOTH {
            let Some((version, packets)) = self.versions[side.index()] else { continue };
            let Some(kind) = named(version) else { continue };
            let (other, name) = (side.other(), Step::Version.name(side));
            let answer =
                self.versions[other.index()].map(|(answer, _)| answer).filter(|answer| named(*answer).is_none());
            let text = match answer {
                Some(answer) => format!(
                    "{name} of the {} is {version} ({kind}), and {} of the {} is {answer}: what follows is read as plain RTMP",
                    side.name(),
                    Step::Version.name(other),
                    other.name()
                ),
                None if story.decrypted == Some(true) => format!(
                    "{name} of the {} is {version}: {kind}; what follows the handshake was deciphered with the secret that was given",
                    side.name()
                ),
                None if !self.is_encrypted => format!(
                    "{name} of the {} is {version} ({kind}), and what follows the handshake is not encrypted: it is read as plain RTMP",
                    side.name()
                ),
                None => format!(
                    "{name} of the {} is {version}: {kind}; nothing behind the handshake can be read: give what both sides agreed on with --rtmpe-keys",
                    side.name()
                ),
            };
            let finding = findings.push(Self::META, Some(side), text, packets);
            if answer.is_some() || !self.is_encrypted {
                finding.severity = Severity::Warning;
            }
        }
    }
}

fn named(version: u8) -> Option<&'static str> {
    match version {
        6 => Some("RTMPE"),
        8 => Some("RTMPE with signatures under XTEA"),
        9 => Some("RTMPE with signatures under Blowfish"),
        _ => None,
    }
}
