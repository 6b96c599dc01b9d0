//! Capture files, good and bad, written here byte by byte.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::Input;
use rtmp_inspect::net::Unpacker;
use tempfile::{NamedTempFile, TempDir};

/// Writes numbers in one of the two byte orders.
#[derive(Clone, Copy, Debug)]
struct Order {
    big: bool,
}

const LITTLE: Order = Order { big: false };
const BIG: Order = Order { big: true };

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32s(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| self.u32(*value)).collect()
    }

    // The classic format.

    fn pcap(self, magic: u32, link: u32) -> Vec<u8> {
        [&self.u32(magic)[..], &self.u16(2), &self.u16(4), &self.u32s(&[0, 0, 65535, link])].concat()
    }

    fn record(self, seconds: u32, fraction: u32, data: &[u8], wire_length: u32) -> Vec<u8> {
        [&self.u32s(&[seconds, fraction, data.len() as u32, wire_length])[..], data].concat()
    }

    // The new one.

    fn block(self, kind: u32, content: &[u8]) -> Vec<u8> {
        let padding = content.len().next_multiple_of(4) - content.len();
        let length = (content.len() + padding + 12) as u32;
        [&self.u32s(&[kind, length])[..], content, &vec![0; padding], &self.u32(length)].concat()
    }

    fn section(self) -> Vec<u8> {
        let content = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &self.u64(u64::MAX)].concat();
        self.block(0x0a0d_0d0a, &content)
    }

    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut option = [&self.u16(code)[..], &self.u16(value.len() as u16), value].concat();
        option.resize(option.len().next_multiple_of(4), 0);
        option
    }

    fn interface(self, link: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
        self.block(1, &[&self.u16(link)[..], &[0, 0], &self.u32(snap_length), options].concat())
    }

    fn enhanced(self, interface: u32, ticks: u64, data: &[u8], wire_length: u32) -> Vec<u8> {
        let (high, low) = ((ticks >> 32) as u32, ticks as u32);
        let mut content = self.u32s(&[interface, high, low, data.len() as u32, wire_length]);
        content.extend(data);
        content.resize(content.len().next_multiple_of(4), 0);
        // A comment, as tools write it.
        content.extend(self.option(1, b"comment"));
        content.extend(self.option(0, b""));
        self.block(6, &content)
    }

    fn obsolete(self, interface: u16, ticks: u64, data: &[u8]) -> Vec<u8> {
        let (high, low, length) = ((ticks >> 32) as u32, ticks as u32, data.len() as u32);
        let numbers = self.u32s(&[high, low, length, length]);
        self.block(2, &[&self.u16(interface)[..], &self.u16(0), &numbers, data].concat())
    }

    fn simple(self, data: &[u8], wire_length: u32) -> Vec<u8> {
        self.block(3, &[&self.u32(wire_length)[..], data].concat())
    }
}

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// What a capture gives: a line for each packet or error. The bytes must lie where the packet says.
fn read(files: &[&[u8]]) -> Vec<String> {
    let written: Vec<_> = files.iter().map(|bytes| file(bytes)).collect();
    let paths: Vec<PathBuf> = written.iter().map(|file| file.path().to_owned()).collect();
    let plain = |text: String| {
        paths.iter().enumerate().fold(text, |text, (n, path)| text.replace(path.to_str().unwrap(), &format!("F{n}")))
    };
    let mut input = match Input::open(&paths) {
        Ok(input) => input,
        Err(error) => return vec![plain(error.to_string())],
    };
    assert_eq!(input.size(), Some(files.iter().map(|bytes| bytes.len() as u64).sum()));
    let mut lines = Vec::new();
    let mut last = 0;
    let mut clean = true;
    while let Some(packet) = input.next() {
        lines.push(match packet {
            Ok(packet) => {
                let at = packet.place.offset as usize;
                assert_eq!(&files[packet.place.file as usize][at..at + packet.data.len()], packet.data);
                assert!(packet.wire_length as usize >= packet.data.len());
                assert!(packet.at.packet.0 > last, "numbers go up");
                last = packet.at.packet.0;
                let text = String::from_utf8_lossy(packet.data);
                let (time, link, length) = (packet.at.time.0, packet.link.0, packet.wire_length);
                format!("{time} link {link} {text:?} of {length}")
            }
            Err(error) => {
                clean = false;
                plain(error.to_string())
            }
        });
    }
    assert!(input.next().is_none());
    if clean {
        assert_eq!(Some(input.bytes_read()), input.size());
    }
    lines
}

