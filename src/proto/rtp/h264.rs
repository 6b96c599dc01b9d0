//! How H.264 lies in RTP: a NAL unit alone, several in one packet, or a piece of one. Source: RFC 6184 §5.
//!
//! Read are single NAL units, STAP-A and FU-A: packetisation modes 0 and 1. The interleaved mode (STAP-B, MTAP, FU-B) is told
//! and not taken apart: no live sender uses it.

use std::ops::Range;

use crate::fields;
use crate::wire::words::counted;
use crate::wire::{Label, Reader, Recorder, Stop, Trouble, Value, Word};

fields! {
    /// How the payload packs NAL units.
    PACKING: Word "rtp.packing", "", "RFC 6184 §5.2", Packing::WORDS;
    /// The type of the NAL unit, or of the one that the payload is a piece of.
    NAL_UNIT_TYPE: Word "rtp.nal_unit_type", "", "H.264 Table 7-1", NAMES;
    /// The types of the NAL units in one packet.
    NAL_UNITS: List "rtp.nal_units", "", "RFC 6184 §5.7.1";
    /// One of these. Its bytes are its length and itself.
    NAL_UNIT: Word "rtp.nal_units.item", "", "H.264 Table 7-1", NAMES;
    /// Which piece of the NAL unit the payload is.
    FRAGMENT: Word "rtp.fragment", "", "RFC 6184 §5.8", Fragment::WORDS;
}

/// NAL unit types, by the names that they have in RTMP's video too.
const NAMES: &[Word] = &[
    Word { name: "non_idr", number: Some(1) },
    Word { name: "partition_a", number: Some(2) },
    Word { name: "partition_b", number: Some(3) },
    Word { name: "partition_c", number: Some(4) },
    Word { name: "idr", number: Some(5) },
    Word { name: "sei", number: Some(6) },
    Word { name: "sps", number: Some(7) },
    Word { name: "pps", number: Some(8) },
    Word { name: "aud", number: Some(9) },
    Word { name: "end_of_sequence", number: Some(10) },
    Word { name: "end_of_stream", number: Some(11) },
    Word { name: "filler", number: Some(12) },
    Word { name: "sps_extension", number: Some(13) },
    Word { name: "prefix", number: Some(14) },
    Word { name: "subset_sps", number: Some(15) },
    Word { name: "dps", number: Some(16) },
    Word { name: "auxiliary_slice", number: Some(19) },
    Word { name: "slice_extension", number: Some(20) },
    Word { name: "depth_slice_extension", number: Some(21) },
    Word { name: "reserved", number: None },
    Word { name: "unspecified", number: None },
];

/// A NAL unit type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NalType(pub u8);

impl NalType {
    pub const IDR: NalType = NalType(5);
    pub const SPS: NalType = NalType(7);
    pub const PPS: NalType = NalType(8);
    /// An access unit delimiter.
    pub const DELIMITER: NalType = NalType(9);

    /// A part of a picture.
    pub fn is_slice(self) -> bool {
        (1..=5).contains(&self.0)
    }

    pub fn name(self) -> &'static str {
        let named = NAMES.iter().find(|word| word.number == Some(u32::from(self.0)));
        let other = if matches!(self.0, 17 | 18 | 22 | 23) { "reserved" } else { "unspecified" };
        named.map_or(other, |word| word.name)
    }
}

/// How a payload packs NAL units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    #[default]
    Single,
    StapA,
    FuA,
    /// The interleaved mode, or a type that is not assigned.
    Other,
}

impl Packing {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([Packing::Single.name(), Packing::StapA.name(), Packing::FuA.name(), Packing::Other.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Packing::Single => "single",
            Packing::StapA => "stap_a",
            Packing::FuA => "fu_a",
            Packing::Other => "other",
        }
    }
}

/// Which piece of a NAL unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    Start,
    Middle,
    End,
}

impl Fragment {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([Fragment::Start.name(), Fragment::Middle.name(), Fragment::End.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Fragment::Start => "start",
            Fragment::Middle => "middle",
            Fragment::End => "end",
        }
    }
}

