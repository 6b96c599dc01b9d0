//! Video messages: the legacy and the Enhanced RTMP header. Source: FLV 10.1 §E.4.3, Enhanced RTMP v2 "Enhanced Video".

use super::codec::{av1, avc, h263, hevc, metadata, nal, screen, vp6, vp8, vp9, vvc};
use super::enhanced::{self, Media};
use super::facts::video::{
    CODEC, CODEC_ID, COMMAND, COMPOSITION_TIME, Codec, DATA, ENHANCED, FRAME_TYPE, FrameType, METADATA, MOD_EX_TYPE,
    MULTITRACK, PACKET_TYPE, ParameterSet, SHARED, VIDEO, Video, codec_of, packet_type,
};
use super::facts::{Fields, Multitrack, Track, left, note};
use crate::wire::{Reader, Recorder, Stop, Trouble, Value};

/// Reads a video message to the end of its payload.
pub fn video<R: Recorder>(r: &mut Reader<'_, '_, R>) -> (Video, Option<Stop>) {
    let mut video = Video::default();
    let stop = r.group(&VIDEO, |r| {
        let Some(first) = r.peek() else { return Ok(()) };
        video.enhanced = first & 0x80 != 0;
        let read = if video.enhanced { extended(r, &mut video) } else { legacy(r, &mut video) };
        r.remainder(&DATA);
        read
    });
    (video, stop.err())
}

fn legacy<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let (at, whole) = (r.at(), r.rest());
    let first = r.skip(1, "a video header")?[0];
    let span = at..at + 1;
    video.frame_type = FrameType(first >> 4);
    video.codec_id = Codec(first & 15);
    video.data = left(r);
    let wrong = nal::in_place_of_header(whole).or_else(|| reserved(video));
    video.headerless = wrong.is_some();
    if let Some(name) = video.codec() {
        r.note(&CODEC, span.clone(), Value::Word(name));
    }
    r.note(&CODEC_ID, span.clone(), Value::Uint(u64::from(video.codec_id.0)));
    r.note(&ENHANCED, span, Value::Bool(false));
    note(r, &FRAME_TYPE, video.frame_type.name(), video.frame_type.0, at);
    if let Some(what) = wrong {
        return Err(Stop::new(at, what).of(Trouble::Wrapped));
    }
    let is_command = video.frame_type == FrameType::COMMAND;
    // Some senders of commands leave out the AVC header that the specification has there as well.
    if matches!(video.codec_id, Codec::AVC | Codec::HEVC | Codec::AV1) && !(is_command && r.left() < 5) {
        let at = r.at();
        let kind = r.skip(1, "an AVC packet type")?[0];
        video.packet_type = packet_type(kind).filter(|_| kind < 3);
        note(r, &PACKET_TYPE, video.packet_type, kind, at);
        if video.packet_type.is_none() {
            let what = format!("AVC packet type {kind} does not exist: 0 is a sequence header, 1 a frame, 2 the end");
            return Err(Stop::new(at, what).of(Trouble::Wrapped));
        }
        video.composition_time = Some(r.i24(&COMPOSITION_TIME)?);
    }
    if is_command {
        video.command = Some(r.u8(&COMMAND)?);
        return Ok(());
    }
    match video.codec_id {
        Codec::H263 => h263::picture(r, video),
        Codec::SCREEN => screen::picture(r, video, false),
        Codec::SCREEN_2 => screen::picture(r, video, true),
        Codec::VP6 => vp6::picture(r, video, false),
        Codec::VP6_ALPHA => vp6::picture(r, video, true),
        _ => body(r, video),
    }
}

/// What of a first byte is reserved, which no tag header has.
fn reserved(video: &Video) -> Option<String> {
    match (video.frame_type.name(), video.codec_id.0) {
        (None, codec) => {
            Some(format!("no video header: frame type {} is reserved (codec id {codec})", video.frame_type.0))
        }
        (_, codec @ (0 | 1)) => Some(format!("no video header: codec id {codec} is reserved")),
        _ => None,
    }
}

