//! A server's certificate: whom it names, who says so, and for how long.

use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;
use x509_cert::name::Name;
use x509_cert::time;

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
    // What certificates of the wild break of RFC 5280 is nothing to fail for.
    let certificate = CertificateInner::<Raw>::from_der(der).ok()?;
    let certificate = certificate.tbs_certificate();
    let (subject, issuer, validity) = (certificate.subject(), certificate.issuer(), certificate.validity());
    Some(Certificate {
        subject: named(subject),
        issuer: named(issuer),
        not_before: moment(validity.not_before),
        not_after: moment(validity.not_after),
        self_signed: subject == issuer,
    })
}

/// A name in the order in which it is written.
fn named(name: &Name) -> String {
    let parts: Vec<_> = name.iter_rdn().map(ToString::to_string).collect();
    clip(&parts.join(", "), NAME).into_owned()
}

fn moment(time: time::Time) -> Time {
    Time(i64::try_from(time.to_unix_duration().as_nanos()).unwrap_or(i64::MAX))
}
