//! Records and handshake messages of both sides of a TLS connection, in any cut, with holes and damage → what they carry.
//!
//! The first byte has [flags](NO_KEYS), the second says which real connection lies at hand, or none. Then come [`Step`]s: a byte of what it is
//! and whose, two of a length, and the bytes of what is said beside the real connection.

use std::sync::OnceLock;

use arbitrary::Unstructured;
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::Input;
use rtmp_inspect::net::{Connections, Delivery, How, Output, Unpacked, Unpacker};
use rtmp_inspect::proto::tls::{KeyLog, Tls};
use rtmp_inspect::wire::{Moment, PacketNo, Side, Time};

/// Bits of the first byte.
pub const NO_KEYS: u8 = 1;
/// The key log comes later, or not at all.
pub const LATE: u8 = 2;
pub const LITTLE_ROOM: u8 = 4;
pub const MIDSTREAM: u8 = 8;
/// What is left of the real connection follows in its own order.
pub const GOES_ON: u8 = 16;

/// Real connections, and the key logs that open them.
const REAL: [(&[u8], &[u8]); 4] = [
    (
        include_bytes!("../../../../captures/tls/nginx-ffmpeg-tls12-cbc.pcap"),
        include_bytes!("../../../../captures/tls/nginx-ffmpeg-tls12-cbc.keys"),
    ),
    (
        include_bytes!("../../../../captures/tls/nginx-ffmpeg-tls12-gcm.pcap"),
        include_bytes!("../../../../captures/tls/nginx-ffmpeg-tls12-gcm.keys"),
    ),
    (
        include_bytes!("../../../../captures/tls/nginx-ffmpeg-tls13-keyupdate.pcap"),
        include_bytes!("../../../../captures/tls/nginx-ffmpeg-tls13-keyupdate.keys"),
    ),
    (
        include_bytes!("../../../../captures/tls/stunnel-ffmpeg-tls13.pcap"),
        include_bytes!("../../../../captures/tls/stunnel-ffmpeg-tls13.keys"),
    ),
];

/// Bytes of a side of a real connection that lie at hand.
const MOST: usize = 24 << 10;

/// A real connection.
struct Real {
    /// What both sides said, in order.
    said: Vec<(Side, Vec<u8>)>,
    bytes: [Vec<u8>; 2],
    /// What that carries.
    plain: [Vec<u8>; 2],
}

fn real() -> &'static [Real] {
    static REALS: OnceLock<Vec<Real>> = OnceLock::new();
    REALS.get_or_init(|| REAL.iter().map(|(capture, _)| Real::read(capture)).collect())
}

/// Their key logs.
pub fn key_logs() -> impl Iterator<Item = &'static [u8]> {
    REAL.iter().map(|(_, keys)| *keys)
}

/// The secrets of all of them.
pub fn key_log() -> &'static KeyLog {
    static LOG: OnceLock<KeyLog> = OnceLock::new();
    LOG.get_or_init(|| {
        let mut log = KeyLog::default();
        for (_, keys) in &REAL {
            log.add(keys);
        }
        log
    })
}

impl Real {
    fn read(capture: &[u8]) -> Real {
        let mut input = Input::from_reader("capture", std::io::Cursor::new(capture.to_vec())).unwrap();
        let (mut unpacker, mut connections) = (Unpacker::new(&Limits::DEFAULT), Connections::new(&Limits::DEFAULT));
        let mut real = Real { said: Vec::new(), bytes: Default::default(), plain: Default::default() };
        while let Some(packet) = input.next() {
            let packet = packet.unwrap();
            let _ = unpacker.push(&packet, &mut |unpacked| {
                let Unpacked::Segment(segment) = unpacked else { return };
                connections.push(segment, packet.at, &mut |output| {
                    if let Output::Stream { from, delivery: Delivery::Bytes { bytes, .. }, .. } = output {
                        let all = &mut real.bytes[from.index()];
                        let bytes = &bytes[..bytes.len().min(MOST - all.len())];
                        all.extend_from_slice(bytes);
                        real.said.push((from, bytes.to_vec()));
                    }
                });
            });
        }
        let mut run = Run::new(&Limits::DEFAULT, key_log().clone());
        for (from, bytes) in &real.said {
            run.bytes(*from, bytes);
        }
        real.plain = run.given.map(|given| given.bytes);
        assert!(real.plain.iter().all(|plain| !plain.is_empty()));
        real
    }
}

