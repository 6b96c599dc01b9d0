//! The forms of elementary streams, one file each: coded frames in, a file that players read out.
//!
//! A form makes bytes, and knows no files. What it cannot take it says in a clause; what it made before stands.

mod adts;
mod annexb;
mod flac;
mod ivf;
mod obu;
mod opus;
mod sets;
mod wav;

use bytes::Bytes;

use crate::proto::flv::{Audio, Video};
use crate::wire::words::count;
use annexb::AnnexB;

/// Bytes of a configuration that are kept. Real ones have some hundred.
const LONGEST: usize = 64 << 10;
/// Units of one frame. Real ones have some ten.
const UNITS: usize = 1 << 16;

/// One coded frame.
pub(super) struct Frame<'f> {
    pub(super) data: &'f [u8],
    /// In ms, without its wrapping.
    pub(super) time: u64,
    pub(super) is_key: bool,
}

/// What configures a decoder: the bytes of a sequence header, and what it was read from.
#[derive(Clone, Debug, Default)]
pub(super) struct Configuration {
    /// The codec's own bytes.
    pub(super) record: Bytes,
    /// Of video with NAL units: parameter sets, and bytes of a unit's length.
    pub(super) sets: Vec<Bytes>,
    pub(super) length_size: Option<u8>,
}

impl Configuration {
    /// Of a sequence header for audio.
    pub(super) fn of_audio(record: &[u8]) -> Configuration {
        Configuration { record: Bytes::copy_from_slice(record), ..Configuration::default() }
    }

    /// Of a sequence header for video: a message's payload from which `data` was read, whose places count from `base`.
    pub(super) fn of_video(payload: &[u8], base: u32, data: &std::ops::Range<u32>, record: &[u8]) -> Configuration {
        let (length_size, sets) = sets::read(payload, base, data);
        Configuration { sets, length_size, ..Configuration::of_audio(record) }
    }

    /// Bytes that it keeps.
    pub(super) fn held(&self) -> usize {
        self.record.len() + self.sets.iter().map(Bytes::len).sum::<usize>()
    }

    /// The reason where it is too long to be one.
    pub(super) fn too_long(record: &[u8]) -> Option<String> {
        let bytes = count(record.len() as u64, "byte");
        (record.len() > LONGEST).then(|| format!("a configuration of {bytes} is none, and is left out"))
    }
}

/// What a first frame says of its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rate: Option<u32>,
    pub(super) channels: Option<u32>,
    /// Pixels.
    pub(super) size: Option<(u32, u32)>,
    /// The number of bytes that lengths of NAL units seem to have.
    pub(super) length_size: Option<u8>,
}

impl Shape {
    pub(super) fn of_audio(audio: &Audio) -> Shape {
        Shape { rate: audio.sample_rate, channels: audio.channels, ..Shape::default() }
    }

    pub(super) fn of_video(video: &Video) -> Shape {
        let length_size = video.nal_length_sizes.first();
        Shape { size: video.width.zip(video.height), length_size, ..Shape::default() }
    }
}

/// Bytes to put over what was written.
pub(super) struct Patch {
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// A form of elementary stream.
pub(super) trait Form: std::fmt::Debug + Send {
    /// What the file's name ends in.
    fn ending(&self) -> &'static str;
    /// Bytes that wait, and those kept of configurations.
    fn held(&self) -> usize {
        0
    }
    /// Whether a file goes on with another configuration, or another shape: otherwise a new one begins.
    fn goes_on(&self, _configuration: Option<&Configuration>, _shape: &Shape) -> bool {
        true
    }
    /// A configuration came, in front of the first frame or behind one. An error says why nothing can be written with it.
    fn configure(&mut self, _configuration: &Configuration) -> Result<(), String> {
        Ok(())
    }
    /// Appends a frame as the file has it. An error says what of the frame was left out.
    fn frame(&mut self, frame: &Frame<'_>, shape: &Shape, out: &mut Vec<u8>) -> Result<(), String>;
    /// Appends what ends the file, and gives what of it must be written again.
    fn finish(&mut self, _out: &mut Vec<u8>) -> Option<Patch> {
        None
    }
}

/// The form of a codec; the reason where it has none.
pub(super) fn of(codec: &str) -> Result<Box<dyn Form>, &'static str> {
    Ok(match codec {
        "h264" => Box::new(AnnexB::new(annexb::Codec::Avc)),
        "hevc" => Box::new(AnnexB::new(annexb::Codec::Hevc)),
        "vvc" => Box::new(AnnexB::new(annexb::Codec::Vvc)),
        "av1" => Box::new(obu::Obu::default()),
        "vp8" => Box::new(ivf::Ivf::new(*b"VP80")),
        "vp9" => Box::new(ivf::Ivf::new(*b"VP90")),
        "aac" => Box::new(adts::Adts::default()),
        "opus" => Box::new(opus::Opus::new()),
        "flac" => Box::new(flac::Flac::default()),
        "mp3" => Box::new(Plain("mp3")),
        "ac3" => Box::new(Plain("ac3")),
        "eac3" => Box::new(Plain("eac3")),
        "pcm_u8" => Box::new(wav::Wav::new(wav::PCM, 8)),
        "pcm" | "pcm_s16le" => Box::new(wav::Wav::new(wav::PCM, 16)),
        "pcm_alaw" => Box::new(wav::Wav::new(wav::A_LAW, 8)),
        "pcm_mulaw" => Box::new(wav::Wav::new(wav::MU_LAW, 8)),
        "speex" | "nellymoser" | "adpcm_swf" | "vp6f" | "vp6a" | "flv1" | "flashsv" | "flashsv2" => {
            return Err("no file but FLV is made of it");
        }
        _ => return Err("it is not known what file is made of it"),
    })
}

/// Frames that stand one behind the other and say themselves where they begin.
#[derive(Debug)]
struct Plain(&'static str);

impl Form for Plain {
    fn ending(&self) -> &'static str {
        self.0
    }

    fn frame(&mut self, frame: &Frame<'_>, _: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(frame.data);
        Ok(())
    }
}
