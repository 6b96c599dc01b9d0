//! What opens protected records: one side's keys, and the form that its version gives to nonces and authenticated data.
//!
//! Nothing leaves it that did not authenticate. Whoever asks has a passive view: timing tells nobody anything, and no answer goes back.

use std::fmt;
use std::ops::Range;

use aes::{Aes128, Aes256};
use aes_gcm::aead::consts::{U8, U12, U16};
use aes_gcm::aead::{AeadInOut, KeyInit, Nonce, Tag};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit};
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::suite::{Bulk, Mac, Version};

/// A record's header.
pub(super) const HEADER: usize = 5;

enum Cipher {
    Aes128Gcm(Aes128Gcm),
    Aes256Gcm(Aes256Gcm),
    ChaCha20Poly1305(ChaCha20Poly1305),
    Aes128Ccm(Ccm<Aes128, U16, U12>),
    Aes256Ccm(Ccm<Aes256, U16, U12>),
    Aes128Ccm8(Ccm<Aes128, U8, U12>),
    Aes256Ccm8(Ccm<Aes256, U8, U12>),
    Aes128Cbc(Aes128, Authenticator),
    Aes256Cbc(Aes256, Authenticator),
}

/// The MAC of a CBC suite with its key.
enum Authenticator {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

impl Authenticator {
    fn new(mac: Mac, key: &[u8]) -> Option<Authenticator> {
        Some(match mac {
            Mac::Sha1 => Authenticator::Sha1(Hmac::new_from_slice(key).ok()?),
            Mac::Sha256 => Authenticator::Sha256(Hmac::new_from_slice(key).ok()?),
            Mac::Sha384 => Authenticator::Sha384(Hmac::new_from_slice(key).ok()?),
        })
    }

    fn is_of(&self, header: &[u8], bytes: &[u8], tag: &[u8]) -> bool {
        match self {
            Authenticator::Sha1(mac) => mac.clone().chain_update(header).chain_update(bytes).verify_slice(tag).is_ok(),
            Authenticator::Sha256(mac) => {
                mac.clone().chain_update(header).chain_update(bytes).verify_slice(tag).is_ok()
            }
            Authenticator::Sha384(mac) => {
                mac.clone().chain_update(header).chain_update(bytes).verify_slice(tag).is_ok()
            }
        }
    }
}

/// Opens one side's records under one set of keys.
pub(super) struct Opener {
    cipher: Cipher,
    bulk: Bulk,
    version: Version,
    /// TLS 1.2's salt is its first four bytes, but for ChaCha20's, which is like TLS 1.3's.
    iv: Zeroizing<[u8; 12]>,
    /// Encrypt-then-MAC (RFC 7366), of CBC suites.
    is_mac_last: bool,
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("bulk", &self.bulk).finish_non_exhaustive()
    }
}

impl Opener {
    pub(super) fn tls_1_3(bulk: Bulk, key: &[u8], iv: [u8; 12]) -> Option<Opener> {
        Opener::new(bulk, key, &[], Version::TLS_1_3, Zeroizing::new(iv), false)
    }

    pub(super) fn tls_1_2(bulk: Bulk, key: &[u8], iv: &[u8], mac: &[u8], is_mac_last: bool) -> Option<Opener> {
        let mut whole = Zeroizing::new([0; 12]);
        whole[..iv.len()].copy_from_slice(iv);
        Opener::new(bulk, key, mac, Version::TLS_1_2, whole, is_mac_last)
    }

    fn new(
        bulk: Bulk,
        key: &[u8],
        mac: &[u8],
        version: Version,
        iv: Zeroizing<[u8; 12]>,
        is_mac_last: bool,
    ) -> Option<Opener> {
        let cipher = match bulk {
            Bulk::Aes128Gcm => Cipher::Aes128Gcm(Aes128Gcm::new_from_slice(key).ok()?),
            Bulk::Aes256Gcm => Cipher::Aes256Gcm(Aes256Gcm::new_from_slice(key).ok()?),
            Bulk::ChaCha20Poly1305 => Cipher::ChaCha20Poly1305(ChaCha20Poly1305::new_from_slice(key).ok()?),
            Bulk::Aes128Ccm => Cipher::Aes128Ccm(Ccm::new_from_slice(key).ok()?),
            Bulk::Aes256Ccm => Cipher::Aes256Ccm(Ccm::new_from_slice(key).ok()?),
            Bulk::Aes128Ccm8 => Cipher::Aes128Ccm8(Ccm::new_from_slice(key).ok()?),
            Bulk::Aes256Ccm8 => Cipher::Aes256Ccm8(Ccm::new_from_slice(key).ok()?),
            Bulk::Aes128Cbc(kind) => {
                Cipher::Aes128Cbc(Aes128::new_from_slice(key).ok()?, Authenticator::new(kind, mac)?)
            }
            Bulk::Aes256Cbc(kind) => {
                Cipher::Aes256Cbc(Aes256::new_from_slice(key).ok()?, Authenticator::new(kind, mac)?)
            }
        };
        Some(Opener { cipher, bulk, version, iv, is_mac_last })
    }

    /// The least by which a record is longer than what it carries, its header included.
    pub(super) fn overhead(&self) -> usize {
        HEADER + self.bulk.overhead(self.version).0
    }

