//! The handshake's six steps and what each says. Source: RTMP 1.0 §5.2; the signed form: `docs/protocol-notes.md`.

use bytes::Bytes;

use super::digest::{self, Found};
use super::fingerprint::{self, Content, Maker};
use crate::fields;
use crate::wire::{Moment, Reader, Recorder, Side, Value, Word};

fields! {
    /// The RTMP version that the sender asks for or has chosen; 3 is plain RTMP.
    VERSION: Uint "handshake.version", "", "RTMP 1.0 §5.2.2";
    /// The sender's time when it sent this.
    EPOCH: Uint "handshake.epoch", "ms", "RTMP 1.0 §5.2.3";
    /// Four zero bytes by the specification; a version number in a signed handshake.
    ZERO: Bytes "handshake.zero", "", "RTMP 1.0 §5.2.3";
    /// Whether and where the bytes hold a valid digest: `digest0` after byte 772, `digest1` after byte 8.
    SCHEME: Word "handshake.scheme", "", "docs/protocol-notes.md#signed-handshake", Scheme::WORDS;
    /// Whether the digest verifies.
    DIGEST_VALID: Bool "handshake.digest_valid", "", "docs/protocol-notes.md#signed-handshake";
    /// Where the digest stands, counted from the start of C1 or S1.
    DIGEST_AT: Uint "handshake.digest_at", "bytes", "docs/protocol-notes.md#signed-handshake";
    /// The digest: an HMAC-SHA256 over the other bytes.
    DIGEST: Bytes "handshake.digest", "", "docs/protocol-notes.md#signed-handshake";
    /// What the random bytes are, where they are not random: all zero, all the same, or a copy of the peer's.
    RANDOM_IS: Word "handshake.random_is", "", "RTMP 1.0 §5.2.3", Content::WORDS;
    /// The program that this looks like by its constants.
    FINGERPRINT: Word "handshake.fingerprint", "", "docs/protocol-notes.md#who-made-this-handshake";
    /// Bytes that mean nothing by themselves.
    RANDOM: Bytes "handshake.random", "", "RTMP 1.0 §5.2.3";
    /// The time of the peer's C1 or S1, sent back.
    TIME: Uint "handshake.time1", "ms", "RTMP 1.0 §5.2.4";
    /// When the peer's C1 or S1 was read.
    TIME2: Uint "handshake.time2", "ms", "RTMP 1.0 §5.2.4";
    /// What this is to the peer's C1 or S1.
    ECHO: Word "handshake.echo", "", "RTMP 1.0 §5.2.4", Echo::WORDS;
    /// The random bytes of the peer, sent back, or signed ones.
    RANDOM_ECHO: Bytes "handshake.random_echo", "", "RTMP 1.0 §5.2.4";
    /// The signature over the peer's digest.
    SIGNATURE: Bytes "handshake.signature", "", "docs/protocol-notes.md#signed-handshake";
}

/// Bytes of C1, S1, C2 and S2.
pub(in crate::proto) const BLOCK: usize = 1536;
/// Bytes of a whole handshake half.
pub(in crate::proto) const HALF: u64 = 1 + 2 * BLOCK as u64;

/// A step of the handshake, without its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// C0 or S0.
    Version,
    /// C1 or S1.
    Block,
    /// C2 or S2.
    Echo,
}

impl Step {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list(["C0", "C1", "C2", "S0", "S1", "S2"]);

    pub fn name(self, from: Side) -> &'static str {
        match (from, self) {
            (Side::Client, Step::Version) => "C0",
            (Side::Client, Step::Block) => "C1",
            (Side::Client, Step::Echo) => "C2",
            (Side::Server, Step::Version) => "S0",
            (Side::Server, Step::Block) => "S1",
            (Side::Server, Step::Echo) => "S2",
        }
    }

    pub fn length(self) -> usize {
        match self {
            Step::Version => 1,
            Step::Block | Step::Echo => BLOCK,
        }
    }
}

/// How C1 or S1 is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// No valid digest at either place.
    Simple,
    /// A digest in the second half; the word that places it is at byte 772.
    Digest0,
    /// A digest in the first half; the word that places it is at byte 8.
    Digest1,
}

impl Scheme {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([Scheme::Simple.name(), Scheme::Digest0.name(), Scheme::Digest1.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Simple => "simple",
            Scheme::Digest0 => "digest0",
            Scheme::Digest1 => "digest1",
        }
    }
}

/// What C2 or S2 is to the peer's S1 or C1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// All 1536 bytes are the peer's.
    Exact,
    /// The random part (from byte 8) is the peer's.
    Random,
    /// It ends with a valid signature over the peer's digest.
    Signature,
    /// None of these.
    Different,
}

impl Echo {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([Echo::Exact.name(), Echo::Random.name(), Echo::Signature.name(), Echo::Different.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Echo::Exact => "exact",
            Echo::Random => "random",
            Echo::Signature => "signature",
            Echo::Different => "different",
        }
    }
}

