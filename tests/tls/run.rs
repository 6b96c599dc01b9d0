//! Captures through reassembly and [`Tls`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::{Input, LinkType, Packet};
use rtmp_inspect::net::{Connections, Delivery, Kept, Output, Unpacked, Unpacker};
use rtmp_inspect::proto::tls::{KeyLog, Tls};
use rtmp_inspect::wire::{Moment, Place, Side, Time};

/// A frame of a capture.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) at: Moment,
    link: LinkType,
    data: Vec<u8>,
    wire_length: u32,
}

impl Frame {
    pub(crate) fn packet(&self) -> Packet<'_> {
        let Frame { at, link, data, wire_length } = self;
        Packet { at: *at, link: *link, data, wire_length: *wire_length, place: Place::default() }
    }
}

/// Numbers by chance, the same ones for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// What one direction of an inner stream told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` something is missing, and how much that may be.
    pub(crate) gaps: Vec<(usize, u64)>,
    /// The packet of each byte.
    pub(crate) packets: Vec<u64>,
    pub(crate) begins: Vec<&'static str>,
    pub(crate) closes: usize,
    offset: u64,
}

impl Told {
    pub(crate) fn take(&mut self, delivery: &Delivery<'_>) {
        assert_eq!(self.closes, 0, "{delivery:?} behind the end");
        match *delivery {
            Delivery::Joined => self.begins.push("joined"),
            Delivery::Heard => self.begins.push("heard"),
            Delivery::Bytes { offset, bytes, at, place } => {
                assert!(!bytes.is_empty() && place.is_none() && !self.begins.is_empty());
                assert_eq!(offset, self.offset);
                self.bytes.extend_from_slice(bytes);
                self.packets.extend(bytes.iter().map(|_| at.packet.0));
                self.offset += bytes.len() as u64;
            }
            Delivery::Gap { offset, missing, exact, .. } => {
                assert!(missing > 0 && !exact);
                assert_eq!(offset, self.offset);
                self.gaps.push((self.bytes.len(), missing));
                self.offset += missing;
            }
            Delivery::Close { .. } => self.closes += 1,
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) tls: Tls,
    pub(crate) told: [Told; 2],
    /// The sides in the order in which they told bytes.
    pub(crate) turns: Vec<Side>,
    pub(crate) most_held: usize,
}

impl Connection {
    pub(crate) fn new(limits: &Limits) -> Connection {
        Connection { tls: Tls::new(limits), told: Default::default(), turns: Vec::new(), most_held: 0 }
    }

    pub(crate) fn take(&mut self, from: Side, delivery: &Delivery<'_>, secrets: &KeyLog) {
        let Connection { tls, told, turns, .. } = self;
        tls.take(from, delivery, secrets, &mut |from, inner| hear(told, turns, from, inner));
        self.most_held = self.most_held.max(self.tls.held());
    }

    pub(crate) fn retry(&mut self, secrets: &KeyLog) {
        let Connection { tls, told, turns, .. } = self;
        tls.retry(secrets, &mut |from, inner| hear(told, turns, from, inner));
    }

    pub(crate) fn give_up(&mut self) {
        let Connection { tls, told, turns, .. } = self;
        tls.give_up(&mut |from, inner| hear(told, turns, from, inner));
    }

    pub(crate) fn bytes(&self) -> [&[u8]; 2] {
        [&self.told[0].bytes, &self.told[1].bytes]
    }
}

fn hear(told: &mut [Told; 2], turns: &mut Vec<Side>, from: Side, inner: &Delivery<'_>) {
    told[from.index()].take(inner);
    if matches!(inner, Delivery::Bytes { .. }) && turns.last() != Some(&from) {
        turns.push(from);
    }
}

/// Captures of one connection each.
pub(crate) const NAMES: [&str; 6] = [
    "nginx-ffmpeg-tls12-cbc",
    "nginx-ffmpeg-tls12-chacha20",
    "nginx-ffmpeg-tls12-gcm",
    "nginx-ffmpeg-tls13-keyupdate",
    "nginx-rtmpdump-play-tls12",
    "stunnel-ffmpeg-tls13",
];

/// A file of `captures/tls`.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls").join(name)
}

pub(crate) fn keys(path: &Path) -> KeyLog {
    let mut secrets = KeyLog::new(&Limits::default());
    secrets.read(std::fs::File::open(path).unwrap()).unwrap();
    secrets
}

/// The frames of a capture, and the key logs in it.
pub(crate) fn frames(path: &Path) -> (Vec<Frame>, Vec<u8>) {
    let mut input = Input::open(&[path.to_owned()]).unwrap();
    let mut frames = Vec::new();
    while let Some(packet) = input.next() {
        let Packet { at, link, data, wire_length, .. } = packet.unwrap();
        frames.push(Frame { at, link, data: data.to_vec(), wire_length });
    }
    let secrets = input.notes().secrets.iter().filter(|secrets| secrets.kind == 0x544c_534b);
    (frames, secrets.flat_map(|secrets| secrets.bytes.clone()).collect())
}

/// What the connections of a capture tell, in their order.
pub(crate) fn deliveries(frames: &[Frame], mut each: impl FnMut(u64, Side, &Delivery<'_>)) {
    let limits = Limits::default();
    let (mut unpacker, mut connections) = (Unpacker::new(&limits), Connections::new(&limits));
    let mut out = |output: Output<'_>| {
        if let Output::Stream { connection, from, delivery } = output {
            each(connection, from, &delivery);
        }
    };
    for frame in frames {
        let _ = unpacker.push(&frame.packet(), &mut |unpacked| {
            if let Unpacked::Segment(segment) = unpacked {
                connections.push(segment, frame.at, &mut out);
            }
        });
    }
    connections.finish(&mut out);
}

/// The TLS connections of a capture.
pub(crate) fn run(frames: &[Frame], secrets: &KeyLog) -> Vec<Connection> {
    run_under(frames, secrets, &Limits::default())
}

pub(crate) fn run_under(frames: &[Frame], secrets: &KeyLog, limits: &Limits) -> Vec<Connection> {
    let mut connections: BTreeMap<u64, Connection> = BTreeMap::new();
    deliveries(frames, |connection, from, delivery| {
        connections.entry(connection).or_insert_with(|| Connection::new(limits)).take(from, delivery, secrets);
    });
    connections.into_values().collect()
}

/// A capture of `captures/tls`, with the key log of its name.
pub(crate) fn open(name: &str) -> (Vec<Frame>, KeyLog) {
    (frames(&file(&format!("{name}.pcap"))).0, keys(&file(&format!("{name}.keys"))))
}

/// The connections of such a capture.
pub(crate) fn run_file(name: &str) -> Vec<Connection> {
    let (frames, secrets) = open(name);
    run(&frames, &secrets)
}

/// What the connections of a capture tell, kept.
pub(crate) fn kept(frames: &[Frame]) -> Vec<Vec<(Side, Kept)>> {
    let mut all: BTreeMap<u64, Vec<(Side, Kept)>> = BTreeMap::new();
    deliveries(frames, |connection, from, delivery| {
        all.entry(connection).or_default().push((from, Kept::of(delivery)));
    });
    all.into_values().collect()
}

/// A moment for tests that make their own bytes.
pub(crate) fn moment(packet: u64) -> Moment {
    Moment { packet: rtmp_inspect::wire::PacketNo(packet), time: Time(packet as i64 * 1_000_000) }
}
