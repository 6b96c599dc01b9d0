//! The same conversation in anything that networks and captures wrap it in says the same, and says in what it came.
#![allow(clippy::unwrap_used)]

mod common;

use std::net::{IpAddr, SocketAddr};

use common::encap::{self, Frame, checksum};
use common::{Story, capture};
use etherparse::ether_type::IPV4;
use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use proptest::collection::vec;
use proptest::prelude::*;
use rtmp_inspect::analyzer::{Limits, Reason};
use rtmp_inspect::capture::{Input, LinkType, Packet};
use rtmp_inspect::net::{Tunnel, Tunnels, Unpacked, Unpacker, Unread};
use rtmp_inspect::proto::Event;
use rtmp_inspect::synth::{Link, sample};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Time};

/// The first frames of a real capture: Ethernet, IPv4, TCP.
fn frames() -> Vec<Vec<u8>> {
    let mut input = Input::open(&[capture("transport/base-mtu1500.pcap")]).unwrap();
    let mut frames = Vec::new();
    while let Some(packet) = input.next() {
        frames.push(packet.unwrap().data.to_vec());
    }
    frames.truncate(600);
    frames
}

fn plain(frames: &[Vec<u8>]) -> Vec<Frame> {
    frames.iter().map(|frame| (1, frame.clone())).collect()
}

/// The tunnels of the first session.
fn tunnels(story: &Story) -> (Vec<String>, Option<Vec<String>>) {
    let opened = story.events.iter().find_map(|event| match event {
        Event::Session(opened) => Some(opened.ways()),
        _ => None,
    });
    let (tunnels, back) = opened.unwrap();
    (tunnels.names(), back.map(Tunnels::names))
}

#[test]
fn every_encapsulation_says_the_same() {
    let frames = frames();
    let base = Story::of_frames(&plain(&frames)).meaning();
    assert!(base.iter().filter(|line| line.contains(" message ")).count() > 100);
    for (name, expected, wrap) in encap::ALL {
        let wrapped: Vec<Frame> = frames.iter().enumerate().map(|(n, frame)| wrap(frame, n)).collect();
        let story = Story::of_frames(&wrapped);
        assert!(story.meaning() == base, "{name} says something else");
        assert_eq!(tunnels(&story), (expected.iter().map(|name| (*name).to_owned()).collect(), None), "{name}");
        let unread: Vec<_> = story.unread.iter().filter(|(reason, _)| !matches!(reason, Reason::NotRtmp(_))).collect();
        assert!(unread.is_empty(), "{name}: {unread:?}");
    }
}

#[test]
fn directions_in_different_tunnels_are_one_connection() {
    let frames = frames();
    let base = Story::of_frames(&plain(&frames)).meaning();
    let client = frames[0][34..36].to_vec();
    let tagged: Vec<Frame> = frames
        .iter()
        .map(|frame| {
            let vlan = if frame[34..36] == client { 7 } else { 8 };
            (1, [&frame[..12], &[0x81, 0, 0, vlan], &frame[12..]].concat())
        })
        .collect();
    let story = Story::of_frames(&tagged);
    assert!(story.meaning() == base);
    assert_eq!(tunnels(&story), (vec!["vlan 7".to_owned()], Some(vec!["vlan 8".to_owned()])));
}

/// What one frame gives.
fn read(link: i32, data: &[u8]) -> Result<usize, Unread> {
    let mut segments = 0;
    let (at, place) = (Moment::default(), Place::default());
    let packet = Packet { at, link: LinkType(link), data, wire_length: data.len() as u32, place };
    Unpacker::new(&Limits::default())
        .push(&packet, &mut |unpacked| segments += usize::from(matches!(unpacked, Unpacked::Segment(_))))
        .map(|()| segments)
}

