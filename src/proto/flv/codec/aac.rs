//! AAC: AudioSpecificConfig. Source: ISO 14496-3 §1.6.2.1, §1.6.6, §4.4.1, §4.5.1.1.

use super::bits::Bits;
use super::mp3;
use crate::fields;
use crate::proto::flv::facts::audio::{Audio, PROFILE};
use crate::wire::{Reader, Recorder, Silent, Stop, Trouble, Value};

fields! {
    /// The codec's configuration record.
    CONFIGURATION: Group "audio.configuration", "", "ISO 14496-3 §1.6.2.1, RFC 7845 §5.1, RFC 9639 §8.2";
    /// The object type: 2 is AAC-LC.
    OBJECT_TYPE: Uint "audio.configuration.object_type", "", "ISO 14496-3 §1.5.1.1";
    /// Samples a second of the core coder.
    SAMPLING_FREQUENCY: Uint "audio.configuration.sampling_frequency", "Hz", "ISO 14496-3 §1.6.3.4";
    /// The arrangement of the channels; 0 says that a program config element has it.
    CHANNEL_CONFIGURATION: Uint "audio.configuration.channel_configuration", "", "ISO 14496-3 §1.6.3.5";
    /// Whether spectral band replication is used: HE-AAC.
    SBR: Bool "audio.configuration.sbr_present_flag", "", "ISO 14496-3 §1.6.5";
    /// Samples a second with spectral band replication.
    EXTENSION_FREQUENCY: Uint "audio.configuration.extension_sampling_frequency", "Hz", "ISO 14496-3 §1.6.3.10";
    /// Whether parametric stereo is used: HE-AAC v2.
    PS: Bool "audio.configuration.ps_present_flag", "", "ISO 14496-3 §1.6.5";
    /// Whether frames have 960 samples instead of 1024.
    FRAME_LENGTH: Bool "audio.configuration.frame_length_flag", "", "ISO 14496-3 §4.5.1.1";
    /// Whether a core coder of another kind is inside.
    DEPENDS_ON_CORE: Bool "audio.configuration.depends_on_core_coder", "", "ISO 14496-3 §4.5.1.1";
    /// Whether an extension follows.
    EXTENSION: Bool "audio.configuration.extension_flag", "", "ISO 14496-3 §4.5.1.1";
    /// Channels that the program config element lists.
    ELEMENT_CHANNELS: Uint "audio.configuration.program_config_channels", "", "ISO 14496-3 §4.5.1.2";
    /// Bytes behind what the record holds.
    TRAILING: Bytes "audio.configuration.trailing", "", "";
}

/// Frequencies by samplingFrequencyIndex. Source: ISO 14496-3 §1.6.3.4.
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// Channels by channelConfiguration. Source: ISO 14496-3 §1.6.3.5, 23001-8.
const CHANNEL_COUNTS: [u32; 15] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];

const SBR_TYPE: u32 = 5;
const PS_TYPE: u32 = 29;
/// Error resilient BSAC, whose extension names its channels.
const BSAC: u32 = 22;

/// Reads the record: object type, rate and channels, with the extensions for SBR and PS where they are explicit.
pub(crate) fn configuration<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    if let Some(what) = header(r.rest()) {
        return Err(r.stop(format!("{what} stands where the AudioSpecificConfig belongs")).of(Trouble::Wrapped));
    }
    mp3::in_place_of(r, "the AudioSpecificConfig")?;
    let mut found = Found::default();
    let start = r.at();
    let read = r.group(&CONFIGURATION, |r| {
        let mut bits = Bits::plain(r.rest(), start, "AudioSpecificConfig");
        let read = record(r, &mut bits, &mut found);
        let used = bits.since(start).len();
        r.skip(used.min(r.left()), "AudioSpecificConfig")?;
        r.remainder(&TRAILING);
        read
    });
    let span = start..start + r.at().saturating_sub(start).min(2);
    if let Some(rate) = found.extension_rate.filter(|_| found.sbr).or(found.rate) {
        audio.rate(r, span.clone(), rate);
    }
    // Parametric stereo makes two channels of the one that is coded.
    if let Some(channels) = found.channels {
        audio.count(r, span.clone(), if found.ps && channels == 1 { 2 } else { channels });
    }
    audio.other_object = found.is_read.then(|| other_object(found.object_type)).flatten();
    if let Some(name) = found.profile() {
        audio.profile = Some(name);
        r.note(&PROFILE, span, Value::Word(name));
    }
    read
}

/// What stands before raw AAC that has a transport's framing around it, where the bytes prove it: a header whose length is
/// just theirs, or leads to the next such header. Source: ISO 13818-7 §6.2, ISO 14496-3 §1.7.2.
pub(crate) fn framing(bytes: &[u8]) -> Option<String> {
    match *bytes {
        [0xff, second, third, fourth, fifth, sixth, _, ..] if is_adts(second, third) => {
            let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
            let again = bytes.get(length..).is_some_and(|next| next.is_empty() || is_adts_at(next));
            (length >= 7 && again).then(|| adts(second))
        }
        [0x56, second, third, ..] if second >> 5 == 7 => {
            let length = 3 + (usize::from(second & 31) << 8 | usize::from(third));
            let again = bytes.get(length..).is_some_and(|next| matches!(next, [] | [0x56, 0xe0..=0xff, ..]));
            again.then(|| format!("a LATM header (56{second:02x})"))
        }
        [b'A', b'D', b'I', b'F', ..] => Some("an ADIF header".to_owned()),
        _ => None,
    }
}

