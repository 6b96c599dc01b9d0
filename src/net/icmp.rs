//! ICMP, as far as it says that nobody listens at a UDP port. Source: RFC 792, RFC 4443 §3.1.

use std::net::SocketAddr;

use super::ip;

/// An answer to a datagram: nobody listens where it went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// The two ends of the datagram.
    pub source: SocketAddr,
    pub destination: SocketAddr,
}

/// The port unreachable message that an IP packet holds, where that is about UDP.
pub(super) fn unreachable(packet: &ip::Packet<'_>) -> Option<Unreachable> {
    const UDP: u8 = 17;
    let [kind, code] = packet.rest.array(0).ok()?;
    if !matches!((packet.protocol, kind, code), (1, 3, 3) | (58, 1, 4)) {
        return None;
    }
    // Behind eight bytes the datagram begins, of which there may be its first bytes alone.
    let inner = ip::read(packet.rest.skip(8).ok()?, false).ok()?;
    if inner.protocol != UDP || inner.fragment.is_some() {
        return None;
    }
    let source = SocketAddr::new(inner.source, inner.rest.u16(0).ok()?);
    let destination = SocketAddr::new(inner.destination, inner.rest.u16(2).ok()?);
    Some(Unreachable { source, destination })
}
