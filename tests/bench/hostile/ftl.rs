//! Attacks by FTL's lines and by datagrams.

use std::io;

use rtmp_inspect::synth::tcp;
use rtmp_inspect::wire::Side;

use super::{Ends, Wire};

/// Where servers are told to take media.
const MEDIA: u16 = 9000;

/// A UDP datagram in Ethernet and IPv4.
fn datagram(source: ([u8; 4], u16), destination: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((28 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    frame.extend(source.0);
    frame.extend(destination.0);
    let lengths = [source.1, destination.1, 8 + payload.len() as u16, 0].map(u16::to_be_bytes);
    frame.extend(lengths.as_flattened());
    frame.extend(payload);
    frame
}

fn rtp(payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

fn nack(ssrc: u32, lost: u16) -> Vec<u8> {
    let mut packet = vec![0x81, 205, 0, 3];
    packet.extend(ssrc.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(lost.to_be_bytes());
    packet.extend(u16::MAX.to_be_bytes());
    packet
}

impl Wire<'_> {
    /// A control connection that has come as far as its media port.
    fn ftl(&mut self) -> io::Result<Ends> {
        let mut ends = self.connection();
        self.send(&mut ends, Side::Client, tcp::SYN, &[])?;
        self.send(&mut ends, Side::Server, tcp::SYN | tcp::ACK, &[])?;
        self.say(&mut ends, b"HMAC\r\n\r\n")?;
        self.send(&mut ends, Side::Server, tcp::ACK, &[b"200 ", &[b'a'; 256][..], b"\n"].concat())?;
        self.say(&mut ends, &[b"CONNECT 77 $", &[b'0'; 128][..], b"\r\n\r\n"].concat())?;
        self.send(&mut ends, Side::Server, tcp::ACK, b"200\n")?;
        self.say(&mut ends, b"Video: true\r\n\r\nVideoIngestSSRC: 78\r\n\r\n.\r\n\r\n")?;
        self.send(&mut ends, Side::Server, tcp::ACK, b"200. Use UDP port 9000\n")?;
        Ok(ends)
    }

    fn media(&mut self, ends: Ends, from: Side, payload: &[u8]) -> io::Result<()> {
        let number = ends.number;
        let client =
            ([10, (number >> 20) as u8, (number >> 12) as u8, (number >> 4) as u8], 50_000 + (number & 15) as u16);
        let server = ([192, 0, 2, 1], MEDIA);
        let (source, destination) = if from == Side::Client { (client, server) } else { (server, client) };
        self.frame(&datagram(source, destination, payload))
    }
}

/// Every datagram looks like media, and is a flow of its own.
pub(super) fn flows(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut number = 0_u32;
    while wire.written < end {
        number = number.wrapping_add(1);
        let [a, b, c, d] = number.to_be_bytes();
        let source = ([10, a, b, c], 1024 + u16::from(d));
        wire.frame(&datagram(source, ([192, 0, 2, 9], 7000), &rtp(96, 0, 0, 1, &[0x41; 400])))?;
    }
    Ok(())
}

/// Sessions that name their port, each with a datagram, and nothing more.
pub(super) fn ports(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let ends = wire.ftl()?;
        wire.media(ends, Side::Client, &rtp(96, 0, 0, 78, &[0x41; 40]))?;
    }
    Ok(())
}

/// Sessions that close behind the port, so that only their media keeps them; forged datagrams say that it goes on.
pub(super) fn lingering(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.ftl()?;
        wire.media(ends, Side::Client, &rtp(96, 0, 0, 78, &[0x41; 40]))?;
        wire.send(&mut ends, Side::Client, tcp::FIN | tcp::ACK, &[])?;
        wire.send(&mut ends, Side::Server, tcp::FIN | tcp::ACK, &[])?;
    }
    Ok(())
}

/// Pieces of NAL units that never end, with one packet missing before them: all wait.
pub(super) fn pieces(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let ends = wire.ftl()?;
        for number in (0..4000_u16).filter(|number| *number != 1) {
            for ssrc in 78..82 {
                wire.media(ends, Side::Client, &rtp(96, number, 0, ssrc, &[&[0x7c, 0x05][..], &[0; 1200]].concat()))?;
            }
            if wire.written >= end {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The other side asks for all packets again and again.
pub(super) fn nacks(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let ends = wire.ftl()?;
        for number in 0..60_000_u16 {
            wire.media(ends, Side::Client, &rtp(96, number, u32::from(number), 78, &[0x41]))?;
            wire.media(ends, Side::Server, &nack(78, number.wrapping_sub(2048)))?;
            wire.media(ends, Side::Server, &nack(78, number.wrapping_add(2048)))?;
            if wire.written >= end {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Lines without end, commands that nobody answers, and names that nobody knows.
pub(super) fn lines(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.ftl()?;
        wire.say(&mut ends, &b"PING\nHMAC\nX: 1\n.\n".repeat(4000))?;
        wire.say(&mut ends, &vec![b'y'; 100_000])?;
    }
    Ok(())
}
