//! IEEE 802.11: data frames that are not encrypted, and the headers that captures put before them.

use super::Unread;
use super::layer::{Layer, Step};
use super::rest::Rest;
use crate::capture::LinkType;

/// The header of a data frame (IEEE 802.11 §9.2.4). `padded`: the card left the content aligned to four bytes.
pub(super) fn header(frame: Rest<'_>, padded: bool) -> Result<Step<'_>, Unread> {
    const DATA: u8 = 2;
    let [first, flags] = frame.array(0)?;
    let (has_four_addresses, subtype) = (flags & 0x03 == 0x03, first >> 4);
    // Version 0. The bit for no data is set in frames that only carry state.
    if first & 0x03 != 0 || first >> 2 & 0x03 != DATA || subtype & 4 != 0 {
        return Err(Unread::NotIp);
    }
    let is_encrypted = flags & 0x40 != 0;
    if is_encrypted {
        return Err(Unread::NotIp);
    }
    let has_more = flags & 0x04 != 0;
    let fragment = u16::from_le_bytes(frame.array(22)?) & 0x0f;
    if has_more || fragment != 0 {
        return Err(Unread::Fragment);
    }
    let mut length = if has_four_addresses { 30 } else { 24 };
    let mut is_aggregate = false;
    if subtype & 8 != 0 {
        // Quality of service; with the order bit, high throughput control after it.
        is_aggregate = frame.u8(length)? & 0x80 != 0;
        length += if flags & 0x80 == 0 { 2 } else { 6 };
    }
    if padded {
        length = length.next_multiple_of(4);
    }
    Ok(Step(if is_aggregate { Layer::Aggregate } else { Layer::Llc }, frame.skip(length)?))
}

/// The next frame of an aggregate: two addresses, a length, LLC; padded to four bytes (IEEE 802.11 §9.3.2.2). With it
/// what follows.
pub(super) fn subframe(rest: Rest<'_>) -> Result<(Rest<'_>, Option<Rest<'_>>), Unread> {
    let length = usize::from(rest.u16(12)?);
    let content = rest.skip(14)?.claim(length);
    let next = rest.skip((14 + length).next_multiple_of(4)).ok().filter(|next| !next.bytes.is_empty());
    Ok((content, next))
}

/// The radiotap header (radiotap.org): version 0, its length, which fields are present, the fields.
pub(super) fn radiotap(frame: Rest<'_>) -> Result<Step<'_>, Unread> {
    const MORE: u32 = 1 << 31;
    const CLOCK: u32 = 1 << 0;
    const FLAGS: u32 = 1 << 1;
    const PADDED: u8 = 0x20;
    if frame.u8(0)? != 0 {
        return Err(Unread::Malformed);
    }
    let length = usize::from(u16::from_le_bytes(frame.array(2)?));
    let present = u32::from_le_bytes(frame.array(4)?);
    let mut at = 8;
    let mut word = present;
    while word & MORE != 0 {
        word = u32::from_le_bytes(frame.array(at)?);
        at += 4;
    }
    if present & CLOCK != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    let padded = present & FLAGS != 0 && at < length && frame.u8(at)? & PADDED != 0;
    Ok(Step(Layer::Wireless { padded }, frame.skip(length)?))
}

/// The per-packet information header: version 0, flags, its length, the link type of what follows, all little-endian.
pub(super) fn ppi(frame: Rest<'_>) -> Result<(LinkType, Rest<'_>), Unread> {
    if frame.u8(0)? != 0 {
        return Err(Unread::Malformed);
    }
    let length = usize::from(u16::from_le_bytes(frame.array(2)?));
    let link = i32::from_le_bytes(frame.array(4)?);
    Ok((LinkType(link), frame.skip(length)?))
}
