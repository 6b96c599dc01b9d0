//! What protects a direction's records: one phase follows the other.

/// What protects the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Clear,
    /// TLS 1.3's early data, unless the server refuses it.
    Early,
    /// TLS 1.3's handshake.
    Handshake,
    /// TLS 1.3's application data, after so many key updates.
    Traffic(u32),
    /// TLS 1.2's, from ChangeCipherSpec on.
    Keys,
}