/// What a direction of the stream inside has told.
#[derive(Default)]
struct Given {
    bytes: Vec<u8>,
    /// Where in these a hole is.
    holes: Vec<usize>,
    next: u64,
    has_begun: bool,
    closes: u32,
}

impl Given {
    fn take(&mut self, delivery: &Delivery<'_>) {
        assert_eq!(self.closes, 0, "{delivery:?} behind the end");
        match *delivery {
            Delivery::Joined | Delivery::Heard => assert!(!std::mem::replace(&mut self.has_begun, true)),
            Delivery::Bytes { offset, bytes, .. } => {
                assert!(self.has_begun && !bytes.is_empty() && offset == self.next);
                self.next += bytes.len() as u64;
                self.bytes.extend_from_slice(bytes);
            }
            Delivery::Gap { offset, missing, exact, .. } => {
                assert!(missing > 0 && !exact && offset == self.next);
                self.next += missing;
                self.holes.push(self.bytes.len());
            }
            Delivery::Close { .. } => self.closes += 1,
        }
    }

    /// Whether it is a part of these bytes, in order: whatever was lost or damaged, nothing was made up.
    fn is_of(&self, plain: &[u8]) -> bool {
        let (mut start, mut place) = (0, 0);
        self.holes.iter().copied().chain([self.bytes.len()]).all(|end| {
            let run = &self.bytes[start..end];
            start = end;
            let found = memchr::memmem::find(&plain[place..], run);
            place += found.unwrap_or(0) + run.len();
            found.is_some()
        })
    }
}

struct Run {
    tls: Tls,
    secrets: KeyLog,
    given: [Given; 2],
    offsets: [u64; 2],
    packet: u64,
    /// Bytes of records that came.
    came: u64,
    most: usize,
}

impl Run {
    fn new(limits: &Limits, secrets: KeyLog) -> Run {
        // Records that wait, and what is under way: a message, and a record, which may have taken twice its room as it grew; each with the
        // packets that it came in.
        let most = 2 * (limits.tls_waiting_bytes + 2 * limits.tls_handshake_bytes + 2 * 19_000) + (64 << 10);
        Run { tls: Tls::new(limits), secrets, given: Default::default(), offsets: [0; 2], packet: 0, came: 0, most }
    }

    fn at(&self) -> Moment {
        Moment { packet: PacketNo(self.packet), time: Time(self.packet as i64 * 1000) }
    }

    fn take(&mut self, from: Side, delivery: &Delivery<'_>) {
        let Run { tls, secrets, given, .. } = self;
        tls.take(from, delivery, secrets, &mut |from, inner| given[from.index()].take(inner));
        self.check();
    }

    fn check(&self) {
        assert!(self.tls.held() <= self.most, "{} bytes are held", self.tls.held());
        assert!(self.tls.own() <= 64 << 10, "it takes {} bytes", self.tls.own());
        // A megabyte a side in advance, and four bytes for each that came.
        assert!(self.tls.work() <= (2 << 20) + 4 * self.came, "{} for {} bytes", self.tls.work(), self.came);
        self.tls.facts().describe();
    }

    fn bytes(&mut self, from: Side, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.packet += 1;
        self.came += bytes.len() as u64;
        let (at, offset) = (self.at(), self.offsets[from.index()]);
        self.take(from, &Delivery::Bytes { offset, bytes, at, place: None });
        self.offsets[from.index()] += bytes.len() as u64;
    }

    fn gap(&mut self, from: Side, missing: u64) {
        let (at, offset) = (self.at(), self.offsets[from.index()]);
        self.take(from, &Delivery::Gap { offset, missing, exact: true, captured: false, at });
        self.offsets[from.index()] += missing;
    }
}

/// What comes next of a side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Bytes of the input.
    Says,
    /// The next bytes of the real connection.
    GoesOn,
    /// They are missing.
    Loses,
    /// They are missing, and nobody knows.
    Drops,
    /// They are damaged.
    Damages,
    Closes,
    /// Some lines of the key log come.
    Learns,
    /// What waits is given up.
    Sheds,
}

const STEPS: [Step; 8] =
    [Step::Says, Step::GoesOn, Step::Loses, Step::Drops, Step::Damages, Step::Closes, Step::Learns, Step::Sheds];

