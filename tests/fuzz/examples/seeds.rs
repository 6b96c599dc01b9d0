//! Writes first inputs for every target, from the repository's captures and from `synth`: `seeds FOLDER`.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use lz4_flex::frame::FrameEncoder;
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::Input;
use rtmp_inspect::net::{Unpacked, Unpacker};
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::ftl::Body;
use rtmp_inspect::synth::{Conversation, Link, Packet, pcap, pcapng, sample};
use rtmp_inspect::wire::Side;
use rtmp_inspect_fuzz::common::Story;
use rtmp_inspect_fuzz::common::encap;
use rtmp_inspect_fuzz::targets::link::LINK_TYPES;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

struct Seeds {
    folder: PathBuf,
    /// Payloads by kind, and what they begin with: one of each is enough.
    shapes: BTreeSet<(u8, Vec<u8>)>,
}

impl Seeds {
    fn write(&self, target: &str, bytes: &[u8]) {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("seed-{:016x}", hasher.finish())), bytes).unwrap();
    }

    /// The payloads of a capture's messages.
    fn payloads(&mut self, path: &Path) {
        let story = Story::of_file(path);
        for message in story.messages() {
            let (kind, payload) = (message.head.kind.0, &message.payload[..message.payload.len().min(1500)]);
            let shape = if matches!(kind, 8 | 9) { 2 } else { 24 };
            if !self.shapes.insert((kind, payload[..payload.len().min(shape)].to_vec())) {
                continue;
            }
            let record = |choice: u8, length: usize| {
                let payload = &payload[..payload.len().min(length)];
                [&[choice, 40][..], &(payload.len() as u16).to_le_bytes(), payload].concat()
            };
            match kind {
                8 => self.write("media", &record(0, 120)),
                9 => self.write("media", &record(1, 120)),
                22 => self.write("media", &record(2, 1500)),
                15..=20 => {
                    let choice = [20, 18, 19, 17, 15, 16].iter().position(|known| *known == kind).unwrap();
                    self.write("amf0", &[&[choice as u8], payload].concat());
                    if let Some(at) = payload.iter().position(|byte| *byte == 0x11) {
                        self.write("amf3", &payload[at + 1..]);
                    }
                }
                _ => {}
            }
        }
        // The first packets, as a file of their own.
        let file = fs::read(path).unwrap();
        self.write("capture", &file[..file.len().min(4000)]);
        let mut frames = Vec::new();
        let mut input = Input::open(&[path.to_owned()]).unwrap();
        while let Some(Ok(packet)) = input.next() {
            let Some(choice) = LINK_TYPES.iter().position(|known| *known == packet.link.0) else { break };
            let length = packet.data.len().min(200);
            let cut = (packet.data.len() - length).min(255) as u8;
            frames.extend([choice as u8, cut]);
            frames.extend((length as u16).to_le_bytes());
            frames.extend(&packet.data[..length]);
            if frames.len() > 1200 {
                break;
            }
        }
        self.write("link", &frames);
        self.writes_of(path);
    }

    /// What the two sides of a capture's first connection write behind their handshake, a segment a write, as far as it is
    /// short.
    fn writes_of(&self, path: &Path) {
        self.writes_behind(path, 3073, 940, &[1, 0x81, 0x41]);
    }

    /// The same from the beginning, of what keys open.
    fn sealed_writes_of(&self, path: &Path) {
        self.writes_behind(path, 0, 12_000, &[0, 0x40]);
    }

    fn writes_behind(&self, path: &Path, start: usize, mut room: usize, flags: &[u8]) {
        let mut unpacker = Unpacker::new(&Limits::default());
        let mut input = Input::open(&[path.to_owned()]).unwrap();
        let (mut client, mut ends) = (None, None);
        let mut seen = [0; 2];
        let mut writes: Vec<(Side, Vec<u8>)> = Vec::new();
        while let Some(Ok(packet)) = input.next() {
            let _ = unpacker.push(&packet, &mut |unpacked| {
                let Unpacked::Segment(segment) = unpacked else { return };
                let client = *client.get_or_insert(segment.source);
                let from = if segment.source == client { Side::Client } else { Side::Server };
                let pair = [segment.source, segment.destination];
                let pair = if from == Side::Client { pair } else { [pair[1], pair[0]] };
                if *ends.get_or_insert(pair) != pair {
                    return;
                }
                let seen = &mut seen[from.index()];
                let skipped = start.saturating_sub(*seen).min(segment.payload.len());
                *seen += segment.payload.len();
                if skipped < segment.payload.len() {
                    writes.push((from, segment.payload[skipped..].to_vec()));
                }
            });
        }
        for (_, said) in &mut writes {
            said.truncate(room.saturating_sub(3));
            room = room.saturating_sub(said.len() + 3);
        }
        writes.retain(|(_, said)| !said.is_empty());
        for flags in flags {
            self.conversation(*flags, &writes);
        }
    }

    /// FTL's lines and datagrams of a capture, and runs of what `datagrams` makes itself.
    fn ftl(&self, path: &Path) {
        let story = Story::of_file(path);
        let (mut lines, mut datagrams) = (Vec::new(), vec![0]);
        // A client that began, so that its media is somebody's.
        datagrams.extend([7, 0, 1]);
        for event in &story.events {
            let Event::Ftl(message) = event else { continue };
            let (from, payload) = (message.from().index() as u8, message.payload());
            match message.body {
                Body::Line(_) if lines.len() < 900 => {
                    lines.push(from);
                    lines.extend((payload.len() as u16).to_le_bytes());
                    lines.extend(payload);
                }
                Body::Datagram(_) if datagrams.len() < 900 => {
                    let length = payload.len().min(40);
                    datagrams.extend([0, from * 4, 0x45, length as u8]);
                    datagrams.extend(&payload[..length]);
                }
                _ => {}
            }
        }
        for flags in 0..16 {
            self.write("ftl", &[&[flags, 4, 1, 7, 30, 200], &lines[..]].concat());
        }
        self.write("datagrams", &datagrams);
        datagrams[0] = 1;
        self.write("datagrams", &datagrams);
    }

    /// What two sides of FTL do, step by step.
    fn ftl_steps(&self) {
        let (run, lossy, ping, nack) =
            ([2, 0, 1, 60, 1], [2, 0, 1, 60, 2], [4, 0, 0x41, 9], [3, 4, 1, 0xfc, 0xff, 3, 0]);
        let (begin, close, again) = ([7, 0, 1], [8, 0, 1], [9, 0, 0x85]);
        let echo = [4, 4, 1, 9];
        let stories: [&[&[u8]]; 8] = [
            &[&begin, &run, &ping, &echo, &close, &run],
            &[&run, &ping, &begin, &run],
            &[&ping, &run, &run, &again, &run],
            &[&begin, &lossy, &nack, &[1, 0, 1, 0xfd, 0xff, 0, 1, 0, 0, 3, 1, 2, 3], &run],
            &[&begin, &[2, 8, 1, 9, 1], &[7, 1, 1], &[2, 1, 1, 9, 1], &[2, 9, 1, 9, 1]],
            &[&begin, &run, &[6, 4, 1], &close, &begin, &run],
            &[&begin, &[2, 0x80, 1, 9, 1], &[2, 0x90, 1, 9, 1], &[2, 0xa0, 1, 9, 1]],
            &[&[5, 0, 1, 14], b"PING 77\r\n\r\n...", &run, &ping, &again, &run, &[0, 0, 0xff, 0], &run],
        ];
        for story in stories {
            for how in 0..2 {
                self.write("datagrams", &[&[how], &story.concat()[..]].concat());
            }
        }
        // A hole, an end and what follows; lines that have no end, or another one.
        for line in
            [&b"CONNECT 77 $00\r\n\r\n"[..], b"Video: true\n", b"PING\r\n\r", b".\r\n", b"200. Use UDP port 9000"]
        {
            let said = [&[0, line.len() as u8, 0], line].concat();
            self.write("ftl", &[&[8, 1, 3], &said[..], &[0xe0, 5, 0], &said, &[0xf1, 0, 0], &said].concat());
        }
    }

    /// Real connections of TLS, lost, damaged and cut in some ways.
    fn tls(&self) {
        let step = |what: u8, side: u8, length: u16| [&[what << 1 | side][..], &length.to_le_bytes()].concat();
        let (says, goes_on, loses, drops, damages, closes, learns, sheds) = (0, 1, 2, 3, 4, 5, 6, 7);
        let stories: [&[Vec<u8>]; 6] = [
            &[],
            &[step(goes_on, 0, 300), step(goes_on, 1, 2000), step(loses, 0, 700)],
            &[step(goes_on, 0, 600), step(goes_on, 1, 3000), step(damages, 0, 900), step(damages, 1, 50)],
            &[step(goes_on, 0, 517), step(learns, 0, 3), step(goes_on, 1, 4000), step(learns, 0, 3), step(sheds, 0, 0)],
            &[
                step(says, 0, 5),
                vec![22, 3, 1, 0, 2],
                step(goes_on, 0, 2000),
                step(drops, 0, 100),
                step(goes_on, 1, 100),
                step(closes, 0, 0),
            ],
            &[step(loses, 0, 900), step(loses, 1, 1200)],
        ];
        for flags in [16, 17, 18, 20, 24, 28, 0] {
            for which in 0..5 {
                for story in stories {
                    self.write("tls", &[&[flags, which][..], &story.concat()].concat());
                }
            }
        }
    }

    /// Sessions of RTMPT, as steps.
    fn rtmpt(&self) {
        let step =
            |what: u8, kind: u8, number: u8, said: &[u8]| [&[what, kind, number, said.len() as u8][..], said].concat();
        let open = [step(0, 0, 0, &[0]), step(5, 6, 0, &[])].concat();
        let send = |number: u8, said: &[u8]| step(0, 5, number, said);
        let answer = |said: &[u8]| step(5, 0, 0, said);
        let raw: &[u8] = b"POST /send/ID1/0 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        let interim: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\x01z";
        let stories: [&[Vec<u8>]; 6] = [
            &[open.clone(), send(0, b"abc"), answer(b"\x01xy"), send(1, b"de"), answer(b"\x01")],
            &[open.clone(), step(0x40, 5, 2, b"q"), step(0x40, 5, 1, b"r"), step(0x45, 0, 0, b"\x01")],
            &[
                send(0, b"abc"),
                answer(b"\x01xy"),
                step(11, 40, 0, &[]),
                send(3, b"de"),
                step(12, 80, 1, &[]),
                answer(b"\x01e"),
            ],
            &[
                open.clone(),
                send(0, b"x").repeat(6),
                answer(b"\x01yy").repeat(6),
                step(15, 0, 0, &[]),
                step(15, 1, 0, &[]),
            ],
            &[
                open,
                step(0, 0x35, 0, b"abc"),
                step(13, 0, 0, &[]),
                step(0x40, 5, 255, b"z"),
                step(0x45, 0x38, 0, b"\x01abc"),
            ],
            &[step(9, 0, 0, raw), step(10, 0, 0, interim)],
        ];
        for flags in [0, 1, 2, 3, 4, 5, 8, 9, 12] {
            for sizes in [&[0][..], &[1, 0], &[3, 0, 6, 32]] {
                for story in stories {
                    self.write("http", &[&[flags][..], sizes, &story.concat()].concat());
                }
            }
        }
    }

    /// Compressed captures: whole, cut, put together, twice over.
    fn compressed(&self, root: &Path) {
        let read = |name: &str, length: usize| {
            let file = fs::read(root.join("captures").join(name)).unwrap();
            file[..file.len().min(length)].to_vec()
        };
        let whole = read("nginx-rtmp/not-rtmp-http-and-tls.pcap", usize::MAX);
        let cut = read("srs/ffmpeg-publish-denied.pcap", 500);
        let ng = read("transport/real-two-interfaces.pcapng", 700);
        self.write("capture", &[&cut[..], &ng].concat());
        self.write("capture", &[&ng[..], &whole[..600]].concat());
        let skippable = [&[0x52, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
        for (index, codec) in CODECS.iter().enumerate() {
            let other = CODECS[(index + 1) % CODECS.len()];
            for one in [&whole, &cut, &ng] {
                let packed = codec(one);
                self.write("capture", &packed);
                self.write("capture", &packed[..packed.len() - 3]);
                self.write("capture", &packed[..packed.len() / 2]);
            }
            let (first, second) = cut.split_at(cut.len() / 2);
            // Members of one stream, with what may stand between them, and what may not.
            for between in [&b""[..], &[0; 9], &skippable, b"no member"] {
                self.write("capture", &[&codec(first), between, &codec(second)].concat());
                self.write("capture", &[&codec(first), between, &other(second)].concat());
            }
            self.write("capture", &[&codec(&whole[..600]), &codec(&ng[..])[..]].concat());
            self.write("capture", &[&skippable[..], &codec(&cut)].concat());
            self.write("capture", &codec(&other(&cut)));
            self.write("capture", &codec(&codec(&cut)));
            self.write("capture", &codec(b""));
        }
    }

    /// A conversation's bytes behind what `flags` puts before them.
    fn conversation(&self, flags: u8, writes: &[(Side, Vec<u8>)]) {
        let mut bytes = vec![flags, 4, 1, 30, 150, 60];
        for (from, said) in writes {
            bytes.push(from.index() as u8);
            bytes.extend((said.len() as u16).to_le_bytes());
            bytes.extend(said);
        }
        self.write("rtmp", &bytes);
        for (how, keys) in [(8, "\n\tjjl\tlo"), (33, "f\n/co\n"), (132, "Gz?\u{1b}k\n")] {
            let count = usize::from(how % 9_u8).min(keys.len());
            self.write("outputs", &[&[how], &keys.as_bytes()[..count], &bytes].concat());
        }
    }
}

const CODECS: [fn(&[u8]) -> Vec<u8>; 5] = [gzip, zstd, zstd_raw, lz4, lz4_legacy];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn zstd_raw(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Uncompressed)
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The format of before 2013: blocks of 8 MiB behind their compressed lengths.
fn lz4_legacy(bytes: &[u8]) -> Vec<u8> {
    let block = lz4_flex::block::compress(bytes);
    [&[0x02, 0x21, 0x4c, 0x18], &(block.len() as u32).to_le_bytes()[..], &block].concat()
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    let mut seeds = Seeds { folder, shapes: BTreeSet::new() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut captures: Vec<PathBuf> = fs::read_dir(root.join("captures"))
        .unwrap()
        .filter_map(|folder| fs::read_dir(folder.unwrap().path()).ok())
        .flatten()
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains(".pcap"))
        .collect();
    captures.sort();
    for capture in &captures {
        seeds.payloads(capture);
        if capture.to_str().unwrap().contains("captures/ftl/") {
            seeds.ftl(capture);
        }
    }
    for name in ["tls/nginx-ffmpeg-tls12-gcm", "tls/nginx-ffmpeg-tls12-cbc", "tls/stunnel-ffmpeg-tls13", "rtmpe/crtmp-rtmpdump-play"] {
        seeds.sealed_writes_of(&root.join(format!("captures/{name}.pcap")));
    }
    seeds.ftl_steps();
    seeds.tls();
    seeds.rtmpt();
    seeds.compressed(&root);

    // What comes behind a handshake, a connection and a stream, of whole conversations.
    let length = |conversation: Conversation| conversation.writes().len();
    for (conversation, streaming, flags) in
        [(sample::publish(2), length(sample::publishing()), 4), (sample::play(2), length(sample::playing()), 6)]
    {
        let writes: Vec<_> = conversation.writes().iter().map(|write| (write.from, write.bytes.clone())).collect();
        let handshake = length(Conversation::new().handshake());
        for (flags, skip) in [(0, 0), (1, handshake), (2, length(sample::connected())), (flags, streaming)] {
            let cut: Vec<_> = writes[skip..]
                .iter()
                .take(8)
                .map(|(from, said)| (*from, said[..said.len().min(1600)].to_vec()))
                .collect();
            seeds.conversation(flags, &cut);
            seeds.conversation(flags | 0x40, &cut);
            seeds.conversation(flags | 0x80, &cut);
        }
    }

    // Files in every form.
    let packets = Link::v4().packets(&sample::connected());
    let mut file = Vec::new();
    pcap::write(&mut file, &packets[..8]).unwrap();
    seeds.write("capture", &file);
    let mut file = Vec::new();
    pcapng::write(&mut file, &packets[..8]).unwrap();
    seeds.write("capture", &file);

    // Encapsulations, whole and in fragments of whatever the mutations make of them.
    let frames: Vec<_> = packets.iter().map(Packet::frame).filter(|frame| frame.len() < 300).collect();
    for (_, _, wrap) in encap::ALL {
        let mut bytes = Vec::new();
        for (number, frame) in frames.iter().enumerate().take(4) {
            let (link, data) = wrap(frame, number);
            let Some(choice) = LINK_TYPES.iter().position(|known| *known == link) else { continue };
            bytes.extend([choice as u8, 0]);
            bytes.extend((data.len() as u16).to_le_bytes());
            bytes.extend(data);
        }
        seeds.write("link", &bytes);
    }

    // Segments in order, and the same with copies.
    for flags in 0..16 {
        for order in [[0, 1, 2, 3], [0, 2, 1, 3], [3, 2, 1, 0], [1, 1, 3, 2]] {
            let mut bytes = vec![flags];
            for place in order {
                let offset: u16 = place * 100;
                bytes.extend([place as u8 & 1, 2]);
                bytes.extend(offset.to_le_bytes());
                bytes.extend([120, 20, 9]);
                bytes.extend((place * 50).to_le_bytes());
            }
            bytes.extend([200, 0]);
            bytes.extend(600_u16.to_le_bytes());
            bytes.extend([0; 5]);
            seeds.write("reassembly", &bytes);
        }
    }

    // The filters of the documentation.
    let reference = fs::read_to_string(root.join("docs/filter.md")).unwrap();
    let mut lines = reference.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```filter") {
            for filter in lines.by_ref().take_while(|line| !line.starts_with("```")) {
                seeds.write("filter", filter.as_bytes());
            }
        }
    }
}
