//! IP headers of both versions, with the extension headers between them and what they carry.
//!
//! etherparse reads each header; that a packet is cut by a snap length, has a length that a card was to fill in, or is a
//! piece of another one is told here, header by header: its slices of whole packets take a length of 0 for the end, and
//! read no fragment's extension headers.

use std::net::IpAddr;

use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice, err,
};

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
    let header = Ipv4HeaderSlice::from_slice(rest.bytes).map_err(|error| match error {
        err::ipv4::HeaderSliceError::Len(_) => Unread::Cut,
        err::ipv4::HeaderSliceError::Content(_) => Unread::Malformed,
    })?;
    let length = header.slice().len();
    // A kernel that leaves segmentation to the card captures packets before their length is filled in.
    let total = match header.total_len() {
        0 => rest.length,
        total => usize::from(total),
    };
    if total < length || (strict && !is_v4(rest)) {
        return Err(Unread::Malformed);
    }
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        identification: u32::from(header.identification()),
        offset: usize::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
    });
    let packet = Packet {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        protocol: header.protocol().0,
        identification: header.identification(),
        rest: rest.skip(length)?.claim(total - length),
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
    let header = Ipv6HeaderSlice::from_slice(rest.bytes).map_err(|_| Unread::Cut)?;
    let content = rest.skip(header.slice().len())?;
    let length = match header.payload_length() {
        0 => content.length,
        length => usize::from(length),
    };
    if strict && length > content.length {
        return Err(Unread::Malformed);
    }
    after_extensions(Packet {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        protocol: header.next_header().0,
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
        // What goes on behind the end of the packet, or only behind that of what was captured.
        let short =
            |error: err::LenError| if error.required_len > rest.length { Unread::Malformed } else { Unread::Cut };
        let (next, length) = match packet.protocol {
            // Hop-by-hop options, routing, destination options, mobility, host identity, Shim6.
            0 | 43 | 60 | 135 | 139 | 140 if packet.source.is_ipv6() => {
                let header = Ipv6RawExtHeaderSlice::from_slice(rest.bytes).map_err(short)?;
                (header.next_header(), header.slice().len())
            }
            AUTHENTICATION => {
                let header = IpAuthHeaderSlice::from_slice(rest.bytes).map_err(|error| match error {
                    err::ip_auth::HeaderSliceError::Len(error) => short(error),
                    err::ip_auth::HeaderSliceError::Content(_) => Unread::Malformed,
                })?;
                (header.next_header(), header.slice().len())
            }
            FRAGMENT if packet.source.is_ipv6() => {
                let header = Ipv6FragmentHeaderSlice::from_slice(rest.bytes).map_err(short)?;
                packet.fragment = header.is_fragmenting_payload().then(|| Fragment {
                    identification: header.identification(),
                    offset: usize::from(header.fragment_offset().value()) * 8,
                    more: header.more_fragments(),
                });
                (header.next_header(), header.slice().len())
            }
            _ => return Ok(packet),
        };
        packet.protocol = next.0;
        packet.rest = rest.skip(length)?;
        if packet.fragment.is_some() {
            return Ok(packet);
        }
    }
}

#[cfg(test)]
mod tests;
