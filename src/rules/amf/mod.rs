//! AMF: the values in commands, data messages and shared objects.

mod array_count_wrong;
mod encoding_mixed;
mod key_repeated;
mod nesting_too_deep;
mod part;
mod reference_dangling;
mod string_not_utf8;
mod string_with_nul;
mod trailing_bytes;
mod unknown_marker;
mod value_not_closed;
mod value_truncated;

pub(super) const AMF001: super::Entry = unknown_marker::UnknownMarker::ENTRY;
pub(super) const AMF002: super::Entry = value_truncated::ValueTruncated::ENTRY;
pub(super) const AMF003: super::Entry = trailing_bytes::TrailingBytes::ENTRY;
pub(super) const AMF004: super::Entry = string_not_utf8::StringNotUtf8::ENTRY;
pub(super) const AMF005: super::Entry = string_with_nul::StringWithNul::ENTRY;
pub(super) const AMF006: super::Entry = array_count_wrong::ArrayCountWrong::ENTRY;
pub(super) const AMF007: super::Entry = reference_dangling::ReferenceDangling::ENTRY;
pub(super) const AMF008: super::Entry = key_repeated::KeyRepeated::ENTRY;
pub(super) const AMF009: super::Entry = nesting_too_deep::NestingTooDeep::ENTRY;
pub(super) const AMF010: super::Entry = value_not_closed::ValueNotClosed::ENTRY;
pub(super) const AMF011: super::Entry = encoding_mixed::EncodingMixed::ENTRY;
