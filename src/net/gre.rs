//! GRE in its versions, and the mirrored ports of ERSPAN inside it.

use super::layer::{Layer, Step};
use super::rest::Rest;
use super::{Tunnel, Unread, ethernet};

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGEMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

const ERSPAN: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;

/// The header of RFC 2784 with the key and sequence number of RFC 2890 and the routing of RFC 1701, or that of PPTP.
pub(super) fn header<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    let flags = rest.u16(0)?;
    let protocol = rest.u16(2)?;
    match flags & VERSION {
        0 => {}
        1 => return pptp(flags, protocol, rest, tunnels),
        _ => return Err(Unread::Malformed),
    }
    let mut at = 4;
    if flags & (CHECKSUM | ROUTING) != 0 {
        // The checksum and the offset are there both or neither.
        at += 4;
    }
    let mut key = None;
    if flags & KEY != 0 {
        key = Some(rest.u32(at)?);
        at += 4;
    }
    let is_numbered = flags & SEQUENCE != 0;
    if is_numbered {
        at += 4;
    }
    if flags & ROUTING != 0 {
        at = after_routes(rest, at)?;
    }
    let content = rest.skip(at)?;
    match protocol {
        // Type I has no header of its own, nor a number in that of GRE.
        ERSPAN if !is_numbered => {
            tunnels.push(Tunnel::Erspan(None));
            Ok(Step(Layer::Ethernet, content))
        }
        ERSPAN | ERSPAN_3 => erspan(content, tunnels),
        _ => {
            tunnels.push(Tunnel::Gre(key));
            Ok(Step(Layer::EtherType(protocol), content))
        }
    }
}

/// Source routes, up to the one of length zero (RFC 1701).
fn after_routes(rest: Rest<'_>, mut at: usize) -> Result<usize, Unread> {
    loop {
        let [_, _, _, length] = rest.array(at)?;
        at += 4 + usize::from(length);
        if length == 0 {
            return Ok(at);
        }
    }
}

/// Version 1: the key is a length and a call, and what it carries is PPP (RFC 2637 §4.1).
fn pptp<'a>(flags: u16, protocol: u16, rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    if protocol != ethernet::PPP || flags & KEY == 0 {
        return Err(Unread::Malformed);
    }
    let length = usize::from(rest.u16(4)?);
    tunnels.push(Tunnel::Pptp(rest.u16(6)?));
    let numbers = usize::from(flags & SEQUENCE != 0) + usize::from(flags & ACKNOWLEDGEMENT != 0);
    Ok(Step(Layer::Ppp, rest.skip(8 + 4 * numbers)?.claim(length)))
}

/// Types II and III (draft-foschiano-erspan-03 §4): version, VLAN, and in the low ten bits of the first word the session.
fn erspan<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    let first = rest.u32(0)?;
    tunnels.push(Tunnel::Erspan(Some((first & 0x03ff) as u16)));
    match first >> 28 {
        1 => Ok(Step(Layer::Ethernet, rest.skip(8)?)),
        2 => {
            let last = rest.u16(10)?;
            // A part that depends on the platform follows when the last bit says so.
            let length = if last & 1 == 0 { 12 } else { 20 };
            let layer = match last >> 10 & 0x1f {
                0 => Layer::Ethernet,
                2 => Layer::Ip,
                _ => return Err(Unread::NotIp),
            };
            Ok(Step(layer, rest.skip(length)?))
        }
        _ => Err(Unread::Malformed),
    }
}
