//! MPLS: a stack of labels, and under it IP or a pseudowire with Ethernet.

use super::layer::{Layer, Step};
use super::rest::Rest;
use super::{Tunnel, Unread, ethernet, ip};

/// One label and what it stands on (RFC 3032 §2.1). Nothing says what is under the last one; its first bytes have to.
pub(super) fn label<'a>(rest: Rest<'a>, tunnels: &mut Vec<Tunnel>) -> Result<Step<'a>, Unread> {
    let entry = rest.u32(0)?;
    tunnels.push(Tunnel::Mpls(entry >> 12));
    let rest = rest.skip(4)?;
    let is_last = entry & 0x100 != 0;
    if !is_last {
        return Ok(Step(Layer::Mpls, rest));
    }
    match rest.u8(0)? >> 4 {
        // An Ethernet address may begin like an IP header (RFC 4928 §3).
        4 if ip::is_v4(rest) || !ethernet::is_likely(rest) => Ok(Step(Layer::Ip, rest)),
        6 if !ethernet::is_likely(rest) => Ok(Step(Layer::Ip, rest)),
        // The control word of a pseudowire, which it need not have (RFC 4448 §4.6).
        0 if ethernet::is_likely(rest.skip(4)?) => Ok(Step(Layer::Ethernet, rest.skip(4)?)),
        _ if ethernet::is_likely(rest) => Ok(Step(Layer::Ethernet, rest)),
        _ => Err(Unread::NotIp),
    }
}