/// What such a header is called. Its protection_absent says whether a CRC is in it.
fn adts(second: u8) -> String {
    format!("an ADTS header (ff{second:02x}, {} bytes)", if second & 1 == 1 { 7 } else { 9 })
}

fn is_adts_at(bytes: &[u8]) -> bool {
    matches!(*bytes, [0xff, second, third, ..] if is_adts(second, third))
}

/// Whether the bytes behind ff go on as an ADTS header does: synchronisation, layer 0, a sampling frequency that exists.
fn is_adts(second: u8, third: u8) -> bool {
    second & 0xf6 == 0xf0 && (third >> 2 & 15) < 13
}

/// What begins as a transport's header, in a place where an `AudioSpecificConfig` or FLV's header belongs, neither of which can
/// begin so.
pub(crate) fn header(bytes: &[u8]) -> Option<String> {
    match *bytes {
        [0xff, second, third, ..] if is_adts(second, third) => Some(adts(second)),
        [0x56, second, ..] if second >> 5 == 7 => Some(format!("a LATM header (56{second:02x})")),
        _ => framing(bytes),
    }
}

/// Whether bytes are an `AudioSpecificConfig` of AAC's own object types and nothing else: every field has a value that it may have,
/// and the last bits are 0.
pub(crate) fn is_configuration(bytes: &[u8]) -> bool {
    const LONGEST: usize = 16;
    let mut found = Found::default();
    let mut bits = Bits::plain(bytes, 0, "AudioSpecificConfig");
    bytes.len() <= LONGEST
        && record(&mut Reader::new(bytes, 0, &mut Silent), &mut bits, &mut found).is_ok()
        && matches!(found.object_type, 1..=4)
        && found.rate.is_some()
        && found.channels.is_some()
        && bits.left() < 8
        && bits.take(bits.left() as u32).is_ok_and(|rest| rest == 0)
}

/// AAC as it stands behind the first byte of its tag header, in a message with another label. Only a sequence header proves it.
pub(crate) fn under_other_label(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0, record @ ..] if is_configuration(record) => {
            Some(format!("an AAC sequence header (00 {})", beginning(record)))
        }
        _ => framing(bytes),
    }
}

/// The first two bytes in hex.
pub(crate) fn beginning(bytes: &[u8]) -> String {
    let [first, second] = bytes.first_chunk().copied().unwrap_or_default();
    format!("{first:02x}{second:02x}")
}

/// Reads a frame's beginning: raw AAC has no header at all.
pub(crate) fn frame<R: Recorder>(r: &Reader<'_, '_, R>) -> Result<(), Stop> {
    mp3::in_place_of(r, "a raw AAC frame")?;
    match framing(r.rest()) {
        Some(what) => Err(r.stop(format!("{what} stands where a raw AAC frame belongs")).of(Trouble::Wrapped)),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Found {
    object_type: u32,
    /// The object type is there.
    is_read: bool,
    rate: Option<u32>,
    channels: Option<u32>,
    sbr: bool,
    ps: bool,
    extension_rate: Option<u32>,
}

impl Found {
    fn profile(&self) -> Option<&'static str> {
        Some(match self.object_type {
            _ if self.ps => "HE-AACv2",
            _ if self.sbr => "HE-AAC",
            1 => "Main",
            2 => "LC",
            3 => "SSR",
            4 => "LTP",
            23 => "LD",
            39 => "ELD",
            42 => "xHE-AAC",
            _ => return None,
        })
    }
}

/// The name of an object type that is known and none of AAC's. Source: ISO 14496-3 §1.5.1.1.
fn other_object(kind: u32) -> Option<(u32, &'static str)> {
    let name = match kind {
        0 => "Null",
        7 => "TwinVQ",
        8 => "CELP",
        9 => "HVXC",
        10 | 11 | 18 | 31 | 47.. => "reserved",
        12 => "TTSI",
        13 => "Main synthetic",
        14 => "Wavetable synthesis",
        15 => "General MIDI",
        16 => "Algorithmic synthesis",
        21 => "ER TwinVQ",
        24 => "ER CELP",
        25 => "ER HVXC",
        26 => "ER HILN",
        27 => "ER Parametric",
        28 => "SSC",
        30 => "MPEG Surround",
        32 => "MPEG Layer 1",
        33 => "MPEG Layer 2",
        34 => "MPEG Layer 3",
        35 => "DST",
        36 => "ALS",
        37 => "SLS",
        38 => "SLS non-core",
        40 => "SMR Simple",
        41 => "SMR Main",
        43 => "SAOC",
        44 => "LD MPEG Surround",
        45 => "SAOC-DE",
        46 => "Audio Sync",
        _ => return None,
    };
    Some((kind, name))
}

fn object_type(bits: &mut Bits<'_>) -> Result<u32, Stop> {
    match bits.take(5)? {
        31 => Ok(32 + bits.take(6)?),
        kind => Ok(kind),
    }
}

fn frequency<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    bits: &mut Bits<'_>,
    field: &'static crate::wire::Field,
) -> Result<Option<u32>, Stop> {
    let start = bits.at();
    let rate = match bits.take(4)? {
        15 => Some(bits.take(24)?),
        index => RATES.get(index as usize).copied(),
    };
    if let Some(rate) = rate {
        r.note(field, bits.since(start), Value::Uint(u64::from(rate)));
    }
    Ok(rate)
}

