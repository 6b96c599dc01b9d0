//! Versions, sessions and cipher suites: what they are called, and what the suites that are decrypted consist of.
//! Source: IANA's TLS parameters; RFC 5246, 5288, 5289, 5487, 5489, 6655, 7251, 7905, 8446.

use crate::open_enum;

open_enum! {
    /// A protocol version, as hellos and records have it.
    pub struct Version(u16) {
        SSL_3 = 0x0300 "SSL 3.0",
        TLS_1_0 = 0x0301 "TLS 1.0",
        TLS_1_1 = 0x0302 "TLS 1.1",
        TLS_1_2 = 0x0303 "TLS 1.2",
        TLS_1_3 = 0x0304 "TLS 1.3",
    }
}

/// The client's random of a session: what a key log calls the session.
pub type ClientRandom = [u8; 32];

/// The hash of a suite's key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    pub(super) fn length(self) -> usize {
        match self {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
        }
    }
}

/// The MAC of a CBC suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mac {
    Sha1,
    Sha256,
    Sha384,
}

impl Mac {
    pub(super) fn length(self) -> usize {
        match self {
            Mac::Sha1 => 20,
            Mac::Sha256 => 32,
            Mac::Sha384 => 48,
        }
    }
}

/// What protects a suite's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bulk {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    Aes128Cbc(Mac),
    Aes256Cbc(Mac),
}

impl Bulk {
    pub(super) fn key_length(self) -> usize {
        match self {
            Bulk::Aes128Gcm | Bulk::Aes128Ccm | Bulk::Aes128Ccm8 | Bulk::Aes128Cbc(_) => 16,
            Bulk::Aes256Gcm | Bulk::Aes256Ccm | Bulk::Aes256Ccm8 | Bulk::Aes256Cbc(_) | Bulk::ChaCha20Poly1305 => 32,
        }
    }

    pub(super) fn mac(self) -> Option<Mac> {
        match self {
            Bulk::Aes128Cbc(mac) | Bulk::Aes256Cbc(mac) => Some(mac),
            _ => None,
        }
    }

    /// Bytes of an AEAD's tag.
    pub(super) fn tag_length(self) -> usize {
        match self {
            Bulk::Aes128Ccm8 | Bulk::Aes256Ccm8 => 8,
            Bulk::Aes128Cbc(_) | Bulk::Aes256Cbc(_) => 0,
            _ => 16,
        }
    }

    /// Bytes of a nonce that stand in each record of TLS 1.2.
    pub(super) fn explicit_length(self) -> usize {
        match self {
            Bulk::ChaCha20Poly1305 => 0,
            Bulk::Aes128Cbc(_) | Bulk::Aes256Cbc(_) => 16,
            _ => 8,
        }
    }

    /// The least and the most bytes by which a record's body is longer than what it carries, its padding left out in TLS 1.3.
    pub(super) fn overhead(self, version: Version) -> (usize, usize) {
        if version == Version::TLS_1_3 {
            // With the byte that says what it is.
            let overhead = self.tag_length() + 1;
            return (overhead, overhead);
        }
        match self.mac() {
            Some(mac) => (16 + mac.length() + 1, 16 + mac.length() + 16),
            None => (self.explicit_length() + self.tag_length(), self.explicit_length() + self.tag_length()),
        }
    }
}

/// A suite that is decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) bulk: Bulk,
    pub(super) hash: Hash,
}

/// A cipher suite by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CipherSuite(pub u16);

impl CipherSuite {
    /// IANA's name, where it is known here.
    pub fn name(self) -> Option<&'static str> {
        self.find().map(|(_, name, _)| *name)
    }

    /// What it consists of, where it can be decrypted.
    pub(super) fn parts(self) -> Option<Parts> {
        self.find().and_then(|(_, _, parts)| *parts)
    }

    fn find(self) -> Option<&'static (u16, &'static str, Option<Parts>)> {
        SUITES.binary_search_by_key(&self.0, |(number, ..)| *number).ok().map(|index| &SUITES[index])
    }
}

