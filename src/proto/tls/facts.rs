//! What is known of a TLS connection: for events, rules and whoever shows it. No secret is among it.

use super::alert::Alert;
use super::certificate::Certificate;
use super::suite::{CipherSuite, ClientRandom, Version};
use crate::wire::{Moment, Side, Word};

/// Alerts that are kept; others are counted.
const ALERTS: usize = 8;

/// Why records are not decrypted, or not all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The key log has no secret of the session, or not the one that is needed.
    NoSecrets,
    /// The capture does not have the hellos, and no secret fits without them.
    HandshakeMissing,
    /// The cipher suite is not one that is decrypted here.
    CipherUnsupported,
    /// The version is older than TLS 1.2.
    VersionUnsupported,
    /// A record did not authenticate: its bytes are damaged, or the secret is another session's.
    BadRecord,
}

impl Reason {
    pub const WORDS: &'static [Word] = &Word::list([
        Reason::NoSecrets.name(),
        Reason::HandshakeMissing.name(),
        Reason::CipherUnsupported.name(),
        Reason::VersionUnsupported.name(),
        Reason::BadRecord.name(),
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Reason::NoSecrets => "no_secrets",
            Reason::HandshakeMissing => "handshake_missing",
            Reason::CipherUnsupported => "cipher_unsupported",
            Reason::VersionUnsupported => "version_unsupported",
            Reason::BadRecord => "bad_record",
        }
    }
}

/// A record that did not authenticate, although all of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRecord {
    pub from: Side,
    /// The packet that completed it.
    pub at: Moment,
    /// Its sequence number.
    pub sequence: u64,
    /// Where its header stands in the sender's stream.
    pub offset: u64,
}

/// What became of early data (0-RTT).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyData {
    Offered,
    Accepted,
    Rejected,
}

impl EarlyData {
    pub const WORDS: &'static [Word] =
        &Word::list([EarlyData::Offered.name(), EarlyData::Accepted.name(), EarlyData::Rejected.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            EarlyData::Offered => "offered",
            EarlyData::Accepted => "accepted",
            EarlyData::Rejected => "rejected",
        }
    }
}

/// What one side sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Whole records.
    pub records: u64,
    /// Those of them with application data, as far as that can be told: TLS 1.3 without secrets hides handshake messages among them.
    pub data_records: u64,
    /// Bytes of records, headers included.
    pub bytes: u64,
    /// Bytes of the inner stream that were given.
    pub plain_bytes: u64,
    /// Records that authenticated.
    pub opened: u64,
    /// Records that did not, although all of them is there.
    pub bad: u64,
    /// Records that were whole and that nothing could be tried on.
    pub closed: u64,
    /// Holes in the capture.
    pub holes: u64,
    /// KeyUpdate messages.
    pub key_updates: u64,
    /// When its first and last records with application data were complete.
    pub first_data: Option<Moment>,
    pub last_data: Option<Moment>,
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Grows whenever something that is told once becomes known or another; not with what [`Sent`] counts.
    pub revision: u32,
    /// The version that was agreed on; before that the highest offered.
    pub version: Option<Version>,
    pub cipher_suite: Option<CipherSuite>,
    /// The name that the client asked for. With Encrypted Client Hello it is the outer one's.
    pub server_name: Option<String>,
    pub alpn_offered: Vec<String>,
    pub alpn: Option<String>,
    /// Whether an earlier session goes on: none while that is not known.
    pub resumed: Option<bool>,
    /// The client offered one: by id, ticket or pre-shared key.
    pub resumption_offered: bool,
    pub early_data: Option<EarlyData>,
    /// The client's real hello is encrypted inside the one that is seen, or pretends to be (GREASE).
    pub encrypted_client_hello: bool,
    pub hello_retry: bool,
    pub extended_master_secret: bool,
    pub encrypt_then_mac: bool,
    /// The server's certificate: in clear before TLS 1.3, decrypted in it.
    pub certificate: Option<Certificate>,
    /// The session that a key log must have secrets of.
    pub client_random: Option<ClientRandom>,
    /// The first alerts.
    pub alerts: Vec<Alert>,
    pub alert_count: u64,
    /// NewSessionTicket messages.
    pub tickets: u64,
    /// Handshakes after the first, inside of the session.
    pub renegotiations: u64,
    /// The packets with the first record and with the last one of the handshake, as far as that is seen.
    pub packets: Option<(Moment, Moment)>,
    /// The last reason why a record was not decrypted. Where [`Facts::is_decrypted`] is true as well, only some were not.
    pub reason: Option<Reason>,
    /// Secrets that the key log lacks though it has others of the session, by their names in it.
    pub lacking: Vec<&'static str>,
    /// When the client began another session of TLS on the connection, which is not read.
    pub again: Option<Moment>,
    pub first_bad: Option<BadRecord>,
    /// By side.
    pub sent: [Sent; 2],
}

impl Facts {
    /// The version by its name, or its number.
    pub fn version_word(&self) -> Option<String> {
        self.version.map(|version| version.name().map_or_else(|| format!("0x{:04x}", version.0), str::to_owned))
    }

    /// The cipher suite by IANA's name, or its number.
    pub fn suite_word(&self) -> Option<String> {
        self.cipher_suite.map(|suite| suite.name().map_or_else(|| format!("0x{:04x}", suite.0), str::to_owned))
    }

    /// Whether records were decrypted.
    pub fn is_decrypted(&self) -> bool {
        self.sent.iter().any(|sent| sent.opened > 0)
    }

    /// Whether all was decrypted, and nothing is missing.
    pub fn is_open(&self) -> bool {
        self.is_decrypted() && self.sent.iter().all(|sent| sent.bad + sent.closed + sent.holes == 0)
    }

    pub(super) fn changed(&mut self) {
        self.revision += 1;
    }

    pub(super) fn begins_again(&mut self, at: Moment) {
        if self.again.is_none() {
            self.again = Some(at);
            self.changed();
        }
    }

    pub(super) fn because(&mut self, reason: Reason) {
        if self.reason != Some(reason) {
            self.reason = Some(reason);
            self.changed();
        }
    }

    pub(super) fn handshake_at(&mut self, at: Moment) {
        self.packets = Some(self.packets.map_or((at, at), |(first, _)| (first, at)));
    }

    pub(super) fn alert(&mut self, alert: Alert) {
        self.alert_count += 1;
        if self.alerts.len() < ALERTS {
            self.alerts.push(alert);
        }
        self.changed();
    }

    /// Bytes of memory that it takes beside itself.
    pub fn memory(&self) -> usize {
        let texts = self.alpn_offered.iter().chain(&self.alpn).chain(&self.server_name).map(String::capacity);
        let certificate =
            self.certificate.as_ref().map_or(0, |known| known.subject.capacity() + known.issuer.capacity());
        texts.sum::<usize>()
            + certificate
            + self.alpn_offered.capacity() * size_of::<String>()
            + self.lacking.capacity() * size_of::<&str>()
            + self.alerts.capacity() * size_of::<Alert>()
    }
}
