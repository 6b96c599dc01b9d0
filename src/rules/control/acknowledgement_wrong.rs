use std::collections::VecDeque;

use super::ledger::{Count, Judged, Ledgers};
use crate::proto::Close;
use crate::proto::rtmp::{Head, Message};
use crate::rules::{Findings, Rule, Severity, Story, rule};

rule! {
    /// An Acknowledgement's number is that of all bytes received so far, the handshake and chunk headers included, and wraps
    /// at 4294967296. This receiver counts something else; the finding says what. It is a note where the count is whole
    /// otherwise: without the handshake's 3073 bytes, without chunk headers, or with another wrap.
    ///
    /// Why: a sender that keeps to its window believes that bytes are missing, or that none are, and stops or floods.
    ///
    /// Seen: FFmpeg and GStreamer's rtmp2src count without the handshake. YouTube acknowledges a fixed step, rml_rtmp the bytes since the last time;
    /// lal begins again at 4026531840, rtmpy at 4001366016; a server in Go sends type 3 where it means type 5.
    ///
    /// Change: count every byte from C0 or S0 on, in 32 bits.
    pub(super) struct AcknowledgementWrong {
        ledgers: Ledgers,
        dialects: [Dialects; 2],
    }
    "CTL008", "acknowledgement-wrong", Warning, "RTMP 1.0 §5.4.3", rests: Session
}

/// Bytes of a handshake's half.
const HANDSHAKE: u64 = 3073;
/// Messages on whose ends it looks back: more than are on their way at a time.
const LOOK_BACK: usize = 512;
/// Numbers in a row that must be at a message's end before a dialect is named.
const PROOF: u32 = 3;

/// How a receiver counts that acknowledges when it has read a message: by where its numbers fall.
#[derive(Default)]
struct Dialects {
    /// Of the last messages, once something was acknowledged: where each ends, and the payload bytes up to there.
    ends: VecDeque<(u64, u64)>,
    payload: u64,
    /// Numbers that were at an end in each dialect, one after the other.
    hits: [u32; 2],
    /// There was an Acknowledgement: most receivers never send one.
    begun: bool,
    /// The count is a right one, or was named.
    settled: bool,
}

const DIALECTS: [&str; 2] = ["leaves the 3073 bytes of the handshake out of", "leaves the chunk headers out of"];

impl Dialects {
    fn learn(&mut self, head: &Head) {
        self.payload += u64::from(head.length);
        if !self.begun || self.settled {
            return;
        }
        if self.ends.len() == LOOK_BACK {
            self.ends.pop_front();
        }
        self.ends.push_back((head.end(), self.payload));
    }

    /// The dialect, once it is proven.
    fn judge(&mut self, total: u64) -> Option<&'static str> {
        if self.settled {
            return None;
        }
        self.begun = true;
        let is_at = |of: fn(&(u64, u64), u64) -> bool| self.ends.iter().any(|end| of(end, total));
        if is_at(|(end, _), total| *end == total) {
            self.settled = true;
            return None;
        }
        let found = [
            is_at(|(end, _), total| *end == total + HANDSHAKE),
            is_at(|(_, payload), total| *payload == total || *payload + HANDSHAKE == total),
        ];
        for (hits, found) in self.hits.iter_mut().zip(found) {
            *hits = if found { *hits + 1 } else { 0 };
        }
        let proven = self.hits.iter().position(|hits| *hits >= PROOF)?;
        self.settled = true;
        Some(DIALECTS[proven])
    }
}

impl AcknowledgementWrong {
    fn say(&mut self, judged: &Judged, findings: &mut Findings) {
        let Judged { from, acknowledgement, sent, count } = judged;
        let (receiver, sender, number) = (from.name(), from.other().name(), acknowledgement.number);
        let (severity, text) = match *count {
            Count::Whole { total, .. } => {
                let Some(dialect) = self.dialects[from.other().index()].judge(total) else { return };
                (Severity::Note, format!("the {receiver} {dialect} the bytes that it acknowledges"))
            }
            Count::Fixed => {
                let text = "time and again: a fixed step, not all bytes received";
                (Severity::Warning, format!("the {receiver} acknowledges {number} bytes {text}"))
            }
            Count::SinceLast { before } => {
                let text = "the bytes since the last time, not all received";
                (Severity::Warning, format!("the {receiver} acknowledges {number} bytes after {before}: {text}"))
            }
            Count::Back { before } => {
                let text = "the count goes back";
                (Severity::Warning, format!("the {receiver} acknowledges {number} bytes after {before}: {text}"))
            }
            Count::TooMany => {
                let mut text =
                    format!("the {receiver} acknowledges {number} bytes, the {sender} had sent {sent} at most");
                if acknowledgement.announces_none && u64::from(number) > 2 * sent {
                    text += ": a Window Acknowledgement Size may be meant";
                }
                (Severity::Warning, text)
            }
            Count::Wrapped { at } => {
                (Severity::Note, format!("the count of the {receiver} begins again after {at} bytes, not 4294967296"))
            }
        };
        let finding = findings.about_earlier(Self::META, &acknowledgement.quote, acknowledgement.packets, text);
        finding.severity = severity;
    }
}

impl Rule for AcknowledgementWrong {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        for judged in self.ledgers.learn(message, story) {
            self.say(&judged, findings);
        }
        self.dialects[message.from.index()].learn(&message.head);
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        for judged in self.ledgers.close(close) {
            self.say(&judged, findings);
        }
    }
}
