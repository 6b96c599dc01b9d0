//! The NAL units of a coded frame: lengths and types. Source: ISO 14496-15 §4.3, H.264 Table 7-1, H.265 Table 7-1,
//! H.266 Table 5.

use crate::fields;
use crate::limits::Limits;
use crate::wire::{Label, Reader, Recorder, Value};

fields! {
    /// The NAL units of a coded frame by their types. Each one's bytes are its length and itself.
    NAL_UNITS: List "video.nal_units", "", "ISO 14496-15 §4.3";
    /// The type of one NAL unit.
    NAL_UNIT: Word "video.nal_units.item", "", "H.264 Table 7-1, H.265 Table 7-1, H.266 Table 5";
    /// How many further NAL units the frame has that are not listed.
    NAL_UNITS_MORE: Uint "video.nal_units_more", "", "ISO 14496-15 §4.3";
}

/// NAL units that are listed of one frame.
const LISTED: u32 = Limits::DEFAULT.listed_units;
/// NAL units that are looked for, which bounds the work: with more, the bytes are taken for no NAL units at all.
const FOLLOWED: u32 = 4096;

/// A codec whose coded frames are NAL units.
pub(crate) struct Kind {
    /// Bytes of a NAL unit's header.
    header: u32,
    /// The type's name, given the header's first two bytes. None if they cannot be a header.
    name: fn(u8, u8) -> Option<&'static str>,
}

pub(crate) static AVC: Kind = Kind { header: 1, name: avc };
pub(crate) static HEVC: Kind = Kind { header: 2, name: hevc };
pub(crate) static VVC: Kind = Kind { header: 2, name: vvc };

/// Lists the NAL units of a coded frame. Only the sequence header says how long their lengths are, so four bytes are
/// tried first, as nearly all senders have it, and a size is believed if its lengths fill the payload exactly.
pub(crate) fn units<R: Recorder>(r: &mut Reader<'_, '_, R>, kind: &Kind) {
    if !R::ON || r.is_empty() {
        return;
    }
    let bytes = r.rest();
    let Some(size) = [4, 2, 1, 3].into_iter().find(|size| fills(bytes, *size, kind)) else { return };
    let mut more = 0;
    let listed = r.node(&NAL_UNITS, |r| {
        let mut index = 0;
        while !r.is_empty() {
            let at = r.at();
            let header = r.skip(size, "a NAL unit length")?;
            let length = length(header) as usize;
            let unit = r.skip(length, "a NAL unit")?;
            if index < LISTED {
                let second = unit.get(1).copied().unwrap_or_default();
                let name = unit.first().and_then(|first| (kind.name)(*first, second));
                r.label(Label::Index(index));
                r.note(&NAL_UNIT, at..r.at(), Value::Word(name.unwrap_or("unknown")));
            }
            index += 1;
        }
        more = index.saturating_sub(LISTED);
        Ok(((), Value::List))
    });
    // What tiles the payload was just found to do so.
    debug_assert!(listed.is_ok());
    if more > 0 {
        r.note(&NAL_UNITS_MORE, r.at()..r.at(), Value::Uint(u64::from(more)));
    }
}

fn length(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Whether lengths of `size` bytes lead from NAL unit to NAL unit to just the end.
fn fills(mut bytes: &[u8], size: usize, kind: &Kind) -> bool {
    for _ in 0..FOLLOWED {
        if bytes.is_empty() {
            return true;
        }
        let Some((header, rest)) = bytes.split_at_checked(size) else { return false };
        let length = length(header);
        let Some((unit, rest)) = rest.split_at_checked(length as usize) else { return false };
        if length < kind.header || (kind.name)(unit[0], unit.get(1).copied().unwrap_or_default()).is_none() {
            return false;
        }
        bytes = rest;
    }
    bytes.is_empty()
}

fn avc(first: u8, _: u8) -> Option<&'static str> {
    if first & 0x80 != 0 {
        return None;
    }
    Some(match first & 31 {
        1 => "non_idr",
        2 => "partition_a",
        3 => "partition_b",
        4 => "partition_c",
        5 => "idr",
        6 => "sei",
        7 => "sps",
        8 => "pps",
        9 => "aud",
        10 => "end_of_sequence",
        11 => "end_of_stream",
        12 => "filler",
        13 => "sps_extension",
        14 => "prefix",
        15 => "subset_sps",
        16 => "dps",
        19 => "auxiliary_slice",
        20 => "slice_extension",
        21 => "depth_slice_extension",
        17 | 18 | 22 | 23 => "reserved",
        _ => "unspecified",
    })
}

/// The type of an H.265 NAL unit by its number.
pub(super) fn hevc_name(kind: u8) -> &'static str {
    const SLICES: [&str; 22] = [
        "trail_n",
        "trail_r",
        "tsa_n",
        "tsa_r",
        "stsa_n",
        "stsa_r",
        "radl_n",
        "radl_r",
        "rasl_n",
        "rasl_r",
        "reserved",
        "reserved",
        "reserved",
        "reserved",
        "reserved",
        "reserved",
        "bla_w_lp",
        "bla_w_radl",
        "bla_n_lp",
        "idr_w_radl",
        "idr_n_lp",
        "cra",
    ];
    const OTHERS: [&str; 9] =
        ["vps", "sps", "pps", "aud", "end_of_sequence", "end_of_stream", "filler", "prefix_sei", "suffix_sei"];
    let kind = usize::from(kind);
    SLICES.get(kind).or_else(|| OTHERS.get(kind.wrapping_sub(32))).copied().unwrap_or(match kind {
        48.. => "unspecified",
        _ => "reserved",
    })
}

fn hevc(first: u8, second: u8) -> Option<&'static str> {
    // forbidden_zero_bit, and nuh_temporal_id_plus1, which is never 0.
    (first & 0x80 == 0 && second & 7 != 0).then(|| hevc_name(first >> 1 & 63))
}

/// The type of an H.266 NAL unit by its number.
pub(super) fn vvc_name(kind: u8) -> &'static str {
    const NAMES: [&str; 32] = [
        "trail",
        "stsa",
        "radl",
        "rasl",
        "reserved",
        "reserved",
        "reserved",
        "idr_w_radl",
        "idr_n_lp",
        "cra",
        "gdr",
        "reserved",
        "opi",
        "dci",
        "vps",
        "sps",
        "pps",
        "prefix_aps",
        "suffix_aps",
        "picture_header",
        "aud",
        "end_of_sequence",
        "end_of_stream",
        "prefix_sei",
        "suffix_sei",
        "filler",
        "reserved",
        "reserved",
        "unspecified",
        "unspecified",
        "unspecified",
        "unspecified",
    ];
    NAMES.get(usize::from(kind)).copied().unwrap_or("unspecified")
}

fn vvc(first: u8, second: u8) -> Option<&'static str> {
    (first & 0x80 == 0 && second & 7 != 0).then(|| vvc_name(second >> 3))
}
