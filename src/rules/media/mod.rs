//! MED: media.

mod aggregate_malformed;
mod audio_video_drift;
mod codec_mislabelled;
mod codec_unknown;
mod enhanced_malformed;
mod enhanced_not_announced;
mod late_media;
mod media_before_publish;
mod media_malformed;
mod media_on_control_stream;
mod media_stalled;
mod metadata_as_object;
mod metadata_contradicts_media;
mod nal_units_malformed;
mod no_keyframe;
mod sequence_header_missing;
mod set_data_frame_forwarded;
mod wrong_container;

use super::Story;
use crate::proto::rtmp::{Body, Message, MessageType, Part};
use crate::wire::{Problem, Trouble};

pub(super) const MED001: super::Entry = sequence_header_missing::SequenceHeaderMissing::ENTRY;
pub(super) const MED002: super::Entry = codec_unknown::CodecUnknown::ENTRY;
pub(super) const MED003: super::Entry = codec_mislabelled::CodecMislabelled::ENTRY;
pub(super) const MED004: super::Entry = media_before_publish::MediaBeforePublish::ENTRY;
pub(super) const MED005: super::Entry = media_on_control_stream::MediaOnControlStream::ENTRY;
pub(super) const MED006: super::Entry = metadata_contradicts_media::MetadataContradictsMedia::ENTRY;
pub(super) const MED007: super::Entry = no_keyframe::NoKeyframe::ENTRY;
pub(super) const MED008: super::Entry = audio_video_drift::AudioVideoDrift::ENTRY;
pub(super) const MED009: super::Entry = enhanced_not_announced::EnhancedNotAnnounced::ENTRY;
pub(super) const MED010: super::Entry = enhanced_malformed::EnhancedMalformed::ENTRY;
pub(super) const MED011: super::Entry = media_stalled::MediaStalled::ENTRY;
pub(super) const MED012: super::Entry = aggregate_malformed::AggregateMalformed::ENTRY;
pub(super) const MED013: super::Entry = set_data_frame_forwarded::SetDataFrameForwarded::ENTRY;
pub(super) const MED014: super::Entry = late_media::LateMedia::ENTRY;
pub(super) const MED015: super::Entry = media_malformed::MediaMalformed::ENTRY;
pub(super) const MED016: super::Entry = nal_units_malformed::NalUnitsMalformed::ENTRY;
pub(super) const MED017: super::Entry = wrong_container::WrongContainer::ENTRY;
pub(super) const MED018: super::Entry = metadata_as_object::MetadataAsObject::ENTRY;

/// What a message is and who sent it: `the client's h264 sequence header`.
fn sender_of(message: &Message) -> String {
    let part = match &message.body {
        Body::Audio(audio) if audio.multitrack.is_none() => Some(Part::Audio(audio)),
        Body::Video(video) if video.multitrack.is_none() => Some(Part::Video(video)),
        _ => None,
    };
    let from = message.from.name();
    let kind = message.head.kind.name().unwrap_or("media");
    match part.and_then(|part| Some((part.codec()?, part))) {
        Some((codec, part)) if part.is_configuration() => format!("the {from}'s {codec} sequence header"),
        Some((codec, part)) if part.is_frame() => format!("the {from}'s {codec} frame"),
        _ => format!("the {from}'s {kind} message"),
    }
}

/// Whether a message is raw AAC without a tag header, as an AudioSpecificConfig before it shows: what its first byte would say, as that of
/// one, is nothing.
fn is_bare(message: &Message, story: &Story) -> bool {
    let Body::Audio(audio) = &message.body else { return false };
    let track = story.tracks.get(message.from, message.head.message_stream_id, message.head.kind, 0);
    track.is_some_and(|track| track.is_bare) && !(audio.codec() == Some("aac") && Part::Audio(audio).is_configuration())
}

/// Whether no rule of its own tells of a problem.
fn is_malformed(problem: &Problem) -> bool {
    !matches!(problem.trouble, Trouble::Tiling | Trouble::Delimited | Trouble::Wrapped | Trouble::Mislabelled)
}

/// `video of track 2 on message stream 1`, or without the track where it is the default one.
fn named(kind: MessageType, track: u8, message_stream_id: u32) -> String {
    format!("{} on message stream {message_stream_id}", of_track(kind, track))
}

/// `video of track 2`, or `video` where it is the default one.
fn of_track(kind: MessageType, track: u8) -> String {
    let kind = kind.name().unwrap_or("media");
    match track {
        0 => kind.to_owned(),
        track => format!("{kind} of track {track}"),
    }
}
