//! H.264: AVCDecoderConfigurationRecord. Source: ISO 14496-15 §5.3.3.1.

use super::avc_sps;
use super::bits::Bits;
use super::nal;
use super::picture::{
    BIT_DEPTH_CHROMA_MINUS8, BIT_DEPTH_LUMA_MINUS8, CONFIGURATION, Facts, LEVEL_IDC, NAL_LENGTH_SIZE, PROFILE_IDC,
    TRAILING, VERSION, level,
};
use crate::fields;
use crate::proto::flv::facts::video::Video;
use crate::wire::words::counted;
use crate::wire::{Field, Label, Reader, Recorder, Silent, Stop, Trouble, Value};

fields! {
    /// The flags between profile and level, which narrow the profile.
    PROFILE_COMPATIBILITY: Uint "video.configuration.profile_compatibility", "", "ISO 14496-15 §5.3.3.1.2";
    /// The sequence parameter sets.
    SEQUENCE_PARAMETER_SETS: List "video.configuration.sequence_parameter_sets", "", "ISO 14496-15 §5.3.3.1.2";
    /// One sequence parameter set.
    SEQUENCE_PARAMETER_SET: Group "video.configuration.sequence_parameter_sets.item", "", "H.264 §7.3.2.1.1";
    /// The length of the NAL unit.
    SPS_LENGTH: Uint "video.configuration.sequence_parameter_sets.item.length", "bytes", "ISO 14496-15 §5.3.3.1.2";
    /// The picture parameter sets.
    PICTURE_PARAMETER_SETS: List "video.configuration.picture_parameter_sets", "", "ISO 14496-15 §5.3.3.1.2";
    /// One picture parameter set.
    PICTURE_PARAMETER_SET: Group "video.configuration.picture_parameter_sets.item", "", "H.264 §7.3.2.2";
    /// The length of the NAL unit.
    PPS_LENGTH: Uint "video.configuration.picture_parameter_sets.item.length", "bytes", "ISO 14496-15 §5.3.3.1.2";
    /// The number of the picture parameter set.
    PPS_ID: Uint "video.configuration.picture_parameter_sets.item.pic_parameter_set_id", "", "H.264 §7.4.2.2";
    /// The number of the sequence parameter set that it builds on.
    PPS_SPS_ID: Uint "video.configuration.picture_parameter_sets.item.seq_parameter_set_id", "", "H.264 §7.4.2.2";
    /// Whether slices are coded with CABAC (true) or CAVLC (false).
    ENTROPY_CODING: Bool "video.configuration.picture_parameter_sets.item.entropy_coding_mode_flag", "", "H.264 §7.4.2.2";
    /// chroma_format: how chroma is sampled.
    CHROMA_FORMAT: Uint "video.configuration.chroma_format", "", "ISO 14496-15 §5.3.3.1.2";
    /// The sequence parameter set extensions.
    SPS_EXTENSIONS: List "video.configuration.sequence_parameter_set_extensions", "", "ISO 14496-15 §5.3.3.1.2";
    /// One sequence parameter set extension.
    SPS_EXTENSION: Bytes "video.configuration.sequence_parameter_set_extensions.item", "", "H.264 §7.3.2.1.2";
}

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
    let at = r.at();
    nal::no_record(r.rest(), at, &nal::AVC, "AVCDecoderConfigurationRecord")?;
    if let Some(first @ (0x27 | 0x47 | 0x67)) = r.peek() {
        let what =
            format!("a sequence parameter set ({first:02x}) stands where the AVCDecoderConfigurationRecord belongs");
        return Err(r.stop(what).of(Trouble::Tiling));
    }
    let version = r.u8(&VERSION)?;
    if version != 1 {
        return Err(Stop::new(at, format!("AVCDecoderConfigurationRecord has version {version}, not 1")));
    }
    let at = r.at();
    let profile = r.u8(&PROFILE_IDC)?;
    let compatibility = r.u8(&PROFILE_COMPATIBILITY)?;
    let level_idc = r.u8(&LEVEL_IDC)?;
    facts.profile = profile_name(profile, compatibility).map(|name| (name, at..at + 2));
    facts.level = level_name(profile, compatibility, level_idc).map(|name| (name, at + 2..at + 3));
    let at = r.at();
    let lengths = r.skip(1, "lengthSizeMinusOne")?[0];
    facts.nal_length_size = Some((lengths & 3) + 1);
    r.note(&NAL_LENGTH_SIZE, at..at + 1, Value::Uint(u64::from(lengths & 3) + 1));

    r.node(&SEQUENCE_PARAMETER_SETS, |r| {
        let count = r.skip(1, "the number of sequence parameter sets")?[0] & 31;
        for index in 0..count {
            r.label(Label::Index(u32::from(index)));
            let read = unit(r, &SEQUENCE_PARAMETER_SET, &SPS_LENGTH, |r, bits| {
                let bytes = bits.bytes();
                let (mut found, read) = avc_sps::read(r, bits);
                found.count_set(bytes);
                facts.or(found);
                read
            })?;
            if let Err(stop) = read {
                trouble.get_or_insert(stop);
            }
        }
        Ok(((), Value::List))
    })?;
    r.node(&PICTURE_PARAMETER_SETS, |r| {
        let count = r.skip(1, "the number of picture parameter sets")?[0];
        for index in 0..count {
            r.label(Label::Index(u32::from(index)));
            let read = unit(r, &PICTURE_PARAMETER_SET, &PPS_LENGTH, |r, bits| {
                bits.skip(8)?;
                bits.golomb(r, &PPS_ID)?;
                bits.golomb(r, &PPS_SPS_ID)?;
                bits.flag(r, &ENTROPY_CODING).map(|_| ())
            })?;
            if let Err(stop) = read {
                trouble.get_or_insert(stop);
            }
        }
        Ok(((), Value::List))
    })?;

    // Many senders leave the extension of the high profiles out.
    if !matches!(profile, 66 | 77 | 88) && r.left() >= 4 {
        let mut bits = Bits::plain(r.skip(3, "the record's extension")?, r.at() - 3, "the record's extension");
        bits.skip(6)?;
        bits.uint(r, &CHROMA_FORMAT, 2)?;
        bits.skip(5)?;
        bits.uint(r, &BIT_DEPTH_LUMA_MINUS8, 3)?;
        bits.skip(5)?;
        bits.uint(r, &BIT_DEPTH_CHROMA_MINUS8, 3)?;
        r.node(&SPS_EXTENSIONS, |r| {
            let count = r.skip(1, "the number of extensions")?[0];
            for index in 0..count {
                let length = r.skip(2, "an extension's length")?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                r.label(Label::Index(u32::from(index)));
                r.bytes(&SPS_EXTENSION, length)?;
            }
            Ok(((), Value::List))
        })?;
    }
    Ok(())
}

