//! H.265's sequence parameter set with its VUI. Source: H.265 §7.3.2.2, §E.2.1.

use super::bits::Bits;
use super::hevc::{level_name, profile_name};
use super::picture::{Facts, chroma, rate};
use crate::fields;
use crate::wire::{Reader, Recorder, Stop};

fields! {
    /// Temporal layers, less one.
    SUB_LAYERS: Uint "video.configuration.arrays.item.nal_units.item.sps_max_sub_layers_minus1", "", "H.265 §7.4.3.2";
    /// The number of the profile.
    PROFILE_IDC: Uint "video.configuration.arrays.item.nal_units.item.general_profile_idc", "", "H.265 §A.3";
    /// The number of the level.
    LEVEL_IDC: Uint "video.configuration.arrays.item.nal_units.item.general_level_idc", "", "H.265 §A.4";
    /// The number of the sequence parameter set.
    ID: Uint "video.configuration.arrays.item.nal_units.item.sps_seq_parameter_set_id", "", "H.265 §7.4.3.2";
    /// How chroma is sampled: 0 not at all, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    CHROMA_FORMAT_IDC: Uint "video.configuration.arrays.item.nal_units.item.chroma_format_idc", "", "H.265 §6.2";
    /// The coded width.
    WIDTH: Uint "video.configuration.arrays.item.nal_units.item.pic_width_in_luma_samples", "pixels", "H.265 §7.4.3.2";
    /// The coded height.
    HEIGHT: Uint "video.configuration.arrays.item.nal_units.item.pic_height_in_luma_samples", "pixels", "H.265 §7.4.3.2";
    /// Cropping at the left, in chroma samples.
    CROP_LEFT: Uint "video.configuration.arrays.item.nal_units.item.conf_win_left_offset", "", "H.265 §7.4.3.2";
    /// Cropping at the right, in chroma samples.
    CROP_RIGHT: Uint "video.configuration.arrays.item.nal_units.item.conf_win_right_offset", "", "H.265 §7.4.3.2";
    /// Cropping at the top, in chroma samples.
    CROP_TOP: Uint "video.configuration.arrays.item.nal_units.item.conf_win_top_offset", "", "H.265 §7.4.3.2";
    /// Cropping at the bottom, in chroma samples.
    CROP_BOTTOM: Uint "video.configuration.arrays.item.nal_units.item.conf_win_bottom_offset", "", "H.265 §7.4.3.2";
    /// Bits of a luma sample beyond 8.
    BIT_DEPTH_LUMA: Uint "video.configuration.arrays.item.nal_units.item.bit_depth_luma_minus8", "bits", "H.265 §7.4.3.2";
    /// Bits of a chroma sample beyond 8.
    BIT_DEPTH_CHROMA: Uint "video.configuration.arrays.item.nal_units.item.bit_depth_chroma_minus8", "bits", "H.265 §7.4.3.2";
    /// The shape of a pixel: 1 is square, 255 is given in the next two fields.
    ASPECT_RATIO: Uint "video.configuration.arrays.item.nal_units.item.aspect_ratio_idc", "", "H.265 Table E.1";
    /// The width of a pixel against its height.
    SAR_WIDTH: Uint "video.configuration.arrays.item.nal_units.item.sar_width", "", "H.265 §E.3.1";
    /// The height of a pixel against its width.
    SAR_HEIGHT: Uint "video.configuration.arrays.item.nal_units.item.sar_height", "", "H.265 §E.3.1";
    /// Whether luma has its full range instead of 16 to 235.
    FULL_RANGE: Bool "video.configuration.arrays.item.nal_units.item.video_full_range_flag", "", "H.265 §E.3.1";
    /// The colours of the primaries.
    PRIMARIES: Uint "video.configuration.arrays.item.nal_units.item.colour_primaries", "", "H.265 Table E.3, H.273 §8.1";
    /// The transfer characteristics.
    TRANSFER: Uint "video.configuration.arrays.item.nal_units.item.transfer_characteristics", "", "H.265 Table E.4, H.273 §8.2";
    /// The matrix from RGB to luma and chroma.
    MATRIX: Uint "video.configuration.arrays.item.nal_units.item.matrix_coeffs", "", "H.265 Table E.5, H.273 §8.3";
    /// Units of the clock in one tick, which is a picture.
    UNITS_IN_TICK: Uint "video.configuration.arrays.item.nal_units.item.vui_num_units_in_tick", "", "H.265 §E.3.1";
    /// Units of the clock in one second.
    TIME_SCALE: Uint "video.configuration.arrays.item.nal_units.item.vui_time_scale", "Hz", "H.265 §E.3.1";
}

/// Reads the set, the NAL unit's header included. What was found before it stopped is given as well.
pub(super) fn read<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>) -> (Facts, Result<(), Stop>) {
    let mut facts = Facts::default();
    let read = set(r, bits, &mut facts);
    (facts, read)
}