#[test]
fn bytes_in_udp_are_no_tunnel_unless_all_of_it_fits() {
    let frame = frames()[3].clone();
    let ip = &frame[14..];
    let carry = |port: u16, header: &[u8], content: &[u8]| {
        read(1, &encap::ethernet(0x0800, &encap::v4(17, &encap::udp(port, &[header, content].concat()))))
    };
    let vxlan = [8, 0, 0, 0, 0, 0, 42, 0];
    assert_eq!(carry(4789, &vxlan, &frame), Ok(1));
    assert_eq!(carry(4788, &vxlan, &frame), Err(Unread::Udp), "another port");
    for at in [0, 1, 2, 3, 7] {
        let mut reserved = vxlan;
        reserved[at] ^= 1;
        assert_eq!(carry(4789, &reserved, &frame), Err(Unread::Udp), "reserved bits of byte {at}");
    }
    for at in [14, 17, 22, 23, 24, 30] {
        let mut damaged = frame.clone();
        damaged[at] ^= 0x41;
        assert_eq!(carry(4789, &vxlan, &damaged), Err(Unread::Udp), "the inner header, byte {at}");
    }
    assert_eq!(carry(4789, &vxlan, &frame[..frame.len() - 1]), Err(Unread::Udp), "shorter than it claims");
    let geneve = [0, 0, 0x65, 0x58, 0, 0, 42, 0];
    assert_eq!(carry(6081, &geneve, &frame), Ok(1));
    assert_eq!(carry(6081, &[0x40, 0, 0x65, 0x58, 0, 0, 42, 0], &frame), Err(Unread::Udp), "another version");
    assert_eq!(carry(6081, &[0, 1, 0x65, 0x58, 0, 0, 42, 0], &frame), Err(Unread::Udp), "a reserved bit");
    let length = (ip.len() as u16).to_be_bytes();
    let gtp = |flags: u8, kind: u8| [&[flags, kind][..], &length, &[0, 0, 0, 42]].concat();
    assert_eq!(carry(2152, &gtp(0x30, 0xff), ip), Ok(1));
    assert_eq!(carry(2152, &gtp(0x38, 0xff), ip), Err(Unread::Udp), "the spare bit");
    assert_eq!(carry(2152, &gtp(0x50, 0xff), ip), Err(Unread::Udp), "another version");
    assert_eq!(carry(2152, &gtp(0x30, 1), ip), Err(Unread::Udp), "an echo request");
    assert_eq!(carry(2152, &gtp(0x34, 0xff), &[&[0, 0, 0, 1, 0][..], ip].concat()), Err(Unread::Udp), "no length");
}

#[test]
fn tunnels_in_tunnels_have_an_end() {
    let mut packet = frames()[3][14..].to_vec();
    for _ in 0..16 {
        packet = encap::v4(4, &packet);
    }
    assert_eq!(read(101, &packet), Ok(1));
    packet = encap::v4(4, &packet);
    assert_eq!(read(101, &packet), Err(Unread::TooDeep));
    let story = Story::of_frames(&[(101, packet)]);
    assert_eq!(story.limits, [("nesting", 1)]);
    // Labels without an end.
    assert_eq!(read(219, &[0; 4000]), Err(Unread::TooDeep));
}

/// Cuts the IPv4 packet of a frame into fragments with so many bytes each.
fn fragment(frame: &[u8], number: u16, size: usize) -> Vec<Vec<u8>> {
    let ip = &frame[14..];
    let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let content = &ip[20..total];
    let size = size.max(1) * 8;
    let count = content.len().div_ceil(size);
    let piece = |(index, bytes): (usize, &[u8])| piece(&ip[..20], number, index * size, index + 1 < count, bytes);
    content.chunks(size).enumerate().map(piece).map(|packet| [&frame[..14], &packet].concat()).collect()
}

fn piece(header: &[u8], number: u16, offset: usize, more: bool, bytes: &[u8]) -> Vec<u8> {
    let mut header = header.to_vec();
    header[2..4].copy_from_slice(&((bytes.len() + 20) as u16).to_be_bytes());
    header[4..6].copy_from_slice(&number.to_be_bytes());
    header[6..8].copy_from_slice(&((offset / 8) as u16 | if more { 0x2000 } else { 0 }).to_be_bytes());
    checksum(&mut header);
    [&header, bytes].concat()
}

