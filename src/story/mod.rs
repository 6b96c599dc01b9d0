//! What a session did: one fold over its events, which rules, statistics, comparison and screen read.
//!
//! A rule sees the story as it was before the event that it judges.

mod answered;
mod connect;
pub mod ftl;
mod metadata;
mod quote;
mod request;
mod requests;
mod side;
mod standing;
mod stories;
mod streams;
mod tracks;

pub use answered::Answered;
pub use connect::Connect;
pub use ftl::Ftl;
pub use metadata::Metadata;
pub use quote::{Mark, Marked, Quote, Subject};
pub use request::{Outcome, Reply, Request, Use, deed};
pub use requests::{Early, Requests};
pub use side::SideFacts;
pub use standing::{Course, Refusal, Rejection, Standing};
pub use stories::Stories;
pub use streams::{Stream, Streams};
pub use tracks::{Step, Track, Tracks};

use crate::net::{How, Start};
use crate::proto::rtmp::procedure::Deed;
use crate::proto::{self, Close, Event, Transport, Why};
use crate::wire::{Moment, Side};

/// How a session ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// The side that ended it first; none where nobody did.
    pub by: Option<Side>,
    pub how: How,
    pub at: Moment,
}

/// What is known of a session so far.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// It kept too much, and is told no more.
    pub is_given_up: bool,
    /// The capture began after the connection did.
    pub midstream: bool,
    /// Of a session that is enciphered on the wire, whether it was deciphered.
    pub decrypted: Option<bool>,
    sides: [SideFacts; 2],
    /// What both sides asked for, and what answered it.
    pub requests: Requests,
    /// The client's connect, and what came of it.
    pub connect: Option<Connect>,
    /// Message streams: who created them, and what they are used for.
    pub streams: Streams,
    /// What the tracks are, and where their clocks stand.
    pub tracks: Tracks,
    /// How it ended, once a side did.
    pub ended: Option<Ending>,
    /// What there is to know of FTL, where the session speaks that.
    pub ftl: Option<Box<Ftl>>,
}

impl Story {
    pub fn of(&self, side: Side) -> &SideFacts {
        &self.sides[side.index()]
    }

    /// The publish or play that a message stream was last asked for.
    pub fn asked(&self, stream: &Stream) -> Option<&Request> {
        self.requests.get(stream.asked?)
    }

    /// The command with which the client gave up a message stream, since that was last asked for.
    pub fn ended_by(&self, stream: &Stream) -> Option<&Request> {
        let is_its = |request: &&Request| Some(request.at) == stream.ended && !request.is_courtesy();
        self.requests.iter().rev().filter(is_its).find(|request| request.deed.is_some_and(Deed::is_end))
    }

    /// What there is to know of FTL, from the session's first line or flow on.
    fn ftl(&mut self) -> &mut Ftl {
        let midstream = self.midstream;
        self.ftl.get_or_insert_with(|| Ftl::new(midstream).into())
    }

    /// Bytes that its lists take, about.
    fn held(&self) -> usize {
        let ftl = self.ftl.as_ref().map_or(0, |ftl| ftl.held());
        self.requests.held() + self.streams.held() + self.tracks.held() + ftl
    }

    /// Whether everything that this side sent so far was captured and decoded. What a server seems to begin with proves nothing
    /// as long as the client's beginning is not there: its own may be missing too.
    pub fn is_whole(&self, side: Side) -> bool {
        self.is_captured(side) && !self.of(side).lost
    }

    /// Whether all that a side sent was captured, though not all of it may have been understood.
    pub fn is_captured(&self, side: Side) -> bool {
        let client = self.of(Side::Client);
        // FTL has no handshake before its first line, which is the client's.
        let has_begun = client.handshake[0].is_some() || client.left_out_version || self.ftl.is_some();
        let is_from_start = side == Side::Client || has_begun;
        !self.midstream && is_from_start && !self.of(side).gap
    }

    /// Whether a session that ends with this close ended by a FIN. Its acknowledgement number proves that nothing of the
    /// other side that its sender had is missing; without one, a capture may miss the end.
    pub fn ends_in_order(&self, close: &Close) -> bool {
        close.how == How::Fin || self.of(close.from.other()).closed == Some(How::Fin)
    }

    /// Whether what both sides sent was captured in the order in which it came, at the session's last close. Where the capture
    /// missed a segment that its receiver had, or saw it when it was sent again, an answer may seem to come after what it
    /// allowed.
    pub fn is_in_order(&self, close: &Close) -> bool {
        is_in_order(close) && self.of(close.from.other()).in_order
    }