/// A NAL unit in a packet, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub kind: NalType,
    pub fragment: Option<Fragment>,
    /// Its header. Of a fragment it is put together from two bytes and does not stand in `span`.
    pub header: u8,
    /// Where it lies in the datagram, with its header unless it is a fragment.
    pub span: Range<u32>,
}

/// What a payload packs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    pub packing: Packing,
    pub units: Vec<Unit>,
}

/// Reads a payload. What was found before it stopped is given as well.
pub(super) fn units<R: Recorder>(r: &mut Reader<'_, '_, R>) -> (Packed, Option<Stop>) {
    let mut packed = Packed::default();
    let read = payload(r, &mut packed);
    (packed, read.err())
}

fn payload<R: Recorder>(r: &mut Reader<'_, '_, R>, packed: &mut Packed) -> Result<(), Stop> {
    let at = r.at();
    let Some(first) = r.peek() else { return Err(r.stop("an H.264 payload is empty").of(Trouble::Truncated)) };
    packed.packing = match first & 31 {
        1..=23 => Packing::Single,
        24 => Packing::StapA,
        28 => Packing::FuA,
        _ => Packing::Other,
    };
    r.note(&PACKING, at..at + 1, Value::Word(packed.packing.name()));
    match packed.packing {
        Packing::Single => {
            let kind = NalType(first & 31);
            r.note(&NAL_UNIT_TYPE, at..at + 1, Value::Word(kind.name()));
            let span = at..at + r.left() as u32;
            packed.units.push(Unit { kind, fragment: None, header: first, span });
        }
        Packing::StapA => {
            r.skip(1, "a STAP-A's header")?;
            return r.node(&NAL_UNITS, |r| aggregate(r, packed).map(|()| ((), Value::List)));
        }
        Packing::FuA => fragment(r, packed)?,
        Packing::Other => {
            let what = format!("the payload structure {} of H.264 is not read", first & 31);
            return Err(r.stop(what).of(Trouble::Unknown));
        }
    }
    Ok(())
}

fn aggregate<R: Recorder>(r: &mut Reader<'_, '_, R>, packed: &mut Packed) -> Result<(), Stop> {
    while !r.is_empty() {
        let at = r.at();
        let length = r.skip(2, "the length of a NAL unit")?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let start = r.at();
        if length == 0 || length > r.left() {
            let what = format!(
                "a NAL unit of a STAP-A has the length {length}, {}",
                counted(r.left(), "byte is left", "bytes are left")
            );
            return Err(Stop::new(at, what).of(Trouble::Tiling));
        }
        let header = r.skip(length, "a NAL unit")?[0];
        let kind = NalType(header & 31);
        r.label(Label::Index(packed.units.len() as u32));
        r.note(&NAL_UNIT, at..r.at(), Value::Word(kind.name()));
        packed.units.push(Unit { kind, fragment: None, header, span: start..r.at() });
    }
    Ok(())
}

fn fragment<R: Recorder>(r: &mut Reader<'_, '_, R>, packed: &mut Packed) -> Result<(), Stop> {
    let at = r.at();
    let heads = r.skip(2, "an FU-A's headers")?;
    let (indicator, header) = (heads[0], heads[1]);
    let kind = NalType(header & 31);
    r.note(&NAL_UNIT_TYPE, at + 1..at + 2, Value::Word(kind.name()));
    let fragment = match (header & 0x80 != 0, header & 0x40 != 0) {
        (true, false) => Fragment::Start,
        (false, false) => Fragment::Middle,
        (false, true) => Fragment::End,
        (true, true) => return Err(Stop::new(at + 1, "an FU-A is both the start and the end of its NAL unit")),
    };
    r.note(&FRAGMENT, at + 1..at + 2, Value::Word(fragment.name()));
    let span = r.at()..r.at() + r.left() as u32;
    packed.units.push(Unit { kind, fragment: Some(fragment), header: indicator & 0xe0 | header & 31, span });
    Ok(())
}
