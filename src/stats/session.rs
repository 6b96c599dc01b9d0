use super::calls::Calls;
use super::latency::Room;
use super::request::Requests;
use super::side::SideStats;
use super::track::Tracks;
use crate::net::How;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Body, Message, Step};
use crate::proto::{Event, Opened};
use crate::wire::{Moment, Side};

/// Procedures of a session that are told apart.
const PROCEDURES: usize = 24;

/// What one session amounts to.
#[derive(Clone, Debug)]
pub struct SessionStats {
    pub opened: Opened,
    /// The last packet of which something is told.
    pub last: Moment,
    /// Whether anything but its opening and its closes was let through.
    pub is_seen: bool,
    sides: [SideStats; 2],
    /// The last answer to the other side's block so far (C2 or S2), and how many there were.
    echo: Option<Moment>,
    echoes: u8,
    /// When the connect was answered, and whether it was accepted.
    pub connect: Option<(Moment, bool)>,
    connect_n: Option<u64>,
    pub requests: Requests,
    pub calls: Calls,
    pub tracks: Tracks,
}

impl SessionStats {
    pub(super) fn new(opened: Opened) -> SessionStats {
        SessionStats {
            last: opened.at,
            opened,
            is_seen: false,
            sides: Default::default(),
            echo: None,
            echoes: 0,
            connect: None,
            connect_n: None,
            requests: Requests::default(),
            calls: Calls::new(PROCEDURES),
            tracks: Tracks::default(),
        }
    }

    pub fn side(&self, side: Side) -> &SideStats {
        &self.sides[side.index()]
    }

    /// Nanoseconds from its first packet.
    pub fn since_start(&self, at: Moment) -> i64 {
        at.time.since(self.opened.at.time)
    }

    pub(super) fn learn(&mut self, event: &Event, masks: &Masks, room: &mut Room) {
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
                self.message(message, masks, room);
            }
            // Frames may be missing: no clock's step goes over that.
            Event::Incomplete(part) => {
                self.sides[part.from.index()].learn(event);
                self.tracks.lose(part.from);
            }
            Event::Gap(gap) => {
                self.reach(gap.at);
                self.sides[gap.from.index()].learn(event);
                self.tracks.lose(gap.from);
            }
            Event::Undecodable(lost) => {
                self.sides[lost.from.index()].learn(event);
                self.tracks.lose(lost.from);
            }
            Event::Close(close) => {
                if matches!(close.how, How::Fin | How::Rst) {
                    self.reach(close.at);
                }
                self.sides[close.from.index()].learn(event);
            }
            Event::Session(_) | Event::Resync(_) | Event::Piece(_) => {}
        }
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

    fn message(&mut self, message: &Message, masks: &Masks, room: &mut Room) {
        if let Body::Command(command) = &message.body {
            self.calls.learn(message, command, room);
            self.requests.learn(message, command, masks);
            if command.name == "connect" && message.from == Side::Client {
                self.connect_n.get_or_insert(message.n);
            } else if command.is_answer()
                && self.connect.is_none()
                && message.answers.is_some_and(|answer| Some(answer.n) == self.connect_n)
            {
                self.connect = Some((message.head.last, command.name == "_result"));
            }
        }
        let (requests, is_whole) = (&mut self.requests, self.sides[message.from.index()].is_whole());
        self.tracks.learn(message, masks, |is_key| {
            // Behind a hole nobody knows which frame was the first.
            if is_whole {
                requests.frame(message, is_key);
            }
        });
    }
}
