//! The handshake: what the server answers to what kind of C1.

use super::situation::Situation;
use super::writer::{Writer, name};
use crate::proto::rtmp::{Content, Echo, Handshake, HandshakeFacts, Scheme};
use crate::wire::{Side, Time};

/// How far a clock that shows Unix time in seconds may be off, in seconds.
const CLOCK_SKEW: i64 = 120;

/// A session's handshake.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// What the client asked with.
    c0: Option<u8>,
    c1: Option<HandshakeFacts>,
    s0: Option<u8>,
    s1: Option<(HandshakeFacts, Time)>,
    s2: Option<HandshakeFacts>,
}

impl Fold {
    pub(super) fn take(&mut self, step: &Handshake) {
        match (step.from, step.facts) {
            (Side::Client, HandshakeFacts::Version(version)) => self.c0 = Some(version),
            (Side::Client, facts @ HandshakeFacts::Block { .. }) => self.c1 = Some(facts),
            (Side::Client, HandshakeFacts::Echo { .. }) => {}
            (Side::Server, HandshakeFacts::Version(version)) => self.s0 = Some(version),
            (Side::Server, facts @ HandshakeFacts::Block { .. }) => self.s1 = Some((facts, step.last.time)),
            (Side::Server, facts @ HandshakeFacts::Echo { .. }) => self.s2 = Some(facts),
        }
    }

    /// Tells what the server did.
    pub(super) fn tell(&self, writer: &mut Writer<'_>) {
        let Some(situation) = self.situation() else { return };
        let mut tell = |rank, key: &str, title: &str, value: String| {
            writer.fact(name(rank, key, title), &situation, value, None);
        };
        if let Some(version) = self.s0 {
            tell(100, "handshake.s0", "S0: version", version.to_string());
        }
        if let Some((HandshakeFacts::Block { epoch, zero, scheme, content, .. }, time)) = self.s1 {
            let form = match scheme {
                Scheme::Simple => "not signed",
                Scheme::Digest0 => "signed, digest0",
                Scheme::Digest1 => "signed, digest1",
            };
            tell(101, "handshake.s1.form", "S1: form", form.to_owned());
            tell(102, "handshake.s1.version", "S1: version bytes", version(zero, content));
            tell(103, "handshake.s1.time", "S1: time", self.time(epoch, content, time).to_owned());
            let random = match content {
                Content::Random => "random",
                Content::Zero => "all zero",
                Content::Constant => "all the same byte",
                Content::Copy => "a copy of C1",
            };
            tell(104, "handshake.s1.random", "S1: random bytes", random.to_owned());
        }
        if let Some(HandshakeFacts::Echo { echo: Some(echo), time, .. }) = self.s2 {
            tell(105, "handshake.s2", "S2: how it answers C1", self.echo(echo, time).to_owned());
        }
    }

    fn situation(&self) -> Option<Situation> {
        let HandshakeFacts::Block { zero, scheme, .. } = self.c1? else { return None };
        let version = self.c0.filter(|version| *version != 3).map_or_else(String::new, |c0| format!("C0 {c0}, "));
        let form = match (scheme, zero) {
            (Scheme::Simple, [0, 0, 0, 0]) => "a C1 without a signature",
            (Scheme::Simple, _) => "a C1 with a version and without a signature",
            (Scheme::Digest0, _) => "a C1 signed with digest0",
            (Scheme::Digest1, _) => "a C1 signed with digest1",
        };
        Some(Situation::of(format!("{version}{form}")))
    }

    /// What S2 is to C1. RTMP 1.0 §5.2.4 asks for the time and the random bytes of C1, and between them the time at which that
    /// was read; a signed C1 is answered with random bytes and a signature over its digest.
    fn echo(&self, echo: Echo, time: u32) -> &'static str {
        let Some(HandshakeFacts::Block { epoch, scheme, .. }) = self.c1 else { return echo.name() };
        match (echo, scheme) {
            (Echo::Exact, _) => "an exact copy of C1",
            (Echo::Random, _) if time == epoch => "an echo of C1, with a time of its own in bytes 4 to 7",
            (Echo::Random, _) => "an echo of C1's random bytes alone, not of its time",
            (Echo::Signature, _) => "random bytes, with a signature over C1's digest",
            (Echo::Different, Scheme::Simple) => "other bytes, not an echo of C1",
            (Echo::Different, _) => "other bytes, neither an echo of C1 nor a valid signature",
        }
    }

    fn time(&self, epoch: u32, content: Content, seen: Time) -> &'static str {
        let client = match self.c1 {
            Some(HandshakeFacts::Block { epoch, .. }) => epoch,
            _ => 0,
        };
        let seconds = seen.0 / 1_000_000_000;
        if content == Content::Copy {
            "that of C1"
        } else if epoch == 0 {
            "0"
        } else if (i64::from(epoch) - seconds).abs() < CLOCK_SKEW {
            // C1 may hold the same second.
            "Unix time in seconds"
        } else if epoch == client {
            "that of C1"
        } else {
            "a clock of its own"
        }
    }
}

/// Bytes 4 to 7 as a version, if they can be one: some servers leave random bytes there.
fn version(zero: [u8; 4], content: Content) -> String {
    let [a, b, c, d] = zero;
    if content == Content::Copy {
        "those of C1".into()
    } else if zero.iter().all(|byte| *byte < 32) {
        format!("{a}.{b}.{c}.{d}")
    } else {
        "no version: other bytes".into()
    }
}