    /// Whether what it opens ends with a byte that says what it is, and padding.
    pub(super) fn has_type(&self) -> bool {
        self.version == Version::TLS_1_3
    }

    /// Whether a record that does not authenticate is left as it was.
    pub(super) fn is_gentle(&self) -> bool {
        matches!(self.cipher, Cipher::Aes128Gcm(_) | Cipher::Aes256Gcm(_) | Cipher::ChaCha20Poly1305(_))
    }

    /// The part of the nonce that stands in a record, as a number, where its sender chose it.
    pub(super) fn explicit_nonce(&self, record: &[u8]) -> Option<u64> {
        let is_there = self.version == Version::TLS_1_2 && self.bulk.explicit_length() == 8;
        record.get(HEADER..)?.first_chunk().filter(|_| is_there).map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// Decrypts a record in place: where in it the plaintext is. A byte of plaintext stands where its ciphertext stood.
    pub(super) fn open(&self, sequence: u64, record: &mut [u8]) -> Option<Range<usize>> {
        let (header, body) = record.split_at_mut_checked(HEADER)?;
        let range = match &self.cipher {
            Cipher::Aes128Gcm(cipher) => self.open_aead(cipher, sequence, header, body),
            Cipher::Aes256Gcm(cipher) => self.open_aead(cipher, sequence, header, body),
            Cipher::ChaCha20Poly1305(cipher) => self.open_aead(cipher, sequence, header, body),
            Cipher::Aes128Ccm(cipher) => self.open_aead(cipher, sequence, header, body),
            Cipher::Aes256Ccm(cipher) => self.open_aead(cipher, sequence, header, body),
            Cipher::Aes128Ccm8(cipher) => self.open_aead(cipher, sequence, header, body),
            Cipher::Aes256Ccm8(cipher) => self.open_aead(cipher, sequence, header, body),
            Cipher::Aes128Cbc(cipher, mac) => self.open_cbc(cipher, mac, sequence, header, body),
            Cipher::Aes256Cbc(cipher, mac) => self.open_cbc(cipher, mac, sequence, header, body),
        }?;
        Some(range.start + HEADER..range.end + HEADER)
    }

    fn open_aead<A: AeadInOut<NonceSize = U12>>(
        &self,
        cipher: &A,
        sequence: u64,
        header: &[u8],
        body: &mut [u8],
    ) -> Option<Range<usize>> {
        let explicit = if self.version == Version::TLS_1_3 { 0 } else { self.bulk.explicit_length() };
        let end = body.len().checked_sub(self.bulk.tag_length()).filter(|end| *end >= explicit)?;
        let mut nonce = Nonce::<A>::from(*self.iv);
        if explicit > 0 {
            nonce[4..].copy_from_slice(&body[..explicit]);
        } else {
            for (byte, number) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
                *byte ^= number;
            }
        }
        let (text, tag) = body[explicit..].split_at_mut(end - explicit);
        let tag = <&Tag<A>>::try_from(&*tag).ok()?;
        if self.version == Version::TLS_1_3 {
            cipher.decrypt_inout_detached(&nonce, header, text.into(), tag).ok()?;
        } else {
            let pseudo = pseudo_header(sequence, header, text.len());
            cipher.decrypt_inout_detached(&nonce, &pseudo, text.into(), tag).ok()?;
        }
        Some(explicit..end)
    }

    fn open_cbc<C: BlockCipherDecrypt + cbc::cipher::BlockSizeUser<BlockSize = U16> + Clone>(
        &self,
        cipher: &C,
        mac: &Authenticator,
        sequence: u64,
        header: &[u8],
        body: &mut [u8],
    ) -> Option<Range<usize>> {
        let mac_length = self.bulk.mac().map_or(0, Mac::length);
        let mut sealed = body.len();
        if self.is_mac_last {
            sealed = sealed.checked_sub(mac_length)?;
            let (bytes, tag) = body.split_at(sealed);
            if !mac.is_of(&pseudo_header(sequence, header, sealed), bytes, tag) {
                return None;
            }
        }
        // The IV and at least a block.
        if sealed < 32 || !sealed.is_multiple_of(16) {
            return None;
        }
        let (iv, text) = body[..sealed].split_at_mut(16);
        let mut mode = cbc::Decryptor::inner_iv_slice_init(cipher.clone(), iv).ok()?;
        let (blocks, _) = cbc::cipher::Block::<C>::slice_as_chunks_mut(text);
        mode.decrypt_blocks(blocks);
        let padding = usize::from(*text.last()?);
        let end = text.len().checked_sub(padding + 1)?;
        if text[end..].iter().any(|byte| usize::from(*byte) != padding) {
            return None;
        }
        if self.is_mac_last {
            return Some(16..16 + end);
        }
        let end = end.checked_sub(mac_length)?;
        let (text, rest) = text.split_at(end);
        let is_whole = mac.is_of(&pseudo_header(sequence, header, end), text, &rest[..mac_length]);
        is_whole.then_some(16..16 + end)
    }
}

/// What TLS 1.2 authenticates beside the plaintext.
fn pseudo_header(sequence: u64, header: &[u8], length: usize) -> [u8; 13] {
    let mut bytes = [0; 13];
    bytes[..8].copy_from_slice(&sequence.to_be_bytes());
    bytes[8..11].copy_from_slice(&header[..3]);
    bytes[11..].copy_from_slice(&(length as u16).to_be_bytes());
    bytes
}
