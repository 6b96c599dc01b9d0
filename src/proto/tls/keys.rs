//! From secrets to keys: the PRF of TLS 1.2 (RFC 5246 §5, §6.3) and the key schedule of TLS 1.3 (RFC 8446 §7).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit};
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::opener::Opener;
use super::suite::{Bulk, Hash, Mac, Parts};
use crate::wire::Side;

/// A secret that is wiped.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// What a session of TLS 1.2 derives its keys from.
pub(super) struct Master<'a> {
    pub(super) secret: &'a [u8],
    pub(super) client_random: &'a [u8; 32],
    pub(super) server_random: &'a [u8; 32],
}

/// What opens a side's records in TLS 1.2.
pub(super) fn of_master(master: &Master<'_>, parts: Parts, side: Side, is_mac_last: bool) -> Option<Opener> {
    let Parts { bulk, hash } = parts;
    let (key, mac) = (bulk.key_length(), bulk.mac().map_or(0, Mac::length));
    // A CBC record has its IV with it.
    let iv = match bulk {
        Bulk::Aes128Cbc(_) | Bulk::Aes256Cbc(_) => 0,
        Bulk::ChaCha20Poly1305 => 12,
        _ => 4,
    };
    let mut block = Zeroizing::new(vec![0; 2 * (mac + key + iv)]);
    let seed = [b"key expansion", &master.server_random[..], &master.client_random[..]];
    match hash {
        Hash::Sha256 => prf::<Hmac<Sha256>>(master.secret, &seed, &mut block),
        Hash::Sha384 => prf::<Hmac<Sha384>>(master.secret, &seed, &mut block),
    }
    let part = |start: usize, length: usize| &block[start + side.index() * length..][..length];
    Opener::tls_1_2(bulk, part(2 * mac, key), part(2 * (mac + key), iv), part(0, mac), is_mac_last)
}

/// What opens the records under a traffic secret of TLS 1.3; none where the secret is not as long as the suite's hash.
pub(super) fn of_traffic(secret: &[u8], parts: Parts) -> Option<Opener> {
    let mut key = Zeroizing::new(vec![0; parts.bulk.key_length()]);
    let mut iv = Zeroizing::new([0; 12]);
    expand_label(parts.hash, secret, b"key", &mut key)?;
    expand_label(parts.hash, secret, b"iv", &mut *iv)?;
    Opener::tls_1_3(parts.bulk, &key, *iv)
}

/// The traffic secret after a KeyUpdate.
pub(super) fn next_traffic(secret: &[u8], hash: Hash) -> Option<Secret> {
    let mut next = Zeroizing::new(vec![0; hash.length()]);
    expand_label(hash, secret, b"traffic upd", &mut next)?;
    Some(next)
}

/// HKDF-Expand-Label with an empty context.
fn expand_label(hash: Hash, secret: &[u8], label: &[u8], out: &mut [u8]) -> Option<()> {
    if secret.len() != hash.length() {
        return None;
    }
    let length = (out.len() as u16).to_be_bytes();
    let label_length = [6 + label.len() as u8];
    let info: [&[u8]; 5] = [&length, &label_length, b"tls13 ", label, &[0]];
    match hash {
        Hash::Sha256 => Hkdf::<Sha256>::from_prk(secret).ok()?.expand_multi_info(&info, out).ok(),
        Hash::Sha384 => Hkdf::<Sha384>::from_prk(secret).ok()?.expand_multi_info(&info, out).ok(),
    }
}

/// P_hash.
fn prf<M: hmac::Mac + KeyInit>(secret: &[u8], seed: &[&[u8]], out: &mut [u8]) {
    let mac = |parts: &[&[u8]]| {
        // HMAC takes keys of any length.
        let mut mac = <M as KeyInit>::new_from_slice(secret).ok()?;
        for part in parts {
            mac.update(part);
        }
        Some(mac.finalize().into_bytes())
    };
    let Some(mut step) = mac(seed) else { return };
    for part in out.chunks_mut(step.len()) {
        let with_seed: Vec<&[u8]> = std::iter::once(&step[..]).chain(seed.iter().copied()).collect();
        let Some(bytes) = mac(&with_seed) else { return };
        part.copy_from_slice(&bytes[..part.len()]);
        let Some(next) = mac(&[&step]) else { return };
        step = next;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        hex::decode(text.split_whitespace().collect::<String>()).unwrap()
    }

    fn expanded(secret: &str, label: &[u8], length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        expand_label(Hash::Sha256, &hex(secret), label, &mut out).unwrap();
        out
    }

    /// RFC 8448 §3: the keys of the client's and the server's handshake and application traffic.
    #[test]
    fn keys_of_rfc_8448() {
        let cases = [
            (
                "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
                "3fce516009c21727d0f2e4e86ee403bc",
                "5d313eb2671276ee13000b30",
            ),
            (
                "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
                "dbfaa693d1762c5b666af5d950258d01",
                "5bd3c71b836e0b76bb73265f",
            ),
            (
                "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
                "17422dda596ed5d9acd890e3c63f5051",
                "5b78923dee08579033e523d9",
            ),
            (
                "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
                "9f02283b6c9c07efc26bb9f2ac92e356",
                "cf782b88dd83549aadf1e984",
            ),
        ];
        for (secret, key, iv) in cases {
            assert_eq!(expanded(secret, b"key", 16), hex(key));
            assert_eq!(expanded(secret, b"iv", 12), hex(iv));
        }
    }

    /// A vector of the PRF with SHA-256 that the IETF's TLS list has agreed on.
    #[test]
    fn prf_of_tls_1_2() {
        let mut out = [0; 100];
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        prf::<Hmac<Sha256>>(&hex("9bbe436ba940f017b17652849a71db35"), &[b"test label", &seed], &mut out);
        assert_eq!(
            out[..],
            hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa0
                 22f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66")
        );
    }
}
