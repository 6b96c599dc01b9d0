//! Wraps Ethernet frames with IPv4 in what networks and captures wrap them in.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

/// A link type and a frame of it.
pub type Frame = (i32, Vec<u8>);

/// An encapsulation by name, what the program calls it, and how it is made of an Ethernet frame and its number.
pub type Encapsulation = (&'static str, &'static [&'static str], fn(&[u8], usize) -> Frame);

const MACS: [u8; 12] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8];

pub fn ethernet(kind: u16, content: &[u8]) -> Vec<u8> {
    [&MACS[..], &kind.to_be_bytes(), content].concat()
}

fn on_ethernet(kind: u16, content: &[u8]) -> Frame {
    (1, ethernet(kind, content))
}

pub fn checksum(header: &mut [u8]) {
    header[10..12].fill(0);
    let mut sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    header[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

/// IPv4 between two routers.
pub fn v4(protocol: u8, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2];
    header[2..4].copy_from_slice(&((content.len() + 20) as u16).to_be_bytes());
    checksum(&mut header);
    [&header, content].concat()
}

pub fn v6(protocol: u8, content: &[u8]) -> Vec<u8> {
    let mut header = vec![0x60, 0, 0, 0, 0, 0, protocol, 64];
    header[4..6].copy_from_slice(&(content.len() as u16).to_be_bytes());
    header.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    header.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    [&header, content].concat()
}

pub fn udp(port: u16, content: &[u8]) -> Vec<u8> {
    let length = ((content.len() + 8) as u16).to_be_bytes();
    [&[0xc0, 0][..], &port.to_be_bytes(), &length, &[0, 0], content].concat()
}

fn over_udp(port: u16, header: &[u8], content: &[u8]) -> Frame {
    on_ethernet(0x0800, &v4(17, &udp(port, &[header, content].concat())))
}

fn over_gre(header: &[u8], content: &[u8]) -> Frame {
    on_ethernet(0x0800, &v4(47, &[header, content].concat()))
}

/// An IPv6 packet with the content of an IPv4 one.
fn as_v6(frame: &[u8], before: &[u8], first: u8) -> Vec<u8> {
    let ip = &frame[14..];
    let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let tcp = &ip[usize::from(ip[0] & 15) * 4..total];
    let mut packet = v6(first, &[before, tcp].concat());
    // Its ends are those of the IPv4 packet.
    packet[20..24].copy_from_slice(&ip[12..16]);
    packet[36..40].copy_from_slice(&ip[16..20]);
    packet
}

/// A data frame of IEEE 802.11 from a station, or with `quality` of one that has it.
fn wireless(quality: Option<u16>, four: bool, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![if quality.is_some() { 0x88 } else { 0x08 }, if four { 3 } else { 1 }, 0, 0];
    frame.extend([2; 18]);
    frame.extend([0x10, 0]);
    frame.extend(&[4; 6][..if four { 6 } else { 0 }]);
    frame.extend(quality.iter().flat_map(|control| control.to_le_bytes()));
    [&frame, content].concat()
}

const SNAP_IPV4: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

fn snap(frame: &[u8]) -> Vec<u8> {
    [&SNAP_IPV4, &frame[14..]].concat()
}

fn tlv(kind: u16, content: &[u8], number: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut tlv = [&number(content.len() as u16 + 4)[..], &number(kind), content].concat();
    tlv.resize(tlv.len().next_multiple_of(4), 0);
    tlv
}

pub const ALL: &[Encapsulation] = &[
    ("as it is", &[], |frame, _| (1, frame.to_vec())),
    ("checksum after the frame", &[], |frame, _| (1, [frame, &[1, 2, 3, 4]].concat())),
    ("VLAN", &["vlan 100"], |frame, _| (1, [&frame[..12], &[0x81, 0, 0x60, 100], &frame[12..]].concat())),
    ("service and customer VLAN", &["vlan 7/100"], |frame, _| {
        (1, [&frame[..12], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 100], &frame[12..]].concat())
    }),
    ("VLAN with LLC", &["vlan 100"], |frame, _| {
        let content = snap(frame);
        (1, [&frame[..12], &[0x81, 0, 0, 100], &(content.len() as u16).to_be_bytes(), &content].concat())
    }),
    ("LLC and SNAP", &[], |frame, _| {
        let content = snap(frame);
        (1, [&frame[..12], &(content.len() as u16).to_be_bytes(), &content].concat())
    }),
    ("backbone bridge", &["pbb 70000"], |frame, _| on_ethernet(0x88e7, &[&[0, 1, 0x11, 0x70][..], frame].concat())),
    ("MPLS, one label", &["mpls 16"], |frame, _| on_ethernet(0x8847, &[&[0, 1, 1, 64][..], &frame[14..]].concat())),
    ("MPLS, three labels", &["mpls 16/17/18"], |frame, _| {
        on_ethernet(0x8847, &[&[0, 1, 0, 64, 0, 1, 0x10, 64, 0, 1, 0x21, 64][..], &frame[14..]].concat())
    }),
    ("MPLS, IPv6", &["mpls 16"], |frame, _| on_ethernet(0x8847, &[&[0, 1, 1, 64][..], &as_v6(frame, &[], 6)].concat())),
    ("MPLS pseudowire", &["mpls 16"], |frame, _| on_ethernet(0x8847, &[&[0, 1, 1, 64][..], frame].concat())),
    ("MPLS pseudowire with control word", &["mpls 16"], |frame, n| {
        on_ethernet(0x8847, &[&[0, 1, 1, 64, 0, 0][..], &(n as u16).to_be_bytes(), frame].concat())
    }),
    ("MPLS pseudowire to an address like IP", &["mpls 16"], |frame, _| {
        on_ethernet(0x8847, &[&[0, 1, 1, 64, 0x45, 0][..], &frame[2..]].concat())
    }),
    ("MPLS pseudowire with old service tags", &["mpls 16", "vlan 7/100"], |frame, _| {
        let tags = [0x91, 0, 0, 7, 0x92, 0, 0, 100];
        on_ethernet(0x8847, &[&[0, 1, 1, 64, 0, 0, 0, 0][..], &frame[..12], &tags, &frame[12..]].concat())
    }),
    ("MPLS pseudowire with LLC and SNAP", &["mpls 16"], |frame, _| {
        let content = snap(frame);
        let length = (content.len() as u16).to_be_bytes();
        on_ethernet(0x8847, &[&[0, 1, 1, 64][..], &frame[..12], &length, &content].concat())
    }),
    ("MPLS pseudowire with a backbone bridge", &["mpls 16", "pbb 70000"], |frame, _| {
        on_ethernet(0x8847, &[&[0, 1, 1, 64][..], &MACS, &[0x88, 0xe7, 0, 1, 0x11, 0x70], frame].concat())
    }),
    ("MPLS in IP", &["mpls 16"], |frame, _| {
        on_ethernet(0x0800, &v4(137, &[&[0, 1, 1, 64][..], &frame[14..]].concat()))
    }),
    ("MPLS in UDP", &["mpls 16"], |frame, _| over_udp(6635, &[0, 1, 1, 64], &frame[14..])),
    ("PPPoE", &["pppoe 17"], |frame, _| {
        let length = (frame.len() - 12) as u16;
        on_ethernet(0x8864, &[&[0x11, 0, 0, 17][..], &length.to_be_bytes(), &[0, 0x21], &frame[14..], &[0; 5]].concat())
    }),
    ("GRE", &["gre"], |frame, _| over_gre(&[0, 0, 8, 0], &frame[14..])),
    ("GRE with everything", &["gre key 7"], |frame, n| {
        let header = [&[0xb0, 0, 8, 0, 9, 9, 0, 0, 0, 0, 0, 7][..], &(n as u32).to_be_bytes()].concat();
        over_gre(&header, &frame[14..])
    }),
    ("GRE with routes", &["gre"], |frame, _| {
        let header = [0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0];
        over_gre(&header, &frame[14..])
    }),
    ("GRE with Ethernet", &["gre"], |frame, _| over_gre(&[0, 0, 0x65, 0x58], frame)),
    ("GRE in IPv6", &["gre"], |frame, _| on_ethernet(0x86dd, &v6(47, &[&[0, 0, 8, 0], &frame[14..]].concat()))),
    ("PPTP", &["pptp 5"], |frame, n| {
        let length = ((frame.len() - 10) as u16).to_be_bytes();
        let header =
            [&[0x30, 0x81, 0x88, 0x0b][..], &length, &[0, 5], &(n as u32).to_be_bytes(), &[0; 4], &[0xff, 3, 0, 0x21]];
        over_gre(&header.concat(), &frame[14..])
    }),
    ("ERSPAN I", &["erspan"], |frame, _| over_gre(&[0, 0, 0x88, 0xbe], frame)),
    ("ERSPAN II", &["erspan 5"], |frame, n| {
        let header = [&[0x10, 0, 0x88, 0xbe][..], &(n as u32).to_be_bytes(), &[0x10, 1, 0x18, 5, 0, 0, 0, 0]];
        over_gre(&header.concat(), frame)
    }),
    ("ERSPAN III", &["erspan 5"], |frame, n| {
        let header = [&[0x10, 0, 0x22, 0xeb][..], &(n as u32).to_be_bytes(), &[0x20, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]];
        over_gre(&header.concat(), frame)
    }),
    ("ERSPAN III with more", &["erspan 5"], |frame, n| {
        let header =
            [&[0x10, 0, 0x22, 0xeb][..], &(n as u32).to_be_bytes(), &[0x20, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1], &[7; 8]];
        over_gre(&header.concat(), frame)
    }),
    ("VXLAN", &["vxlan 42"], |frame, _| over_udp(4789, &[8, 0, 0, 0, 0, 0, 42, 0], frame)),
    ("VXLAN with checksums left to the card", &["vxlan 42"], |frame, _| {
        let inner = [&frame[..24], &[0, 0], &frame[26..]].concat();
        over_udp(4789, &[8, 0, 0, 0, 0, 0, 42, 0], &inner)
    }),
    ("VXLAN of Linux, with a group and a tag", &["vxlan 42", "vlan 3"], |frame, _| {
        let tagged = [&frame[..12], &[0x81, 0, 0, 3], &frame[12..]].concat();
        over_udp(8472, &[0x88, 0, 0, 9, 0, 0, 42, 0], &tagged)
    }),
    ("VXLAN in IPv6 in a VLAN", &["vlan 5", "vxlan 42"], |frame, _| {
        let packet = v6(17, &udp(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0], frame].concat()));
        on_ethernet(0x8100, &[&[0, 5, 0x86, 0xdd][..], &packet].concat())
    }),
    ("VXLAN with the protocol", &["vxlan-gpe 42"], |frame, _| {
        over_udp(4790, &[0x0c, 0, 0, 1, 0, 0, 42, 0], &frame[14..])
    }),
    ("Geneve", &["geneve 42"], |frame, _| over_udp(6081, &[0, 0, 0x65, 0x58, 0, 0, 42, 0], frame)),
    ("Geneve with options", &["geneve 42"], |frame, _| {
        over_udp(6081, &[2, 0x40, 8, 0, 0, 0, 42, 0, 1, 2, 3, 1, 9, 9, 9, 9], &frame[14..])
    }),
    ("GTP-U", &["gtp-u 42"], |frame, _| {
        let length = (frame.len() - 14) as u16;
        over_udp(2152, &[&[0x30, 0xff][..], &length.to_be_bytes(), &[0, 0, 0, 42]].concat(), &frame[14..])
    }),
    ("GTP-U with extensions", &["gtp-u 42"], |frame, n| {
        let length = (frame.len() - 14 + 4 + 4 + 8) as u16;
        let numbers = [(n >> 8) as u8, n as u8, 0, 0x85];
        let extensions = [1, 0, 9, 0x40, 2, 1, 1, 1, 1, 1, 1, 0];
        let header = [&[0x36, 0xff][..], &length.to_be_bytes(), &[0, 0, 0, 42], &numbers, &extensions].concat();
        over_udp(2152, &header, &frame[14..])
    }),
    ("IPv4 in IPv4", &["4in4"], |frame, _| on_ethernet(0x0800, &v4(4, &frame[14..]))),
    ("IPv4 in IPv6", &["4in6"], |frame, _| on_ethernet(0x86dd, &v6(4, &frame[14..]))),
    ("IPv6 in IPv4", &["6in4"], |frame, _| on_ethernet(0x0800, &v4(41, &as_v6(frame, &[], 6)))),
    ("IPv6 in IPv6", &["6in6"], |frame, _| on_ethernet(0x86dd, &v6(41, &as_v6(frame, &[], 6)))),
    ("Ethernet in IP", &["etherip"], |frame, _| on_ethernet(0x0800, &v4(97, &[&[0x30, 0], frame].concat()))),
    ("tunnels in a tunnel", &["vlan 1", "4in4", "gre", "vxlan 42"], |frame, _| {
        let vxlan = v4(17, &udp(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0], frame].concat()));
        let gre = v4(47, &[&[0, 0, 8, 0], &vxlan[..]].concat());
        on_ethernet(0x8100, &[&[0, 1, 8, 0][..], &v4(4, &gre)].concat())
    }),
    ("IPv6 with extension headers", &[], |frame, _| {
        let extensions =
            [60, 0, 1, 4, 0, 0, 0, 0, 43, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 4, 0, 0, 0, 0, 0];
        (101, as_v6(frame, &extensions, 0))
    }),
    ("authenticated IPv4", &[], |frame, _| {
        let ip = &frame[14..];
        let mut header = ip[..20].to_vec();
        let length = u16::from_be_bytes([ip[2], ip[3]]) + 24;
        header[2..4].copy_from_slice(&length.to_be_bytes());
        header[9] = 51;
        (101, [&header[..], &[6, 4, 0, 0], &[1; 20], &ip[20..]].concat())
    }),
    ("PPP", &[], |frame, _| (9, [&[0, 0x21], &frame[14..]].concat())),
    ("PPP, short protocol", &[], |frame, _| (9, [&[0x21], &frame[14..]].concat())),
    ("PPP in HDLC", &[], |frame, _| (50, [&[0xff, 3, 0, 0x21], &frame[14..]].concat())),
    ("Cisco HDLC", &[], |frame, _| (50, [&[0x0f, 0, 8, 0], &frame[14..]].concat())),
    ("PPP with direction", &[], |frame, n| (204, [&[n as u8 & 1, 0xff, 3, 0, 0x21], &frame[14..]].concat())),
    ("MPLS alone", &["mpls 16"], |frame, _| (219, [&[0, 1, 1, 64], &frame[14..]].concat())),
    ("Linux cooked", &[], |frame, _| (113, [&[0; 14], &frame[12..]].concat())),
    ("Linux cooked 2", &[], |frame, _| (276, [&[8, 0][..], &[0; 18], &frame[14..]].concat())),
    ("802.11", &[], |frame, _| (105, wireless(None, false, &snap(frame)))),
    ("802.11 with quality of service between stations", &[], |frame, _| (105, wireless(Some(5), true, &snap(frame)))),
    ("802.11 aggregate", &[], |frame, _| {
        let content = snap(frame);
        let length = (content.len() as u16).to_be_bytes();
        let arp = [&MACS[..], &[0, 11], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 6, 1, 0, 0]].concat();
        (105, wireless(Some(0x80), false, &[&arp[..], &[0; 3], &MACS, &length, &content].concat()))
    }),
    ("radiotap", &[], |frame, _| {
        let header = [0, 0, 18, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0];
        (127, [&header, &wireless(None, false, &snap(frame))[..], &[9; 4]].concat())
    }),
    ("radiotap with padding", &[], |frame, _| {
        let mut inner = wireless(Some(0), false, &[0, 0]);
        inner.extend(snap(frame));
        (127, [&[0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0x20][..], &inner].concat())
    }),
    ("PPI", &[], |frame, _| (192, [&[0, 0, 8, 0, 105, 0, 0, 0], &wireless(None, false, &snap(frame))[..]].concat())),
    ("netfilter log", &[], |frame, _| {
        let values = [tlv(1, &[8, 0, 1], u16::to_le_bytes), tlv(9, &frame[14..], u16::to_le_bytes)].concat();
        (239, [&[2, 0, 0, 5][..], &values].concat())
    }),
    ("netfilter log, big-endian", &[], |frame, _| {
        let values = [tlv(1, &[8, 0, 1], u16::to_be_bytes), tlv(9, &frame[14..], u16::to_be_bytes)].concat();
        (239, [&[2, 0, 0, 5][..], &values].concat())
    }),
];
