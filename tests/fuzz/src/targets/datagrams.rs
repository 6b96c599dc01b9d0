//! Control connections of FTL and datagrams between some hosts, in any order → whose each is, and what its packets are to one another,
//! against a model.
//!
//! The first byte chooses limits; then each [`Step`] is a byte of what it is, one of who does it, one of how long after the one
//! before, and what it needs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;

use arbitrary::{Result, Unstructured};
use rtmp_inspect::analyzer::{Analyzer, Limits, Options, Reason};
use rtmp_inspect::net::Unread;
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::ftl::{Body, Datagram, Message, media};
use rtmp_inspect::proto::rtp::{Arrival, Counts, Seen, WINDOW};
use rtmp_inspect::synth::ftl::{Rtp, nack, udp, unreachable};
use rtmp_inspect::synth::{Connection, Link, Write};
use rtmp_inspect::wire::{Side, Time, Tree};

use super::payload::captured;
use crate::common::everything::Everything;
use crate::common::whole;

/// Of the first byte: room for little.
const LITTLE_ROOM: u8 = 1;
/// Of the second of a step: the server does it.
const SERVER: u8 = 4;
/// Of the same: from another address than the control connection's.
const NAT: u8 = 8;
/// Of the same: the IP packet has an identification, and it comes twice.
const TWICE: u8 = 0x80;

/// Hosts and ports that a step can choose.
struct Ends {
    client: SocketAddr,
    server: SocketAddr,
}

impl Ends {
    /// Of three clients behind two addresses, and three ports of one server.
    fn of(who: u8) -> Ends {
        let number = who & 3;
        let host = if who & NAT != 0 { [203, 0, 113, 9] } else { [192, 0, 2, 1 + number / 2] };
        let port = 9000 + u16::from(who >> 4 & 3) % 3;
        Ends { client: (host, 50_001 + u16::from(number)).into(), server: ([192, 0, 2, 9], port).into() }
    }
}

/// A client's control connection, as far as it has come.
struct Control {
    connection: Connection,
    is_closed: bool,
}

#[derive(Default)]
struct Capture {
    frames: Vec<(Time, Vec<u8>)>,
    now: i64,
    controls: BTreeMap<u8, Vec<Control>>,
    /// The next number of each source.
    numbers: HashMap<(u8, u32), u16>,
    /// Datagrams by the number of their packet: whose they are, and whether they may be a copy of the one before.
    sent: BTreeMap<u64, (SocketAddr, Vec<u8>, bool)>,
}

impl Capture {
    fn read(u: &mut Unstructured<'_>) -> Capture {
        let mut capture = Capture::default();
        // More make an input slow, and nothing new.
        while !u.is_empty() && capture.frames.len() < 600 {
            if capture.step(u).is_err() {
                break;
            }
        }
        capture
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let [what, who, time]: [u8; 3] = u.arbitrary()?;
        self.now += i64::from(time & 63) * [1000, 1_000_000, 25_000_000, 1_000_000_000][usize::from(time >> 6)];
        match what % 10 {
            0 => {
                let length = usize::from(u.arbitrary::<u8>()?).min(u.len());
                self.datagram(who, u.bytes(length)?);
            }
            1 => {
                let [sequence_number, timestamp]: [u16; 2] = u.arbitrary()?;
                self.rtp(u, who, sequence_number, u32::from(timestamp) << 8)?;
            }
            // A run, with a step between its numbers.
            2 => {
                let [count, ahead]: [u8; 2] = u.arbitrary()?;
                for _ in 0..count % 80 {
                    let ssrc = 78 + u32::from(what >> 6);
                    let next = self.numbers.entry((who, ssrc)).or_insert(u16::MAX - 9);
                    *next = next.wrapping_add(u16::from(ahead % 4));
                    let sequence_number = *next;
                    self.now += 1_000_000;
                    let payload = vec![0x41, ahead, count];
                    let (marker, payload_type) = (count & 1 != 0, 96 + (what >> 5 & 1));
                    let timestamp = u32::from(sequence_number) * 3000;
                    let rtp = Rtp { marker, payload_type, sequence_number, timestamp, ssrc, payload };
                    self.datagram(who, &rtp.bytes());
                }
            }
            3 => {
                let [lost, mask]: [u16; 2] = u.arbitrary()?;
                let mut bytes = nack(78 + u32::from(what >> 6), lost);
                bytes[14..].copy_from_slice(&mask.to_be_bytes());
                self.datagram(who, &bytes);
            }
            4 => {
                let mut ping = vec![0x81, 250, 0, 24, 0, 0, 0, 0];
                ping.extend(1_795_150_101_u64.to_le_bytes());
                ping.extend(u64::from(u.arbitrary::<u8>()?).to_le_bytes());
                self.datagram(who, &ping);
            }
            5 => {
                let length = usize::from(u.arbitrary::<u8>()?).min(u.len());
                let bytes = u.bytes(length)?;
                self.say(who, side(who), bytes);
            }
            6 => {
                let Ends { client, server } = Ends::of(who);
                let (source, destination) = if who & SERVER == 0 { (client, server) } else { (server, client) };
                self.frames.push((Time(self.now), unreachable(source, destination)));
            }
            7 => self.begin(who, 78 + u32::from(what >> 6)),
            8 => {
                let now = Time(self.now);
                let mut packets = Vec::new();
                if let Some(control) = self.control(who) {
                    control.is_closed = true;
                    control.connection.close(side(who), now, &mut packets);
                }
                self.take(packets);
            }
            _ => {
                for line in [&b"PING 77\r\n\r\n"[..], b"201\n"].into_iter().zip(Side::BOTH) {
                    self.say(who, line.1, line.0);
                }
            }
        }
        Ok(())
    }

