//! Opus in Ogg. Source: RFC 7845; the pages are the `ogg` crate's.
//!
//! The granule position of a page is how many samples, at 48 kHz, its last packet ends at, the first of all counted from the file's
//! beginning: packets say themselves how long they are. Where packets are missing, the file is as much shorter.

use bytes::Bytes;
use ogg::writing::{PacketWriteEndInfo, PacketWriter};

use super::{Configuration, Form, Frame, Shape};
use crate::proto::rtp::OpusPacket;

const HEAD: &[u8] = b"OpusHead";
/// Version 1, two channels, nothing to leave out, 48 kHz, no gain, mapping family 0.
const MADE: &[u8] = b"OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00";
/// Bytes of a head without a table of channels.
const HEAD_BYTES: usize = 19;
/// The number of the stream in its file: any will do.
const SERIAL: u32 = 1;
/// The longest packet: 48 frames of 1275 bytes, and what says so.
const LONGEST: usize = 48 * (1275 + 2) + 2;
/// Samples that a page holds at most: a second, as RFC 7845 §3 advises.
const PAGE: u64 = 48_000;

pub(super) struct Opus {
    writer: PacketWriter<'static, Vec<u8>>,
    head: Option<Bytes>,
    has_begun: bool,
    /// The last packet: only the one that ends the file says so.
    waiting: Option<Vec<u8>>,
    /// Samples up to the end of the packet that waits, and those of the page so far.
    samples: u64,
    page: u64,
    /// Bytes that are not in a page so far.
    bytes: usize,
}

impl std::fmt::Debug for Opus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opus").field("samples", &self.samples).finish_non_exhaustive()
    }
}

fn head(record: &Bytes) -> Option<Bytes> {
    (record.starts_with(HEAD) && record.len() >= HEAD_BYTES).then(|| record.clone())
}

impl Opus {
    pub(super) fn new() -> Opus {
        Opus {
            writer: PacketWriter::new(Vec::new()),
            head: None,
            has_begun: false,
            waiting: None,
            samples: 0,
            page: 0,
            bytes: 0,
        }
    }

    /// Pages go to memory, where nothing fails.
    fn packet(&mut self, packet: Vec<u8>, how: PacketWriteEndInfo, samples: u64) -> Result<(), String> {
        self.writer.write_packet(packet, SERIAL, how, samples).map_err(|error| error.to_string())
    }

    fn begin(&mut self) -> Result<(), String> {
        let head = self.head.as_ref().map_or(MADE.to_vec(), |head| head.to_vec());
        self.packet(head, PacketWriteEndInfo::EndPage, 0)?;
        let vendor = concat!("rtmp-inspect ", env!("CARGO_PKG_VERSION"));
        let mut tags = b"OpusTags".to_vec();
        tags.extend((vendor.len() as u32).to_le_bytes());
        tags.extend(vendor.as_bytes());
        tags.extend(0u32.to_le_bytes());
        self.packet(tags, PacketWriteEndInfo::EndPage, 0)
    }
}

impl Form for Opus {
    fn ending(&self) -> &'static str {
        "opus"
    }

    fn held(&self) -> usize {
        self.bytes
    }

    fn goes_on(&self, configuration: Option<&Configuration>, _: &Shape) -> bool {
        let other = configuration.and_then(|other| head(&other.record));
        !self.has_begun || other.is_none() || self.head == other
    }

    fn configure(&mut self, configuration: &Configuration) -> Result<(), String> {
        self.head = head(&configuration.record).or(self.head.take());
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, _: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        let Some(packet) = OpusPacket::of(frame.data).filter(|_| frame.data.len() <= LONGEST) else {
            return Err("it is no packet of Opus".to_owned());
        };
        if !std::mem::replace(&mut self.has_begun, true) {
            self.begin()?;
        }
        if let Some(before) = self.waiting.take() {
            let is_full = self.page >= PAGE;
            let how = if is_full { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            self.packet(before, how, self.samples)?;
            if is_full {
                (self.page, self.bytes) = (0, 0);
            }
        }
        self.samples += u64::from(packet.samples());
        self.page += u64::from(packet.samples());
        self.bytes += frame.data.len();
        self.waiting = Some(frame.data.to_vec());
        out.append(self.writer.inner_mut());
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Option<super::Patch> {
        if let Some(last) = self.waiting.take() {
            // It goes to memory.
            let _ = self.packet(last, PacketWriteEndInfo::EndStream, self.samples);
        }
        out.append(self.writer.inner_mut());
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ogg::reading::PacketReader;

    #[test]
    fn granule_positions_are_where_packets_end() {
        let mut form = Opus::new();
        let mut out = Vec::new();
        // Packets of 20 ms.
        for number in 0..120u8 {
            let data = [0x78, number];
            form.frame(&Frame { data: &data, time: 0, is_key: false }, &Shape::default(), &mut out).unwrap();
        }
        assert!(form.frame(&Frame { data: &[], time: 0, is_key: false }, &Shape::default(), &mut out).is_err());
        form.finish(&mut out);
        let mut reader = PacketReader::new(std::io::Cursor::new(out));
        assert_eq!(reader.read_packet_expected().unwrap().data, MADE);
        assert!(reader.read_packet_expected().unwrap().data.starts_with(b"OpusTags\x12\0\0\0rtmp-inspect"));
        for number in 0..120u8 {
            let packet = reader.read_packet_expected().unwrap();
            assert_eq!(packet.data, [0x78, number]);
            assert_eq!(packet.last_in_stream(), number == 119);
            if packet.last_in_page() {
                assert_eq!(packet.absgp_page(), (u64::from(number) + 1) * 960);
            }
        }
        assert!(reader.read_packet().unwrap().is_none());
    }
}
