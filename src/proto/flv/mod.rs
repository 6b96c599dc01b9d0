//! The media headers that RTMP shares with FLV: the first bytes of audio and video messages.
//!
//! Decoded here is what one message says by itself: codec, frame type, packet type, composition time and the sizes that
//! a sequence header states. Enhanced RTMP messages are recognised and named; their inside is kept as bytes.

mod audio;
mod video;

pub use audio::{Audio, SoundFormat, audio};
pub use video::{Codec, FrameType, Video, video};

use crate::fields;

fields! {
    /// Whether the message has an Enhanced RTMP header.
    ENHANCED: Bool "enhanced", "", "E-RTMP v2";
    /// Bytes of the codec that are not decoded further.
    DATA: Opaque "data", "", "FLV 10.1 §E.4";
}
pub use FIELDS as SHARED_FIELDS;
