//! The packets of a capture, kept so that some can be taken away.

use std::path::Path;

use rtmp_inspect::capture::{Input, LinkType, Packet};
use rtmp_inspect::wire::{Moment, Place};

/// A packet of a capture, kept.
pub struct Kept {
    pub at: Moment,
    pub link: LinkType,
    pub data: Vec<u8>,
    pub wire_length: u32,
}

pub fn packets(path: &Path) -> Vec<Kept> {
    let mut input = Input::open(&[path.to_path_buf()]).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = input.next() {
        // A file may be cut.
        let Ok(packet) = packet else { break };
        packets.push(Kept {
            at: packet.at,
            link: packet.link,
            data: packet.data.to_vec(),
            wire_length: packet.wire_length,
        });
    }
    packets
}

impl Kept {
    pub fn packet(&self) -> Packet<'_> {
        Packet {
            at: self.at,
            link: self.link,
            data: &self.data,
            wire_length: self.wire_length,
            place: Place::default(),
        }
    }
}
