//! FTL sessions: control lines over TCP, and media in datagrams beside them.

use std::net::SocketAddr;

use super::packets::{checksum, sum, v4};
use super::{Connection, Conversation, Link};
use crate::wire::{Side, Time};

/// An FTL session. Each line or datagram comes a millisecond after the one before.
#[derive(Clone, Debug)]
pub struct Ftl {
    control: Conversation,
    link: Link,
    /// The client's and the server's ends of the media.
    media: [SocketAddr; 2],
    datagrams: Vec<(Time, Vec<u8>)>,
    /// Who ends the control connection, how, and when.
    end: Option<(Side, End, Time)>,
}

/// How a control connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Both sides close it.
    Closed,
    /// One side closes it, and the other does not.
    HalfClosed,
    Reset,
}

impl Default for Ftl {
    fn default() -> Self {
        Ftl {
            control: Conversation::new(),
            link: Link::v4().server_port(8084),
            media: [([192, 0, 2, 1], 50_001).into(), ([192, 0, 2, 2], 65_534).into()],
            datagrams: Vec::new(),
            end: None,
        }
    }
}

impl Ftl {
    /// Between 192.0.2.1 and 192.0.2.2, with media to port 65534.
    pub fn new() -> Self {
        Ftl::default()
    }

    /// From here on media runs between these.
    #[must_use]
    pub fn media_between(mut self, client: SocketAddr, server: SocketAddr) -> Self {
        self.media = [client, server];
        self
    }

    /// A line of the client, with the end that ftl-sdk gives it.
    #[must_use]
    pub fn client(self, line: &str) -> Self {
        self.write(Side::Client, format!("{line}\r\n\r\n").as_bytes())
    }

    /// A line of the server.
    #[must_use]
    pub fn server(self, line: &str) -> Self {
        self.write(Side::Server, format!("{line}\n").as_bytes())
    }

    /// Bytes of the control connection, as they stand.
    #[must_use]
    pub fn write(mut self, from: Side, bytes: &[u8]) -> Self {
        self.control = self.control.side(from, |peer| peer.raw(bytes));
        self
    }

    /// Lets time pass.
    #[must_use]
    pub fn wait_ms(mut self, milliseconds: i64) -> Self {
        self.control = self.control.wait_ms(milliseconds);
        self
    }

    /// A datagram of the media.
    #[must_use]
    pub fn datagram(mut self, from: Side, payload: &[u8]) -> Self {
        self = self.wait_ms(1);
        let (source, destination) = (self.media[from.index()], self.media[from.other().index()]);
        self.datagrams.push((self.control.now(), udp(source, destination, 0, payload)));
        self
    }

    /// A side closes the control connection, and the other does so at once.
    #[must_use]
    pub fn close(self, by: Side) -> Self {
        self.end(by, End::Closed)
    }

    /// A side closes the control connection, and the other does not.
    #[must_use]
    pub fn half_close(self, by: Side) -> Self {
        self.end(by, End::HalfClosed)
    }

    /// A side resets it.
    #[must_use]
    pub fn reset(self, by: Side) -> Self {
        self.end(by, End::Reset)
    }

    fn end(mut self, by: Side, how: End) -> Self {
        self = self.wait_ms(1);
        self.end = Some((by, how, self.control.now()));
        self
    }

    /// All frames on Ethernet, with their times, in order.
    pub fn frames(&self) -> Vec<(Time, Vec<u8>)> {
        let mut packets = Vec::new();
        let writes = self.control.writes();
        let start = writes.first().map_or(Time(0), |write| Time(write.time.0 - 1_000_000));
        let mut connection = Connection::open(self.link.clone(), start, &mut packets);
        for write in writes {
            connection.write(write, &mut packets);
        }
        let written = packets.len();
        match self.end {
            Some((by, End::Reset, time)) => connection.reset(by, time, &mut packets),
            Some((by, how, time)) => {
                connection.close(by, time, &mut packets);
                if matches!(how, End::HalfClosed) {
                    packets.truncate(written + 1);
                }
            }
            None => {}
        }
        let control = packets.iter().map(|packet| (packet.time, packet.frame()));
        let mut frames: Vec<_> = control.chain(self.datagrams.iter().cloned()).collect();
        frames.sort_by_key(|(time, _)| *time);
        frames
    }
}

/// An RTP packet.
#[derive(Clone, Debug, Default)]
pub struct Rtp {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence_number: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: Vec<u8>,
}

impl Rtp {
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x80, u8::from(self.marker) << 7 | self.payload_type];
        bytes.extend(self.sequence_number.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }
}

/// A NACK of one packet, as Janus sends it.
pub fn nack(ssrc: u32, sequence_number: u16) -> Vec<u8> {
    let mut bytes = vec![0x81, 205, 0, 3];
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(sequence_number.to_be_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// A datagram in IPv4 on Ethernet, of that identification. Its own checksum is left out, as IPv4 allows.
pub fn udp(source: SocketAddr, destination: SocketAddr, identification: u16, payload: &[u8]) -> Vec<u8> {
    const UDP: u8 = 17;
    let length = 8 + payload.len() as u16;
    let mut inside = Vec::with_capacity(usize::from(length));
    for word in [source.port(), destination.port(), length, 0] {
        inside.extend(word.to_be_bytes());
    }
    inside.extend(payload);
    frame(source, destination, UDP, identification, &inside)
}

/// What the destination of a datagram answers when nobody listens there: ICMP port unreachable, with the datagram's beginning.
pub fn unreachable(source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    const ICMP: u8 = 1;
    let mut inside = vec![3, 3, 0, 0, 0, 0, 0, 0];
    inside.extend(&udp(source, destination, 0, &[])[14..]);
    frame(destination, source, ICMP, 0, &inside)
}

fn frame(source: SocketAddr, destination: SocketAddr, protocol: u8, identification: u16, inside: &[u8]) -> Vec<u8> {
    let address = |end: SocketAddr| v4(end.ip());
    let mut frame = Vec::new();
    for end in [destination, source] {
        frame.extend([2, 0, 0, 0, 0]);
        frame.push(address(end)[3]);
    }
    frame.extend([0x08, 0x00, 0x45, 0]);
    frame.extend((20 + inside.len() as u16).to_be_bytes());
    frame.extend(identification.to_be_bytes());
    frame.extend([0x40, 0, 64, protocol, 0, 0]);
    frame.extend(address(source));
    frame.extend(address(destination));
    let header = checksum(sum(&frame[14..34]));
    frame[24..26].copy_from_slice(&header.to_be_bytes());
    frame.extend(inside);
    frame
}
