//! What a capture says beside its packets: comments, names of addresses, secrets to decrypt with.

use std::net::IpAddr;

use crate::limits::Limits;
use crate::wire::PacketNo;

/// What a note costs beside its bytes: its place in a list that grows by doubling, and an allocation.
const OVERHEAD: usize = 2 * size_of::<Comment>() + 32;

/// A comment that somebody wrote into a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The input's index.
    pub file: u32,
    /// The packet that it is about; else it is about the section or the interface that begins before the next packet.
    pub packet: Option<PacketNo>,
    pub text: String,
}

/// The name of an address, from a name resolution block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub address: IpAddr,
    pub name: String,
}

/// A decryption secrets block (pcapng draft §4.7).
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// `0x544c_534b` is a TLS key log, as `SSLKEYLOGFILE` names it.
    pub kind: u32,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Secrets {
    /// Without the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("kind", &self.kind).field("bytes", &self.bytes.len()).finish()
    }
}

/// What the captures said beside their packets so far. A note is here before the packet that follows it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    pub comments: Vec<Comment>,
    pub names: Vec<Name>,
    pub secrets: Vec<Secrets>,
    /// Notes that are not kept because of [`Limits::note_bytes`].
    pub missed: u64,
    /// What all of them cost.
    held: usize,
}

impl Notes {
    fn fits(&mut self, bytes: usize) -> bool {
        let fits = self.held + bytes + OVERHEAD <= Limits::DEFAULT.note_bytes;
        if fits {
            self.held += bytes + OVERHEAD;
        } else {
            self.missed += 1;
        }
        fits
    }

    pub(super) fn comment(&mut self, file: u32, packet: Option<PacketNo>, text: &[u8]) {
        // A byte that is no UTF-8 becomes three.
        if self.fits(text.len() * 3) {
            self.comments.push(Comment { file, packet, text: String::from_utf8_lossy(text).into_owned() });
        }
    }

    pub(super) fn name(&mut self, address: IpAddr, name: &[u8]) {
        if self.fits(name.len() * 3) {
            self.names.push(Name { address, name: String::from_utf8_lossy(name).into_owned() });
        }
    }

    pub(super) fn secrets(&mut self, kind: u32, bytes: &[u8]) {
        if self.fits(bytes.len()) {
            self.secrets.push(Secrets { kind, bytes: bytes.to_vec() });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held == 0 && self.missed == 0
    }

    /// Takes all of `found`, what the input `file` said before and with the packet `packet`.
    pub(super) fn append(&mut self, found: &mut Notes, file: u32, packet: Option<PacketNo>) {
        for comment in std::mem::take(&mut found.comments) {
            if self.fits(comment.text.len()) {
                // What a format finds with a packet has its number still to come.
                self.comments.push(Comment { file, packet: comment.packet.and(packet), ..comment });
            }
        }
        for name in std::mem::take(&mut found.names) {
            if self.fits(name.name.len()) {
                self.names.push(name);
            }
        }
        for secrets in std::mem::take(&mut found.secrets) {
            if self.fits(secrets.bytes.len()) {
                self.secrets.push(secrets);
            }
        }
        self.missed += std::mem::take(&mut found.missed);
        found.held = 0;
    }
}
