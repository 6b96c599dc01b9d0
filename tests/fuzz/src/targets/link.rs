//! Frames of any link type → segments → everything.
//!
//! Again and again: a byte that chooses the link type, a byte of how much a snap length cut off, two of the frame's length,
//! the frame. Fragments of a packet may lie in several frames.

use arbitrary::Unstructured;
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::{LinkType, Packet};
use rtmp_inspect::net::{Unpacked, Unpacker};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Time};

use crate::common::everything::Everything;

/// Those that are known, and one that is not.
pub const LINK_TYPES: [i32; 22] =
    [0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 163, 192, 204, 219, 228, 229, 239, 276, 147];

struct Frame<'a> {
    link: LinkType,
    cut: u32,
    data: &'a [u8],
    /// Where it begins in the input.
    offset: u64,
}

fn frames(bytes: &[u8]) -> Vec<Frame<'_>> {
    let mut u = Unstructured::new(bytes);
    let mut frames = Vec::new();
    while let (false, Ok(link), Ok(cut), Ok(length)) =
        (u.is_empty(), u.arbitrary::<u8>(), u.arbitrary::<u8>(), u.arbitrary::<u16>())
    {
        let length = usize::from(length).min(u.len());
        let offset = (bytes.len() - u.len()) as u64;
        let Ok(data) = u.bytes(length) else { break };
        let link = LinkType(LINK_TYPES[usize::from(link) % LINK_TYPES.len()]);
        frames.push(Frame { link, cut: u32::from(cut), data, offset });
    }
    frames
}

pub fn run(bytes: &[u8]) {
    let limits = Limits { fragments: 8, fragment_bytes: 16 << 10, ..Limits::default() };
    let mut unpacker = Unpacker::new(&limits);
    let mut everything = Everything::new(&limits);
    for (index, frame) in frames(bytes).into_iter().enumerate() {
        let packet = Packet {
            at: Moment { packet: PacketNo(index as u64 + 1), time: Time(index as i64 * 1_000_000_000) },
            link: frame.link,
            data: frame.data,
            wire_length: frame.data.len() as u32 + frame.cut,
            place: Place { file: 0, offset: frame.offset },
        };
        let read = unpacker.push(&packet, &mut |unpacked| {
            let Unpacked::Segment(segment) = unpacked else { return };
            // Every byte is where it is said to be: a segment of several fragments is one for each stretch.
            assert!(segment.tunnels.len() <= limits.nesting);
            if segment.payload.is_empty() {
                return;
            }
            let at = segment.place.offset as usize;
            assert_eq!(bytes.get(at..at + segment.payload.len()), Some(segment.payload));
        });
        if let Err(unread) = read {
            assert!(!unread.name().is_empty());
        }
        everything.push(&packet);
    }
    unpacker.finish();
    everything.finish();
    everything.json();
}
