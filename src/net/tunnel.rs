//! What a packet was wrapped in on its way: tags, labels and tunnels, as a person names them.

use std::fmt::{self, Display, Formatter, Write as _};

/// One header around an IP packet that says by which way it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunnel {
    /// A tag of IEEE 802.1Q or 802.1ad: the VLAN identifier.
    Vlan(u16),
    /// A provider backbone bridge (IEEE 802.1ah): the service identifier.
    Backbone(u32),
    /// A label of MPLS (RFC 3032).
    Mpls(u32),
    /// A session of PPP over Ethernet (RFC 2516).
    Pppoe(u16),
    /// GRE (RFC 2784), with its key if it has one (RFC 2890).
    Gre(Option<u32>),
    /// GRE version 1, as PPTP uses it (RFC 2637): the call.
    Pptp(u16),
    /// A mirrored port in GRE; type I has no session.
    Erspan(Option<u16>),
    /// Ethernet in IP (RFC 3378), or in IPv6 by its own protocol number (RFC 8986).
    EtherIp,
    /// IP in IP: the versions of the inner and the outer header (RFC 2003, RFC 2473, RFC 4213).
    Ip { inner: u8, outer: u8 },
    /// VXLAN (RFC 7348): the network identifier.
    Vxlan(u32),
    /// VXLAN with the generic protocol extension: the network identifier.
    VxlanGpe(u32),
    /// Geneve (RFC 8926): the network identifier.
    Geneve(u32),
    /// GTP-U (3GPP TS 29.281): the tunnel endpoint identifier.
    GtpU(u32),
}

impl Tunnel {
    /// The number with which another of its kind can be stacked on it: `mpls 16/17`.
    fn stacked(self) -> Option<(&'static str, u32)> {
        match self {
            Tunnel::Vlan(id) => Some(("vlan", u32::from(id))),
            Tunnel::Mpls(label) => Some(("mpls", label)),
            _ => None,
        }
    }
}

impl Display for Tunnel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Tunnel::Vlan(id) => write!(f, "vlan {id}"),
            Tunnel::Backbone(service) => write!(f, "pbb {service}"),
            Tunnel::Mpls(label) => write!(f, "mpls {label}"),
            Tunnel::Pppoe(session) => write!(f, "pppoe {session}"),
            Tunnel::Gre(None) => f.write_str("gre"),
            Tunnel::Gre(Some(key)) => write!(f, "gre key {key}"),
            Tunnel::Pptp(call) => write!(f, "pptp {call}"),
            Tunnel::Erspan(None) => f.write_str("erspan"),
            Tunnel::Erspan(Some(session)) => write!(f, "erspan {session}"),
            Tunnel::EtherIp => f.write_str("etherip"),
            Tunnel::Ip { inner, outer } => write!(f, "{inner}in{outer}"),
            Tunnel::Vxlan(network) => write!(f, "vxlan {network}"),
            Tunnel::VxlanGpe(network) => write!(f, "vxlan-gpe {network}"),
            Tunnel::Geneve(network) => write!(f, "geneve {network}"),
            Tunnel::GtpU(endpoint) => write!(f, "gtp-u {endpoint}"),
        }
    }
}

/// All that a packet was wrapped in, the outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnels(Box<[Tunnel]>);

impl Tunnels {
    /// Bytes of memory that they take beside themselves.
    pub fn memory(&self) -> usize {
        size_of_val(&*self.0)
    }

    pub fn as_slice(&self) -> &[Tunnel] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A name for each; tags and labels that are stacked are one: `vlan 100/200`.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut before = None;
        for tunnel in &self.0 {
            let stacked = tunnel.stacked();
            match (stacked, before, names.last_mut()) {
                (Some((kind, number)), Some((same, _)), Some(name)) if kind == same => {
                    // Writing to a string cannot fail.
                    let _ = write!(name, "/{number}");
                }
                _ => names.push(tunnel.to_string()),
            }
            before = stacked;
        }
        names
    }
}

impl From<&[Tunnel]> for Tunnels {
    fn from(tunnels: &[Tunnel]) -> Self {
        Tunnels(tunnels.into())
    }
}

impl Display for Tunnels {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_stacks_are_one() {
        let tunnels = [
            Tunnel::Vlan(100),
            Tunnel::Vlan(200),
            Tunnel::Mpls(16),
            Tunnel::Mpls(17),
            Tunnel::Ip { inner: 4, outer: 6 },
            Tunnel::Gre(Some(7)),
            Tunnel::Vxlan(42),
            Tunnel::Vlan(1),
        ];
        let names = ["vlan 100/200", "mpls 16/17", "4in6", "gre key 7", "vxlan 42", "vlan 1"];
        assert_eq!(Tunnels::from(&tunnels[..]).names(), names);
        assert_eq!(Tunnels::default().to_string(), "");
    }
}
