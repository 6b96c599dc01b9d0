//! What is known of a TLS connection, in a line.

use super::facts::{Facts, Reason};
use crate::wire::escape;
use crate::wire::words::count;

impl Facts {
    /// All that is told of it but its alerts, in a text: with another one there is something to tell.
    pub fn said(&self) -> String {
        let Facts { resumed, early_data, certificate, .. } = self;
        format!("{} {resumed:?} {early_data:?} {certificate:?}", self.describe())
    }

    /// In a line, for people. Alerts have lines of their own.
    pub fn describe(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.version_word());
        parts.extend(self.suite_word());
        parts.extend(self.server_name.as_ref().map(|name| format!("for {}", escape(name))));
        parts.extend(self.alpn.as_ref().map(|name| format!("ALPN {}", escape(name))));
        if self.encrypted_client_hello {
            parts.push("with an encrypted client hello".to_owned());
        }
        if self.resumed == Some(true) {
            parts.push("resumed".to_owned());
        }
        if let Some(certificate) = &self.certificate {
            parts.push(format!("certificate of {}", escape(&certificate.subject)));
        }
        if self.renegotiations > 0 {
            parts.push(format!("negotiated again {}", count(self.renegotiations, "time")));
        }
        if let Some(at) = self.again {
            parts.push(format!("another session of TLS from packet {} on, which is not read", at.packet));
        }
        parts.push(match (self.is_decrypted(), self.reason) {
            (true, None) => "decrypted".to_owned(),
            (true, Some(reason)) if self.sent.iter().all(|sent| sent.plain_bytes == 0) => {
                format!("only its handshake decrypted: {}", self.why(reason))
            }
            (true, Some(reason)) => format!("decrypted but for some records: {}", self.why(reason)),
            (false, Some(reason)) => format!("not decrypted: {}", self.why(reason)),
            (false, None) => "not decrypted".to_owned(),
        });
        parts.join(", ")
    }

    /// Why records stay closed; a clause.
    fn why(&self, reason: Reason) -> String {
        match (reason, &self.lacking[..]) {
            (Reason::NoSecrets, [_, ..]) => format!("the key log lacks {}", self.lacking.join(" and ")),
            _ => reason.clause().to_owned(),
        }
    }
}

impl Reason {
    /// Why, as a clause.
    pub const fn clause(self) -> &'static str {
        match self {
            Reason::NoSecrets => "no secrets of this session were given",
            Reason::HandshakeMissing => "the capture misses the handshake",
            Reason::CipherUnsupported => "its cipher suite is not one that is decrypted here",
            Reason::VersionUnsupported => "its version is older than TLS 1.2",
            Reason::BadRecord => {
                "records do not authenticate: bytes are missing or damaged, or the secrets are another session's"
            }
        }
    }
}
