//! H.265: HEVCDecoderConfigurationRecord. Source: ISO 14496-15 §8.3.3.1.

use super::avc::unit;
use super::bits::Bits;
use super::hevc_sps;
use super::nal::{self, hevc_name};
use super::picture::{BIT_DEPTH_CHROMA_MINUS8, BIT_DEPTH_LUMA_MINUS8, chroma, level, tier};
use super::picture::{CONFIGURATION, Facts, LEVEL_IDC, NAL_LENGTH_SIZE, PROFILE_IDC, TIER, TRAILING, VERSION};
use crate::fields;
use crate::proto::flv::facts::video::Video;
use crate::wire::{Label, Reader, Recorder, Silent, Stop, Trouble, Value};

fields! {
    /// Which of the profile spaces the profile is in; 0 in all known ones.
    PROFILE_SPACE: Uint "video.configuration.profile_space", "", "H.265 §7.4.4";
    /// One bit for each profile that a decoder may have.
    COMPATIBILITY: Uint "video.configuration.profile_compatibility_flags", "", "H.265 §7.4.4";
    /// What the stream does not use of its profile.
    CONSTRAINTS: Bytes "video.configuration.constraint_indicator_flags", "", "H.265 §7.4.4";
    /// How finely pictures can be decoded in parallel.
    SEGMENTATION: Uint "video.configuration.min_spatial_segmentation_idc", "", "H.265 §E.3.1";
    /// By what pictures can be decoded in parallel: 1 slices, 2 tiles, 3 wavefronts.
    PARALLELISM: Uint "video.configuration.parallelism_type", "", "ISO 14496-15 §8.3.3.1.3";
    /// How chroma is sampled: 0 not at all, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    CHROMA_FORMAT_IDC: Uint "video.configuration.chroma_format_idc", "", "H.265 §6.2";
    /// Frames in 256 seconds; 0 when not said.
    AVERAGE_FRAME_RATE: Uint "video.configuration.avg_frame_rate", "1/256 s", "ISO 14496-15 §8.3.3.1.3";
    /// Whether frames come at a constant rate: 0 not said, 1 yes, 2 in each temporal layer.
    CONSTANT_FRAME_RATE: Uint "video.configuration.constant_frame_rate", "", "ISO 14496-15 §8.3.3.1.3";
    /// Temporal layers; 0 when not said.
    TEMPORAL_LAYERS: Uint "video.configuration.num_temporal_layers", "", "ISO 14496-15 §8.3.3.1.3";
    /// The parameter sets and other NAL units that hold for the whole sequence, in arrays by type.
    ARRAYS: List "video.configuration.arrays", "", "ISO 14496-15 §8.3.3.1.2";
    /// NAL units of one type.
    ARRAY: Group "video.configuration.arrays.item", "", "ISO 14496-15 §8.3.3.1.2";
    /// Whether all such NAL units are here and none in the frames.
    COMPLETENESS: Bool "video.configuration.arrays.item.array_completeness", "", "ISO 14496-15 §8.3.3.1.3";
    /// The type of the NAL units.
    NAL_UNIT_TYPE: Word "video.configuration.arrays.item.nal_unit_type", "", "H.265 Table 7-1, H.266 Table 5";
    /// The NAL units.
    ARRAY_UNITS: List "video.configuration.arrays.item.nal_units", "", "ISO 14496-15 §8.3.3.1.2";
    /// One NAL unit.
    ARRAY_UNIT: Group "video.configuration.arrays.item.nal_units.item", "", "H.265 §7.3.2, H.266 §7.3.2";
    /// The length of the NAL unit.
    UNIT_LENGTH: Uint "video.configuration.arrays.item.nal_units.item.length", "bytes", "ISO 14496-15 §8.3.3.1.2";
}

/// NAL units of a record that are looked into. Real ones have three or four.
pub(super) const UNITS: u32 = 1024;

/// Reads the record, and from its first sequence parameter set what the pictures are.
pub(crate) fn configuration<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let mut facts = Facts::default();
    let read = r.group(&CONFIGURATION, |r| {
        let mut trouble = None;
        let read = record(r, &mut facts, &mut trouble);
        r.remainder(&TRAILING);
        read.err().or(trouble).map_or(Ok(()), Err)
    });
    facts.put(r, video);
    read
}

