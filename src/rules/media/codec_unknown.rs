use super::codec_mislabelled;
use super::is_bare;
use crate::proto::flv::{Codec, SoundFormat};
use crate::proto::rtmp::{Message, Part, is_media, parts};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// A codec id or FourCC that no specification of FLV or Enhanced RTMP has. HEVC as codec id 12, AV1 as 13 and Opus as
    /// sound format 13 are named: a dialect that some servers and encoders agreed on before Enhanced RTMP.
    ///
    /// Why: a receiver that does not know the dialect drops the track, or takes it for something else.
    ///
    /// Seen: encoders and CDNs in China, SRS and ZLMediaKit for the ids 12 and 13.
    ///
    /// Change: send these codecs with an Enhanced RTMP header and their FourCC.
    pub(super) struct CodecUnknown {}
    "MED002", "codec-unknown", Warning, "FLV 10.1 §E.4.2.1, §E.4.3.1; Enhanced RTMP v2", rests: Event
}

impl Rule for CodecUnknown {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        // What a header that is none would say is nobody's codec.
        let is_header = message.problems.iter().all(|problem| problem.trouble != Trouble::Wrapped);
        let is_other = codec_mislabelled::other_type(message).is_some();
        if !is_media(message) || !is_header || is_other || is_bare(message, story) {
            return;
        }
        let mut found = None;
        parts(message, |_, part| {
            if let Some(text) = unknown(part) {
                found.get_or_insert(text);
            }
        });
        if let Some(text) = found {
            let text = format!("the {} sends {text}", message.from.name());
            findings.about(Self::META, message, text).at(Mark::Payload(0..1));
        }
    }
}

fn unknown(part: Part<'_>) -> Option<String> {
    match part {
        Part::Video(video) if !video.enhanced => match video.codec_id {
            Codec::HEVC => Some("HEVC under codec id 12, which is in no specification".to_owned()),
            Codec::AV1 => Some("AV1 under codec id 13, which is in no specification".to_owned()),
            id if id.name().is_none() => Some(format!("video of codec id {}, which is in no specification", id.0)),
            _ => None,
        },
        Part::Audio(audio) if !audio.enhanced => match audio.format {
            SoundFormat::OPUS => Some("Opus under sound format 13, which is in no specification".to_owned()),
            id if id.name().is_none() => Some(format!("audio of sound format {}, which is in no specification", id.0)),
            _ => None,
        },
        Part::Video(video) => fourcc("video", video.fourcc, video.codec()),
        Part::Audio(audio) => fourcc("audio", audio.fourcc, audio.codec()),
    }
}

fn fourcc(kind: &str, fourcc: Option<[u8; 4]>, codec: Option<&str>) -> Option<String> {
    let fourcc = fourcc.filter(|_| codec.is_none())?;
    Some(format!("{kind} of FourCC \"{}\", which is in no specification", fourcc.escape_ascii()))
}
