//! HSK: the handshake.

mod data_before_handshake_done;
mod echo_mismatch;
mod echo_time_wrong;
mod encrypted_session;
mod handshake_incomplete;
mod handshake_length;
mod handshake_out_of_order;
mod own_bytes_missing;
mod signature_invalid;
mod signed_handshake;
mod version_not_rtmp;
mod version_unsupported;
mod zero_field_not_zero;

use super::Story;
use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::{Content, Echo, Handshake, HandshakeFacts, Scheme};
use crate::wire::Side;

pub(super) const HSK001: super::Entry = version_not_rtmp::VersionNotRtmp::ENTRY;
pub(super) const HSK002: super::Entry = version_unsupported::VersionUnsupported::ENTRY;
pub(super) const HSK003: super::Entry = zero_field_not_zero::ZeroFieldNotZero::ENTRY;
pub(super) const HSK004: super::Entry = signed_handshake::SignedHandshake::ENTRY;
pub(super) const HSK005: super::Entry = echo_mismatch::EchoMismatch::ENTRY;
pub(super) const HSK006: super::Entry = echo_time_wrong::EchoTimeWrong::ENTRY;
pub(super) const HSK007: super::Entry = own_bytes_missing::OwnBytesMissing::ENTRY;
pub(super) const HSK008: super::Entry = handshake_out_of_order::HandshakeOutOfOrder::ENTRY;
pub(super) const HSK009: super::Entry = data_before_handshake_done::DataBeforeHandshakeDone::ENTRY;
pub(super) const HSK010: super::Entry = handshake_incomplete::HandshakeIncomplete::ENTRY;
pub(super) const HSK011: super::Entry = encrypted_session::EncryptedSession::ENTRY;
pub(super) const HSK012: super::Entry = signature_invalid::SignatureInvalid::ENTRY;
pub(super) const HSK013: super::Entry = handshake_length::HandshakeLengthWrong::ENTRY;

/// Packets of two directions that are closer than this, in ns, may stand in a capture in another order than they were sent in.
const SWAPPED_NS: i64 = 1_000_000;

/// Whether a C2 or S2 was sent before what it answers was whole. One that answers it right was not, whatever the capture says.
fn is_early(step: &Handshake, story: &Story) -> bool {
    matches!(step.facts, HandshakeFacts::Echo { echo: Some(Echo::Different), .. })
        && story.of(step.from.other()).handshake[1]
            .is_some_and(|block| step.first.packet < block.packet && block.time.since(step.first.time) >= SWAPPED_NS)
}

/// Whether a step should be signed by what both sides sent before, and is not.
fn lacks_signature(step: &Handshake, story: &Story) -> bool {
    let (own, peer) = (story.of(step.from), story.of(step.from.other()));
    match step.facts {
        HandshakeFacts::Version(_) => false,
        HandshakeFacts::Block { zero, scheme, content, .. } => {
            let claims = zero != [0; 4] && content != Content::Copy;
            step.from == Side::Server && claims && scheme == Scheme::Simple && peer.is_signed()
        }
        HandshakeFacts::Echo { echo, .. } => echo == Some(Echo::Different) && own.is_signed() && peer.is_signed(),
    }
}

/// Whether the capture has all that either side sent, at the session's last close: each side was seen, or ended in order.
fn is_complete(story: &Story, close: &Close) -> bool {
    let is_seen = |side: Side| {
        let closed = if close.from == side { Some(close.how) } else { story.of(side).closed };
        story.of(side).seen || matches!(closed, Some(How::Fin | How::Rst))
    };
    Side::BOTH.into_iter().all(is_seen) && story.ends_in_order(close)
}

/// A version of four bytes as it is written.
fn dotted([a, b, c, d]: [u8; 4]) -> String {
    format!("{a}.{b}.{c}.{d}")
}

/// Whole ms of ns.
fn milliseconds(ns: i64) -> i64 {
    ns / 1_000_000
}
