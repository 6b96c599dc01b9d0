//! Handshakes with digests and signatures, as Flash Player and its servers make them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::wire::Side;

const TAIL: [u8; 32] = [
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
    0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
];

/// C1 or S1 with a version and a digest over the rest, which the four bytes at `placed_by` (8 or 772) place.
pub fn signed_opening(from: Side, version: [u8; 4], placed_by: usize, seed: u64) -> Vec<u8> {
    let mut block = super::opening(0, seed);
    block[4..8].copy_from_slice(&version);
    let at = digest_at(&block, placed_by);
    let digest = hmac(name(from), &[&block[..at], &block[at + 32..]].concat());
    block[at..at + 32].copy_from_slice(&digest);
    block
}

/// C2 or S2 that ends with a signature over the digest of the other side's block.
pub fn signature(from: Side, peer: &[u8], placed_by: usize, seed: u64) -> Vec<u8> {
    let mut block = super::opening(0, seed);
    let at = digest_at(peer, placed_by);
    let key = hmac(&[name(from), &TAIL].concat(), &peer[at..at + 32]);
    let signature = hmac(&key, &block[..1504]);
    block[1504..].copy_from_slice(&signature);
    block
}

fn digest_at(block: &[u8], placed_by: usize) -> usize {
    let sum: usize = block[placed_by..placed_by + 4].iter().map(|byte| usize::from(*byte)).sum();
    sum % 728 + placed_by + 4
}

fn name(from: Side) -> &'static [u8] {
    match from {
        Side::Client => b"Genuine Adobe Flash Player 001",
        Side::Server => b"Genuine Adobe Flash Media Server 001",
    }
}

fn hmac(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}
