//! Ethernet and what its types announce: VLAN tags, LLC and SNAP, backbone bridges.
//!
//! etherparse reads the headers of Ethernet and of VLANs; LLC with SNAP, bridges' tags and what is likely a frame are ours.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::layer::{Layer, Step};
use super::rest::Rest;
use super::{Tunnel, Unread, ppp};

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;
/// Ethernet in something that carries `EtherType`s (RFC 1701).
pub(super) const BRIDGED: u16 = 0x6558;
pub(super) const PPP: u16 = 0x880b;
const MPLS: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
/// The session stage of PPP over Ethernet (RFC 2516).
pub(super) const PPPOE: u16 = 0x8864;
/// LLC in frames too long for a length field.
const JUMBO_LLC: u16 = 0x8870;
/// The service tag of IEEE 802.1ah.
const BACKBONE: u16 = 0x88e7;

/// A type below this is a length, and LLC follows (IEEE 802.3 §3.2.6).
const FIRST_TYPE: u16 = 0x0600;

/// Two addresses and a type, or a length.
#[inline]
pub(super) fn header(frame: Rest<'_>) -> Result<Step<'_>, Unread> {
    let header = Ethernet2HeaderSlice::from_slice(frame.bytes).map_err(|_| Unread::Cut)?;
    let rest = frame.skip(header.slice().len())?;
    Ok(match header.ether_type().0 {
        IPV4 | IPV6 => Step(Layer::Ip, rest),
        length if length < FIRST_TYPE => Step(Layer::Llc, rest.claim(usize::from(length))),
        kind => Step(Layer::EtherType(kind), rest),
    })
}

/// The content of an `EtherType`.
pub(super) fn content<'a>(kind: u16, rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    Ok(match kind {
        IPV4 | IPV6 => Step(Layer::Ip, rest),
        // Two bytes of tag, then the next type.
        tag if is_tag(tag) => {
            let header = SingleVlanHeaderSlice::from_slice(rest.bytes).map_err(|_| Unread::Cut)?;
            tunnels.push(Tunnel::Vlan(header.vlan_identifier().value()));
            let kind = header.ether_type().0;
            let rest = rest.skip(header.slice().len())?;
            if kind < FIRST_TYPE {
                Step(Layer::Llc, rest.claim(usize::from(kind)))
            } else {
                Step(Layer::EtherType(kind), rest)
            }
        }
        MPLS | MPLS_MULTICAST => Step(Layer::Mpls, rest),
        PPPOE => return ppp::over_ethernet(rest, tunnels),
        PPP => Step(Layer::Ppp, rest),
        BRIDGED => Step(Layer::Ethernet, rest),
        JUMBO_LLC => Step(Layer::Llc, rest),
        BACKBONE => {
            tunnels.push(Tunnel::Backbone(rest.u32(0)? & 0x00ff_ffff));
            Step(Layer::Ethernet, rest.skip(4)?)
        }
        _ => return Err(Unread::NotIp),
    })
}

/// IEEE 802.2: two service access points and a control byte, and with SNAP whose number follows (RFC 1042).
pub(super) fn llc(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    match rest.array(0)? {
        [0xaa, 0xaa, 3] => {}
        // The access point of IP itself.
        [0x06, 0x06, 3] => return Ok(Step(Layer::Ip, rest.skip(3)?)),
        _ => return Err(Unread::NotIp),
    }
    let number = rest.u16(6)?;
    let content = rest.skip(8)?;
    match (rest.array(3)?, number) {
        // The registry of EtherTypes, and the form that bridges to Ethernet use for it (IEEE 802.1H).
        ([0, 0, 0 | 0xf8], kind) => Ok(Step(Layer::EtherType(kind), content)),
        // Bridged Ethernet with and without its checksum (RFC 2684 §5.2).
        ([0, 0x80, 0xc2], 1 | 7) => Ok(Step(Layer::Ethernet, content)),
        _ => Err(Unread::NotIp),
    }
}

/// Whether an Ethernet frame with IP in it, tagged or not, starts here: for carriers that do not say what they carry.
pub(super) fn is_likely(frame: Rest<'_>) -> bool {
    let mut at = 12;
    for _ in 0..4 {
        match frame.u16(at) {
            Ok(IPV4) => return frame.skip(at + 2).is_ok_and(super::ip::is_v4),
            Ok(IPV6) => return frame.u8(at + 2).is_ok_and(|first| first >> 4 == 6),
            Ok(tag) if is_tag(tag) => at += 4,
            Ok(MPLS | MPLS_MULTICAST | PPPOE | BACKBONE) => return true,
            Ok(kind) if kind < FIRST_TYPE || kind == JUMBO_LLC => {
                return frame.skip(at + 2).is_ok_and(|rest| llc(rest).is_ok());
            }
            _ => return false,
        }
    }
    false
}

/// IEEE 802.1Q, 802.1ad, and what came before 802.1ad.
fn is_tag(kind: u16) -> bool {
    matches!(kind, 0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300)
}
