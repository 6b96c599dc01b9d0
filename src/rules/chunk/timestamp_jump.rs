use super::clock::{negative_delta, swapped};
use super::timestamp_negative::later;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Rule, Story, rule};

/// How far, in ms, a clock may go on beyond the time that passed.
const JUMP: i64 = 10_000;

rule! {
    /// From one audio or video frame to the next the stream's clock went on by ten seconds more than passed in the capture, and
    /// no seek, pause, other command or status came between. A jump by a negative number is another rule's.
    ///
    /// Why: players wait out the difference, and audio and video part.
    ///
    /// Seen: librtmp before it was mended, which took a stale delta over in a type 3 header.
    ///
    /// Change: look at what the sender's clock is made of; go on without the hole.
    pub(super) struct TimestampJump {}
    "CHK009", "timestamp-jump", Note, "RTMP 1.0 §5.3.1.2.1", rests: Session
}

impl Rule for TimestampJump {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let mut first: Option<String> = None;
        story.tracks.steps(message, |step| {
            let wall = step.wall().max(0);
            if step.media() > JUMP + wall
                && first.is_none()
                && later(step.before, step.now).is_none()
                && swapped(&message.head, step.before, step.now).is_none()
            {
                let (what, media) = (step.what(message), step.media());
                first = Some(format!(
                    "the {}'s {what} goes on by {media} ms, to {} ms, while {wall} ms passed",
                    message.from.name(),
                    step.now
                ));
            }
        });
        if let Some(text) = first.filter(|_| negative_delta(&message.head).is_none()) {
            findings.about(Self::META, message, text);
        }
    }
}
