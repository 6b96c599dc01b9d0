//! IP headers of both versions, with the extension headers between them and what they carry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Unread;
use super::rest::Rest;

/// An IP packet without its headers, or a fragment of one.
pub(super) struct Packet<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// What `rest` is, by its number in the registry of IP protocols. Of a later fragment it is what its header claims.
    pub(super) protocol: u8,
    /// Of IPv4, or of the fragments that it came in; 0 where there is none.
    pub(super) identification: u16,
    pub(super) rest: Rest<'a>,
    pub(super) fragment: Option<Fragment>,
}

/// Which piece of a packet it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment {
    pub(super) identification: u32,
    /// Where it belongs, in bytes.
    pub(super) offset: usize,
    /// Whether others follow behind it.
    pub(super) more: bool,
}

/// The IP packet that begins here. `strict`: nothing has promised that it is one, so it must prove it.
#[inline]
pub(super) fn read(rest: Rest<'_>, strict: bool) -> Result<Packet<'_>, Unread> {
    match rest.u8(0)? >> 4 {
        4 => v4(rest, strict),
        6 => v6(rest, strict),
        _ => Err(Unread::Malformed),
    }
}

/// The IPv4 packet that begins here.
#[inline]
pub(super) fn v4(rest: Rest<'_>, strict: bool) -> Result<Packet<'_>, Unread> {
    let header = rest.bytes.first_chunk::<20>().ok_or(Unread::Cut)?;
    let length = usize::from(header[0] & 0x0f) * 4;
    let content = rest.skip(length)?;
    // A kernel that leaves segmentation to the card captures packets before their length is filled in.
    let total = match u16::from_be_bytes([header[2], header[3]]) {
        0 => rest.length,
        total => usize::from(total),
    };
    if length < 20 || total < length || (strict && !is_v4(rest)) {
        return Err(Unread::Malformed);
    }
    let place = u16::from_be_bytes([header[6], header[7]]);
    // More fragments, or an offset: RFC 791 §3.1.
    let fragment = (place & 0x3fff != 0).then(|| Fragment {
        identification: u32::from(u16::from_be_bytes([header[4], header[5]])),
        offset: usize::from(place & 0x1fff) * 8,
        more: place & 0x2000 != 0,
    });
    let address = |at: usize| IpAddr::V4(Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]));
    let packet = Packet {
        source: address(12),
        destination: address(16),
        protocol: header[9],
        identification: u16::from_be_bytes([header[4], header[5]]),
        rest: content.claim(total - length),
        fragment,
    };
    if packet.protocol == AUTHENTICATION && packet.fragment.is_none() { after_extensions(packet) } else { Ok(packet) }
}

/// Whether an IPv4 header that is right in itself starts here: its length, that of its packet, and its checksum, which is
/// zero where a kernel leaves it to the card.
pub(super) fn is_v4(rest: Rest<'_>) -> bool {
    let Ok(first) = rest.u8(0) else { return false };
    let length = usize::from(first & 0x0f) * 4;
    let Some(header) = rest.bytes.get(..length) else { return false };
    let sum: u32 = header.as_chunks::<2>().0.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum();
    // Ten to thirty words: two carries at most.
    let sum = (sum & 0xffff) + (sum >> 16);
    let is_right = (sum & 0xffff) + (sum >> 16) == 0xffff || header.get(10..12) == Some(&[0, 0]);
    let fits = rest.u16(2).is_ok_and(|total| (length..=rest.length).contains(&usize::from(total)));
    first >> 4 == 4 && length >= 20 && is_right && fits
}

fn v6(rest: Rest<'_>, strict: bool) -> Result<Packet<'_>, Unread> {
    let header: [u8; 40] = rest.array(0)?;
    let content = rest.skip(40)?;
    let length = match u16::from_be_bytes([header[4], header[5]]) {
        0 => content.length,
        length => usize::from(length),
    };
    if strict && length > content.length {
        return Err(Unread::Malformed);
    }
    let address = |at: usize| {
        let octets: [u8; 16] = header[at..].first_chunk().copied().unwrap_or_default();
        IpAddr::V6(Ipv6Addr::from(octets))
    };
    after_extensions(Packet {
        source: address(8),
        destination: address(24),
        protocol: header[6],
        identification: 0,
        rest: content.claim(length),
        fragment: None,
    })
}

/// RFC 4302.
const AUTHENTICATION: u8 = 51;
const FRAGMENT: u8 = 44;

/// Past the extension headers (RFC 8200 §4), up to what the packet carries or the piece of a fragmented one.
pub(super) fn after_extensions(mut packet: Packet<'_>) -> Result<Packet<'_>, Unread> {
    loop {
        let rest = packet.rest;
        let length = match packet.protocol {
            // Hop-by-hop options, routing, destination options, mobility, host identity, Shim6: in units of eight bytes.
            0 | 43 | 60 | 135 | 139 | 140 if packet.source.is_ipv6() => usize::from(rest.u8(1)?) * 8 + 8,
            AUTHENTICATION => usize::from(rest.u8(1)?) * 4 + 8,
            FRAGMENT if packet.source.is_ipv6() => {
                let place = rest.u16(2)?;
                if place & !6 != 0 {
                    packet.fragment = Some(Fragment {
                        identification: rest.u32(4)?,
                        offset: usize::from(place & !7),
                        more: place & 1 != 0,
                    });
                }
                8
            }
            _ => return Ok(packet),
        };
        if length > rest.length {
            return Err(Unread::Malformed);
        }
        packet.protocol = rest.u8(0)?;
        packet.rest = rest.skip(length)?;
        if packet.fragment.is_some() {
            return Ok(packet);
        }
    }
}

#[cfg(test)]
mod tests;
