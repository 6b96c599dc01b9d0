//! What `onMetaData` says of the media beside it. Source: FLV 10.1 §E.5; Enhanced RTMP v2.

use crate::proto::amf::Amf;
use crate::proto::rtmp::Message;
use crate::wire::Side;

/// The values of an `onMetaData` that somebody asks for.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub from: Side,
    pub message_stream_id: u32,
    pub n: u64,
    /// Pixels.
    pub width: Option<f64>,
    pub height: Option<f64>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
    /// Kilobits a second.
    pub video_data_rate: Option<f64>,
    pub audio_data_rate: Option<f64>,
    /// Hz, or a code of FLV for it.
    pub sample_rate: Option<f64>,
    pub video_codec: Option<Amf>,
    pub audio_codec: Option<Amf>,
    /// The program that made the media.
    pub encoder: Option<String>,
}

impl Metadata {
    /// Reads the values of an `onMetaData`.
    pub fn of(message: &Message, values: &Amf) -> Metadata {
        let number = |name: &str| values.member(name).and_then(Amf::number).filter(|number| number.is_finite());
        // A value that names a codec is a number or four letters.
        let codec = |name: &str| values.member(name).filter(|value| value.text().is_none_or(|text| text.len() <= 8));
        Metadata {
            from: message.from,
            message_stream_id: message.head.message_stream_id,
            n: message.n,
            width: number("width"),
            height: number("height"),
            frame_rate: number("framerate"),
            video_data_rate: number("videodatarate"),
            audio_data_rate: number("audiodatarate"),
            sample_rate: number("audiosamplerate"),
            video_codec: codec("videocodecid").filter(|value| value.members().is_empty()).cloned(),
            audio_codec: codec("audiocodecid").filter(|value| value.members().is_empty()).cloned(),
            encoder: values.member("encoder").and_then(Amf::text).map(str::to_owned),
        }
    }

    /// Bytes of memory that it takes, about.
    pub(super) fn cost(&self) -> usize {
        size_of::<Metadata>() + self.encoder.as_ref().map_or(0, String::len)
    }
}
