//! What is read of IP packets, whatever link layer they come in.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use etherparse::PacketBuilder;

use crate::capture::{LinkType, Packet};
use crate::limits::Limits;
use crate::net::{Flags, Segment, Unpacked, Unpacker, Unread};
use crate::wire::{Moment, Place};

const PAYLOAD: &[u8] = b"payload";

fn builder() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([1; 6], [2; 6])
}

fn ethernet() -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = builder().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(50000, 1935, 7, 100).ack(9).psh();
    packet.write(&mut bytes, PAYLOAD).expect("written");
    bytes
}

fn ethernet_v6() -> Vec<u8> {
    let mut bytes = Vec::new();
    let packet = builder().ipv6([1; 16], [2; 16], 64).tcp(50000, 1935, 7, 100).ack(9);
    packet.write(&mut bytes, PAYLOAD).expect("written");
    bytes
}

/// A segment with its own copy of the payload.
#[derive(Debug)]
struct Read {
    source: SocketAddr,
    destination: SocketAddr,
    sequence: u32,
    acknowledgement: u32,
    flags: Flags,
    payload: Vec<u8>,
    place: Place,
    cut: u32,
}

fn read(link: i32, data: &[u8]) -> Result<Read, Unread> {
    read_cut(link, data, data.len())
}

fn read_cut(link: i32, data: &[u8], wire_length: usize) -> Result<Read, Unread> {
    let (at, place) = (Moment::default(), Place { file: 3, offset: 100 });
    let packet = Packet { at, link: LinkType(link), data, wire_length: wire_length as u32, place };
    let mut found = None;
    Unpacker::new(&Limits::default()).push(&packet, &mut |unpacked| {
        let Unpacked::Segment(segment) = unpacked else { return };
        let Segment { source, destination, sequence, acknowledgement, flags, place, cut, .. } = *segment;
        let payload = segment.payload.to_vec();
        found = Some(Read { source, destination, sequence, acknowledgement, flags, payload, place, cut });
    })?;
    found.ok_or(Unread::Fragment)
}

/// The payload read, and that it lies where the segment says.
fn payload(link: i32, data: &[u8]) -> Vec<u8> {
    let segment = read(link, data).expect("a segment");
    let at = (segment.place.offset - 100) as usize;
    assert_eq!(data[at..at + segment.payload.len()], segment.payload);
    assert_eq!((segment.source.port(), segment.destination.port(), segment.cut), (50000, 1935, 0));
    assert_eq!(segment.place.file, 3);
    segment.payload
}

#[test]
fn headers_are_read() {
    let data = ethernet();
    let segment = read(1, &data).expect("a segment");
    assert_eq!(segment.source.to_string(), "10.0.0.1:50000");
    assert_eq!(segment.destination.to_string(), "10.0.0.2:1935");
    assert_eq!((segment.sequence, segment.acknowledgement), (7, 9));
    assert!(segment.flags.ack && !segment.flags.syn && !segment.flags.fin && !segment.flags.rst);
    let data = ethernet_v6();
    assert!(read(1, &data).is_ok_and(|segment| segment.source.is_ipv6()));
}

#[test]
fn link_layers() {
    for frame in [ethernet(), ethernet_v6()] {
        let (kind, ip) = (&frame[12..14], &frame[14..]);
        let v6 = ip[0] >> 4 == 6;
        assert_eq!(payload(1, &frame), PAYLOAD);
        for tags in
            [&[0x81, 0, 0, 1][..], &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2], &[0x91, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3]]
        {
            assert_eq!(payload(1, &[&frame[..12], tags, kind, ip].concat()), PAYLOAD);
        }
        assert_eq!(payload(113, &[&[0; 14], kind, ip].concat()), PAYLOAD);
        assert_eq!(payload(113, &[&[0; 14], &[0x81, 0, 0, 1][..], kind, ip].concat()), PAYLOAD);
        assert_eq!(payload(276, &[kind, &[0; 18], ip].concat()), PAYLOAD);
        assert_eq!(payload(276, &[&[0x81, 0][..], &[0; 18], &[0, 1], kind, ip].concat()), PAYLOAD);
        for link in [12, 14, 101, 228, 229] {
            assert_eq!(payload(link, ip), PAYLOAD);
        }
        for family in if v6 { &[10_u32, 24, 28, 30][..] } else { &[2] } {
            for bytes in [family.to_be_bytes(), family.to_le_bytes()] {
                assert_eq!(payload(0, &[&bytes, ip].concat()), PAYLOAD);
                assert_eq!(payload(108, &[&bytes, ip].concat()), PAYLOAD);
            }
        }
    }
}

