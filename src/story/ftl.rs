//! What an FTL session did: how far its control connection came, what was asked and answered, and how its media ran.

mod clock;
mod traffic;

use std::collections::VecDeque;
use std::net::SocketAddr;

pub use clock::Clock;
pub use traffic::{Kind, Traffic};

use crate::proto::Flow;
use crate::proto::ftl::{Body, CommandName, Content, Datagram, Message, Phase, Relation, ReplyCode, State, media};
use crate::proto::rtp::{Arrival, Asked, Codec, Counts, Frame, Media, NalType, Pictures, Rtp, Seen};
use crate::wire::{Moment, Side};

/// Commands that are remembered with what answered them; PINGs are counted.
const REQUESTS: usize = 32;
/// Sources that are told apart. FTL has two; a client that begins anew may take others.
const SOURCES: usize = 8;
/// Flows that are remembered.
const FLOWS: usize = 8;
/// What was asked for again so shortly ago may still be on its way, in ns.
const ON_ITS_WAY: i64 = 1_000_000_000;
/// Packets that were asked for again and are still on their way.
const ASKED: usize = 256;

/// What an FTL session did so far.
#[derive(Clone, Debug, Default)]
pub struct Ftl {
    pub state: State,
    /// The first commands, PINGs left out.
    pub requests: Vec<Command>,
    /// Its control connection's PINGs.
    pub pings: Pings,
    /// Flows of media.
    pub flows: Vec<FlowFacts>,
    /// Media by source, in the order of their first packets.
    pub sources: Vec<Source>,
    /// FTL's pings in its media, and their echoes.
    pub echoes: Pings,
    pub nacks: u64,
    /// Datagrams that are neither RTP nor RTCP.
    pub unknown: u64,
    /// How often a host said that nobody listens for media (ICMP), and when it did first.
    pub unreachable: u64,
    pub first_unreachable: Option<Moment>,
    /// How far it came before it ended.
    pub reached: Phase,
    pub traffic: Traffic,
    /// RTP packets of sources beyond those that are told apart.
    pub untold: u64,
    /// The last datagram of a side.
    pub last_datagram: [Option<Moment>; 2],
}

/// A command, with what answered it.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub n: u64,
    pub name: CommandName,
    pub at: Moment,
    pub reply: Option<Reply>,
}

/// What answered a command.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    pub n: u64,
    pub code: ReplyCode,
    pub at: Moment,
    pub latency_ns: i64,
}

/// Pings and their answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pings {
    pub sent: u64,
    pub answered: u64,
    /// Of the answered ones, in ns.
    pub shortest: Option<i64>,
    pub longest: Option<i64>,
    pub sum: i64,
    pub last: Option<Moment>,
    /// The longest time between two of them, in ns, and the later one.
    pub longest_pause: Option<(i64, Moment)>,
}

impl Pings {
    fn sent(&mut self, at: Moment) {
        self.sent += 1;
        if let Some(last) = self.last {
            let pause = at.time.since(last.time);
            if self.longest_pause.is_none_or(|(longest, _)| pause > longest) {
                self.longest_pause = Some((pause, at));
            }
        }
        self.last = Some(at);
    }

    fn answered(&mut self, latency_ns: i64) {
        self.answered += 1;
        self.sum = self.sum.saturating_add(latency_ns);
        self.shortest = Some(self.shortest.map_or(latency_ns, |shortest| shortest.min(latency_ns)));
        self.longest = Some(self.longest.map_or(latency_ns, |longest| longest.max(latency_ns)));
    }

    /// The mean time to an answer, in ns.
    pub fn mean(&self) -> Option<i64> {
        (self.answered > 0).then(|| self.sum / self.answered as i64)
    }
}

/// A flow of media.
#[derive(Clone, Copy, Debug)]
pub struct FlowFacts {
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub at: Moment,
}

