//! The pcapng format: sections of blocks, where each packet names an interface with its own link type and clock.

use std::net::IpAddr;

use pcap_parser::pcapng::{
    EnhancedPacketBlock, InterfaceDescriptionBlock, OptionCode, parse_enhancedpacketblock_be,
    parse_enhancedpacketblock_le, parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
};

use super::buffer::{Buffer, LONGEST};
use super::notes::Notes;
use super::record::Record;
use super::{CaptureError, LinkType};
use crate::limits::Limits;
use crate::wire::words::count;
use crate::wire::{PacketNo, Time};

const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const INTERFACE_DESCRIPTION: u32 = 1;
/// The packet block of 2004, before the enhanced one: its interface number has 16 bits, a drop count follows.
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

/// The option of every block that is a comment.
const COMMENT: u16 = 1;

/// Type, length, and the length again at the end.
const FRAME: usize = 12;
/// Where the packet starts in an enhanced packet block, and in an obsolete one.
const PACKET_AT: usize = 28;
const SIMPLE_PACKET_AT: usize = 12;

struct Interface {
    link: LinkType,
    /// The longest capture of a packet in bytes; 0 for no bound.
    snap_length: u32,
    clock: Clock,
}

pub(super) struct PcapNg {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// The last time seen: that of a simple packet block, which has none itself.
    last: Time,
    /// Blocks since the last packet that Wireshark numbers like packets.
    numbered: u64,
}

pub(super) fn is_pcapng(start: &[u8]) -> bool {
    start.starts_with(&SECTION) && matches!(start.get(8..12), Some([0x4d, 0x3c, 0x2b, 0x1a] | [0x1a, 0x2b, 0x3c, 0x4d]))
}

/// One block's claims, before its content is looked at.
#[derive(Clone, Copy)]
struct Frame {
    kind: u32,
    /// Bytes of the whole block.
    length: usize,
}

impl PcapNg {
    pub(super) fn new() -> PcapNg {
        PcapNg { big_endian: false, interfaces: Vec::new(), last: Time(0), numbered: 0 }
    }

