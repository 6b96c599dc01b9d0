//! The audio and video of a session: what each track is, and where its clock stands.
//!
//! A new publish or play does not begin a track anew: where captures reorder, it may seem to come after the media that it asked
//! for. A seek, a pause, a switch or any other command or status on a stream sets the clocks of its tracks anew.

use super::metadata::Metadata;
use crate::limits::Limits;
use crate::proto::flv::ParameterSet;
use crate::proto::rtmp::{Body, Message, MessageType, Part, Spot, is_media, parts};
use crate::wire::{Moment, Side};

/// Tracks that are remembered, and `onMetaData`.
const REMEMBERED: usize = Limits::DEFAULT.story_tracks;
/// Steps that are worked out once for all who ask. A message with more of them is walked each time.
const AHEAD: usize = 16;

/// The tracks of a session, by sender and message stream.
#[derive(Clone, Debug, Default)]
pub struct Tracks {
    tracks: Vec<Track>,
    metadata: Vec<Metadata>,
    /// For each part of the message that was learned last, in order: its track, by its place.
    last: Vec<Option<usize>>,
    /// The steps of the message that comes next, since several rules ask for them, and that message's number.
    ahead: Vec<Step>,
    ahead_of: Option<u64>,
}

/// One track: a sender's audio or video on a message stream.
#[derive(Clone, Debug)]
pub struct Track {
    pub from: Side,
    pub message_stream_id: u32,
    pub kind: MessageType,
    /// 0 where there are no tracks.
    pub id: u8,
    /// The codec of its last message.
    pub codec: Option<&'static str>,
    /// Its decoder was configured.
    pub configured: bool,
    /// It is AAC without tag headers, as its AudioSpecificConfig in the place of one shows.
    pub is_bare: bool,
    /// What its configuration says, and where that says nothing its frames.
    pub profile: Option<&'static str>,
    pub level: Option<&'static str>,
    /// Pixels.
    pub size: Option<(u32, u32)>,
    /// Hz.
    pub sample_rate: Option<u32>,
    /// Bytes of the length before each NAL unit, as its configuration says.
    pub nal_length_size: Option<u8>,
    /// The one sequence parameter set of its configuration.
    pub parameter_set: Option<ParameterSet>,
    pub channels: Option<u32>,
    /// When its last configuration was, in ms.
    pub configuration_time: Option<u32>,
    /// Frames so far.
    pub frames: u64,
    /// When the first one was, in ms, where that is known.
    pub begins: Option<u32>,
    /// When the last one was complete.
    pub last: Moment,
    clock: Option<Clock>,
    /// How often its clock was set anew, or may have missed frames: no figure goes from one turn into the next.
    pub turn: u32,
}

/// When a track's last frame was.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// In ms; it wraps at 2^32.
    time: u32,
    at: Moment,
}

/// From one frame of a clock to the next.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub kind: MessageType,
    /// 0 where there are no tracks.
    pub track: u8,
    /// In ms; they wrap at 2^32.
    pub before: u32,
    pub now: u32,
    /// When the frame before was captured, and when this one was.
    pub times: [Moment; 2],
}

impl Step {
    /// In ms: negative when the clock went back.
    pub fn media(&self) -> i64 {
        i64::from(self.now.wrapping_sub(self.before) as i32)
    }

    /// In ms of capture time.
    pub fn wall(&self) -> i64 {
        self.times[1].time.since(self.times[0].time) / 1_000_000
    }

    /// What moves, in words.
    pub fn what(&self, message: &Message) -> String {
        let kind = self.kind.name().unwrap_or("media");
        let stream = message.head.message_stream_id;
        match self.track {
            0 => format!("{kind} on message stream {stream}"),
            track => format!("{kind} of track {track} on message stream {stream}"),
        }
    }
}

impl Tracks {
    /// Bytes of memory that it takes, about.
    pub(super) fn held(&self) -> usize {
        let metadata: usize = self.metadata.iter().map(Metadata::cost).sum();
        let last = self.last.capacity() * size_of::<Option<usize>>();
        self.tracks.capacity() * size_of::<Track>() + metadata + last + self.ahead.capacity() * size_of::<Step>()
    }