/// Media of one source.
#[derive(Clone, Debug)]
pub struct Source {
    pub from: Side,
    pub ssrc: u32,
    pub codec: Option<Codec>,
    pub payload_type: u8,
    /// What a receiver makes of its packets.
    pub counts: Counts,
    /// Bytes of RTP payload, without what was sent again or came twice.
    pub payload: u64,
    pub first: Moment,
    pub last: Moment,
    /// The RTP times of its first and its last packet, unwrapped, in units of the codec's clock.
    pub first_timestamp: i64,
    pub last_timestamp: i64,
    pub frames: u64,
    /// Those of which all is there.
    pub whole_frames: u64,
    pub key_frames: u64,
    pub first_key_frame: Option<Moment>,
    pub last_key_frame: Option<Moment>,
    /// The longest time between two key frames, in ns.
    pub longest_key_distance: Option<i64>,
    /// Bytes of the largest frame, without what stands around its NAL units.
    pub largest_frame: u64,
    /// How its RTP clock ran.
    pub clock: Clock,
    /// What its first SPS says.
    pub pictures: Option<Pictures>,
    /// A slice came before SPS and PPS: nothing can be decoded up to these.
    pub early_slice: Option<Moment>,
    pub has_sps: bool,
    pub has_pps: bool,
    pub reports: u64,
    /// The longest time from the first request for a packet to that packet, in ns.
    pub longest_wait: Option<i64>,
    /// The packet with its highest number: that number without its wrapping, its RTP time, and when it came.
    pub newest: Option<(i64, u32, Moment)>,
    /// The numbers that were asked for lately and have not come since, oldest first.
    asked: VecDeque<(i64, Moment)>,
}

impl Source {
    fn new(from: Side, rtp: &Rtp, counts: Counts, at: Moment) -> Source {
        Source {
            from,
            ssrc: rtp.ssrc,
            codec: rtp.codec,
            payload_type: rtp.payload_type,
            counts,
            payload: 0,
            first: at,
            last: at,
            first_timestamp: i64::from(rtp.timestamp),
            last_timestamp: i64::from(rtp.timestamp),
            frames: 0,
            whole_frames: 0,
            key_frames: 0,
            first_key_frame: None,
            last_key_frame: None,
            longest_key_distance: None,
            largest_frame: 0,
            clock: Clock::default(),
            pictures: None,
            early_slice: None,
            has_sps: false,
            has_pps: false,
            reports: 0,
            longest_wait: None,
            newest: None,
            asked: VecDeque::new(),
        }
    }

    /// Nanoseconds from its first packet's time to its last one's, by its own clock.
    pub fn duration_ns(&self) -> Option<i64> {
        let clock = i64::from(self.codec?.clock()?);
        Some((self.last_timestamp - self.first_timestamp).saturating_mul(1_000_000_000) / clock)
    }

    fn units_per_second(&self) -> Option<f64> {
        self.codec?.clock().map(f64::from)
    }

    /// Ms that its frames took, by its own clock.
    pub fn media_ms(&self) -> Option<f64> {
        Some(self.clock.time() as f64 * 1000.0 / self.units_per_second()?)
    }

    /// Frames a second of its own clock; none where that did not move.
    pub fn frame_rate(&self) -> Option<f64> {
        Some(self.clock.frame_rate()? * self.units_per_second()?)
    }

    /// Bits of frames a second of its own clock; none where that did not move.
    pub fn bit_rate(&self) -> Option<f64> {
        Some(self.clock.byte_rate()? * 8.0 * self.units_per_second()?)
    }

    /// Ms from one key frame to the next by its own clock: least, mean and most.
    pub fn key_interval_ms(&self) -> Option<[f64; 3]> {
        let (clock, units) = (&self.clock, self.units_per_second()?);
        let mean = clock.key_interval_mean()?;
        Some([clock.key_interval_least as f64, mean, clock.key_interval_most as f64].map(|time| time * 1000.0 / units))
    }

    /// Interarrival jitter in ms: as it stood at the last packet, and its highest value. None of a single packet.
    pub fn jitter_ms(&self) -> Option<(f64, f64)> {
        let units = self.units_per_second().filter(|_| self.counts.packets > 1)?;
        Some((self.counts.jitter * 1000.0 / units, self.counts.highest_jitter * 1000.0 / units))
    }

    /// Packets that were asked for again, and have not come since.
    pub fn unanswered(&self) -> u64 {
        self.counts.asked.saturating_sub(self.counts.answered)
    }

    /// Those of them that were asked for so long before its last packet that they should have come.
    pub fn overdue(&self) -> u64 {
        let is_on_its_way = |(_, at): &&(i64, Moment)| self.last.time.since(at.time) <= ON_ITS_WAY;
        self.unanswered().saturating_sub(self.asked.iter().filter(is_on_its_way).count() as u64)
    }

