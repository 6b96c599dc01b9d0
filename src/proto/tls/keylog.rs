//! The secrets of TLS sessions, as programs log them: NSS's key log format, which `SSLKEYLOGFILE` names.
//! Source: RFC 9850.
//!
//! It is fed as a stream and keeps the secrets alone. They are wiped when they are dropped, and nothing prints them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::{self, Read};

use foldhash::quality::RandomState;
use zeroize::{Zeroize, Zeroizing};

use super::phase::Phase;
use super::resumption::{Name, Names, Resumable};
use super::suite::ClientRandom;
use crate::limits::Limits;
use crate::wire::{Side, map_bytes};

/// The longest line with a secret that is read: a label, two numbers of 32 and 48 bytes as hex digits, and room.
const LINE: usize = 512;
/// What is read of an input at a time.
const CHUNK: usize = 64 << 10;

/// Which of a session's secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// TLS 1.2's master secret.
    Master,
    ClientEarly,
    ClientHandshake,
    ServerHandshake,
    ClientTraffic,
    ServerTraffic,
}

const LABELS: usize = 6;

impl Label {
    /// As a key log has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Label::Master => "CLIENT_RANDOM",
            Label::ClientEarly => "CLIENT_EARLY_TRAFFIC_SECRET",
            Label::ClientHandshake => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            Label::ServerHandshake => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            Label::ClientTraffic => "CLIENT_TRAFFIC_SECRET_0",
            Label::ServerTraffic => "SERVER_TRAFFIC_SECRET_0",
        }
    }

    /// Of a side's phase.
    pub(super) fn of(from: Side, phase: Phase) -> Option<Label> {
        Some(match (phase, from) {
            (Phase::Clear, _) => return None,
            (Phase::Keys, _) => Label::Master,
            (Phase::Early, _) => Label::ClientEarly,
            (Phase::Handshake, Side::Client) => Label::ClientHandshake,
            (Phase::Handshake, Side::Server) => Label::ServerHandshake,
            (Phase::Traffic(_), Side::Client) => Label::ClientTraffic,
            (Phase::Traffic(_), Side::Server) => Label::ServerTraffic,
        })
    }
}

type Secret = Zeroizing<Box<[u8]>>;

/// What a session takes at most beside its secrets' bytes: its place in the table, which may be more than three quarters free, and in the order.
const SESSION: usize = (size_of::<(ClientRandom, Secrets)>() + 1) * 32 / 7 + 2 * size_of::<ClientRandom>();

/// The secrets of one session.
#[derive(Clone, Default)]
pub(super) struct Secrets([Option<Secret>; LABELS]);

impl Secrets {
    pub(super) fn get(&self, label: Label) -> Option<&[u8]> {
        self.0[label as usize].as_ref().map(|secret| &***secret)
    }

    fn memory(&self) -> usize {
        self.0.iter().flatten().map(|secret| secret.len()).sum()
    }
}

/// What came of a key log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Secrets that were taken, repeated ones included.
    pub secrets: u64,
    /// Sessions that they are of and that are still known.
    pub sessions: usize,
    /// Sessions that were forgotten for newer ones ([`Limits::key_log_bytes`]).
    pub forgotten: u64,
    /// Lines with secrets that decryption does not need: exporters', those of Encrypted Client Hello, and of later generations.
    pub unneeded: u64,
    /// Lines with what an RSA key exchange carried (`RSA`, `PMS_CLIENT_RANDOM`), which is not used: the session's `CLIENT_RANDOM` is.
    pub premaster: u64,
    /// Lines that say nothing that is known.
    pub unknown: u64,
    /// The first of these, from 1.
    pub first_unknown: Option<u64>,
    /// Lines in all, comments and empty ones included.
    pub lines: u64,
    /// It ended in the middle of a line.
    pub truncated: bool,
    /// What it looks like where it is none.
    pub looks: Option<Looks>,
}

/// What people give in the place of a key log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// A private key or a certificate in PEM.
    Pem,
    /// Text in UTF-16, as some shells write it.
    Utf16,
    /// No text at all.
    Binary,
}

