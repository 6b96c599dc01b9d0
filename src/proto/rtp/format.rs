//! Which codec a payload type stands for: what peers agree on outside of RTP.

use crate::wire::Word;

/// Audio or video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Audio,
    Video,
}

impl Kind {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([Kind::Audio.name(), Kind::Video.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Kind::Audio => "audio",
            Kind::Video => "video",
        }
    }
}

/// A codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    H264,
    Vp8,
    Opus,
    Aac,
}

impl Codec {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([Codec::H264.name(), Codec::Vp8.name(), Codec::Opus.name(), Codec::Aac.name()]);

    /// As ffprobe names it.
    pub const fn name(self) -> &'static str {
        match self {
            Codec::H264 => "h264",
            Codec::Vp8 => "vp8",
            Codec::Opus => "opus",
            Codec::Aac => "aac",
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            Codec::H264 | Codec::Vp8 => Kind::Video,
            Codec::Opus | Codec::Aac => Kind::Audio,
        }
    }

    /// Units of its RTP clock in one second. None for AAC, whose clock is its sample rate, which only its configuration says.
    /// Source: RFC 6184 §8.1, RFC 7741 §6.1, RFC 7587 §4.1.
    pub fn clock(self) -> Option<u32> {
        match self {
            Codec::H264 | Codec::Vp8 => Some(90_000),
            Codec::Opus => Some(48_000),
            Codec::Aac => None,
        }
    }
}

/// The payload types that peers agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Formats {
    /// A payload type with its codec; none where the codec is one that is not known here.
    pub types: Vec<(u8, Option<Codec>)>,
}

impl Formats {
    /// The codec of a payload type.
    pub fn codec(&self, payload_type: u8) -> Option<Codec> {
        self.types.iter().find(|(number, _)| *number == payload_type)?.1
    }

    /// Whether a payload type was agreed on.
    pub fn has(&self, payload_type: u8) -> bool {
        self.types.iter().any(|(number, _)| *number == payload_type)
    }
}
