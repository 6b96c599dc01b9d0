//! IP and the TCP header.

use std::net::{IpAddr, SocketAddr};

use etherparse::{IpNumber, LaxIpPayloadSlice, LaxIpv4Slice, LaxIpv6Slice};

use super::{Flags, Segment, Unread};

const TCP_HEADER: usize = 20;

/// What large-send offload can leave for the network card to cut, with room; a claim beyond it is an error.
const LARGEST_PACKET: usize = 16 << 20;

/// The TCP segment in the IP packet at `ip_at` of the frame `data`, which had `wire_length` bytes on the wire.
pub(super) fn segment(data: &[u8], ip_at: usize, wire_length: u32) -> Result<Segment<'_>, Unread> {
    let ip = data.get(ip_at..).ok_or(Unread::Cut)?;
    // To the end of the packet: for packets that do not say their length.
    let to_end = (wire_length as usize).max(data.len()) - ip_at;
    match ip.first().map(|byte| byte >> 4) {
        Some(4) => v4(data, ip, to_end),
        Some(6) => v6(data, ip, to_end),
        Some(_) => Err(Unread::Malformed),
        None => Err(Unread::Cut),
    }
}

fn v4<'a>(data: &'a [u8], ip: &'a [u8], to_end: usize) -> Result<Segment<'a>, Unread> {
    use etherparse::err::ipv4::HeaderSliceError;
    let (packet, stop) = LaxIpv4Slice::from_slice(ip).map_err(|error| match error {
        HeaderSliceError::Len(_) => Unread::Cut,
        HeaderSliceError::Content(_) => Unread::Malformed,
    })?;
    if stop.is_some() {
        return Err(if packet.payload().incomplete { Unread::Cut } else { Unread::Malformed });
    }
    let header = packet.header();
    let header_length = header.slice().len();
    // A kernel that leaves segmentation to the card captures packets before their length is filled in.
    let total = match usize::from(header.total_len()) {
        0 => to_end,
        total => total,
    };
    if total < header_length {
        return Err(Unread::Malformed);
    }
    let addresses = (IpAddr::V4(header.source_addr()), IpAddr::V4(header.destination_addr()));
    let extensions = packet.extensions().auth.map_or(0, |auth| auth.slice().len());
    tcp(data, packet.payload(), total.checked_sub(header_length + extensions), addresses)
}

fn v6<'a>(data: &'a [u8], ip: &'a [u8], to_end: usize) -> Result<Segment<'a>, Unread> {
    use etherparse::err::ipv6::HeaderSliceError;
    let (packet, stop) = LaxIpv6Slice::from_slice(ip).map_err(|error| match error {
        HeaderSliceError::Len(_) => Unread::Cut,
        HeaderSliceError::Content(_) => Unread::Malformed,
    })?;
    if stop.is_some() {
        return Err(if packet.payload().incomplete { Unread::Cut } else { Unread::Malformed });
    }
    let header = packet.header();
    let length = match usize::from(header.payload_length()) {
        0 => to_end.saturating_sub(header.slice().len()),
        length => length,
    };
    let addresses = (IpAddr::V6(header.source_addr()), IpAddr::V6(header.destination_addr()));
    tcp(data, packet.payload(), length.checked_sub(packet.extensions().slice().len()), addresses)
}