    pub fn get(&self, from: Side, message_stream_id: u32, kind: MessageType, id: u8) -> Option<&Track> {
        self.tracks.get(self.place(from, message_stream_id, kind, id)?)
    }

    /// The track at a place. Places stay.
    pub fn at(&self, place: usize) -> Option<&Track> {
        self.tracks.get(place)
    }

    fn place(&self, from: Side, message_stream_id: u32, kind: MessageType, id: u8) -> Option<usize> {
        self.tracks.iter().position(|track| {
            track.from == from && track.message_stream_id == message_stream_id && track.kind == kind && track.id == id
        })
    }

    /// The tracks of one sender on a message stream.
    pub fn of(&self, from: Side, message_stream_id: u32) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(move |track| track.from == from && track.message_stream_id == message_stream_id)
    }

    /// For each part of the session's last message, in the order of [`parts`]: the place of its track. None where there are
    /// more tracks than are remembered.
    pub fn last(&self) -> &[Option<usize>] {
        &self.last
    }

    /// The last `onMetaData` of each sender and message stream.
    pub fn all_metadata(&self) -> impl Iterator<Item = &Metadata> {
        self.metadata.iter()
    }

    /// The last `onMetaData` of a sender on a message stream.
    pub fn metadata(&self, from: Side, message_stream_id: u32) -> Option<&Metadata> {
        self.metadata.iter().find(|known| known.from == from && known.message_stream_id == message_stream_id)
    }

    /// Whether a side sent any frame.
    pub fn has_frames(&self, from: Side) -> bool {
        self.tracks.iter().any(|track| track.from == from && track.frames > 0)
    }

    /// The steps that a message's frames make, in order, each from the frame before it.
    pub fn steps(&self, message: &Message, step: impl FnMut(Step)) {
        if self.ahead_of == Some(message.n) {
            self.ahead.iter().copied().for_each(step);
        } else {
            self.walk(message, step);
        }
    }

    /// Works out the steps of the message that is to be learned next.
    pub(super) fn look_ahead(&mut self, message: &Message) {
        let mut ahead = std::mem::take(&mut self.ahead);
        ahead.clear();
        let mut are_all = true;
        if is_media(message) {
            self.walk(message, |step| {
                are_all &= ahead.len() < AHEAD;
                if are_all {
                    ahead.push(step);
                }
            });
        }
        self.ahead = ahead;
        self.ahead_of = are_all.then_some(message.n);
    }

    fn walk(&self, message: &Message, mut step: impl FnMut(Step)) {
        let stream = message.head.message_stream_id;
        // Of an aggregate, the last frame of each kind: its track and time.
        let mut inside: [Option<(u8, u32)>; 2] = [None; 2];
        parts(message, |spot, part| {
            let Some(now) = frame_time(spot, part) else { return };
            let (kind, track) = (part.kind(), spot.track);
            let place = usize::from(kind == MessageType::VIDEO);
            let earlier = inside[place].replace((track, now)).filter(|(earlier, _)| *earlier == track);
            let known = || self.get(message.from, stream, kind, track).and_then(|track| track.clock);
            let before = match earlier {
                Some((_, time)) => Some((time, message.head.last)),
                None => known().map(|clock| (clock.time, clock.at)),
            };
            if let Some((before, at)) = before {
                step(Step { kind, track, before, now, times: [at, message.head.last] });
            }
        });
    }

    /// Learns from a message. `frame` is told of each frame.
    pub(super) fn learn(&mut self, message: &Message, mut frame: impl FnMut(Part<'_>)) {
        self.last.clear();
        self.ahead_of = None;
        let (from, stream) = (message.from, message.head.message_stream_id);
        match &message.body {
            _ if is_media(message) => parts(message, |spot, part| {
                if part.is_frame() {
                    frame(part);
                }
                let place = self.learn_part(message, spot, part);
                self.last.push(place);
            }),
            Body::Data(data) if data.handler() == "onMetaData" => {
                self.metadata.retain(|metadata| metadata.from != from || metadata.message_stream_id != stream);
                if let Some(values) = data.values.iter().find(|value| value.text().is_none())
                    && self.metadata.len() < REMEMBERED
                {
                    self.metadata.push(Metadata::of(message, values));
                }
            }
            Body::Command(command) if !command.is_answer() => self.reset(Some(stream).filter(|stream| *stream != 0)),
            Body::UserControl(control) if control.stream_id.is_some() => self.reset(control.stream_id),
            Body::Data(data) if matches!(data.name.as_str(), "onStatus" | "onPlayStatus") => self.reset(Some(stream)),
            _ => {}
        }
    }

    fn learn_part(&mut self, message: &Message, spot: Spot, part: Part<'_>) -> Option<usize> {
        let (from, message_stream_id, kind) = (message.from, message.head.message_stream_id, part.kind());
        let place = match self.place(from, message_stream_id, kind, spot.track) {
            Some(place) => place,
            None if self.tracks.len() >= REMEMBERED => return None,
            None => {
                self.tracks.push(Track::new(message, spot, part));
                self.tracks.len() - 1
            }
        };
        self.tracks[place].learn(message, spot, part);
        Some(place)
    }

    /// Frames of a sender may be missing from here on: no figure goes over that.
    pub(super) fn lose(&mut self, from: Side) {
        self.tracks.iter_mut().filter(|track| track.from == from).for_each(|track| track.turn += 1);
    }

    /// Forgets where the clocks of a message stream stand, or all.
    fn reset(&mut self, stream: Option<u32>) {
        let of_stream = |track: &&mut Track| stream.is_none_or(|stream| track.message_stream_id == stream);
        for track in self.tracks.iter_mut().filter(of_stream) {
            track.clock = None;
            track.turn += 1;
        }
    }
}