/// The same as IPv6, with a fragment header.
fn fragment_v6(frame: &[u8], number: u32, size: usize) -> Vec<Vec<u8>> {
    let packets = fragment(frame, 0, size);
    let v6 = |packet: &Vec<u8>| {
        let ip = &packet[14..];
        let place = u16::from_be_bytes([ip[6], ip[7]]);
        let place = (place & 0x1fff) << 3 | (place >> 13 & 1);
        let header = [&[6, 0][..], &place.to_be_bytes(), &number.to_be_bytes()].concat();
        let mut packet = encap::v6(44, &[&header, &ip[20..]].concat());
        packet[20..24].copy_from_slice(&ip[12..16]);
        packet[36..40].copy_from_slice(&ip[16..20]);
        encap::ethernet(0x86dd, &packet)
    };
    packets.iter().map(v6).collect()
}

#[test]
fn fragments_in_tunnels_and_tunnels_in_fragments() {
    let frames = &frames()[..300];
    let base = Story::of_frames(&plain(frames)).meaning();
    let inside = |(n, frame): (usize, &Vec<u8>)| {
        fragment(frame, n as u16, 30)
            .into_iter()
            .map(|frame| (1, encap::ethernet(0x0800, &encap::v4(4, &frame[14..]))))
            .collect::<Vec<_>>()
    };
    let vxlan = |frame: &[u8]| encap::v4(17, &encap::udp(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0], frame].concat()));
    let outside = |(n, frame): (usize, &Vec<u8>)| {
        let outer = encap::ethernet(0x0800, &vxlan(frame));
        fragment(&outer, n as u16, 50).into_iter().map(|frame| (1, frame)).collect::<Vec<_>>()
    };
    // Fragments of a packet whose payload is itself fragments of a packet.
    let both = |(n, frame): (usize, &Vec<u8>)| {
        fragment(frame, n as u16, 90)
            .into_iter()
            .enumerate()
            .flat_map(|(index, frame)| fragment(&encap::ethernet(0x0800, &vxlan(&frame)), (n * 8 + index) as u16, 40))
            .map(|frame| (1, frame))
            .collect::<Vec<_>>()
    };
    for (name, packets) in [
        ("inside", frames.iter().enumerate().flat_map(inside).collect::<Vec<Frame>>()),
        ("outside", frames.iter().enumerate().flat_map(outside).collect()),
        ("both", frames.iter().enumerate().flat_map(both).collect()),
    ] {
        let story = Story::of_frames(&packets);
        assert!(story.meaning() == base, "{name}");
        assert!(
            story.unread.iter().all(|(reason, _)| matches!(reason, Reason::NotRtmp(_))),
            "{name}: {:?}",
            story.unread
        );
    }
}

/// Everything that some frames give: sequence numbers and bytes. The bytes must lie where the segments say.
struct Given {
    bytes: Vec<(u32, u8)>,
    lost: u64,
    evicted: u64,
}

fn give(frames: &[Vec<u8>], limits: &Limits, step_ns: i64) -> Given {
    let mut unpacker = Unpacker::new(limits);
    let all = frames.concat();
    let (mut bytes, mut offset) = (Vec::new(), 0);
    for (n, frame) in frames.iter().enumerate() {
        let at = Moment { packet: PacketNo(n as u64 + 1), time: Time(n as i64 * step_ns) };
        let place = Place { file: 0, offset };
        let packet = Packet { at, link: LinkType(1), data: frame, wire_length: frame.len() as u32, place };
        let _ = unpacker.push(&packet, &mut |unpacked| {
            let Unpacked::Segment(segment) = unpacked else { return };
            let from = segment.place.offset as usize;
            assert_eq!(&all[from..from + segment.payload.len()], segment.payload);
            let sequence = |index: usize| segment.sequence.wrapping_add(index as u32);
            bytes.extend(segment.payload.iter().enumerate().map(|(index, byte)| (sequence(index), *byte)));
        });
        offset += frame.len() as u64;
    }
    unpacker.finish();
    Given {
        bytes,
        lost: unpacker.take_lost().packets,
        evicted: unpacker.reached().fragments + unpacker.reached().fragment_bytes,
    }
}

/// The largest frame there is.
fn large() -> Vec<u8> {
    frames().into_iter().max_by_key(Vec::len).unwrap()
}