/// `length` is what the IP header claims for the payload; less of it may be captured.
fn tcp<'a>(
    data: &'a [u8],
    ip: &LaxIpPayloadSlice<'a>,
    length: Option<usize>,
    (source, destination): (IpAddr, IpAddr),
) -> Result<Segment<'a>, Unread> {
    if ip.fragmented {
        return Err(Unread::Fragment);
    }
    match ip.ip_number {
        IpNumber::TCP => {}
        IpNumber::UDP => return Err(Unread::Udp),
        IpNumber::ICMP | IpNumber::IPV6_ICMP => return Err(Unread::Icmp),
        IpNumber(other) => return Err(Unread::OtherProtocol(other)),
    }
    let length = length.filter(|length| *length <= LARGEST_PACKET).ok_or(Unread::Malformed)?;
    let tcp = &ip.payload[..ip.payload.len().min(length)];
    let Some(header) = tcp.first_chunk::<TCP_HEADER>() else {
        return Err(if length < TCP_HEADER { Unread::Malformed } else { Unread::Cut });
    };
    let header_length = usize::from(header[12] >> 4) * 4;
    if header_length < TCP_HEADER || header_length > length {
        return Err(Unread::Malformed);
    }
    // Options may be cut off as well; what they say is not needed.
    let payload = tcp.get(header_length..).unwrap_or_default();
    let u16_at = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let u32_at = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let tcp_at = tcp.as_ptr().addr() - data.as_ptr().addr();
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
        payload_at: (tcp_at + header_length) as u32,
        cut: (length - header_length - payload.len()) as u32,
    })
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use crate::capture::{LinkType, Packet};
    use crate::net::{Segment, Unread, segment};
    use crate::wire::{Moment, Place};

    const PAYLOAD: &[u8] = b"payload";

    fn builder() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
        PacketBuilder::ethernet2([1; 6], [2; 6])
    }

    fn ethernet() -> Vec<u8> {
        let mut bytes = Vec::new();
        let packet = builder().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(50000, 1935, 7, 100).ack(9).psh();
        packet.write(&mut bytes, PAYLOAD).expect("written");
        bytes
    }

    fn ethernet_v6() -> Vec<u8> {
        let mut bytes = Vec::new();
        let packet = builder().ipv6([1; 16], [2; 16], 64).tcp(50000, 1935, 7, 100).ack(9);
        packet.write(&mut bytes, PAYLOAD).expect("written");
        bytes
    }

    fn read(link: i32, data: &[u8]) -> Result<Segment<'_>, Unread> {
        read_cut(link, data, data.len())
    }

    fn read_cut(link: i32, data: &[u8], wire_length: usize) -> Result<Segment<'_>, Unread> {
        let (at, place) = (Moment::default(), Place { file: 0, offset: 100 });
        segment(&Packet { at, link: LinkType(link), data, wire_length: wire_length as u32, place })
    }

    /// The payload read, and that it lies where the segment says.
    fn payload(link: i32, data: &[u8]) -> Vec<u8> {
        let segment = read(link, data).expect("a segment");
        let at = segment.payload_at as usize;
        assert_eq!(&data[at..at + segment.payload.len()], segment.payload);
        assert_eq!(segment.payload_place(Place { file: 3, offset: 100 }), Place { file: 3, offset: 100 + at as u64 });
        assert_eq!((segment.source.port(), segment.destination.port(), segment.cut), (50000, 1935, 0));
        segment.payload.to_vec()
    }

    #[test]
    fn headers_are_read() {
        let data = ethernet();
        let segment = read(1, &data).expect("a segment");
        assert_eq!(segment.source.to_string(), "10.0.0.1:50000");
        assert_eq!(segment.destination.to_string(), "10.0.0.2:1935");
        assert_eq!((segment.sequence, segment.acknowledgement), (7, 9));
        assert!(segment.flags.ack && !segment.flags.syn && !segment.flags.fin && !segment.flags.rst);
        let data = ethernet_v6();
        assert!(read(1, &data).is_ok_and(|segment| segment.source.is_ipv6()));
    }

    #[test]
    fn link_layers() {
        for frame in [ethernet(), ethernet_v6()] {
            let (kind, ip) = (&frame[12..14], &frame[14..]);
            let v6 = ip[0] >> 4 == 6;
            assert_eq!(payload(1, &frame), PAYLOAD);
            for tags in [
                &[0x81, 0, 0, 1][..],
                &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2],
                &[0x91, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3],
            ] {
                assert_eq!(payload(1, &[&frame[..12], tags, kind, ip].concat()), PAYLOAD);
            }
            assert_eq!(payload(113, &[&[0; 14], kind, ip].concat()), PAYLOAD);
            assert_eq!(payload(113, &[&[0; 14], &[0x81, 0, 0, 1][..], kind, ip].concat()), PAYLOAD);
            assert_eq!(payload(276, &[kind, &[0; 18], ip].concat()), PAYLOAD);
            assert_eq!(payload(276, &[&[0x81, 0][..], &[0; 18], &[0, 1], kind, ip].concat()), PAYLOAD);
            for link in [12, 14, 101, 228, 229] {
                assert_eq!(payload(link, ip), PAYLOAD);
            }
            for family in if v6 { &[10_u32, 24, 28, 30][..] } else { &[2] } {
                for bytes in [family.to_be_bytes(), family.to_le_bytes()] {
                    assert_eq!(payload(0, &[&bytes, ip].concat()), PAYLOAD);
                    assert_eq!(payload(108, &[&bytes, ip].concat()), PAYLOAD);
                }
            }
        }
    }

    #[test]
    fn what_follows_the_ip_packet_is_no_payload() {
        for mut frame in [ethernet(), ethernet_v6()] {
            frame.extend([0; 30]);
            assert_eq!(payload(1, &frame), PAYLOAD);
        }
    }

    #[test]
    fn cut_packets_give_what_is_there() {
        for frame in [ethernet(), ethernet_v6()] {
            for left in 0..frame.len() {
                let header = frame.len() - PAYLOAD.len();
                match read_cut(1, &frame[..left], frame.len()) {
                    Ok(segment) => {
                        assert!(left >= header);
                        assert_eq!(segment.payload, &PAYLOAD[..left - header]);
                        assert_eq!(segment.cut as usize, frame.len() - left);
                    }
                    Err(unread) => assert_eq!((unread, left < header), (Unread::Cut, true)),
                }
            }
        }
    }

    #[test]
    fn options_that_were_cut_off_are_not_missed() {
        let mut bytes = Vec::new();
        let packet = builder().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(1, 2, 7, 100).options_raw(&[1; 12]);
        packet.expect("options").write(&mut bytes, PAYLOAD).expect("written");
        let segment = read_cut(1, &bytes[..54], bytes.len()).expect("a segment");
        assert_eq!((segment.payload.len(), segment.cut as usize), (0, PAYLOAD.len()));
    }

    #[test]
    fn length_zero_means_to_the_end() {
        let mut frame = ethernet();
        frame[16..18].fill(0);
        assert_eq!(payload(1, &frame), PAYLOAD);
        let segment = read_cut(1, &frame[..frame.len() - 2], frame.len()).expect("a segment");
        assert_eq!((segment.payload.len(), segment.cut), (5, 2));
        let mut frame = ethernet_v6();
        frame[18..20].fill(0);
        assert_eq!(payload(1, &frame), PAYLOAD);
        // A claim of gigabytes is none.
        assert_eq!(read_cut(1, &frame, u32::MAX as usize).err(), Some(Unread::Malformed));
    }

    #[test]
    fn ipv6_extensions_are_skipped() {
        let frame = ethernet_v6();
        let (mut ip, tcp) = (frame[14..54].to_vec(), &frame[54..]);
        // Hop-by-hop options, destination options, and a fragment header of a whole packet.
        let extensions = [[60, 0, 1, 4, 0, 0, 0, 0], [44, 0, 1, 4, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0, 0, 1]].concat();
        ip[6] = 0;
        ip[5] += extensions.len() as u8;
        assert_eq!(payload(101, &[&ip[..], &extensions, tcp].concat()), PAYLOAD);
        let mut fragment = extensions.clone();
        fragment[19] = 1;
        assert_eq!(read(101, &[&ip[..], &fragment, tcp].concat()).err(), Some(Unread::Fragment));
    }

    #[test]
    fn what_is_no_tcp_is_named() {
        let change = |at: usize, value: u8| {
            let mut frame = ethernet();
            frame[at] = value;
            read(1, &frame).err()
        };
        assert_eq!(change(23, 17), Some(Unread::Udp));
        assert_eq!(change(23, 1), Some(Unread::Icmp));
        assert_eq!(change(23, 47), Some(Unread::OtherProtocol(47)));
        assert_eq!(change(20, 0x20), Some(Unread::Fragment));
        assert_eq!(change(21, 1), Some(Unread::Fragment));
        assert_eq!(change(13, 6), Some(Unread::NotIp));
        assert_eq!(change(14, 0x55), Some(Unread::Malformed));
        assert_eq!(change(14, 0x41), Some(Unread::Malformed));
        assert_eq!(change(46, 0x40), Some(Unread::Malformed));
        assert_eq!(change(46, 0xf0), Some(Unread::Malformed));
        assert_eq!(read(147, &ethernet()).err(), Some(Unread::LinkType(LinkType(147))));
        assert_eq!(read(0, &[7, 0, 0, 0]).err(), Some(Unread::NotIp));
        assert_eq!(read(1, &[]).err(), Some(Unread::Cut));
    }
}
