//! Video messages. Source: FLV 10.1 §E.4.3, Enhanced RTMP v2 "Enhanced Video".

use crate::wire::{Reader, Recorder, Stop, Value};
use crate::{fields, open_enum};

fields! {
    /// A video message's header.
    VIDEO: Group "video", "", "RTMP 1.0 §7.1.5";
    /// The codec, as ffprobe names it.
    CODEC: Word "video.codec", "", "FLV 10.1 §E.4.3.1";
    /// The number of the codec: CodecID.
    CODEC_ID: Uint "video.codec_id", "", "FLV 10.1 §E.4.3.1";
    /// Whether the frame can be decoded alone.
    FRAME_TYPE: Word "video.frame_type", "", "FLV 10.1 §E.4.3.1";
    /// What the message carries: a sequence header, coded frames, an end of sequence.
    PACKET_TYPE: Word "video.packet_type", "", "FLV 10.1 §E.4.3.1, E-RTMP v2";
    /// How long after decoding the frame is shown.
    COMPOSITION_TIME: Int "video.composition_time", "ms", "FLV 10.1 §E.4.3.1, ISO 14496-12 §8.6.1.3";
    /// The command of a command frame: 0 starts a client-side seek, 1 ends it.
    COMMAND: Uint "video.command", "", "FLV 10.1 §E.4.3.1";
    /// The four-character code of an Enhanced RTMP codec.
    FOURCC: Text "video.fourcc", "", "E-RTMP v2";
    /// Whether the message has an Enhanced RTMP header.
    ENHANCED: Bool "video.enhanced", "", "E-RTMP v2";
    /// Bytes of the codec that are not decoded further.
    DATA: Opaque "video.data", "", "FLV 10.1 §E.4";
}

open_enum! {
    /// CodecID: the codec of a video message. Source: FLV 10.1 §E.4.3.1.
    pub struct Codec(u8) {
        H263 = 2 "flv1",
        SCREEN = 3 "flashsv",
        VP6 = 4 "vp6f",
        VP6_ALPHA = 5 "vp6a",
        SCREEN_2 = 6 "flashsv2",
        AVC = 7 "h264",
        /// In no specification; some servers and encoders use it.
        HEVC = 12 "hevc",
        /// In no specification; some servers and encoders use it.
        AV1 = 13 "av1",
    }
}

open_enum! {
    /// Whether a frame can be decoded alone. Source: FLV 10.1 §E.4.3.1.
    pub struct FrameType(u8) {
        KEY = 1 "key",
        INTER = 2 "inter",
        DISPOSABLE = 3 "disposable",
        GENERATED_KEY = 4 "generated_key",
        COMMAND = 5 "command",
    }
}

/// What a video message says by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Video {
    pub frame_type: FrameType,
    pub codec_id: Codec,
    pub fourcc: Option<[u8; 4]>,
    pub enhanced: bool,
    pub packet_type: Option<&'static str>,
    /// Milliseconds.
    pub composition_time: Option<i32>,
}

impl Video {
    pub fn codec(&self) -> Option<&'static str> {
        match self.fourcc {
            Some(fourcc) => enhanced_codec(fourcc),
            None => self.codec_id.name(),
        }
    }
}

fn enhanced_codec(fourcc: [u8; 4]) -> Option<&'static str> {
    Some(match &fourcc {
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"av01" => "av1",
        b"avc1" => "h264",
        b"hvc1" => "hevc",
        b"vvc1" => "vvc",
        _ => return None,
    })
}

/// Reads a video message to the end of its payload.
pub fn video<R: Recorder>(r: &mut Reader<'_, '_, R>) -> (Video, Option<Stop>) {
    let mut video = Video::default();
    let stop = r.group(&VIDEO, |r| {
        let Some(first) = r.peek() else { return Ok(()) };
        video.enhanced = first & 0x80 != 0;
        if video.enhanced { enhanced(r, &mut video) } else { legacy(r, &mut video) }
    });
    (video, stop.err())
}

fn legacy<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let at = r.at();
    let first = r.skip(1, "a video header")?[0];
    let span = at..at + 1;
    video.frame_type = FrameType(first >> 4);
    video.codec_id = Codec(first & 15);
    if let Some(name) = video.codec_id.name() {
        r.note(&CODEC, span.clone(), Value::Word(name));
    }
    r.note(&CODEC_ID, span.clone(), Value::Uint(u64::from(video.codec_id.0)));
    r.note(&ENHANCED, span.clone(), Value::Bool(false));
    note_frame_type(r, video.frame_type, span);
    if video.frame_type == FrameType::COMMAND {
        r.u8(&COMMAND)?;
    } else if matches!(video.codec_id, Codec::AVC | Codec::HEVC | Codec::AV1) {
        let at = r.at();
        let kind = r.skip(1, "an AVC packet type")?[0];
        video.packet_type = match kind {
            0 => Some("sequence_start"),
            1 => Some("coded_frames"),
            2 => Some("sequence_end"),
            _ => None,
        };
        note_packet_type(r, video.packet_type, kind, at);
        video.composition_time = Some(r.i24(&COMPOSITION_TIME)?);
    }
    r.remainder(&DATA);
    Ok(())
}

fn enhanced<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let at = r.at();
    let first = r.skip(1, "a video header")?[0];
    r.note(&ENHANCED, at..at + 1, Value::Bool(true));
    video.frame_type = FrameType(first >> 4 & 7);
    note_frame_type(r, video.frame_type, at..at + 1);
    let kind = first & 15;
    video.packet_type = match kind {
        0 => Some("sequence_start"),
        1 => Some("coded_frames"),
        2 => Some("sequence_end"),
        3 => Some("coded_frames_x"),
        4 => Some("metadata"),
        5 => Some("mpeg2ts_sequence_start"),
        6 => Some("multitrack"),
        7 => Some("mod_ex"),
        _ => None,
    };
    note_packet_type(r, video.packet_type, kind, at);
    if kind < 6 && kind != 4 && video.frame_type == FrameType::COMMAND {
        r.u8(&COMMAND)?;
    } else if kind < 6 {
        let at = r.at();
        let code = r.skip(4, "a FourCC")?;
        let fourcc = [code[0], code[1], code[2], code[3]];
        video.fourcc = Some(fourcc);
        r.note(&FOURCC, at..at + 4, Value::Text(at..at + 4));
        if let Some(name) = enhanced_codec(fourcc) {
            r.note(&CODEC, at..at + 4, Value::Word(name));
        }
        if kind == 1 && matches!(&fourcc, b"avc1" | b"hvc1" | b"vvc1") {
            video.composition_time = Some(r.i24(&COMPOSITION_TIME)?);
        }
    }
    r.remainder(&DATA);
    Ok(())
}

fn note_frame_type<R: Recorder>(r: &mut Reader<'_, '_, R>, kind: FrameType, span: std::ops::Range<u32>) {
    match kind.name() {
        Some(name) => r.note(&FRAME_TYPE, span, Value::Word(name)),
        None => r.note(&FRAME_TYPE, span, Value::Uint(u64::from(kind.0))),
    }
}

fn note_packet_type<R: Recorder>(r: &mut Reader<'_, '_, R>, name: Option<&'static str>, kind: u8, at: u32) {
    match name {
        Some(name) => r.note(&PACKET_TYPE, at..at + 1, Value::Word(name)),
        None => r.note(&PACKET_TYPE, at..at + 1, Value::Uint(u64::from(kind))),
    }
}