fn record<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>, found: &mut Found) -> Result<(), Stop> {
    let start = bits.at();
    let mut kind = object_type(bits)?;
    let kind_span = bits.since(start);
    found.object_type = kind;
    found.rate = frequency(r, bits, &SAMPLING_FREQUENCY)?;
    let arrangement = bits.uint(r, &CHANNEL_CONFIGURATION, 4)?;
    found.channels = CHANNEL_COUNTS.get(arrangement as usize).copied().filter(|count| *count > 0);
    let explicit = matches!(kind, SBR_TYPE | PS_TYPE);
    if explicit {
        found.sbr = true;
        found.ps = kind == PS_TYPE;
        r.note(&SBR, kind_span.clone(), Value::Bool(true));
        r.note(&PS, kind_span.clone(), Value::Bool(found.ps));
        found.extension_rate = frequency(r, bits, &EXTENSION_FREQUENCY)?;
        kind = object_type(bits)?;
        found.object_type = kind;
        if kind == BSAC {
            bits.skip(4)?;
        }
    }
    found.is_read = true;
    r.note(&OBJECT_TYPE, kind_span, Value::Uint(u64::from(kind)));
    if !matches!(kind, 1..=4 | 6 | 7 | 17 | 19..=23) {
        return Ok(());
    }
    general(r, bits, found, kind, arrangement)?;
    if matches!(kind, 17 | 19..=23) && bits.take(2)? > 1 {
        // An error protection configuration would follow; nobody sends it over RTMP.
        return Ok(());
    }
    if explicit { Ok(()) } else { backward_compatible(r, bits, found) }
}

/// GASpecificConfig. Source: ISO 14496-3 §4.4.1.
fn general<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    bits: &mut Bits<'_>,
    found: &mut Found,
    kind: u32,
    arrangement: u32,
) -> Result<(), Stop> {
    bits.flag(r, &FRAME_LENGTH)?;
    if bits.flag(r, &DEPENDS_ON_CORE)? {
        bits.skip(14)?;
    }
    let extended = bits.flag(r, &EXTENSION)?;
    if arrangement == 0 {
        let start = bits.at();
        let count = program_config_element(bits)?;
        found.channels = Some(count);
        r.note(&ELEMENT_CHANNELS, bits.since(start), Value::Uint(u64::from(count)));
    }
    if matches!(kind, 6 | 20) {
        bits.skip(3)?;
    }
    if extended {
        match kind {
            BSAC => bits.skip(5 + 11)?,
            17 | 19 | 20 | 23 => bits.skip(3)?,
            _ => {}
        }
        bits.skip(1)?;
    }
    Ok(())
}

/// Channels of a program_config_element. Source: ISO 14496-3 §4.4.1.1.
fn program_config_element(bits: &mut Bits<'_>) -> Result<u32, Stop> {
    bits.skip(4 + 2 + 4)?;
    let speakers = [bits.take(4)?, bits.take(4)?, bits.take(4)?];
    let effects = bits.take(2)?;
    let (data, coupling) = (bits.take(3)?, bits.take(4)?);
    for count in [4, 4, 3] {
        if bits.bit()? {
            bits.skip(count)?;
        }
    }
    let mut channels = effects;
    for _ in 0..speakers.iter().sum() {
        channels += 1 + u32::from(bits.bit()?);
        bits.skip(4)?;
    }
    bits.skip(effects * 4 + data * 4 + coupling * 5)?;
    bits.align();
    let comment = bits.take(8)?;
    bits.skip(comment * 8)?;
    Ok(channels)
}

/// SBR and PS told behind the record, where a decoder that does not know them does not look.
fn backward_compatible<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    bits: &mut Bits<'_>,
    found: &mut Found,
) -> Result<(), Stop> {
    if bits.left() < 16 || bits.take(11)? != 0x2b7 || object_type(bits)? != SBR_TYPE {
        return Ok(());
    }
    found.sbr = bits.flag(r, &SBR)?;
    if !found.sbr {
        return Ok(());
    }
    found.extension_rate = frequency(r, bits, &EXTENSION_FREQUENCY)?;
    if bits.left() >= 12 && bits.take(11)? == 0x548 {
        found.ps = bits.flag(r, &PS)?;
    }
    Ok(())
}
