//! What one session amounts to: figures of what a filter lets through, beside what its story knows.

use super::calls::Calls;
use super::carriers::Carriers;
use super::latency::Room;
use super::request::{Asked, Request};
use super::series::{SideSecond, Spans};
use super::side::SideStats;
use super::track::Tracks;
use crate::limits::Limits;
use crate::net::{How, TcpFacts};
use crate::proto::ftl;
use crate::proto::rtmp::secrets::{Masks, Place};
use crate::proto::rtmp::{Body, Message, Step};
use crate::proto::{Event, Opened};
use crate::story::{Ftl, Metadata, Story};
use crate::wire::words::clip_bytes;
use crate::wire::{Moment, Side};

/// Procedures of a session that are told apart.
const PROCEDURES: usize = Limits::DEFAULT.stats_procedures;
/// Bytes of an encoder's name that are kept.
const ENCODER: usize = Limits::DEFAULT.stats_encoder_bytes;

/// How a session came out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// One of the names of [`Course`](crate::story::Course).
    pub name: &'static str,
    /// The same in a phrase, with what was rejected and by which code; masked.
    pub text: String,
    /// The `n` of the message that says so, where one does.
    pub n: Option<u64>,
}

/// What one session amounts to.
#[derive(Clone, Debug)]
pub struct SessionStats {
    pub opened: Opened,
    /// What carries it, beside TCP.
    pub carriers: Carriers,
    /// The last packet of which something is told.
    pub last: Moment,
    /// Whether anything but its opening and its closes was let through.
    pub is_seen: bool,
    sides: [SideStats; 2],
    /// The same over time.
    seconds: [Spans<SideSecond>; 2],
    /// The last answer to the other side's block so far (C2 or S2), and how many there were.
    echo: Option<Moment>,
    echoes: u8,
    /// When the connect was answered, and whether it was accepted.
    pub connect: Option<(Moment, bool)>,
    asked: Asked,
    /// The publishes and plays, once the session is over, and how many more there were.
    pub requests: Vec<Request>,
    pub more_requests: u64,
    pub calls: Calls,
    pub tracks: Tracks,
    /// The `n` of each `onMetaData` that was let through.
    described: Vec<u64>,
    /// The last `onMetaData` of each sender and message stream, masked, once the session is over.
    pub metadata: Vec<Metadata>,
    /// How it came out, once it is over.
    pub outcome: Option<Outcome>,
    /// Of an FTL session, once it is over: all that it did. What is told of RTMP says nothing of it.
    pub ftl: Option<Box<Ftl>>,
}

impl SessionStats {
    pub(super) fn new(opened: Opened) -> SessionStats {
        SessionStats {
            last: opened.at,
            opened,
            carriers: Carriers::default(),
            is_seen: false,
            sides: Default::default(),
            seconds: Default::default(),
            echo: None,
            echoes: 0,
            connect: None,
            asked: Asked::default(),
            requests: Vec::new(),
            more_requests: 0,
            calls: Calls::new(PROCEDURES),
            tracks: Tracks::default(),
            described: Vec::new(),
            metadata: Vec::new(),
            outcome: None,
            ftl: None,
        }
    }

    pub fn side(&self, side: Side) -> &SideStats {
        &self.sides[side.index()]
    }

    /// What a side sent over time.
    pub fn seconds(&self, side: Side) -> &Spans<SideSecond> {
        &self.seconds[side.index()]
    }

    pub(super) fn release(&self, room: &mut Room) {
        self.seconds.iter().for_each(|spans| spans.release(room));
        self.tracks.iter().for_each(|track| track.seconds.release(room));
    }

    /// Nanoseconds from its first packet.
    pub fn since_start(&self, at: Moment) -> i64 {
        at.time.since(self.opened.at.time)
    }

    pub(super) fn learn(&mut self, event: &Event, story: &Story, room: &mut Room) {
        self.is_seen |= !matches!(event, Event::Close(_) | Event::Piece(_));
        match event {
            Event::Handshake(step) => {
                self.reach(step.last);
                if step.step == Step::Echo {
                    self.echoes += 1;
                    let is_later = self.echo.is_none_or(|echo| step.last.packet > echo.packet);
                    self.echo = if is_later { Some(step.last) } else { self.echo };
                }
            }
            Event::Message(message) => {
                self.reach(message.head.last);
                self.sides[message.from.index()].learn(event);
                self.message(message, story, room);
            }
            Event::Incomplete(part) => self.sides[part.from.index()].learn(event),
            Event::Gap(gap) => {
                self.reach(gap.at);
                self.sides[gap.from.index()].learn(event);
            }
            Event::Undecodable(lost) => self.sides[lost.from.index()].learn(event),
            Event::Close(close) => {
                // Of what nothing deciphers the end alone is told.
                if matches!(close.how, How::Fin | How::Rst) || self.opened.decrypted == Some(false) {
                    self.reach(close.at);
                }
                self.sides[close.from.index()].learn(event);
                if let Some(tcp) = &close.tcp {
                    self.learn_tcp(close.from, tcp, room);
                }
            }
            Event::Ftl(message) => self.reach(message.packets().1),
            Event::Flow(_) | Event::Tls(_) => self.carriers.learn(event, room),
            Event::Tunnel(told) => {
                self.reach(told.exchange.at);
                self.carriers.learn(event, room);
            }
            Event::Session(_) | Event::Resync(_) | Event::Deviation(_) | Event::Piece(_) => {}
        }
    }

