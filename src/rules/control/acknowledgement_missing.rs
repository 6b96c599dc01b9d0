use super::had_time;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::{Moment, PacketNo, Side};

rule! {
    /// A side that announced a Window Acknowledgement Size expects an Acknowledgement each time that it has sent so many
    /// bytes. Here it sent more than twice as many, and none ever came. Where the session ended within a second, or a round trip, of
    /// the first window's last byte, there is no verdict: there was no time for it.
    ///
    /// Why: a sender that keeps to its window stops, and the stream freezes for good.
    ///
    /// Seen: many small servers and client libraries that count nothing; SRS acknowledges by a default of its own, because some
    /// encoders block.
    ///
    /// Change: acknowledge at least once a window, with the number of bytes received so far.
    pub(super) struct AcknowledgementMissing {
        passed: [Option<Passed>; 2],
        overrun: [Option<Overrun>; 2],
    }
    "CTL006", "acknowledgement-missing", Warning, "RTMP 1.0 §5.4.3, §5.4.4", rests: Session
}

/// A side had sent a whole window.
#[derive(Clone, Copy)]
struct Passed {
    /// Its own bytes up to where the window was announced.
    since: u64,
    at: Moment,
}

/// The first message of a side beyond two windows.
struct Overrun {
    n: u64,
    packets: (PacketNo, PacketNo),
    window: u32,
    /// Bytes since the window was announced.
    sent: u64,
}

impl Rule for AcknowledgementMissing {
    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let Some((window, since)) = story.of(message.from).window else { return };
        if window == 0 || matches!(message.body, Body::WindowAcknowledgementSize(_)) {
            return;
        }
        let head = &message.head;
        let sent = head.end().saturating_sub(since);
        let passed = &mut self.passed[message.from.index()];
        if sent > u64::from(window) && passed.is_none_or(|passed| passed.since != since) {
            *passed = Some(Passed { since, at: head.last });
        }
        if sent > 2 * u64::from(window) {
            let packets = (head.first.packet, head.last.packet);
            let first = || Overrun { n: message.n, packets, window, sent };
            self.overrun[message.from.index()].get_or_insert_with(first).sent = sent;
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for sender in Side::BOTH {
            let receiver = sender.other();
            let Some(overrun) = self.overrun[sender.index()].take() else { continue };
            // A receiver of which nothing was captured may have sent any number of them.
            if story.of(receiver).acknowledgements > 0 || !story.of(receiver).seen {
                continue;
            }
            let end = story.ending(close).at;
            if self.passed[sender.index()].is_none_or(|passed| !had_time(story, passed.at, end)) {
                continue;
            }
            let (to, from) = (receiver.name(), sender.name());
            let Overrun { sent, window, .. } = overrun;
            let text = format!("the {to} never acknowledged {sent} bytes of the {from} under a window of {window}");
            // The one at fault is the one that stays silent.
            let finding = findings.push(Self::META, Some(receiver), text, overrun.packets);
            finding.message = Some(overrun.n);
        }
    }
}
