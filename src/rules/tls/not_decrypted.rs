use super::packets;
use crate::proto;
use crate::proto::Close;
use crate::proto::tls::{AlertLevel, Facts, Reason};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::{PacketNo, Side, told};

rule! {
    /// The session is carried in TLS, and its records, or those of one side, were not decrypted: no secrets of this very session
    /// were given (a key log of another one has others), or the version, the cipher suite or what the capture misses stands
    /// against it. One that ended within the handshake by a fatal alert has nothing to decrypt, and TLS001 says what that means. The finding says which, and names the session by the client random under which a key log has it.
    ///
    /// Why: nothing inside is read, and all rules that need messages are silent. When it was, how much was sent, and who ended it,
    /// is known all the same.
    ///
    /// Seen: any capture of RTMPS without its key log.
    ///
    /// Change: have the client or the server write its key log (most TLS libraries do where `SSLKEYLOGFILE` names a file) and give it
    /// with `--keylog`, or capture where TLS has been taken off; docs/rtmps.md says how, program by program.
    pub(super) struct NotDecrypted {
        known: Option<Box<(Facts, (PacketNo, PacketNo))>>,
    }
    "TLS002", "not-decrypted", Note, "docs/rtmps.md", rests: Event, media: false
}

impl Rule for NotDecrypted {
    fn tls(&mut self, told: &proto::Tls, _: &Story, _: &mut Findings) {
        // Secrets may still come, in the capture itself.
        self.known = Some(Box::new(((*told.facts).clone(), packets(told))));
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        let Some((facts, packets)) = self.known.take().map(|known| *known) else { return };
        let side = match (facts.is_decrypted(), facts.reason) {
            // A record that does not authenticate among others that do is another rule's.
            (true, None | Some(Reason::BadRecord)) => return,
            (true, Some(_)) => Side::BOTH.into_iter().find(|side| {
                let sent = facts.sent[side.index()];
                sent.opened == 0 && sent.closed > 0
            }),
            (false, _) => None,
        };
        let is_begun =
            facts.reason.is_some() || facts.sent.iter().any(|sent| sent.opened + sent.closed + sent.holes > 0);
        let is_refused = facts.alerts.iter().any(|alert| alert.level == AlertLevel::FATAL);
        if !is_begun && is_refused {
            return;
        }
        let mut text = match (side, facts.is_decrypted()) {
            (Some(side), _) => format!("what the {} sent was not decrypted", side.name()),
            // The last records of the handshake.
            (None, true)
                if !facts.lacking.is_empty() && facts.lacking.iter().all(|name| name.contains("HANDSHAKE")) =>
            {
                "a part of TLS's handshake was not decrypted, though what is inside was".to_owned()
            }
            (None, true) => "some records were not decrypted".to_owned(),
            (None, false) => "the session was not decrypted".to_owned(),
        };
        text += &named(&facts);
        text += ": ";
        if is_begun {
            text += &why(&facts);
        } else {
            text += "it ended within TLS's handshake, before anything was encrypted";
        }
        findings.push(Self::META, side, text, packets);
    }
}

/// The session, as far as it can be told: `, TLS 1.3 for live.example`.
fn named(facts: &Facts) -> String {
    let name = facts.server_name.as_ref().map(|name| format!("for {}", told(name)));
    let parts: Vec<_> = facts.version_word().into_iter().chain(name).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(" ")) }
}

fn why(facts: &Facts) -> String {
    match facts.reason {
        Some(Reason::NoSecrets) | None => {
            let start = facts.client_random.as_ref().and_then(|random| random.first_chunk());
            let whose = match start {
                Some(start) if !facts.lacking.is_empty() => format!(
                    "the key log has secrets of the client random {:016x}…, but lacks {}: it may have been copied before it was \
                     whole",
                    u64::from_be_bytes(*start),
                    facts.lacking.join(" and ")
                ),
                Some(start) => {
                    let which = if facts.is_decrypted() { "all secrets" } else { "secrets" };
                    format!("no key log has {which} of the client random {:016x}…", u64::from_be_bytes(*start))
                }
                None => "no key log has its secrets".to_owned(),
            };
            format!(
                "{whose}; let the client or the server write one by SSLKEYLOGFILE and give it with --keylog \
                 (docs/rtmps.md)"
            )
        }
        Some(Reason::HandshakeMissing) => {
            "the capture misses the handshake, by which a key log's secrets are found; begin the capture before the \
             client connects"
                .to_owned()
        }
        Some(Reason::CipherUnsupported) => format!(
            "its cipher suite, {}, is not one that is decrypted here; have the server choose one of AES-GCM, AES-CBC or \
             ChaCha20-Poly1305",
            facts.suite_word().as_deref().unwrap_or("an unknown one")
        ),
        Some(Reason::VersionUnsupported) => {
            "its version is older than TLS 1.2, and is not decrypted here; use TLS 1.2 or 1.3".to_owned()
        }
        Some(Reason::BadRecord) => {
            "no record authenticates by the secrets that were given; give the key log that was written with this very \
             session"
                .to_owned()
        }
    }
}
