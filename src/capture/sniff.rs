//! Says what a file that is no capture of ours looks like, so that the user knows what to do with it.

/// What the first bytes of `file` look like, as the tail of a sentence.
pub(super) fn looks(file: &str, start: &[u8]) -> String {
    let compressed = |name| format!("{name}-compressed data, not a pcap or pcapng capture; decompress it first");
    let foreign = |name| {
        format!(
            "a {name} capture, not pcap or pcapng; Wireshark's editcap converts it: editcap -F pcap {file} OUT.pcap"
        )
    };
    match start {
        [0x1f, 0x8b, ..] => compressed("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => compressed("zstd"),
        [0x04, 0x22, 0x4d, 0x18, ..] => compressed("lz4"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => compressed("xz"),
        [b'B', b'Z', b'h', ..] => compressed("bzip2"),
        [b'P', b'K', 3, 4, ..] => "a zip archive, not a pcap or pcapng capture; unpack it first".to_owned(),
        [b's', b'n', b'o', b'o', b'p', 0, ..] => foreign("snoop"),
        [b'G', b'M', b'B', b'U', ..] | [b'R', b'T', b'S', b'S', ..] => foreign("Network Monitor"),
        [b'X', b'C', b'P', 0, ..] => foreign("NetXRay"),
        [b'T', b'R', b'S', b'N', b'I', b'F', b'F', ..] => foreign("Sniffer"),
        [0x34, 0xcd, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0xcd, 0x34, ..] => foreign("modified pcap"),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => "a pcapng capture whose section header is damaged".to_owned(),
        [b'F', b'L', b'V', 1, ..] => "an FLV file, not a capture of packets".to_owned(),
        _ if is_text(start) => "text, not a pcap or pcapng capture".to_owned(),
        _ => "not a pcap or pcapng capture".to_owned(),
    }
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
