//! H.264's sequence parameter set with its VUI. Source: H.264 §7.3.2.1.1, §E.1.1.

use super::avc::{level_name, profile_name};
use super::bits::Bits;
use super::picture::{Facts, chroma, rate};
use crate::fields;
use crate::wire::{Reader, Recorder, Stop};

fields! {
    /// The number of the profile.
    PROFILE_IDC: Uint "video.configuration.sequence_parameter_sets.item.profile_idc", "", "H.264 §A.2";
    /// constraint_set0_flag to constraint_set5_flag and two reserved bits.
    CONSTRAINTS: Uint "video.configuration.sequence_parameter_sets.item.constraint_set_flags", "", "H.264 §7.4.2.1.1";
    /// The number of the level.
    LEVEL_IDC: Uint "video.configuration.sequence_parameter_sets.item.level_idc", "", "H.264 §A.3";
    /// The number of the sequence parameter set.
    ID: Uint "video.configuration.sequence_parameter_sets.item.seq_parameter_set_id", "", "H.264 §7.4.2.1.1";
    /// How chroma is sampled: 0 not at all, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    CHROMA_FORMAT_IDC: Uint "video.configuration.sequence_parameter_sets.item.chroma_format_idc", "", "H.264 §6.2";
    /// Bits of a luma sample beyond 8.
    BIT_DEPTH_LUMA: Uint "video.configuration.sequence_parameter_sets.item.bit_depth_luma_minus8", "bits", "H.264 §7.4.2.1.1";
    /// Bits of a chroma sample beyond 8.
    BIT_DEPTH_CHROMA: Uint "video.configuration.sequence_parameter_sets.item.bit_depth_chroma_minus8", "bits", "H.264 §7.4.2.1.1";
    /// How the order of output is coded.
    POC_TYPE: Uint "video.configuration.sequence_parameter_sets.item.pic_order_cnt_type", "", "H.264 §7.4.2.1.1";
    /// Reference frames that a decoder keeps at most.
    REFERENCES: Uint "video.configuration.sequence_parameter_sets.item.max_num_ref_frames", "", "H.264 §7.4.2.1.1";
    /// The coded width in macroblocks of 16 pixels, less one.
    WIDTH: Uint "video.configuration.sequence_parameter_sets.item.pic_width_in_mbs_minus1", "macroblocks", "H.264 §7.4.2.1.1";
    /// The coded height in macroblocks (in pairs of them where pictures may be fields), less one.
    HEIGHT: Uint "video.configuration.sequence_parameter_sets.item.pic_height_in_map_units_minus1", "", "H.264 §7.4.2.1.1";
    /// Whether all pictures are frames; if not, some may be fields.
    FRAMES_ONLY: Bool "video.configuration.sequence_parameter_sets.item.frame_mbs_only_flag", "", "H.264 §7.4.2.1.1";
    /// Cropping at the left, in chroma samples.
    CROP_LEFT: Uint "video.configuration.sequence_parameter_sets.item.frame_crop_left_offset", "", "H.264 §7.4.2.1.1";
    /// Cropping at the right, in chroma samples.
    CROP_RIGHT: Uint "video.configuration.sequence_parameter_sets.item.frame_crop_right_offset", "", "H.264 §7.4.2.1.1";
    /// Cropping at the top, in chroma samples.
    CROP_TOP: Uint "video.configuration.sequence_parameter_sets.item.frame_crop_top_offset", "", "H.264 §7.4.2.1.1";
    /// Cropping at the bottom, in chroma samples.
    CROP_BOTTOM: Uint "video.configuration.sequence_parameter_sets.item.frame_crop_bottom_offset", "", "H.264 §7.4.2.1.1";
    /// The shape of a pixel: 1 is square, 255 is given in the next two fields.
    ASPECT_RATIO: Uint "video.configuration.sequence_parameter_sets.item.aspect_ratio_idc", "", "H.264 Table E-1";
    /// The width of a pixel against its height.
    SAR_WIDTH: Uint "video.configuration.sequence_parameter_sets.item.sar_width", "", "H.264 §E.2.1";
    /// The height of a pixel against its width.
    SAR_HEIGHT: Uint "video.configuration.sequence_parameter_sets.item.sar_height", "", "H.264 §E.2.1";
    /// Whether luma has its full range instead of 16 to 235.
    FULL_RANGE: Bool "video.configuration.sequence_parameter_sets.item.video_full_range_flag", "", "H.264 §E.2.1";
    /// The colours of the primaries.
    PRIMARIES: Uint "video.configuration.sequence_parameter_sets.item.colour_primaries", "", "H.264 Table E-3, H.273 §8.1";
    /// The transfer characteristics.
    TRANSFER: Uint "video.configuration.sequence_parameter_sets.item.transfer_characteristics", "", "H.264 Table E-4, H.273 §8.2";
    /// The matrix from RGB to luma and chroma.
    MATRIX: Uint "video.configuration.sequence_parameter_sets.item.matrix_coefficients", "", "H.264 Table E-5, H.273 §8.3";
    /// Units of the clock in one tick; a frame takes two ticks.
    UNITS_IN_TICK: Uint "video.configuration.sequence_parameter_sets.item.num_units_in_tick", "", "H.264 §E.2.1";
    /// Units of the clock in one second.
    TIME_SCALE: Uint "video.configuration.sequence_parameter_sets.item.time_scale", "Hz", "H.264 §E.2.1";
    /// Whether frames come at a constant rate.
    FIXED_RATE: Bool "video.configuration.sequence_parameter_sets.item.fixed_frame_rate_flag", "", "H.264 §E.2.1";
}