/// What a step says beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeFacts {
    Version(u8),
    Block {
        /// Milliseconds.
        epoch: u32,
        zero: [u8; 4],
        scheme: Scheme,
        /// Where the digest stands.
        digest_at: Option<u16>,
        content: Content,
        fingerprint: Option<Maker>,
    },
    Echo {
        /// Milliseconds; the peer's epoch.
        time: u32,
        /// Milliseconds.
        time2: u32,
        /// `None` when the peer's C1 or S1 is not known.
        echo: Option<Echo>,
    },
}

/// One step of the handshake.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub session: u32,
    pub from: Side,
    pub step: Step,
    pub first: Moment,
    pub last: Moment,
    /// Where it starts in the direction's stream.
    pub offset: u64,
    pub bytes: Bytes,
    pub facts: HandshakeFacts,
}

impl Handshake {
    /// Judges a step's bytes. `peer` is the other side's C1 or S1.
    pub(super) fn judge(
        step: Step,
        from: Side,
        bytes: &[u8],
        peer: Option<&PeerBlock>,
    ) -> (HandshakeFacts, Option<PeerBlock>) {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        match step {
            Step::Version => (HandshakeFacts::Version(bytes[0]), None),
            Step::Block => {
                let found = digest::find(bytes, from);
                let content = Content::of(bytes, peer.map(|peer| &*peer.bytes));
                let scheme = found.map_or(Scheme::Simple, |found| found.scheme);
                let facts = HandshakeFacts::Block {
                    epoch: word(0),
                    zero: [bytes[4], bytes[5], bytes[6], bytes[7]],
                    scheme,
                    digest_at: found.map(|found| found.at as u16),
                    content,
                    fingerprint: fingerprint::of(bytes, from, content, scheme),
                };
                (facts, Some(PeerBlock { bytes: bytes.into(), found }))
            }
            Step::Echo => {
                let echo = peer.map(|peer| {
                    if bytes == &*peer.bytes {
                        Echo::Exact
                    } else if bytes[8..] == peer.bytes[8..] {
                        Echo::Random
                    } else if peer.found.is_some_and(|found| digest::signed(bytes, from, &found.digest)) {
                        Echo::Signature
                    } else {
                        Echo::Different
                    }
                });
                (HandshakeFacts::Echo { time: word(0), time2: word(4), echo }, None)
            }
        }
    }

    /// Records every field. Positions count from the start of the step.
    pub fn record(&self, record: &mut impl Recorder) {
        let r = &mut Reader::new(&self.bytes, 0, record);
        // A step always has its whole length: it is an event only then.
        let _ = match self.facts {
            HandshakeFacts::Version(_) => r.u8(&VERSION).map(drop),
            HandshakeFacts::Block { scheme, digest_at, content, fingerprint, .. } => (|| {
                let whole = 0..BLOCK as u32;
                r.u32(&EPOCH)?;
                r.bytes(&ZERO, 4)?;
                r.note(&SCHEME, whole.clone(), Value::Word(scheme.name()));
                if let Some(at) = digest_at {
                    r.note(&DIGEST_VALID, whole.clone(), Value::Bool(true));
                    r.note(&DIGEST_AT, whole.clone(), Value::Uint(u64::from(at)));
                }
                if content != Content::Random {
                    r.note(&RANDOM_IS, 8..BLOCK as u32, Value::Word(content.name()));
                }
                if let Some(maker) = fingerprint {
                    r.note(&FINGERPRINT, whole, Value::Word(maker.name()));
                }
                r.node(&RANDOM, |r| {
                    if let Some(at) = digest_at {
                        r.skip(usize::from(at) - 8, "random bytes")?;
                        r.bytes(&DIGEST, digest::LENGTH)?;
                    }
                    r.skip(r.left(), "random bytes")?;
                    Ok(((), Value::Bytes(8..BLOCK as u32)))
                })
            })(),
            HandshakeFacts::Echo { echo, .. } => (|| {
                r.u32(&TIME)?;
                r.u32(&TIME2)?;
                if let Some(echo) = echo {
                    r.note(&ECHO, 0..BLOCK as u32, Value::Word(echo.name()));
                }
                r.node(&RANDOM_ECHO, |r| {
                    if echo == Some(Echo::Signature) {
                        r.skip(r.left() - digest::LENGTH, "random bytes")?;
                        r.bytes(&SIGNATURE, digest::LENGTH)?;
                    }
                    r.skip(r.left(), "random bytes")?;
                    Ok(((), Value::Bytes(8..BLOCK as u32)))
                })
            })(),
        };
    }
}

/// A side's C1 or S1, kept until the other side's C2 or S2 is judged by it.
#[derive(Clone, Debug)]
pub(super) struct PeerBlock {
    bytes: Box<[u8]>,
    found: Option<Found>,
}

impl PeerBlock {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_signed(&self) -> bool {
        self.found.is_some()
    }
}
