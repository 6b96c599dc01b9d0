use super::milliseconds;
use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::Step;
use crate::rules::{Facts, Findings, Rule, rule};
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
    /// The connection ended inside the handshake, or nothing more came for ten seconds. The finding says what was missing and
    /// who ended it; the side at fault is the one whose part was due.
    ///
    /// Why: no session began. A client shows this as "connection refused" or as a timeout, and server logs seldom have it.
    ///
    /// Seen: servers that hang up on a handshake they do not like; ports on which something else listens; health checks.
    ///
    /// Change: look at what came last: its receiver did not like it, or never got it.
    pub(super) struct HandshakeIncomplete {}
    "HSK010", "handshake-incomplete", Error, "RTMP 1.0 §5.2", rests: Session, unsure: true, media: false
}

impl Rule for HandshakeIncomplete {
    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        if !close.last || !Side::BOTH.into_iter().all(|side| facts.is_whole(side)) {
            return;
        }
        let came = |side: Side, place: usize| facts.of(side).handshake[place];
        let missing = STEPS.iter().filter(|(side, _, place)| came(*side, *place).is_none());
        let Some(&(from, ..)) = missing.clone().next() else { return };
        let last: Option<Moment> =
            STEPS.iter().filter_map(|(side, _, place)| came(*side, *place)).max_by_key(|at| at.packet);
        let Some(last) = last else { return };
        let other = close.from.other();
        // Who ended it is who ended first.
        let (first, how) = match facts.of(other).closed {
            Some(how) => (other, how),
            None => (close.from, close.how),
        };
        let waited = close.at.time.since(last.time);
        let end = match how {
            How::Fin => format!("the {} closed the connection", first.name()),
            How::Rst => "the connection was reset".to_owned(),
            How::Timeout | How::EndOfCapture if waited >= STALLED_NS => {
                format!("nothing more came for {} ms", milliseconds(waited))
            }
            How::Timeout | How::EndOfCapture => return,
        };
        let names: Vec<_> = missing.map(|(side, step, _)| step.name(*side)).collect();
        let text = format!("{} never came: {end}", names.join(", "));
        let finding = findings.push(Self::META, Some(from), text, (last.packet, close.at.packet.max(last.packet)));
        // A side of which nothing was captured may have sent all of it.
        let closed = if close.from == from { Some(close.how) } else { facts.of(from).closed };
        let is_seen = facts.of(from).seen || matches!(closed, Some(How::Fin | How::Rst));
        finding.certain = is_seen && facts.ends_in_order(close);
    }
}