#[test]
fn pcap_in_both_orders_and_both_resolutions() {
    for order in [LITTLE, BIG] {
        for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1)] {
            // Bits about the FCS above the link type; a record longer than the wire's packet.
            let header = order.pcap(magic, 0x5400_0001);
            let capture = [header, order.record(2, 5, b"abc", 3), order.record(u32::MAX, 7, b"defg", 1)].concat();
            let late = i64::from(u32::MAX) * 1_000_000_000 + 7 * unit;
            assert_eq!(
                read(&[&capture]),
                [format!("{} link 1 \"abc\" of 3", 2_000_000_000 + 5 * unit), format!("{late} link 1 \"defg\" of 4")]
            );
        }
    }
}

#[test]
fn capture_without_packets_is_fine() {
    assert!(read(&[&LITTLE.pcap(0xa1b2_c3d4, 1)]).is_empty());
    assert!(read(&[&BIG.section()]).is_empty());
}

#[test]
fn pcapng_in_both_orders_with_every_packet_block() {
    for order in [LITTLE, BIG] {
        let power_of_two = order.option(9, &[0x80 | 0x0a]);
        let nanoseconds = [order.option(9, &[9]), order.option(14, &order.u64(100)), order.option(0, b"")].concat();
        let capture = [
            order.section(),
            order.interface(1, 5, &power_of_two),
            order.block(0x0bad, b"a custom block"),
            order.interface(101, 0, &nanoseconds),
            order.enhanced(0, 1536, b"abc", 9),
            order.enhanced(1, 7, b"d", 1),
            order.block(0x7fff_1234, b""),
            order.obsolete(1, (1 << 32) + 8, b"ef"),
            order.simple(b"simpl", 7),
        ]
        .concat();
        let expected = [
            "1500000000 link 1 \"abc\" of 9",
            "100000000007 link 101 \"d\" of 1",
            "104294967304 link 101 \"ef\" of 2",
            // No time of its own; cut at the first interface's snap length.
            "104294967304 link 1 \"simpl\" of 7",
        ];
        assert_eq!(read(&[&capture]), expected);
    }
}

#[test]
fn each_section_has_its_own_order_and_interfaces() {
    let capture = [
        LITTLE.section(),
        LITTLE.interface(1, 0, b""),
        LITTLE.enhanced(0, 1, b"a", 1),
        BIG.section(),
        BIG.interface(113, 0, b""),
        BIG.enhanced(0, 2, b"b", 1),
        LITTLE.section(),
        LITTLE.enhanced(0, 3, b"c", 1),
    ]
    .concat();
    assert_eq!(
        read(&[&capture]),
        [
            "1000 link 1 \"a\" of 1",
            "2000 link 113 \"b\" of 1",
            "F0: packet 3: interface 0 has no description block before it"
        ]
    );
}

#[test]
fn times_saturate() {
    let capture = |resolution: u8, offset: i64, ticks: u64| {
        let options = [LITTLE.option(9, &[resolution]), LITTLE.option(14, &LITTLE.u64(offset as u64))].concat();
        [LITTLE.section(), LITTLE.interface(1, 0, &options), LITTLE.enhanced(0, ticks, b"", 0)].concat()
    };
    for resolution in 0..=u8::MAX {
        assert_eq!(read(&[&capture(resolution, i64::MAX, 1)]), [format!("{} link 1 \"\" of 0", i64::MAX)]);
        assert_eq!(read(&[&capture(resolution, i64::MIN, 1)]), [format!("{} link 1 \"\" of 0", i64::MIN)]);
    }
    assert_eq!(read(&[&capture(0, 0, u64::MAX)]), [format!("{} link 1 \"\" of 0", i64::MAX)]);
}

#[test]
fn several_captures_are_merged_by_time() {
    let header = LITTLE.pcap(0xa1b2_c3d4, 1);
    let one =
        [&header[..], &LITTLE.record(1, 0, b"a", 1), &LITTLE.record(3, 0, b"c", 1), &LITTLE.record(2, 0, b"back", 4)];
    let other =
        [&header[..], &LITTLE.record(1, 0, b"A", 1), &LITTLE.record(2, 0, b"B", 1), &LITTLE.record(3, 0, b"C", 1)];
    let text = |seconds: u32, data: &str| format!("{seconds}000000000 link 1 {data:?} of {}", data.len());
    assert_eq!(
        read(&[&one.concat(), &header, &other.concat()]),
        [text(1, "a"), text(1, "A"), text(2, "B"), text(3, "c"), text(2, "back"), text(3, "C")]
    );
}