    fn packet(&mut self, seen: &Seen, timestamp: u32, at: Moment) {
        match seen.arrival {
            Arrival::Retransmission { waited_ns, .. } => {
                self.longest_wait = Some(self.longest_wait.map_or(waited_ns, |longest| longest.max(waited_ns)));
            }
            Arrival::First | Arrival::Next | Arrival::Ahead { .. } | Arrival::Restart => {
                self.newest = Some((seen.number, timestamp, at));
            }
            Arrival::Late | Arrival::Duplicate | Arrival::Strange => {}
        }
        self.asked.retain(|(number, _)| *number != seen.number);
    }

    fn nack(&mut self, asked: &[Asked], at: Moment) {
        let is_over = |(_, asked): &(i64, Moment)| at.time.since(asked.time) > ON_ITS_WAY;
        while self.asked.front().is_some_and(is_over) || self.asked.len() > ASKED {
            self.asked.pop_front();
        }
        let new = asked.iter().filter(|asked| asked.times == 1);
        self.asked.extend(new.clone().map(|asked| (asked.number, at)));
        self.counts.asked += new.count() as u64;
    }

    fn frame(&mut self, frame: &Frame) {
        self.frames += 1;
        self.whole_frames += u64::from(frame.is_whole());
        self.largest_frame = self.largest_frame.max(frame.size);
        if let Some(units) = self.codec.and_then(Codec::clock) {
            self.clock.frame(frame, units);
        }
        let Media::H264 { is_key, pictures, has_pps, units } = &frame.media else { return };
        self.pictures = self.pictures.take().or_else(|| pictures.clone());
        self.has_pps |= *has_pps;
        self.has_sps |= units.iter().any(|unit| unit.kind == NalType::SPS);
        let has_slice = units.iter().any(|unit| unit.kind.is_slice());
        if has_slice && !(self.has_sps && self.has_pps) {
            self.early_slice.get_or_insert(frame.first);
        }
        if *is_key {
            self.key_frames += 1;
            self.first_key_frame.get_or_insert(frame.first);
            if let Some(last) = self.last_key_frame.replace(frame.first) {
                let distance = frame.first.time.since(last.time);
                self.longest_key_distance = Some(self.longest_key_distance.map_or(distance, |far| far.max(distance)));
            }
        }
    }
}

impl Ftl {
    /// That of a session whose beginning the capture has, or not.
    pub(super) fn new(midstream: bool) -> Ftl {
        let state = State { joined: midstream, is_holed: midstream, ..State::default() };
        Ftl { state, ..Ftl::default() }
    }

    pub(super) fn lose(&mut self) {
        self.state.lose();
    }

    pub(super) fn join(&mut self, flow: &Flow) {
        if self.flows.len() < FLOWS {
            let Flow { client, server, at, .. } = *flow;
            self.flows.push(FlowFacts { client, server, at });
        }
    }

    /// The session is over: these frames still waited for packets.
    pub(super) fn finish(&mut self, frames: &[(Side, Frame)]) {
        for (from, frame) in frames {
            if let Some(place) = self.place(*from, frame.ssrc) {
                self.sources[place].frame(frame);
            }
        }
    }

    pub(super) fn learn(&mut self, message: &Message) {
        self.traffic.learn(message);
        match &message.body {
            Body::Line(line) => {
                let at = line.line.last;
                self.state.learn(&line.content, line.relation, line.signature_valid, at);
                if self.state.phase != Phase::Ended {
                    self.reached = self.reached.max(self.state.phase);
                }
                match &line.content {
                    Content::Command(command) => match command.name() {
                        Some(CommandName::Ping) => self.pings.sent(at),
                        Some(name) if name != CommandName::Attribute && self.requests.len() < REQUESTS => {
                            self.requests.push(Command { n: line.number, name, at, reply: None });
                        }
                        _ => {}
                    },
                    Content::Reply(reply) => {
                        let Some(Relation::Answers(answer)) = line.relation else { return };
                        if answer.command == CommandName::Ping {
                            self.pings.answered(answer.latency_ns);
                        }
                        let asked = self.requests.iter_mut().find(|request| request.n == answer.number);
                        if let Some((asked, code)) = asked.zip(reply.code) {
                            asked.reply = Some(Reply { n: line.number, code, at, latency_ns: answer.latency_ns });
                        }
                    }
                }
            }
            Body::Datagram(datagram) => self.datagram(datagram),
            Body::Unreachable(it) => {
                self.unreachable += 1;
                self.first_unreachable.get_or_insert(it.at);
            }
        }
    }

