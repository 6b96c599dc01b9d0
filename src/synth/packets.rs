//! TCP segments and their Ethernet frames, made of what two sides write.

use std::net::{IpAddr, SocketAddr};

use super::{Conversation, Write};
use crate::wire::{Side, Time};

/// TCP flags.
pub mod tcp {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;
}

/// A TCP segment on Ethernet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub time: Time,
    pub from: Side,
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub sequence: u32,
    pub acknowledgement: u32,
    /// Of [`tcp`].
    pub flags: u8,
    /// The receive window, before scaling.
    pub window: u16,
    /// The Window Scale option of a SYN, in bits.
    pub window_scale: Option<u8>,
    /// Of IPv4: 0 where the sender gives none.
    pub identification: u16,
    pub payload: Vec<u8>,
}

impl Packet {
    /// The Ethernet frame, with right checksums. A SYN carries the option for the segment size, and that for the window
    /// scale if it has one.
    pub fn frame(&self) -> Vec<u8> {
        let options: &[u8] = match (self.flags & tcp::SYN, self.window_scale) {
            (0, _) => &[],
            (_, None) => &[2, 4, 0x05, 0xb4],
            (_, Some(scale)) => &[2, 4, 0x05, 0xb4, 1, 3, 3, scale],
        };
        let length = 20 + options.len() + self.payload.len();
        let mut frame = Vec::with_capacity(14 + 40 + length);
        let (client, server) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let (to, from) = if self.from == Side::Client { (server, client) } else { (client, server) };
        frame.extend(to);
        frame.extend(from);
        let pseudo_header = self.ip_header(length, &mut frame);

        let start = frame.len();
        frame.extend(self.source.port().to_be_bytes());
        frame.extend(self.destination.port().to_be_bytes());
        frame.extend(self.sequence.to_be_bytes());
        frame.extend(self.acknowledgement.to_be_bytes());
        frame.extend([((20 + options.len()) as u8) << 2, self.flags]);
        frame.extend(self.window.to_be_bytes());
        // No checksum yet, nothing urgent.
        frame.extend([0, 0, 0, 0]);
        frame.extend(options);
        frame.extend(&self.payload);
        let checksum = checksum(sum(&frame[start..]) + pseudo_header);
        frame[start + 16..start + 18].copy_from_slice(&checksum.to_be_bytes());
        frame
    }

    /// The sequence number after this packet: SYN and FIN count as a byte.
    pub fn next_sequence(&self) -> u32 {
        let marks = u32::from(self.flags & tcp::SYN != 0) + u32::from(self.flags & tcp::FIN != 0);
        self.sequence.wrapping_add(self.payload.len() as u32).wrapping_add(marks)
    }

    /// Writes `EtherType` and IP header, and returns the sum of the pseudo header.
    fn ip_header(&self, length: usize, frame: &mut Vec<u8>) -> u32 {
        const TCP: u8 = 6;
        let start = frame.len() + 2;
        let addresses = match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
                frame.extend((length as u16).to_be_bytes());
                frame.extend([TCP, 64]);
                frame.extend(source.octets());
                frame.extend(destination.octets());
                start + 8
            }
            (source, destination) => {
                frame.extend([0x08, 0x00, 0x45, 0]);
                frame.extend(((20 + length) as u16).to_be_bytes());
                // No identification is needed where fragments are forbidden (RFC 6864).
                frame.extend(self.identification.to_be_bytes());
                frame.extend([0x40, 0, 64, TCP, 0, 0]);
                frame.extend(v4(source));
                frame.extend(v4(destination));
                let checksum = checksum(sum(&frame[start..]));
                frame[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
                start + 12
            }
        };
        sum(&frame[addresses..]) + u32::from(TCP) + length as u32
    }
}

/// The IPv4 address, or the one of this machine if one end speaks IPv6 and the other does not.
pub(super) fn v4(address: IpAddr) -> [u8; 4] {
    match address {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(_) => [127, 0, 0, 1],
    }
}

/// The sum of 16-bit words that Internet checksums are made of (RFC 1071).
pub(super) fn sum(bytes: &[u8]) -> u32 {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let sum: u64 = pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum();
    // The carries come back in, so that packets of any size have their sum.
    let sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum as u32 + odd.first().map_or(0, |byte| u32::from(*byte) << 8)
}

