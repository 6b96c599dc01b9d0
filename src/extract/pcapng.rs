//! Writes packets as a pcapng file (draft-ietf-opsawg-pcapng): one section, whose interfaces count nanoseconds. Made packets begin with IP
//! and have one interface; captured ones have the interfaces that they came from, by link type.

use std::io::{self, Write};

use crate::capture::{LinkType, Secrets};
use crate::wire::Time;
use crate::wire::words::clip_bytes;

/// Raw IP (`LINKTYPE_RAW`).
const RAW: u16 = 101;
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;
/// Of any block.
const COMMENT: u16 = 1;
/// Of a section: the program that wrote it.
const PROGRAM: u16 = 4;
/// Of an interface: what its times count.
const RESOLUTION: u16 = 9;
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
    pub(super) fn new(out: W, comment: &str) -> io::Result<Self> {
        let mut writer = Writer::section(out, comment)?;
        writer.interface(RAW)?;
        Ok(writer)
    }

    /// The same without an interface so far.
    pub(super) fn section(out: W, comment: &str) -> io::Result<Self> {
        let mut writer = Writer { out, packets: 0 };
        let program = concat!("rtmp-inspect ", env!("CARGO_PKG_VERSION"));
        // In this machine's byte order, version 1.0, of a length that is not known.
        let mut section = Vec::from(0x1a2b_3c4d_u32.to_ne_bytes());
        section.extend([1_u16.to_ne_bytes(), 0_u16.to_ne_bytes()].concat());
        section.extend((-1_i64).to_ne_bytes());
        writer.block(SECTION, section, &[(PROGRAM, text(program)), (COMMENT, text(comment))])?;
        Ok(writer)
    }

    /// One more interface, without a snap length. They are counted from 0.
    pub(super) fn interface(&mut self, link: u16) -> io::Result<()> {
        let interface = [&link.to_ne_bytes()[..], &[0; 6]].concat();
        self.block(INTERFACE, interface, &[(RESOLUTION, vec![NANOSECONDS])])
    }

    /// Secrets that open what follows.
    pub(super) fn secrets(&mut self, secrets: &Secrets) -> io::Result<()> {
        let length = secrets.bytes.len() as u32;
        let body = [&secrets.kind.to_ne_bytes()[..], &length.to_ne_bytes(), &secrets.bytes].concat();
        self.block(DECRYPTION_SECRETS, body, &[])
    }

    /// A packet as it was captured, perhaps cut from a `length` on the wire.
    pub(super) fn captured(
        &mut self,
        interface: u32,
        time: Time,
        (packet, length): (&[u8], u32),
        comments: &[&str],
    ) -> io::Result<()> {
        let options: Vec<_> = comments.iter().map(|comment| (COMMENT, text(comment))).collect();
        self.enhanced(interface, time, (packet, length), &options)
    }

    /// The next packet, from its IP header on.
    pub(super) fn packet(&mut self, time: Time, packet: &[u8], comment: Option<&str>) -> io::Result<()> {
        // Captured whole.
        self.captured(0, time, (packet, packet.len() as u32), comment.as_slice())
    }

    fn enhanced(
        &mut self,
        interface: u32,
        time: Time,
        (packet, wire_length): (&[u8], u32),
        options: &[(u16, Vec<u8>)],
    ) -> io::Result<()> {
        let nanoseconds = time.0.max(0) as u64;
        let length = packet.len() as u32;
        let mut body = Vec::with_capacity(20 + packet.len() + 3);
        for field in [interface, (nanoseconds >> 32) as u32, nanoseconds as u32, length, wire_length] {
            body.extend(field.to_ne_bytes());
        }
        body.extend(packet);
        self.packets += 1;
        self.block(ENHANCED_PACKET, body, options)
    }

    /// The number of a link type in the file; none of one that has none there.
    pub(super) fn link(link: LinkType) -> Option<u16> {
        u16::try_from(link.0).ok()
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

    /// Its type, its length before and behind it, its body and its options, all padded to four bytes.
    fn block(&mut self, kind: u32, mut body: Vec<u8>, options: &[(u16, Vec<u8>)]) -> io::Result<()> {
        pad(&mut body);
        for (code, value) in options {
            body.extend([code.to_ne_bytes(), (value.len() as u16).to_ne_bytes()].concat());
            body.extend(value);
            pad(&mut body);
        }
        if !options.is_empty() {
            // Their end.
            body.extend([0; 4]);
        }
        let length = (body.len() as u32 + 12).to_ne_bytes();
        self.out.write_all(&kind.to_ne_bytes())?;
        self.out.write_all(&length)?;
        self.out.write_all(&body)?;
        self.out.write_all(&length)
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn text(text: &str) -> Vec<u8> {
    clip_bytes(text.to_owned(), LONGEST).into_bytes()
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
