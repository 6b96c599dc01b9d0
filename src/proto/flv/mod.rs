//! The media headers that RTMP shares with FLV: the first bytes of audio and video messages.
//!
//! Decoded here is what one message says by itself: codec, frame type, packet type, composition time and the sizes that
//! a sequence header states. Enhanced RTMP messages are recognised and named; their inside is kept as bytes.

pub(crate) mod audio;
pub(crate) mod video;

pub use audio::{Audio, SoundFormat, audio};
pub use video::{Codec, FrameType, Video, video};