pub(super) fn checksum(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Two addresses and how they send to each other.
#[derive(Clone, Debug)]
pub struct Link {
    pub client: SocketAddr,
    pub server: SocketAddr,
    /// The largest IP packet.
    pub mtu: usize,
    /// The client's and the server's initial sequence number.
    pub initial_sequence: [u32; 2],
    /// Nanoseconds from one packet of a connection to the next, when there is no other reason to wait.
    pub spacing_ns: i64,
}

impl Link {
    /// `192.0.2.1:50000` to `192.0.2.2:1935`.
    pub fn v4() -> Self {
        Link::between(([192, 0, 2, 1], 50_000).into(), ([192, 0, 2, 2], 1935).into())
    }

    /// `[2001:db8::1]:50000` to `[2001:db8::2]:1935`.
    pub fn v6() -> Self {
        let address = |last| [0x2001, 0xdb8, 0, 0, 0, 0, 0, last];
        Link::between((address(1), 50_000).into(), (address(2), 1935).into())
    }

    pub fn between(client: SocketAddr, server: SocketAddr) -> Self {
        Link { client, server, mtu: 1500, initial_sequence: [1_000_000, 2_000_000], spacing_ns: 20_000 }
    }

    /// Another port of the client: another connection.
    #[must_use]
    pub fn client_port(mut self, port: u16) -> Self {
        self.client.set_port(port);
        self
    }

    #[must_use]
    pub fn server_port(mut self, port: u16) -> Self {
        self.server.set_port(port);
        self
    }

    #[must_use]
    pub fn mtu(mut self, mtu: usize) -> Self {
        self.mtu = mtu;
        self
    }

    /// Sequence numbers just below 2³² make the connection wrap.
    #[must_use]
    pub fn initial_sequence(mut self, client: u32, server: u32) -> Self {
        self.initial_sequence = [client, server];
        self
    }

    #[must_use]
    pub fn spacing_ns(mut self, nanoseconds: i64) -> Self {
        self.spacing_ns = nanoseconds;
        self
    }

    /// Payload bytes in a full packet.
    pub fn segment_size(&self) -> usize {
        let headers = if self.client.is_ipv6() && self.server.is_ipv6() { 60 } else { 40 };
        self.mtu.saturating_sub(headers).max(1)
    }

    /// A connection from SYN to FIN that carries a conversation.
    pub fn packets(&self, conversation: &Conversation) -> Vec<Packet> {
        let mut packets = Vec::new();
        let writes = conversation.writes();
        let start = writes.first().map_or(Time(0), |write| Time(write.time.0 - 1_000_000));
        let mut connection = Connection::open(self.clone(), start, &mut packets);
        for write in writes {
            connection.write(write, &mut packets);
        }
        let end = connection.now();
        connection.close(Side::Client, Time(end.0 + 1_000_000), &mut packets);
        packets
    }
}

/// A TCP connection in progress, for whoever cannot hold a whole conversation in memory.
#[derive(Clone, Debug)]
pub struct Connection {
    link: Link,
    now: Time,
    /// Per side, the sequence number of its next byte.
    next: [u32; 2],
    /// Per side, the segments it sent that the other has not acknowledged.
    open_segments: [u8; 2],
}

impl Connection {
    /// SYN, SYN/ACK, ACK.
    pub fn open(link: Link, time: Time, packets: &mut Vec<Packet>) -> Self {
        let next = link.initial_sequence;
        let mut connection = Connection { link, now: time, next, open_segments: [0; 2] };
        let first = connection.packet(Side::Client, tcp::SYN, Vec::new());
        packets.push(Packet { acknowledgement: 0, ..first });
        packets.push(connection.packet(Side::Server, tcp::SYN | tcp::ACK, Vec::new()));
        packets.push(connection.packet(Side::Client, tcp::ACK, Vec::new()));
        connection
    }

    /// The time of the last packet.
    pub fn now(&self) -> Time {
        self.now
    }

    /// A write in packets of full size. Every second one is acknowledged, and the last.
    pub fn write(&mut self, write: &Write, packets: &mut Vec<Packet>) {
        self.now = self.now.max(write.time);
        let (from, count) = (write.from, write.bytes.len().div_ceil(self.link.segment_size()));
        for (number, payload) in write.bytes.chunks(self.link.segment_size()).enumerate() {
            let last = number + 1 == count;
            let flags = if last { tcp::PSH | tcp::ACK } else { tcp::ACK };
            packets.push(self.packet(from, flags, payload.to_vec()));
            self.open_segments[from.other().index()] = 0;
            self.open_segments[from.index()] += 1;
            if last || self.open_segments[from.index()] == 2 {
                packets.push(self.packet(from.other(), tcp::ACK, Vec::new()));
                self.open_segments[from.index()] = 0;
            }
        }
    }

    /// FIN from `first`, FIN from the other, and the last ACK.
    pub fn close(&mut self, first: Side, time: Time, packets: &mut Vec<Packet>) {
        self.now = self.now.max(time);
        packets.push(self.packet(first, tcp::FIN | tcp::ACK, Vec::new()));
        packets.push(self.packet(first.other(), tcp::FIN | tcp::ACK, Vec::new()));
        packets.push(self.packet(first, tcp::ACK, Vec::new()));
    }

    /// RST.
    pub fn reset(&mut self, from: Side, time: Time, packets: &mut Vec<Packet>) {
        self.now = self.now.max(time);
        packets.push(self.packet(from, tcp::RST | tcp::ACK, Vec::new()));
    }

    /// The next packet of a side, a moment after the last.
    fn packet(&mut self, from: Side, flags: u8, payload: Vec<u8>) -> Packet {
        self.now.0 += self.link.spacing_ns;
        let (source, destination) = match from {
            Side::Client => (self.link.client, self.link.server),
            Side::Server => (self.link.server, self.link.client),
        };
        let (sequence, acknowledgement) = (self.next[from.index()], self.next[from.other().index()]);
        let packet = Packet {
            time: self.now,
            from,
            source,
            destination,
            sequence,
            acknowledgement,
            flags,
            window: 65_535,
            window_scale: None,
            identification: 0,
            payload,
        };
        self.next[from.index()] = packet.next_sequence();
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::sample;

    fn stream(packets: &[Packet], from: Side) -> Vec<u8> {
        packets.iter().filter(|packet| packet.from == from).flat_map(|packet| packet.payload.clone()).collect()
    }

    #[test]
    fn the_payloads_are_the_conversation() {
        let conversation = sample::publish(3);
        for link in [Link::v4(), Link::v6().mtu(600)] {
            let packets = link.packets(&conversation);
            for side in Side::BOTH {
                assert_eq!(stream(&packets, side), conversation.bytes(side));
            }
            assert!(packets.iter().all(|packet| packet.frame().len() <= link.mtu + 14));
            assert!(packets.windows(2).all(|pair| pair[0].time < pair[1].time));
        }
    }

    #[test]
    fn sequence_numbers_follow_one_another_and_wrap() {
        let link = Link::v4().initial_sequence(u32::MAX, u32::MAX - 2000);
        let packets = link.packets(&sample::connected());
        for side in Side::BOTH {
            let own: Vec<_> = packets.iter().filter(|packet| packet.from == side).collect();
            assert!(own.windows(2).all(|pair| pair[0].next_sequence() == pair[1].sequence));
            assert!(own.windows(2).any(|pair| pair[1].sequence < pair[0].sequence));
        }
        let server_end = packets.iter().rfind(|packet| packet.from == Side::Server).map(Packet::next_sequence);
        assert_eq!(packets.last().map(|packet| packet.acknowledgement), server_end);
    }

    /// Summed with its own checksum in place, a header gives all ones (RFC 1071).
    #[test]
    fn checksums_are_right() {
        let packets = Link::v4().packets(&sample::connected());
        for frame in packets.iter().map(Packet::frame) {
            assert_eq!(checksum(sum(&frame[14..34])), 0);
            let length = frame.len() as u32 - 34;
            assert_eq!(checksum(sum(&frame[26..]) + 6 + length), 0);
        }
        let packets = Link::v6().packets(&sample::connected());
        for frame in packets.iter().map(Packet::frame) {
            let length = frame.len() as u32 - 54;
            assert_eq!(checksum(sum(&frame[22..]) + 6 + length), 0);
        }
    }
}
