//! Records under keys: which keys, and what they carry.

use std::ops::Range;

use super::facts::{BadRecord, EarlyData, Reason};
use super::frames::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, Lost};
use super::keylog::{KeyLog, Label, Secrets};
use super::keys::{self, Master, Secret};
use super::opener::{HEADER, Opener};
use super::phase::Phase;
use super::suite::{Parts, Version};
use super::{Outside, Record, Tls, Verdict, is_clear};
use crate::wire::Side;

impl Tls {
    /// A record of a direction whose records are protected.
    pub(super) fn protected(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> Verdict {
        let is_1_3 = self.hello.version() == Some(Version::TLS_1_3);
        if is_1_3 && record.kind() != DATA {
            return self.beside(from, record);
        }
        if self.halves[from.index()].phase == Phase::Early {
            match self.facts.early_data {
                Some(EarlyData::Accepted) => {}
                Some(EarlyData::Offered) => return Verdict::Wait,
                _ => self.enter(from, Phase::Handshake),
            }
        }
        if is_hello(record) && self.has_data(from) {
            self.facts.begins_again(record.at());
        }
        if let Err(reason) = self.arm(from, out.secrets) {
            // Those of what follows may be there all the same.
            let phase = self.halves[from.index()].phase;
            if matches!(phase, Phase::Early | Phase::Handshake) && self.skip_ahead(from, record, out) {
                return Verdict::Done;
            }
            if reason == Reason::HandshakeMissing {
                return self.guess(from, record, out);
            }
            if reason == Reason::NoSecrets && out.secrets.may_grow() {
                self.awaited = Some(reason);
                return Verdict::Wait;
            }
            self.lack(from, reason, out.secrets);
            if record.lost.is_some() && record.bytes[2] != 3 {
                return Verdict::Reject;
            }
            let half = &mut self.halves[from.index()];
            half.lose(record.lost);
            half.lose(Some(Lost::record(record.offset, record.at())));
            self.facts.sent[from.index()].closed += 1;
            self.tell_shut(from, record, out);
            return Verdict::Closed;
        }
        self.open(from, record, out)
    }

    /// A record stays closed: why, and which of the session's secrets the log lacks where it has others.
    fn lack(&mut self, from: Side, reason: Reason, secrets: &KeyLog) {
        self.facts.because(reason);
        let has_some = reason == Reason::NoSecrets && self.secrets_of(secrets).is_some();
        let label = Label::of(from, self.halves[from.index()].phase).map(Label::name);
        if let Some(label) = label.filter(|label| has_some && !self.facts.lacking.contains(label)) {
            self.facts.lacking.push(label);
            self.facts.changed();
        }
    }

    /// Where the log opens what the other side sends alone, the stream inside is told so at once: what is read of it is not all.
    fn tell_shut(&mut self, from: Side, record: &Record<'_>, out: &mut Outside<'_>) {
        let half = &self.halves[from.index()];
        let is_told = half.is_shut || self.hello.version() != Some(Version::TLS_1_3);
        let Some(lost) = half.lost.filter(|_| !is_told) else { return };
        let is_open = |side| self.opener_of(side, Phase::Traffic(0), out.secrets).is_ok();
        if is_open(from) || !is_open(from.other()) {
            return;
        }
        let half = &mut self.halves[from.index()];
        half.is_shut = true;
        half.lost = None;
        half.miss_lost(lost, record.offset + record.bytes.len() as u64);
        half.give_missing(from, out.give);
    }

    /// What TLS 1.3 has in clear among its protected records: for old middleboxes, and where somebody has no keys.
    fn beside(&mut self, from: Side, record: &mut Record<'_>) -> Verdict {
        if record.lost.is_some() && !is_clear(record) {
            return Verdict::Reject;
        }
        self.halves[from.index()].lose(record.lost);
        match record.kind() {
            ALERT => self.alert(from, record.body(), record.at(), false),
            // A second ClientHello, where the capture lacks what asked for it.
            HANDSHAKE if is_hello(record) && self.has_data(from) => self.facts.begins_again(record.at()),
            HANDSHAKE if self.halves[from.index()].sequence == 0 => {
                self.handshake(from, record.body(), record.at(), false);
            }
            _ => {}
        }
        Verdict::Done
    }

    /// Whether a side sent data under keys.
    fn has_data(&self, from: Side) -> bool {
        self.facts.sent[from.index()].data_records > 0
    }

    fn open(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> Verdict {
        let half = &mut self.halves[from.index()];
        let before = half.lost.take();
        let Some(lost) = Lost::add(before, record.lost) else {
            let sequence = half.sequence;
            let Some(opener) = &half.opener else { return Verdict::Closed };
            return match opener.open(sequence, record.bytes) {
                Some(range) => {
                    self.opened(from, sequence, record, range, out);
                    Verdict::Done
                }
                None => self.bad(from, record),
            };
        };
        if self.find_behind(from, record, lost, out) {
            return Verdict::Done;
        }
        self.halves[from.index()].lost = before;
        if record.lost.is_some() { Verdict::Reject } else { self.bad(from, record) }
    }

    /// A record that is whole and does not authenticate.
    fn bad(&mut self, from: Side, record: &Record<'_>) -> Verdict {
        let half = &mut self.halves[from.index()];
        let is_refused = from == Side::Client && self.facts.early_data == Some(EarlyData::Rejected);
        if is_refused && half.phase == Phase::Handshake && half.sequence == 0 {
            // Early data that the server ignored: it has no number under these keys.
            self.facts.sent[from.index()].closed += 1;
            return Verdict::Closed;
        }
        let missed = half.lost.and_then(|lost| lost.records).unwrap_or(0);
        let sequence = half.sequence + missed;
        // What is too short to be one has no number.
        let least = half.opener.as_ref().map_or(0, |opener| opener.overhead());
        let records = Some(u64::from(record.bytes.len() >= least));
        half.lose(Some(Lost { records, ..Lost::record(record.offset, record.at()) }));
        self.facts.sent[from.index()].bad += 1;
        self.facts.because(Reason::BadRecord);
        let bad = BadRecord { from, at: record.at(), sequence, offset: record.offset };
        self.facts.first_bad.get_or_insert(bad);
        Verdict::Closed
    }

    /// A record was opened: what it carries.
    pub(super) fn opened(
        &mut self,
        from: Side,
        sequence: u64,
        record: &Record<'_>,
        range: Range<usize>,
        out: &mut Outside<'_>,
    ) {
        let is_first = !self.facts.is_decrypted();
        self.facts.sent[from.index()].opened += 1;
        if is_first {
            self.facts.changed();
        }
        let half = &mut self.halves[from.index()];
        half.sequence = sequence.wrapping_add(1);
        let mut has_type = false;
        if let Some(opener) = &half.opener {
            half.nonce = opener.explicit_nonce(record.bytes).map(|nonce| (nonce, sequence));
            has_type = opener.has_type();
        }
        let mut kind = record.kind();
        let mut text = &record.bytes[range.clone()];
        if has_type {
            // The last byte that is not padding says what it is.
            let Some(end) = text.iter().rposition(|byte| *byte != 0) else { return };
            (kind, text) = (text[end], &text[..end]);
        }
        match kind {
            DATA => {
                self.facts.sent[from.index()].plain_bytes += text.len() as u64;
                self.halves[from.index()].data(from, text, range.start, record.pieces, out.give);
            }
            HANDSHAKE => self.handshake(from, text, record.at(), true),
            ALERT => self.alert(from, text, record.at(), true),
            CHANGE_CIPHER_SPEC => self.enter(from, Phase::Keys),
            _ => {}
        }
    }

    /// Has the opener of the direction's phase ready.
    fn arm(&mut self, from: Side, secrets: &KeyLog) -> Result<(), Reason> {
        let half = &self.halves[from.index()];
        if half.opener.is_some() {
            return Ok(());
        }
        let opener = self.opener_of(from, half.phase, secrets)?;
        self.install(from, half.phase, opener);
        Ok(())
    }

    pub(super) fn install(&mut self, from: Side, phase: Phase, (opener, secret): (Opener, Option<Secret>)) {
        let half = &mut self.halves[from.index()];
        half.phase = phase;
        half.opener = Some(Box::new(opener));
        if let (Phase::Traffic(generation), Some(secret)) = (phase, secret) {
            half.traffic.keep(generation, &secret);
        }
    }

    /// What opens a direction's records in a phase; with the traffic secret, where it has one.
    pub(super) fn opener_of(
        &self,
        from: Side,
        phase: Phase,
        secrets: &KeyLog,
    ) -> Result<(Opener, Option<Secret>), Reason> {
        let (Some(client_random), Some(server)) = (&self.hello.client_random, &self.hello.server) else {
            return Err(Reason::HandshakeMissing);
        };
        if server.version < Version::TLS_1_2 || server.version > Version::TLS_1_3 {
            return Err(Reason::VersionUnsupported);
        }
        let parts = server.suite().parts().ok_or(Reason::CipherUnsupported)?;
        let known = self.secrets_of(secrets);
        let secret = |label| known.and_then(|known| known.get(label)).ok_or(Reason::NoSecrets);
        let label = Label::of(from, phase).ok_or(Reason::HandshakeMissing)?;
        if label == Label::Master {
            let master = Master { secret: secret(label)?, client_random, server_random: &server.random };
            let opener = keys::of_master(&master, parts, from, server.encrypt_then_mac);
            return opener.map(|opener| (opener, None)).ok_or(Reason::CipherUnsupported);
        }
        if server.version != Version::TLS_1_3 || parts.bulk.mac().is_some() {
            return Err(Reason::CipherUnsupported);
        }
        let traffic = match phase {
            Phase::Traffic(generation) => Some(self.traffic_secret(from, generation, secret(label), parts)?),
            _ => None,
        };
        let opener = match &traffic {
            Some(secret) => keys::of_traffic(secret, parts),
            None => keys::of_traffic(secret(label)?, parts),
        };
        // A secret that is not as long as the suite's hash is another session's.
        opener.map(|opener| (opener, traffic)).ok_or(Reason::NoSecrets)
    }

    /// What the log has of the session.
    pub(super) fn secrets_of<'s>(&self, secrets: &'s KeyLog) -> Option<&'s Secrets> {
        secrets.find(self.hello.client_random.as_ref()?).or_else(|| {
            // Where a session goes on, some programs logged its secret when it began.
            let is_1_2 = self.hello.version() == Some(Version::TLS_1_2);
            let goes_on = is_1_2 && self.facts.resumed == Some(true);
            goes_on.then(|| secrets.find_earlier(&self.hello.offered)).flatten()
        })
    }

    /// The traffic secret of a generation, from the nearest that is known.
    fn traffic_secret(
        &self,
        from: Side,
        generation: u32,
        first: Result<&[u8], Reason>,
        parts: Parts,
    ) -> Result<Secret, Reason> {
        let known = self.halves[from.index()].traffic.0.as_ref().filter(|(known, _)| *known <= generation);
        let (mut at, mut secret) = match known {
            Some((known, secret)) => (*known, secret.clone()),
            None => (0, Secret::new(first?.to_vec())),
        };
        while at < generation {
            secret = keys::next_traffic(&secret, parts.hash).ok_or(Reason::NoSecrets)?;
            at += 1;
        }
        Ok(secret)
    }
}

/// Whether a record is a ClientHello in clear.
fn is_hello(record: &Record<'_>) -> bool {
    let is_hello = matches!(record.body(), [1, 0, _, _, 3, 0..=4, ..]);
    record.kind() == HANDSHAKE && is_hello
}

/// Bytes that a record without anything in it has.
pub(super) fn least_record(parts: Option<Parts>, version: Version) -> usize {
    HEADER + parts.map_or(16, |parts| parts.bulk.overhead(version).0)
}
