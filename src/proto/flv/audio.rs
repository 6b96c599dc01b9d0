//! Audio messages: the legacy and the Enhanced RTMP header. Source: FLV 10.1 §E.4.2, Enhanced RTMP v2 "Enhanced Audio".

use std::ops::Range;

use super::codec::{aac, ac3, channels, flac, mp3, opus};
use super::enhanced;
use super::facts::audio::{
    AUDIO, Audio, CODEC, CODEC_ID, DATA, ENHANCED, MOD_EX_TYPE, MULTITRACK, MULTITRACK_TYPE, PACKET_TYPE, SAMPLE_SIZE,
    SHARED, SoundFormat, codec_of, packet_type,
};
use super::facts::{Multitrack, note, number};
use crate::wire::{Reader, Recorder, Stop, Value};

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