    fn rtp(&mut self, u: &mut Unstructured<'_>, who: u8, sequence_number: u16, timestamp: u32) -> Result<()> {
        let [kind, ssrc, length]: [u8; 3] = u.arbitrary()?;
        let payload = u.bytes(usize::from(length).min(u.len()))?.to_vec();
        let (marker, payload_type) = (kind & 0x80 != 0, if kind & 0x40 != 0 { kind & 0x7f } else { 96 + (kind & 1) });
        let ssrc = 78 + u32::from(ssrc & 3);
        self.datagram(who, &Rtp { marker, payload_type, sequence_number, timestamp, ssrc, payload }.bytes());
        Ok(())
    }

    /// A whole opening of a client that announces a source.
    fn begin(&mut self, who: u8, ssrc: u32) {
        let port = Ends::of(who).server.port();
        if let Some(control) = self.control(who) {
            control.is_closed = true;
        }
        let lines = [
            (Side::Client, "HMAC\r\n\r\n".to_owned()),
            (Side::Server, format!("200 {}\n", "ab".repeat(16))),
            (Side::Client, format!("CONNECT 77 ${}\r\n\r\n", "0".repeat(128))),
            (Side::Server, "200\n".to_owned()),
            (Side::Client, format!("VideoIngestSSRC: {ssrc}\r\n\r\n.\r\n\r\n")),
            (Side::Server, format!("200. Use UDP port {port}\n")),
        ];
        for (from, line) in lines {
            self.say(who, from, line.as_bytes());
        }
    }

    /// A client's connection that is not closed.
    fn control(&mut self, who: u8) -> Option<&mut Control> {
        self.controls.get_mut(&(who & 3))?.last_mut().filter(|control| !control.is_closed)
    }

    fn say(&mut self, who: u8, from: Side, bytes: &[u8]) {
        let mut packets = Vec::new();
        if self.control(who).is_none() {
            let controls = self.controls.entry(who & 3).or_default();
            let port = 40_000 + u16::from(who & 3) * 1000 + controls.len() as u16;
            let ends = Ends::of(who & 3);
            let link = Link::between((ends.client.ip(), port).into(), (ends.server.ip(), 8084).into());
            let connection = Connection::open(link, Time(self.now), &mut packets);
            controls.push(Control { connection, is_closed: false });
        }
        let time = Time(self.now);
        if let Some(control) = self.control(who) {
            control.connection.write(&Write { time, from, bytes: bytes.to_vec() }, &mut packets);
        }
        self.take(packets);
    }

    fn take(&mut self, packets: Vec<rtmp_inspect::synth::Packet>) {
        for packet in packets {
            self.now = self.now.max(packet.time.0);
            self.frames.push((Time(self.now), packet.frame()));
        }
    }

