//! The classic pcap format: one header for the file, one for each record.

use pcap_parser::{PcapHeader, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_header};

use super::buffer::{Buffer, LONGEST};
use super::record::Record;
use super::sniff::convertible;
use super::{CaptureError, LinkType};
use crate::wire::Time;

const HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// The bits of the header's last field that are the link type, as libpcap reads it; the others are about the FCS.
const LINK_TYPE: i32 = 0x03ff_ffff;

pub(super) struct Pcap {
    big_endian: bool,
    /// Nanoseconds in one unit of a record's fraction of a second.
    unit: i64,
    link: LinkType,
    /// The second of the last record.
    second: u32,
}

pub(super) fn is_pcap(start: &[u8]) -> bool {
    matches!(
        start.get(..4),
        Some([0xd4, 0xc3, 0xb2, 0xa1] | [0xa1, 0xb2, 0xc3, 0xd4] | [0x4d, 0x3c, 0xb2, 0xa1] | [0xa1, 0xb2, 0x3c, 0x4d])
    )
}

/// Whether a whole pcap header stands where a record's is expected: of the only version there is. As a record this would
/// be one of the year 2055 and later, without a byte.
#[inline]
pub(super) fn is_another_pcap(start: &[u8]) -> bool {
    is_pcap(start) && matches!(start.get(4..8), Some([2, 0, 4, 0] | [0, 2, 0, 4]))
}

impl Pcap {
    pub(super) fn open(file: &str, buffer: &mut Buffer) -> Result<Pcap, CaptureError> {
        let cut = || CaptureError::HeaderCut { file: file.to_owned() };
        if !buffer.fill(HEADER).map_err(|error| CaptureError::io(file, error))? {
            return Err(cut());
        }
        let (_, header): (_, PcapHeader) = parse_pcap_header(buffer.unread()).map_err(|_| cut())?;
        buffer.consume(HEADER);
        Ok(Pcap {
            big_endian: header.is_bigendian(),
            unit: if header.is_nanosecond_precision() { 1 } else { 1000 },
            link: LinkType(header.network.0 & LINK_TYPE),
            second: 0,
        })
    }

    /// The next record, consumed from the buffer but still in its window. `packet` is its number, for errors.
    pub(super) fn next(
        &mut self,
        file: &str,
        packet: u64,
        buffer: &mut Buffer,
    ) -> Option<Result<Record, CaptureError>> {
        let record = self.read(file, packet, buffer);
        if record.is_err()
            && packet == 2
            && let Some(name) = self.dialect(buffer.unread())
        {
            let looks = convertible(file, name, "");
            return Some(Err(CaptureError::NotCapture { file: file.to_owned(), looks }));
        }
        record.transpose()
    }

    /// The kind of pcap with longer record headers that it is, if where the second record should be one of that kind is.
    /// Nothing in the file's header tells these from others.
    fn dialect(&self, bytes: &[u8]) -> Option<&'static str> {
        let number = |at: usize| {
            let bytes: [u8; 4] = bytes.get(at..)?.first_chunk().copied()?;
            Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
        };
        [(4, "Nokia pcap"), (8, "modified pcap")].into_iter().find_map(|(more, name)| {
            let [second, fraction, captured, wire] = [0, 4, 8, 12].map(|at| number(more + at));
            let is_record = second?.abs_diff(self.second) < 86_400
                && i64::from(fraction?) * self.unit < 1_000_000_000
                && (1..=wire?).contains(&captured?)
                && wire? as usize <= LONGEST;
            is_record.then_some(name)
        })
    }

    fn read(&mut self, file: &str, packet: u64, buffer: &mut Buffer) -> Result<Option<Record>, CaptureError> {
        let io = |error| CaptureError::io(file, error);
        let is_there = buffer.fill(RECORD_HEADER).map_err(io)?;
        let Some(&[_, _, _, _, _, _, _, _, a, b, c, d]) = buffer.unread().first_chunk().filter(|_| is_there) else {
            if buffer.unread().is_empty() {
                return Ok(None);
            }
            return Err(CaptureError::RecordCut { file: file.to_owned(), packet });
        };
        let length = [a, b, c, d];
        let captured = if self.big_endian { u32::from_be_bytes(length) } else { u32::from_le_bytes(length) };
        if captured as usize > LONGEST {
            return Err(CaptureError::PacketTooLong { file: file.to_owned(), packet, claimed: u64::from(captured) });
        }
        let whole = RECORD_HEADER + captured as usize;
        let cut = |left: usize| CaptureError::PacketCut {
            file: file.to_owned(),
            packet,
            claimed: u64::from(captured),
            left: (left - RECORD_HEADER) as u64,
        };
        if !buffer.fill(whole).map_err(io)? {
            return Err(cut(buffer.unread().len()));
        }
        let parse = if self.big_endian { parse_pcap_frame_be } else { parse_pcap_frame };
        let (_, frame) = parse(buffer.unread()).map_err(|_| cut(buffer.unread().len()))?;
        let record = Record {
            time: Time(i64::from(frame.ts_sec) * 1_000_000_000 + i64::from(frame.ts_usec) * self.unit),
            link: self.link,
            offset: buffer.offset() + RECORD_HEADER as u64,
            captured,
            wire_length: frame.origlen.max(captured),
            numbered_before: 0,
        };
        self.second = frame.ts_sec;
        buffer.consume(whole);
        Ok(Some(record))
    }
}