fn record<R: Recorder>(r: &mut Reader<'_, '_, R>, facts: &mut Facts, trouble: &mut Option<Stop>) -> Result<(), Stop> {
    let start = r.at();
    nal::no_record(r.rest(), start, &nal::HEVC, "HEVCDecoderConfigurationRecord")?;
    if let [first @ (0x40 | 0x42), 1, ..] = *r.rest() {
        let what = format!("a parameter set ({first:02x}01) stands where the HEVCDecoderConfigurationRecord belongs");
        return Err(r.stop(what).of(Trouble::Tiling));
    }
    let version = r.u8(&VERSION)?;
    // The draft's form has version 0 and differs in nothing that is read here.
    if version > 1 {
        return Err(Stop::new(start, format!("HEVCDecoderConfigurationRecord has version {version}, not 1")));
    }
    let fixed = r.skip(21, "HEVCDecoderConfigurationRecord")?;
    let mut bits = Bits::plain(fixed, start + 1, "HEVCDecoderConfigurationRecord");
    bits.uint(r, &PROFILE_SPACE, 2)?;
    let high = bits.bit()?;
    r.note(&TIER, start + 1..start + 2, Value::Word(tier(high)));
    let profile = bits.uint(r, &PROFILE_IDC, 5)?;
    facts.profile = profile_name(profile).map(|name| (name, start + 1..start + 2));
    bits.uint(r, &COMPATIBILITY, 32)?;
    r.note(&CONSTRAINTS, start + 6..start + 12, Value::Bytes(start + 6..start + 12));
    bits.skip(48)?;
    let idc = bits.uint(r, &LEVEL_IDC, 8)?;
    facts.level = level_name(idc).map(|name| (name, start + 12..start + 13));
    bits.skip(4)?;
    bits.uint(r, &SEGMENTATION, 12)?;
    bits.skip(6)?;
    bits.uint(r, &PARALLELISM, 2)?;
    bits.skip(6)?;
    let format = bits.uint(r, &CHROMA_FORMAT_IDC, 2)?;
    facts.chroma = chroma(format).map(|name| (name, start + 16..start + 17));
    bits.skip(5)?;
    let depth = bits.uint(r, &BIT_DEPTH_LUMA_MINUS8, 3)?;
    facts.bit_depth = Some((depth + 8, start + 17..start + 18));
    bits.skip(5)?;
    bits.uint(r, &BIT_DEPTH_CHROMA_MINUS8, 3)?;
    let average = bits.uint(r, &AVERAGE_FRAME_RATE, 16)?;
    bits.uint(r, &CONSTANT_FRAME_RATE, 2)?;
    bits.uint(r, &TEMPORAL_LAYERS, 3)?;
    bits.skip(1)?;
    let size = bits.take(2)? + 1;
    facts.nal_length_size = Some(size as u8);
    r.note(&NAL_LENGTH_SIZE, start + 21..start + 22, Value::Uint(u64::from(size)));

    let mut left = UNITS;
    let arrays = r.node(&ARRAYS, |r| {
        let count = r.skip(1, "the number of arrays")?[0];
        for index in 0..u32::from(count) {
            r.label(Label::Index(index));
            r.group(&ARRAY, |r| array(r, facts, &mut left, trouble))?;
        }
        Ok(((), Value::List))
    });
    if average > 0 && facts.frame_rate.is_none() {
        facts.frame_rate = Some((f64::from(average) / 256.0, start + 19..start + 21));
    }
    arrays
}

/// The size of the pictures that a sequence parameter set is for.
pub(crate) fn size(set: &[u8]) -> Option<(u32, u32)> {
    let mut silent = Silent;
    let r = &mut Reader::new(set, 0, &mut silent);
    hevc_sps::read(r, &mut Bits::nal_unit(set, 0, "a parameter set")).0.size()
}

fn array<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    facts: &mut Facts,
    left: &mut u32,
    trouble: &mut Option<Stop>,
) -> Result<(), Stop> {
    let at = r.at();
    let header = r.skip(1, "an array of NAL units")?[0];
    let kind = header & 63;
    r.note(&COMPLETENESS, at..at + 1, Value::Bool(header & 0x80 != 0));
    r.note(&NAL_UNIT_TYPE, at..at + 1, Value::Word(hevc_name(kind)));
    r.node(&ARRAY_UNITS, |r| {
        let count = r.skip(2, "the number of NAL units")?;
        let count = u32::from(u16::from_be_bytes([count[0], count[1]]));
        for index in 0..count {
            if *left == 0 {
                return Err(r.stop(format!("more than {UNITS} NAL units in one record")));
            }
            *left -= 1;
            r.label(Label::Index(index));
            let read = unit(r, &ARRAY_UNIT, &UNIT_LENGTH, |r, bits| {
                if kind != 33 {
                    return Ok(());
                }
                let bytes = bits.bytes();
                let (mut found, read) = hevc_sps::read(r, bits);
                found.count_set(bytes);
                std::mem::swap(&mut found, facts);
                facts.or(found);
                read
            })?;
            if let Err(stop) = read {
                trouble.get_or_insert(stop);
            }
        }
        Ok(((), Value::List))
    })
}

/// Source: H.265 §A.3; the names are ffprobe's.
pub(super) fn profile_name(idc: u32) -> Option<&'static str> {
    Some(match idc {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Rext",
        5 => "High Throughput",
        6 => "Multiview Main",
        7 => "Scalable Main",
        9 => "Scc",
        _ => return None,
    })
}

/// general_level_idc is thirty times the level. Source: H.265 §A.4.
pub(super) fn level_name(idc: u32) -> Option<&'static str> {
    idc.is_multiple_of(3).then(|| level(idc / 30, idc % 30 / 3)).flatten()
}