#[test]
fn what_follows_the_ip_packet_is_no_payload() {
    for mut frame in [ethernet(), ethernet_v6()] {
        frame.extend([0; 30]);
        assert_eq!(payload(1, &frame), PAYLOAD);
    }
}

#[test]
fn cut_packets_give_what_is_there() {
    for frame in [ethernet(), ethernet_v6()] {
        for left in 0..frame.len() {
            let header = frame.len() - PAYLOAD.len();
            match read_cut(1, &frame[..left], frame.len()) {
                Ok(segment) => {
                    assert!(left >= header);
                    assert_eq!(segment.payload, &PAYLOAD[..left - header]);
                    assert_eq!(segment.cut as usize, frame.len() - left);
                }
                Err(unread) => assert_eq!((unread, left < header), (Unread::Cut, true)),
            }
        }
    }
}

#[test]
fn options_that_were_cut_off_are_not_missed() {
    let mut bytes = Vec::new();
    let packet = builder().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(1, 2, 7, 100).options_raw(&[1; 12]);
    packet.expect("options").write(&mut bytes, PAYLOAD).expect("written");
    let segment = read_cut(1, &bytes[..54], bytes.len()).expect("a segment");
    assert_eq!((segment.payload.len(), segment.cut as usize), (0, PAYLOAD.len()));
}

#[test]
fn length_zero_means_to_the_end() {
    let mut frame = ethernet();
    frame[16..18].fill(0);
    assert_eq!(payload(1, &frame), PAYLOAD);
    let segment = read_cut(1, &frame[..frame.len() - 2], frame.len()).expect("a segment");
    assert_eq!((segment.payload.len(), segment.cut), (5, 2));
    let mut frame = ethernet_v6();
    frame[18..20].fill(0);
    assert_eq!(payload(1, &frame), PAYLOAD);
    // A claim of gigabytes is none.
    assert_eq!(read_cut(1, &frame, u32::MAX as usize).err(), Some(Unread::Malformed));
}

#[test]
fn ipv6_extensions_are_skipped() {
    let frame = ethernet_v6();
    let (mut ip, tcp) = (frame[14..54].to_vec(), &frame[54..]);
    // Hop-by-hop options, destination options, and a fragment header of a whole packet.
    let extensions = [[60, 0, 1, 4, 0, 0, 0, 0], [44, 0, 1, 4, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0, 0, 1]].concat();
    ip[6] = 0;
    ip[5] += extensions.len() as u8;
    assert_eq!(payload(101, &[&ip[..], &extensions, tcp].concat()), PAYLOAD);
    let mut fragment = extensions.clone();
    fragment[19] = 8;
    assert_eq!(read(101, &[&ip[..], &fragment, tcp].concat()).err(), Some(Unread::Fragment));
}

#[test]
fn what_is_no_tcp_is_named() {
    let change = |at: usize, value: u8| {
        let mut frame = ethernet();
        frame[at] = value;
        read(1, &frame).err()
    };
    assert_eq!(change(23, 17), Some(Unread::Udp));
    assert_eq!(change(23, 1), Some(Unread::Icmp));
    assert_eq!(change(23, 50), Some(Unread::OtherProtocol(50)));
    assert_eq!(change(20, 0x20), Some(Unread::Malformed), "a fragment in the middle has whole units of eight bytes");
    assert_eq!(change(21, 1), Some(Unread::Fragment));
    assert_eq!(change(13, 6), Some(Unread::NotIp));
    assert_eq!(change(14, 0x55), Some(Unread::Malformed));
    assert_eq!(change(14, 0x41), Some(Unread::Malformed));
    assert_eq!(change(46, 0x40), Some(Unread::Malformed));
    assert_eq!(change(46, 0xf0), Some(Unread::Malformed));
    assert_eq!(read(147, &ethernet()).err(), Some(Unread::LinkType(LinkType(147))));
    assert_eq!(read(0, &[7, 0, 0, 0]).err(), Some(Unread::NotIp));
    assert_eq!(read(1, &[]).err(), Some(Unread::Cut));
}
