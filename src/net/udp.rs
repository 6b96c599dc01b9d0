//! Tunnels in UDP: VXLAN, Geneve, GTP-U and MPLS.
//!
//! Any program may send anything to any port. So a tunnel is believed only on its own port and when its reserved bits are
//! as they must be; and what is inside must be an IP packet that holds TCP and contradicts nothing. Otherwise it is UDP.

use etherparse::UdpHeaderSlice;

use super::ethernet::{BRIDGED, IPV4, IPV6};
use super::layer::{Layer, Step};
use super::rest::Rest;
use super::{Tunnel, Unread};

const GTP_U: u16 = 2152;
const VXLAN: u16 = 4789;
/// Where Linux sends VXLAN unless it is told the registered port.
const VXLAN_LINUX: u16 = 8472;
const VXLAN_GPE: u16 = 4790;
const GENEVE: u16 = 6081;
/// RFC 7510.
const MPLS: u16 = 6635;

pub(super) fn header<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    let header = UdpHeaderSlice::from_slice(rest.bytes).map_err(|_| Unread::Cut)?;
    let port = header.destination_port();
    if !matches!(port, VXLAN | VXLAN_LINUX | VXLAN_GPE | GENEVE | GTP_U | MPLS) {
        return Err(Unread::Udp);
    }
    let content = content(&header, rest).ok_or(Unread::Udp)?;
    let step = match port {
        VXLAN | VXLAN_LINUX => vxlan(content, tunnels),
        VXLAN_GPE => vxlan_gpe(content, tunnels),
        GENEVE => geneve(content, tunnels),
        GTP_U => gtp_u(content, tunnels),
        _ => Ok(Step(Layer::Mpls, content)),
    };
    step.map_err(|_| Unread::Udp)
}

/// What a datagram carries, if its length can be one.
pub(super) fn content<'a>(header: &UdpHeaderSlice<'_>, datagram: Rest<'a>) -> Option<Rest<'a>> {
    let length = header.slice().len();
    let content = datagram.skip(length).ok()?;
    match usize::from(header.length()) {
        // Left open by a kernel that lets the card cut it.
        0 => Some(content),
        claimed => Some(content.claim(claimed.checked_sub(length)?)),
    }
}

/// RFC 7348 §5. With the group policy extension the bits beside the network's may be set, and two bytes name a group.
fn vxlan<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    let [flags, policy, group @ ..]: [u8; 4] = rest.array(0)?;
    let network = rest.u32(4)?;
    let fits = match flags {
        0x08 => (policy, group) == (0, [0, 0]),
        0x88 => policy & !0x48 == 0,
        _ => false,
    };
    if !fits || network & 0xff != 0 {
        return Err(Unread::Udp);
    }
    tunnels.push(Tunnel::Vxlan(network >> 8));
    Ok(Step(Layer::Ethernet, rest.skip(8)?))
}

/// draft-ietf-nvo3-vxlan-gpe-13 §3: the last byte of the first word says what follows.
fn vxlan_gpe<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    let [flags, 0, 0, next] = rest.array(0)? else { return Err(Unread::Udp) };
    let network = rest.u32(4)?;
    // Version 0, with a network and a protocol; bits for broadcast and for operation may be set.
    if flags & 0xfc != 0x0c || network & 0xff != 0 {
        return Err(Unread::Udp);
    }
    tunnels.push(Tunnel::VxlanGpe(network >> 8));
    let layer = match next {
        1 | 2 => Layer::Ip,
        3 => Layer::Ethernet,
        5 => Layer::Mpls,
        _ => return Err(Unread::Udp),
    };
    Ok(Step(layer, rest.skip(8)?))
}

/// RFC 8926 §3.4: version 0, the length of the options in words, and an `EtherType`.
fn geneve<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    let [first, flags] = rest.array(0)?;
    let kind = rest.u16(2)?;
    let network = rest.u32(4)?;
    if first >> 6 != 0 || flags & 0x3f != 0 || network & 0xff != 0 || !matches!(kind, BRIDGED | IPV4 | IPV6) {
        return Err(Unread::Udp);
    }
    tunnels.push(Tunnel::Geneve(network >> 8));
    Ok(Step(Layer::EtherType(kind), rest.skip(8 + 4 * usize::from(first & 0x3f))?))
}

/// 3GPP TS 29.281 §5.1: version 1 with user data, and extension headers that say what follows them.
fn gtp_u<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    const USER_DATA: u8 = 0xff;
    const EXTENDED: u8 = 4;
    let [flags, kind] = rest.array(0)?;
    let length = usize::from(rest.u16(2)?);
    // Version 1, protocol type GTP, the spare bit 0.
    if flags & 0xf8 != 0x30 || kind != USER_DATA || length + 8 > rest.length {
        return Err(Unread::Udp);
    }
    tunnels.push(Tunnel::GtpU(rest.u32(4)?));
    let mut rest = rest.skip(8)?.claim(length);
    if flags & 7 != 0 {
        // A sequence number, an N-PDU number and the next extension: all three when any of them is used.
        let mut next = if flags & EXTENDED == 0 { 0 } else { rest.u8(3)? };
        rest = rest.skip(4)?;
        while next != 0 {
            let words = usize::from(rest.u8(0)?);
            if words == 0 {
                return Err(Unread::Udp);
            }
            next = rest.u8(4 * words - 1)?;
            rest = rest.skip(4 * words)?;
        }
    }
    Ok(Step(Layer::Ip, rest))
}
