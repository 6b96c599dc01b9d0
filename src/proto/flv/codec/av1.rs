//! AV1: AV1CodecConfigurationRecord, the sequence header and the OBUs of a frame.
//! Source: AV1-ISOBMFF §2.3, AV1-MPEG2-TS §2.2, AV1 §5.3, §5.5.

use super::av1_sequence;
use super::bits::Bits;
use super::picture::{CONFIGURATION, Facts, LEVEL_IDC, PROFILE_IDC, TIER, TRAILING, VERSION, level, tier};
use crate::fields;
use crate::limits::Limits;
use crate::proto::flv::facts::video::Video;
use crate::wire::{Label, Reader, Recorder, Stop, Value};

fields! {
    /// The tag of the AV1 video descriptor of MPEG-2 transport streams.
    TAG: Uint "video.configuration.descriptor_tag", "", "AV1-MPEG2-TS §2.2.1";
    /// Bytes behind this one.
    LENGTH: Uint "video.configuration.descriptor_length", "bytes", "AV1-MPEG2-TS §2.2.1";
    /// Where chroma samples lie.
    SAMPLE_POSITION: Uint "video.configuration.chroma_sample_position", "", "AV1 §6.4.2";
    /// Whether the stream has a high dynamic range or wide colours; 3 is not said.
    HDR_WCG: Uint "video.configuration.hdr_wcg_idc", "", "AV1-MPEG2-TS §2.2.1";
    /// Samples that a player waits for before it shows the first, less one.
    PRESENTATION_DELAY: Uint "video.configuration.initial_presentation_delay_minus_one", "", "AV1-ISOBMFF §2.3.4";
    /// The OBUs that hold for the whole sequence.
    CONFIGURATION_OBUS: List "video.configuration.obus", "", "AV1-ISOBMFF §2.3.4";
    /// One such OBU.
    CONFIGURATION_OBU: Group "video.configuration.obus.item", "", "AV1 §5.3";
    /// The OBU's type.
    OBU_TYPE: Word "video.configuration.obus.item.type", "", "AV1 §6.2.2";
    /// The OBUs of a coded frame by their types.
    OBUS: List "video.obus", "", "AV1 §5.3";
    /// The type of one OBU.
    OBU: Word "video.obus.item", "", "AV1 §6.2.2";
    /// How many further OBUs the frame has that are not listed.
    OBUS_MORE: Uint "video.obus_more", "", "AV1 §5.3";
}

/// OBUs that are listed of one frame or record.
const LISTED: u32 = Limits::DEFAULT.listed_units;
const SEQUENCE_HEADER: u8 = 1;

/// Reads the record, and from its sequence header what the pictures are.
pub(crate) fn configuration<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let mut facts = Facts::default();
    let read = r.group(&CONFIGURATION, |r| {
        let read = fixed(r, &mut facts, false).and_then(|()| obus(r, &mut facts));
        r.remainder(&TRAILING);
        read
    });
    facts.put(r, video);
    read
}

/// Reads the descriptor that stands for the record with a stream from MPEG-2 TS.
pub(crate) fn descriptor<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let mut facts = Facts::default();
    let read = r.group(&CONFIGURATION, |r| {
        r.u8(&TAG)?;
        r.u8(&LENGTH)?;
        let read = fixed(r, &mut facts, true);
        r.remainder(&TRAILING);
        read
    });
    facts.put(r, video);
    read
}

fn fixed<R: Recorder>(r: &mut Reader<'_, '_, R>, facts: &mut Facts, is_descriptor: bool) -> Result<(), Stop> {
    let start = r.at();
    let mut bits = Bits::plain(r.skip(4, "AV1CodecConfigurationRecord")?, start, "AV1CodecConfigurationRecord");
    if !bits.bit()? {
        return Err(Stop::new(start, "AV1CodecConfigurationRecord begins without its marker"));
    }
    bits.uint(r, &VERSION, 7)?;
    let profile = bits.uint(r, &PROFILE_IDC, 3)?;
    facts.profile = profile_name(profile).map(|name| (name, start + 1..start + 2));
    let idc = bits.uint(r, &LEVEL_IDC, 5)?;
    facts.level = level_name(idc).map(|name| (name, start + 1..start + 2));
    let span = start + 2..start + 3;
    let high_tier = bits.bit()?;
    r.note(&TIER, span.clone(), Value::Word(tier(high_tier)));
    let (high, twelve, mono) = (bits.bit()?, bits.bit()?, bits.bit()?);
    let (across, down) = (bits.bit()?, bits.bit()?);
    facts.bit_depth = Some((depth(high, twelve), span.clone()));
    facts.chroma = Some((sampling(mono, across, down), span));
    bits.uint(r, &SAMPLE_POSITION, 2)?;
    if is_descriptor {
        bits.uint(r, &HDR_WCG, 2)?;
        bits.skip(1)?;
    } else {
        bits.skip(3)?;
    }
    if bits.bit()? {
        bits.uint(r, &PRESENTATION_DELAY, 4)?;
    }
    Ok(())
}