    /// Nanoseconds in which a round trip and what both sides did meanwhile fit: from C1, which S1 answers, to C2, which answers that.
    pub fn round_trip(&self) -> Option<i64> {
        let client = self.of(Side::Client);
        let (asked, (answered, _)) = client.handshake[1].zip(client.steps[2])?;
        Some(answered.time.since(asked.time))
    }

    /// When a side closed its TCP window for longest, and for how many nanoseconds, at the session's last close.
    pub fn window_closed(&self, side: Side, close: &Close) -> Option<(Moment, i64)> {
        if side == close.from { window_closed(close) } else { self.of(side).window_closed }
    }

    /// How a session ended, at its last close.
    pub fn ending(&self, close: &Close) -> Ending {
        let ended = |by: Side, how, at| Ending {
            by: match how {
                How::Fin => Some(by),
                How::Rst => close.tcp.as_ref().and_then(|tcp| tcp.reset).map(|(side, _)| side),
                How::Timeout | How::EndOfCapture => None,
            },
            how,
            at,
        };
        let other = self.of(close.from.other());
        match other.closed.zip(other.closed_at) {
            Some((how, at)) if at.packet <= close.at.packet => ended(close.from.other(), how, at),
            _ => ended(close.from, close.how, close.at),
        }
    }

    fn learn(&mut self, event: &Event) {
        if self.is_given_up {
            return;
        }
        match event {
            Event::Session(opened) => {
                self.midstream = opened.start == Start::Midstream;
                self.decrypted = opened.decrypted;
                self.ftl = (opened.protocol == proto::ftl::NAME).then(|| Ftl::new(self.midstream).into());
            }
            Event::Message(message) => {
                self.streams.learn(message, &self.requests);
                Connect::learn(&mut self.connect, message, &self.requests);
                self.requests.learn(message);
                let (requests, side) = (&mut self.requests, &self.sides[message.from.index()]);
                let is_whole = !side.gap && !side.lost;
                self.tracks.learn(message, |part| requests.learn_frame(message, part, is_whole));
                self.sides[message.from.index()].learn_message(message);
            }
            Event::Gap(gap) => {
                self.sides[gap.from.index()].learn_gap(gap);
                if let Some(ftl) = &mut self.ftl {
                    ftl.lose();
                }
                self.tracks.lose(gap.from);
            }
            Event::Handshake(step) => self.sides[step.from.index()].learn_handshake(step),
            Event::Undecodable(lost) => {
                self.sides[lost.from.index()].lost = true;
                self.tracks.lose(lost.from);
            }
            // Nothing follows a message inside which its direction ended.
            Event::Incomplete(part) if matches!(part.why, Why::Closed | Why::EndOfCapture) => {}
            Event::Incomplete(part) => self.tracks.lose(part.from),
            Event::Close(close) => {
                self.ended = Some(self.ending(close));
                let side = &mut self.sides[close.from.index()];
                side.closed = Some(close.how);
                side.closed_at = Some(close.at);
                side.ended_bytes = close.bytes;
                side.in_order = is_in_order(close);
                side.window_closed = window_closed(close);
                if let Some(ftl) = &mut self.ftl {
                    ftl.finish(&close.frames);
                }
            }
            Event::Deviation(deviation) if deviation.mistake.is_of_handshake() => {
                self.sides[deviation.from.index()].odd_handshake = true;
            }
            Event::Deviation(deviation) if deviation.mistake.loses() => {
                self.sides[deviation.from.index()].lost = true;
                self.tracks.lose(deviation.from);
            }
            Event::Ftl(message) => {
                self.ftl().learn(message);
                self.sides[message.from().index()].learn_ftl(message);
            }
            Event::Flow(flow) if flow.transport == Transport::Udp => self.ftl().join(flow),
            Event::Flow(_)
            | Event::Tls(_)
            | Event::Tunnel(_)
            | Event::Resync(_)
            | Event::Deviation(_)
            | Event::Piece(_) => {}
        }
    }
}

/// Whether a direction's segments were captured as they were sent first.
fn is_in_order(close: &Close) -> bool {
    let Some(tcp) = &close.tcp else { return false };
    tcp.retransmissions == 0 && tcp.out_of_order == 0 && tcp.capture_holes == 0
}

fn window_closed(close: &Close) -> Option<(Moment, i64)> {
    let tcp = close.tcp.as_ref()?;
    Some((tcp.longest_zero_window_from?, tcp.longest_zero_window))
}
