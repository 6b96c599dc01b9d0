//! The TCP header.

use std::net::{IpAddr, SocketAddr};

use super::rest::Rest;
use super::{Flags, Segment, Unread};
use crate::wire::Place;

const HEADER: usize = 20;

/// What large-send offload can leave for the network card to cut, with room; a claim beyond it is an error.
const LARGEST_PACKET: usize = 16 << 20;

/// The segment that is all of `rest`, and where its payload starts in the frame. It has no place yet.
#[inline]
pub(super) fn segment(rest: Rest<'_>, source: IpAddr, destination: IpAddr) -> Result<(Segment<'_>, usize), Unread> {
    if rest.length > LARGEST_PACKET {
        return Err(Unread::Malformed);
    }
    let Some(header) = rest.bytes.first_chunk::<HEADER>() else {
        return Err(if rest.length < HEADER { Unread::Malformed } else { Unread::Cut });
    };
    let header_length = usize::from(header[12] >> 4) * 4;
    if header_length < HEADER || header_length > rest.length {
        return Err(Unread::Malformed);
    }
    // Options may be cut off as well; what they say is not needed.
    let payload = rest.bytes.get(header_length..).unwrap_or_default();
    let u16_at = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let u32_at = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let segment = Segment {
        source: SocketAddr::new(source, u16_at(0)),
        destination: SocketAddr::new(destination, u16_at(2)),
        sequence: u32_at(4),
        acknowledgement: u32_at(8),
        flags: Flags {
            fin: header[13] & 0x01 != 0,
            syn: header[13] & 0x02 != 0,
            rst: header[13] & 0x04 != 0,
            ack: header[13] & 0x10 != 0,
        },
        payload,
        place: Place::default(),
        cut: (rest.length - header_length - payload.len()) as u32,
        tunnels: &[],
    };
    Ok((segment, rest.at + header_length))
}
