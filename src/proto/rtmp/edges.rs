//! What stands before and behind a payload's content, whatever its type: the format selector of AMF3 types, and bytes
//! that the content's decoder leaves over. Source: RTMP errata and addenda §7.2.

use crate::fields;
use crate::wire::{Reader, Recorder, Stop};

fields! {
    /// How the values of an AMF3 type are written: 0, for AMF0 with AMF3 behind each avmplus marker.
    FORMAT_SELECTOR: Uint "format_selector", "", "RTMP errata and addenda §7.2";
    /// Payload bytes that are not decoded.
    PAYLOAD: Opaque "payload", "", "RTMP 1.0 §6.1";
    /// Bytes behind the end of what the message holds.
    TRAILING: Opaque "trailing", "", "";
}

/// Reads the format selector of an AMF3 type, unless its sender left it out.
pub(super) fn selector<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<(), Stop> {
    if begins_with_value(r.rest()) { Ok(()) } else { r.u8(&FORMAT_SELECTOR).map(drop) }
}

/// Whether an AMF3 type's payload begins as AMF0 begins, with a string or an AMF3 value, and so without a selector.
pub(super) fn begins_with_value(payload: &[u8]) -> bool {
    const STRING: u8 = 0x02;
    const AVM_PLUS: u8 = 0x11;
    matches!(payload.first(), Some(&(STRING | AVM_PLUS)))
}
