//! What every video configuration ends in: size, frame rate, profile, level and sampling, recorded and returned alike.

use std::ops::Range;

use crate::fields;
use crate::proto::flv::facts::video::{
    BIT_DEPTH, CHROMA, FRAME_RATE, HEIGHT, LEVEL, PROFILE, ParameterSet, Sequence, Video, WIDTH,
};
use crate::wire::{Field, Reader, Recorder, Value};

fields! {
    /// The codec's configuration record.
    CONFIGURATION: Group "video.configuration", "", "ISO 14496-15, AV1-ISOBMFF, VP9-ISOBMFF";
    /// The version of the record's form.
    VERSION: Uint "video.configuration.version", "", "ISO 14496-15 §5.3.3.1.2, §8.3.3.1.2";
    /// The number of the profile.
    PROFILE_IDC: Uint "video.configuration.profile_idc", "", "H.264 Annex A, H.265 Annex A, H.266 Annex A, AV1 §6.4.1";
    /// The number of the level.
    LEVEL_IDC: Uint "video.configuration.level_idc", "", "H.264 Annex A, H.265 Annex A, H.266 Annex A, AV1 Annex A";
    /// The tier within the level.
    TIER: Word "video.configuration.tier", "", "H.265 §A.4, H.266 §A.4, AV1 §A.3";
    /// Bits of a luma sample beyond 8.
    BIT_DEPTH_LUMA_MINUS8: Uint "video.configuration.bit_depth_luma_minus8", "bits", "ISO 14496-15 §8.3.3.1.3";
    /// Bits of a chroma sample beyond 8.
    BIT_DEPTH_CHROMA_MINUS8: Uint "video.configuration.bit_depth_chroma_minus8", "bits", "ISO 14496-15 §8.3.3.1.3";
    /// Bytes of the length in front of every NAL unit of the coded frames.
    NAL_LENGTH_SIZE: Uint "video.configuration.nal_length_size", "bytes", "ISO 14496-15 §5.3.3.1.2";
    /// The width of a block of screen video.
    BLOCK_WIDTH: Uint "video.block_width", "pixels", "FLV 10.1 §E.4.3.1";
    /// The height of a block of screen video.
    BLOCK_HEIGHT: Uint "video.block_height", "pixels", "FLV 10.1 §E.4.3.1";
    /// Whether blocks of screen video 2 build on the last key frame.
    HAS_IFRAME_IMAGE: Bool "video.has_iframe_image", "", "FLV 10.1 §E.4.3.1";
    /// Whether screen video 2 brings a palette.
    HAS_PALETTE: Bool "video.has_palette_info", "", "FLV 10.1 §E.4.3.1";
    /// Bytes behind what the record holds.
    TRAILING: Bytes "video.configuration.trailing", "", "";
}

/// Records the picture's size.
pub(super) fn size<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    video: &mut Video,
    spans: [Range<u32>; 2],
    size: (u32, u32),
) {
    let [width, height] = spans;
    video.width = Some(size.0);
    video.height = Some(size.1);
    r.note(&WIDTH, width, Value::Uint(u64::from(size.0)));
    r.note(&HEIGHT, height, Value::Uint(u64::from(size.1)));
}

