//! What a header says of what follows it, in words that the layers share with [`Unpacker`](super::Unpacker), which calls
//! them. They do not call it.

use std::net::IpAddr;

use super::rest::Rest;

/// What comes next in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Ethernet,
    EtherType(u16),
    Llc,
    Ppp,
    Mpls,
    Gre,
    /// Of the packet between these.
    Udp {
        source: IpAddr,
        destination: IpAddr,
        identification: u16,
    },
    Wireless {
        padded: bool,
    },
    /// Several frames in one of IEEE 802.11.
    Aggregate,
    Ip,
}

/// The next header and where it starts.
#[derive(Clone, Copy)]
pub(super) struct Step<'a>(pub(super) Layer, pub(super) Rest<'a>);
