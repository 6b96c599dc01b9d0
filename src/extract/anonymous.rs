//! Secrets in packets: where they stand in the streams of sessions, and packets without them.
//!
//! What the masks of the run know is overwritten where it stands in messages, chunk by chunk, so by its place in the stream: whatever packets
//! carry that, again or for the first time. What cannot be decoded whole cannot be trusted to hold none: such sessions are
//! [left out](Secrets::left_out).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::ops::Range;

use memchr::memmem;

use super::addresses::{Addresses, Frame};
use crate::capture::Packet;
use crate::limits::Limits;
use crate::net::{Unpacked, Unpacker};
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Message, MessageType};
use crate::proto::{Event, Source};
use crate::wire::{Place, Side};

/// Hosts and names that are looked for, at most; and the shortest of them.
const HOSTS: usize = 1024;
const SHORTEST: usize = 4;
/// What stands in the stead of a host's letters.
const FILL: u8 = b'x';

/// Where a stream of a session lies: its bytes from `offset` on are at `place` of the captures.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    offset: u64,
    place: Place,
}

/// One direction of a session.
#[derive(Default)]
struct Stream {
    anchor: Option<Anchor>,
    /// Bytes to write, by where they stand in the stream; they do not overlap.
    patches: BTreeMap<u64, Vec<u8>>,
    /// The sequence number of the stream's first byte, once a packet told it.
    first: Option<u32>,
}

/// What sessions hold that must not be shown.
pub struct Secrets {
    masks: Masks,
    hosts: BTreeSet<Vec<u8>>,
    streams: HashMap<(u32, Side), Stream>,
    /// The ends of each session's connection.
    ends: HashMap<u32, [SocketAddr; 2]>,
    left_out: BTreeMap<u32, &'static str>,
    sealed: BTreeSet<u32>,
}

impl Secrets {
    pub fn new(limits: &Limits) -> Secrets {
        Secrets {
            masks: Masks::new(false, limits),
            hosts: BTreeSet::new(),
            streams: HashMap::new(),
            ends: HashMap::new(),
            left_out: BTreeMap::new(),
            sealed: BTreeSet::new(),
        }
    }

    /// Learns what is secret from the next event.
    pub fn learn(&mut self, event: &Event) {
        self.masks.observe(event);
        match event {
            Event::Message(message) if is_text(message) => {
                for host in hosts(&message.payload) {
                    self.host(&message.payload[host]);
                }
            }
            Event::Tls(tls) => {
                if let Some(name) = &tls.facts.server_name {
                    self.host(name.as_bytes());
                    // A certificate may be for all names of a domain.
                    if let Some((_, domain)) = name.split_once('.').filter(|(_, domain)| domain.contains('.')) {
                        self.host(domain.as_bytes());
                    }
                }
            }
            _ => {}
        }
    }

    fn host(&mut self, host: &[u8]) {
        if host.len() >= SHORTEST && self.hosts.len() < HOSTS {
            self.hosts.insert(host.to_ascii_lowercase());
        }
    }

    /// Finds where that stands, from the same events once more, when all was [learned](Secrets::learn); with evidence.
    pub fn place(&mut self, event: &Event) {
        match event {
            Event::Session(opened) => {
                let why = match opened.protocol {
                    _ if opened.proxied.is_some() => Some("a proxy wrote its client's address into it"),
                    "rtmp" => None,
                    "ftl" => Some("it is FTL"),
                    "rtmpt" | "rtmpte" => Some("it came in HTTP"),
                    _ => {
                        self.sealed.insert(opened.session);
                        None
                    }
                };
                self.ends.insert(opened.session, [opened.client, opened.server]);
                self.leave_out(opened.session, why);
            }
            Event::Piece(piece) => {
                if let Source::Captured(place) = piece.source {
                    let stream = self.streams.entry((piece.session, piece.from)).or_default();
                    stream.anchor.get_or_insert(Anchor { offset: piece.offset, place });
                }
            }
            Event::Message(message) if !self.sealed.contains(&message.session) => self.message(message),
            Event::Incomplete(part) if !matches!(part.head.kind, MessageType::AUDIO | MessageType::VIDEO) => {
                self.leave_out(part.session, Some("one of its messages is not whole"));
            }
            Event::Undecodable(lost) => self.leave_out(lost.session, Some("it cannot be decoded to its end")),
            Event::Resync(resync) if resync.skipped > 0 => {
                self.leave_out(resync.session, Some("some of its bytes could not be decoded"));
            }
            Event::Close(close) if close.undecoded > 0 => {
                self.leave_out(close.session, Some("some of its bytes could not be decoded"));
            }
            _ => {}
        }
    }