/// What a configuration tells of the pictures, gathered while it is read and recorded behind it.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) width: Option<(u64, Range<u32>)>,
    pub(super) height: Option<(u64, Range<u32>)>,
    pub(super) frame_rate: Option<(f64, Range<u32>)>,
    pub(super) profile: Option<(&'static str, Range<u32>)>,
    pub(super) level: Option<(&'static str, Range<u32>)>,
    pub(super) bit_depth: Option<(u32, Range<u32>)>,
    pub(super) chroma: Option<(&'static str, Range<u32>)>,
    /// Bytes of a NAL unit's length; recorded where it is read.
    pub(super) nal_length_size: Option<u8>,
    /// The bytes of the sequence parameter sets, by their first one, and how many there are.
    pub(super) parameter_sets: (Option<ParameterSet>, u32),
}

impl Facts {
    /// Records them as members of the video message (or track) and leaves them in `video`.
    pub(super) fn put<R: Recorder>(self, r: &mut Reader<'_, '_, R>, video: &mut Video) {
        if let (Some((width, across)), Some((height, down))) = (self.width, self.height)
            && let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height))
        {
            size(r, video, [across, down], (width, height));
        }
        video.parameter_set = self.parameter_sets.0.filter(|_| self.parameter_sets.1 == 1);
        let mut sequence = Sequence { nal_length_size: self.nal_length_size, ..Sequence::default() };
        if let Some((rate, span)) = self.frame_rate.filter(|(rate, _)| rate.is_finite()) {
            sequence.frame_rate = Some(rate);
            r.note(&FRAME_RATE, span, Value::Number(rate));
        }
        sequence.profile = word(r, &PROFILE, self.profile);
        sequence.level = word(r, &LEVEL, self.level);
        if let Some((depth, span)) = self.bit_depth {
            sequence.bit_depth = Some(depth);
            r.note(&BIT_DEPTH, span, Value::Uint(u64::from(depth)));
        }
        sequence.chroma = word(r, &CHROMA, self.chroma);
        video.sequence = Some(Box::new(sequence));
    }

    /// Takes from `other` what is not known yet.
    pub(super) fn or(&mut self, other: Facts) {
        self.width = self.width.take().or(other.width);
        self.height = self.height.take().or(other.height);
        self.frame_rate = self.frame_rate.take().or(other.frame_rate);
        self.profile = self.profile.take().or(other.profile);
        self.level = self.level.take().or(other.level);
        self.bit_depth = self.bit_depth.take().or(other.bit_depth);
        self.chroma = self.chroma.take().or(other.chroma);
        self.nal_length_size = self.nal_length_size.or(other.nal_length_size);
        self.parameter_sets.0 = self.parameter_sets.0.or(other.parameter_sets.0);
        self.parameter_sets.1 += other.parameter_sets.1;
    }

    /// The size of the pictures, if it is known.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        let number = |fact: &Option<(u64, Range<u32>)>| u32::try_from(fact.as_ref()?.0).ok();
        Some((number(&self.width)?, number(&self.height)?))
    }

    /// Counts a sequence parameter set in.
    pub(super) fn count_set(&mut self, bytes: &[u8]) {
        let size = self.size();
        self.parameter_sets.0.get_or_insert_with(|| ParameterSet::new(bytes, size));
        self.parameter_sets.1 += 1;
    }
}

fn word<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    field: &'static Field,
    fact: Option<(&'static str, Range<u32>)>,
) -> Option<&'static str> {
    let (word, span) = fact?;
    r.note(field, span, Value::Word(word));
    Some(word)
}

/// chroma_format_idc. Source: H.264 §6.2, H.265 §6.2, H.266 §6.2.
pub(super) fn chroma(idc: u32) -> Option<&'static str> {
    ["4:0:0", "4:2:0", "4:2:2", "4:4:4"].get(idc as usize).copied()
}

/// A level by its two numbers.
pub(super) fn level(major: u32, minor: u32) -> Option<&'static str> {
    const NAMES: [[&str; 4]; 9] = [
        ["1", "1.1", "1.2", "1.3"],
        ["2", "2.1", "2.2", "2.3"],
        ["3", "3.1", "3.2", "3.3"],
        ["4", "4.1", "4.2", "4.3"],
        ["5", "5.1", "5.2", "5.3"],
        ["6", "6.1", "6.2", "6.3"],
        ["7", "7.1", "7.2", "7.3"],
        ["8", "8.1", "8.2", "8.3"],
        ["9", "9.1", "9.2", "9.3"],
    ];
    NAMES.get((major as usize).checked_sub(1)?)?.get(minor as usize).copied()
}

pub(super) fn tier(high: bool) -> &'static str {
    if high { "high" } else { "main" }
}

/// Pictures a second of a clock with `time_scale` units a second, one picture every `units` of them.
pub(super) fn rate(time_scale: u32, units: u64) -> Option<f64> {
    (time_scale > 0 && units > 0).then(|| f64::from(time_scale) / units as f64)
}
