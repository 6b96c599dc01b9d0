//! Link types: which header a captured frame begins with.

use super::Unread;
use super::layer::{Layer, Step};
use super::rest::Rest;
use super::wireless;
use crate::capture::LinkType;

const NULL: i32 = 0;
const ETHERNET: i32 = 1;
const PPP: i32 = 9;
/// `DLT_RAW` of most systems and that of OpenBSD, which some tools write as they are.
const RAW_DLT: i32 = 12;
const RAW_DLT_OPENBSD: i32 = 14;
const PPP_HDLC: i32 = 50;
const PPP_ETHER: i32 = 51;
const RAW: i32 = 101;
const CISCO_HDLC: i32 = 104;
const IEEE802_11: i32 = 105;
const LOOP: i32 = 108;
const LINUX_COOKED: i32 = 113;
const IEEE802_11_RADIOTAP: i32 = 127;
const IEEE802_11_AVS: i32 = 163;
const PPI: i32 = 192;
const PPP_WITH_DIRECTION: i32 = 204;
const MPLS: i32 = 219;
const IPV4: i32 = 228;
const IPV6: i32 = 229;
const NFLOG: i32 = 239;
const LINUX_COOKED_2: i32 = 276;

/// The first header of a frame of this link type. What is there is only claimed to be it.
pub(super) fn start(link: LinkType, frame: Rest<'_>) -> Result<Step<'_>, Unread> {
    let first = match link.0 {
        ETHERNET => Layer::Ethernet,
        LINUX_COOKED => return cooked(frame, 14, 16),
        LINUX_COOKED_2 => return cooked(frame, 0, 20),
        RAW | RAW_DLT | RAW_DLT_OPENBSD | IPV4 | IPV6 => Layer::Ip,
        NULL | LOOP => return by_family(frame),
        PPP | PPP_HDLC | CISCO_HDLC => Layer::Ppp,
        PPP_WITH_DIRECTION => return Ok(Step(Layer::Ppp, frame.skip(1)?)),
        PPP_ETHER => Layer::EtherType(super::ethernet::PPPOE),
        MPLS => Layer::Mpls,
        IEEE802_11 => Layer::Wireless { padded: false },
        IEEE802_11_RADIOTAP => return wireless::radiotap(frame),
        // The header's length follows its version.
        IEEE802_11_AVS => return Ok(Step(Layer::Wireless { padded: false }, frame.skip(frame.u32(4)? as usize)?)),
        PPI => {
            let (inner, rest) = wireless::ppi(frame)?;
            // One of these would have no end.
            return if inner.0 == PPI { Err(Unread::Malformed) } else { start(inner, rest) };
        }
        NFLOG => return nflog(frame),
        _ => return Err(Unread::LinkType(link)),
    };
    Ok(Step(first, frame))
}

/// Linux's cooked header, whose protocol field is an `EtherType` or one of Linux's own numbers.
fn cooked(frame: Rest<'_>, kind_at: usize, length: usize) -> Result<Step<'_>, Unread> {
    const LINUX_802_2: u16 = 4;
    let layer = match frame.u16(kind_at)? {
        LINUX_802_2 => Layer::Llc,
        kind => Layer::EtherType(kind),
    };
    Ok(Step(layer, frame.skip(length)?))
}

/// BSD's loopback header: an address family in the byte order of the machine that captured.
fn by_family(frame: Rest<'_>) -> Result<Step<'_>, Unread> {
    let bytes = frame.array(0)?;
    let family = u32::from_be_bytes(bytes).min(u32::from_le_bytes(bytes));
    match family {
        // AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD, macOS.
        2 | 10 | 24 | 28 | 30 => Ok(Step(Layer::Ip, frame.skip(4)?)),
        _ => Err(Unread::NotIp),
    }
}

/// Linux's netfilter log: a header of four bytes, then values with length and type in the byte order of the machine
/// that captured, each padded to four bytes. One of them is the packet.
fn nflog(frame: Rest<'_>) -> Result<Step<'_>, Unread> {
    let values = frame.skip(4)?;
    nflog_payload(values, u16::from_le_bytes)
        .or_else(|| nflog_payload(values, u16::from_be_bytes))
        .map(|payload| Step(Layer::Ip, payload))
        .ok_or(Unread::NotIp)
}

fn nflog_payload(mut values: Rest<'_>, number: fn([u8; 2]) -> u16) -> Option<Rest<'_>> {
    const PAYLOAD: u16 = 9;
    loop {
        let length = usize::from(number(values.array(0).ok()?));
        let kind = number(values.array(2).ok()?);
        let content = length.checked_sub(4).filter(|_| length <= values.length)?;
        if kind == PAYLOAD {
            return Some(values.skip(4).ok()?.claim(content));
        }
        values = values.skip(length.next_multiple_of(4)).ok()?;
    }
}