/// Secrets by session.
#[derive(Clone)]
pub struct KeyLog {
    sessions: HashMap<ClientRandom, Secrets, RandomState>,
    /// The sessions, oldest first.
    order: VecDeque<ClientRandom>,
    /// What sessions of TLS 1.2 are called where they go on.
    names: Names,
    secret_bytes: usize,
    most_bytes: usize,
    /// The line that is not complete yet.
    line: Zeroizing<Vec<u8>>,
    /// The line is longer than one with a secret can be.
    is_long: bool,
    may_grow: bool,
    report: Report,
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLog").field("report", &self.report).finish_non_exhaustive()
    }
}

impl Default for KeyLog {
    fn default() -> Self {
        KeyLog::new(&Limits::DEFAULT)
    }
}

impl KeyLog {
    pub fn new(limits: &Limits) -> KeyLog {
        KeyLog {
            sessions: HashMap::default(),
            order: VecDeque::new(),
            names: Names::new(limits.tls_resumable),
            secret_bytes: 0,
            most_bytes: limits.key_log_bytes,
            line: Zeroizing::new(Vec::with_capacity(LINE)),
            is_long: false,
            may_grow: false,
            report: Report::default(),
        }
    }

    /// Whether more secrets may come: of a capture whose blocks bring some, or of a file that is still written. Records wait for secrets
    /// only then.
    pub fn set_may_grow(&mut self, may_grow: bool) {
        self.may_grow = may_grow;
    }

    pub fn may_grow(&self) -> bool {
        self.may_grow
    }

