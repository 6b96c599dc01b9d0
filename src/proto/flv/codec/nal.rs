//! The NAL units of a coded frame: lengths and types. Source: ISO 14496-15 §4.3, H.264 Table 7-1, H.265 Table 7-1,
//! H.266 Table 5.

use crate::fields;
use crate::limits::Limits;
use crate::proto::flv::facts::video::LengthSizes;
use crate::wire::words::counted;
use crate::wire::{Label, Reader, Recorder, Stop, Trouble, Value};

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

/// Lists the NAL units of a coded frame, and says how many bytes their lengths may have. Only the sequence header says how
/// many they do have, so all are tried, four first, as nearly all senders have it: a size is believed if its lengths fill the
/// payload exactly. If none does, that is the problem.
pub(crate) fn units<'a, R: Recorder>(r: &mut Reader<'a, '_, R>, kind: &Kind) -> Result<Units<'a>, Stop> {
    let bytes = r.rest();
    let walks = [USUAL, 2, 1, 3].map(|size| (size, walk(bytes, size, kind)));
    let fit = walks.iter().filter(|(_, walk)| walk.is_ok());
    match (fit.clone().next(), &walks[0].1) {
        (Some((size, _)), _) => list(r, *size, kind),
        (None, Err(broken)) if !matches!(broken.fault, Fault::Many) => {
            return Err(match start_code(bytes, kind) {
                Some(what) => {
                    let what = format!("{what} stands where the length of NAL unit 1 belongs");
                    r.stop(what).of(Trouble::Delimited)
                }
                None => broken.stop(r.at(), kind),
            });
        }
        (None, _) => {}
    }
    let sps = fit.clone().next().and_then(|(size, _)| first_sps(bytes, *size, kind));
    Ok(Units { sizes: fit.fold(LengthSizes::default(), |sizes, (size, _)| sizes.with(*size as u8)), sps })
}

/// The first sequence parameter set among NAL units that lengths of `size` bytes part.
fn first_sps<'a>(mut bytes: &'a [u8], size: usize, kind: &Kind) -> Option<&'a [u8]> {
    loop {
        let (header, rest) = bytes.split_at_checked(size)?;
        let (unit, rest) = rest.split_at_checked(length(header) as usize)?;
        if (kind.name)(*unit.first()?, unit.get(1).copied().unwrap_or_default()) == Some("sps") {
            return Some(unit);
        }
        bytes = rest;
    }
}

fn list<R: Recorder>(r: &mut Reader<'_, '_, R>, size: usize, kind: &Kind) {
    if !R::ON {
        return;
    }
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

/// What the NAL units of a coded frame tell.
pub(crate) struct Units<'a> {
    pub(crate) sizes: LengthSizes,
    /// The first sequence parameter set.
    pub(crate) sps: Option<&'a [u8]>,
}

/// Bytes of a NAL unit's length, as nearly all senders have it.
const USUAL: usize = 4;

/// Where NAL units do not follow one another as their lengths say.
#[derive(Debug)]
struct Broken {
    /// From 1.
    unit: u32,
    /// Bytes before it.
    at: usize,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    /// There is no NAL unit at all.
    None,
    /// Too few bytes for a length.
    Rest(usize),
    Zero,
    Overrun {
        length: u32,
        left: usize,
    },
    /// Shorter than a header.
    Short(u32),
    /// A start code behind the length.
    StartCode,
    /// What cannot be a NAL unit's header.
    Header(u8),
    /// More than are followed.
    Many,
}

impl Broken {
    fn stop(&self, start: u32, kind: &Kind) -> Stop {
        let unit = self.unit;
        let (what, trouble) = match self.fault {
            Fault::None => ("no NAL unit in a coded frame".to_owned(), Trouble::Tiling),
            Fault::Rest(left) => {
                let what = format!("behind NAL unit {} too few bytes are left for a length: {left}", unit - 1);
                (what, Trouble::Tiling)
            }
            Fault::Zero => (format!("NAL unit {unit} has the length 0"), Trouble::Tiling),
            Fault::Overrun { length, left } => {
                let what = format!(
                    "NAL unit {unit} has the length {length} (in {USUAL} bytes), {}",
                    counted(left, "byte is left", "bytes are left")
                );
                (what, Trouble::Tiling)
            }
            Fault::Short(length) => {
                let what = format!("NAL unit {unit} has the length {length}, its header alone has {}", kind.header);
                (what, Trouble::Tiling)
            }
            Fault::StartCode => {
                (format!("NAL unit {unit} begins with an Annex B start code behind its length"), Trouble::Delimited)
            }
            Fault::Header(first) => {
                (format!("NAL unit {unit} begins with {first:02x}, which is no NAL unit's header"), Trouble::Tiling)
            }
            Fault::Many => ("more NAL units in one frame than are followed".to_owned(), Trouble::Limit),
        };
        Stop::new(start + self.at as u32, what).of(trouble)
    }
}

