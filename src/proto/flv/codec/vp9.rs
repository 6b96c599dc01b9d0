//! VP9: VPCodecConfigurationRecord (VP8 has the same one) and the header of a key frame.
//! Source: VP9-ISOBMFF §2.2, VP9 §6.2.

use super::bits::Bits;
use super::picture::{CONFIGURATION, Facts, LEVEL_IDC, PROFILE_IDC, TRAILING, VERSION, level, size};
use crate::fields;
use crate::proto::flv::facts::video::{FrameType, Video};
use crate::wire::words::{count, counted};
use crate::wire::{Reader, Recorder, Stop};

fields! {
    /// Flags of the box that the record comes from.
    FLAGS: Uint "video.configuration.flags", "", "VP9-ISOBMFF §2.2";
    /// Bits of a sample.
    BIT_DEPTH: Uint "video.configuration.bit_depth", "bits", "VP9-ISOBMFF §2.2";
    /// How chroma is sampled: 0 and 1 4:2:0, 2 4:2:2, 3 4:4:4.
    SUBSAMPLING: Uint "video.configuration.chroma_subsampling", "", "VP9-ISOBMFF §2.2";
    /// Whether luma has its full range instead of 16 to 235.
    FULL_RANGE: Bool "video.configuration.video_full_range_flag", "", "VP9-ISOBMFF §2.2";
    /// The colours of the primaries.
    PRIMARIES: Uint "video.configuration.colour_primaries", "", "VP9-ISOBMFF §2.2, H.273 §8.1";
    /// The transfer characteristics.
    TRANSFER: Uint "video.configuration.transfer_characteristics", "", "VP9-ISOBMFF §2.2, H.273 §8.2";
    /// The matrix from RGB to luma and chroma.
    MATRIX: Uint "video.configuration.matrix_coefficients", "", "VP9-ISOBMFF §2.2, H.273 §8.3";
    /// The length of the codec's own data, which is 0.
    INITIALIZATION_SIZE: Uint "video.configuration.codec_initialization_data_size", "bytes", "VP9-ISOBMFF §2.2";
}

/// Reads the record. It is the content of a box with a version and flags in front; some senders leave those out.
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
    if matches!(r.rest(), [1, 0, 0, 0, _, _, _, _, _, _, ..]) {
        r.u8(&VERSION)?;
        r.u24(&FLAGS)?;
    }
    let start = r.at();
    let mut bits = Bits::plain(r.skip(8, "VPCodecConfigurationRecord")?, start, "VPCodecConfigurationRecord");
    let profile = bits.uint(r, &PROFILE_IDC, 8)?;
    facts.profile = profile_name(profile).map(|name| (name, start..start + 1));
    let idc = bits.uint(r, &LEVEL_IDC, 8)?;
    facts.level = level(idc / 10, idc % 10).map(|name| (name, start + 1..start + 2));
    let depth = bits.uint(r, &BIT_DEPTH, 4)?;
    facts.bit_depth = Some((depth, start + 2..start + 3));
    let sampling = bits.uint(r, &SUBSAMPLING, 3)?;
    let names = ["4:2:0", "4:2:0", "4:2:2", "4:4:4"];
    facts.chroma = names.get(sampling as usize).map(|name| (*name, start + 2..start + 3));
    bits.flag(r, &FULL_RANGE)?;
    bits.uint(r, &PRIMARIES, 8)?;
    bits.uint(r, &TRANSFER, 8)?;
    bits.uint(r, &MATRIX, 8)?;
    let length = bits.uint(r, &INITIALIZATION_SIZE, 16)?;
    if length as usize > r.left() {
        return Err(r.stop(format!(
            "{} of initialization data, {}",
            count(u64::from(length), "byte"),
            counted(r.left(), "is left", "are left")
        )));
    }
    Ok(())
}

fn profile_name(profile: u32) -> Option<&'static str> {
    ["Profile 0", "Profile 1", "Profile 2", "Profile 3"].get(profile as usize).copied()
}

/// The size in a key frame's header. Whatever is no such header is left as it is.
pub(crate) fn picture<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) {
    if video.frame_type != FrameType::KEY {
        return;
    }
    let start = r.at();
    let mut bits = Bits::plain(r.rest(), start, "a frame header");
    if let Ok(Some((width, height, span))) = key_frame(&mut bits) {
        size(r, video, [span.clone(), span], (width, height));
    }
}

fn key_frame(bits: &mut Bits<'_>) -> Result<Option<(u32, u32, std::ops::Range<u32>)>, Stop> {
    if bits.take(2)? != 2 {
        return Ok(None);
    }
    let profile = bits.take(1)? | bits.take(1)? << 1;
    if profile == 3 {
        bits.skip(1)?;
    }
    // show_existing_frame, then frame_type: 0 is a key frame; its sync code proves it.
    if bits.bit()? || bits.bit()? {
        return Ok(None);
    }
    bits.skip(2)?;
    if bits.take(24)? != 0x49_83_42 {
        return Ok(None);
    }
    if profile >= 2 {
        bits.skip(1)?;
    }
    if bits.take(3)? == 7 {
        bits.skip(profile & 1)?;
    } else {
        bits.skip(if profile & 1 == 1 { 4 } else { 1 })?;
    }
    let start = bits.at();
    let (width, height) = (bits.take(16)? + 1, bits.take(16)? + 1);
    Ok(Some((width, height, bits.since(start))))
}
