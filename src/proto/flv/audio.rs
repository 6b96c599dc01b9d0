//! Audio messages: the legacy and the Enhanced RTMP header. Source: FLV 10.1 §E.4.2, Enhanced RTMP v2 "Enhanced Audio".

use std::ops::Range;

use super::codec::{aac, ac3, channels, flac, mp3, opus};
use super::enhanced::{self, Multitrack, Track};
use super::note;
use crate::wire::{Field, Reader, Recorder, Stop, Value, Word};
use crate::{fields, open_enum};

fields! {
    /// An audio message.
    AUDIO: Group "audio", "", "RTMP 1.0 §7.1.4";
    /// The codec, as ffprobe names it.
    CODEC: Word "audio.codec", "", "FLV 10.1 §E.4.2.1", CODECS;
    /// The number of the codec: SoundFormat.
    CODEC_ID: Uint "audio.codec_id", "", "FLV 10.1 §E.4.2.1";
    /// Whether the message has an Enhanced RTMP header.
    ENHANCED: Bool "audio.enhanced", "", "E-RTMP v2";
    /// What the message carries: a sequence header, coded frames and so on.
    PACKET_TYPE: Word "audio.packet_type", "", "FLV 10.1 §E.4.2.1, E-RTMP v2", PACKET_TYPES;
    /// The modifiers in front of the packet.
    MOD_EX: List "audio.mod_ex", "", "E-RTMP v2";
    /// One modifier.
    MODIFIER: Group "audio.mod_ex.item", "", "E-RTMP v2";
    /// The length of the modifier's data.
    MODIFIER_SIZE: Uint "audio.mod_ex.item.size", "bytes", "E-RTMP v2";
    /// The modifier's data.
    MODIFIER_DATA: Bytes "audio.mod_ex.item.data", "", "E-RTMP v2";
    /// What the modifier is.
    MODIFIER_TYPE: Word "audio.mod_ex.item.type", "", "E-RTMP v2";
    /// To be added to the presentation time; the message's own timestamp counts milliseconds only.
    TIMESTAMP_OFFSET_NS: Uint "audio.timestamp_offset_ns", "ns", "E-RTMP v2";
    /// How the tracks of a multitrack message are told apart.
    MULTITRACK_TYPE: Word "audio.multitrack_type", "", "E-RTMP v2";
    /// The four-character code of an Enhanced RTMP codec.
    FOURCC: Text "audio.fourcc", "", "E-RTMP v2";
    /// The tracks of a multitrack message. Each has the members that a message with it alone would have.
    TRACKS: List "audio.tracks", "", "E-RTMP v2";
    /// One track.
    TRACK: Group "audio.tracks.item", "", "E-RTMP v2";
    /// Which track it is: 0 is the default one.
    TRACK_ID: Uint "audio.tracks.item.track_id", "", "E-RTMP v2";
    /// The length of the track's part of the message.
    TRACK_LENGTH: Uint "audio.tracks.item.length", "bytes", "E-RTMP v2";
    /// Samples a second. AAC's is in its sequence header: the FLV header's own bits are a constant there.
    SAMPLE_RATE: Uint "audio.sample_rate", "Hz", "FLV 10.1 §E.4.2.1, the codec's specification";
    /// Bits of one sample.
    SAMPLE_SIZE: Uint "audio.sample_size", "bits", "FLV 10.1 §E.4.2.1";
    /// The number of channels.
    CHANNELS: Uint "audio.channels", "", "FLV 10.1 §E.4.2.1, the codec's specification";
    /// The codec's profile, as ffprobe names it.
    PROFILE: Word "audio.profile", "", "the codec's specification";
    /// Bits a second, where a frame says so.
    BIT_RATE: Uint "audio.bit_rate", "bit/s", "the codec's specification";
    /// Bytes of the codec that are not decoded further.
    DATA: Opaque "audio.data", "", "FLV 10.1 §E.4";
}

static SHARED: enhanced::Fields = enhanced::Fields {
    mod_ex: &MOD_EX,
    modifier: &MODIFIER,
    modifier_type: &MODIFIER_TYPE,
    modifier_size: &MODIFIER_SIZE,
    modifier_data: &MODIFIER_DATA,
    timestamp_offset_ns: &TIMESTAMP_OFFSET_NS,
    fourcc: &FOURCC,
    tracks: &TRACKS,
    track: &TRACK,
    track_id: &TRACK_ID,
    track_length: &TRACK_LENGTH,
    data: &DATA,
};

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
const MULTITRACK: u8 = 5;
const MOD_EX_TYPE: u8 = 7;

