//! The media payloads that RTMP shares with FLV: audio and video messages.
//!
//! Decoded here is what one message says by itself: the legacy and the Enhanced RTMP headers, every configuration
//! record down to picture size, profile and sample rate, and of coded frames what their first bytes tell. Nothing is
//! remembered from message to message. `codec` has a file for each codec; `enhanced` what both kinds of Enhanced
//! RTMP header share.
//!
//! Coded frames are most of what a capture holds. What of them only a record needs (their NAL units, their OBUs) is
//! looked at only when there is one.

pub(crate) mod audio;
pub(crate) mod codec;
mod enhanced;
pub(crate) mod video;

pub use audio::{Audio, SoundFormat, audio};
pub use enhanced::{ModEx, Multitrack, Track};
pub use video::{Codec, FrameType, Sequence, Video, video};

use crate::wire::{Field, Reader, Recorder, Value};

/// Every field of audio and video messages, in groups, each in wire order.
pub(crate) fn fields() -> impl Iterator<Item = &'static Field> {
    [audio::FIELDS, video::FIELDS].into_iter().chain(codec::FIELDS.iter().copied()).flatten().copied()
}

/// Records the byte at `at` as its name, or as a number where it has none.
fn note<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    field: &'static Field,
    name: Option<&'static str>,
    number: u8,
    at: u32,
) {
    r.note(field, at..at + 1, name.map_or(Value::Uint(u64::from(number)), Value::Word));
}
