use std::collections::VecDeque;

use super::had_time;
use super::ledger::{Count, Judged, Ledgers};
use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Moment;

/// Places in a direction that are remembered: more than are on their way while an acknowledgement is judged.
const REMEMBERED: usize = Limits::DEFAULT.judged_acknowledgements;

rule! {
    /// A receiver acknowledges each time that it has received a window's bytes. By its own count more than one and a half
    /// windows came between two Acknowledgements, or before the first, and a second, or a round trip, passed between the end of the
    /// window and its Acknowledgement: who gets more than a window at once acknowledges it at once.
    ///
    /// Why: a sender that keeps to its window stops each time until the Acknowledgement comes, and the stream stutters.
    ///
    /// Seen: no real receiver yet. GStreamer's rtmp2src acknowledges after 8192 bytes under the 4096 that xiu announces, but gets so much
    /// at once.
    ///
    /// Change: acknowledge when a window's bytes have come, while a large message is still being read too; half a window,
    /// as FFmpeg does, leaves room.
    pub(super) struct AcknowledgementLate {
        ledgers: Ledgers,
        marks: [Marks; 2],
    }
    "CTL007", "acknowledgement-late", Warning, "RTMP 1.0 §5.4.3, §5.4.4", rests: Session
}

/// When a side had sent how much: a mark each quarter of a window, from the last byte on that was acknowledged.
#[derive(Default)]
struct Marks {
    marks: VecDeque<(u64, Moment)>,
}

impl Marks {
    fn learn(&mut self, message: &Message, story: &Story) {
        let Some((window, since)) = story.of(message.from).window else { return };
        let (end, last) = (message.head.end(), self.marks.back().map_or(since, |(end, _)| *end));
        if self.marks.len() < REMEMBERED && end >= last + u64::from(window / 4) {
            self.marks.push_back((end, message.head.last));
        }
    }

    /// When so many bytes had been sent.
    fn passed(&self, bytes: u64) -> Option<Moment> {
        self.marks.iter().find(|(end, _)| *end >= bytes).map(|(_, at)| *at)
    }

    fn forget(&mut self, acknowledged: u64) {
        let known = self.marks.partition_point(|(end, _)| *end <= acknowledged);
        self.marks.drain(..known);
    }
}

impl AcknowledgementLate {
    fn judge(&mut self, judged: &Judged, story: &Story, findings: &mut Findings) {
        self.say(judged, story, findings);
        if let Count::Whole { total, .. } = judged.count {
            self.marks[judged.from.other().index()].forget(total);
        }
    }

    fn say(&self, judged: &Judged, story: &Story, findings: &mut Findings) {
        let Judged { from, acknowledgement, count, .. } = judged;
        let (Count::Whole { total, before }, Some((window, since))) = (*count, acknowledgement.window) else { return };
        let step = total.saturating_sub(before.max(since));
        if window == 0 || step * 2 <= u64::from(window) * 3 {
            return;
        }
        let due = before.max(since) + u64::from(window);
        let at = acknowledgement.quote.head.last;
        if self.marks[from.other().index()].passed(due).is_none_or(|passed| !had_time(story, passed, at)) {
            return;
        }
        let text = format!("the {} acknowledges after {step} bytes under a window of {window}", from.name());
        findings.about_earlier(Self::META, &acknowledgement.quote, acknowledgement.packets, text);
    }
}

impl Rule for AcknowledgementLate {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        for judged in self.ledgers.learn(message, story) {
            self.judge(&judged, story, findings);
        }
        self.marks[message.from.index()].learn(message, story);
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        for judged in self.ledgers.close(close) {
            self.judge(&judged, story, findings);
        }
    }
}