    fn leave_out(&mut self, session: u32, why: Option<&'static str>) {
        if let Some(why) = why.filter(|_| !self.sealed.contains(&session)) {
            self.left_out.entry(session).or_insert(why);
        }
    }

    /// Sessions in which not all that is secret can be found, and why.
    pub fn left_out(&self) -> &BTreeMap<u32, &'static str> {
        &self.left_out
    }

    /// Sessions that are enciphered, so that nothing in them is overwritten.
    pub fn sealed(&self) -> &BTreeSet<u32> {
        &self.sealed
    }

    fn message(&mut self, message: &Message) {
        if !is_text(message) {
            return;
        }
        let mut payload = self.masks.message(message).payload.to_vec();
        self.cover_hosts(&mut payload);
        let stream = self.streams.entry((message.session, message.from)).or_default();
        let (mut at, length) = (0, message.payload.len());
        for (offset, piece) in message.head.runs.iter().flat_map(|run| run.pieces()) {
            let until = (at + piece as usize).min(length).min(payload.len());
            if at < until && payload[at..until] != message.payload[at..until] {
                stream.patches.insert(offset, payload[at..until].to_vec());
            }
            at = until;
        }
    }

    /// Overwrites the letters and digits of all hosts.
    fn cover_hosts(&self, bytes: &mut [u8]) {
        let mut found: Vec<Range<usize>> = hosts(bytes).collect();
        let small = bytes.to_ascii_lowercase();
        for host in &self.hosts {
            found.extend(memmem::find_iter(&small, host).map(|at| at..at + host.len()));
            // Its beginning may be at the end of a packet, and its end in the next.
            for part in (SHORTEST..host.len()).rev() {
                if small.ends_with(&host[..part]) {
                    found.push(small.len() - part..small.len());
                }
                if small.starts_with(&host[host.len() - part..]) {
                    found.push(0..part);
                }
            }
        }
        for range in found {
            bytes[range].iter_mut().filter(|byte| byte.is_ascii_alphanumeric()).for_each(|byte| *byte = FILL);
        }
    }
}

fn is_text(message: &Message) -> bool {
    !matches!(message.head.kind.0, 1..=6 | 8 | 9)
}