fn obus<R: Recorder>(r: &mut Reader<'_, '_, R>, facts: &mut Facts) -> Result<(), Stop> {
    r.node(&CONFIGURATION_OBUS, |r| {
        let mut index = 0;
        while !r.is_empty() {
            if index == LISTED {
                return Err(r.stop(format!("more than {LISTED} OBUs in one record")));
            }
            r.label(Label::Index(index));
            r.group(&CONFIGURATION_OBU, |r| {
                let at = r.at();
                let Some((kind, length)) = obu(r.rest()) else {
                    return Err(r.stop("an OBU's header or size does not fit into the record"));
                };
                r.note(&OBU_TYPE, at..at + 1, Value::Word(name(kind)));
                let header = length.start;
                r.skip(header, "an OBU's header")?;
                let start = r.at();
                let bytes = r.skip(length.end - header, "an OBU")?;
                if kind == SEQUENCE_HEADER {
                    let mut found = Facts::default();
                    let read = av1_sequence::read(r, &mut Bits::plain(bytes, start, "a sequence header"), &mut found);
                    std::mem::swap(facts, &mut found);
                    facts.or(found);
                    read?;
                }
                Ok(())
            })?;
            index += 1;
        }
        Ok(((), Value::List))
    })
}

/// An OBU's type and where its inside lies. Source: AV1 §5.3.1, §4.10.5.
fn obu(bytes: &[u8]) -> Option<(u8, std::ops::Range<usize>)> {
    let first = *bytes.first()?;
    if first & 0x80 != 0 {
        return None;
    }
    let kind = first >> 3 & 15;
    let mut at = 1 + usize::from(first >> 2 & 1);
    if first & 2 == 0 {
        return (at <= bytes.len()).then_some((kind, at..bytes.len()));
    }
    let mut size = 0u64;
    for index in 0..8 {
        let byte = *bytes.get(at)?;
        at += 1;
        size |= u64::from(byte & 0x7f) << (index * 7);
        if byte & 0x80 == 0 {
            let end = at.checked_add(usize::try_from(size).ok()?)?;
            return (end <= bytes.len()).then_some((kind, at..end));
        }
    }
    None
}

/// Lists the OBUs of a coded frame. Their sizes have to lead to just its end.
pub(crate) fn units<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<(), Stop> {
    if let Some((number, at)) = broken(r.rest()) {
        let what = format!("the header or size of OBU {number} does not fit into the frame");
        return Err(Stop::new(r.at() + at as u32, what));
    }
    list(r);
    Ok(())
}

fn list<R: Recorder>(r: &mut Reader<'_, '_, R>) {
    if !R::ON || r.is_empty() {
        return;
    }
    let mut more = 0;
    let listed = r.node(&OBUS, |r| {
        let mut index = 0;
        while let Some((kind, length)) = obu(r.rest()) {
            let at = r.at();
            r.skip(length.end, "an OBU")?;
            if index < LISTED {
                r.label(Label::Index(index));
                r.note(&OBU, at..r.at(), Value::Word(name(kind)));
            }
            index += 1;
        }
        more = index.saturating_sub(LISTED);
        Ok(((), Value::List))
    });
    debug_assert!(listed.is_ok());
    if more > 0 {
        r.note(&OBUS_MORE, r.at()..r.at(), Value::Uint(u64::from(more)));
    }
}

/// The first OBU, counted from 1, that does not fit, and where it stands.
fn broken(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut number = 0;
    while let Some((_, inside)) = obu(&bytes[at..]) {
        at += inside.end;
        number += 1;
    }
    (at < bytes.len()).then_some((number + 1, at))
}

/// Source: AV1 §6.2.2.
fn name(kind: u8) -> &'static str {
    match kind {
        1 => "sequence_header",
        2 => "temporal_delimiter",
        3 => "frame_header",
        4 => "tile_group",
        5 => "metadata",
        6 => "frame",
        7 => "redundant_frame_header",
        8 => "tile_list",
        15 => "padding",
        _ => "reserved",
    }
}

pub(super) fn profile_name(profile: u32) -> Option<&'static str> {
    ["Main", "High", "Professional"].get(profile as usize).copied()
}

/// seq_level_idx counts from level 2.0. Source: AV1 §A.3.
pub(super) fn level_name(index: u32) -> Option<&'static str> {
    if index == 31 { Some("max") } else { level(2 + index / 4, index % 4) }
}

pub(super) fn depth(high: bool, twelve: bool) -> u32 {
    match (high, twelve) {
        (true, true) => 12,
        (true, false) => 10,
        _ => 8,
    }
}

fn sampling(mono: bool, across: bool, down: bool) -> &'static str {
    match (mono, across, down) {
        (true, ..) => "4:0:0",
        (_, true, true) => "4:2:0",
        (_, true, false) => "4:2:2",
        _ => "4:4:4",
    }
}