    fn datagram(&mut self, datagram: &Datagram) {
        let item = &datagram.item;
        self.last_datagram[item.from.index()] = Some(item.at);
        match &item.datagram {
            media::Datagram::Rtp(rtp) => {
                let Some(seen) = item.seen else {
                    self.untold += 1;
                    return;
                };
                let place = self.place(item.from, rtp.ssrc).or_else(|| {
                    if self.sources.len() == SOURCES {
                        return None;
                    }
                    self.sources.push(Source::new(item.from, rtp, seen.counts, item.at));
                    Some(self.sources.len() - 1)
                });
                let Some(place) = place else {
                    self.untold += 1;
                    return;
                };
                let source = &mut self.sources[place];
                source.codec = source.codec.or(rtp.codec);
                source.counts = seen.counts;
                source.last = item.at;
                source.packet(&seen, rtp.timestamp, item.at);
                if seen.arrival.is_new() {
                    source.payload += u64::from(rtp.payload.end - rtp.payload.start);
                    let step = rtp.timestamp.wrapping_sub(source.last_timestamp as u32) as i32;
                    // The first and the last in the order of the clock: packets come in any.
                    let timestamp = source.last_timestamp + i64::from(step);
                    source.last_timestamp = source.last_timestamp.max(timestamp);
                    source.first_timestamp = source.first_timestamp.min(timestamp);
                }
            }
            media::Datagram::SenderReport(report) => {
                if let Some(place) = self.place(item.from, report.ssrc) {
                    self.sources[place].reports += 1;
                }
            }
            media::Datagram::Nack(nack) => {
                self.nacks += 1;
                if let Some(place) = self.place(item.from.other(), nack.media_ssrc) {
                    self.sources[place].nack(&item.asked, item.at);
                }
            }
            media::Datagram::Ping(_) if item.from == Side::Client => self.echoes.sent(item.at),
            media::Datagram::Ping(_) => {
                if let Some(echo) = item.answers {
                    self.echoes.answered(echo.latency_ns);
                }
            }
            media::Datagram::Rtcp(_) => {}
            media::Datagram::Unknown => self.unknown += 1,
        }
        // The frames that a source's restart completes are of before, but for one that its packet is alone.
        let mut anew = match (&item.datagram, item.seen) {
            (media::Datagram::Rtp(rtp), Some(seen)) if seen.arrival == Arrival::Restart => Some(rtp),
            _ => None,
        };
        for frame in &item.frames {
            if let Some(place) = self.place(item.from, frame.ssrc) {
                if anew.is_some_and(|rtp| rtp.timestamp == frame.timestamp) {
                    anew = None;
                    self.sources[place].clock.set_anew();
                }
                self.sources[place].frame(frame);
            }
        }
        if let Some(place) = anew.and_then(|rtp| self.place(item.from, rtp.ssrc)) {
            self.sources[place].clock.set_anew();
        }
    }

    fn place(&self, from: Side, ssrc: u32) -> Option<usize> {
        self.sources.iter().position(|source| source.from == from && source.ssrc == ssrc)
    }

    /// Bytes of memory that it takes.
    pub(super) fn held(&self) -> usize {
        size_of::<Ftl>()
            + self.requests.capacity() * size_of::<Command>()
            + self.flows.capacity() * size_of::<FlowFacts>()
            + self.sources.capacity() * (size_of::<Source>() + 512)
            + self.sources.iter().map(|source| source.asked.capacity() * size_of::<(i64, Moment)>()).sum::<usize>()
            + self.state.memory()
            + self.traffic.held()
    }

    /// The commands that wait for a reply.
    pub fn unanswered(&self) -> impl Iterator<Item = &Command> {
        self.requests.iter().filter(|request| request.reply.is_none() && request.name.is_answered())
    }
}
