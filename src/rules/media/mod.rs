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
mod no_keyframe;
mod sequence_header_missing;
mod set_data_frame_forwarded;

use crate::proto::rtmp::MessageType;

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
pub(super) const MED018: super::Entry = metadata_as_object::MetadataAsObject::ENTRY;

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
