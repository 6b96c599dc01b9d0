//! Capture files → packets: pcap and pcapng, from a file or standard input, in one pass and bounded memory.

use crate::wire::{Moment, Place};

/// A link layer type, by its number in the pcap registry (1 is Ethernet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkType(pub i32);

/// One captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    pub at: Moment,
    pub link: LinkType,
    /// The captured bytes, link layer header first.
    pub data: &'a [u8],
    /// How many bytes the packet had on the wire; more than `data` when a snap length cut it.
    pub wire_length: u32,
    /// Where `data` starts in the input.
    pub place: Place,
}
