//! CTL: protocol control, flow control, user control.

mod abort_of_nothing;
mod acknowledgement_late;
mod acknowledgement_missing;
mod acknowledgement_wrong;
mod bandwidth_unanswered;
mod chunk_size_after_large_reply;
mod control_malformed;
mod control_on_message_stream;
mod control_on_wrong_chunk_stream;
mod control_with_timestamp;
mod ledger;
mod limit_type_unknown;
mod ping_unanswered;
mod stream_begin_missing;
mod unknown_user_control;
mod user_control_from_wrong_side;
mod user_control_misplaced;
mod window_exceeded;
mod window_size_zero;

use super::Story;
use crate::wire::Moment;

pub(super) const CTL001: super::Entry = control_on_wrong_chunk_stream::ControlOnWrongChunkStream::ENTRY;
pub(super) const CTL002: super::Entry = control_on_message_stream::ControlOnMessageStream::ENTRY;
pub(super) const CTL003: super::Entry = user_control_misplaced::UserControlMisplaced::ENTRY;
pub(super) const CTL004: super::Entry = control_with_timestamp::ControlWithTimestamp::ENTRY;
pub(super) const CTL005: super::Entry = control_malformed::ControlMalformed::ENTRY;
pub(super) const CTL006: super::Entry = acknowledgement_missing::AcknowledgementMissing::ENTRY;
pub(super) const CTL007: super::Entry = acknowledgement_late::AcknowledgementLate::ENTRY;
pub(super) const CTL008: super::Entry = acknowledgement_wrong::AcknowledgementWrong::ENTRY;
pub(super) const CTL009: super::Entry = window_exceeded::WindowExceeded::ENTRY;
pub(super) const CTL010: super::Entry = window_size_zero::WindowSizeZero::ENTRY;
pub(super) const CTL011: super::Entry = bandwidth_unanswered::BandwidthUnanswered::ENTRY;
pub(super) const CTL012: super::Entry = limit_type_unknown::LimitTypeUnknown::ENTRY;
pub(super) const CTL013: super::Entry = ping_unanswered::PingUnanswered::ENTRY;
pub(super) const CTL014: super::Entry = unknown_user_control::UnknownUserControl::ENTRY;
pub(super) const CTL015: super::Entry = stream_begin_missing::StreamBeginMissing::ENTRY;
pub(super) const CTL016: super::Entry = chunk_size_after_large_reply::ChunkSizeAfterLargeReply::ENTRY;
pub(super) const CTL017: super::Entry = abort_of_nothing::AbortOfNothing::ENTRY;
pub(super) const CTL018: super::Entry = user_control_from_wrong_side::UserControlFromWrongSide::ENTRY;

/// No receiver is blamed for an acknowledgement that is not there, and no sender for not waiting for it, before so many nanoseconds
/// have passed.
const TIME_TO_ACKNOWLEDGE_NS: i64 = 1_000_000_000;

/// Whether there was time for an acknowledgement: a second, or a round trip where that takes longer, from when a window's bytes
/// had been sent. Whole windows may be on their way at once, and a receiver that reads them at once acknowledges them at once.
fn had_time(story: &Story, sent: Moment, until: Moment) -> bool {
    until.time.since(sent.time) >= TIME_TO_ACKNOWLEDGE_NS.max(story.round_trip().unwrap_or_default())
}
