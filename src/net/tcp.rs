//! The TCP header.

use std::net::SocketAddr;

use super::ip;
use super::{Flags, Identity, Segment, Unread};
use crate::wire::Place;

const HEADER: usize = 20;

/// What large-send offload can leave for the network card to cut, with room; a claim beyond it is an error.
const LARGEST_PACKET: usize = 16 << 20;

/// The segment that is all of `rest`. Its place is still one in the frame.
#[allow(clippy::inline_always)] // Nearly every packet is one, and it is large to hand on.
#[inline(always)]
pub(super) fn segment<'a>(packet: &ip::Packet<'a>) -> Result<Segment<'a>, Unread> {
    let ip::Packet { source, destination, identification, rest, .. } = *packet;
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
    // Options may be cut off as well.
    let payload = rest.bytes.get(header_length..).unwrap_or_default();
    let u16_at = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let u32_at = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    Ok(Segment {
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
        place: Place { file: 0, offset: (rest.at + header_length) as u64 },
        cut: (rest.length - header_length - payload.len()) as u32,
        window: u16_at(14),
        window_scale: if header[13] & 0x02 == 0 {
            None
        } else {
            window_scale(&rest.bytes[HEADER..], header_length - HEADER)
        },
        identity: match identification {
            0 => Identity::Checksum(u16_at(16)),
            identification => Identity::Identification(identification),
        },
        continues: false,
        tunnels: &[],
    })
}

/// What the Window Scale option says (RFC 7323 §2.2), among so many bytes of options, all or some of which were captured.
fn window_scale(captured: &[u8], length: usize) -> Option<u8> {
    let mut options = &captured[..captured.len().min(length)];
    loop {
        options = match options {
            [3, 3, shift, ..] => return Some(*shift),
            [1, rest @ ..] => rest,
            // The end of the list, or a length that cannot be.
            [] | [0, ..] | [_] | [_, 0 | 1, ..] => return None,
            [_, length, ..] => options.get(usize::from(*length)..)?,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::window_scale;

    #[test]
    fn the_window_scale_is_found_among_other_options() {
        let options = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7];
        assert_eq!(window_scale(&options, 20), Some(7));
        assert_eq!(window_scale(&options, 16), None);
        assert_eq!(window_scale(&options[..19], 20), None);
        assert_eq!(window_scale(&[0, 3, 3, 7], 4), None);
        assert_eq!(window_scale(&[5, 0, 3, 3, 7], 5), None);
        assert_eq!(window_scale(&[5, 200, 3, 3, 7], 5), None);
        assert_eq!(window_scale(&[8], 20), None);
    }
}
