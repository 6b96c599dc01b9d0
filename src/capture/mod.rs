//! Capture files → packets: pcap and pcapng, compressed or not, from files or standard input, in one pass and bounded
//! memory.
//!
//! [`Input`] reads one or several captures as one and gives [`Packet`]s in order of their time. It owns file formats,
//! clocks and link type numbers; what is inside a packet is for [`net`](crate::net).

mod buffer;
mod compressed;
mod error;
mod follow;
mod input;
mod live;
mod notes;
mod pcap;
mod pcapng;
mod record;
mod single;
mod sniff;
mod tail;

pub use error::CaptureError;
pub use input::Input;
pub use notes::{Comment, Name, Notes, Secrets};
pub use tail::Tail;

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
    /// Where `data` starts in the input; of a compressed one, in what comes of decompressing it.
    pub place: Place,
}
