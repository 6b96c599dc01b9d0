use super::{SECOND, about_field, rtp};
use crate::proto::ftl::Message;
use crate::proto::rtp::{Arrival, Kind, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::seconds;

rule! {
    /// From one packet of a source to the next, its RTP clock goes on by over a second more than passed between the two; or it
    /// goes back: by over a second of video, whose frames need not come in the order in which they are shown, or at all of
    /// audio.
    ///
    /// Why: players wait for the time in between, or drop what they take for old; audio and video part.
    ///
    /// Seen: encoders that are started anew on the same source; clocks that were set.
    ///
    /// Change: take the RTP time from a clock that never jumps, and begin a new SSRC where a new clock begins.
    pub(super) struct TimestampJump {}
    "FTL016", "ftl-timestamp-jump", Warning, "RFC 3550 §5.1", rests: Event, media: false
}

impl Rule for TimestampJump {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Some((item, rtp)) = rtp(message) else { return };
        // Behind a loss the way may have held packets back.
        if item.seen.is_none_or(|seen| seen.arrival != Arrival::Next) {
            return;
        }
        let Some(ftl) = &story.ftl else { return };
        let source = ftl.sources.iter().find(|source| source.from == item.from && source.ssrc == rtp.ssrc);
        let Some(source) = source else { return };
        let Some(((_, timestamp, at), codec)) = source.newest.zip(rtp.codec) else { return };
        let Some(clock) = codec.clock() else { return };
        let step = i64::from(rtp.timestamp.wrapping_sub(timestamp) as i32) * SECOND / i64::from(clock);
        let passed = item.at.time.since(at.time);
        let kind = codec.kind();
        let text = if step < -SECOND || (step < 0 && kind == Kind::Audio) {
            format!("the clock of {} goes back by {} s", kind.name(), seconds(-step, 3))
        } else if step - passed > SECOND {
            format!("the clock of {} goes on by {} s in {} s", kind.name(), seconds(step, 3), seconds(passed, 3))
        } else {
            return;
        };
        about_field(findings, Self::META, message, &field::TIMESTAMP, text);
    }
}
