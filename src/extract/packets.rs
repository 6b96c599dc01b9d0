//! The packets of sessions as they were captured: their connections from the first packet on, and their further flows.
//!
//! Which connections are sessions is known when their bytes came, and which packets carry them when those are taken apart, some with a
//! fragment that comes later. So captures are read three times: to [choose](Chosen::learn) flows, to [mark](Chosen::mark) packets,
//! and to [write](Packets::take) them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, Write};
use std::net::SocketAddr;

use super::pcapng::Writer;
use crate::capture::{Comment, LinkType, Packet, Secrets};
use crate::limits::Limits;
use crate::net::{Unpacked, Unpacker};
use crate::proto::{Event, Transport, ftl};
use crate::wire::{PacketNo, Place};

/// Packets that gave nothing so far and are remembered, since they may be fragments.
const FRAGMENTS: usize = Limits::DEFAULT.fragments;

/// Packets of a connection in front of its session that are taken with it.
const BEFORE: usize = 4096;

/// A flow by its protocol and its ends, the smaller first.
type Ends = (bool, [SocketAddr; 2]);

/// What carries a session, or a part of it, between two ends.
#[derive(Debug)]
struct Life {
    session: u32,
    first: PacketNo,
    /// The last packet of which the session knows, once it is over.
    last: Option<PacketNo>,
    /// Another connection began between the same ends.
    is_over: bool,
}

/// Which packets are wanted.
pub struct Chosen {
    only: Option<BTreeSet<u32>>,
    flows: HashMap<Ends, Vec<Life>>,
    /// The flows of sessions that are open.
    open: HashMap<u32, Vec<Ends>>,
    sessions: u64,
    unpacker: Unpacker,
    waiting: VecDeque<(Place, u64, PacketNo)>,
    /// By flow: packets since its last SYN that are of no session so far.
    before: HashMap<Ends, Vec<PacketNo>>,
    /// A bit for each packet of the input.
    wanted: Vec<u64>,
}

impl Chosen {
    /// Of all sessions, or of `only` some.
    pub fn new(only: Option<BTreeSet<u32>>, limits: &Limits) -> Chosen {
        Chosen {
            only,
            flows: HashMap::new(),
            open: HashMap::new(),
            sessions: 0,
            unpacker: Unpacker::new(limits),
            waiting: VecDeque::new(),
            before: HashMap::new(),
            wanted: Vec::new(),
        }
    }

    /// Takes sessions out again, before packets are marked.
    pub fn leave_out(&mut self, sessions: impl Iterator<Item = u32>) {
        let all = self.flows.values().flatten().map(|life| life.session);
        let only = self.only.get_or_insert_with(|| all.collect());
        let before = only.len();
        sessions.for_each(|session| {
            only.remove(&session);
        });
        self.sessions = self.sessions.saturating_sub((before - only.len()) as u64);
    }

