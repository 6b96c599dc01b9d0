//! AC-3 and E-AC-3: the header of a synchronisation frame. Source: ATSC A/52 §5.3, §5.4, §E.2.2, §E.2.3.

use super::bits::Bits;
use crate::fields;
use crate::proto::flv::facts::audio::{Audio, BIT_RATE};
use crate::proto::flv::facts::number;
use crate::wire::{Reader, Recorder, Stop};

fields! {
    /// The version of the bit stream: up to 10 it is AC-3, from 11 on E-AC-3.
    BSID: Uint "audio.bsid", "", "ATSC A/52 §5.4.2.1, §E.2.3.1.6";
    /// Which channels are coded beside the one for low frequencies.
    ACMOD: Uint "audio.acmod", "", "ATSC A/52 §5.4.2.3";
    /// Whether there is a channel for low frequencies.
    LFEON: Bool "audio.lfeon", "", "ATSC A/52 §5.4.2.7";
}

/// Channels by acmod.
const CHANNELS: [u32; 8] = [2, 1, 2, 3, 3, 4, 4, 5];
const RATES: [u32; 3] = [48_000, 44_100, 32_000];
/// kbit/s by half of frmsizecod.
const BIT_RATES: [u32; 19] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/// Reads the first frame's header. The frame itself stays unread.
pub(crate) fn frame<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let bytes = r.rest();
    let at = r.at();
    let [0x0b, 0x77, _, _, _, sixth, ..] = *bytes else {
        if bytes.is_empty() || bytes.starts_with(&[0x0b, 0x77]) {
            return Ok(());
        }
        return Err(r.stop("a frame of AC-3 begins without its synchronisation word 0b77"));
    };
    let mut bits = Bits::plain(bytes, at, "a synchronisation frame");
    // Both kinds have their version in the same place.
    let _ = if sixth >> 3 <= 10 { ac3(r, &mut bits, audio) } else { eac3(r, &mut bits, audio) };
    Ok(())
}

fn ac3<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>, audio: &mut Audio) -> Result<(), Stop> {
    bits.skip(32)?;
    let start = bits.at();
    let (rate, size) = (bits.take(2)?, bits.take(6)?);
    let span = bits.since(start);
    let bsid = bits.uint(r, &BSID, 5)?;
    bits.skip(3)?;
    let place = bits.at();
    let acmod = bits.uint(r, &ACMOD, 3)?;
    // Mix levels are there for a centre, for surround, and for stereo that holds surround.
    let center = acmod & 1 == 1 && acmod != 1;
    bits.skip(2 * (u32::from(center) + u32::from(acmod & 4 != 0) + u32::from(acmod == 2)))?;
    let low = bits.flag(r, &LFEON)?;
    // Versions 9 and 10 have a half and a quarter of the rate.
    let shift = bsid.saturating_sub(8);
    if let Some(rate) = RATES.get(rate as usize) {
        audio.rate(r, span.clone(), rate >> shift);
    }
    if let Some(bit_rate) = BIT_RATES.get(size as usize / 2) {
        number(r, &BIT_RATE, span, (bit_rate * 1000) >> shift);
    }
    audio.count(r, bits.since(place), CHANNELS[acmod as usize & 7] + u32::from(low));
    Ok(())
}

fn eac3<R: Recorder>(r: &mut Reader<'_, '_, R>, bits: &mut Bits<'_>, audio: &mut Audio) -> Result<(), Stop> {
    bits.skip(16 + 2 + 3 + 11)?;
    let start = bits.at();
    let code = bits.take(2)?;
    let second = bits.take(2)?;
    let rate = match code {
        3 => RATES.get(second as usize).map(|rate| rate / 2),
        code => RATES.get(code as usize).copied(),
    };
    let span = bits.since(start);
    let acmod = bits.uint(r, &ACMOD, 3)?;
    let low = bits.flag(r, &LFEON)?;
    let place = bits.since(start);
    bits.uint(r, &BSID, 5)?;
    if let Some(rate) = rate {
        audio.rate(r, span, rate);
    }
    audio.count(r, place, CHANNELS[acmod as usize & 7] + u32::from(low));
    Ok(())
}
