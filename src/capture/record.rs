//! What a file format hands to the input: one packet, before it has its number and its place among other captures.

use super::LinkType;
use crate::wire::Time;

/// A packet as a format found it: its bytes are in the buffer's window until the next one is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) time: Time,
    pub(super) link: LinkType,
    /// Where the packet starts in the stream.
    pub(super) offset: u64,
    pub(super) captured: u32,
    pub(super) wire_length: u32,
    /// Blocks just before it that carry no packet and that Wireshark numbers like one.
    pub(super) numbered_before: u64,
}
