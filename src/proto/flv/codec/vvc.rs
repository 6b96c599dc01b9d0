//! H.266: VvcDecoderConfigurationRecord. Source: ISO 14496-15 §11.2.4.2.
//!
//! The record itself has profile, level and size; its parameter sets are listed and not looked into.

use super::avc::unit;
use super::bits::Bits;
use super::hevc::{ARRAY, ARRAY_UNIT, ARRAY_UNITS, ARRAYS, COMPLETENESS, NAL_UNIT_TYPE, UNIT_LENGTH, UNITS};
use super::nal::{self, vvc_name};
use super::picture::{CONFIGURATION, Facts, LEVEL_IDC, NAL_LENGTH_SIZE, PROFILE_IDC, TIER, TRAILING};
use super::picture::{chroma, level, tier};
use crate::fields;
use crate::proto::flv::facts::video::Video;
use crate::wire::{Label, Reader, Recorder, Stop, Value};

fields! {
    /// Whether the record says which profile, tier and level the stream has.
    PTL_PRESENT: Bool "video.configuration.ptl_present_flag", "", "ISO 14496-15 §11.2.4.2.3";
    /// Which set of output layers the record is about.
    OUTPUT_LAYER_SET: Uint "video.configuration.ols_idx", "", "ISO 14496-15 §11.2.4.2.3";
    /// Temporal sublayers.
    SUBLAYERS: Uint "video.configuration.num_sublayers", "", "ISO 14496-15 §11.2.4.2.3";
    /// The width of the largest picture.
    MAX_WIDTH: Uint "video.configuration.max_picture_width", "pixels", "ISO 14496-15 §11.2.4.2.3";
    /// The height of the largest picture.
    MAX_HEIGHT: Uint "video.configuration.max_picture_height", "pixels", "ISO 14496-15 §11.2.4.2.3";
    /// Frames in 256 seconds; 0 when not said.
    AVERAGE: Uint "video.configuration.average_frame_rate", "1/256 s", "ISO 14496-15 §11.2.4.2.3";
}

const OPERATING_POINT: u8 = 12;
const DECODING_CAPABILITY: u8 = 13;
const SEQUENCE_PARAMETER_SET: u8 = 15;

/// Reads the record.
pub(crate) fn configuration<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let mut facts = Facts::default();
    let read = r.group(&CONFIGURATION, |r| {
        let read = record(r, &mut facts);
        r.remainder(&TRAILING);
        read
    });
    facts.put(r, video);
    read
}

fn record<R: Recorder>(r: &mut Reader<'_, '_, R>, facts: &mut Facts) -> Result<(), Stop> {
    let start = r.at();
    nal::no_record(r.rest(), start, &nal::VVC, "VvcDecoderConfigurationRecord")?;
    let first = r.skip(1, "VvcDecoderConfigurationRecord")?[0];
    facts.nal_length_size = Some((first >> 1 & 3) + 1);
    r.note(&NAL_LENGTH_SIZE, start..start + 1, Value::Uint(u64::from(first >> 1 & 3) + 1));
    r.note(&PTL_PRESENT, start..start + 1, Value::Bool(first & 1 == 1));
    if first & 1 == 1 {
        // The part whose length is known only by reading it; what is left is skipped by its bytes.
        let mut bits = Bits::plain(r.rest(), r.at(), "VvcDecoderConfigurationRecord");
        let at = bits.at();
        let read = profile_tier_level(r, &mut bits, facts);
        r.skip((bits.since(at).end - at) as usize, "VvcDecoderConfigurationRecord")?;
        read?;
    }
    let mut left = UNITS;
    r.node(&ARRAYS, |r| {
        let count = r.skip(1, "the number of arrays")?[0];
        for index in 0..u32::from(count) {
            r.label(Label::Index(index));
            r.group(&ARRAY, |r| array(r, facts, &mut left))?;
        }
        Ok(((), Value::List))
    })
}