/// The size of the pictures that a sequence parameter set is for.
pub(crate) fn size(set: &[u8]) -> Option<(u32, u32)> {
    let mut silent = Silent;
    let r = &mut Reader::new(set, 0, &mut silent);
    avc_sps::read(r, &mut Bits::nal_unit(set, 0, "a parameter set")).0.size()
}

/// Reads a NAL unit with its length in front as a group. The outer result says whether the unit is there, the inner
/// one whether its inside could be read.
pub(super) fn unit<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    group: &'static Field,
    length: &'static Field,
    inside: impl FnOnce(&mut Reader<'_, '_, R>, &mut Bits<'_>) -> Result<(), Stop>,
) -> Result<Result<(), Stop>, Stop> {
    r.group(group, |r| {
        let at = r.at();
        let length = usize::from(r.u16(length)?);
        if length > r.left() {
            let what = format!(
                "a parameter set has the length {length}, {}",
                counted(r.left(), "byte is left", "bytes are left")
            );
            return Err(Stop::new(at, what).of(Trouble::Tiling));
        }
        let start = r.at();
        let bytes = r.skip(length, "a parameter set")?;
        Ok(match bytes {
            [] => Err(Stop::new(at, "a parameter set has the length 0").of(Trouble::Tiling)),
            [0, 0, 1, ..] | [0, 0, 0, 1, ..] => {
                let what = "a parameter set begins with an Annex B start code behind its length";
                Err(Stop::new(start, what).of(Trouble::Delimited))
            }
            _ => inside(r, &mut Bits::nal_unit(bytes, start, "a parameter set")),
        })
    })
}

/// Source: H.264 §A.2; the names are ffprobe's.
pub(super) fn profile_name(idc: u8, constraints: u8) -> Option<&'static str> {
    let (set1, intra) = (constraints & 0x40 != 0, constraints & 0x10 != 0);
    Some(match idc {
        44 => "CAVLC 4:4:4",
        66 if set1 => "Constrained Baseline",
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 => "High",
        110 if intra => "High 10 Intra",
        110 => "High 10",
        118 => "Multiview High",
        122 if intra => "High 4:2:2 Intra",
        122 => "High 4:2:2",
        128 => "Stereo High",
        144 => "High 4:4:4",
        244 if intra => "High 4:4:4 Intra",
        244 => "High 4:4:4 Predictive",
        _ => return None,
    })
}

/// Source: H.264 §A.3.1, §A.3.2: level 1b is 11 with constraint_set3_flag in the older profiles and 9 in the others.
pub(super) fn level_name(profile: u8, constraints: u8, idc: u8) -> Option<&'static str> {
    let is_1b = idc == 9 || (idc == 11 && constraints & 0x10 != 0 && matches!(profile, 66 | 77 | 88));
    if is_1b { Some("1b") } else { level(u32::from(idc) / 10, u32::from(idc) % 10) }
}
