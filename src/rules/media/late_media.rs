use super::named;
use crate::limits::Limits;
use crate::proto::rtmp::{Message, MessageType, is_media};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::{Side, Time};

/// How far media may fall behind, in ms, and for how long in ns it must stay there.
const LATE: i64 = 2000;
const LASTING: i64 = 5_000_000_000;
/// A step of a clock that is no delay but a jump, in ms.
const JUMP: i64 = 10_000;
/// Tracks that are watched.
const REMEMBERED: usize = Limits::DEFAULT.judged_tracks;

rule! {
    /// What a publisher sends arrives as fast as its timestamps grow. Here it falls more than 2 s behind and stays there for
    /// 5 s. What is sent to players is not judged: a server may send ahead and then wait.
    ///
    /// Why: viewers are behind by as much, or run out of buffer: the uplink, or the encoder, does not keep up.
    ///
    /// Seen: uplinks that are too slow for the bit rate; encoders that were suspended.
    ///
    /// Change: a lower bit rate; an encoder drops frames rather than queue them.
    pub(super) struct LateMedia {
        tracks: Vec<Track>,
    }
    "MED014", "late-media", Warning, "RTMP 1.0 §5.1", rests: Session
}

struct Track {
    message_stream_id: u32,
    kind: MessageType,
    id: u8,
    /// How far its arrival is behind its timestamps, in ms, against its first frame.
    behind: i64,
    /// The least that it ever was.
    least: i64,
    late: Option<Time>,
}

impl Rule for LateMedia {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if !is_media(message) || message.from != Side::Client {
            return;
        }
        let stream = message.head.message_stream_id;
        let tracks = &mut self.tracks;
        let mut text = None;
        story.tracks.steps(message, |step| {
            let place = tracks
                .iter()
                .position(|track| (track.message_stream_id, track.kind, track.id) == (stream, step.kind, step.track));
            let Some(place) = place else {
                if tracks.len() < REMEMBERED {
                    let (message_stream_id, kind, id) = (stream, step.kind, step.track);
                    tracks.push(Track { message_stream_id, kind, id, behind: 0, least: 0, late: None });
                }
                return;
            };
            let track = &mut tracks[place];
            if step.media().abs() > JUMP {
                *track = Track { behind: 0, least: 0, late: None, ..*track };
                return;
            }
            track.behind += step.wall() - step.media();
            track.least = track.least.min(track.behind);
            let (late, now) = (track.behind - track.least, step.times[1].time);
            if late <= LATE {
                track.late = None;
            } else if now.since(*track.late.get_or_insert(now)) >= LASTING {
                track.late = Some(now);
                text = Some(format!(
                    "the {}'s {} is {late} ms behind its timestamps",
                    message.from.name(),
                    named(step.kind, step.track, stream)
                ));
            }
        });
        if let Some(text) = text {
            findings.about(Self::META, message, text);
        }
    }
}