    /// Bits per second of all that a side sent, from the session's first packet to its last.
    pub fn mean_bit_rate(&self, side: Side) -> Option<f64> {
        let ns = self.since_start(self.last);
        (ns > 0).then(|| self.side(side).bytes as f64 * 8e9 / ns as f64)
    }

    /// When the handshake was over, where both sides' ends of it are there.
    pub fn handshake_done(&self) -> Option<Moment> {
        self.echo.filter(|_| self.echoes == 2)
    }

    fn reach(&mut self, at: Moment) {
        if at.packet > self.last.packet {
            self.last = at;
        }
    }

    /// When TCP sent something again, and how long its acknowledgements took.
    fn learn_tcp(&mut self, from: Side, tcp: &TcpFacts, room: &mut Room) {
        let start = self.opened.at.time;
        let spans = &mut self.seconds[from.index()];
        for (at, count) in tcp.resent.iter().flat_map(|resent| resent.iter()) {
            spans.at(at.since(start), room).retransmissions += u64::from(count);
        }
        for (at, trip) in tcp.trips.iter().flat_map(|trips| trips.iter()) {
            let span = spans.at(at.since(start), room);
            span.round_trip = span.round_trip.max(Some(trip));
        }
    }

    fn message(&mut self, message: &Message, story: &Story, room: &mut Room) {
        let ns = self.since_start(message.head.last);
        let second = self.seconds[message.from.index()].at(ns, room);
        second.messages += 1;
        second.payload += u64::from(message.head.length);
        match &message.body {
            Body::WindowAcknowledgementSize(window) => second.window = Some(*window),
            Body::Acknowledgement(number) => {
                let sent = story.of(message.from.other()).bytes;
                // A side that counts from behind its handshake, or in another way, is ahead of the bytes, which is no figure.
                let rest = (sent as u32).wrapping_sub(*number);
                if sent > 0 && rest < 1 << 31 {
                    second.unacknowledged = second.unacknowledged.max(Some(rest));
                }
            }
            _ => {}
        }
        self.media(message, story, room);
    }

    fn media(&mut self, message: &Message, story: &Story, room: &mut Room) {
        match &message.body {
            Body::Command(command) => {
                self.calls.learn(message, command, story, room);
                self.asked.learn(message.n, story);
                let answer = story.connect.as_ref().and_then(|connect| connect.answer.as_ref());
                if let Some(answer) = answer.filter(|answer| answer.n == message.n) {
                    self.connect = Some((answer.at, answer.accepted));
                }
            }
            Body::Data(_) => {
                let said = story.tracks.metadata(message.from, message.head.message_stream_id);
                if let Some(said) = said.filter(|said| said.n == message.n) {
                    self.described.retain(|n| story.tracks.all_metadata().any(|known| known.n == *n));
                    self.described.push(said.n);
                }
            }
            _ => self.tracks.learn(message, story, self.opened.at.time, room),
        }
    }

    /// The session is over: tells what the story knows.
    pub(super) fn conclude(&mut self, story: &Story, masks: &Masks) {
        let session = self.opened.session;
        let course = story.standing().course;
        let text = masks.sentence(session, &course.phrase());
        self.outcome = Some(Outcome { name: course.name(), text, n: course.n() });
        if self.opened.protocol == ftl::NAME {
            self.ftl = Some(story.ftl.clone().unwrap_or_default());
        }
        self.requests = self.asked.tell(session, story, masks);
        self.more_requests = self.asked.more;
        self.calls.rename(|name| masks.text(session, Place::Loose, name));
        self.tracks.conclude(story);
        let told = story.tracks.all_metadata().filter(|said| self.described.contains(&said.n));
        self.metadata = told.map(|said| masked(said, session, masks)).collect();
    }
}

fn masked(said: &Metadata, session: u32, masks: &Masks) -> Metadata {
    let encoder = said.encoder.as_ref().map(|encoder| clip_bytes(masks.text(session, Place::Text, encoder), ENCODER));
    Metadata { encoder, ..said.clone() }
}