    /// The next packet, consumed from the buffer but still in its window. `packet` is its number, for errors.
    pub(super) fn next(
        &mut self,
        file: &str,
        packet: u64,
        buffer: &mut Buffer,
        notes: &mut Notes,
    ) -> Option<Result<Record, CaptureError>> {
        loop {
            let frame = match self.frame(file, packet, buffer) {
                Ok(Some(frame)) => frame,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            let found = self.block(frame, file, packet, buffer, notes);
            match found {
                Ok(None) => buffer.consume(frame.length),
                Ok(Some(record)) => {
                    buffer.consume(frame.length);
                    return Some(Ok(record));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn u32(&self, bytes: &[u8], at: usize) -> u32 {
        let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn u16(&self, bytes: &[u8], at: usize) -> u16 {
        let bytes = bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    /// Brings the next block whole into the buffer's window and checks its two lengths.
    fn frame(&mut self, file: &str, packet: u64, buffer: &mut Buffer) -> Result<Option<Frame>, CaptureError> {
        let io = |error| CaptureError::io(file, error);
        let offset = buffer.offset();
        let damaged = |what: String| Err(CaptureError::Block { file: file.to_owned(), offset, what });
        if !buffer.fill(FRAME).map_err(io)? {
            let left = buffer.unread().len();
            return if left == 0 {
                Ok(None)
            } else {
                damaged(format!("the file ends {} into the block's header", count(left as u64, "byte")))
            };
        }
        let head = buffer.unread();
        if head.starts_with(&SECTION) {
            // A section says itself in which order its bytes are.
            self.big_endian = match &head[8..12] {
                [0x1a, 0x2b, 0x3c, 0x4d] => true,
                [0x4d, 0x3c, 0x2b, 0x1a] => false,
                _ => return damaged("a section header without its byte-order mark".to_owned()),
            };
        }
        let frame = Frame { kind: self.u32(head, 0), length: self.u32(head, 4) as usize };
        if frame.length < FRAME {
            return damaged(format!("it claims {} bytes, less than any block has", frame.length));
        }
        if frame.length > LONGEST {
            return damaged(format!("it claims {} bytes, more than any block has", frame.length));
        }
        if !buffer.fill(frame.length).map_err(io)? {
            let left = buffer.unread().len();
            if frame.carries_packet() {
                // In a packet's terms where its header is there; the user counts packets, not blocks.
                let claimed = self.packet_length(frame, buffer.unread());
                let header = frame.packet_at();
                if left < header {
                    return Err(CaptureError::RecordCut { file: file.to_owned(), packet });
                }
                if (left - header) < claimed as usize && (claimed as usize) <= frame.length - header {
                    let (claimed, left) = (u64::from(claimed), (left - header) as u64);
                    return Err(CaptureError::PacketCut { file: file.to_owned(), packet, claimed, left });
                }
            }
            return damaged(format!("it claims {} bytes, the file ends after {left}", frame.length));
        }
        let again = self.u32(buffer.unread(), frame.length - 4) as usize;
        if again != frame.length {
            return damaged(format!("it claims {} bytes at its start and {again} at its end", frame.length));
        }
        Ok(Some(frame))
    }

    /// How many bytes of packet a packet block claims, by its header alone.
    fn packet_length(&self, frame: Frame, bytes: &[u8]) -> u32 {
        if frame.kind == SIMPLE_PACKET {
            let wire_length = self.u32(bytes, 8);
            self.interfaces.first().map_or(wire_length, |interface| interface.captured(wire_length))
        } else {
            self.u32(bytes, 20)
        }
    }

    /// What a whole block gives: a packet, or nothing for those that describe or that we do not know.
    fn block(
        &mut self,
        frame: Frame,
        file: &str,
        packet: u64,
        buffer: &Buffer,
        notes: &mut Notes,
    ) -> Result<Option<Record>, CaptureError> {
        let bytes = &buffer.unread()[..frame.length];
        let damaged =
            |what: &str| CaptureError::Block { file: file.to_owned(), offset: buffer.offset(), what: what.to_owned() };
        match frame.kind {
            kind if kind.to_be_bytes() == SECTION => {
                self.interfaces.clear();
                // Byte order, version, length of the section; then options.
                self.comments(bytes.get(24..).unwrap_or_default(), None, notes);
                return Ok(None);
            }
            INTERFACE_DESCRIPTION => {
                let parse = if self.big_endian {
                    parse_interfacedescriptionblock_be
                } else {
                    parse_interfacedescriptionblock_le
                };
                let (_, block) = parse(bytes).map_err(|_| damaged("the interface description cannot be read"))?;
                if self.interfaces.len() == Limits::DEFAULT.interfaces {
                    return Err(damaged("more interfaces than any capture has"));
                }
                self.interfaces.push(Interface::new(&block, self.big_endian));
                self.comments(bytes.get(16..).unwrap_or_default(), None, notes);
                return Ok(None);
            }
            NAME_RESOLUTION => {
                self.names(&bytes[8..frame.length - 4], notes);
                return Ok(None);
            }
            DECRYPTION_SECRETS => {
                let length = self.u32(bytes, 12) as usize;
                let secrets = bytes[..frame.length - 4].get(16..).unwrap_or_default();
                notes.secrets(self.u32(bytes, 8), &secrets[..length.min(secrets.len())]);
                return Ok(None);
            }
            _ if !frame.carries_packet() => {
                self.numbered += u64::from(frame.is_numbered());
                return Ok(None);
            }
            _ => {}
        }
        if frame.length < frame.packet_at() + 4 {
            return Err(damaged("a packet block too short for its header"));
        }
        let captured = self.packet_length(frame, bytes);
        let (interface, ticks, wire_length) = match frame.kind {
            ENHANCED_PACKET => {
                let parse = if self.big_endian { parse_enhancedpacketblock_be } else { parse_enhancedpacketblock_le };
                let (_, block): (_, EnhancedPacketBlock<'_>) =
                    parse(bytes).map_err(|_| damaged("the packet is longer than its block"))?;
                if !block.options.is_empty() {
                    let options = PACKET_AT + (captured as usize).next_multiple_of(4);
                    // Its number is known to the input alone.
                    self.comments(bytes.get(options..).unwrap_or_default(), Some(PacketNo(packet)), notes);
                }
                (block.if_id, Some((block.ts_high, block.ts_low)), block.origlen)
            }
            OBSOLETE_PACKET => {
                let ticks = (self.u32(bytes, 12), self.u32(bytes, 16));
                (u32::from(self.u16(bytes, 8)), Some(ticks), self.u32(bytes, 24))
            }
            _ => (0, None, self.u32(bytes, 8)),
        };
        if captured as usize > frame.length - frame.packet_at() - 4 {
            return Err(damaged("the packet is longer than its block"));
        }
        let Some(described) = self.interfaces.get(interface as usize) else {
            return Err(CaptureError::NoInterface { file: file.to_owned(), packet, interface });
        };
        if let Some((high, low)) = ticks {
            self.last = described.clock.time(u64::from(high) << 32 | u64::from(low));
        }
        Ok(Some(Record {
            time: self.last,
            link: described.link,
            offset: buffer.offset() + frame.packet_at() as u64,
            captured,
            wire_length: wire_length.max(captured),
            numbered_before: std::mem::take(&mut self.numbered),
        }))
    }
}

impl PcapNg {
    /// Notes the comments among a block's options; after these the block's length stands once more.
    fn comments(&self, options: &[u8], packet: Option<PacketNo>, notes: &mut Notes) {
        let mut options = &options[..options.len().saturating_sub(4)];
        while options.len() >= 4 {
            let (code, length) = (self.u16(options, 0), usize::from(self.u16(options, 2)));
            let Some(value) = options.get(4..4 + length) else { return };
            match code {
                0 => return,
                COMMENT => notes.comment(0, packet, value),
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
    }

    /// Notes the records of a name resolution block: an address, and its names, each ended by a zero.
    fn names(&self, mut records: &[u8], notes: &mut Notes) {
        while records.len() >= 4 {
            let (kind, length) = (self.u16(records, 0), usize::from(self.u16(records, 2)));
            let Some(value) = records.get(4..4 + length) else { return };
            let (address, names) = match kind {
                0 => return,
                1 => (value.first_chunk::<4>().map(|octets| IpAddr::from(*octets)), value.get(4..)),
                2 => (value.first_chunk::<16>().map(|octets| IpAddr::from(*octets)), value.get(16..)),
                _ => (None, None),
            };
            if let (Some(address), Some(names)) = (address, names) {
                for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
                    notes.name(address, name);
                }
            }
            records = records.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

impl Frame {
    fn carries_packet(self) -> bool {
        matches!(self.kind, OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET)
    }

    /// Whether Wireshark gives it a frame number though it carries no packet: custom blocks, the systemd journal, sysdig.
    fn is_numbered(self) -> bool {
        matches!(self.kind, 0x0000_0bad | 0x4000_0bad | 9 | 0x204 | 0x208 | 0x216 | 0x217 | 0x221 | 0x222)
    }

    fn packet_at(self) -> usize {
        if self.kind == SIMPLE_PACKET { SIMPLE_PACKET_AT } else { PACKET_AT }
    }
}

impl Interface {
    fn new(block: &InterfaceDescriptionBlock<'_>, big_endian: bool) -> Interface {
        let mut clock = Clock { resolution: 6, offset: 0 };
        for option in &block.options {
            match (option.code, option.as_bytes()) {
                (OptionCode::IfTsresol, Ok([resolution, ..])) => clock.resolution = *resolution,
                (OptionCode::IfTsoffset, Ok(bytes)) => {
                    // Not the crate's own reading of it: that is little-endian whatever the section says.
                    let bytes = bytes.try_into().unwrap_or_default();
                    clock.offset = if big_endian { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) };
                }
                _ => {}
            }
        }
        Interface { link: LinkType(block.linktype.0), snap_length: block.snaplen, clock }
    }

    fn captured(&self, wire_length: u32) -> u32 {
        if self.snap_length == 0 { wire_length } else { wire_length.min(self.snap_length) }
    }
}

/// How an interface counts time.
#[derive(Clone, Copy)]
struct Clock {
    /// `if_tsresol`: ticks in a second as a power of ten, or of two when the top bit is set.
    resolution: u8,
    /// `if_tsoffset`: seconds to add.
    offset: i64,
}

impl Clock {
    /// The time that `ticks` stand for, saturating.
    fn time(self, ticks: u64) -> Time {
        let nanoseconds = if self.resolution & 0x80 != 0 {
            (u128::from(ticks) * 1_000_000_000) >> (self.resolution & 0x7f)
        } else if self.resolution <= 9 {
            u128::from(ticks) * 10u128.pow(9 - u32::from(self.resolution))
        } else {
            // 10^38 is the largest power that fits; more ticks in a second than that leave no nanosecond.
            u128::from(ticks) / 10u128.pow((u32::from(self.resolution) - 9).min(38))
        };
        // Under 2^94, so the sum cannot overflow.
        let sum = nanoseconds as i128 + i128::from(self.offset) * 1_000_000_000;
        Time(sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_count_in_powers_of_ten_and_two() {
        let time = |resolution, offset, ticks| Clock { resolution, offset }.time(ticks).0;
        assert_eq!(time(6, 0, 1_500_000), 1_500_000_000);
        assert_eq!(time(9, 0, 7), 7);
        assert_eq!(time(0, 0, 3), 3_000_000_000);
        assert_eq!(time(12, 0, 7_999), 7);
        assert_eq!(time(0x80 | 0x14, 0, 3 << 19), 1_500_000_000);
        assert_eq!(time(6, -2, 1_000_000), -1_000_000_000);
    }

    #[test]
    fn clocks_saturate() {
        for resolution in 0..=255 {
            for offset in [i64::MIN, 0, i64::MAX] {
                for ticks in [0, 1, u64::MAX] {
                    let _ = Clock { resolution, offset }.time(ticks);
                }
            }
        }
        assert_eq!(Clock { resolution: 0, offset: 0 }.time(u64::MAX), Time(i64::MAX));
        assert_eq!(Clock { resolution: 6, offset: i64::MIN }.time(0), Time(i64::MIN));
    }
}
