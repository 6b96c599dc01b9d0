//! A made TCP connection: segments that carry what a session sent, as a TCP that sends and acknowledges it could have.
//!
//! Sequence numbers follow the session's own bytes, so what the capture misses is missing in them too. What a side sends acknowledges
//! all that the other one sent before it in the file; where a side says nothing for long, it acknowledges without a byte.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use etherparse::{IpHeaders, PacketBuilder, PacketBuilderStep, TcpHeader, TcpOptionElement};

use super::pcapng::Writer;
use crate::wire::{Side, Time};

/// The most bytes in one segment: with its headers it fits an IP packet.
const LONGEST: usize = 32 << 10;
/// Bytes behind which the other side acknowledges.
const PATIENCE: u32 = 64 << 10;
/// The window that both sides offer, and by how many bits it is shifted: no sender has to wait.
const WINDOW: u16 = u16::MAX;
const SHIFT: u8 = 14;
/// Routers between: not known.
const HOPS: u8 = 64;
/// The longest hole that sequence numbers tell: behind one of 2³¹ bytes they would be old.
const LONGEST_HOLE: u64 = 1 << 29;

/// A connection that is being made.
pub(super) struct Made {
    /// By side.
    addresses: [SocketAddr; 2],
    ends: [End; 2],
    /// A packet that is being made.
    packet: Vec<u8>,
}

/// One side of it, as a sender.
struct End {
    /// The sequence number of its next byte.
    next: u32,
    /// The offset of that in what the session's side sent.
    offset: u64,
    /// Bytes that the other side did not acknowledge.
    open: u32,
    is_reset: bool,
}

/// Which control bits a segment has beside ACK.
#[derive(Clone, Copy, Default)]
struct Bits {
    syn: bool,
    fin: bool,
    rst: bool,
}

impl Made {
    /// Which of them it is in the file tells its first sequence numbers: a later one between the same addresses has others.
    pub(super) fn new(number: u32, client: SocketAddr, server: SocketAddr) -> Made {
        let end = |first: u32| End { next: first.wrapping_add(1), offset: 0, open: 0, is_reset: false };
        let client_first = number.wrapping_mul(0x9e37_79b1);
        let ends = [end(client_first), end(client_first.wrapping_add(0x5bd1_e995))];
        Made { addresses: [client, server], ends, packet: Vec::new() }
    }

    /// Both sides' SYN, and the client's acknowledgement.
    pub(super) fn shake_hands<W: Write>(&mut self, time: Time, comment: &str, out: &mut Writer<W>) -> io::Result<()> {
        let syn = Bits { syn: true, ..Bits::default() };
        self.segment(Side::Client, syn, &[], time, Some(comment), out)?;
        self.segment(Side::Server, syn, &[], time, None, out)?;
        self.acknowledge(Side::Client, time, None, out)
    }

    /// Where in what a side sent its next byte is.
    pub(super) fn offset(&self, from: Side) -> u64 {
        self.ends[from.index()].offset
    }

    /// Bytes of a side up to there are missing. Gives how many.
    pub(super) fn miss(&mut self, from: Side, upto: u64) -> u64 {
        let end = &mut self.ends[from.index()];
        let missing = upto.saturating_sub(end.offset);
        end.next = end.next.wrapping_add(missing.min(LONGEST_HOLE) as u32);
        end.offset += missing;
        missing
    }

    /// The next bytes of a side.
    pub(super) fn send<W: Write>(
        &mut self,
        from: Side,
        bytes: &[u8],
        time: Time,
        mut comment: Option<&str>,
        out: &mut Writer<W>,
    ) -> io::Result<()> {
        for part in bytes.chunks(LONGEST) {
            self.segment(from, Bits::default(), part, time, comment.take(), out)?;
            let end = &mut self.ends[from.index()];
            let length = part.len() as u32;
            end.next = end.next.wrapping_add(length);
            end.offset += u64::from(length);
            end.open += length;
            if end.open >= PATIENCE {
                self.acknowledge(from.other(), time, None, out)?;
            }
        }
        Ok(())
    }

    /// A side ends what it sends.
    pub(super) fn finish<W: Write>(
        &mut self,
        from: Side,
        time: Time,
        comment: Option<&str>,
        out: &mut Writer<W>,
    ) -> io::Result<()> {
        self.segment(from, Bits { fin: true, ..Bits::default() }, &[], time, comment, out)?;
        let end = &mut self.ends[from.index()];
        end.next = end.next.wrapping_add(1);
        self.acknowledge(from.other(), time, None, out)
    }

    /// A side ends both directions.
    pub(super) fn reset<W: Write>(
        &mut self,
        from: Side,
        time: Time,
        comment: Option<&str>,
        out: &mut Writer<W>,
    ) -> io::Result<()> {
        self.segment(from, Bits { rst: true, ..Bits::default() }, &[], time, comment, out)?;
        self.ends[from.index()].is_reset = true;
        Ok(())
    }

    /// Whether a side ended both directions.
    pub(super) fn has_reset(&self, from: Side) -> bool {
        self.ends[from.index()].is_reset
    }

    /// A side acknowledges all that the other one sent.
    pub(super) fn acknowledge<W: Write>(
        &mut self,
        from: Side,
        time: Time,
        comment: Option<&str>,
        out: &mut Writer<W>,
    ) -> io::Result<()> {
        if self.ends[from.index()].is_reset {
            return Ok(());
        }
        self.segment(from, Bits::default(), &[], time, comment, out)
    }

    fn segment<W: Write>(
        &mut self,
        from: Side,
        bits: Bits,
        payload: &[u8],
        time: Time,
        comment: Option<&str>,
        out: &mut Writer<W>,
    ) -> io::Result<()> {
        let (own, other) = (from.index(), from.other().index());
        let (source, destination) = (self.addresses[own], self.addresses[other]);
        let next = self.ends[own].next;
        let mut tcp = TcpHeader::new(source.port(), destination.port(), next, WINDOW);
        (tcp.fin, tcp.rst, tcp.psh) = (bits.fin, bits.rst, !payload.is_empty());
        if !bits.syn || from == Side::Server {
            tcp.ack = true;
            tcp.acknowledgment_number = self.ends[other].next;
            self.ends[other].open = 0;
        }
        if bits.syn {
            tcp.syn = true;
            // A SYN has the number before the first byte's.
            tcp.sequence_number = next.wrapping_sub(1);
            let options = [TcpOptionElement::MaximumSegmentSize(LONGEST as u16), TcpOptionElement::WindowScale(SHIFT)];
            tcp.set_options(&options).map_err(io::Error::other)?;
        }
        let packet = ip(source.ip(), destination.ip()).tcp_header(tcp);
        self.packet.clear();
        packet.write(&mut self.packet, payload).map_err(io::Error::other)?;
        out.packet(time, &self.packet, comment)
    }
}

fn ip(source: IpAddr, destination: IpAddr) -> PacketBuilderStep<IpHeaders> {
    let six = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    };
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            PacketBuilder::ipv4(source.octets(), destination.octets(), HOPS)
        }
        _ => PacketBuilder::ipv6(six(source), six(destination), HOPS),
    }
}