/// The hosts of addresses: what stands behind `://`, and behind who calls, up to a port or a path.
fn hosts(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + use<> {
    let marks: Vec<usize> = memmem::find_iter(bytes, b"://").collect();
    let ranges: Vec<_> = marks
        .into_iter()
        .filter_map(|mark| {
            let start = mark + 3;
            let is_end = |byte: &u8| *byte <= b' ' || *byte >= 0x7f || b"/?#\"<>\\".contains(byte);
            let end = bytes[start..].iter().position(is_end).map_or(bytes.len(), |length| start + length);
            let host = bytes[start..end].iter().rposition(|byte| *byte == b'@').map_or(start, |at| start + at + 1);
            let is_bracketed = bytes.get(host) == Some(&b'[');
            let until = if is_bracketed { b']' } else { b':' };
            let end = bytes[host..end].iter().position(|byte| *byte == until).map_or(end, |length| host + length);
            (host < end).then_some(host..end)
        })
        .collect();
    ranges.into_iter()
}

/// Makes packets anonymous.
pub struct Anonymiser {
    secrets: Secrets,
    addresses: Addresses,
    unpacker: Unpacker,
    /// By the two ends of a connection, in the direction of sending: the sessions that it carries.
    streams: HashMap<[SocketAddr; 2], Vec<(u32, Side)>>,
    /// Packets of forms in which not every address is known.
    pub left_out: u64,
}

impl Anonymiser {
    pub fn new(secrets: Secrets, limits: &Limits) -> Anonymiser {
        let mut streams = HashMap::<_, Vec<_>>::new();
        for (session, [client, server]) in &secrets.ends {
            streams.entry([*client, *server]).or_default().push((*session, Side::Client));
            streams.entry([*server, *client]).or_default().push((*session, Side::Server));
        }
        let unpacker = Unpacker::new(limits);
        Anonymiser { secrets, addresses: Addresses::default(), unpacker, streams, left_out: 0 }
    }

    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Looks where streams begin in the packets. All packets are looked at before any is [made](Anonymiser::packet) anonymous.
    pub fn look(&mut self, packet: &Packet<'_>) {
        let (streams, known) = (&mut self.secrets.streams, &self.streams);
        let _ = self.unpacker.push(packet, &mut |unpacked| {
            let Unpacked::Segment(segment) = unpacked else { return };
            for key in known.get(&[segment.source, segment.destination]).into_iter().flatten() {
                let Some(stream) = streams.get_mut(key).filter(|stream| stream.first.is_none()) else { continue };
                let Some(Anchor { offset, place }) = stream.anchor else { continue };
                let start = segment.place.offset;
                let is_here = place.file == segment.place.file
                    && (start..start + segment.payload.len() as u64).contains(&place.offset);
                if is_here {
                    let syn = u32::from(segment.flags.syn);
                    let at = segment.sequence.wrapping_add(syn).wrapping_add((place.offset - start) as u32);
                    stream.first = Some(at.wrapping_sub(offset as u32));
                }
            }
        });
    }

    /// The packet without addresses and secrets; none of one in which not every address is known.
    pub fn packet(&mut self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        let made = self.make(packet);
        self.left_out += u64::from(made.is_none());
        made
    }

    fn make(&mut self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        let mut frame = Frame::of(packet.link, packet.data)?;
        let payload = frame.payload.clone();
        let (source, destination) = frame.ends(packet.data)?;
        let sequence = frame.sequence(packet.data)?;
        self.addresses.cover(&mut frame, packet.data);
        // Of another connection nothing is known.
        for key in self.streams.get(&[source, destination])? {
            if self.secrets.sealed.contains(&key.0) {
                self.secrets.cover_hosts(&mut frame.bytes[payload.clone()]);
                continue;
            }
            let Some(stream) = self.secrets.streams.get(key) else { continue };
            if stream.patches.is_empty() {
                continue;
            }
            // Where its secrets lie has to be known.
            let first = stream.first?;
            // Streams of more than 2^31 bytes: what a place in them stands for is known by 32 bits, and by these alone.
            let start = sequence.wrapping_sub(first);
            stream.cover(start, &mut frame.bytes[payload.clone()]);
        }
        frame.settle(packet.data);
        Some(frame.bytes)
    }
}

impl Stream {
    /// Overwrites what stands in a stretch of the stream, by the low half of where that begins.
    fn cover(&self, start: u32, bytes: &mut [u8]) {
        let last = self.patches.last_key_value().map_or(0, |(at, _)| *at) >> 32;
        for turn in 0..=last + 1 {
            // What begins before the stream's first byte too.
            let begin = (i128::from(turn) << 32) + i128::from(start) - if start >> 31 == 1 { 1 << 32 } else { 0 };
            let end = begin + bytes.len() as i128;
            let longest = 1 << 24;
            let from = (begin - longest).max(0) as u64;
            for (at, patch) in self.patches.range(from..end.max(0).max(from as i128) as u64) {
                let (one, other) = (i128::from(*at).max(begin), (i128::from(*at) + patch.len() as i128).min(end));
                if one < other {
                    let of = (one - i128::from(*at)) as usize..(other - i128::from(*at)) as usize;
                    bytes[(one - begin) as usize..(other - begin) as usize].copy_from_slice(&patch[of]);
                }
            }
        }
    }
}
