//! A server's certificate: whom it names, who says so, and for how long.

use x509_parser::parse_x509_certificate;

use crate::wire::Time;
use crate::wire::words::clip;

/// Characters of a name that are kept.
const NAME: usize = 256;

/// The first certificate of a Certificate message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it names: its distinguished name, as `CN=localhost`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    pub not_before: Time,
    pub not_after: Time,
    /// Its issuer is its subject.
    pub self_signed: bool,
}

/// None where it is no certificate.
pub(super) fn read(der: &[u8]) -> Option<Certificate> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    let time = |seconds: i64| Time(seconds.saturating_mul(1_000_000_000));
    Some(Certificate {
        subject: clip(&certificate.subject().to_string(), NAME).into_owned(),
        issuer: clip(&certificate.issuer().to_string(), NAME).into_owned(),
        not_before: time(certificate.validity().not_before.timestamp()),
        not_after: time(certificate.validity().not_after.timestamp()),
        self_signed: certificate.subject().as_raw() == certificate.issuer().as_raw(),
    })
}