#[test]
fn of_two_copies_of_a_byte_the_first_counts() {
    let frame = large();
    let whole = give(std::slice::from_ref(&frame), &Limits::default(), 0).bytes;
    let pieces = fragment(&frame, 1, 40);
    assert!(pieces.len() > 3);
    let mut other = pieces[1].clone();
    other[40..].fill(0xee);
    // After the true one the false one changes nothing; it does not even count as lost.
    let after = [pieces[0].clone(), pieces[1].clone(), other.clone(), pieces[2].clone(), pieces[3].clone()];
    let given = give(&[&after[..], &pieces[4..]].concat(), &Limits::default(), 0);
    assert!(given.bytes == whole);
    assert_eq!(given.lost, 0);
    // Before it, it is what was captured first.
    let before = give(&[&[pieces[0].clone(), other][..], &pieces[1..]].concat(), &Limits::default(), 0).bytes;
    assert!(before != whole && before.len() == whole.len());
    // One that claims to be the end, and is not, is not taken.
    let false_end = [&frame[..14], &piece(&frame[14..34], 1, 320, false, &[7; 8])].concat();
    let given = give(&[&pieces[..2], &[false_end], &pieces[2..]].concat(), &Limits::default(), 0);
    assert!(given.bytes == whole);
}

#[test]
fn a_packet_without_all_its_fragments_is_lost() {
    let frame = large();
    let pieces = fragment(&frame, 1, 40);
    for missing in 0..pieces.len() {
        let mut some = pieces.clone();
        some.remove(missing);
        let given = give(&some, &Limits::default(), 0);
        assert_eq!((given.bytes.len(), given.lost), (0, some.len() as u64));
    }
    // Too late: the first fragment is older than the limit.
    let given = give(&pieces, &Limits { fragment_age_ns: 10, ..Limits::default() }, 20);
    assert_eq!((given.bytes.len(), given.evicted), (0, 0));
    // Its number may be used again, also when all of it was there.
    let mut second = frame.clone();
    second[54..].fill(0x55);
    let twice = [pieces.clone(), fragment(&second, 1, 40), pieces].concat();
    let given = give(&twice, &Limits::default(), 0);
    assert_eq!((given.bytes.len(), given.lost), (3 * (frame.len() - 54 - tcp_options(&frame)), 0));
}

fn tcp_options(frame: &[u8]) -> usize {
    usize::from(frame[46] >> 4) * 4 - 20
}

#[test]
fn fragments_keep_their_limits() {
    let frame = large();
    let firsts: Vec<_> = (0..1000).map(|number| fragment(&frame, number, 40)[0].clone()).collect();
    let given = give(&firsts, &Limits { fragments: 100, ..Limits::default() }, 0);
    assert_eq!((given.evicted, given.lost), (900, 1000));
    let given = give(&firsts, &Limits { fragment_bytes: 50_000, ..Limits::default() }, 0);
    assert!(given.evicted > 900 && given.lost == 1000, "{}", given.evicted);
    let frames: Vec<Frame> = firsts.into_iter().map(|frame| (1, frame)).collect();
    let story = Story::of_frames_under(&frames, &Limits { fragments: 100, ..Limits::default() });
    assert_eq!(story.limits, [("fragments", 900)]);
    assert_eq!(story.unread[0].0, Reason::Packet(Unread::Fragment));
    assert_eq!(story.unread[0].1.packets, 1000);
}

