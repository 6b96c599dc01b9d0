//! Opus: the identification header. Source: RFC 7845 §5.1.

use super::aac::{CONFIGURATION, TRAILING};
use crate::fields;
use crate::proto::flv::facts::audio::Audio;
use crate::wire::{Reader, Recorder, Stop, Value};

fields! {
    /// The header's version.
    VERSION: Uint "audio.configuration.version", "", "RFC 7845 §5.1";
    /// The number of channels.
    OUTPUT_CHANNELS: Uint "audio.configuration.channel_count", "", "RFC 7845 §5.1";
    /// Samples to leave out at the start, at 48 kHz.
    PRE_SKIP: Uint "audio.configuration.pre_skip", "samples", "RFC 7845 §5.1";
    /// Samples a second of what was encoded. Opus itself is always decoded at 48 kHz.
    INPUT_SAMPLE_RATE: Uint "audio.configuration.input_sample_rate", "Hz", "RFC 7845 §5.1";
    /// By how much to amplify, in 1/256 dB.
    OUTPUT_GAIN: Int "audio.configuration.output_gain", "1/256 dB", "RFC 7845 §5.1";
    /// What the channels are: 0 mono or stereo, 1 Vorbis order.
    MAPPING_FAMILY: Uint "audio.configuration.channel_mapping_family", "", "RFC 7845 §5.1.1";
    /// Opus streams in one packet.
    STREAMS: Uint "audio.configuration.stream_count", "", "RFC 7845 §5.1.1";
    /// How many of the streams are stereo.
    COUPLED: Uint "audio.configuration.coupled_count", "", "RFC 7845 §5.1.1";
    /// For each channel, which decoded one it is.
    MAPPING: Bytes "audio.configuration.channel_mapping", "", "RFC 7845 §5.1.1";
}

/// Opus is decoded at this rate, whatever was encoded. Source: RFC 7845 §5.1.
const RATE: u32 = 48_000;

/// Reads the header. It may be missing; then MultichannelConfig tells the channels.
pub(crate) fn configuration<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    if r.is_empty() {
        return Ok(());
    }
    let start = r.at();
    let mut channels = None;
    let read = r.group(&CONFIGURATION, |r| {
        let read = header(r, &mut channels);
        r.remainder(&TRAILING);
        read
    });
    if let Some(count) = channels {
        audio.rate(r, start..start + 8, RATE);
        audio.count(r, start + 9..start + 10, count);
    }
    read
}

/// Reads a packet's beginning: any byte may stand there, but no page of Ogg and no second header. Source: RFC 6716 §3.1.
pub(crate) fn packet<R: Recorder>(r: &Reader<'_, '_, R>) -> Result<(), Stop> {
    let bytes = r.rest();
    if bytes.starts_with(b"OggS") {
        return Err(r.stop("an Ogg page stands where an Opus packet belongs"));
    }
    if bytes.starts_with(b"OpusHead") || bytes.starts_with(b"OpusTags") {
        return Err(r.stop("an Opus header stands where an Opus packet belongs"));
    }
    Ok(())
}

fn header<R: Recorder>(r: &mut Reader<'_, '_, R>, channels: &mut Option<u32>) -> Result<(), Stop> {
    let at = r.at();
    if r.skip(8, "OpusHead")? != b"OpusHead" {
        return Err(Stop::new(at, "an Opus header begins without OpusHead"));
    }
    r.u8(&VERSION)?;
    let count = r.u8(&OUTPUT_CHANNELS)?;
    *channels = Some(u32::from(count));
    let at = r.at();
    let skip = r.skip(2, "pre-skip")?;
    r.note(&PRE_SKIP, at..at + 2, Value::Uint(u64::from(u16::from_le_bytes([skip[0], skip[1]]))));
    r.u32_le(&INPUT_SAMPLE_RATE)?;
    let at = r.at();
    let gain = r.skip(2, "output gain")?;
    r.note(&OUTPUT_GAIN, at..at + 2, Value::Int(i64::from(i16::from_le_bytes([gain[0], gain[1]]))));
    if r.u8(&MAPPING_FAMILY)? > 0 {
        r.u8(&STREAMS)?;
        r.u8(&COUPLED)?;
        r.bytes(&MAPPING, usize::from(count))?;
    }
    Ok(())
}