#[test]
fn after_an_error_the_other_captures_follow() {
    let header = LITTLE.pcap(0xa1b2_c3d4, 1);
    let cut = [&header[..], &LITTLE.record(1, 0, b"a", 1), &LITTLE.u32s(&[2, 0, 9000, 9000]), &[0; 311]].concat();
    let whole = [&header[..], &LITTLE.record(1, 1, b"A", 1), &LITTLE.record(4, 0, b"B", 1)].concat();
    assert_eq!(
        read(&[&cut, &whole]),
        [
            "1000000000 link 1 \"a\" of 1",
            "F0: packet 2: record claims 9000 bytes, the file ends after 311",
            "1000001000 link 1 \"A\" of 1",
            "4000000000 link 1 \"B\" of 1",
        ]
    );
}

/// The only line that a capture gives.
fn only(bytes: &[u8]) -> String {
    let lines = read(&[bytes]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[test]
fn damaged_pcap() {
    let header = LITTLE.pcap(0xa1b2_c3d4, 1);
    assert_eq!(only(&header[..20]), "F0: the file ends inside its header");
    assert_eq!(only(&[&header[..], &[0; 15]].concat()), "F0: packet 1: the file ends inside the record's header");
    assert_eq!(
        only(&[&header[..], &LITTLE.u32s(&[0, 0, 3_000_000_000, 1])].concat()),
        "F0: packet 1: record claims 3000000000 bytes, more than any packet has: the file is damaged"
    );
    // Within the bound, but not there: nothing of that size may be allocated; the message is what can be seen.
    assert_eq!(
        only(&[&header[..], &LITTLE.u32s(&[0, 0, 16_000_000, 1])].concat()),
        "F0: packet 1: record claims 16000000 bytes, the file ends after 0"
    );
}

#[test]
fn damaged_pcapng() {
    let start = [LITTLE.section(), LITTLE.interface(1, 0, b"")].concat();
    let after = |bytes: &[u8]| only(&[&start[..], bytes].concat());
    let block = LITTLE.enhanced(0, 1, b"0123456789", 10);
    assert_eq!(after(&block[..33]), "F0: packet 1: record claims 10 bytes, the file ends after 5");
    assert_eq!(after(&block[..20]), "F0: packet 1: the file ends inside the record's header");
    assert_eq!(after(&block[..42]), "F0: block at byte 48: it claims 60 bytes, the file ends after 42");
    assert_eq!(after(&block[..7]), "F0: block at byte 48: the file ends 7 bytes into the block's header");
    let changed = |at: usize, value: u8| {
        let mut block = block.clone();
        block[at] = value;
        after(&block)
    };
    assert_eq!(changed(4, 11), "F0: block at byte 48: it claims 11 bytes, less than any block has");
    assert_eq!(changed(7, 0x80), "F0: block at byte 48: it claims 2147483708 bytes, more than any block has");
    assert_eq!(changed(4, 56), "F0: block at byte 48: it claims 56 bytes at its start and 0 at its end");
    assert_eq!(changed(20, 200), "F0: block at byte 48: the packet is longer than its block");
    assert_eq!(changed(8, 1), "F0: packet 1: interface 1 has no description block before it");
    let short = LITTLE.block(6, b"too short");
    assert_eq!(after(&short), "F0: block at byte 48: a packet block too short for its header");
    let mut section = LITTLE.section();
    section[8] = 0;
    assert_eq!(after(&section), "F0: block at byte 48: a section header without its byte-order mark");
    let unknown = LITTLE.block(0x7777, b"cut");
    assert_eq!(after(&unknown[..14]), "F0: block at byte 48: it claims 16 bytes, the file ends after 14");
}

#[test]
fn a_long_block_is_read_whole() {
    let long = vec![b'x'; 3 << 20];
    let capture = [
        LITTLE.section(),
        LITTLE.interface(1, 0, b""),
        LITTLE.block(10, &long),
        LITTLE.enhanced(0, 1, &long, long.len() as u32),
        LITTLE.enhanced(0, 2, b"next", 4),
    ]
    .concat();
    let lines = read(&[&capture]);
    assert_eq!((lines.len(), lines[1].as_str()), (2, "2000 link 1 \"next\" of 4"));
}

#[test]
fn what_is_no_capture_is_named() {
    let foreign = |name: &str| {
        let article = if ["ERF", "IXIA pcap", "Observer", "iptrace"].contains(&name) { "an" } else { "a" };
        // What says of each packet of which kind it is.
        let mixed = ["ERF", "K12", "K12 text", "nettl", "CommView"].contains(&name);
        let options = if mixed { "-T ether -F pcap" } else { "-F pcap" };
        format!(
            "F0: {article} {name} capture, not pcap or pcapng; Wireshark's editcap converts it: editcap {options} F0 OUT.pcap"
        )
    };
    let erf = |seconds: u32| [&[0; 4][..], &seconds.to_le_bytes(), &[2, 4, 0, 20, 0, 0, 0, 2, 0, 0, 1, 2]].concat();
    let erf = [erf(1_700_000_000), erf(1_700_000_001)].concat();
    let compressed =
        |name: &str| format!("F0: {name}-compressed data, not a pcap or pcapng capture; decompress it first");
    let cases: &[(&[u8], String)] = &[
        (b"", "F0: the file is empty, without even a capture header".to_owned()),
        (b"BZh91AY&SY", compressed("bzip2")),
        (b"\xfd7zXZ\0", compressed("xz")),
        (b"snoop\0\0\0\0\0\0\x02", foreign("snoop")),
        (b"GMBU\0\x02", foreign("Network Monitor")),
        (b"RTSS\x01\x01", foreign("Network Monitor")),
        (b"\x34\xcd\xb2\xa1\x02\0\x04\0", foreign("modified pcap")),
        (b"\xac\x01\0\x1c\x02\0\x04\0", foreign("IXIA pcap")),
        (b"TR\0d\0\0\0\0", foreign("nettl")),
        (b"\0\0\x02\0\x12\x05\0\x10", foreign("K12")),
        (b"+---------+---------------+----------+\n", foreign("K12 text")),
        (b"ObserverPktBufferVersion=", foreign("Observer")),
        (b"XCP\x00001.100\0", foreign("NetXRay")),
        (b"TRSNIFF data    \x1a", foreign("Sniffer")),
        (b"iptrace 2.0", foreign("iptrace")),
        (&erf, foreign("ERF")),
        (b"\x4a\0\x4a\0\0\xea\x07\x0b\x14\x04\x26\x0d", foreign("CommView")),
        (b"\x4a\0\0\0\xea\x07\x0b\x14\x04\x26\x0d\xda", foreign("CommView")),
        ("Grüße, this is a letter\n".as_bytes(), "F0: text, not a pcap or pcapng capture".to_owned()),
        (b"\xd4\xc3\xb2", "F0: not a pcap or pcapng capture".to_owned()),
        (b"\x0a\x0d\x0d\x0a\0\0", "F0: a pcapng capture whose section header is damaged".to_owned()),
    ];
    for (bytes, expected) in cases {
        assert_eq!(only(bytes), *expected);
    }
}

#[test]
fn pcaps_with_longer_record_headers_are_named() {
    for (more, name) in [(4, "Nokia pcap"), (8, "modified pcap")] {
        let mut capture = [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0; 8], &[0, 0, 4, 0, 1, 0, 0, 0]].concat();
        for second in 0..3_u32 {
            let numbers = [1_700_000_000 + second, 999_999, 60, 60];
            capture.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            capture.extend(vec![0; more]);
            capture.extend([0x45; 60]);
        }
        let lines = read(&[&capture]);
        let expected = format!(
            "F0: a {name} capture, not pcap or pcapng; Wireshark's editcap converts it: editcap -F pcap F0 OUT.pcap"
        );
        assert_eq!(lines[1..], [expected]);
    }
}

#[test]
fn a_command_that_is_proposed_can_be_typed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("it's mine.cap");
    std::fs::write(&path, b"snoop\0\0\0\0\0\0\x02").unwrap();
    let said = Input::open(std::slice::from_ref(&path)).err().unwrap().to_string();
    let quoted = format!("'{}/it'\\''s mine.cap'", folder.path().display());
    assert!(said.ends_with(&format!("editcap -F pcap {quoted} OUT.pcap")), "{said}");
    let said = Input::from_reader("standard input", &b"snoop\0\0\0\0\0\0\x02"[..]).err().unwrap().to_string();
    assert!(said.ends_with("editcap -F pcap IN OUT.pcap"), "{said}");
}