fn profile_tier_level<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    bits: &mut Bits<'_>,
    facts: &mut Facts,
) -> Result<(), Stop> {
    bits.uint(r, &OUTPUT_LAYER_SET, 9)?;
    let sublayers = bits.uint(r, &SUBLAYERS, 3)?;
    bits.skip(2)?;
    let start = bits.at();
    let format = bits.take(2)?;
    facts.chroma = chroma(format).map(|name| (name, bits.since(start)));
    let start = bits.at();
    let depth = bits.take(3)?;
    facts.bit_depth = Some((depth + 8, bits.since(start)));
    bits.skip(5 + 2)?;
    let constraints = bits.take(6)?;
    let start = bits.at();
    let profile = bits.uint(r, &PROFILE_IDC, 7)?;
    facts.profile = profile_name(profile).map(|name| (name, bits.since(start)));
    let high = bits.bit()?;
    r.note(&TIER, bits.since(start), Value::Word(tier(high)));
    let start = bits.at();
    let idc = bits.uint(r, &LEVEL_IDC, 8)?;
    facts.level = level_name(idc).map(|name| (name, bits.since(start)));
    // The two flags are followed by the constraints up to a byte's end.
    bits.skip(if constraints > 0 { constraints * 8 } else { 2 })?;
    bits.align();
    let mut levels = 0;
    if sublayers > 1 {
        for _ in 0..sublayers - 1 {
            levels += u32::from(bits.bit()?);
        }
        bits.align();
    }
    bits.skip(levels * 8)?;
    let profiles = bits.take(8)?;
    bits.skip(profiles * 32)?;
    let across = bits.at();
    let width = bits.uint(r, &MAX_WIDTH, 16)?;
    let height = bits.uint(r, &MAX_HEIGHT, 16)?;
    if width > 0 && height > 0 {
        facts.width = Some((u64::from(width), across..across + 2));
        facts.height = Some((u64::from(height), across + 2..across + 4));
    }
    let start = bits.at();
    let average = bits.uint(r, &AVERAGE, 16)?;
    facts.frame_rate = (average > 0).then(|| (f64::from(average) / 256.0, start..start + 2));
    Ok(())
}

fn array<R: Recorder>(r: &mut Reader<'_, '_, R>, facts: &mut Facts, left: &mut u32) -> Result<(), Stop> {
    let at = r.at();
    let header = r.skip(1, "an array of NAL units")?[0];
    let kind = header & 31;
    r.note(&COMPLETENESS, at..at + 1, Value::Bool(header & 0x80 != 0));
    r.note(&NAL_UNIT_TYPE, at..at + 1, Value::Word(vvc_name(kind)));
    r.node(&ARRAY_UNITS, |r| {
        let count = if matches!(kind, OPERATING_POINT | DECODING_CAPABILITY) {
            1
        } else {
            let count = r.skip(2, "the number of NAL units")?;
            u32::from(u16::from_be_bytes([count[0], count[1]]))
        };
        for index in 0..count {
            if *left == 0 {
                return Err(r.stop(format!("more than {UNITS} NAL units in one record")));
            }
            *left -= 1;
            r.label(Label::Index(index));
            unit(r, &ARRAY_UNIT, &UNIT_LENGTH, |_, bits| {
                if kind == SEQUENCE_PARAMETER_SET {
                    facts.count_set(bits.bytes());
                }
                Ok(())
            })??;
        }
        Ok(((), Value::List))
    })
}

/// Source: H.266 §A.3.
fn profile_name(idc: u32) -> Option<&'static str> {
    Some(match idc {
        1 => "Main 10",
        17 => "Multilayer Main 10",
        33 => "Main 10 4:4:4",
        49 => "Multilayer Main 10 4:4:4",
        65 => "Main 10 Still Picture",
        97 => "Main 10 4:4:4 Still Picture",
        2 => "Main 12",
        10 => "Main 12 Intra",
        34 => "Main 12 4:4:4",
        42 => "Main 12 4:4:4 Intra",
        36 => "Main 16 4:4:4",
        44 => "Main 16 4:4:4 Intra",
        _ => return None,
    })
}

/// general_level_idc is sixteen times the major number and three times the minor one. Source: H.266 §A.4.1.
fn level_name(idc: u32) -> Option<&'static str> {
    (idc % 16).is_multiple_of(3).then(|| level(idc / 16, idc % 16 / 3)).flatten()
}
