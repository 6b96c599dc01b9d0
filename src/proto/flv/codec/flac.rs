//! FLAC: the STREAMINFO block. Source: RFC 9639 §8.1, §8.2.

use super::aac::{CONFIGURATION, TRAILING};
use super::bits::Bits;
use crate::fields;
use crate::proto::flv::facts::audio::Audio;
use crate::wire::{Reader, Recorder, Stop, Value};

fields! {
    /// The smallest block.
    MIN_BLOCK: Uint "audio.configuration.min_block_size", "samples", "RFC 9639 §8.2";
    /// The largest block.
    MAX_BLOCK: Uint "audio.configuration.max_block_size", "samples", "RFC 9639 §8.2";
    /// The smallest frame; 0 when not said.
    MIN_FRAME: Uint "audio.configuration.min_frame_size", "bytes", "RFC 9639 §8.2";
    /// The largest frame; 0 when not said.
    MAX_FRAME: Uint "audio.configuration.max_frame_size", "bytes", "RFC 9639 §8.2";
    /// Bits of one sample.
    BITS_PER_SAMPLE: Uint "audio.configuration.bits_per_sample", "bits", "RFC 9639 §8.2";
    /// Samples of the whole stream; 0 when not said.
    TOTAL_SAMPLES: Uint "audio.configuration.total_samples", "samples", "RFC 9639 §8.2";
    /// The MD5 of the samples; 0 when not said.
    MD5: Bytes "audio.configuration.md5", "", "RFC 9639 §8.2";
}

const STREAM_INFO: usize = 34;

/// Reads the block. FFmpeg sends it without the signature and the block header that the specification has in front.
pub(crate) fn configuration<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let mut found = None;
    let read = r.group(&CONFIGURATION, |r| {
        let read = block(r, &mut found);
        r.remainder(&TRAILING);
        read
    });
    if let Some((rate, channels, at)) = found {
        audio.rate(r, at..at + 3, rate);
        audio.count(r, at + 2..at + 3, channels);
    }
    read
}

/// Reads a frame's beginning, which is its synchronisation code. FFmpeg's last one has no byte. Source: RFC 9639 §9.1.
pub(crate) fn frame<R: Recorder>(r: &Reader<'_, '_, R>) -> Result<(), Stop> {
    match r.rest() {
        [] | [0xff, 0xf8 | 0xf9, ..] => Ok(()),
        _ => Err(r.stop("a FLAC frame begins without its synchronisation code fff8 or fff9")),
    }
}

fn block<R: Recorder>(r: &mut Reader<'_, '_, R>, found: &mut Option<(u32, u32, u32)>) -> Result<(), Stop> {
    if r.rest().starts_with(b"fLaC") {
        r.skip(4, "fLaC")?;
        let at = r.at();
        let header = r.skip(4, "a metadata block header")?;
        if header[0] & 0x7f != 0 {
            return Err(Stop::new(at, "the first FLAC metadata block is not STREAMINFO"));
        }
    }
    let start = r.at();
    let mut bits = Bits::plain(r.skip(STREAM_INFO, "STREAMINFO")?, start, "STREAMINFO");
    bits.uint(r, &MIN_BLOCK, 16)?;
    bits.uint(r, &MAX_BLOCK, 16)?;
    bits.uint(r, &MIN_FRAME, 24)?;
    bits.uint(r, &MAX_FRAME, 24)?;
    let at = bits.at();
    let (rate, channels) = (bits.take(20)?, bits.take(3)? + 1);
    let depth = bits.take(5)? + 1;
    r.note(&BITS_PER_SAMPLE, at + 2..at + 4, Value::Uint(u64::from(depth)));
    *found = Some((rate, channels, at));
    let total = u64::from(bits.take(4)?) << 32 | u64::from(bits.take(32)?);
    r.note(&TOTAL_SAMPLES, at + 3..at + 8, Value::Uint(total));
    let at = bits.at();
    r.note(&MD5, at..at + 16, Value::Bytes(at..at + 16));
    Ok(())
}
