//! Writes packets as a pcapng file, in any of its three kinds of packet block.

use std::io::{self, Write};

use super::Packet;
use super::pcap::Endian;
use crate::wire::Time;

/// How a packet is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Block {
    /// Enhanced Packet Block: what all programs write.
    #[default]
    Enhanced,
    /// Simple Packet Block: without a time, always of the first interface.
    Simple,
    /// The obsolete Packet Block.
    Obsolete,
}

/// The unit of an interface's timestamps (`if_tsresol`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// Microseconds, by having no such option.
    #[default]
    Unsaid,
    /// 10 to the power of minus this.
    Decimal(u8),
    /// 2 to the power of minus this.
    Binary(u8),
}

impl Resolution {
    /// A time in this unit, counted from 1970.
    fn ticks(self, time: Time) -> u64 {
        let nanoseconds = time.0.max(0) as u128;
        let per_second = match self {
            Resolution::Unsaid => 1_000_000,
            Resolution::Decimal(power) => 10_u128.pow(power.min(18).into()),
            Resolution::Binary(power) => 1 << power.min(63),
        };
        (nanoseconds * per_second / 1_000_000_000) as u64
    }
}

/// Writes one block after the other.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    endian: Endian,
    interfaces: Vec<Resolution>,
}

impl<W: Write> Writer<W> {
    /// Writes the Section Header Block. Interfaces come next.
    pub fn new(out: W, endian: Endian) -> io::Result<Self> {
        let mut writer = Writer { out, endian, interfaces: Vec::new() };
        let mut body = writer.words(&[0x1a2b_3c4d]);
        body.extend(endian.u16(1));
        body.extend(endian.u16(0));
        // A section of unknown length.
        body.extend([0xff; 8]);
        writer.block(0x0a0d_0d0a, &body)?;
        Ok(writer)
    }

    /// Adds an Ethernet interface; returns its number.
    pub fn interface(&mut self, resolution: Resolution) -> io::Result<u32> {
        let mut body = Vec::new();
        body.extend(self.endian.u16(1));
        body.extend(self.endian.u16(0));
        body.extend(self.words(&[0]));
        let option = match resolution {
            Resolution::Unsaid => None,
            Resolution::Decimal(power) => Some(power),
            Resolution::Binary(power) => Some(power | 0x80),
        };
        if let Some(value) = option {
            body.extend(self.endian.u16(9));
            body.extend(self.endian.u16(1));
            body.extend([value, 0, 0, 0]);
            body.extend([0; 4]);
        }
        self.block(1, &body)?;
        self.interfaces.push(resolution);
        Ok(self.interfaces.len() as u32 - 1)
    }

    pub fn packet(&mut self, block: Block, interface: u32, packet: &Packet) -> io::Result<()> {
        self.frame(block, interface, packet.time, &packet.frame())
    }

    /// A frame of any content, of an interface that was added before.
    pub fn frame(&mut self, block: Block, interface: u32, time: Time, frame: &[u8]) -> io::Result<()> {
        let resolution = self.interfaces.get(interface as usize).copied().unwrap_or_default();
        let ticks = resolution.ticks(time);
        let (high, low, length) = ((ticks >> 32) as u32, ticks as u32, frame.len() as u32);
        let (kind, mut body) = match block {
            Block::Enhanced => (6, self.words(&[interface, high, low, length, length])),
            Block::Simple => (3, self.words(&[length])),
            Block::Obsolete => {
                let interface = self.endian.u16(interface as u16);
                // As many drops as can be: unknown.
                (2, [&interface[..], &[0xff; 2], &self.words(&[high, low, length, length])].concat())
            }
        };
        body.extend_from_slice(frame);
        self.block(kind, &body)
    }

    /// A block of any kind. The body is padded to 32 bits.
    pub fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = (12 + body.len() + padding) as u32;
        self.out.write_all(&self.words(&[kind, length]))?;
        self.out.write_all(body)?;
        self.out.write_all(&[0; 4][..padding])?;
        self.out.write_all(&self.endian.u32(length))
    }

    pub fn into_inner(self) -> W {
        self.out
    }

    fn words(&self, numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| self.endian.u32(*number)).collect()
    }
}

/// A whole file with one interface and Enhanced Packet Blocks.
pub fn write<'a>(out: impl Write, packets: impl IntoIterator<Item = &'a Packet>) -> io::Result<()> {
    let mut writer = Writer::new(out, Endian::default())?;
    let interface = writer.interface(Resolution::Decimal(9))?;
    packets.into_iter().try_for_each(|packet| writer.packet(Block::Enhanced, interface, packet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_in_the_unit_of_their_interface() {
        let time = Time(1_500_000_000);
        assert_eq!(Resolution::Unsaid.ticks(time), 1_500_000);
        assert_eq!(Resolution::Decimal(9).ticks(time), 1_500_000_000);
        assert_eq!(Resolution::Decimal(0).ticks(time), 1);
        assert_eq!(Resolution::Binary(10).ticks(time), 1536);
    }

    #[test]
    fn blocks_end_with_their_length_at_a_multiple_of_four() -> io::Result<()> {
        let mut writer = Writer::new(Vec::new(), Endian::Big)?;
        let interface = writer.interface(Resolution::Binary(10))?;
        for block in [Block::Enhanced, Block::Simple, Block::Obsolete] {
            writer.frame(block, interface, Time(1_000_000_000), &[0xaa; 5])?;
        }
        let file = writer.into_inner();
        let mut lengths = Vec::new();
        let mut rest = &file[..];
        while !rest.is_empty() {
            let length = u32::from_be_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
            assert_eq!(rest[length - 4..length], rest[4..8]);
            lengths.push((rest[3], length));
            rest = &rest[length..];
        }
        assert_eq!(lengths, [(0x0a, 28), (1, 32), (6, 40), (3, 24), (2, 40)]);
        Ok(())
    }
}
