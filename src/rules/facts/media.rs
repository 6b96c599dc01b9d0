use crate::proto::amf::Amf;
use crate::proto::flv::{Audio, FrameType, Video};
use crate::proto::rtmp::{Body, Message, MessageType};
use crate::wire::{Moment, Side};

/// Tracks that are remembered. A stream has one or two.
const REMEMBERED: usize = 256;

/// Audio or video of one track in a message.
#[derive(Clone, Copy, Debug)]
pub enum Part<'m> {
    Audio(&'m Audio),
    Video(&'m Video),
}

impl Part<'_> {
    pub fn kind(&self) -> MessageType {
        match self {
            Part::Audio(_) => MessageType::AUDIO,
            Part::Video(_) => MessageType::VIDEO,
        }
    }

    pub fn codec(&self) -> Option<&'static str> {
        match self {
            Part::Audio(audio) => audio.codec(),
            Part::Video(video) => video.codec(),
        }
    }

    pub fn packet_type(&self) -> Option<&'static str> {
        match self {
            Part::Audio(audio) => audio.packet_type,
            Part::Video(video) => video.packet_type,
        }
    }

    pub fn is_enhanced(&self) -> bool {
        match self {
            Part::Audio(audio) => audio.enhanced,
            Part::Video(video) => video.enhanced,
        }
    }

    /// Whether it configures its decoder.
    pub fn is_configuration(&self) -> bool {
        matches!(self.packet_type(), Some("sequence_start" | "mpeg2ts_sequence_start"))
    }

    /// Whether it is sound or a picture.
    pub fn is_frame(&self) -> bool {
        let is_command = matches!(self, Part::Video(video) if video.frame_type == FrameType::COMMAND);
        !is_command && matches!(self.packet_type(), None | Some("coded_frames" | "coded_frames_x"))
    }
}

/// The parts of a message that are audio or video, each with its track; those inside an aggregate too. A message without
/// payload is silence and has none.
pub fn parts(message: &Message, mut found: impl FnMut(u8, Part<'_>)) {
    let mut of_body = |body: &Body, length: u32| match body {
        Body::Audio(audio) if length > 0 => {
            audio.by_track().for_each(|(track, audio)| found(track, Part::Audio(audio)));
        }
        Body::Video(video) if length > 0 => {
            video.by_track().for_each(|(track, video)| found(track, Part::Video(video)));
        }
        _ => {}
    };
    match &message.body {
        Body::Aggregate(messages) => messages.iter().for_each(|inside| of_body(&inside.body, inside.length)),
        body => of_body(body, message.head.length),
    }
}

/// Whether a message carries audio or video.
pub fn is_media(message: &Message) -> bool {
    matches!(message.body, Body::Audio(_) | Body::Video(_) | Body::Aggregate(_))
}

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
    pub(super) fn held(&self) -> usize {
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
            _ if is_media(message) => parts(message, |id, part| self.learn_part(message, id, part)),
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