fn extended<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let mut at = r.at();
    let first = r.skip(1, "a video header")?[0];
    r.note(&ENHANCED, at..at + 1, Value::Bool(true));
    video.frame_type = FrameType(first >> 4 & 7);
    note(r, &FRAME_TYPE, video.frame_type.name(), video.frame_type.0, at);
    let mut kind = first & 15;
    if kind == MOD_EX_TYPE {
        video.packet_type = packet_type(kind);
        let modified = enhanced::modifiers(r, &SHARED, MOD_EX_TYPE)?;
        video.timestamp_offset_ns = modified.timestamp_offset_ns;
        (kind, at) = (modified.packet_type, modified.at);
    }
    video.packet_type = packet_type(kind);
    note(r, &PACKET_TYPE, video.packet_type, kind, at);
    if kind != METADATA && video.frame_type == FrameType::COMMAND {
        video.command = Some(r.u8(&COMMAND)?);
        return Ok(());
    }
    if kind == MULTITRACK {
        return enhanced::multitrack(r, video);
    }
    enhanced::codec(r, video)?;
    body(r, video)
}

impl Media for Video {
    const FIELDS: &'static Fields = &SHARED;
    const MULTITRACK: u8 = MULTITRACK;

    fn packet_type(kind: u8) -> Option<&'static str> {
        packet_type(kind)
    }

    fn set_codec(&mut self, fourcc: [u8; 4]) -> Option<&'static str> {
        self.fourcc = Some(fourcc);
        codec_of(fourcc)
    }

    fn track(&self, packet_type: Option<&'static str>) -> Video {
        Video {
            frame_type: self.frame_type,
            fourcc: self.fourcc,
            enhanced: true,
            packet_type,
            timestamp_offset_ns: self.timestamp_offset_ns,
            ..Video::default()
        }
    }

    fn tracks(&mut self) -> (&mut Option<Multitrack>, &mut Vec<Track<Video>>) {
        (&mut self.multitrack, &mut self.tracks)
    }

    fn body<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>) -> Result<(), Stop> {
        body(r, self)
    }
}

/// A coded frame of NAL units; `size` reads that of the pictures from a sequence parameter set.
fn units<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    video: &mut Video,
    kind: &nal::Kind,
    size: impl Fn(&[u8]) -> Option<(u32, u32)>,
) -> Result<(), Stop> {
    let units = nal::units(r, kind)?;
    video.nal_length_sizes = units.sizes;
    video.parameter_set = units.sps.map(|sps| ParameterSet::new(sps, size(sps)));
    Ok(())
}

/// The codec's own bytes, behind whatever header.
fn body<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    video.data = left(r);
    let Some(kind) = video.packet_type else { return Ok(()) };
    let codec = video.codec();
    match kind {
        "coded_frames" | "coded_frames_x" => {
            let has_time = video.enhanced && kind == "coded_frames" && matches!(codec, Some("h264" | "hevc" | "vvc"));
            if has_time {
                video.composition_time = Some(r.i24(&COMPOSITION_TIME)?);
                video.data = left(r);
            }
            match codec {
                Some("h264") => units(r, video, &nal::AVC, avc::size)?,
                Some("hevc") => units(r, video, &nal::HEVC, hevc::size)?,
                Some("vvc") => units(r, video, &nal::VVC, |_| None)?,
                Some("av1") => av1::units(r)?,
                Some("vp8") => vp8::picture(r, video),
                Some("vp9") => vp9::picture(r, video),
                _ => {}
            }
            Ok(())
        }
        "sequence_start" => match codec {
            Some("h264") => avc::configuration(r, video),
            Some("hevc") => hevc::configuration(r, video),
            Some("vvc") => vvc::configuration(r, video),
            Some("av1") => av1::configuration(r, video),
            Some("vp8" | "vp9") => vp9::configuration(r, video),
            _ => Ok(()),
        },
        "mpeg2ts_sequence_start" if codec == Some("av1") => av1::descriptor(r, video),
        "metadata" => metadata::read(r),
        _ => Ok(()),
    }
}