#[test]
fn files_that_cannot_be_opened() {
    let folder = TempDir::new().unwrap();
    let name = folder.path().display();
    let open = |paths: &[PathBuf]| Input::open(paths).err().unwrap().to_string();
    assert_eq!(open(&[folder.path().to_owned()]), format!("{name}: is a directory, not a capture"));
    assert_eq!(open(&[folder.path().join("x.pcap")]), format!("{name}/x.pcap: no such file"));
    assert_eq!(open(&[]), "no capture was named");
    assert_eq!(open(&["-".into(), "-".into()]), "standard input can be read only once");
}

/// A small pcapng with a bit of everything, to be damaged.
fn sample() -> Vec<u8> {
    let mut capture = [LITTLE.section(), LITTLE.interface(1, 96, &LITTLE.option(9, &[9]))].concat();
    capture.extend(LITTLE.interface(0, 0, b""));
    for n in 0..4 {
        capture.extend(LITTLE.enhanced(n % 2, 5, &[n as u8 ^ 0x45; 70], 90));
        capture.extend(LITTLE.obsolete(0, 5, &[8; 33]));
        capture.extend(LITTLE.simple(&[2, 0, 0, 0, 0x45, 0, 0, 30], 8));
    }
    [capture, BIG.section(), BIG.interface(276, 0, b""), BIG.enhanced(0, 1, &[0x86, 0xdd], 2)].concat()
}

