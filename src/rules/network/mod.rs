//! NET: the capture and the connection.

mod capture_gap;
mod closed_inside_message;
mod connection_refused;
mod connection_reset;
mod midstream_start;
mod one_direction_only;
mod other_protocol;
mod packets_cut;
mod retransmissions;
mod zero_window;

pub(super) const NET001: super::Entry = capture_gap::CaptureGap::ENTRY;
pub(super) const NET002: super::Entry = midstream_start::MidstreamStart::ENTRY;
pub(super) const NET003: super::Entry = packets_cut::PacketsCut::ENTRY;
pub(super) const NET004: super::Entry = connection_reset::ConnectionReset::ENTRY;
pub(super) const NET005: super::Entry = one_direction_only::OneDirectionOnly::ENTRY;
pub(super) const NET006: super::Entry = zero_window::ZeroWindow::ENTRY;
pub(super) const NET007: super::Entry = retransmissions::Retransmissions::ENTRY;
pub(super) const NET008: super::Entry = closed_inside_message::ClosedInsideMessage::ENTRY;
pub(super) const NET009: super::Entry = other_protocol::OtherProtocol::ENTRY;
pub(super) const NET010: super::Entry = connection_refused::ConnectionRefused::ENTRY;
