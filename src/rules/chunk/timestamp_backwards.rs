use crate::proto::rtmp::Message;
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Within one message stream the audio's times never fall, and neither do the video's (a track by itself). Here a frame is
    /// older than the one before it, and no seek, pause, other command or status came between. The clock's wrap at 2^32 ms is no
    /// step back, but a step over half the clock is one. Configurations do not count.
    ///
    /// Why: players drop such frames or start their clock anew; servers that store the stream make broken files.
    ///
    /// Seen: encoders that send presentation times with B-frames; servers that go on to the next publisher without a word;
    /// FFmpeg, whose clock wraps at 2^31.
    ///
    /// Change: send decoding times; put what is between decoding and presentation into the composition time.
    pub(super) struct TimestampBackwards {}
    "CHK008", "timestamp-backwards", Warning, "RTMP 1.0 §5.3.1.2.1, Errata and Addenda §5.2", rests: Session
}

impl Rule for TimestampBackwards {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let mut first: Option<String> = None;
        story.tracks.steps(message, |step| {
            let media = step.media();
            if media < 0 && first.is_none() {
                let what = step.what(message);
                first = Some(format!("{what} goes back by {} ms, from {} to {}", -media, step.before, step.now));
            }
        });
        if let Some(text) = first {
            findings.about(Self::META, message, text);
        }
    }
}
