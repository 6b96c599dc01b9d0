//! The TCP header.
//!
//! etherparse reads it. Options are ours: a snap length may cut them, and etherparse's reading of them stops at the first
//! that it does not know.

use std::net::SocketAddr;

use etherparse::{TcpHeader, TcpHeaderSlice};

use super::ip;
use super::{Flags, Identity, Segment, Unread};
use crate::wire::Place;

/// Without options.
const HEADER: usize = TcpHeader::MIN_LEN;

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
    let Some(&fixed) = rest.bytes.first_chunk::<HEADER>() else {
        return Err(if rest.length < HEADER { Unread::Malformed } else { Unread::Cut });
    };
    let header_length = usize::from(fixed[12] >> 4) * 4;
    if header_length < HEADER || header_length > rest.length {
        return Err(Unread::Malformed);
    }
    // Options may be cut off as well.
    let payload = rest.bytes.get(header_length..).unwrap_or_default();
    let mut without_options = fixed;
    without_options[12] = (HEADER as u8 / 4) << 4;
    let header = TcpHeaderSlice::from_slice(&without_options).map_err(|_| Unread::Malformed)?;
    Ok(Segment {
        source: SocketAddr::new(source, header.source_port()),
        destination: SocketAddr::new(destination, header.destination_port()),
        sequence: header.sequence_number(),
        acknowledgement: header.acknowledgment_number(),
        flags: Flags { fin: header.fin(), syn: header.syn(), rst: header.rst(), ack: header.ack() },
        payload,
        place: Place { file: 0, offset: (rest.at + header_length) as u64 },
        cut: (rest.length - header_length - payload.len()) as u32,
        window: header.window_size(),
        window_scale: if header.syn() { window_scale(&rest.bytes[HEADER..], header_length - HEADER) } else { None },
        identity: match identification {
            0 => Identity::Checksum(header.checksum()),
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