fn set<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>, facts: &mut Facts) -> Result<(), Stop> {
    bits.skip(16 + 4)?;
    let sub_layers = bits.uint(r, &SUB_LAYERS, 3)?;
    bits.skip(1)?;
    profile_tier_level(r, bits, facts, sub_layers)?;
    bits.golomb(r, &ID)?;
    let start = bits.at();
    let format = bits.golomb(r, &CHROMA_FORMAT_IDC)?;
    let separate = format == 3 && bits.bit()?;
    facts.chroma = chroma(format).map(|name| (name, bits.since(start)));
    let across = bits.at();
    let mut width = u64::from(bits.golomb(r, &WIDTH)?);
    let across = bits.since(across);
    let down = bits.at();
    let mut height = u64::from(bits.golomb(r, &HEIGHT)?);
    let down = bits.since(down);
    if bits.bit()? {
        let (unit_x, unit_y) = match format {
            1 if !separate => (2, 2),
            2 if !separate => (2, 1),
            _ => (1, 1),
        };
        let left = u64::from(bits.golomb(r, &CROP_LEFT)?);
        let right = u64::from(bits.golomb(r, &CROP_RIGHT)?);
        let top = u64::from(bits.golomb(r, &CROP_TOP)?);
        let bottom = u64::from(bits.golomb(r, &CROP_BOTTOM)?);
        width = width.saturating_sub((left + right) * unit_x);
        height = height.saturating_sub((top + bottom) * unit_y);
    }
    facts.width = Some((width, across));
    facts.height = Some((height, down));
    let start = bits.at();
    let depth = bits.golomb(r, &BIT_DEPTH_LUMA)?;
    facts.bit_depth = Some((depth.saturating_add(8), bits.since(start)));
    bits.golomb(r, &BIT_DEPTH_CHROMA)?;

    // From here to the VUI nothing is told to a person; it is read to know where the VUI begins.
    let order_count_bits = bits.ue()?.saturating_add(4);
    let every_layer = bits.bit()?;
    for _ in if every_layer { 0 } else { sub_layers }..=sub_layers {
        (0..3).try_for_each(|_| bits.ue().map(|_| ()))?;
    }
    (0..6).try_for_each(|_| bits.ue().map(|_| ()))?;
    if bits.bit()? && bits.bit()? {
        scaling_lists(bits)?;
    }
    bits.skip(2)?;
    if bits.bit()? {
        bits.skip(8)?;
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    short_term_sets(bits)?;
    if bits.bit()? {
        if order_count_bits > 16 {
            return Err(bits.stop("log2_max_pic_order_cnt_lsb_minus4 is over 12"));
        }
        for _ in 0..bits.ue()? {
            bits.skip(order_count_bits + 1)?;
        }
    }
    bits.skip(2)?;
    if bits.bit()? { vui(r, bits, facts) } else { Ok(()) }
}

fn profile_tier_level<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    bits: &mut Bits<'_>,
    facts: &mut Facts,
    sub_layers: u32,
) -> Result<(), Stop> {
    let start = bits.at();
    bits.skip(3)?;
    let profile = bits.uint(r, &PROFILE_IDC, 5)?;
    facts.profile = profile_name(profile).map(|name| (name, bits.since(start)));
    bits.skip(32 + 48)?;
    let start = bits.at();
    let level = bits.uint(r, &LEVEL_IDC, 8)?;
    facts.level = level_name(level).map(|name| (name, bits.since(start)));
    let mut present = Vec::new();
    for _ in 0..sub_layers {
        present.push((bits.bit()?, bits.bit()?));
    }
    if sub_layers > 0 {
        bits.skip((8 - sub_layers) * 2)?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Ok(())
}

/// Source: H.265 §7.3.4.
fn scaling_lists(bits: &mut Bits<'_>) -> Result<(), Stop> {
    for size in 0..4 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.bit()? {
                bits.ue()?;
                continue;
            }
            if size > 1 {
                bits.se()?;
            }
            for _ in 0..64.min(1 << (4 + (size << 1))) {
                bits.se()?;
            }
        }
    }
    Ok(())
}

/// Source: H.265 §7.3.7, §7.4.8.
fn short_term_sets(bits: &mut Bits<'_>) -> Result<(), Stop> {
    let count = bits.ue()?;
    if count > 64 {
        return Err(bits.stop("more than 64 short-term reference picture sets"));
    }
    // NumDeltaPocs of the set before.
    let mut pictures = 0;
    for index in 0..count {
        if index > 0 && bits.bit()? {
            bits.skip(1)?;
            bits.ue()?;
            let mut kept = 0;
            for _ in 0..=pictures {
                let used = bits.bit()?;
                kept += u32::from(used || bits.bit()?);
            }
            pictures = kept;
        } else {
            let (negative, positive) = (bits.ue()?, bits.ue()?);
            if negative > 16 || positive > 16 {
                return Err(bits.stop("more than 16 pictures in a reference picture set"));
            }
            pictures = negative + positive;
            for _ in 0..pictures {
                bits.ue()?;
                bits.skip(1)?;
            }
        }
    }
    Ok(())
}

fn vui<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>, facts: &mut Facts) -> Result<(), Stop> {
    if bits.bit()? && bits.uint(r, &ASPECT_RATIO, 8)? == 255 {
        bits.uint(r, &SAR_WIDTH, 16)?;
        bits.uint(r, &SAR_HEIGHT, 16)?;
    }
    if bits.bit()? {
        bits.skip(1)?;
    }
    if bits.bit()? {
        bits.skip(3)?;
        bits.flag(r, &FULL_RANGE)?;
        if bits.bit()? {
            bits.uint(r, &PRIMARIES, 8)?;
            bits.uint(r, &TRANSFER, 8)?;
            bits.uint(r, &MATRIX, 8)?;
        }
    }
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    bits.skip(3)?;
    if bits.bit()? {
        (0..4).try_for_each(|_| bits.ue().map(|_| ()))?;
    }
    if bits.bit()? {
        let start = bits.at();
        let units = bits.uint(r, &UNITS_IN_TICK, 32)?;
        let scale = bits.uint(r, &TIME_SCALE, 32)?;
        facts.frame_rate = rate(scale, u64::from(units)).map(|rate| (rate, bits.since(start)));
    }
    Ok(())
}
