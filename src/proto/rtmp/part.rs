//! The audio and video in a message, track by track: what a message, an aggregate and a multitrack message have in common
//! for whoever follows tracks.

use super::{Body, Message, MessageType};
use crate::proto::flv::{Audio, FrameType, Video};

/// Audio or video of one track in a message.
#[derive(Clone, Copy, Debug)]
pub enum Part<'m> {
    Audio(&'m Audio),
    Video(&'m Video),
}

/// Where in a message a part stands.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// 0 where there are no tracks.
    pub track: u8,
    /// In ms; none where the message's time is not known.
    pub time: Option<u32>,
    /// Bytes of the part, with what stands before the media in a message that it has for itself.
    pub length: u32,
}

impl Part<'_> {
    pub fn kind(&self) -> MessageType {
        match self {
            Part::Audio(_) => MessageType::AUDIO,
            Part::Video(_) => MessageType::VIDEO,
        }
    }

    pub fn codec(&self) -> Option<&'static str> {
        match self {
            Part::Audio(audio) => audio.codec(),
            Part::Video(video) => video.codec(),
        }
    }

    pub fn packet_type(&self) -> Option<&'static str> {
        match self {
            Part::Audio(audio) => audio.packet_type,
            Part::Video(video) => video.packet_type,
        }
    }

    pub fn is_enhanced(&self) -> bool {
        match self {
            Part::Audio(audio) => audio.enhanced,
            Part::Video(video) => video.enhanced,
        }
    }

    /// Whether it has no tag header, so that what it is cannot be known.
    pub fn is_headerless(&self) -> bool {
        match self {
            Part::Audio(audio) => audio.headerless,
            Part::Video(video) => video.headerless,
        }
    }

    /// Whether it configures its decoder.
    pub fn is_configuration(&self) -> bool {
        matches!(self.packet_type(), Some("sequence_start" | "mpeg2ts_sequence_start"))
    }

    /// Whether it is a picture that can be decoded alone.
    pub fn is_key(&self) -> bool {
        matches!(self, Part::Video(video) if matches!(video.frame_type, FrameType::KEY | FrameType::GENERATED_KEY))
    }

    /// Whether it is sound or a picture.
    pub fn is_frame(&self) -> bool {
        let is_command = matches!(self, Part::Video(video) if video.frame_type == FrameType::COMMAND);
        !is_command && matches!(self.packet_type(), None | Some("coded_frames" | "coded_frames_x"))
    }
}

/// The parts of a message that are audio or video; those inside an aggregate too. A message without payload is silence and
/// has none.
pub fn parts(message: &Message, mut found: impl FnMut(Spot, Part<'_>)) {
    let is_timed = message.head.timestamp_known;
    let mut of_body = |body: &Body, length: u32, time: u32| {
        let time = is_timed.then_some(time);
        match body {
            Body::Audio(audio) if length > 0 => {
                audio.by_track().for_each(|(track, own, audio)| {
                    found(Spot { track, time, length: own.unwrap_or(length) }, Part::Audio(audio));
                });
            }
            Body::Video(video) if length > 0 => {
                video.by_track().for_each(|(track, own, video)| {
                    found(Spot { track, time, length: own.unwrap_or(length) }, Part::Video(video));
                });
            }
            _ => {}
        }
    };
    match &message.body {
        Body::Aggregate(messages) => {
            for inside in messages {
                of_body(&inside.body, inside.length, inside.timestamp);
            }
        }
        body => of_body(body, message.head.length, message.head.timestamp),
    }
}

/// Whether a message carries audio or video.
pub fn is_media(message: &Message) -> bool {
    matches!(message.body, Body::Audio(_) | Body::Video(_) | Body::Aggregate(_))
}