pub fn run(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    let Ok([flags, which]) = u.arbitrary::<[u8; 2]>() else { return };
    let limits = if flags & LITTLE_ROOM != 0 {
        Limits { tls_waiting_bytes: 3000, tls_handshake_bytes: 600, ..Limits::default() }
    } else {
        Limits::default()
    };
    let real = real().get(usize::from(which) % (REAL.len() + 1));
    let has_keys = flags & (NO_KEYS | LATE) == 0;
    let mut secrets = if has_keys { key_log().clone() } else { KeyLog::default() };
    secrets.set_may_grow(flags & LATE != 0);
    let mut lines = REAL.iter().flat_map(|(_, keys)| keys.split_inclusive(|byte| *byte == b'\n'));
    let mut run = Run::new(&limits, secrets);
    let nothing = [&[][..]; 2];
    let mut left = real.map_or(nothing, |real| real.bytes.each_ref().map(Vec::as_slice));
    let mut closed = [false; 2];
    if flags & MIDSTREAM != 0 {
        for from in Side::BOTH {
            run.take(from, &Delivery::Joined);
        }
    }
    while !u.is_empty() {
        let (Ok(what), Ok(length)) = (u.arbitrary::<u8>(), u.arbitrary::<u16>()) else { break };
        let from = Side::BOTH[usize::from(what & 1)];
        let side = from.index();
        let step = STEPS[usize::from(what >> 1) % STEPS.len()];
        if closed[side] && !matches!(step, Step::Learns | Step::Sheds) {
            continue;
        }
        let length = usize::from(length);
        let mut next = || {
            let (next, rest) = left[side].split_at(length.min(left[side].len()));
            left[side] = rest;
            next
        };
        match step {
            Step::Says => {
                let Ok(said) = u.bytes(length.min(u.len())) else { break };
                run.bytes(from, said);
            }
            Step::GoesOn => run.bytes(from, next()),
            Step::Loses => {
                let missing = next().len().max(length).max(1);
                run.gap(from, missing as u64);
            }
            Step::Drops => drop(next()),
            Step::Damages => {
                let mut damaged = next().to_vec();
                let place = usize::from(what >> 4) * damaged.len() / 16;
                if let Some(byte) = damaged.get_mut(place) {
                    *byte ^= 1 << (length % 8);
                }
                run.bytes(from, &damaged);
            }
            Step::Closes => {
                closed[side] = true;
                let at = run.at();
                run.take(from, &Delivery::Close { how: How::Fin, at, tcp: None });
            }
            Step::Learns if flags & LATE != 0 => {
                lines.by_ref().take(length % 8).for_each(|line| run.secrets.add(line));
                let Run { tls, secrets, given, .. } = &mut run;
                tls.retry(secrets, &mut |from, inner| given[from.index()].take(inner));
            }
            Step::Learns => {}
            Step::Sheds => {
                let Run { tls, given, .. } = &mut run;
                tls.shed(&mut |from, inner| given[from.index()].take(inner));
            }
        }
        run.check();
    }
    if flags & GOES_ON != 0 {
        // What was used of each side.
        let mut used = real.map_or([0; 2], |real| [0, 1].map(|side| real.bytes[side].len() - left[side].len()));
        for (from, said) in real.iter().flat_map(|real| &real.said) {
            let skipped = used[from.index()].min(said.len());
            used[from.index()] -= skipped;
            if !closed[from.index()] {
                run.bytes(*from, &said[skipped..]);
            }
        }
    }
    for from in Side::BOTH {
        if !closed[from.index()] {
            let at = run.at();
            run.take(from, &Delivery::Close { how: How::EndOfCapture, at, tcp: None });
        }
    }
    // What still waits for secrets when the capture ends is told without them.
    let Run { tls, given, .. } = &mut run;
    tls.give_up(&mut |from, inner| given[from.index()].take(inner));
    for (given, side) in run.given.iter().zip(0..) {
        assert_eq!(given.closes, 1);
        // Nothing that did not authenticate.
        if flags & NO_KEYS != 0 && flags & LATE == 0 {
            assert!(given.bytes.is_empty());
        } else if let Some(real) = real {
            assert!(
                given.is_of(&real.plain[side]),
                "bytes that nobody sent: {} of {}, holes at {:?}",
                given.bytes.len(),
                real.plain[side].len(),
                given.holes
            );
        }
    }
    assert_eq!(run.tls.held(), 0);
}
