use super::clock::{BELOW, NEAR, Negative, negative, negative_delta};
use crate::proto::Close;
use crate::proto::rtmp::{Head, Message, MessageType, Part, Spot, is_media, parts};
use crate::rules::{Finding, Findings, Mark, Quote, Rule, Severity, Story, rule};
use crate::wire::PacketNo;

rule! {
    /// A time or a delta is a number without a sign. Here it is a little less than 2^24, 2^31 or 2^32, which is a small negative
    /// number to who counts in so many bits: a delta that leads back to where the clock was, or the first time of the audio or the
    /// video while the other one begins at 0. Where nothing else tells that a first time near 2^32 is no time of a long stream,
    /// the finding is a note.
    ///
    /// Why: in 24 or 31 bits a receiver goes on by hours or days. In 32 bits its clock goes back, or begins 49 days ahead and
    /// wraps a moment later; players and recorders then wait, drop the track or start anew.
    ///
    /// Seen: encoders and relays that subtract times of B-frames, or of audio and video on one chunk stream, and write the
    /// difference as it is; clocks that begin with the encoder's delay below 0.
    ///
    /// Change: shift the clock so that the first time is 0 or more; send decoding times, which never fall. Where a step back is
    /// meant, write a type 0 header.
    pub(super) struct TimestampNegative {
        first: [Option<First>; 2],
    }
    "CHK023", "timestamp-negative", Warning, "RTMP 1.0 §5.3.1.2, §6.1.1", rests: Sender
}

/// The first frame of a track whose time may be a negative number.
struct First {
    what: String,
    time: u32,
    negative: Negative,
    quote: Quote,
    packets: (PacketNo, PacketNo),
}

impl Rule for TimestampNegative {
    fn held(&self) -> usize {
        self.first.iter().flatten().map(|first| first.quote.cost() + first.what.len()).sum()
    }

    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let head = &message.head;
        if let Some(negative) = negative_delta(head) {
            say_delta(message, negative, findings);
        } else if is_media(message) && head.timestamp_known {
            self.time(message, story, findings);
        }
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for first in self.first.iter_mut().filter_map(Option::take) {
            // Less than 32 bits hold the times of a stream that began hours or days ago.
            if first.negative.bits == 32 {
                first.say(None, findings).severity = Severity::Note;
            }
        }
    }
}

impl TimestampNegative {
    /// Looks at the times of frames: at a track's first one, and at one behind a small one.
    fn time(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let pending = &mut self.first[message.from.index()];
        if pending.is_none() && negative(message.head.timestamp, NEAR).is_none() {
            return;
        }
        parts(message, |spot, part| {
            let Some(time) = spot.time.filter(|_| part.is_frame()) else { return };
            if !is_first(message, spot, part, story) {
                return;
            }
            if time <= NEAR {
                if let Some(first) = pending.take() {
                    first.say(Some((part.kind(), time)), findings);
                }
            } else if let Some(negative) = negative(time, NEAR) {
                let first = First::of(message, part, time, negative);
                let other = beside(message, spot, part, story);
                if other.is_some() {
                    first.say(other, findings);
                } else if pending.is_none() {
                    *pending = Some(first);
                }
            }
        });
        say_later(message, story, findings);
    }
}

impl First {
    fn of(message: &Message, part: Part<'_>, time: u32, negative: Negative) -> First {
        let (from, head) = (message.from.name(), &message.head);
        let what = format!("{from}'s {} on message stream {}", name(part.kind()), head.message_stream_id);
        First { what, time, negative, quote: Quote::of(message), packets: (head.first.packet, head.last.packet) }
    }

    /// `beside` is another track of the sender, and where that begins.
    fn say(self, beside: Option<(MessageType, u32)>, findings: &mut Findings) -> &mut Finding {
        let First { what, time, negative, quote, packets, .. } = self;
        let wraps = if negative.bits == 32 { format!(": it wraps {} ms later", negative.by) } else { String::new() };
        let while_other = beside.map(|(kind, time)| format!(", while the {} begins at {time}", name(kind)));
        let text =
            format!("the {what} begins at {time}, which is {negative}{}{wraps}", while_other.unwrap_or_default());
        let finding = findings.about_earlier(TimestampNegative::META, &quote, packets, text);
        finding.mark = time_mark(&quote.head).filter(|_| quote.head.delta.is_none_or(|delta| delta == time));
        finding
    }
}

/// Whether a track had no frame before.
fn is_first(message: &Message, spot: Spot, part: Part<'_>, story: &Story) -> bool {
    let track = story.tracks.get(message.from, message.head.message_stream_id, part.kind(), spot.track);
    track.is_none_or(|track| track.frames == 0)
}

/// Another track of the sender on the message stream that begins near 0.
fn beside(message: &Message, spot: Spot, part: Part<'_>, story: &Story) -> Option<(MessageType, u32)> {
    let mut tracks = story.tracks.of(message.from, message.head.message_stream_id);
    tracks.find_map(|track| {
        let is_other = (track.kind, track.id) != (part.kind(), spot.track);
        track.begins.filter(|time| is_other && *time <= NEAR).map(|time| (track.kind, time))
    })
}

fn say_delta(message: &Message, negative: Negative, findings: &mut Findings) {
    let head = &message.head;
    let delta = head.delta.unwrap_or_default();
    let before = head.timestamp.wrapping_sub(delta);
    let has = if head.chunk_format == 3 { "repeats" } else { "has" };
    let text = format!(
        "the {}'s type {} header on chunk stream {} {has} the delta {delta}, which is {negative}: the clock goes from {before} to {}",
        message.from.name(),
        head.chunk_format,
        head.chunk_stream_id,
        head.timestamp
    );
    let finding = findings.about(TimestampNegative::META, message, text);
    finding.ambiguous = head.extended.is_some_and(|extended| extended.ambiguous);
    finding.mark = time_mark(head);
}

/// A time that is a negative number behind one of the same track that is small. In 32 bits that is a step back, and
/// another rule's.
fn say_later(message: &Message, story: &Story, findings: &mut Findings) {
    let mut found = None;
    story.tracks.steps(message, |step| {
        found = found.take().or_else(|| {
            let negative = later(step.before, step.now)?;
            Some(format!(
                "the {}'s {} has the time {} behind {}, which is {negative}",
                message.from.name(),
                step.what(message),
                step.now,
                step.before
            ))
        });
    });
    if let Some(text) = found {
        findings.about(TimestampNegative::META, message, text).mark = time_mark(&message.head);
    }
}

/// What a time is behind an earlier one of its track, where it is a negative number that seems to be a step forward.
pub(super) fn later(before: u32, now: u32) -> Option<Negative> {
    negative(now, BELOW).filter(|negative| before <= NEAR && negative.bits < 32)
}

fn name(kind: MessageType) -> &'static str {
    kind.name().unwrap_or("media")
}

/// The field of a header that has the time.
fn time_mark(head: &Head) -> Option<Mark> {
    let (basic, end) = (head.header.basic_length(), head.header.as_slice().len() as u32);
    let message = [11, 7, 3, 0][usize::from(head.chunk_format.min(3))];
    match (end.checked_sub(basic + message)?, head.chunk_format) {
        (4, _) => Some(Mark::Header(end - 4..end)),
        (_, 3) => None,
        _ => Some(Mark::Header(basic..basic + 3)),
    }
}
