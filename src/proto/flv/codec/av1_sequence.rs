//! AV1's sequence header. Source: AV1 §5.5.

use super::av1::{depth, level_name, profile_name};
use super::bits::Bits;
use super::picture::{Facts, rate};
use crate::fields;
use crate::wire::{Reader, Recorder, Stop};

fields! {
    /// Whether all frames are still pictures.
    STILL_PICTURE: Bool "video.configuration.obus.item.still_picture", "", "AV1 §6.4.1";
    /// Units of the clock in one tick, which is a picture.
    UNITS_IN_TICK: Uint "video.configuration.obus.item.num_units_in_display_tick", "", "AV1 §6.4.3";
    /// Units of the clock in one second.
    TIME_SCALE: Uint "video.configuration.obus.item.time_scale", "Hz", "AV1 §6.4.3";
    /// The width of the largest frame, less one.
    MAX_WIDTH: Uint "video.configuration.obus.item.max_frame_width_minus_1", "pixels", "AV1 §6.4.1";
    /// The height of the largest frame, less one.
    MAX_HEIGHT: Uint "video.configuration.obus.item.max_frame_height_minus_1", "pixels", "AV1 §6.4.1";
    /// The colours of the primaries.
    PRIMARIES: Uint "video.configuration.obus.item.color_primaries", "", "AV1 §6.4.2, H.273 §8.1";
    /// The transfer characteristics.
    TRANSFER: Uint "video.configuration.obus.item.transfer_characteristics", "", "AV1 §6.4.2, H.273 §8.2";
    /// The matrix from RGB to luma and chroma.
    MATRIX: Uint "video.configuration.obus.item.matrix_coefficients", "", "AV1 §6.4.2, H.273 §8.3";
}

/// Reads the header behind its OBU's own. Source: AV1 §5.5.1.
pub(super) fn read<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let start = bits.at();
    let profile = bits.take(3)?;
    facts.profile = profile_name(profile).map(|name| (name, bits.since(start)));
    bits.flag(r, &STILL_PICTURE)?;
    let reduced = bits.bit()?;
    if reduced {
        let start = bits.at();
        facts.level = level_name(bits.take(5)?).map(|name| (name, bits.since(start)));
    } else {
        let mut delay_bits = None;
        if bits.bit()? {
            let start = bits.at();
            let units = bits.uint(r, &UNITS_IN_TICK, 32)?;
            let scale = bits.uint(r, &TIME_SCALE, 32)?;
            if bits.bit()? {
                let ticks = u64::from(bits.ue()?) + 1;
                facts.frame_rate =
                    rate(scale, u64::from(units).saturating_mul(ticks)).map(|rate| (rate, bits.since(start)));
            }
            if bits.bit()? {
                delay_bits = Some(bits.take(5)? + 1);
                bits.skip(32 + 5 + 5)?;
            }
        }
        let has_delay = bits.bit()?;
        for index in 0..=bits.take(5)? {
            bits.skip(12)?;
            let start = bits.at();
            let idx = bits.take(5)?;
            if index == 0 {
                facts.level = level_name(idx).map(|name| (name, bits.since(start)));
            }
            if idx > 7 {
                bits.skip(1)?;
            }
            if let Some(count) = delay_bits
                && bits.bit()?
            {
                bits.skip(count * 2 + 1)?;
            }
            if has_delay && bits.bit()? {
                bits.skip(4)?;
            }
        }
    }
    let (width_bits, height_bits) = (bits.take(4)? + 1, bits.take(4)? + 1);
    let start = bits.at();
    let width = bits.uint(r, &MAX_WIDTH, width_bits)?;
    facts.width = Some((u64::from(width) + 1, bits.since(start)));
    let start = bits.at();
    let height = bits.uint(r, &MAX_HEIGHT, height_bits)?;
    facts.height = Some((u64::from(height) + 1, bits.since(start)));
    if !reduced && bits.bit()? {
        bits.skip(4 + 3)?;
    }
    bits.skip(3)?;
    if !reduced {
        bits.skip(4)?;
        let order_hint = bits.bit()?;
        bits.skip(if order_hint { 2 } else { 0 })?;
        // seq_force_screen_content_tools: chosen per frame, or told here.
        let screen = bits.bit()? || bits.bit()?;
        if screen && !bits.bit()? {
            bits.skip(1)?;
        }
        bits.skip(if order_hint { 3 } else { 0 })?;
    }
    bits.skip(3)?;
    color(r, bits, facts, profile)
}

/// Source: AV1 §5.5.2.
fn color<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    bits: &mut Bits<'_>,
    facts: &mut Facts,
    profile: u32,
) -> Result<(), Stop> {
    let start = bits.at();
    let high = bits.bit()?;
    let twelve = profile == 2 && high && bits.bit()?;
    facts.bit_depth = Some((depth(high, twelve), bits.since(start)));
    let mono = profile != 1 && bits.bit()?;
    if bits.bit()? {
        bits.uint(r, &PRIMARIES, 8)?;
        bits.uint(r, &TRANSFER, 8)?;
        bits.uint(r, &MATRIX, 8)?;
    }
    if mono {
        facts.chroma = Some(("4:0:0", bits.since(start)));
    }
    Ok(())
}
