//! Audio messages. Source: FLV 10.1 §E.4.2, ISO 14496-3 §1.6.2.1, Enhanced RTMP v2 "Enhanced Audio".

use crate::wire::{Reader, Recorder, Stop, Value};
use crate::{fields, open_enum};

fields! {
    /// An audio message's header.
    AUDIO: Group "audio", "", "RTMP 1.0 §7.1.4";
    /// The codec, as ffprobe names it.
    CODEC: Word "audio.codec", "", "FLV 10.1 §E.4.2.1";
    /// The number of the codec: SoundFormat.
    CODEC_ID: Uint "audio.codec_id", "", "FLV 10.1 §E.4.2.1";
    /// What the message carries: a sequence header or coded frames.
    PACKET_TYPE: Word "audio.packet_type", "", "FLV 10.1 §E.4.2.1, E-RTMP v2";
    /// Samples a second. AAC's is in its sequence header: the FLV header's own bits are a constant there.
    SAMPLE_RATE: Uint "audio.sample_rate", "Hz", "FLV 10.1 §E.4.2.1, ISO 14496-3 §1.6.2.1";
    /// Bits of one uncompressed sample.
    SAMPLE_SIZE: Uint "audio.sample_size", "bits", "FLV 10.1 §E.4.2.1";
    /// The number of channels.
    CHANNELS: Uint "audio.channels", "", "FLV 10.1 §E.4.2.1, ISO 14496-3 §1.6.2.1";
    /// The AAC object type: 2 is AAC-LC.
    OBJECT_TYPE: Uint "audio.object_type", "", "ISO 14496-3 §1.5.1.1";
    /// The four-character code of an Enhanced RTMP codec.
    FOURCC: Text "audio.fourcc", "", "E-RTMP v2";
    /// Whether the message has an Enhanced RTMP header.
    ENHANCED: Bool "audio.enhanced", "", "E-RTMP v2";
    /// Bytes of the codec that are not decoded further.
    DATA: Opaque "audio.data", "", "FLV 10.1 §E.4";
}

open_enum! {
    /// SoundFormat: the codec of an audio message. Source: FLV 10.1 §E.4.2.1.
    pub struct SoundFormat(u8) {
        PCM = 0 "pcm",
        ADPCM = 1 "adpcm_swf",
        MP3 = 2 "mp3",
        PCM_LE = 3 "pcm_s16le",
        NELLYMOSER_16K = 4 "nellymoser",
        NELLYMOSER_8K = 5 "nellymoser",
        NELLYMOSER = 6 "nellymoser",
        G711_A = 7 "pcm_alaw",
        G711_MU = 8 "pcm_mulaw",
        AAC = 10 "aac",
        SPEEX = 11 "speex",
        /// In no specification; some servers and encoders use it.
        OPUS = 13 "opus",
        MP3_8K = 14 "mp3",
        DEVICE = 15 "device",
    }
}

/// SoundFormat 9 says that an Enhanced RTMP header follows instead.
const EXTENDED: u8 = 9;

/// What an audio message says by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audio {
    pub format: SoundFormat,
    /// The Enhanced RTMP codec, when the header is an enhanced one.
    pub fourcc: Option<[u8; 4]>,
    pub enhanced: bool,
    pub packet_type: Option<&'static str>,
    pub sample_rate: Option<u32>,
    pub channels: Option<u32>,
}

impl Audio {
    pub fn codec(&self) -> Option<&'static str> {
        match self.fourcc {
            Some(fourcc) => enhanced_codec(fourcc),
            None => self.format.name(),
        }
    }
}

fn enhanced_codec(fourcc: [u8; 4]) -> Option<&'static str> {
    Some(match &fourcc {
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        b"Opus" => "opus",
        b".mp3" => "mp3",
        b"fLaC" => "flac",
        b"mp4a" => "aac",
        _ => return None,
    })
}

/// Reads an audio message to the end of its payload. An empty message is legal: silence.
pub fn audio<R: Recorder>(r: &mut Reader<'_, '_, R>) -> (Audio, Option<Stop>) {
    let mut audio = Audio::default();
    let stop = r.group(&AUDIO, |r| {
        let Some(first) = r.peek() else { return Ok(()) };
        let span = r.at()..r.at() + 1;
        audio.enhanced = first >> 4 == EXTENDED;
        if audio.enhanced { enhanced(r, &mut audio) } else { legacy(r, first, span, &mut audio) }
    });
    (audio, stop.err())
}

