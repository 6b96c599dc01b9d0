//! The signed handshake of Flash Player 9 and later: where a digest stands and whether it is right.
//!
//! The specification leaves these bytes random. A peer that signs puts an HMAC-SHA256 over its C1 or S1 at one of two
//! places, and signs the other side's digest at the end of its C2 or S2.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::handshake::Scheme;
use crate::wire::Side;

const PLAYER_NAME: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER_NAME: &[u8] = b"Genuine Adobe Flash Media Server 001";
/// Both keys end with these 32 bytes.
const KEY_TAIL: [u8; 32] = [
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
    0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
];
/// Bytes of a digest or a signature.
pub(super) const LENGTH: usize = 32;

/// A digest found in C1 or S1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) scheme: Scheme,
    /// Where it stands in the 1536 bytes.
    pub(super) at: usize,
    pub(super) digest: [u8; LENGTH],
}

/// Finds the digest of a C1 (from the client) or an S1, at either place. `None` when neither place verifies.
pub(super) fn find(block: &[u8], from: Side) -> Option<Found> {
    let key = name(from);
    [(Scheme::Digest0, 772), (Scheme::Digest1, 8)].into_iter().find_map(|(scheme, word)| {
        let sum: usize = block.get(word..word + 4)?.iter().map(|byte| usize::from(*byte)).sum();
        let at = sum % 728 + word + 4;
        let digest: [u8; LENGTH] = block.get(at..at + LENGTH)?.try_into().ok()?;
        let expected = hmac(key, &[&block[..at], &block[at + LENGTH..]]);
        (expected == digest).then_some(Found { scheme, at, digest })
    })
}

/// Whether a C2 (from the client) or an S2 ends with a signature over the other side's digest.
pub(super) fn signed(block: &[u8], from: Side, peer_digest: &[u8; LENGTH]) -> bool {
    let Some((content, signature)) = block.split_last_chunk::<LENGTH>() else { return false };
    let key = hmac(&[name(from), &KEY_TAIL].concat(), &[peer_digest]);
    hmac(&key, &[content]) == *signature
}

fn name(from: Side) -> &'static [u8] {
    match from {
        Side::Client => PLAYER_NAME,
        Side::Server => SERVER_NAME,
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; LENGTH] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