    /// Sessions that are wanted, so far.
    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    /// The next event of an inspection.
    pub fn learn(&mut self, event: &Event) {
        match event {
            Event::Session(opened) => {
                self.sessions += u64::from(self.is_wanted(opened.session));
                self.put(opened.session, Transport::Tcp, [opened.client, opened.server], opened.at.packet);
                // Of media alone, the session's ends are theirs.
                if opened.protocol == ftl::NAME {
                    self.put(opened.session, Transport::Udp, [opened.client, opened.server], opened.at.packet);
                }
            }
            Event::Flow(flow) => self.put(flow.session, flow.transport, [flow.client, flow.server], flow.at.packet),
            Event::Close(close) if close.last => {
                for ends in self.open.remove(&close.session).unwrap_or_default() {
                    let lives = self.flows.get_mut(&ends).into_iter().flatten();
                    for life in lives.filter(|life| life.session == close.session) {
                        life.last = Some(close.at.packet);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a session is wanted.
    pub fn is_wanted(&self, session: u32) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&session))
    }

    fn put(&mut self, session: u32, transport: Transport, ends: [SocketAddr; 2], first: PacketNo) {
        let ends = of(transport, ends);
        let life = Life { session, first, last: None, is_over: false };
        self.flows.entry(ends).or_default().push(life);
        self.open.entry(session).or_default().push(ends);
    }

    /// The next packet, of captures that are read again: whether it is wanted is known at the end.
    pub fn mark(&mut self, packet: &Packet<'_>) {
        let number = packet.at.packet;
        let (mut is_read, mut is_wanted, mut places) = (false, false, Vec::new());
        let (flows, only, before) = (&mut self.flows, &self.only, &mut self.before);
        let mut earlier = Vec::new();
        let mut take = |ends: Ends, begins: bool, place: Option<Place>| {
            is_read = true;
            match whose(flows, only.as_ref(), ends, number, begins) {
                Whose::Wanted => {
                    is_wanted = true;
                    places.extend(place);
                    earlier.extend(before.remove(&ends).unwrap_or_default());
                }
                Whose::Others => {
                    before.remove(&ends);
                }
                // A connection may be older than what it carries.
                Whose::Nobodys => {
                    let before = before.entry(ends).or_default();
                    if begins {
                        before.clear();
                    }
                    if before.len() < BEFORE {
                        before.push(number);
                    }
                }
                Whose::Foreign => {}
            }
        };
        let read = self.unpacker.push(packet, &mut |unpacked| match unpacked {
            Unpacked::Segment(segment) => {
                let begins = segment.flags.syn && !segment.flags.ack;
                take(of(Transport::Tcp, [segment.source, segment.destination]), begins, Some(segment.place));
            }
            Unpacked::Datagram(datagram) => {
                take(of(Transport::Udp, [datagram.source, datagram.destination]), false, datagram.place);
            }
        });
        self.unpacker.take_call();
        if let Some(about) = self.unpacker.take_unreachable() {
            let ends = of(Transport::Udp, [about.source, about.destination]);
            is_wanted |= whose(&mut self.flows, self.only.as_ref(), ends, number, false) == Whose::Wanted;
        }
        if is_wanted {
            self.want(number);
        }
        for packet in earlier {
            self.want(packet);
        }
        let own = |place: &Place| {
            place.file == packet.place.file
                && (packet.place.offset..=packet.place.offset + packet.data.len() as u64).contains(&place.offset)
        };
        places.retain(|place| !own(place));
        for place in places {
            let earlier = self.waiting.iter().find(|(start, length, _)| {
                start.file == place.file && (start.offset..start.offset + length).contains(&place.offset)
            });
            if let Some((.., earlier)) = earlier {
                let earlier = *earlier;
                self.want(earlier);
            }
        }
        if read.is_ok() && !is_read {
            if self.waiting.len() >= FRAGMENTS {
                self.waiting.pop_front();
            }
            self.waiting.push_back((packet.place, packet.data.len() as u64, number));
        }
    }

    fn want(&mut self, packet: PacketNo) {
        let (word, bit) = (packet.0 as usize / 64, packet.0 % 64);
        if word >= self.wanted.len() {
            self.wanted.resize(word + 1, 0);
        }
        self.wanted[word] |= 1 << bit;
    }

    /// Whether a packet is wanted, once all were marked.
    pub fn has(&self, packet: PacketNo) -> bool {
        self.wanted.get(packet.0 as usize / 64).is_some_and(|word| word >> (packet.0 % 64) & 1 == 1)
    }
}

fn of(transport: Transport, [one, other]: [SocketAddr; 2]) -> Ends {
    (transport == Transport::Tcp, if one <= other { [one, other] } else { [other, one] })
}

/// Whose a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Wanted,
    /// Of a session that is not wanted.
    Others,
    /// Of no session, between ends that have one at another time.
    Nobodys,
    /// No session ever has these ends.
    Foreign,
}

/// Whose a packet is: of the last session that began between these ends. Behind a session's end its connection goes on until another one
/// `begins`.
fn whose(
    flows: &mut HashMap<Ends, Vec<Life>>,
    only: Option<&BTreeSet<u32>>,
    ends: Ends,
    packet: PacketNo,
    begins: bool,
) -> Whose {
    let Some(lives) = flows.get_mut(&ends) else { return Whose::Foreign };
    let first = lives.iter().map(|life| life.first).filter(|first| *first <= packet).max();
    let mut whose = Whose::Nobodys;
    for life in lives.iter_mut().filter(|life| Some(life.first) == first) {
        life.is_over |= begins && life.last.is_some_and(|last| packet > last);
        if !life.is_over && only.is_none_or(|only| only.contains(&life.session)) {
            return Whose::Wanted;
        }
        if !life.is_over {
            whose = Whose::Others;
        }
    }
    whose
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketsWritten {
    pub packets: u64,
    /// Captured bytes of them.
    pub bytes: u64,
}

/// Writes packets as they are.
pub struct Packets<W: Write> {
    out: Writer<W>,
    /// By input and link type.
    interfaces: Vec<(u32, LinkType)>,
    written: PacketsWritten,
    /// Notes of the captures that were looked at.
    comments: usize,
}

impl<W: Write> Packets<W> {
    /// Begins the file. `names` has the captures, as comments name them.
    pub fn new(out: W, names: &str) -> io::Result<Self> {
        let out = Writer::section(out, &format!("packets of sessions of {names}, as they were captured"))?;
        Ok(Packets { out, interfaces: Vec::new(), written: PacketsWritten::default(), comments: 0 })
    }

    /// The next secrets that a capture brings: they stand before the packet that comes next.
    pub fn secrets(&mut self, secrets: &Secrets) -> io::Result<()> {
        self.out.secrets(secrets)
    }

    /// The next packet that is wanted, with all comments so far.
    pub fn take(&mut self, packet: &Packet<'_>, comments: &[Comment]) -> io::Result<()> {
        let key = (packet.place.file, packet.link);
        let known = self.interfaces.iter().position(|known| *known == key);
        let interface = known.unwrap_or(self.interfaces.len());
        if known.is_none() {
            // What has no number there cannot have been read either.
            let Some(link) = Writer::<W>::link(packet.link) else { return Ok(()) };
            self.out.interface(link)?;
            self.interfaces.push(key);
        }
        let number = packet.at.packet;
        let since = comments.get(self.comments..).unwrap_or_default();
        let about = since.iter().filter(|comment| comment.packet == Some(number)).map(|comment| comment.text.as_str());
        let about: Vec<&str> = about.collect();
        self.comments += since.iter().take_while(|comment| comment.packet.is_none_or(|of| of <= number)).count();
        self.written.packets += 1;
        self.written.bytes += packet.data.len() as u64;
        self.out.captured(interface as u32, packet.at.time, (packet.data, packet.wire_length), &about)
    }

    /// Ends the file. Gives what it was written to, and what came of it.
    pub fn finish(self) -> io::Result<(W, PacketsWritten)> {
        Ok((self.out.finish()?, self.written))
    }
}