/// Reads all there is, also inside the packets, and checks what must always hold.
fn survive(bytes: &[u8]) {
    let file = file(bytes);
    let Ok(mut input) = Input::open(&[file.path().to_owned()]) else { return };
    let mut errors = 0;
    let mut unpacker = Unpacker::new(&Limits::default());
    while let Some(packet) = input.next() {
        match packet {
            Ok(packet) => {
                let at = packet.place.offset as usize;
                assert_eq!(&bytes[at..at + packet.data.len()], packet.data);
                let _ = unpacker.push(&packet, &mut |_| ());
            }
            Err(_) => errors += 1,
        }
    }
    assert!(errors <= 1 && input.bytes_read() <= bytes.len() as u64);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..400), kind in 0..4_usize) {
        let start = match kind {
            0 => Vec::new(),
            1 => LITTLE.pcap(0xa1b2_c3d4, 1),
            2 => BIG.pcap(0xa1b2_3c4d, 113),
            _ => [BIG.section(), BIG.interface(1, 0, b"")].concat(),
        };
        survive(&[start, bytes].concat());
    }

    #[test]
    fn damage_is_survived(
        changes in vec((any::<usize>(), prop_oneof![Just(0), Just(0xff), any::<u8>()]), 0..6),
        end in any::<usize>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = sample();
        for (at, value) in changes {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(end % (bytes.len() + 1));
        }
        survive(&bytes);
    }

    #[test]
    fn any_packet_is_survived(link in prop_oneof![Just(0), Just(1), Just(101), Just(113), Just(276)],
        head in 0..5_usize, bytes in vec(any::<u8>(), 0..120), wire_length in any::<u32>()) {
        let head: &[u8] = [&[][..], &[2, 0, 0, 0, 0x45], &[0x45], &[0x60], &[0; 12]][head];
        let data = [head, &bytes].concat();
        survive(&[LITTLE.pcap(0xa1b2_c3d4, link), LITTLE.record(0, 0, &data, wire_length)].concat());
    }
}

/// Wireshark gives custom blocks a frame number; so that packets are found there by number, so do we.
#[test]
fn custom_blocks_count_as_packets() {
    let ng = LITTLE;
    let custom = ng.block(0xbad, &[0; 8]);
    let bytes =
        [ng.section(), ng.interface(1, 0, &[]), ng.simple(b"one", 3), custom.clone(), custom, ng.simple(b"two", 3)]
            .concat();
    let written = file(&bytes);
    let mut input = Input::open(&[written.path().to_owned()]).unwrap();
    let mut numbers = Vec::new();
    while let Some(packet) = input.next() {
        numbers.push(packet.unwrap().at.packet.0);
    }
    assert_eq!(numbers, [1, 4]);
}

