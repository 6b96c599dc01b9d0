use super::sender_of;
use crate::proto::flv::{Audio, Video};
use crate::proto::rtmp::{Body, Message, MessageType, Part, parts};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::{Problem, Trouble};

/// A legacy video header with packet type and composition time; an enhanced one with its FourCC is as long.
const HEADER: usize = 5;

rule! {
    /// A message holds another codec than its label says: a sequence header HEVC's configuration under H.264, H.264's under HEVC,
    /// or an AudioSpecificConfig under AAC whose audio object type is none of AAC's; MP3 frames under AAC, or AAC's sequence header
    /// under MP3. Or it is the other kind's as a whole: AAC's in a video message, H.264's in an audio message, of a sender that takes
    /// one message type for the other.
    ///
    /// Why: decoders are set up for the label and fail; players stay black.
    ///
    /// Seen: OBS builds before 29.1 sent HEVC as H.264 to servers without Enhanced RTMP.
    ///
    /// Change: label HEVC with the FourCC `hvc1`; put the encoder's own AudioSpecificConfig behind AAC's header (sound format 10); label MP3
    /// as sound format 2, with the frame just behind the first byte; send audio as message type 8 and video as type 9.
    pub(super) struct CodecMislabelled {}
    "MED003", "codec-mislabelled", Error, "FLV 10.1 §E.4.3.1; ISO 14496-15 §5.2.4.1, §8.3.3.1; ISO 14496-3 §1.5.1.1", rests: Event
}

impl Rule for CodecMislabelled {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some(text) = other_type(message) {
            let text = format!("the {} {text}", message.from.name());
            findings.about(Self::META, message, text).at(Mark::Payload(0..2));
            return;
        }
        match &message.body {
            Body::Video(video) => {
                if let Some(holds) = holds(message) {
                    let text = format!(
                        "the {}'s sequence header that is labelled {} holds {holds}'s configuration",
                        message.from.name(),
                        labelled(video)
                    );
                    findings.about(Self::META, message, text).at(Mark::Payload(0..HEADER as u32));
                }
            }
            Body::Audio(audio) if let Some(problem) = mislabelled(message) => {
                let text = format!("{}: {}; {}", sender_of(message), problem.what, advice(audio));
                findings.about(Self::META, message, text).at(Mark::Payload(problem.at..problem.at + 1));
            }
            Body::Audio(_) => parts(message, |_, part| {
                if let Part::Audio(audio) = part
                    && let Some((number, name)) = audio.other_object
                {
                    let text = format!(
                        "the {}'s sequence header that is labelled aac holds object type {number}, {name}, which is not AAC",
                        message.from.name()
                    );
                    findings.about(Self::META, message, text);
                }
            }),
            _ => {}
        }
    }
}

fn mislabelled(message: &Message) -> Option<&Problem> {
    message.problems.iter().find(|problem| problem.trouble == Trouble::Mislabelled)
}

fn advice(audio: &Audio) -> &'static str {
    match audio.codec() {
        Some("mp3") => "label AAC as sound format 10: af 00 before the AudioSpecificConfig, af 01 before a raw frame",
        _ => "label MP3 as sound format 2, with the frame just behind the first byte (2f for 44.1 kHz stereo)",
    }
}

/// The longest AudioSpecificConfig that is thought of.
const LONGEST_CONFIG: usize = 16;

/// What a sender does that writes audio under video's message type, or video under audio's, where a sequence header proves it.
pub(super) fn other_type(message: &Message) -> Option<&'static str> {
    match (message.head.kind, &message.payload[..]) {
        (MessageType::VIDEO, [first, 0, config @ ..]) if first >> 4 == 10 && is_audio_config(config) => {
            Some("writes audio as message type 9, which is video's: this one holds an AAC sequence header")
        }
        (MessageType::AUDIO, [first, 0, _, _, _, config @ ..]) if *first == 0x17 && is_avc(config) => {
            Some("writes video as message type 8, which is audio's: this one holds an H.264 sequence header")
        }
        _ => None,
    }
}

/// Whether bytes are an AudioSpecificConfig of AAC: its object type, a sampling frequency by its index, and channels.
fn is_audio_config(bytes: &[u8]) -> bool {
    let [a, b, ..] = bytes else { return false };
    let (object, frequency, channels) = (a >> 3, (a & 7) << 1 | b >> 7, b >> 3 & 15);
    bytes.len() <= LONGEST_CONFIG && matches!(object, 1..=5 | 29) && frequency <= 12 && (1..=7).contains(&channels)
}

/// Whose configuration a video sequence header holds, if that is another codec than its label says.
pub(super) fn holds(message: &Message) -> Option<&'static str> {
    let Body::Video(video) = &message.body else { return None };
    if video.packet_type != Some("sequence_start") || !video.tracks.is_empty() {
        return None;
    }
    let configuration = message.payload.get(HEADER..)?;
    match (labelled(video), is_hevc(configuration), is_avc(configuration)) {
        ("h264", true, false) => Some("HEVC"),
        ("hevc", false, true) => Some("H.264"),
        _ => None,
    }
}

fn labelled(video: &Video) -> &'static str {
    video.codec().unwrap_or_default()
}

/// Whether bytes are an `HEVCDecoderConfigurationRecord`: arrays of the NAL units 32 to 40 follow its 22 fixed bytes.
fn is_hevc(bytes: &[u8]) -> bool {
    bytes.first() == Some(&1)
        && matches!(bytes.get(22), Some(1..=8))
        && bytes.get(23).is_some_and(|array| matches!(array & 0x3f, 32..=40))
}

/// Whether bytes are an `AVCDecoderConfigurationRecord`: a sequence parameter set (NAL unit 7) follows its 6 fixed bytes.
fn is_avc(bytes: &[u8]) -> bool {
    bytes.first() == Some(&1)
        && bytes.get(5).is_some_and(|sets| sets & 0x1f > 0)
        && bytes.get(8).is_some_and(|unit| unit & 0x1f == 7)
        && bytes.get(9) == bytes.get(1)
}