    fn datagram(&mut self, who: u8, payload: &[u8]) {
        let Ends { client, server } = Ends::of(who);
        let (source, destination) = if who & SERVER == 0 { (client, server) } else { (server, client) };
        let is_twice = who & TWICE != 0;
        let identification = if is_twice { 1 + self.frames.len() as u16 } else { 0 };
        for is_copy in [false, true].into_iter().take(1 + usize::from(is_twice)) {
            self.frames.push((Time(self.now), udp(source, destination, identification, payload)));
            self.sent.insert(self.frames.len() as u64, (source, payload.to_vec(), is_copy));
        }
    }
}

fn side(who: u8) -> Side {
    if who & SERVER == 0 { Side::Client } else { Side::Server }
}

/// What must be known of one source.
#[derive(Default)]
struct Source {
    /// All numbers that came, since the source began or began anew.
    came: BTreeSet<i64>,
    /// What was missing when it began anew.
    missing: u64,
    /// Numbers of the packets that frames can have.
    new: u64,
    in_frames: u64,
    counts: Counts,
}

impl Source {
    fn packet(&mut self, seen: &Seen, sequence_number: u16) {
        let Seen { number, arrival, counts, .. } = *seen;
        assert_eq!(number.rem_euclid(1 << 16), i64::from(sequence_number));
        let highest = self.came.last().copied();
        let is_there = self.came.contains(&number);
        match arrival {
            Arrival::First => assert!(highest.is_none()),
            Arrival::Next => assert_eq!(Some(number - 1), highest),
            Arrival::Ahead { missing } => assert_eq!(Some(number - 1 - i64::from(missing)), highest),
            Arrival::Late => assert!(highest > Some(number) && !is_there),
            Arrival::Duplicate => assert!(is_there),
            Arrival::Retransmission { was_missing, .. } => {
                // What was asked for before it was sent comes as what is new.
                assert_eq!(was_missing, !is_there);
            }
            Arrival::Strange => assert!(highest.is_some_and(|highest| (number - highest).abs() >= 3000)),
            Arrival::Restart => {
                assert!(highest < Some(number));
                self.missing += self.holes();
                self.came.clear();
            }
        }
        if arrival != Arrival::Strange {
            self.came.insert(number);
            let highest = *self.came.last().unwrap();
            assert!(number > highest - WINDOW);
        }
        self.new += u64::from(arrival.is_new());
        let before = std::mem::replace(&mut self.counts, counts);
        assert_eq!(counts.packets, before.packets + 1);
        assert_eq!(counts.missing, self.missing + self.holes());
        assert!(counts.recovered <= counts.retransmissions && counts.answered <= counts.asked);
        assert!(counts.jitter.is_finite() && counts.jitter >= 0.0 && counts.jitter <= counts.highest_jitter);
        let again = [counts.late, counts.retransmissions, counts.duplicates, counts.strange, counts.restarts];
        assert!(again.iter().sum::<u64>() < counts.packets);
    }

    /// Numbers between the lowest and the highest that did not come.
    fn holes(&self) -> u64 {
        let ends = self.came.first().zip(self.came.last());
        ends.map_or(0, |(first, last)| (last - first + 1) as u64 - self.came.len() as u64)
    }
}

/// What is told so far.
#[derive(Default)]
struct Model {
    sources: HashMap<(u32, Side, u32), Source>,
    messages: u64,
    /// By session: closes, and whether it said its last word.
    sessions: BTreeMap<u32, (u8, bool)>,
    /// Datagrams that were given, by the number of their packet.
    given: BTreeMap<u64, (u32, Side)>,
    /// Pings by the number of their message.
    pings: HashMap<u64, (u32, Vec<u8>)>,
    unreachable: u64,
}

impl Model {
    fn take(&mut self, event: &Event, sent: &BTreeMap<u64, (SocketAddr, Vec<u8>, bool)>) {
        if let Event::Session(opened) = event {
            assert!(self.sessions.insert(opened.session, (0, false)).is_none());
        }
        let session = self.sessions.get_mut(&event.session()).expect("a session that is not open");
        assert!(!session.1, "behind its last word");
        match event {
            Event::Close(close) => {
                session.0 += 1;
                assert_eq!(close.last, session.0 == 2);
                session.1 = close.last;
                for (side, frame) in &close.frames {
                    self.frame(close.session, *side, frame);
                }
            }
            Event::Ftl(message) => {
                self.messages += 1;
                assert_eq!(message.n(), self.messages);
                match &message.body {
                    Body::Datagram(datagram) => self.datagram(message, datagram, sent),
                    Body::Line(_) => {}
                    Body::Unreachable(_) => self.unreachable += 1,
                }
            }
            _ => {}
        }
    }

