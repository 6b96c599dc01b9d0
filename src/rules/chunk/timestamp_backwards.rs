use super::clock::{NEAR, early_wrap, negative, negative_delta, swapped};
use crate::proto::rtmp::{Body, Message, MessageType};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Within one message stream the audio's times never fall, and neither do the video's (a track by itself). Here a frame is
    /// older than the one before it, and no seek, pause, other command or status came between. The clock's wrap at 2^32 ms is no
    /// step back, but a step over half the clock is one: where a small step leads over the end of a clock of 24 or 31 bits, the
    /// finding says so. Extended timestamps with their bytes the other way round are told by times that fit so. Configurations do not count, unless the frame behind one steps back from it by a negative delta.
    ///
    /// Why: players drop such frames or start their clock anew; servers that store the stream make broken files.
    ///
    /// Seen: encoders that send presentation times with B-frames; servers that go on to the next publisher without a word;
    /// FFmpeg and relays, whose clocks wrap at 2^31; senders without the extended timestamp, whose clock wraps at 2^24.
    ///
    /// Change: send decoding times; put what is between decoding and presentation into the composition time; count in 32 bits,
    /// and write them with the most significant byte first.
    pub(super) struct TimestampBackwards {}
    "CHK008", "timestamp-backwards", Warning, "RTMP 1.0 §5.3.1.2.1, Errata and Addenda §5.2", rests: Session
}

impl Rule for TimestampBackwards {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let mut first: Option<String> = None;
        story.tracks.steps(message, |step| {
            let media = step.media();
            if first.is_some() {
                return;
            }
            if let Some(time) = swapped(&message.head, step.before, step.now) {
                let (who, bytes, now) = (message.from.name(), step.now.to_be_bytes(), step.now);
                let [a, b, c, d] = bytes;
                let what = step.what(message);
                first = Some(format!(
                    "the {who} writes its extended timestamps with the least significant byte first: {a:02x} {b:02x} {c:02x} {d:02x} is {now} ms, and {time} ms the other way round, as {what} goes on"
                ));
            } else if media < 0 {
                let what = step.what(message);
                let why = why(step.before, step.now);
                first = Some(format!(
                    "the {}'s {what} goes back by {} ms, from {} to {}{why}",
                    message.from.name(),
                    -media,
                    step.before,
                    step.now
                ));
            }
        });
        if let Some(text) = first.or_else(|| from_configuration(message, story)) {
            let extended = message.head.extended;
            findings.about(Self::META, message, text).ambiguous = extended.is_some_and(|extended| extended.ambiguous);
        }
    }
}

/// A first frame whose header has a negative delta to the configuration before it.
fn from_configuration(message: &Message, story: &Story) -> Option<String> {
    let head = &message.head;
    let negative = negative_delta(head).filter(|negative| negative.bits == 32)?;
    let kind = match message.body {
        Body::Audio(_) => MessageType::AUDIO,
        Body::Video(_) => MessageType::VIDEO,
        _ => return None,
    };
    let stream = head.message_stream_id;
    let track = story.tracks.get(message.from, stream, kind, 0).filter(|track| track.frames == 0)?;
    let before = track.configuration_time.filter(|time| time.wrapping_sub(head.timestamp) == negative.by)?;
    let (kind, by, now) = (kind.name().unwrap_or("media"), negative.by, head.timestamp);
    Some(format!(
        "the {}'s {kind} on message stream {stream} goes back by {by} ms, from its configuration at {before} to {now}",
        message.from.name()
    ))
}

/// What the numbers tell of the reason.
fn why(before: u32, now: u32) -> String {
    if let Some(bits) = early_wrap(before, now) {
        format!(": its clock wraps at 2^{bits} instead of 2^32")
    } else if let Some(negative) = negative(now, NEAR).filter(|_| before <= NEAR) {
        format!(", which is {negative}")
    } else {
        String::new()
    }
}