/// Goes from NAL unit to NAL unit by lengths of `size` bytes, which has to lead to just the end.
fn walk(bytes: &[u8], size: usize, kind: &Kind) -> Result<(), Broken> {
    let mut rest = bytes;
    for unit in 1..=FOLLOWED {
        let broken = |fault| Err(Broken { unit, at: bytes.len() - rest.len(), fault });
        let Some((header, behind)) = rest.split_at_checked(size) else {
            return broken(if unit == 1 { Fault::None } else { Fault::Rest(rest.len()) });
        };
        let length = length(header);
        let Some((inside, behind)) = behind.split_at_checked(length as usize) else {
            return broken(Fault::Overrun { length, left: behind.len() });
        };
        match *inside {
            [] => return broken(Fault::Zero),
            [0, 0, 1, ..] | [0, 0, 0, 1, ..] => return broken(Fault::StartCode),
            _ if length < kind.header => return broken(Fault::Short(length)),
            [first, ..] if (kind.name)(first, inside.get(1).copied().unwrap_or_default()).is_none() => {
                return broken(Fault::Header(first));
            }
            _ => {}
        }
        rest = behind;
        if rest.is_empty() {
            return Ok(());
        }
    }
    Err(Broken { unit: FOLLOWED, at: bytes.len() - rest.len(), fault: Fault::Many })
}

/// What bytes begin with, if that is a start code and a NAL unit's header. Source: H.264 Annex B.
fn start_code(bytes: &[u8], kind: &Kind) -> Option<&'static str> {
    let (code, unit) = match bytes {
        [0, 0, 0, 1, unit @ ..] => ("an Annex B start code (00000001)", unit),
        [0, 0, 1, unit @ ..] => ("an Annex B start code (000001)", unit),
        _ => return None,
    };
    (kind.name)(*unit.first()?, unit.get(1).copied().unwrap_or_default()).map(|_| code)
}

/// What NAL units stand at the beginning of a payload, where the video tag header belongs. A header's first byte is none of
/// these: frame type 0 is reserved.
pub(crate) fn in_place_of_header(bytes: &[u8]) -> Option<String> {
    const PLACE: &str = "stands where the video tag header belongs";
    match bytes {
        [0, ..] if start_code(bytes, &AVC).is_some() => Some(format!("{} {PLACE}", start_code(bytes, &AVC)?)),
        [0, ..] if walk(bytes, USUAL, &AVC).is_ok() => Some(format!("a NAL unit behind its length {PLACE}")),
        // NAL units of H.264 with their nal_ref_idc: slices, sequence and picture parameter sets.
        [first @ (0x61 | 0x65 | 0x67 | 0x68), ..] => {
            Some(format!("what looks like a bare NAL unit ({first:02x}, {}) {PLACE}", avc(*first, 0)?))
        }
        _ => None,
    }
}

/// What is wrong with a sequence header that holds NAL units in place of a codec's `record`, or nothing.
pub(super) fn no_record(bytes: &[u8], at: u32, kind: &Kind, record: &str) -> Result<(), Stop> {
    if let Some(what) = start_code(bytes, kind) {
        return Err(Stop::new(at, format!("{what} stands where the {record} belongs")).of(Trouble::Delimited));
    }
    match walk(bytes, USUAL, kind) {
        Ok(()) => {
            let what = format!("NAL units behind their lengths stand where the {record} belongs");
            Err(Stop::new(at, what).of(Trouble::Tiling))
        }
        Err(_) => Ok(()),
    }
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
