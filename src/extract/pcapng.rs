//! Writes packets as a pcapng file (draft-ietf-opsawg-pcapng): one section with one interface that has raw IP and counts nanoseconds.

use std::borrow::Cow;
use std::fmt::Debug;
use std::io::{self, Write};

use pcap_parser::pcapng::{
    EnhancedPacketBlock, InterfaceDescriptionBlock, OptionCode, PcapNGOption, SectionHeaderBlock,
};
use pcap_parser::{Linktype, ToVec};

use crate::wire::Time;
use crate::wire::words::clip_bytes;

/// Nanoseconds, as `if_tsresol` says it: 10 to the power of minus this.
const NANOSECONDS: u8 = 9;
/// The longest comment. An option's length has 16 bits; nobody reads as much.
const LONGEST: usize = 4096;

/// Writes one packet after the other.
pub(super) struct Writer<W> {
    out: W,
    packets: u64,
}

impl<W: Write> Writer<W> {
    /// Begins the file. The comment is its section's.
    pub(super) fn new(mut out: W, comment: &str) -> io::Result<Self> {
        let program = concat!("rtmp-inspect ", env!("CARGO_PKG_VERSION"));
        // What is left 0 here is set when a block is written.
        let mut section = SectionHeaderBlock {
            block_type: 0,
            block_len1: 0,
            bom: 0,
            major_version: 0,
            minor_version: 0,
            // Not known.
            section_len: -1,
            options: vec![text(OptionCode::ShbUserAppl, program), text(OptionCode::Comment, comment)],
            block_len2: 0,
        };
        let mut interface = InterfaceDescriptionBlock {
            block_type: 0,
            block_len1: 0,
            linktype: Linktype::RAW,
            reserved: 0,
            // No limit.
            snaplen: 0,
            options: Vec::new(),
            block_len2: 0,
            if_tsresol: NANOSECONDS,
            if_tsoffset: 0,
        };
        // The crate's own option for the resolution would have a length that it does not say.
        interface.options.push(PcapNGOption {
            code: OptionCode::IfTsresol,
            len: 1,
            value: Cow::Owned(vec![NANOSECONDS]),
        });
        out.write_all(&section.to_vec().map_err(fault)?)?;
        out.write_all(&interface.to_vec().map_err(fault)?)?;
        Ok(Writer { out, packets: 0 })
    }

    /// The next packet, from its IP header on.
    pub(super) fn packet(&mut self, time: Time, packet: &[u8], comment: Option<&str>) -> io::Result<()> {
        let nanoseconds = time.0.max(0) as u64;
        let length = packet.len() as u32;
        let mut block = EnhancedPacketBlock {
            block_type: 0,
            block_len1: 0,
            if_id: 0,
            ts_high: (nanoseconds >> 32) as u32,
            ts_low: nanoseconds as u32,
            caplen: length,
            origlen: length,
            data: packet,
            options: comment.map(|comment| text(OptionCode::Comment, comment)).into_iter().collect(),
            block_len2: 0,
        };
        self.packets += 1;
        self.out.write_all(&block.to_vec().map_err(fault)?)
    }

    /// Packets so far.
    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn text(code: OptionCode, text: &str) -> PcapNGOption<'static> {
    let value = clip_bytes(text.to_owned(), LONGEST).into_bytes();
    PcapNGOption { code, len: value.len() as u16, value: Cow::Owned(value) }
}

/// A block cannot be made: it is written to memory, so that does not happen.
fn fault(error: impl Debug) -> io::Error {
    io::Error::other(format!("{error:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Input;

    #[test]
    fn packets_are_read_as_they_were_written() {
        let mut writer = Writer::new(Vec::new(), "what it is").unwrap();
        let times = [Time(1_700_000_000_123_456_789), Time(0), Time(i64::MAX)];
        for (length, time) in times.into_iter().enumerate() {
            writer.packet(time, &[0x45, 1, 2][..length], (length == 1).then_some("why, ä")).unwrap();
        }
        assert_eq!(writer.packets(), 3);
        let file = writer.finish().unwrap();
        assert!(file.len() % 4 == 0);
        let mut input = Input::from_reader("written", io::Cursor::new(file)).unwrap();
        for (length, time) in times.into_iter().enumerate() {
            let packet = input.next().unwrap().unwrap();
            assert_eq!((packet.at.time, packet.data, packet.link.0), (time, &[0x45, 1, 2][..length], 101));
        }
        assert!(input.next().is_none());
        let comments = format!("{:?}", input.notes());
        assert!(comments.contains("what it is") && comments.contains("why, ä"), "{comments}");
    }

    #[test]
    fn a_comment_is_never_longer_than_its_length_can_say() {
        let writer = Writer::new(Vec::new(), &"ä".repeat(100_000)).unwrap();
        let file = writer.finish().unwrap();
        assert!(file.len() < LONGEST + 256, "{}", file.len());
        assert!(Input::from_reader("written", io::Cursor::new(file)).unwrap().next().is_none());
    }
}
