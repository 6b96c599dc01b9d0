use super::sender_of;
use crate::proto::rtmp::{Body, Message, is_media};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

rule! {
    /// Audio and video begin with FLV's tag header, and behind AAC's stands a raw frame, or an `AudioSpecificConfig` in a sequence
    /// header. Here there is no such header, one that has reserved values, or a transport's framing (ADTS, LATM, ADIF) around
    /// the AAC.
    ///
    /// Why: a receiver takes the bytes for what they are not: noise, another codec, or nothing.
    ///
    /// Seen: encoders that hand the frames of an `.aac` file or of a transport stream to FLV as they are.
    ///
    /// Change: write FLV's tag header before each frame; leave ADTS's header out (7 bytes, 9 with its CRC) and send what it says in an
    /// `AudioSpecificConfig`, as the sequence header.
    pub(super) struct WrongContainer {}
    "MED017", "wrong-container", Error, "FLV 10.1 §E.4.2, §E.4.3; Enhanced RTMP v2", rests: Event
}

impl Rule for WrongContainer {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if !is_media(message) {
            return;
        }
        if let Some(problem) = message.problems.iter().find(|problem| problem.trouble == Trouble::Wrapped) {
            let text = format!("{}: {}; {}", sender_of(message), problem.what, advice(message));
            findings.about(Self::META, message, text).at(Mark::Payload(problem.at..problem.at + 1));
        }
    }
}

fn advice(message: &Message) -> &'static str {
    match &message.body {
        Body::Audio(audio) if audio.headerless => {
            "begin each message with the audio tag header, for AAC af 01 before a raw frame and af 00 before the AudioSpecificConfig"
        }
        Body::Audio(_) => {
            "send raw AAC frames without such a header, and their AudioSpecificConfig as the sequence header"
        }
        _ => {
            "begin each message with the video tag header, for H.264 17 or 27, the packet type and the composition time"
        }
    }
}
