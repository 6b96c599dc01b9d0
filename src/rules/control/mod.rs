//! CTL: protocol control, flow control, user control.

mod acknowledgement_missing;
mod control_on_message_stream;
mod control_on_wrong_chunk_stream;

pub(super) const CTL001: super::Entry = control_on_wrong_chunk_stream::ControlOnWrongChunkStream::ENTRY;
pub(super) const CTL002: super::Entry = control_on_message_stream::ControlOnMessageStream::ENTRY;
pub(super) const CTL006: super::Entry = acknowledgement_missing::AcknowledgementMissing::ENTRY;
