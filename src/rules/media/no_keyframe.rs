use super::named;
use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::flv::FrameType;
use crate::proto::rtmp::{Body, Message, MessageType, Part, Spot, parts};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::wire::words::seconds;
use crate::wire::{Moment, PacketNo, Side};

/// How long a viewer waits for a picture, in ns.
const PATIENCE: i64 = 10_000_000_000;
/// What nobody notices, in ns: a relay may begin with the end of a group of pictures and send the next at once.
const UNNOTICED: i64 = 500_000_000;
/// Tracks that are waited for.
const REMEMBERED: usize = Limits::DEFAULT.judged_tracks;

rule! {
    /// A video track begins with another frame than a key frame, and none comes in half a second. The finding says how long
    /// the first key frame took: 10 s are waited for.
    ///
    /// Why: nothing can be shown before a key frame: the viewer sees black, or a broken picture.
    ///
    /// Seen: servers that join a player to the stream where it is (nginx-rtmp without `wait_key` and `gop_cache`); encoders
    /// that go on in the middle of a group of pictures after a reconnect.
    ///
    /// Change: an encoder begins with a key frame; a server keeps the last group of pictures, or waits for the next key frame.
    pub(super) struct NoKeyframe {
        waiting: Vec<Waiting>,
    }
    "MED007", "no-keyframe", Warning, "FLV 10.1 §E.4.3.1", rests: Session
}

/// A track that began without a key frame.
struct Waiting {
    from: Side,
    message_stream_id: u32,
    track: u8,
    since: Moment,
    packets: (PacketNo, PacketNo),
    quote: Quote,
}

impl Rule for NoKeyframe {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if !matches!(message.body, Body::Video(_) | Body::Aggregate(_)) {
            return;
        }
        let (from, stream, now) = (message.from, message.head.message_stream_id, message.head.last);
        let mut begun = [false; 256];
        let waiting = &mut self.waiting;
        parts(message, |Spot { track, .. }, part| {
            let Part::Video(video) = part else { return };
            if !part.is_frame() || video.headerless {
                return;
            }
            let is_key = matches!(video.frame_type, FrameType::KEY | FrameType::GENERATED_KEY);
            let place = waiting
                .iter()
                .position(|waiting| (waiting.from, waiting.message_stream_id, waiting.track) == (from, stream, track));
            let known = story.tracks.get(from, stream, MessageType::VIDEO, track);
            if let Some(place) = place {
                let since = waiting[place].since;
                let took = now.time.since(since.time);
                if is_key || took > PATIENCE {
                    let then = if is_key {
                        format!("the first key frame came {} seconds later", seconds(took, 3))
                    } else {
                        "no key frame came in 10 seconds".to_owned()
                    };
                    let waiting = waiting.remove(place);
                    if took > UNNOTICED {
                        waiting.say(&then, findings);
                    }
                }
            } else if !is_key && known.is_none_or(|known| known.frames == 0) && !begun[usize::from(track)] {
                waiting.push(Waiting {
                    from,
                    message_stream_id: stream,
                    track,
                    since: now,
                    packets: (message.head.first.packet, now.packet),
                    quote: Quote::of(message),
                });
                waiting.truncate(REMEMBERED);
            }
            begun[usize::from(track)] = true;
        });
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.from == close.from {
                waiting.say("no key frame came before the end", findings);
            } else {
                self.waiting.push(waiting);
            }
        }
    }
}

impl Waiting {
    fn say(self, then: &str, findings: &mut Findings) {
        let what = named(MessageType::VIDEO, self.track, self.message_stream_id);
        let text = format!("the {}'s {what} does not begin with a key frame; {then}", self.from.name());
        findings.about_earlier(NoKeyframe::META, &self.quote, self.packets, text);
    }
}
