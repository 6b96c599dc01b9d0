use std::collections::BTreeSet;

use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message, UserControlEvent};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::told;
use crate::wire::{Moment, Side};

rule! {
    /// A server sends Stream Begin when a stream is ready: for stream 0 when connect has succeeded, for a message stream
    /// when play or publish has. For these it never did.
    ///
    /// Why: most clients do not care. Some wait for it before they publish, or show nothing.
    ///
    /// Seen: nearly every server after connect; nginx-rtmp, SRS, node-media-server and crtmpserver after publish, where clients do
    /// not wait for it.
    ///
    /// Change: send Stream Begin with the stream's number before the status that says yes.
    pub(super) struct StreamBeginMissing {
        begun: BTreeSet<u32>,
    }
    "CTL015", "stream-begin-missing", Note, "RTMP 1.0 §7.1.7, §7.2.1.1", rests: Session, media: false, background: true
}

/// Streams that are remembered. Real clients use one or two.
const REMEMBERED: usize = Limits::DEFAULT.judged_streams;
/// … and named in the finding.
const NAMED: usize = 8;

impl Rule for StreamBeginMissing {
    fn held(&self) -> usize {
        self.begun.len() * 16
    }

    fn message(&mut self, message: &Message, _: &Story, _: &mut Findings) {
        if let Body::UserControl(control) = message.body
            && control.event == UserControlEvent::STREAM_BEGIN
            && message.from == Side::Server
            && self.begun.len() < REMEMBERED
        {
            self.begun.extend(control.stream_id);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last || self.begun.len() == REMEMBERED {
            return;
        }
        let answer = story.connect.as_ref().and_then(|connect| connect.answer.as_ref());
        let connected = answer.filter(|answer| answer.accepted).map(|answer| ("connect", 0, answer.at));
        let started = story.streams.iter().filter_map(|stream| {
            let asked = story.asked(stream)?;
            let outcome = asked.outcome.as_ref().filter(|outcome| outcome.accepted)?;
            Some((asked.name.as_str(), stream.id, outcome.at))
        });
        // Where the capture ends at once, Stream Begin may be what comes next.
        let is_over = |at: Moment| {
            story.ends_in_order(close) || story.of(Side::Server).last.is_some_and(|last| last.packet > at.packet)
        };
        let missing: Vec<_> = connected
            .into_iter()
            .chain(started)
            .filter(|(_, id, at)| !self.begun.contains(id) && is_over(*at))
            .collect();
        let (Some((.., first)), Some((.., last))) = (missing.first(), missing.last()) else { return };
        let named: Vec<_> =
            missing.iter().take(NAMED).map(|(name, id, _)| format!("{} (stream {id})", told(name))).collect();
        let text = format!("the server sends no stream_begin for {}", named.join(", "));
        findings.push(Self::META, Some(Side::Server), text, (first.packet, last.packet));
    }
}
