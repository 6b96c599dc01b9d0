//! Says what a file that is no capture of ours looks like, so that the user knows what to do with it.

/// What a capture from standard input is called.
pub(super) const STDIN: &str = "standard input";

/// What the first bytes of `file` look like, as the tail of a sentence.
pub(super) fn looks(file: &str, start: &[u8]) -> String {
    let compressed = |name| format!("{name}-compressed data, not a pcap or pcapng capture; decompress it first");
    let foreign = |name: &str| convertible(file, name, "");
    // These say of each packet what it is, and editcap writes none of that into a pcap unless it is told what.
    let mixed = |name: &str| convertible(file, name, "-T ether ");
    // Once is read.
    let twice = |name| format!("compressed twice: {name}-compressed data inside; decompress it once first");
    match start {
        [0x1f, 0x8b, ..] => twice("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => twice("zstd"),
        [0x04, 0x22, 0x4d, 0x18, ..] => twice("lz4"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => compressed("xz"),
        [b'B', b'Z', b'h', ..] => compressed("bzip2"),
        [0x1f, 0x9d, ..] => compressed("compress"),
        [b'P', b'K', 3, 4, ..] => "a zip archive, not a pcap or pcapng capture; unpack it first".to_owned(),
        [b's', b'n', b'o', b'o', b'p', 0, ..] => foreign("snoop"),
        [b'G', b'M', b'B', b'U', ..] | [b'R', b'T', b'S', b'S', ..] => foreign("Network Monitor"),
        [b'X', b'C', b'P', 0, ..] => foreign("NetXRay"),
        [b'T', b'R', b'S', b'N', b'I', b'F', b'F', ..] => foreign("Sniffer"),
        [0x34, 0xcd, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0xcd, 0x34, ..] => foreign("modified pcap"),
        // Lengths before the packets' own, by a maker of test equipment.
        [0xac | 0xab, 0x01, 0x00, 0x1c, ..] | [0x1c, 0x00, 0x01, 0xac | 0xab, ..] => foreign("IXIA pcap"),
        [0x54, 0x52, 0x00, 0x64, 0x00, ..] | [0, 0, 0, 1, 0, 0, 0, 0, 0, 7, 0xd0, 0, ..] => mixed("nettl"),
        [0, 0, 2, 0, 0x12, 5, 0, 0x10, ..] => mixed("K12"),
        [0x00 | 0x01, 0x10, 0x4c, 0x00, ..] => foreign("LANalyzer"),
        [0xaa, 0xaa, 0xaa, 0xaa, ..] => foreign("5View"),
        [0x05, b'V', b'N', b'F', ..] => foreign("Visual Networks"),
        [0x7f, b'v', b'e', b'r', ..] => foreign("Omnipeek"),
        [b'b', b't', b's', b'n', b'o', b'o', b'p', 0, ..] => foreign("Bluetooth snoop"),
        _ if start.starts_with(b"ObserverPktBuffer") => foreign("Observer"),
        _ if start.starts_with(b"iptrace ") => foreign("iptrace"),
        _ if start.starts_with(b"+---------+---------------+----------+") => mixed("K12 text"),
        _ if is_commview(start) => mixed("CommView"),
        _ if is_erf(start) => mixed("ERF"),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => "a pcapng capture whose section header is damaged".to_owned(),
        [b'F', b'L', b'V', 1, ..] => "an FLV file, not a capture of packets".to_owned(),
        _ if is_text(start) => "text, not a pcap or pcapng capture".to_owned(),
        _ => "not a pcap or pcapng capture".to_owned(),
    }
}

/// The tail of a sentence about a format that Wireshark reads: its name, and the command that makes a pcap of it.
pub(super) fn convertible(file: &str, name: &str, options: &str) -> String {
    let article = if name.starts_with(['E', 'I', 'O', 'i']) { "an" } else { "a" };
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+:@%,=".contains(character);
    let file = match file {
        STDIN => "IN".to_owned(),
        file if file.chars().all(is_plain) => file.to_owned(),
        file => format!("'{}'", file.replace('\'', "'\\''")),
    };
    format!(
        "{article} {name} capture, not pcap or pcapng; Wireshark's editcap converts it: editcap {options}-F pcap {file} OUT.pcap"
    )
}

/// TamoSoft's formats have no header either. A record begins with the packet's length, in the older one with two of 16 bits
/// and a zero, in the newer one with one of 32; then the year in two bytes, and the month, day, hour, minute and second.
fn is_commview(start: &[u8]) -> bool {
    let date = |at: usize| {
        let Some([low, high, month, day, hour, minute, second]) = start.get(at..at + 7) else { return false };
        (1990..2200).contains(&u16::from_le_bytes([*low, *high]))
            && (1..=12).contains(month)
            && (1..=31).contains(day)
            && (*hour < 24 && *minute < 60 && *second < 61)
    };
    match start {
        [low, high, again_low, again_high, 0, ..] if [low, high] == [again_low, again_high] && date(5) => true,
        [_, _, 0..=3, 0, ..] => date(4),
        _ => false,
    }
}

/// Endace's format has no header. Each record has a time in units of 2⁻³² seconds, a type, flags, its length, a counter
/// and the length on the wire; the second one must follow where the first says.
fn is_erf(start: &[u8]) -> bool {
    fn record(start: &[u8]) -> Option<(u64, usize)> {
        let time = u64::from_le_bytes(start.first_chunk().copied()?);
        let kind = start.get(8)? & 0x7f;
        let length = u16::from_be_bytes(start.get(10..12)?.first_chunk().copied()?);
        // Types are numbered up to 48, and no capture is from before 1990.
        (matches!(kind, 1..=48) && length >= 16 && time >> 32 > 631_152_000).then_some((time, usize::from(length)))
    }
    let Some((first, length)) = record(start) else { return false };
    let second = start.get(length..).and_then(record);
    second.is_some_and(|(second, _)| (second >> 32).abs_diff(first >> 32) < 3600)
}

fn is_text(start: &[u8]) -> bool {
    // A character may be cut where the bytes end.
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => "",
    };
    !valid.is_empty()
        && valid.chars().all(|character| !character.is_control() || matches!(character, '\n' | '\r' | '\t'))
}
