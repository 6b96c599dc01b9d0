use super::named;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message, MessageType, Part, Spot, is_media, parts};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::Metadata;

/// Up to here a sample rate is FLV's code for one (§E.4.2.1: 0 is 5.5 kHz, 1 is 11, 2 is 22, 3 is 44.1), and none in Hz. It says
/// nothing of AAC, which always has 3.
const HIGHEST_CODE: f64 = 3.0;

rule! {
    /// `onMetaData` says another picture size, codec or sample rate than the sequence header of the stream's default track.
    /// A sample rate of half or twice the configured one counts as the same: with SBR both are said. One of 0 to 3 is FLV's code for
    /// a rate, and says nothing of these codecs.
    ///
    /// Why: players size their window and choose their decoder by the metadata; recordings carry it on.
    ///
    /// Seen: encoders that change the resolution in mid-stream and leave the old metadata standing; OBS before 29.1 said codec
    /// 7 for HEVC and AV1.
    ///
    /// Change: send a new `onMetaData` with every change; say the codec by the id or FourCC that the packets have.
    pub(super) struct MetadataContradictsMedia {}
    "MED006", "metadata-contradicts-media", Warning, "FLV 10.1 §E.5; Enhanced RTMP v2", rests: Session
}

impl Rule for MetadataContradictsMedia {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let (from, stream) = (message.from, message.head.message_stream_id);
        let mut wrong = Vec::new();
        if let Body::Data(data) = &message.body {
            let Some(values) = data.values.iter().find(|value| value.text().is_none()) else { return };
            if data.handler() != "onMetaData" {
                return;
            }
            let says = Metadata::of(message, values);
            for track in story.tracks.of(from, stream).filter(|track| track.id == 0 && track.configured) {
                let is = Is { kind: track.kind, codec: track.codec, size: track.size, sample_rate: track.sample_rate };
                is.contradicts(&says, &mut wrong);
            }
        } else if is_media(message) {
            let Some(says) = story.tracks.metadata(from, stream) else { return };
            parts(message, |Spot { track: id, .. }, part| {
                if id != 0 || !part.is_configuration() {
                    return;
                }
                let (size, sample_rate) = match part {
                    Part::Video(video) => (video.width.zip(video.height), None),
                    Part::Audio(audio) => (None, audio.sample_rate),
                };
                Is { kind: part.kind(), codec: part.codec(), size, sample_rate }.contradicts(says, &mut wrong);
            });
        }
        if !wrong.is_empty() {
            findings.about(Self::META, message, format!("the {}'s {}", from.name(), wrong.join("; its ")));
        }
    }
}

/// What a track is, by its configuration.
struct Is {
    kind: MessageType,
    codec: Option<&'static str>,
    size: Option<(u32, u32)>,
    sample_rate: Option<u32>,
}

impl Is {
    fn contradicts(&self, says: &Metadata, wrong: &mut Vec<String>) {
        if let (Some((width, height)), Some(w), Some(h)) = (self.size, says.width, says.height)
            && w > 0.0
            && h > 0.0
            && (w.round() != f64::from(width) || h.round() != f64::from(height))
        {
            wrong.push(format!("onMetaData says {w} x {h}, the sequence header {width} x {height}"));
        }
        if let (Some(rate), Some(said)) = (self.sample_rate.map(f64::from), says.sample_rate)
            && said > HIGHEST_CODE
            && ![rate, rate * 2.0, rate / 2.0].contains(&said.round())
        {
            wrong.push(format!("onMetaData says {said} Hz, the sequence header {rate} Hz"));
        }
        let said = if self.kind == MessageType::VIDEO { &says.video_codec } else { &says.audio_codec };
        if let (Some(codec), Some(said)) = (self.codec, said)
            && let Some(other) = codec_named(self.kind, said)
            && other != codec
        {
            let what = named(self.kind, 0, says.message_stream_id);
            wrong.push(format!("onMetaData says {other}, its {what} is {codec}"));
        }
    }
}

/// The codec that `videocodecid` or `audiocodecid` names: a number of FLV, or a FourCC as a number or as text. Unknown ones
/// contradict nothing.
fn codec_named(kind: MessageType, value: &Amf) -> Option<&'static str> {
    let fourcc = match value {
        Amf::String(text) => <[u8; 4]>::try_from(text.as_bytes()).ok()?,
        value => {
            let number = value.number().filter(|number| *number >= 0.0 && number.fract() == 0.0)?;
            if number < 16.0 {
                return match (kind, number as u32) {
                    (MessageType::VIDEO, 2) => Some("flv1"),
                    (MessageType::VIDEO, 7) => Some("h264"),
                    (MessageType::VIDEO, 12) => Some("hevc"),
                    (MessageType::VIDEO, 13) => Some("av1"),
                    (MessageType::AUDIO, 2 | 14) => Some("mp3"),
                    (MessageType::AUDIO, 10) => Some("aac"),
                    (MessageType::AUDIO, 11) => Some("speex"),
                    (MessageType::AUDIO, 13) => Some("opus"),
                    _ => None,
                };
            }
            (number as u32).to_be_bytes()
        }
    };
    Some(match &fourcc {
        b"avc1" => "h264",
        b"hvc1" | b"hev1" => "hevc",
        b"vvc1" => "vvc",
        b"av01" => "av1",
        b"vp09" => "vp9",
        b"vp08" => "vp8",
        b"mp4a" => "aac",
        b".mp3" => "mp3",
        b"Opus" => "opus",
        b"fLaC" => "flac",
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        _ => return None,
    })
}