/// Reads the set, the NAL unit's header included. What was found before it stopped is given as well.
pub(super) fn read<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>) -> (Facts, Result<(), Stop>) {
    let mut facts = Facts::default();
    let read = set(r, bits, &mut facts);
    (facts, read)
}

fn set<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let start = bits.at();
    let header = bits.take(8)?;
    if header & 31 != 7 {
        return Err(Stop::new(start, format!("a sequence parameter set has NAL unit type {}", header & 31)));
    }
    let start = bits.at();
    let profile = bits.uint(r, &PROFILE_IDC, 8)? as u8;
    let constraints = bits.uint(r, &CONSTRAINTS, 8)? as u8;
    facts.profile = profile_name(profile, constraints).map(|name| (name, bits.since(start)));
    let start = bits.at();
    let level = bits.uint(r, &LEVEL_IDC, 8)? as u8;
    facts.level = level_name(profile, constraints, level).map(|name| (name, bits.since(start)));
    bits.golomb(r, &ID)?;

    let (mut format, mut separate) = (1, false);
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        let start = bits.at();
        format = bits.golomb(r, &CHROMA_FORMAT_IDC)?;
        separate = format == 3 && bits.bit()?;
        facts.chroma = chroma(format).map(|name| (name, bits.since(start)));
        let start = bits.at();
        let depth = bits.golomb(r, &BIT_DEPTH_LUMA)?;
        facts.bit_depth = Some((depth.saturating_add(8), bits.since(start)));
        bits.golomb(r, &BIT_DEPTH_CHROMA)?;
        bits.skip(1)?;
        if bits.bit()? {
            for index in 0..if format == 3 { 12 } else { 8 } {
                if bits.bit()? {
                    scaling_list(bits, if index < 6 { 16 } else { 64 })?;
                }
            }
        }
    } else {
        facts.chroma = Some(("4:2:0", start..start + 1));
        facts.bit_depth = Some((8, start..start + 1));
    }

    bits.ue()?;
    match bits.golomb(r, &POC_TYPE)? {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.skip(1)?;
            bits.se()?;
            bits.se()?;
            let count = bits.ue()?;
            for _ in 0..count {
                bits.se()?;
            }
        }
        _ => {}
    }
    bits.golomb(r, &REFERENCES)?;
    bits.skip(1)?;
    let across = bits.at();
    let width = u64::from(bits.golomb(r, &WIDTH)?) + 1;
    let across = bits.since(across);
    let down = bits.at();
    let height = u64::from(bits.golomb(r, &HEIGHT)?) + 1;
    let down = bits.since(down);
    let frames_only = bits.flag(r, &FRAMES_ONLY)?;
    if !frames_only {
        bits.skip(1)?;
    }
    bits.skip(1)?;

    // Cropping is counted in chroma samples, and in pairs of lines where a picture may be two fields.
    let fields = if frames_only { 1 } else { 2 };
    let (mut width, mut height) = (width * 16, height * 16 * fields);
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
        height = height.saturating_sub((top + bottom) * unit_y * fields);
    }
    // A crop that leaves nothing is none.
    facts.width = Some((width, across)).filter(|(width, _)| *width > 0);
    facts.height = Some((height, down)).filter(|(height, _)| *height > 0);
    if bits.bit()? { vui(r, bits, facts) } else { Ok(()) }
}

fn scaling_list(bits: &mut Bits<'_>, size: u32) -> Result<(), Stop> {
    let mut last = 8;
    for _ in 0..size {
        let next = (last + bits.se()?).rem_euclid(256);
        // From a 0 on, the rest of the list repeats the last value and is not coded.
        if next == 0 {
            return Ok(());
        }
        last = next;
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
    if bits.bit()? {
        let start = bits.at();
        let units = bits.uint(r, &UNITS_IN_TICK, 32)?;
        let scale = bits.uint(r, &TIME_SCALE, 32)?;
        facts.frame_rate = rate(scale, u64::from(units) * 2).map(|rate| (rate, bits.since(start)));
        bits.flag(r, &FIXED_RATE)?;
    }
    Ok(())
}
