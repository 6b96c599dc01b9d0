//! What the messages of a handshake say that is needed here: the two hellos, and the little that follows them.
//! Source: RFC 5246 §7.4, RFC 8446 §4, RFC 6066 §3, RFC 7301.

use super::resumption::{Name, name};
use super::suite::{CipherSuite, Version};

/// The server's random of a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// ALPN names that are kept of an offer.
const NAMES: usize = 8;

mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const ALPN: u16 = 16;
    pub(super) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(super) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(super) const SESSION_TICKET: u16 = 35;
    pub(super) const PRE_SHARED_KEY: u16 = 41;
    pub(super) const EARLY_DATA: u16 = 42;
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
    pub(super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
}

/// A ClientHello.
#[derive(Debug, Default)]
pub(super) struct ClientHello {
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    /// The highest version that is offered.
    pub(super) version: Version,
    pub(super) server_name: Option<String>,
    pub(super) alpn: Vec<String>,
    /// The session ticket (RFC 5077) that it offers.
    pub(super) ticket: Option<Name>,
    pub(super) pre_shared_key: bool,
    pub(super) early_data: bool,
    pub(super) encrypted_client_hello: bool,
}

/// A ServerHello or HelloRetryRequest.
#[derive(Debug, Default)]
pub(super) struct ServerHello {
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) version: Version,
    pub(super) suite: u16,
    pub(super) alpn: Option<String>,
    pub(super) pre_shared_key: bool,
    pub(super) extended_master_secret: bool,
    pub(super) encrypt_then_mac: bool,
    pub(super) is_retry: bool,
}

impl ServerHello {
    pub(super) fn suite(&self) -> CipherSuite {
        CipherSuite(self.suite)
    }
}

/// EncryptedExtensions.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pub(super) alpn: Option<String>,
    pub(super) early_data: bool,
}

pub(super) fn client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut rest = Rest(body);
    let mut hello = ClientHello { version: Version(rest.u16()?), ..ClientHello::default() };
    hello.random = rest.take(32)?.try_into().ok()?;
    hello.session_id = rest.vector8()?.to_vec();
    // Suites and compression methods.
    rest.vector16()?;
    rest.vector8()?;
    each_extension(rest, |kind, mut value| {
        match kind {
            extension::SERVER_NAME => hello.server_name = server_name(value),
            extension::ALPN => hello.alpn = alpn(value),
            extension::SESSION_TICKET => hello.ticket = name(value.0),
            extension::PRE_SHARED_KEY => hello.pre_shared_key = true,
            extension::EARLY_DATA => hello.early_data = true,
            extension::ENCRYPTED_CLIENT_HELLO => hello.encrypted_client_hello = true,
            extension::SUPPORTED_VERSIONS => {
                let versions = value.vector8().unwrap_or_default().chunks_exact(2);
                let versions = versions.map(|bytes| Version(u16::from_be_bytes([bytes[0], bytes[1]])));
                // Others are there to be ignored (RFC 8701).
                if let Some(version) = versions.filter(|version| version.name().is_some()).max() {
                    hello.version = version;
                }
            }
            _ => {}
        }
    });
    Some(hello)
}

pub(super) fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut rest = Rest(body);
    let mut hello = ServerHello { version: Version(rest.u16()?), ..ServerHello::default() };
    hello.random = rest.take(32)?.try_into().ok()?;
    hello.is_retry = hello.random == RETRY;
    hello.session_id = rest.vector8()?.to_vec();
    hello.suite = rest.u16()?;
    rest.u8()?;
    each_extension(rest, |kind, mut value| match kind {
        extension::ALPN => hello.alpn = alpn(value).pop(),
        extension::PRE_SHARED_KEY => hello.pre_shared_key = true,
        extension::EXTENDED_MASTER_SECRET => hello.extended_master_secret = true,
        extension::ENCRYPT_THEN_MAC => hello.encrypt_then_mac = true,
        extension::SUPPORTED_VERSIONS => {
            if let Some(version) = value.u16() {
                hello.version = Version(version);
            }
        }
        _ => {}
    });
    Some(hello)
}

pub(super) fn encrypted_extensions(body: &[u8]) -> Extensions {
    let mut extensions = Extensions::default();
    each_extension(Rest(body), |kind, value| match kind {
        extension::ALPN => extensions.alpn = alpn(value).pop(),
        extension::EARLY_DATA => extensions.early_data = true,
        _ => {}
    });
    extensions
}

/// The ticket of TLS 1.2's NewSessionTicket.
pub(super) fn session_ticket(body: &[u8]) -> Option<&[u8]> {
    let mut rest = Rest(body);
    // Its lifetime.
    rest.take(4)?;
    rest.vector16()
}

/// The first certificate of a Certificate message: the sender's own.
pub(super) fn first_certificate(body: &[u8], version: Version) -> Option<&[u8]> {
    let mut rest = Rest(body);
    if version == Version::TLS_1_3 {
        rest.vector8()?;
    }
    let mut list = Rest(rest.vector24()?);
    list.vector24()
}

fn each_extension(mut rest: Rest<'_>, mut each: impl FnMut(u16, Rest<'_>)) {
    let Some(list) = rest.vector16() else { return };
    let mut list = Rest(list);
    while let (Some(kind), Some(value)) = (list.u16(), list.vector16()) {
        each(kind, Rest(value));
    }
}

fn server_name(mut value: Rest<'_>) -> Option<String> {
    let mut list = Rest(value.vector16()?);
    while let (Some(kind), Some(name)) = (list.u8(), list.vector16()) {
        // A name in DNS has at most 253 characters.
        if kind == 0 && name.len() <= 255 {
            return Some(String::from_utf8_lossy(name).into_owned());
        }
    }
    None
}

fn alpn(mut value: Rest<'_>) -> Vec<String> {
    let mut list = Rest(value.vector16().unwrap_or_default());
    let names = std::iter::from_fn(|| list.vector8());
    names.take(NAMES).map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(length.into())
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    fn vector24(&mut self) -> Option<&'a [u8]> {
        let bytes = self.take(3)?;
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        self.take(length as usize)
    }
}
