//! NET: the capture and the connection.

mod capture_gap;
mod midstream_start;

pub(super) const NET001: super::Entry = capture_gap::CaptureGap::ENTRY;
pub(super) const NET002: super::Entry = midstream_start::MidstreamStart::ENTRY;