/// What an audio message says by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audio {
    pub format: SoundFormat,
    /// The Enhanced RTMP codec, when the header is an enhanced one.
    pub fourcc: Option<[u8; 4]>,
    pub enhanced: bool,
    pub packet_type: Option<&'static str>,
    /// Nanoseconds to add to the presentation time.
    pub timestamp_offset_ns: Option<u32>,
    /// Hz.
    pub sample_rate: Option<u32>,
    pub channels: Option<u32>,
    /// Bits of a sample, in PCM.
    pub sample_size: Option<u8>,
    pub profile: Option<&'static str>,
    /// How the tracks are told apart, in a multitrack message.
    pub multitrack: Option<Multitrack>,
    pub tracks: Vec<Track<Audio>>,
}

impl Audio {
    pub fn codec(&self) -> Option<&'static str> {
        match self.fourcc {
            Some(fourcc) => codec_of(fourcc),
            None if self.enhanced => None,
            // Samples of 8 bits have no byte order.
            None if self.sample_size == Some(8) => Some("pcm_u8"),
            None => self.format.name(),
        }
    }

    /// Every track of the message with its id and the bytes of its body: a message without tracks is track 0, all of it.
    pub fn by_track(&self) -> impl Iterator<Item = (u8, Option<u32>, &Audio)> {
        let alone = self.multitrack.is_none().then_some((0, None, self));
        alone.into_iter().chain(self.tracks.iter().map(|track| (track.id, Some(track.length), &track.media)))
    }

    /// Leaves a number in the message and records it.
    pub(super) fn rate<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>, span: Range<u32>, rate: u32) {
        self.sample_rate = Some(rate);
        number(r, &SAMPLE_RATE, span, rate);
    }

    /// Leaves a number in the message and records it.
    pub(super) fn count<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>, span: Range<u32>, channels: u32) {
        self.channels = Some(channels);
        number(r, &CHANNELS, span, channels);
    }
}

pub(super) fn number<R: Recorder>(r: &mut Reader<'_, '_, R>, field: &'static Field, span: Range<u32>, number: u32) {
    r.note(field, span, Value::Uint(u64::from(number)));
}

/// Every codec that has a name.
const CODECS: &[Word] = &Word::list([
    "pcm",
    "pcm_u8",
    "pcm_s16le",
    "adpcm_swf",
    "mp3",
    "nellymoser",
    "pcm_alaw",
    "pcm_mulaw",
    "aac",
    "speex",
    "opus",
    "device",
    "ac3",
    "eac3",
    "flac",
]);

/// Every packet type that has a name.
const PACKET_TYPES: &[Word] =
    &Word::list(["sequence_start", "coded_frames", "sequence_end", "multichannel_config", "multitrack", "mod_ex"]);

fn codec_of(fourcc: [u8; 4]) -> Option<&'static str> {
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

fn packet_type(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "sequence_start",
        1 => "coded_frames",
        2 => "sequence_end",
        4 => "multichannel_config",
        MULTITRACK => "multitrack",
        MOD_EX_TYPE => "mod_ex",
        _ => return None,
    })
}

/// Reads an audio message to the end of its payload. An empty message is legal: silence.
pub fn audio<R: Recorder>(r: &mut Reader<'_, '_, R>) -> (Audio, Option<Stop>) {
    let mut audio = Audio::default();
    let stop = r.group(&AUDIO, |r| {
        let Some(first) = r.peek() else { return Ok(()) };
        audio.enhanced = first >> 4 == EXTENDED;
        let read = if audio.enhanced { extended(r, &mut audio) } else { legacy(r, &mut audio) };
        r.remainder(&DATA);
        read
    });
    (audio, stop.err())
}

