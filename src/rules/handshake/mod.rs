//! HSK: the handshake.

mod echo_mismatch;

pub(super) const HSK005: super::Entry = echo_mismatch::EchoMismatch::ENTRY;
