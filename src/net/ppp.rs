//! PPP in its framings, and PPP over Ethernet.

use super::layer::{Layer, Step};
use super::rest::Rest;
use super::{Tunnel, Unread};

/// PPP with or without its address and control bytes (RFC 1661, RFC 1662), or Cisco's HDLC (RFC 1547 §4.3.1).
pub(super) fn header(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    match rest.array(0)? {
        [0xff, 0x03] => protocol(rest.skip(2)?),
        // Unicast and broadcast of Cisco's framing, which carries EtherTypes. As protocols of PPP these are even or reserved.
        [0x0f | 0x8f, 0] => Ok(Step(Layer::EtherType(rest.u16(2)?), rest.skip(4)?)),
        _ => protocol(rest),
    }
}

/// The protocol field: two bytes, or one where the peers agreed to leave out a zero (RFC 1661 §6.5).
fn protocol(rest: Rest<'_>) -> Result<Step<'_>, Unread> {
    let first = rest.u8(0)?;
    let (number, length) = if first & 1 == 1 { (u16::from(first), 1) } else { (rest.u16(0)?, 2) };
    let rest = rest.skip(length)?;
    match number {
        0x0021 | 0x0057 => Ok(Step(Layer::Ip, rest)),
        // MPLS, unicast and multicast (RFC 3032 §4).
        0x0281 | 0x0283 => Ok(Step(Layer::Mpls, rest)),
        _ => Err(Unread::NotIp),
    }
}

/// The session stage of PPPoE: version and type 1, code 0, the session, the length (RFC 2516 §4).
pub(super) fn over_ethernet<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    if rest.u16(0)? != 0x1100 {
        return Err(Unread::NotIp);
    }
    tunnels.push(Tunnel::Pppoe(rest.u16(2)?));
    let length = usize::from(rest.u16(4)?);
    Ok(Step(Layer::Ppp, rest.skip(6)?.claim(length)))
}
