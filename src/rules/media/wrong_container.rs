use super::{is_bare, sender_of};
use crate::proto::rtmp::{Body, Message, is_media};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::{Side, Trouble};

/// Frames in a row with LATM's synchronisation that prove it.
const LATM_FRAMES: u8 = 3;
/// Message streams that are told apart.
const STREAMS: usize = 16;

rule! {
    /// Audio and video begin with FLV's tag header, and behind AAC's stands a raw frame, or an `AudioSpecificConfig` in a sequence
    /// header. Here there is no such header, one that has reserved values, one without the packet type of AAC or H.264, or a transport's framing (ADTS, LATM,
    /// ADIF) around the AAC. Raw AAC without a header is known by its `AudioSpecificConfig`, which stands there alone; LATM also by
    /// the synchronisation of three frames in a row.
    ///
    /// Why: a receiver takes the bytes for what they are not: noise, another codec, or nothing.
    ///
    /// Seen: encoders that hand the frames of an `.aac` file or of a transport stream to FLV as they are.
    ///
    /// Change: write FLV's tag header before each frame, for AAC and H.264 with the packet type; leave ADTS's header out (7 bytes, 9 with its CRC) and send what it says in an
    /// `AudioSpecificConfig`, as the sequence header.
    pub(super) struct WrongContainer {
        latm: Vec<(Side, u32, u8)>,
    }
    "MED017", "wrong-container", Error, "FLV 10.1 §E.4.2, §E.4.3; Enhanced RTMP v2", rests: Event
}

impl Rule for WrongContainer {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if !is_media(message) {
            return;
        }
        if let Some(problem) = message.problems.iter().find(|problem| problem.trouble == Trouble::Wrapped) {
            let text = format!("{}: {}; {}", sender_of(message), problem.what, advice(message));
            findings.about(Self::META, message, text).at(Mark::Payload(problem.at..problem.at + 1));
        } else if is_bare(message, story) && !message.payload.is_empty() {
            let from = message.from.name();
            let text = format!(
                "the {from}'s audio message: raw AAC, as the AudioSpecificConfig before it shows, stands where the audio tag header \
                 belongs; {HEADERLESS}"
            );
            findings.about(Self::META, message, text).at(Mark::Payload(0..1));
        } else if let Some(at) = raw_frame(message)
            && self.is_latm(message, at as usize)
        {
            let text = format!(
                "{}: LATM's synchronisation ({:02x}{:02x}) stands where a raw AAC frame belongs, in {LATM_FRAMES} frames in a row; {FRAMED}",
                sender_of(message),
                message.payload[at as usize],
                message.payload[at as usize + 1]
            );
            findings.about(Self::META, message, text).at(Mark::Payload(at..at + 2));
        }
    }
}

impl WrongContainer {
    /// Whether this frame and those just before it begin as a LATM stream does. Source: ISO 14496-3 §1.7.2.
    fn is_latm(&mut self, message: &Message, at: usize) -> bool {
        let (from, stream) = (message.from, message.head.message_stream_id);
        let is_such = matches!(message.payload.get(at..), Some([0x56, 0xe0..=0xff, ..]));
        let known = self.latm.iter().position(|(side, id, _)| (*side, *id) == (from, stream));
        let place = match known {
            Some(place) => place,
            None if !is_such || self.latm.len() >= STREAMS => return false,
            None => {
                self.latm.push((from, stream, 0));
                self.latm.len() - 1
            }
        };
        let run = &mut self.latm[place].2;
        *run = if is_such { run.saturating_add(1) } else { 0 };
        *run >= LATM_FRAMES
    }
}

/// Where a message's AAC frame begins, if it has one alone.
fn raw_frame(message: &Message) -> Option<u32> {
    match &message.body {
        Body::Audio(audio) if audio.multitrack.is_none() && audio.packet_type == Some("coded_frames") => {
            // Behind the tag header's two bytes; an enhanced one has a FourCC instead of the second.
            (audio.codec() == Some("aac")).then_some(if audio.enhanced { 5 } else { 2 })
        }
        _ => None,
    }
}

const HEADERLESS: &str = "begin each message with the audio tag header, for AAC af 01 before a raw frame and af 00 before the AudioSpecificConfig";
const FRAMED: &str = "send raw AAC frames without such a header, and their AudioSpecificConfig as the sequence header";

fn advice(message: &Message) -> &'static str {
    match &message.body {
        Body::Audio(audio) if audio.headerless => HEADERLESS,
        Body::Audio(audio) if audio.packet_type.is_none() && !audio.enhanced => {
            "write the AAC packet type behind the first byte: 0 and the AudioSpecificConfig, then 1 and each raw frame"
        }
        Body::Audio(_) => FRAMED,
        Body::Video(video) if !video.headerless => {
            "write the packet type behind the first byte (0 before the sequence header, 1 before a frame) and then 3 bytes of composition time"
        }
        _ => {
            "begin each message with the video tag header, for H.264 17 or 27, the packet type and the composition time"
        }
    }
}