/// The suites of TLS 1.3 that are decrypted.
pub(super) const TLS_1_3: [CipherSuite; 5] =
    [CipherSuite(0x1301), CipherSuite(0x1302), CipherSuite(0x1303), CipherSuite(0x1304), CipherSuite(0x1305)];

const fn with(bulk: Bulk, hash: Hash) -> Parts {
    Parts { bulk, hash }
}

const GCM_128: Option<Parts> = Some(with(Bulk::Aes128Gcm, Hash::Sha256));
const GCM_256: Option<Parts> = Some(with(Bulk::Aes256Gcm, Hash::Sha384));
const CHACHA: Option<Parts> = Some(with(Bulk::ChaCha20Poly1305, Hash::Sha256));
const CCM_128: Option<Parts> = Some(with(Bulk::Aes128Ccm, Hash::Sha256));
const CCM_256: Option<Parts> = Some(with(Bulk::Aes256Ccm, Hash::Sha256));
const CCM_8_128: Option<Parts> = Some(with(Bulk::Aes128Ccm8, Hash::Sha256));
const CCM_8_256: Option<Parts> = Some(with(Bulk::Aes256Ccm8, Hash::Sha256));
const SHA_128: Option<Parts> = Some(with(Bulk::Aes128Cbc(Mac::Sha1), Hash::Sha256));
const SHA_256: Option<Parts> = Some(with(Bulk::Aes256Cbc(Mac::Sha1), Hash::Sha256));
const SHA256_128: Option<Parts> = Some(with(Bulk::Aes128Cbc(Mac::Sha256), Hash::Sha256));
const SHA256_256: Option<Parts> = Some(with(Bulk::Aes256Cbc(Mac::Sha256), Hash::Sha256));
const SHA384_256: Option<Parts> = Some(with(Bulk::Aes256Cbc(Mac::Sha384), Hash::Sha384));

