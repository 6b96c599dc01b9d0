use crate::limits::Limits;
use crate::proto::rtmp::{Message, MessageType, is_media};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::{Side, Time};

/// How long audio and video run before they are compared, in ns: a player gets a burst first.
const SETTLE: i64 = 3_000_000_000;
/// How far they may drift, in ms, and for how long in ns a drift must last.
const DRIFT: i64 = 1000;
const LASTING: i64 = 3_000_000_000;
/// A track that is silent for longer, in ns, is not compared.
const SILENT: i64 = 2_000_000_000;
/// Streams that are watched.
const REMEMBERED: usize = Limits::DEFAULT.judged_tracks;

rule! {
    /// Audio and video keep the distance that they have at the beginning: what arrives together belongs together. Here their
    /// timestamps drift apart by more than a second against their arrival, for three seconds.
    ///
    /// Why: players keep to the timestamps: lips and sound part, or one of them stops until the other has come.
    ///
    /// Seen: encoders that count audio samples of one clock and pictures of another; senders that reuse a stale delta.
    ///
    /// Change: take both timestamps from one clock.
    pub(super) struct AudioVideoDrift {
        pairs: Vec<Pair>,
    }
    "MED008", "audio-video-drift", Warning, "RTMP 1.0 §7.1.4, §7.1.5", rests: Session
}

/// The default tracks of one message stream.
struct Pair {
    from: Side,
    message_stream_id: u32,
    /// Audio's and video's last time in ms and arrival.
    last: [Option<(u32, Time)>; 2],
    /// When both were there first.
    since: Option<Time>,
    /// Video's lead over audio in ms, when both had settled.
    lead: Option<i64>,
    /// Since when it is another one.
    drifted: Option<Time>,
}

impl Rule for AudioVideoDrift {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if !is_media(message) {
            return;
        }
        let (from, stream) = (message.from, message.head.message_stream_id);
        let pairs = &mut self.pairs;
        let mut text = None;
        story.tracks.steps(message, |step| {
            if step.track != 0 {
                return;
            }
            let place = pairs.iter().position(|pair| pair.from == from && pair.message_stream_id == stream);
            let place = match place {
                Some(place) => place,
                None if pairs.len() >= REMEMBERED => return,
                None => {
                    pairs.push(Pair {
                        from,
                        message_stream_id: stream,
                        last: [None; 2],
                        since: None,
                        lead: None,
                        drifted: None,
                    });
                    pairs.len() - 1
                }
            };
            let drift = pairs[place].step(step.kind, step.now, step.times[1].time, step.wall(), step.media());
            if let Some(drift) = drift {
                let (ahead, behind) = if drift > 0 { ("video", "audio") } else { ("audio", "video") };
                let drift = drift.abs();
                text = Some(format!(
                    "the {}'s {ahead} runs {drift} ms ahead of {behind} on message stream {stream}, against their arrival",
                    from.name()
                ));
            }
        });
        if let Some(text) = text {
            findings.about(Self::META, message, text);
        }
    }
}

impl Pair {
    /// A frame came; gives the drift in ms when it has lasted.
    fn step(&mut self, kind: MessageType, time: u32, at: Time, wall: i64, media: i64) -> Option<i64> {
        // A clock that jumped, or a silence, begins anew: that is another rule's.
        if wall > SILENT / 1_000_000 || media.abs() > SILENT / 1_000_000 {
            *self = Pair { last: [None; 2], since: None, lead: None, drifted: None, ..*self };
        }
        self.last[usize::from(kind == MessageType::VIDEO)] = Some((time, at));
        let [Some((audio, audio_at)), Some((video, video_at))] = self.last else { return None };
        if audio_at.since(video_at).abs() > SILENT {
            return None;
        }
        let arrival = video_at.since(audio_at) / 1_000_000;
        let lead = i64::from(video.wrapping_sub(audio) as i32) - arrival;
        let since = *self.since.get_or_insert(at);
        if at.since(since) < SETTLE {
            return None;
        }
        let settled = *self.lead.get_or_insert(lead);
        if (lead - settled).abs() <= DRIFT {
            self.drifted = None;
            return None;
        }
        let drifted = *self.drifted.get_or_insert(at);
        (at.since(drifted) >= LASTING).then(|| {
            self.drifted = Some(at);
            lead - settled
        })
    }
}
