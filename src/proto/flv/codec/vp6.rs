//! VP6 with and without alpha: the bytes in front of the picture, and a key frame's size. Source: FLV 10.1 §E.4.3.1
//! (VP6FLVVIDEOPACKET, VP6FLVALPHAVIDEOPACKET), and On2's bitstream, which no specification of FLV has.

use super::picture::size;
use crate::fields;
use crate::proto::flv::facts::video::{FrameType, Video};
use crate::wire::{Reader, Recorder, Stop, Value};

fields! {
    /// Pixels that are cut off at the right.
    HORIZONTAL: Uint "video.horizontal_adjustment", "pixels", "FLV 10.1 §E.4.3.1";
    /// Pixels that are cut off at the bottom.
    VERTICAL: Uint "video.vertical_adjustment", "pixels", "FLV 10.1 §E.4.3.1";
    /// Where the alpha picture starts, counted from behind this field.
    OFFSET_TO_ALPHA: Uint "video.offset_to_alpha", "bytes", "FLV 10.1 §E.4.3.1";
}

/// Reads the adjustment, the offset to alpha and the size of a key frame.
pub(crate) fn picture<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video, alpha: bool) -> Result<(), Stop> {
    let at = r.at();
    let adjust = r.skip(1, "a VP6 adjustment")?[0];
    let (across, down) = (u32::from(adjust >> 4), u32::from(adjust & 15));
    r.note(&HORIZONTAL, at..at + 1, Value::Uint(u64::from(across)));
    r.note(&VERTICAL, at..at + 1, Value::Uint(u64::from(down)));
    if alpha {
        r.u24(&OFFSET_TO_ALPHA)?;
    }
    if matches!(video.frame_type, FrameType::KEY | FrameType::GENERATED_KEY)
        && let [first, second, rest @ ..] = r.rest()
        && first & 0x80 == 0
    {
        // A second partition has its offset in front of the sizes: with the flag, or in the simple profile.
        let skipped = if first & 1 == 1 || second & 6 == 0 { 2 } else { 0 };
        let start = r.at() + 2 + skipped as u32;
        // Coded rows and columns, then those that are shown, in macroblocks of 16 pixels.
        if let [rows, columns, ..] = rest.get(skipped..).unwrap_or_default()
            && *rows > 0
            && *columns > 0
        {
            let width = (u32::from(*columns) * 16).saturating_sub(across);
            let height = (u32::from(*rows) * 16).saturating_sub(down);
            size(r, video, [start + 1..start + 2, start..start + 1], (width, height));
        }
    }
    Ok(())
}