/// By number.
const SUITES: &[(u16, &str, Option<Parts>)] = &[
    (0x0001, "TLS_RSA_WITH_NULL_MD5", None),
    (0x0002, "TLS_RSA_WITH_NULL_SHA", None),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5", None),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA", None),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", None),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", None),
    (0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", SHA_128),
    (0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", SHA_128),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", SHA_128),
    (0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", SHA_128),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", SHA_256),
    (0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", SHA_256),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", SHA_256),
    (0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA", SHA_256),
    (0x003b, "TLS_RSA_WITH_NULL_SHA256", None),
    (0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", SHA256_256),
    (0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", None),
    (0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA", None),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0x006a, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", SHA256_256),
    (0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", SHA256_256),
    (0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0x006d, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", SHA256_256),
    (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA", None),
    (0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA", None),
    (0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA", SHA_128),
    (0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA", SHA_256),
    (0x0090, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA", SHA_128),
    (0x0091, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA", SHA_256),
    (0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", GCM_128),
    (0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", GCM_256),
    (0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", GCM_128),
    (0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", GCM_256),
    (0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", GCM_128),
    (0x00a3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", GCM_256),
    (0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", GCM_128),
    (0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", GCM_256),
    (0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256", GCM_128),
    (0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384", GCM_256),
    (0x00aa, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256", GCM_128),
    (0x00ab, "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384", GCM_256),
    (0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0x00af, "TLS_PSK_WITH_AES_256_CBC_SHA384", SHA384_256),
    (0x00b2, "TLS_DHE_PSK_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0x00b3, "TLS_DHE_PSK_WITH_AES_256_CBC_SHA384", SHA384_256),
    (0x1301, "TLS_AES_128_GCM_SHA256", GCM_128),
    (0x1302, "TLS_AES_256_GCM_SHA384", GCM_256),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256", CHACHA),
    (0x1304, "TLS_AES_128_CCM_SHA256", CCM_128),
    (0x1305, "TLS_AES_128_CCM_8_SHA256", CCM_8_128),
    (0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", SHA_128),
    (0xc005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", SHA_256),
    (0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", None),
    (0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", None),
    (0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", None),
    (0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", SHA_128),
    (0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", SHA_256),
    (0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", SHA_128),
    (0xc00f, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", SHA_256),
    (0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", None),
    (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", None),
    (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", None),
    (0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", SHA_128),
    (0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", SHA_256),
    (0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", SHA_128),
    (0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", SHA_256),
    (0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", SHA384_256),
    (0xc025, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0xc026, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384", SHA384_256),
    (0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", SHA384_256),
    (0xc029, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0xc02a, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384", SHA384_256),
    (0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", GCM_128),
    (0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", GCM_256),
    (0xc02d, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", GCM_128),
    (0xc02e, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384", GCM_256),
    (0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", GCM_128),
    (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", GCM_256),
    (0xc031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", GCM_128),
    (0xc032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", GCM_256),
    (0xc035, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", SHA_128),
    (0xc036, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA", SHA_256),
    (0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", SHA256_128),
    (0xc038, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384", SHA384_256),
    (0xc09c, "TLS_RSA_WITH_AES_128_CCM", CCM_128),
    (0xc09d, "TLS_RSA_WITH_AES_256_CCM", CCM_256),
    (0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM", CCM_128),
    (0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM", CCM_256),
    (0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8", CCM_8_128),
    (0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8", CCM_8_256),
    (0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8", CCM_8_128),
    (0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8", CCM_8_256),
    (0xc0a4, "TLS_PSK_WITH_AES_128_CCM", CCM_128),
    (0xc0a5, "TLS_PSK_WITH_AES_256_CCM", CCM_256),
    (0xc0a6, "TLS_DHE_PSK_WITH_AES_128_CCM", CCM_128),
    (0xc0a7, "TLS_DHE_PSK_WITH_AES_256_CCM", CCM_256),
    (0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8", CCM_8_128),
    (0xc0a9, "TLS_PSK_WITH_AES_256_CCM_8", CCM_8_256),
    (0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", CCM_128),
    (0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", CCM_256),
    (0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", CCM_8_128),
    (0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", CCM_8_256),
    (0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA),
    (0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA),
    (0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA),
    (0xccab, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", CHACHA),
    (0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", CHACHA),
    (0xccad, "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256", CHACHA),
    (0xccae, "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256", CHACHA),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_in_order_and_their_names_say_what_they_are() {
        assert!(SUITES.is_sorted_by(|one, other| one.0 < other.0));
        for (number, name, parts) in SUITES {
            assert_eq!(CipherSuite(*number).name(), Some(*name));
            let Some(Parts { bulk, hash }) = parts else { continue };
            let cipher = match bulk {
                Bulk::Aes128Gcm => "AES_128_GCM",
                Bulk::Aes256Gcm => "AES_256_GCM",
                Bulk::ChaCha20Poly1305 => "CHACHA20_POLY1305",
                Bulk::Aes128Ccm => "AES_128_CCM",
                Bulk::Aes256Ccm => "AES_256_CCM",
                Bulk::Aes128Ccm8 => "AES_128_CCM_8",
                Bulk::Aes256Ccm8 => "AES_256_CCM_8",
                Bulk::Aes128Cbc(_) => "AES_128_CBC",
                Bulk::Aes256Cbc(_) => "AES_256_CBC",
            };
            let mac = match bulk.mac() {
                Some(Mac::Sha1) => "_SHA",
                Some(Mac::Sha256) => "_SHA256",
                Some(Mac::Sha384) => "_SHA384",
                None if name.contains("CCM") => {
                    if *number < 0xc000 {
                        "_SHA256"
                    } else {
                        ""
                    }
                }
                None => {
                    if *hash == Hash::Sha384 {
                        "_SHA384"
                    } else {
                        "_SHA256"
                    }
                }
            };
            assert!(name.ends_with(&format!("{cipher}{mac}")), "{name}");
            assert_eq!(*hash == Hash::Sha384, name.ends_with("SHA384"), "{name}");
        }
    }
}