#[test]
fn a_fragment_cut_by_a_snap_length_cuts_the_packet() {
    let frame = large();
    let mut unpacker = Unpacker::new(&Limits::default());
    let mut found = Vec::new();
    for (n, piece) in fragment(&frame, 1, 40).iter().enumerate() {
        let data = if n == 1 { &piece[..100] } else { piece };
        let (at, place) = (Moment::default(), Place::default());
        let packet = Packet { at, link: LinkType(1), data, wire_length: piece.len() as u32, place };
        unpacker
            .push(&packet, &mut |unpacked| {
                if let Unpacked::Segment(segment) = unpacked {
                    found.push((segment.payload.len(), segment.cut));
                }
            })
            .unwrap();
    }
    let header = 20 + tcp_options(&frame);
    let payload = frame.len() - 34 - header;
    // Two runs: what the first fragment has, and what is left of the second.
    assert_eq!(found.iter().map(|(length, _)| length).sum::<usize>(), 320 + 66 - header);
    assert_eq!(found.last().unwrap().1 as usize, payload - (320 + 66 - header));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Fragments in any order, twice, and with other borders as well.
    #[test]
    fn the_order_of_fragments_does_not_matter(
        size in 1_usize..80, other in 1_usize..80, order in vec(any::<u64>(), 64), copies in any::<u64>(), v6 in any::<bool>(),
    ) {
        let frame = large();
        let whole = give(std::slice::from_ref(&frame), &Limits::default(), 0).bytes;
        let cut = |size| if v6 { fragment_v6(&frame, 9, size) } else { fragment(&frame, 9, size) };
        let mut pieces = cut(size);
        let again: Vec<_> = cut(other).into_iter().enumerate().filter(|(n, _)| copies >> (n % 64) & 1 == 1).collect();
        pieces.extend(again.into_iter().map(|(_, piece)| piece));
        let mut keyed: Vec<_> = pieces.into_iter().enumerate().map(|(n, piece)| (order[n % 64].rotate_left(n as u32), piece)).collect();
        keyed.sort();
        let pieces: Vec<_> = keyed.into_iter().map(|(_, piece)| piece).collect();
        let mut given = give(&pieces, &Limits::default(), 0).bytes;
        given.sort_unstable();
        given.dedup();
        let mut whole = whole;
        whole.sort_unstable();
        prop_assert!(given == whole);
    }

    /// Whatever the bytes are, and whatever the link type.
    #[test]
    fn any_frame_is_survived(
        link in prop::sample::select(vec![0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 163, 192, 204, 219, 228, 229, 239, 276]),
        frames in vec(vec(prop_oneof![2 => any::<u8>(), 1 => Just(0), 1 => Just(0x45), 1 => Just(8)], 0..120), 1..20),
        wire_length in any::<u32>(),
    ) {
        let mut unpacker = Unpacker::new(&Limits { fragments: 3, ..Limits::default() });
        for data in &frames {
            let (at, place) = (Moment::default(), Place::default());
            let packet = Packet { at, link: LinkType(link), data, wire_length, place };
            let _ = unpacker.push(&packet, &mut |_| ());
        }
        unpacker.finish();
    }

    /// Every encapsulation with bytes changed and its end cut off.
    #[test]
    fn any_damaged_frame_is_survived(
        which in any::<prop::sample::Index>(), number in 0_usize..40,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), end in any::<prop::sample::Index>(),
    ) {
        let frame = frames().swap_remove(number);
        let (_, _, wrap) = encap::ALL[which.index(encap::ALL.len())];
        let (link, mut data) = wrap(&frame, number);
        let head = data.len().min(120);
        for (at, value) in changes {
            data[at.index(head)] = value;
        }
        let wire_length = data.len() as u32;
        data.truncate(end.index(data.len() * 2));
        let mut unpacker = Unpacker::new(&Limits::default());
        for _ in 0..2 {
            let packet = Packet { at: Moment::default(), link: LinkType(link), data: &data, wire_length, place: Place::default() };
            let _ = unpacker.push(&packet, &mut |unpacked| {
 let Unpacked::Segment(segment) = unpacked else { return };
                let end = segment.place.offset as usize + segment.payload.len();
                assert!(segment.payload.is_empty() || end <= data.len());
            });
        }
        unpacker.finish();
    }
}

/// Numbers are given when sessions are recognised: which of the connections that were opened before are sessions too is not
/// known then, and may never be.
#[test]
fn sessions_are_numbered_as_they_are_recognised_and_tell_their_first_packets() {
    let link = |port| Link::v4().client_port(port);
    // The first that opens says nothing for a second; a third never says anything.
    let mut packets = link(40_001).packets(&sample::publishing());
    let opening = packets.iter().position(|packet| !packet.payload.is_empty()).unwrap();
    packets[opening..].iter_mut().for_each(|packet| packet.time.0 += 1_000_000_000);
    let mut silent = link(40_002).packets(&sample::publishing());
    silent.truncate(opening);
    packets.extend(silent);
    packets.extend(link(40_003).packets(&sample::publishing().wait_ms(2000).client(|c| c.ping_response(1))));
    packets.sort_by_key(|packet| packet.time);
    let story = Story::of_packets(&packets);
    let opened = story.events.iter().filter_map(|event| match event {
        Event::Session(opened) => Some((opened.session, opened.client.port(), opened.at.packet.0)),
        _ => None,
    });
    let opened: Vec<_> = opened.collect();
    let numbers: Vec<_> = opened.iter().map(|(number, port, _)| (*number, *port)).collect();
    assert_eq!(numbers, [(1, 40_003), (2, 40_001)]);
    assert!(opened[1].2 < opened[0].2, "the packets tell which came first: {opened:?}");
}

