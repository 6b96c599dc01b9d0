use super::{about_field, command};
use crate::proto::ftl::{Attributes, Command, Message, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::told;

rule! {
    /// What a client announces cannot be: a picture without width or height, a codec that FTL does not have, a value that is not
    /// of its kind, audio and video with one SSRC or one payload type, or neither of the two.
    ///
    /// Why: a server tells the media apart by SSRC and payload type, and makes its player's description of all this. Janus
    /// closes at the dot where a codec is unknown or nothing is sent.
    ///
    /// Seen: clients that announce their size before they know it.
    ///
    /// Change: announce what is sent: H264 or VP8, OPUS or AAC, `true` or `false`, numbers in decimal digits.
    pub(super) struct AttributeContradicts {}
    "FTL005", "attribute-contradicts", Warning, "FTL 0.9, Handshake", rests: Sender, each: true, media: false
}

impl Rule for AttributeContradicts {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        match command(message) {
            Some((_, Command::Attribute { attribute, value })) => {
                if let Some(what) = fault(attribute, value) {
                    let text = format!("{} is \"{}\": {what}", told(attribute), told(value));
                    about_field(findings, Self::META, message, &field::VALUE, text);
                }
            }
            Some((_, Command::Start)) => {
                let Some(ftl) = &story.ftl else { return };
                for text in contradictions(&ftl.state.attributes) {
                    about_field(findings, Self::META, message, &field::NAME, text);
                }
            }
            _ => {}
        }
    }
}

/// What is wrong with a value by itself.
fn fault(attribute: &str, value: &str) -> Option<&'static str> {
    let is_number = |bits: u32| value.parse::<u64>().is_ok_and(|number| number > 0 && number >> bits == 0);
    let (is_right, owed) = match attribute {
        "Video" | "Audio" => (matches!(value, "true" | "false"), "it is true or false"),
        "VideoCodec" => (matches!(value, "H264" | "VP8"), "FTL has H264 and VP8"),
        "AudioCodec" => (matches!(value, "OPUS" | "AAC"), "FTL has OPUS and AAC"),
        "VideoWidth" | "VideoHeight" => (is_number(32), "a picture has a number of pixels above 0"),
        "VideoPayloadType" | "AudioPayloadType" => {
            (is_number(7), "a payload type is a number from 1 to 127 here, 0 is taken as none")
        }
        "VideoIngestSSRC" | "AudioIngestSSRC" => (is_number(32), "an SSRC is a number of 32 bits, 0 is taken as none"),
        _ => return None,
    };
    (!is_right).then_some(owed)
}

/// What does not fit together.
fn contradictions(attributes: &Attributes) -> Vec<String> {
    let (video, audio) = (&attributes.video, &attributes.audio);
    let mut found = Vec::new();
    match (video.is_sent, audio.is_sent) {
        (Some(true), Some(true)) => {
            if let Some(ssrc) = video.ssrc.filter(|ssrc| audio.ssrc == Some(*ssrc)) {
                found.push(format!("audio and video are announced with the same SSRC, {ssrc}"));
            }
            if let Some(number) = video.payload_type.filter(|number| audio.payload_type == Some(*number)) {
                found.push(format!("audio and video are announced with the same payload type, {number}"));
            }
        }
        (Some(false), Some(false)) => found.push("neither audio nor video is announced as sent".to_owned()),
        _ => {}
    }
    found
}
