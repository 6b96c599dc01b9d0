//! MP3: the header of a frame. Source: ISO 11172-3 §2.4.2.3, ISO 13818-3 §2.4.2.3.

use crate::fields;
use crate::proto::flv::facts::audio::{Audio, BIT_RATE};
use crate::proto::flv::facts::number;
use crate::wire::{Reader, Recorder, Stop, Trouble, Value};

fields! {
    /// MPEG version: 1, 2 or 2.5.
    MPEG_VERSION: Word "audio.mpeg_version", "", "ISO 11172-3 §2.4.2.3";
    /// How the channels are coded.
    CHANNEL_MODE: Word "audio.channel_mode", "", "ISO 11172-3 §2.4.2.3";
}

/// kbit/s of layer III by index, for MPEG-1 and for the later ones.
const RATES: [[u32; 15]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

struct Header {
    version: &'static str,
    /// Hz.
    rate: u32,
    /// kbit/s; 0 where the header names none.
    bit_rate: u32,
    mode: usize,
    /// Bytes of the frame, where the bit rate tells.
    length: Option<usize>,
}

impl Header {
    fn of(bytes: &[u8]) -> Option<Header> {
        let [0xff, second, third, fourth, ..] = *bytes else { return None };
        // Eleven bits of synchronisation, and layer III.
        if second & 0xe6 != 0xe2 {
            return None;
        }
        let (version, divisor) = match second >> 3 & 3 {
            0 => ("2.5", 4),
            2 => ("2", 2),
            3 => ("1", 1),
            _ => return None,
        };
        let base = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
        let bit_rate = *RATES[usize::from(divisor > 1)].get(usize::from(third >> 4))?;
        let rate = base / divisor;
        let samples = if divisor == 1 { 1152 } else { 576 };
        let length =
            (bit_rate > 0).then(|| (samples / 8 * bit_rate * 1000 / rate + u32::from(third >> 1 & 1)) as usize);
        Some(Header { version, rate, bit_rate, mode: usize::from(fourth >> 6), length })
    }
}

/// An error where an MP3 frame stands in the place of something else: by its length it ends where the bytes do, or where the next
/// one begins.
pub(crate) fn in_place_of<R: Recorder>(r: &Reader<'_, '_, R>, place: &str) -> Result<(), Stop> {
    match instead(r.rest()) {
        Some(what) => Err(r.stop(format!("{what} stands where {place} belongs")).of(Trouble::Mislabelled)),
        None => Ok(()),
    }
}

/// What the bytes are, where they are MP3 frames.
pub(crate) fn instead(bytes: &[u8]) -> Option<String> {
    let length = Header::of(bytes)?.length?;
    let is_next = |next: &[u8]| next.is_empty() || Header::of(next).is_some();
    bytes.get(length..).is_some_and(is_next).then(|| format!("an MP3 frame (ff{:02x}, {length} bytes)", bytes[1]))
}

/// Reads the frame's header, whose rate is the true one; FLV's own bits know few. The frame itself stays unread.
/// Whether there is such a header.
pub(crate) fn frame<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> bool {
    let at = r.at();
    let Some(Header { version, rate, bit_rate, mode, .. }) = Header::of(r.rest()) else { return false };
    r.note(&MPEG_VERSION, at + 1..at + 2, Value::Word(version));
    audio.rate(r, at + 1..at + 3, rate);
    if bit_rate > 0 {
        number(r, &BIT_RATE, at + 2..at + 3, bit_rate * 1000);
    }
    audio.count(r, at + 3..at + 4, if mode == 3 { 1 } else { 2 });
    r.note(&CHANNEL_MODE, at + 3..at + 4, Value::Word(["stereo", "joint_stereo", "dual_channel", "mono"][mode]));
    true
}
