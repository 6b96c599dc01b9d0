use crate::proto::amf::Amf;
use crate::proto::flv::Video;
use crate::proto::rtmp::{Body, Message, MessageType, Part, is_media, parts};
use crate::wire::{Moment, Side};

/// Tracks that are remembered. A stream has one or two.
const REMEMBERED: usize = 256;

/// The media of a session: what each track is, by its sender and message stream. A new publish or play does not begin a track
/// anew: where captures reorder, it may seem to come after the media that it asked for.
#[derive(Clone, Debug, Default)]
pub struct Media {
    tracks: Vec<Track>,
    metadata: Vec<Metadata>,
}

/// One track.
#[derive(Clone, Debug)]
pub struct Track {
    pub from: Side,
    pub message_stream_id: u32,
    pub kind: MessageType,
    pub id: u8,
    /// The codec of its last message.
    pub codec: Option<&'static str>,
    /// Its decoder was configured.
    pub configured: bool,
    /// Pixels, as its configuration says.
    pub size: Option<(u32, u32)>,
    /// Hz, as its configuration says.
    pub sample_rate: Option<u32>,
    /// Frames so far.
    pub frames: u64,
    /// When the last one was complete.
    pub last: Moment,
}

/// What an `onMetaData` says of the media beside it.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub from: Side,
    pub message_stream_id: u32,
    pub width: Option<f64>,
    pub height: Option<f64>,
    pub sample_rate: Option<f64>,
    pub video_codec: Option<Amf>,
    pub audio_codec: Option<Amf>,
}

impl Media {
    /// Bytes of memory that it takes, about.
    pub(crate) fn held(&self) -> usize {
        self.tracks.capacity() * size_of::<Track>() + self.metadata.capacity() * size_of::<Metadata>()
    }

    pub fn track(&self, from: Side, message_stream_id: u32, kind: MessageType, id: u8) -> Option<&Track> {
        self.tracks.iter().find(|track| {
            track.from == from && track.message_stream_id == message_stream_id && track.kind == kind && track.id == id
        })
    }

    /// The tracks of one sender on a message stream.
    pub fn of(&self, from: Side, message_stream_id: u32) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(move |track| track.from == from && track.message_stream_id == message_stream_id)
    }

    /// The last `onMetaData` of a sender on a message stream.
    pub fn metadata(&self, from: Side, message_stream_id: u32) -> Option<&Metadata> {
        self.metadata.iter().find(|known| known.from == from && known.message_stream_id == message_stream_id)
    }

    pub(super) fn learn(&mut self, message: &Message) {
        let (from, stream) = (message.from, message.head.message_stream_id);
        match &message.body {
            Body::Data(data) if data.handler() == "onMetaData" => {
                self.metadata.retain(|metadata| metadata.from != from || metadata.message_stream_id != stream);
                if let Some(values) = data.values.iter().find(|value| value.text().is_none())
                    && self.metadata.len() < REMEMBERED
                {
                    self.metadata.push(Metadata::of(message, values));
                }
            }
            _ if is_media(message) => parts(message, |spot, part| self.learn_part(message, spot.track, part)),
            _ => {}
        }
    }

    fn learn_part(&mut self, message: &Message, id: u8, part: Part<'_>) {
        let (from, message_stream_id, kind) = (message.from, message.head.message_stream_id, part.kind());
        let place = self.tracks.iter().position(|track| {
            track.from == from && track.message_stream_id == message_stream_id && track.kind == kind && track.id == id
        });
        let place = match place {
            Some(place) => place,
            None if self.tracks.len() >= REMEMBERED => return,
            None => {
                let (codec, last) = (part.codec(), message.head.last);
                self.tracks.push(Track {
                    from,
                    message_stream_id,
                    kind,
                    id,
                    codec,
                    configured: false,
                    size: None,
                    sample_rate: None,
                    frames: 0,
                    last,
                });
                self.tracks.len() - 1
            }
        };
        // What is neither says nothing of the track: FFmpeg sends the colours of its second track without its number.
        if !part.is_configuration() && !part.is_frame() {
            return;
        }
        let track = &mut self.tracks[place];
        if part.is_configuration() || track.codec != part.codec() {
            track.configured = part.is_configuration();
            track.codec = part.codec();
            track.size = match part {
                Part::Video(Video { width: Some(width), height: Some(height), .. }) => Some((*width, *height)),
                _ => None,
            };
            track.sample_rate = match part {
                Part::Audio(audio) => audio.sample_rate,
                Part::Video(_) => None,
            };
        }
        if part.is_frame() {
            track.frames += 1;
            track.last = message.head.last;
        }
    }
}

impl Metadata {
    /// Reads the values of an `onMetaData`.
    pub fn of(message: &Message, values: &Amf) -> Metadata {
        let number = |name: &str| values.member(name).and_then(Amf::number);
        Metadata {
            from: message.from,
            message_stream_id: message.head.message_stream_id,
            width: number("width"),
            height: number("height"),
            sample_rate: number("audiosamplerate"),
            video_codec: values.member("videocodecid").cloned(),
            audio_codec: values.member("audiocodecid").cloned(),
        }
    }
}