impl Track {
    fn new(message: &Message, spot: Spot, part: Part<'_>) -> Track {
        Track {
            from: message.from,
            message_stream_id: message.head.message_stream_id,
            kind: part.kind(),
            id: spot.track,
            codec: part.codec(),
            configured: false,
            is_bare: false,
            profile: None,
            level: None,
            size: None,
            sample_rate: None,
            nal_length_size: None,
            parameter_set: None,
            channels: None,
            configuration_time: None,
            frames: 0,
            begins: None,
            last: message.head.last,
            clock: None,
            turn: 0,
        }
    }

    fn learn(&mut self, message: &Message, spot: Spot, part: Part<'_>) {
        // What is neither says nothing of the track: FFmpeg sends the colours of its second track without its number.
        if !part.is_configuration() && !part.is_frame() {
            return;
        }
        if part.is_configuration() || (self.codec != part.codec() && !part.is_headerless()) {
            self.configured = part.is_configuration();
            self.codec = part.codec();
            (self.profile, self.level, self.size, self.sample_rate, self.channels) = (None, None, None, None, None);
            (self.nal_length_size, self.parameter_set) = (None, None);
        }
        match part {
            Part::Audio(audio) => {
                self.is_bare |= audio.is_bare;
                self.is_bare &= !(audio.codec() == Some("aac") && part.is_configuration());
                self.profile = audio.profile.or(self.profile);
                self.sample_rate = audio.sample_rate.or(self.sample_rate);
                self.channels = audio.channels.or(self.channels);
            }
            Part::Video(video) => {
                self.size = video.width.zip(video.height).or(self.size);
                if let Some(sequence) = &video.sequence {
                    (self.profile, self.level) = (sequence.profile, sequence.level);
                    self.nal_length_size = sequence.nal_length_size;
                    self.parameter_set = video.parameter_set;
                }
            }
        }
        if !part.is_frame() {
            self.configuration_time = spot.time;
            return;
        }
        if self.frames == 0 {
            self.begins = spot.time;
        }
        self.frames += 1;
        self.last = message.head.last;
        match frame_time(spot, part) {
            Some(time) => self.clock = Some(Clock { time, at: message.head.last }),
            None => self.turn += 1,
        }
    }
}

/// The time of a frame, where it is known. Configurations are none: many senders give them time 0 wherever they stand.
fn frame_time(spot: Spot, part: Part<'_>) -> Option<u32> {
    spot.time.filter(|_| part.is_frame())
}
