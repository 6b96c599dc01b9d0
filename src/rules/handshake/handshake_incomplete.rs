use super::is_complete;
use crate::net::How;
use crate::proto::rtmp::{Handshake, Mistake, Step};
use crate::proto::{Close, Deviation};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::{count, duration};
use crate::wire::{Moment, Side};

/// How long, in ns, nothing came when a handshake counts as stalled.
const STALLED_NS: i64 = 10_000_000_000;
/// The steps in the order in which they can be sent.
const STEPS: [(Side, Step, usize); 6] = [
    (Side::Client, Step::Version, 0),
    (Side::Client, Step::Block, 1),
    (Side::Server, Step::Version, 0),
    (Side::Server, Step::Block, 1),
    (Side::Server, Step::Echo, 2),
    (Side::Client, Step::Echo, 2),
];

rule! {
    /// The connection ended inside the handshake, or no further part of it came for ten seconds. The finding says what was missing and
    /// who ended it, when, and how much either side had sent; the side at fault is the one whose part was due, and where both were to
    /// send, the one that ended it. A block that was left out is told at once: C2 or S2 by the first chunk in its place, C0 or S0 by the
    /// C1 or S1 there.
    ///
    /// Why: no session began. A client shows this as "connection refused" or as a timeout, and server logs seldom have it.
    ///
    /// Seen: a reset between S1 and S2 by a relay whose own client had gone.
    ///
    /// Change: send each part in its order: 3, then 1536 bytes, then the other side's 1536 bytes. Where the connection ended, look at what
    /// came last: its receiver did not like it, or never got it.
    pub(super) struct HandshakeIncomplete {
        said: bool,
        // It was told that this side left its C0 or S0 out.
        left_out: [bool; 2],
    }
    "HSK010", "handshake-incomplete", Error, "RTMP 1.0 §5.2", rests: Session, unsure: true, media: false
}

impl Rule for HandshakeIncomplete {
    fn handshake(&mut self, step: &Handshake, story: &Story, findings: &mut Findings) {
        let own = story.of(step.from);
        if step.step == Step::Block && own.handshake[0].is_none() && !own.gap && !story.midstream {
            let from = step.from;
            self.left_out[from.index()] = true;
            let text = format!(
                "{} never came: the {} begins with {}; send one byte of 3 before it",
                Step::Version.name(from),
                from.name(),
                step.step.name(from)
            );
            findings.push(Self::META, Some(from), text, (step.first.packet, step.last.packet));
        }
    }

    fn deviation(&mut self, deviation: &Deviation, story: &Story, findings: &mut Findings) {
        // A block of another length is told by its own rule.
        self.said |= matches!(deviation.mistake, Mistake::HandshakeLength(_));
        if deviation.mistake == Mistake::NoEcho && story.is_captured(deviation.from) {
            let (who, what, packet) = (deviation.from, deviation.mistake.clause(deviation.from), deviation.at.packet);
            let (step, side) = (Step::Echo.name(who), who.name());
            let text = format!("{step} never came: the {side} writes {what} (offset {})", deviation.offset);
            findings.push(Self::META, Some(who), text, (packet, packet));
            // It is told no second time, at the end.
            self.said = true;
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if self.said || !close.last || !Side::BOTH.into_iter().all(|side| story.is_whole(side)) {
            return;
        }
        let came = |side: Side, place: usize| story.of(side).handshake[place];
        let is_told = |side: Side, step: Step| step == Step::Version && self.left_out[side.index()];
        let is_missing =
            |(side, step, place): &&(Side, Step, usize)| came(*side, *place).is_none() && !is_told(*side, *step);
        let missing: Vec<_> = STEPS.iter().filter(is_missing).collect();
        let steps = STEPS.iter().filter_map(|(side, step, place)| Some((came(*side, *place)?, step.name(*side))));
        let (false, Some((last, last_name))) = (missing.is_empty(), steps.max_by_key(|(at, _)| at.packet)) else {
            return;
        };
        // Who ended it is who ended first.
        let other = close.from.other();
        let (closer, how) = match story.of(other).closed {
            Some(how) => (other, how),
            None => (close.from, close.how),
        };
        let ender = match how {
            How::Fin => Some(closer),
            How::Rst => close.tcp.as_ref().and_then(|tcp| tcp.reset).map(|(side, _)| side),
            How::Timeout | How::EndOfCapture => None,
        };
        let waited = close.at.time.since(last.time);
        let end = match how {
            How::Fin => format!("the {} closed the connection", closer.name()),
            How::Rst => match ender {
                Some(side) => format!("the {} reset the connection", side.name()),
                None => "the connection was reset".to_owned(),
            },
            How::Timeout | How::EndOfCapture if waited >= STALLED_NS => "the capture ends".to_owned(),
            How::Timeout | How::EndOfCapture => return,
        };
        let is_due = |side: Side| missing.iter().any(|(from, step, _)| *from == side && is_due(*from, *step, &came));
        let from = match Side::BOTH.map(is_due) {
            [true, false] => Some(Side::Client),
            [false, true] => Some(Side::Server),
            _ => ender,
        };
        let names: Vec<_> = missing.iter().map(|(side, step, _)| step.name(*side)).collect();
        let sent =
            |side: Side| count(if side == close.from { close.bytes } else { story.of(side).ended_bytes }, "byte");
        let text = format!(
            "{} never came: {end} {} after {last_name}; the client had sent {}, the server {}",
            names.join(", "),
            duration(waited),
            sent(Side::Client),
            sent(Side::Server)
        );
        let finding = findings.push(Self::META, from, text, (last.packet, close.at.packet.max(last.packet)));
        // A side of which nothing was captured may have sent all of it.
        finding.certain = is_complete(story, close);
    }
}

/// Whether all came that a side waits for before it sends this.
fn is_due(from: Side, step: Step, came: &impl Fn(Side, usize) -> Option<Moment>) -> bool {
    match (from, step) {
        (Side::Client, Step::Version | Step::Block) => true,
        (Side::Server, Step::Version) => came(Side::Client, 0).is_some(),
        (Side::Server, Step::Block | Step::Echo) => came(Side::Client, 1).is_some(),
        (Side::Client, Step::Echo) => came(Side::Server, 1).is_some(),
    }
}
