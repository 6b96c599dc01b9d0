use std::collections::VecDeque;

use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message, UserControlEvent};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::wire::words::seconds;
use crate::wire::{Moment, PacketNo, Side};

rule! {
    /// A Ping Request is answered with a Ping Response that repeats its timestamp. None came within 10 seconds, or one with
    /// another timestamp.
    ///
    /// Why: a server that pings takes a client without an answer for dead, and disconnects it.
    ///
    /// Seen: OBS Studio never answers.
    ///
    /// Change: answer each Ping Request at once, with its four bytes.
    pub(super) struct PingUnanswered {
        waiting: VecDeque<Ping>,
        early: VecDeque<(Side, u32, PacketNo)>,
    }
    "CTL013", "ping-unanswered", Warning, "RTMP 1.0 §7.1.7", rests: Session, media: false
}

/// Pings, and early responses, that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.judged_pings;
/// As long as a response may take, in nanoseconds.
const PATIENCE_NS: i64 = 10_000_000_000;

/// A Ping Request that waits for its response.
struct Ping {
    from: Side,
    timestamp: u32,
    at: Moment,
    packets: (PacketNo, PacketNo),
    quote: Quote,
}

impl PingUnanswered {
    fn request(&mut self, message: &Message, timestamp: u32) {
        let packet = message.head.last.packet;
        // A hole in the request's direction holds it back until the hole is filled: its response may be known already.
        let answers =
            |(from, echo, at): &(Side, u32, PacketNo)| *from != message.from && *echo == timestamp && *at > packet;
        if let Some(place) = self.early.iter().position(answers) {
            self.early.remove(place);
            return;
        }
        if self.waiting.len() == REMEMBERED {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Ping {
            from: message.from,
            timestamp,
            at: message.head.last,
            packets: (message.head.first.packet, packet),
            quote: Quote::of(message),
        });
    }

    fn response(&mut self, message: &Message, timestamp: u32, findings: &mut Findings) {
        let asked = |ping: &&Ping| ping.from != message.from;
        let matching = self.waiting.iter().position(|ping| asked(&ping) && ping.timestamp == timestamp);
        let oldest = self.waiting.iter().position(|ping| asked(&ping));
        let Some(ping) = matching.or(oldest).and_then(|place| self.waiting.remove(place)) else {
            if self.early.len() == REMEMBERED {
                self.early.pop_front();
            }
            self.early.push_back((message.from, timestamp, message.head.last.packet));
            return;
        };
        let from = message.from.name();
        let took = message.head.last.time.since(ping.at.time);
        let text = if matching.is_none() {
            format!("the {from} answers the ping {} (message {}) with {timestamp}", ping.timestamp, ping.quote.n)
        } else if took > PATIENCE_NS {
            format!("the {from} took {} s to answer the ping {timestamp} (message {})", seconds(took, 0), ping.quote.n)
        } else {
            return;
        };
        findings.about(Self::META, message, text).packets.0 = ping.packets.0;
    }
}

impl Rule for PingUnanswered {
    fn held(&self) -> usize {
        self.waiting.iter().map(|ping| size_of::<Ping>() + ping.quote.cost()).sum()
    }

    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::UserControl(control) = message.body else { return };
        let Some(timestamp) = control.timestamp else { return };
        match control.event {
            UserControlEvent::PING_REQUEST => self.request(message, timestamp),
            UserControlEvent::PING_RESPONSE => self.response(message, timestamp, findings),
            _ => {}
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for ping in std::mem::take(&mut self.waiting) {
            let silent = ping.from.other();
            if !story.of(silent).seen || close.at.time.since(ping.at.time) <= PATIENCE_NS {
                continue;
            }
            let text = format!("the {} never answered the ping {}", silent.name(), ping.timestamp);
            findings.about_earlier(Self::META, &ping.quote, ping.packets, text).from = Some(silent);
        }
    }
}
