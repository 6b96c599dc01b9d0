//! Writes packets as a pcap file.

use std::io::{self, Write};

use super::Packet;
use crate::wire::Time;

/// Which end of a number comes first in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Endian {
    #[default]
    Little,
    Big,
}

impl Endian {
    pub(super) fn u16(self, number: u16) -> [u8; 2] {
        match self {
            Endian::Little => number.to_le_bytes(),
            Endian::Big => number.to_be_bytes(),
        }
    }

    pub(super) fn u32(self, number: u32) -> [u8; 4] {
        match self {
            Endian::Little => number.to_le_bytes(),
            Endian::Big => number.to_be_bytes(),
        }
    }
}

/// What a record's time counts after the seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fraction {
    #[default]
    Microseconds,
    Nanoseconds,
}

/// The dialect of a file, and how much of a packet it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub endian: Endian,
    pub fraction: Fraction,
    /// Bytes kept of a packet.
    pub snap_length: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { endian: Endian::default(), fraction: Fraction::default(), snap_length: 262_144 }
    }
}

/// Writes one record after the other.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    options: Options,
}

impl<W: Write> Writer<W> {
    /// Writes the file header: Ethernet.
    pub fn new(mut out: W, options: Options) -> io::Result<Self> {
        let endian = options.endian;
        let magic = match options.fraction {
            Fraction::Microseconds => 0xa1b2_c3d4,
            Fraction::Nanoseconds => 0xa1b2_3c4d,
        };
        out.write_all(&endian.u32(magic))?;
        out.write_all(&endian.u16(2))?;
        out.write_all(&endian.u16(4))?;
        for number in [0, 0, options.snap_length, 1] {
            out.write_all(&endian.u32(number))?;
        }
        Ok(Writer { out, options })
    }

    pub fn packet(&mut self, packet: &Packet) -> io::Result<()> {
        self.frame(packet.time, &packet.frame())
    }

    /// A frame of any content.
    pub fn frame(&mut self, time: Time, frame: &[u8]) -> io::Result<()> {
        let kept = &frame[..frame.len().min(self.options.snap_length as usize)];
        let fraction = time.0.rem_euclid(1_000_000_000) as u32;
        let fraction = match self.options.fraction {
            Fraction::Microseconds => fraction / 1000,
            Fraction::Nanoseconds => fraction,
        };
        let seconds = time.0.div_euclid(1_000_000_000) as u32;
        for number in [seconds, fraction, kept.len() as u32, frame.len() as u32] {
            self.out.write_all(&self.options.endian.u32(number))?;
        }
        self.out.write_all(kept)
    }

    pub fn into_inner(self) -> W {
        self.out
    }
}

/// A whole file in the commonest dialect.
pub fn write<'a>(out: impl Write, packets: impl IntoIterator<Item = &'a Packet>) -> io::Result<()> {
    write_as(Options::default(), out, packets)
}

pub fn write_as<'a>(
    options: Options,
    out: impl Write,
    packets: impl IntoIterator<Item = &'a Packet>,
) -> io::Result<()> {
    let mut writer = Writer::new(out, options)?;
    packets.into_iter().try_for_each(|packet| writer.packet(packet))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(options: Options) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), options).expect("a vector takes all bytes");
        writer.frame(Time(2_000_000_500), &[0xaa; 5]).expect("a vector takes all bytes");
        writer.into_inner()
    }

    #[test]
    fn the_header_says_order_and_fraction() {
        let little = file(Options::default());
        assert_eq!(little[..8], [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
        assert_eq!(little[20..32], [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        let big = file(Options { endian: Endian::Big, fraction: Fraction::Nanoseconds, ..Options::default() });
        assert_eq!(big[..8], [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4]);
        assert_eq!(big[20..32], [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0xf4]);
    }

    #[test]
    fn a_snap_length_cuts_a_packet_and_the_record_says_so() {
        let cut = file(Options { snap_length: 3, ..Options::default() });
        assert_eq!(cut[32..], [3, 0, 0, 0, 5, 0, 0, 0, 0xaa, 0xaa, 0xaa]);
    }
}