#[test]
fn captures_put_together_with_cat_are_read_on() {
    let one = [LITTLE.pcap(0xa1b2_c3d4, 1), LITTLE.record(1, 0, b"a", 1)].concat();
    let big = [BIG.pcap(0xa1b2_3c4d, 113), BIG.record(2, 0, b"b", 1)].concat();
    let ng = [LITTLE.section(), LITTLE.interface(101, 0, b""), LITTLE.enhanced(0, 3_000_000, b"c", 1)].concat();
    let lines = read(&[&[&one[..], &big, &ng, &one, &ng, &ng].concat()]);
    let (a, c) = ("1000000000 link 1 \"a\" of 1", "3000000000 link 101 \"c\" of 1");
    assert_eq!(lines, [a, "2000000000 link 113 \"b\" of 1", c, a, c, c]);
    let cut = [&one[..], &big[..20]].concat();
    assert_eq!(read(&[&cut]), [a, "F0: the file ends inside its header"]);
}

#[test]
fn notes_are_kept_with_their_packets() {
    let ng = LITTLE;
    let comment = |text: &str| ng.option(1, text.as_bytes());
    let section = {
        let content = [&ng.u32(0x1a2b_3c4d)[..], &ng.u16(1), &ng.u16(0), &ng.u64(u64::MAX), &comment("whole")].concat();
        ng.block(0x0a0d_0d0a, &content)
    };
    let names = [&ng.u16(1)[..], &ng.u16(4 + 8), &[192, 0, 2, 1], b"one\0two\0", &ng.u16(2), &ng.u16(16 + 2)].concat();
    let names = [&names[..], &[0x20, 1], &[0; 13], &[9], b"x\0", &[0; 2], &ng.u32(0)].concat();
    let secrets = [&ng.u32(0x544c_534b)[..], &ng.u32(7), b"KEY LOG", &[0], &comment("not this one")].concat();
    let bytes = [
        section,
        ng.interface(1, 0, &comment("the interface")),
        ng.block(4, &names),
        ng.enhanced(0, 5, b"packet", 6),
        ng.block(10, &secrets),
        ng.block(0xbad, &[0; 8]),
        ng.enhanced(0, 6, b"packet", 6),
    ]
    .concat();
    let other = file(&[ng.section(), ng.interface(1, 0, b""), ng.enhanced(0, 1, b"0", 1)].concat());
    let written = file(&bytes);
    let mut input = Input::open(&[other.path().to_owned(), written.path().to_owned()]).unwrap();
    input.next().unwrap().unwrap();
    assert_eq!(input.notes().comments.len(), 1, "the other packet is still to come");
    input.next().unwrap().unwrap();
    assert!(input.notes().secrets.is_empty());
    while input.next().is_some() {}
    let notes = input.notes();
    let comments: Vec<_> = notes.comments.iter().map(|c| (c.file, c.packet.map(|n| n.0), c.text.as_str())).collect();
    let expected = [
        (0, Some(1), "comment"),
        (1, None, "whole"),
        (1, None, "the interface"),
        (1, Some(2), "comment"),
        (1, Some(4), "comment"),
    ];
    assert_eq!(comments, expected);
    let names: Vec<_> = notes.names.iter().map(|name| format!("{} {}", name.address, name.name)).collect();
    assert_eq!(names, ["192.0.2.1 one", "192.0.2.1 two", "2001::9 x"]);
    assert_eq!((notes.secrets[0].kind, notes.secrets[0].bytes.as_slice()), (0x544c_534b, &b"KEY LOG"[..]));
    assert_eq!((notes.secrets.len(), notes.missed), (1, 0));
    assert!(!format!("{notes:?}").contains("KEY"));
}

#[test]
fn notes_have_a_limit() {
    let ng = LITTLE;
    let secrets = ng.block(10, &[&ng.u32(1)[..], &ng.u32(1 << 20), &vec![7; 1 << 20]].concat());
    let bytes = [&ng.section()[..], &secrets.repeat(20)].concat();
    let written = file(&bytes);
    let mut input = Input::open(&[written.path().to_owned()]).unwrap();
    assert!(input.next().is_none());
    assert_eq!((input.notes().secrets.len(), input.notes().missed), (15, 5));
}