/// What etherparse finds in a packet by its own lax walk, where it knows the link type.
fn walked<'a>(packet: &Packet<'a>) -> Option<LaxSlicedPacket<'a>> {
    match packet.link.0 {
        1 => LaxSlicedPacket::from_ethernet(packet.data).ok(),
        12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(packet.data).ok(),
        0 | 108 => LaxSlicedPacket::from_ip(packet.data.get(4..)?).ok(),
        113 => Some(LaxSlicedPacket::from_ether_type(IPV4, packet.data.get(16..)?)),
        276 => Some(LaxSlicedPacket::from_ether_type(IPV4, packet.data.get(20..)?)),
        _ => None,
    }
}

/// Of TCP: its addresses, number and payload.
fn segment(sliced: &LaxSlicedPacket<'_>) -> Option<(SocketAddr, SocketAddr, u32, usize)> {
    let (source, destination): (IpAddr, IpAddr) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        Some(LaxNetSlice::Ipv6(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        _ => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return None };
    let (source, destination) = ((source, tcp.source_port()).into(), (destination, tcp.destination_port()).into());
    Some((source, destination, tcp.sequence_number(), tcp.payload().len()))
}

/// The headers of a packet are etherparse's to read, the way through them is ours. Where there is nothing around TCP but a
/// link and IP, its own way leads to the same segment. What it does not know: a link type, tunnels, fragments, options
/// that a snap length cut.
///
/// `TRANSPORT_CAPTURES` names a folder whose captures are read instead.
#[test]
fn etherparse_alone_finds_the_same_segments() {
    let paths = match std::env::var_os("TRANSPORT_CAPTURES") {
        Some(folder) => common::captures_in(folder.into()),
        None => common::captures(),
    };
    let (mut same, mut only_ours) = (0_u64, 0_u64);
    for path in paths {
        let Ok(mut input) = Input::open(std::slice::from_ref(&path)) else { continue };
        let mut unpacker = Unpacker::new(&Limits::default());
        while let Some(packet) = input.next() {
            let Ok(packet) = packet else { break };
            let mut ours = Vec::new();
            let _ = unpacker.push(&packet, &mut |unpacked| {
                let Unpacked::Segment(segment) = unpacked else { return };
                let is_plain = segment.tunnels.iter().all(|tunnel| matches!(tunnel, Tunnel::Vlan(_)));
                let found = (segment.source, segment.destination, segment.sequence, segment.payload.len());
                ours.push((found, is_plain && !segment.continues));
            });
            let at = format!("{}: packet {}", path.display(), packet.at.packet.0);
            let sliced = walked(&packet);
            match (sliced.as_ref().and_then(segment), &ours[..]) {
                (Some(theirs), [(ours, _)]) if theirs == *ours => same += 1,
                (None, []) => {}
                (None, found) => {
                    let is_cut = packet.data.len() < packet.wire_length as usize;
                    let ip = sliced.as_ref().and_then(LaxSlicedPacket::ip_payload);
                    let is_fragment = ip.is_some_and(|payload| payload.fragmented);
                    let is_wrapped = found.iter().all(|(_, is_plain)| !is_plain);
                    assert!(
                        is_cut || is_fragment || is_wrapped || sliced.is_none(),
                        "{at}: {found:?}, and etherparse finds nothing"
                    );
                    only_ours += 1;
                }
                (theirs, ours) => panic!("{at}: etherparse finds {theirs:?}, and we {ours:?}"),
            }
        }
    }
    println!("{same} segments the same, {only_ours} packets with segments that etherparse does not find");
    assert!(same > 10_000);
}
