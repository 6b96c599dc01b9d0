//! Captures as packets.

use std::path::Path;

use bytes::Bytes;
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use rtmp_inspect::wire::{Moment, PacketNo, Side, Time};

pub(crate) const C: Side = Side::Client;
pub(crate) const S: Side = Side::Server;

pub(crate) fn moment(packet: u64) -> Moment {
    Moment { packet: PacketNo(packet), time: Time(packet as i64 * 1_000_000) }
}

/// A segment or datagram of a capture.
pub(crate) struct Packet {
    pub(crate) at: Moment,
    pub(crate) ports: (u16, u16),
    pub(crate) is_tcp: bool,
    pub(crate) fin_or_reset: bool,
    pub(crate) payload: Bytes,
}

/// The packets of a capture, which is a pcap of little-endian microseconds on Ethernet.
pub(crate) fn packets(name: &str) -> Vec<Packet> {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/ftl").join(name)).unwrap();
    assert_eq!(file[..4], [0xd4, 0xc3, 0xb2, 0xa1]);
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut at, mut packets) = (24, Vec::new());
    while at < file.len() {
        let time = i64::from(word(at)) * 1_000_000_000 + i64::from(word(at + 4)) * 1000;
        let length = word(at + 8) as usize;
        let frame = &file[at + 16..at + 16 + length];
        at += 16 + length;
        let packet = SlicedPacket::from_ethernet(frame).unwrap();
        assert!(matches!(packet.net, Some(NetSlice::Ipv4(_))));
        let number = packets.len() as u64 + 1;
        let at = Moment { packet: PacketNo(number), time: Time(time) };
        let (ports, is_tcp, fin_or_reset, payload) = match &packet.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                ((tcp.source_port(), tcp.destination_port()), true, tcp.fin() || tcp.rst(), tcp.payload())
            }
            Some(TransportSlice::Udp(udp)) => {
                ((udp.source_port(), udp.destination_port()), false, false, udp.payload())
            }
            _ => ((0, 0), false, false, &[][..]),
        };
        packets.push(Packet { at, ports, is_tcp, fin_or_reset, payload: Bytes::copy_from_slice(payload) });
    }
    packets
}

/// The client's port of each control connection, in order.
pub(crate) fn clients(packets: &[Packet]) -> Vec<u16> {
    let mut clients = Vec::new();
    for packet in packets.iter().filter(|packet| packet.is_tcp && packet.ports.1 == 8084) {
        if !clients.contains(&packet.ports.0) {
            clients.push(packet.ports.0);
        }
    }
    clients
}
