//! The media payloads that RTMP shares with FLV: audio and video messages.
//!
//! Decoded here is what one message says by itself: the legacy and the Enhanced RTMP headers, every configuration
//! record down to picture size, profile and sample rate, and of coded frames what their first bytes tell. Nothing is
//! remembered from message to message. `facts` has what a message says, `codec` a file for each codec, `enhanced` what
//! both kinds of Enhanced RTMP header share; `audio` and `video` read the headers and hand the rest to the codec.
//!
//! Coded frames are most of what a capture holds. What of them only a record needs (their NAL units, their OBUs) is
//! looked at only when there is one.

mod audio;
mod codec;
mod enhanced;
mod facts;
mod video;

pub use audio::audio;
pub use enhanced::ModEx;
pub use facts::audio::{Audio, SoundFormat};
pub use facts::video::{Codec, FrameType, LengthSizes, ParameterSet, Sequence, Video};
pub use facts::{Multitrack, Track};
pub use video::video;

use crate::wire::Field;

/// Every field of audio and video messages, in groups, each in wire order.
pub(crate) fn fields() -> impl Iterator<Item = &'static Field> {
    [facts::audio::FIELDS, facts::video::FIELDS].into_iter().chain(codec::FIELDS.iter().copied()).flatten().copied()
}