    fn datagram(&mut self, message: &Message, datagram: &Datagram, sent: &BTreeMap<u64, (SocketAddr, Vec<u8>, bool)>) {
        let (session, from, item) = (message.session, message.from(), &datagram.item);
        let packet = item.at.packet.0;
        assert_eq!(sent[&packet].1, datagram.bytes);
        assert!(self.given.insert(packet, (session, from)).is_none(), "given twice");
        let mut tree = Tree::default();
        message.record(&mut tree);
        whole(&tree, datagram.bytes.len());
        assert!(item.problems.iter().all(|problem| problem.at as usize <= datagram.bytes.len()));
        if let Some(seen) = &item.seen {
            let media::Datagram::Rtp(rtp) = &item.datagram else { panic!("{:?}", item.datagram) };
            self.sources.entry((session, from, rtp.ssrc)).or_default().packet(seen, rtp.sequence_number);
        }
        for frame in &item.frames {
            self.frame(session, from, frame);
        }
        if let media::Datagram::Ping(_) = &item.datagram
            && from == Side::Client
        {
            self.pings.insert(item.number, (session, datagram.bytes.to_vec()));
        }
        if let Some(echo) = item.answers {
            assert_eq!(from, Side::Server);
            // Each is answered once.
            assert_eq!(self.pings.remove(&echo.number), Some((session, datagram.bytes.to_vec())));
        }
    }

    fn frame(&mut self, session: u32, from: Side, frame: &rtmp_inspect::proto::rtp::Frame) {
        let source = self.sources.get_mut(&(session, from, frame.ssrc)).expect("a frame of no source");
        assert!(frame.packets > 0);
        source.in_frames += u64::from(frame.packets);
        assert!(source.in_frames <= source.new, "a packet in two frames");
    }
}

pub fn run(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    let Ok(how) = u.arbitrary::<u8>() else { return };
    let limits = if how & LITTLE_ROOM != 0 {
        let (flow_bytes_total, session_bytes_total) = (4096, 4096);
        Limits { flows: 3, flow_bytes_total, session_bytes_total, ..Limits::default() }
    } else {
        Limits::default()
    };
    let capture = Capture::read(&mut u);
    let mut analyzer = Analyzer::new(&limits, Options::default());
    let mut everything = Everything::new(&limits);
    let mut model = Model::default();
    for (index, (time, frame)) in capture.frames.iter().enumerate() {
        let packet = captured(index, *time, frame);
        analyzer.push(&packet);
        everything.push(&packet);
        while let Some(event) = analyzer.poll() {
            model.take(&event, &capture.sent);
        }
        let held = analyzer.held();
        assert!(held.session_bytes <= limits.session_bytes_total, "{held:?}");
    }
    analyzer.finish();
    while let Some(event) = analyzer.poll() {
        model.take(&event, &capture.sent);
    }
    assert!(model.sessions.values().all(|(_, is_over)| *is_over), "a session does not end");
    assert_eq!(analyzer.held().session_bytes, 0);

    // Every datagram is somebody's, a mirror's copy, or not read.
    let udp = analyzer.totals().unread.iter().find(|(reason, _)| *reason == Reason::Packet(Unread::Udp));
    let unread = udp.map_or(0, |(_, tally)| tally.packets);
    let (sent, given) = (capture.sent.len() as u64, model.given.len() as u64);
    let copies = capture.sent.values().filter(|(_, _, is_copy)| *is_copy).count() as u64;
    assert!((sent - copies..=sent).contains(&(given + unread)), "{given} given, {unread} unread, {sent} sent");
    let is_given_twice = |(packet, (_, _, is_copy)): &(&u64, &(SocketAddr, Vec<u8>, bool))| {
        *is_copy && model.given.contains_key(*packet) && model.given.contains_key(&(*packet - 1))
    };
    assert_eq!(capture.sent.iter().filter(is_given_twice).count(), 0, "a mirror's copy is given");
    everything.finish();
    everything.json();
}
