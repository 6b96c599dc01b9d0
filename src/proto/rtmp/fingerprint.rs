//! Who made this C1 or S1? Many programs can be told by the constants that they write where the specification wants zeros
//! or random bytes. A name here is a likeness, not a proof: constants are copied.

use super::handshake::Scheme;
use crate::wire::{Side, Word};

/// What the 1528 bytes are that the specification leaves random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Random,
    /// Every byte is 0.
    Zero,
    /// Every byte is the same.
    Constant,
    /// The whole block is the peer's C1.
    Copy,
}

impl Content {
    /// The words of [`Content::name`].
    pub const WORDS: &'static [Word] = &Word::list(["random", "zero", "constant", "copy"]);

    pub fn name(self) -> &'static str {
        match self {
            Content::Random => "random",
            Content::Zero => "zero",
            Content::Constant => "constant",
            Content::Copy => "copy",
        }
    }

    /// `peer` is the other side's block, if it is known.
    pub(super) fn of(block: &[u8], peer: Option<&[u8]>) -> Content {
        let random = &block[8..];
        if random.iter().all(|byte| *byte == 0) {
            Content::Zero
        } else if random.iter().all(|byte| *byte == random[0]) {
            Content::Constant
        } else if peer == Some(block) {
            Content::Copy
        } else {
            Content::Random
        }
    }
}

/// A program that C1 or S1 looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    Ffmpeg,
    LibrtmpSwf,
    NginxRtmp,
    RtmpeClient,
    JwPlayer,
    FlashPlayer,
    Joy4,
    Xiu,
    NodeMediaServer,
    Srs,
    FlashMediaServer,
    Red5,
}

impl Maker {
    pub fn name(self) -> &'static str {
        match self {
            Maker::Ffmpeg => "FFmpeg",
            Maker::LibrtmpSwf => "librtmp with SWF verification",
            Maker::NginxRtmp => "nginx-rtmp",
            Maker::RtmpeClient => "librtmp or FFmpeg, for RTMPE",
            Maker::JwPlayer => "SRS, rml_rtmp, rtmp-client or JW Player",
            Maker::FlashPlayer => "Flash Player",
            Maker::Joy4 => "joy4 or a relative",
            Maker::Xiu => "xiu",
            Maker::NodeMediaServer => "node-media-server",
            Maker::Srs => "SRS or a relative",
            Maker::FlashMediaServer => "Flash Media Server",
            Maker::Red5 => "Red5",
        }
    }
}

/// FFmpeg seeds its generator with a constant: all its C1 have the same bytes from 8 on.
const FFMPEG_START: [u8; 4] = [0xf7, 0x78, 0x55, 0x1e];

/// The program that a block looks like.
pub(super) fn of(block: &[u8], from: Side, content: Content, scheme: Scheme) -> Option<Maker> {
    let version = [block[4], block[5], block[6], block[7]];
    match (from, version, content) {
        (Side::Client, [9, 0, 124, 2], _) if block[8..12] == FFMPEG_START => Some(Maker::Ffmpeg),
        (Side::Client, [10, 0, 45, 2], _) => Some(Maker::LibrtmpSwf),
        (Side::Client, [128, 0, 3, 2], _) => Some(Maker::RtmpeClient),
        (Side::Client, [128, 0, 7, 2], _) => Some(Maker::JwPlayer),
        (Side::Client, [9 | 10 | 128, ..], _) => Some(Maker::FlashPlayer),
        (Side::Client, [0, 0, 0, 0], Content::Zero) => Some(Maker::Joy4),
        // Both write this version, but nginx-rtmp always signs in the first half.
        (Side::Server, [13, 14, 10, 13], _) if scheme == Scheme::Digest0 => Some(Maker::Xiu),
        (Side::Server, [13, 14, 10, 13], _) | (Side::Client, [12, 0, 13, 14], _) => Some(Maker::NginxRtmp),
        (Side::Server, [1, 2, 3, 4], _) => Some(Maker::NodeMediaServer),
        (Side::Server, [1, 0, 5, 4], _) => Some(Maker::Srs),
        (Side::Server, [3 | 5, 0, 0..=9, 1], _) => Some(Maker::FlashMediaServer),
        (Side::Server, [4, 0, 0, 1], _) => Some(Maker::Red5),
        _ => None,
    }
}
