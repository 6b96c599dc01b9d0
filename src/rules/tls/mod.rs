//! TLS: what carries an RTMPS session, and what keeps it closed.

mod alert;
mod certificate_doubtful;
mod meaning;
mod not_decrypted;
mod plain_on_tls_port;
mod record_damaged;

pub(super) use plain_on_tls_port::is_mistaken;

use crate::proto::Tls;
use crate::wire::PacketNo;

pub(super) const TLS001: super::Entry = alert::TlsAlert::ENTRY;
pub(super) const TLS002: super::Entry = not_decrypted::NotDecrypted::ENTRY;
pub(super) const TLS003: super::Entry = plain_on_tls_port::PlainOnTlsPort::ENTRY;
pub(super) const TLS004: super::Entry = certificate_doubtful::CertificateDoubtful::ENTRY;
pub(super) const TLS005: super::Entry = record_damaged::RecordDamaged::ENTRY;

/// The packets of the connection's handshake, as far as that is seen.
fn packets(told: &Tls) -> (PacketNo, PacketNo) {
    told.facts.packets.map_or_else(Default::default, |(first, last)| (first.packet, last.packet))
}
