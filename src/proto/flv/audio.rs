//! Audio messages: the legacy and the Enhanced RTMP header. Source: FLV 10.1 §E.4.2, Enhanced RTMP v2 "Enhanced Audio".

use super::codec::{aac, ac3, channels, flac, mp3, opus};
use super::enhanced::{self, Media};
use super::facts::audio::{
    AUDIO, Audio, CODEC, CODEC_ID, DATA, ENHANCED, MOD_EX_TYPE, MULTITRACK, PACKET_TYPE, SAMPLE_SIZE, SHARED,
    SoundFormat, codec_of, packet_type,
};
use super::facts::{Fields, Multitrack, Track, left, note, number};
use crate::wire::{Reader, Recorder, Stop, Trouble, Value};

/// SoundFormat 9 says that an Enhanced RTMP header follows instead.
const EXTENDED: u8 = 9;

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
    let (at, whole) = (r.at(), r.rest());
    let first = r.skip(1, "an audio header")?[0];
    let span = at..at + 1;
    audio.format = SoundFormat(first >> 4);
    audio.data = left(r);
    let wrong = in_place_of_header(whole, audio.format);
    audio.headerless = wrong.is_some();
    audio.is_bare = audio.headerless && aac::is_configuration(whole);
    if matches!(audio.format, SoundFormat::PCM | SoundFormat::PCM_LE) {
        audio.sample_size = Some(if first & 2 == 0 { 8 } else { 16 });
    }
    if let Some(name) = audio.codec() {
        r.note(&CODEC, span.clone(), Value::Word(name));
    }
    r.note(&CODEC_ID, span.clone(), Value::Uint(u64::from(audio.format.0)));
    r.note(&ENHANCED, span.clone(), Value::Bool(false));
    if let Some(what) = wrong {
        return Err(Stop::new(at, what).of(Trouble::Wrapped));
    }
    if matches!(audio.format, SoundFormat::MP3 | SoundFormat::MP3_8K) {
        if mp3::frame(r, audio) {
            return Ok(());
        }
        if let Some(what) = aac::under_other_label(r.rest()) {
            return Err(r.stop(format!("{what} stands where an MP3 frame belongs")).of(Trouble::Mislabelled));
        }
    }
    let told = [5_512, 11_025, 22_050, 44_100][usize::from(first >> 2 & 3)];
    let stereo = u32::from(first & 1) + 1;
    let (rate, channels) = match audio.format {
        SoundFormat::AAC => {
            let at = r.at();
            let kind = r.skip(1, "an AAC packet type")?[0];
            audio.data = left(r);
            audio.packet_type = packet_type(kind).filter(|_| kind < 2);
            note(r, &PACKET_TYPE, audio.packet_type, kind, at);
            return match kind {
                0 => aac::configuration(r, audio),
                1 => aac::frame(r),
                _ => Err(no_packet_type(kind, &whole[1..], at)),
            };
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

/// What stands where the tag header belongs, if that is none. Sound format 15, as which bytes of ff are read, is reserved.
fn in_place_of_header(bytes: &[u8], format: SoundFormat) -> Option<String> {
    const PLACE: &str = "stands where the audio tag header belongs";
    match format {
        SoundFormat::DEVICE => Some(match (aac::header(bytes), bytes) {
            (Some(what), _) => format!("{what} {PLACE}"),
            (None, [0xff, second @ (0xe2..=0xe7 | 0xf2..=0xf7 | 0xfa..=0xff), ..]) => {
                format!("an MPEG audio header (ff{second:02x}) {PLACE}")
            }
            _ => "no audio header: sound format 15 is reserved".to_owned(),
        }),
        SoundFormat(12) => Some("no audio header: sound format 12 is reserved".to_owned()),
        // Whoever sends ADPCM sends hundreds of samples at once.
        SoundFormat::ADPCM if aac::is_configuration(bytes) => {
            Some(format!("an AudioSpecificConfig ({}) {PLACE}", aac::beginning(bytes)))
        }
        _ => aac::framing(bytes).map(|what| format!("{what} {PLACE}")),
    }
}

/// What is wrong with an AAC message whose packet type is none, given its bytes from that on.
fn no_packet_type(kind: u8, bytes: &[u8], at: u32) -> Stop {
    const PLACE: &str = "stands where the AAC packet type belongs";
    let what = match (mp3::instead(bytes), aac::header(bytes)) {
        (Some(what), _) => return Stop::new(at, format!("{what} {PLACE}")).of(Trouble::Mislabelled),
        (None, Some(what)) => format!("{what} {PLACE}"),
        _ if aac::is_configuration(bytes) => format!("an AudioSpecificConfig ({}) {PLACE}", aac::beginning(bytes)),
        _ => format!("AAC packet type {kind} does not exist: 0 is a sequence header, 1 a frame"),
    };
    Stop::new(at, what).of(Trouble::Wrapped)
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
        return enhanced::multitrack(r, audio);
    }
    enhanced::codec(r, audio)?;
    body(r, audio)
}

impl Media for Audio {
    const FIELDS: &'static Fields = &SHARED;
    const MULTITRACK: u8 = MULTITRACK;

    fn packet_type(kind: u8) -> Option<&'static str> {
        packet_type(kind)
    }

    fn set_codec(&mut self, fourcc: [u8; 4]) -> Option<&'static str> {
        self.fourcc = Some(fourcc);
        codec_of(fourcc)
    }

    fn track(&self, packet_type: Option<&'static str>) -> Audio {
        Audio {
            fourcc: self.fourcc,
            enhanced: true,
            packet_type,
            timestamp_offset_ns: self.timestamp_offset_ns,
            ..Audio::default()
        }
    }

    fn tracks(&mut self) -> (&mut Option<Multitrack>, &mut Vec<Track<Audio>>) {
        (&mut self.multitrack, &mut self.tracks)
    }

    fn body<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>) -> Result<(), Stop> {
        body(r, self)
    }
}

/// The codec's own bytes, behind an Enhanced RTMP header.
fn body<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    audio.data = left(r);
    let Some(kind) = audio.packet_type else { return Ok(()) };
    match (kind, audio.codec()) {
        ("multichannel_config", _) => channels::configuration(r, audio),
        ("sequence_start", Some("aac")) => aac::configuration(r, audio),
        ("sequence_start", Some("opus")) => opus::configuration(r, audio),
        ("sequence_start", Some("flac")) => flac::configuration(r, audio),
        ("coded_frames", Some("aac")) => aac::frame(r),
        ("coded_frames", Some("flac")) => flac::frame(r),
        ("coded_frames", Some("opus")) => opus::packet(r),
        ("coded_frames", Some("ac3" | "eac3")) => ac3::frame(r, audio),
        ("coded_frames", Some("mp3")) => {
            mp3::frame(r, audio);
            Ok(())
        }
        _ => Ok(()),
    }
}
