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