fn legacy<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let at = r.at();
    let first = r.skip(1, "an audio header")?[0];
    let span = at..at + 1;
    audio.format = SoundFormat(first >> 4);
    if matches!(audio.format, SoundFormat::PCM | SoundFormat::PCM_LE) {
        audio.sample_size = Some(if first & 2 == 0 { 8 } else { 16 });
    }
    if let Some(name) = audio.codec() {
        r.note(&CODEC, span.clone(), Value::Word(name));
    }
    r.note(&CODEC_ID, span.clone(), Value::Uint(u64::from(audio.format.0)));
    r.note(&ENHANCED, span.clone(), Value::Bool(false));
    if matches!(audio.format, SoundFormat::MP3 | SoundFormat::MP3_8K) && mp3::frame(r, audio) {
        return Ok(());
    }
    let told = [5_512, 11_025, 22_050, 44_100][usize::from(first >> 2 & 3)];
    let stereo = u32::from(first & 1) + 1;
    let (rate, channels) = match audio.format {
        SoundFormat::AAC => {
            let at = r.at();
            let kind = r.skip(1, "an AAC packet type")?[0];
            audio.packet_type = packet_type(kind).filter(|_| kind < 2);
            note(r, &PACKET_TYPE, audio.packet_type, kind, at);
            return if kind == 0 { aac::configuration(r, audio) } else { Ok(()) };
        }
        // The rate, and with Speex and two of Nellymoser's the one channel, go with the format itself.
        SoundFormat::NELLYMOSER_16K | SoundFormat::SPEEX => (16_000, 1),
        SoundFormat::NELLYMOSER_8K => (8_000, 1),
        SoundFormat::G711_A | SoundFormat::G711_MU | SoundFormat::MP3_8K => (8_000, stereo),
        SoundFormat::PCM | SoundFormat::ADPCM | SoundFormat::MP3 | SoundFormat::PCM_LE | SoundFormat::NELLYMOSER => {
            (told, stereo)
        }
        // Opus of no specification, and formats that nobody knows: the bits mean nothing.
        _ => return Ok(()),
    };
    audio.rate(r, span.clone(), rate);
    if let Some(size) = audio.sample_size {
        number(r, &SAMPLE_SIZE, span.clone(), u32::from(size));
    }
    audio.count(r, span, channels);
    Ok(())
}

fn extended<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let mut at = r.at();
    let first = r.skip(1, "an audio header")?[0];
    r.note(&ENHANCED, at..at + 1, Value::Bool(true));
    let mut kind = first & 15;
    if kind == MOD_EX_TYPE {
        audio.packet_type = packet_type(kind);
        let modified = enhanced::modifiers(r, &SHARED, MOD_EX_TYPE)?;
        audio.timestamp_offset_ns = modified.timestamp_offset_ns;
        (kind, at) = (modified.packet_type, modified.at);
    }
    audio.packet_type = packet_type(kind);
    note(r, &PACKET_TYPE, audio.packet_type, kind, at);
    if kind == MULTITRACK {
        return multitrack(r, audio);
    }
    let (code, span) = enhanced::fourcc(r, &SHARED)?;
    set_codec(r, audio, code, span);
    body(r, audio)
}

fn set_codec<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio, code: [u8; 4], span: Range<u32>) {
    audio.fourcc = Some(code);
    if let Some(name) = codec_of(code) {
        r.note(&CODEC, span, Value::Word(name));
    }
}

fn multitrack<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let at = r.at();
    let kinds = r.skip(1, "a multitrack type")?[0];
    let kind = Multitrack(kinds >> 4);
    audio.multitrack = Some(kind);
    note(r, &MULTITRACK_TYPE, kind.name(), kind.0, at);
    let inner = kinds & 15;
    if kind.name().is_none() {
        return Err(Stop::new(at, format!("unknown multitrack type {}", kind.0)));
    }
    if inner == MULTITRACK {
        return Err(Stop::new(at, "tracks inside tracks"));
    }
    if kind != Multitrack::MANY_TRACKS_MANY_CODECS {
        let (code, span) = enhanced::fourcc(r, &SHARED)?;
        set_codec(r, audio, code, span);
    }
    let base = Audio {
        fourcc: audio.fourcc,
        enhanced: true,
        packet_type: packet_type(inner),
        timestamp_offset_ns: audio.timestamp_offset_ns,
        ..Audio::default()
    };
    let (tracks, trouble) = enhanced::tracks(r, &SHARED, kind, |r, own| {
        let mut track = base.clone();
        // What the track shares with the others stands before all of them: it has no bytes here.
        let here = r.at()..r.at();
        let (code, span) = match own {
            Some((code, span)) => (Some(code), span),
            None => (base.fourcc, here.clone()),
        };
        if let Some(code) = code {
            set_codec(r, &mut track, code, span);
        }
        r.note(&PACKET_TYPE, here, track.packet_type.map_or(Value::Uint(u64::from(inner)), Value::Word));
        let read = body(r, &mut track);
        (track, read)
    });
    audio.tracks = tracks;
    trouble.map_or(Ok(()), Err)
}

/// The codec's own bytes, behind an Enhanced RTMP header.
fn body<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let Some(kind) = audio.packet_type else { return Ok(()) };
    match (kind, audio.codec()) {
        ("multichannel_config", _) => channels::configuration(r, audio),
        ("sequence_start", Some("aac")) => aac::configuration(r, audio),
        ("sequence_start", Some("opus")) => opus::configuration(r, audio),
        ("sequence_start", Some("flac")) => flac::configuration(r, audio),
        ("coded_frames", Some("ac3" | "eac3")) => {
            ac3::frame(r, audio);
            Ok(())
        }
        ("coded_frames", Some("mp3")) => {
            mp3::frame(r, audio);
            Ok(())
        }
        _ => Ok(()),
    }
}