    /// Reads a key log to its end.
    pub fn read(&mut self, mut input: impl Read) -> io::Result<()> {
        let mut chunk = Zeroizing::new(vec![0; CHUNK]);
        loop {
            match input.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => self.push(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.end();
                    return Err(error);
                }
            }
        }
        self.end();
        Ok(())
    }

    /// Reads another key log to its end. Gives what came of that one alone, but for `sessions`: those of all.
    pub fn read_next(&mut self, input: impl Read) -> io::Result<Report> {
        let before = std::mem::take(&mut self.report);
        let read = self.read(input);
        let report = self.report();
        // Each secret counts: what waits for some looks at that.
        let sum = Report {
            secrets: before.secrets + report.secrets,
            forgotten: before.forgotten + report.forgotten,
            unneeded: before.unneeded + report.unneeded,
            premaster: before.premaster + report.premaster,
            unknown: before.unknown + report.unknown,
            first_unknown: before.first_unknown.or(report.first_unknown),
            lines: before.lines + report.lines,
            truncated: report.truncated,
            looks: before.looks.or(report.looks),
            sessions: 0,
        };
        self.report = sum;
        read.map(|()| report)
    }

    /// Takes a whole key log, as a block of a capture holds one.
    pub fn add(&mut self, bytes: &[u8]) {
        self.push(bytes);
        self.end();
    }

    /// Takes the next bytes of a key log.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.extend(&bytes[..end]);
            self.end_line(true);
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    /// The key log is at its end, for now. A line without its end is taken where it is whole.
    pub fn end(&mut self) {
        if !self.line.is_empty() || self.is_long {
            self.end_line(false);
        }
    }

    /// Takes what a connection's sessions are called where they go on in another connection.
    pub fn learn(&mut self, resumable: Vec<Resumable>) {
        for Resumable { name, client_random, earlier } in resumable {
            // One that goes on itself has the first one's secret.
            let is_logged = self.sessions.contains_key(&client_random);
            let first = if is_logged { None } else { self.names.find(&earlier).copied() };
            self.names.keep(name, first.unwrap_or(client_random));
        }
    }

    /// What came of it so far.
    pub fn report(&self) -> Report {
        Report { sessions: self.sessions.len(), ..self.report }
    }

    /// Grows with each secret.
    pub(super) fn generation(&self) -> u64 {
        self.report.secrets
    }

    /// Whether it has a secret of a session.
    pub fn knows(&self, random: &ClientRandom) -> bool {
        self.sessions.contains_key(random)
    }

    pub(super) fn find(&self, random: &ClientRandom) -> Option<&Secrets> {
        self.sessions.get(random)
    }

    /// The session that one of these names is of.
    pub(super) fn find_earlier(&self, names: &[Name]) -> Option<&Secrets> {
        self.names.find(names).and_then(|random| self.find(random))
    }

    /// The sessions, oldest first.
    pub(super) fn sessions(&self) -> impl ExactSizeIterator<Item = &ClientRandom> {
        self.order.iter()
    }

    /// Bytes of memory that it takes beside itself.
    pub fn memory(&self) -> usize {
        self.secret_bytes
            + map_bytes(&self.sessions)
            + self.order.capacity() * size_of::<ClientRandom>()
            + self.line.capacity()
            + self.names.memory()
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.report.looks.is_none() && memchr::memchr(0, bytes).is_some() {
            self.report.looks = Some(Looks::Binary);
        }
        if self.line.len() + bytes.len() > LINE {
            self.is_long = true;
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, is_ended: bool) {
        self.report.lines += 1;
        let mut line = std::mem::take(&mut *self.line);
        if self.report.lines == 1 && (line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff")) {
            self.report.looks = Some(Looks::Utf16);
        } else if line.starts_with(b"-----BEGIN ") {
            self.report.looks.get_or_insert(Looks::Pem);
        }
        // Some editors write a mark that it is UTF-8.
        let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| self.report.lines == 1).unwrap_or(&line);
        let is_known = !self.is_long && self.take(text.trim_ascii());
        if !is_known && is_ended {
            self.report.unknown += 1;
            self.report.first_unknown.get_or_insert(self.report.lines);
        }
        // A line that no secret fits in may be anything, cut or not.
        self.report.truncated = !is_ended && !is_known;
        self.is_long = false;
        line.zeroize();
        *self.line = line;
    }

    /// Whether the line is understood.
    fn take(&mut self, line: &[u8]) -> bool {
        if line.is_empty() || line.starts_with(b"#") {
            return true;
        }
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (Some(name), Some(random), Some(secret), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return false;
        };
        let (Some(random), Some(secret)) = (digits(random), digits(secret)) else { return false };
        let (label, lengths): (_, &[usize]) = match name {
            b"CLIENT_RANDOM" => (Label::Master, &[48]),
            b"CLIENT_EARLY_TRAFFIC_SECRET" => (Label::ClientEarly, &[32, 48]),
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => (Label::ClientHandshake, &[32, 48]),
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => (Label::ServerHandshake, &[32, 48]),
            b"CLIENT_TRAFFIC_SECRET_0" => (Label::ClientTraffic, &[32, 48]),
            b"SERVER_TRAFFIC_SECRET_0" => (Label::ServerTraffic, &[32, 48]),
            b"RSA" | b"PMS_CLIENT_RANDOM" => {
                self.report.premaster += 1;
                return true;
            }
            b"EXPORTER_SECRET"
            | b"EARLY_EXPORTER_SECRET"
            | b"EARLY_EXPORTER_MASTER_SECRET"
            | b"ECH_SECRET"
            | b"ECH_CONFIG" => {
                self.report.unneeded += 1;
                return true;
            }
            _ if is_later_generation(name) => {
                self.report.unneeded += 1;
                return true;
            }
            _ => return false,
        };
        let Ok(random) = ClientRandom::try_from(&random[..]) else { return false };
        if !lengths.contains(&secret.len()) {
            return false;
        }
        self.keep(random, label, Zeroizing::new(secret.as_slice().into()));
        true
    }

    fn keep(&mut self, random: ClientRandom, label: Label, secret: Secret) {
        self.report.secrets += 1;
        if !self.sessions.contains_key(&random) {
            self.order.push_back(random);
        }
        self.secret_bytes += secret.len();
        let secrets = self.sessions.entry(random).or_default();
        if let Some(old) = secrets.0[label as usize].replace(secret) {
            self.secret_bytes -= old.len();
        }
        while self.order.len() > 1 && self.order.len() * SESSION + self.secret_bytes > self.most_bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(secrets) = self.sessions.remove(&oldest) {
                self.secret_bytes -= secrets.memory();
            }
            self.report.forgotten += 1;
        }
    }
}

/// Whether a name is that of a traffic secret of a later generation than the first: they are computed from that.
fn is_later_generation(name: &[u8]) -> bool {
    let rest = name.strip_prefix(b"CLIENT_TRAFFIC_SECRET_").or_else(|| name.strip_prefix(b"SERVER_TRAFFIC_SECRET_"));
    rest.is_some_and(|rest| rest == b"N" || (!rest.is_empty() && rest.iter().all(u8::is_ascii_digit)))
}

/// The bytes that hex digits stand for.
fn digits(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.chunks_exact(2) {
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(bytes)
}