fn legacy<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    first: u8,
    span: std::ops::Range<u32>,
    audio: &mut Audio,
) -> Result<(), Stop> {
    r.skip(1, "an audio header")?;
    audio.format = SoundFormat(first >> 4);
    if let Some(name) = audio.format.name() {
        r.note(&CODEC, span.clone(), Value::Word(name));
    }
    r.note(&CODEC_ID, span.clone(), Value::Uint(u64::from(audio.format.0)));
    r.note(&ENHANCED, span.clone(), Value::Bool(false));
    if audio.format == SoundFormat::AAC {
        let at = r.at();
        let kind = r.skip(1, "an AAC packet type")?[0];
        audio.packet_type = match kind {
            0 => Some("sequence_start"),
            1 => Some("coded_frames"),
            _ => None,
        };
        match audio.packet_type {
            Some(name) => r.note(&PACKET_TYPE, at..at + 1, Value::Word(name)),
            None => r.note(&PACKET_TYPE, at..at + 1, Value::Uint(u64::from(kind))),
        }
        if kind == 0 {
            audio_specific_config(r, audio)?;
        }
    } else {
        audio.sample_rate = match audio.format {
            SoundFormat::NELLYMOSER_16K | SoundFormat::SPEEX => Some(16_000),
            SoundFormat::NELLYMOSER_8K | SoundFormat::MP3_8K | SoundFormat::G711_A | SoundFormat::G711_MU => {
                Some(8_000)
            }
            _ => Some([5_512, 11_025, 22_050, 44_100][usize::from(first >> 2 & 3)]),
        };
        audio.channels = Some(u32::from(first & 1) + 1);
        for (field, value) in [
            (&SAMPLE_RATE, audio.sample_rate.unwrap_or_default()),
            (&SAMPLE_SIZE, if first & 2 == 0 { 8 } else { 16 }),
            (&CHANNELS, u32::from(first & 1) + 1),
        ] {
            r.note(field, span.clone(), Value::Uint(u64::from(value)));
        }
    }
    r.remainder(&DATA);
    Ok(())
}

/// Frequencies by samplingFrequencyIndex. Source: ISO 14496-3 §1.6.3.4.
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// Channels by channelConfiguration. Source: ISO 14496-3 §1.6.3.5, 23001-8.
const CHANNEL_COUNTS: [u32; 15] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];

/// The start of an AudioSpecificConfig: object type, sample rate and channels.
fn audio_specific_config<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let start = r.at();
    let mut bits = Bits { bytes: r.rest(), at: 0 };
    let parsed = (|| {
        let object_type = match bits.take(5)? {
            31 => 32 + bits.take(6)?,
            kind => kind,
        };
        let rate = match bits.take(4)? {
            15 => Some(bits.take(24)?),
            index => RATES.get(index as usize).copied(),
        };
        let channels = CHANNEL_COUNTS.get(bits.take(4)? as usize).copied().filter(|count| *count > 0);
        Some((object_type, rate, channels))
    })();
    let used = start..start + (bits.at.div_ceil(8)) as u32;
    let Some((object_type, rate, channels)) = parsed else {
        return Err(r.stop("AudioSpecificConfig ends early"));
    };
    r.note(&OBJECT_TYPE, used.clone(), Value::Uint(u64::from(object_type)));
    audio.sample_rate = rate;
    audio.channels = channels;
    if let Some(rate) = rate {
        r.note(&SAMPLE_RATE, used.clone(), Value::Uint(u64::from(rate)));
    }
    if let Some(channels) = channels {
        r.note(&CHANNELS, used, Value::Uint(u64::from(channels)));
    }
    Ok(())
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |sum, _| {
            let byte = self.bytes.get(self.at / 8)?;
            let bit = byte >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(sum << 1 | u32::from(bit))
        })
    }
}

fn enhanced<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let at = r.at();
    let first = r.skip(1, "an audio header")?[0];
    r.note(&ENHANCED, at..at + 1, Value::Bool(true));
    let kind = first & 15;
    audio.packet_type = match kind {
        0 => Some("sequence_start"),
        1 => Some("coded_frames"),
        2 => Some("sequence_end"),
        4 => Some("multichannel_config"),
        5 => Some("multitrack"),
        7 => Some("mod_ex"),
        _ => None,
    };
    match audio.packet_type {
        Some(name) => r.note(&PACKET_TYPE, at..at + 1, Value::Word(name)),
        None => r.note(&PACKET_TYPE, at..at + 1, Value::Uint(u64::from(kind))),
    }
    if matches!(kind, 0..=2 | 4) {
        let at = r.at();
        let code = r.skip(4, "a FourCC")?;
        let fourcc = [code[0], code[1], code[2], code[3]];
        audio.fourcc = Some(fourcc);
        r.note(&FOURCC, at..at + 4, Value::Text(at..at + 4));
        if let Some(name) = enhanced_codec(fourcc) {
            r.note(&CODEC, at..at + 4, Value::Word(name));
        }
    }
    r.remainder(&DATA);
    Ok(())
}
