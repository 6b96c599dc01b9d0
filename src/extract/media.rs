//! The elementary streams of one stream: a file for each track, and a new one where its codec changes, or what its file says of it at
//! the beginning.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::clock::{self, Clock};
use super::form::{self, Configuration, Form, Frame, Shape};
use super::item::Item;
use super::shelf::{FileId, Shelf};
use crate::proto::flv::{Audio, FrameType, Video};
use crate::proto::rtmp::Body;
use crate::proto::rtp;

/// Tracks of one stream that have files. The numbers of tracks have eight bits; real streams have two or three.
const TRACKS: usize = 64;

/// What tells a track from others of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    is_video: bool,
    /// Its number in multitrack messages, or which of FTL's sources of its kind it is, from 0.
    id: u32,
}

/// The tracks of one stream.
#[derive(Debug)]
pub(super) struct Tracks {
    /// What all its files are called by.
    base: String,
    tracks: BTreeMap<Key, Track>,
    /// Sources of FTL, in the order in which they came.
    sources: Vec<(bool, u32)>,
    clock: Clock,
    /// The time of the last frame.
    last: Option<u32>,
    /// Files that may be begun.
    pub(super) left: u64,
}

#[derive(Debug, Default)]
struct Track {
    /// What clauses call it.
    label: String,
    codec: Option<&'static str>,
    /// The last one that came, whether or not a file has it.
    configuration: Option<Arc<Configuration>>,
    open: Option<Open>,
    /// Files so far.
    parts: u32,
    /// Frames of the codec that are not in a file, and why the first of them is not.
    left_out: u64,
    why: Option<String>,
}

#[derive(Debug)]
struct Open {
    name: String,
    file: FileId,
    form: Box<dyn Form>,
    frames: u64,
    bytes: u64,
}

/// An elementary stream that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elementary {
    pub name: String,
    pub codec: &'static str,
    pub frames: u64,
    pub bytes: u64,
}

/// Frames that are in no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    pub codec: &'static str,
    pub frames: u64,
    /// A clause.
    pub why: String,
}

/// What came of tracks that ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) written: Vec<Elementary>,
    pub(super) left_out: Vec<LeftOver>,
}

/// What of a frame can be decoded: of a picture its whole NAL units.
fn whole(frame: &rtp::Frame) -> Bytes {
    match &frame.media {
        _ if frame.is_whole() => frame.data.clone(),
        rtp::Media::H264 { units, .. } => {
            let (mut whole, mut at) = (Vec::new(), 0usize);
            for unit in units {
                let end = at + 4 + unit.length as usize;
                let bytes = frame.data.get(at..end).filter(|_| unit.whole);
                whole.extend_from_slice(bytes.unwrap_or_default());
                at = end;
            }
            whole.into()
        }
        _ => Bytes::new(),
    }
}

/// One part of an item: audio or video of one track.
struct Part {
    key: Key,
    codec: Option<&'static str>,
    packet_type: Option<&'static str>,
    data: Bytes,
    is_key: bool,
    /// It is neither sound nor a picture.
    is_command: bool,
    shape: Shape,
}

impl Part {
    fn of_audio(item: &Item<'_>, track: u8, audio: &Audio) -> Part {
        Part {
            key: Key { is_video: false, id: u32::from(track) },
            codec: audio.codec(),
            packet_type: audio.packet_type,
            data: item.bytes(&audio.data),
            is_key: false,
            is_command: false,
            shape: Shape::of_audio(audio),
        }
    }

    fn of_video(item: &Item<'_>, track: u8, video: &Video) -> Part {
        Part {
            key: Key { is_video: true, id: u32::from(track) },
            codec: video.codec(),
            packet_type: video.packet_type,
            data: item.bytes(&video.data),
            is_key: matches!(video.frame_type, FrameType::KEY | FrameType::GENERATED_KEY),
            is_command: video.frame_type == FrameType::COMMAND,
            shape: Shape::of_video(video),
        }
    }
}

impl Tracks {
    pub(super) fn new(base: String) -> Tracks {
        Tracks { base, tracks: BTreeMap::new(), sources: Vec::new(), clock: Clock::default(), last: None, left: 0 }
    }

    /// The time of the last frame.
    pub(super) fn timestamp(&self) -> Option<u32> {
        self.last
    }

    /// Bytes that wait, and those kept of configurations.
    pub(super) fn held(&self) -> usize {
        let held = |track: &Track| {
            let form = track.open.as_ref().map_or(0, |open| open.form.held());
            form + track.configuration.as_ref().map_or(0, |configuration| configuration.held())
        };
        self.tracks.values().map(held).sum()
    }

    /// The next item. What of it is left out goes to `troubles`, and that times go back to `backs`; clauses, each once as long as it
    /// goes on.
    pub(super) fn put(
        &mut self,
        item: &Item<'_>,
        shelf: &mut impl Shelf,
        troubles: &mut Vec<String>,
        backs: &mut Vec<String>,
        ended: &mut Ended,
    ) -> io::Result<()> {
        let (time, before) = self.clock.take(item);
        backs.extend(before.and_then(|before| clock::back(before.whole, time.whole)));
        self.last = self.clock.last().map(|last| last.sent);
        let parts: Vec<(Part, std::ops::Range<u32>)> = match item.body {
            _ if item.payload.is_empty() => return Ok(()),
            Body::Audio(audio) => {
                let parts = audio.by_track();
                parts.map(|(track, _, audio)| (Part::of_audio(item, track, audio), audio.data.clone())).collect()
            }
            Body::Video(video) => {
                let parts = video.by_track();
                parts.map(|(track, _, video)| (Part::of_video(item, track, video), video.data.clone())).collect()
            }
            _ => return Ok(()),
        };
        for (part, place) in parts {
            if part.packet_type == Some("sequence_start") {
                if let Some(why) = Configuration::too_long(&part.data) {
                    troubles.push(why);
                    continue;
                }
                let configuration = if part.key.is_video {
                    Configuration::of_video(&item.payload, item.base, &place, &part.data)
                } else {
                    Configuration::of_audio(&part.data)
                };
                self.configure(part.key, part.codec, configuration);
                continue;
            }
            let is_frame = matches!(part.packet_type, None | Some("coded_frames" | "coded_frames_x"));
            if !is_frame || part.is_command || part.data.is_empty() {
                continue;
            }
            let frame = Frame { data: &part.data, time: time.whole.max(0) as u64, is_key: part.is_key };
            self.frame(part.key, part.codec, &frame, &part.shape, shelf, troubles, ended)?;
        }
        Ok(())
    }

    /// The next frame of FTL, of a source whose packets say that it has this codec.
    pub(super) fn put_rtp(
        &mut self,
        frame: &rtp::Frame,
        codec: Option<rtp::Codec>,
        shelf: &mut impl Shelf,
        troubles: &mut Vec<String>,
        ended: &mut Ended,
    ) -> io::Result<()> {
        let is_key = matches!(frame.media, rtp::Media::H264 { is_key: true, .. });
        let is_video = codec.is_some_and(|codec| codec.kind() == rtp::Kind::Video);
        let key = Key { is_video, id: self.source(is_video, frame.ssrc) };
        let clock = codec.and_then(rtp::Codec::clock).unwrap_or(90_000);
        let time = frame.timestamp / (clock / 1000).max(1);
        if matches!(frame.media, rtp::Media::Opaque) {
            let track = self.tracks.entry(key).or_insert_with(|| Track::new(key));
            track.codec = codec.map(rtp::Codec::name);
            track.leave_out("its packets are not put together".to_owned(), troubles);
            return Ok(());
        }
        let whole = whole(frame);
        if !frame.is_whole() {
            troubles.push(
                match &frame.media {
                    rtp::Media::H264 { .. } if !whole.is_empty() => {
                        "a picture is not whole: what is whole of it is written"
                    }
                    _ => "a frame is not whole, and is left out",
                }
                .to_owned(),
            );
        }
        if whole.is_empty() {
            return Ok(());
        }
        let shape = Shape { length_size: Some(4), ..Shape::default() };
        self.last = Some(time);
        let frame = Frame { data: &whole, time: u64::from(time), is_key };
        self.frame(key, codec.map(rtp::Codec::name), &frame, &shape, shelf, troubles, ended)
    }

    /// Which of the sources of its kind it is. Those beyond the limit are one.
    fn source(&mut self, is_video: bool, ssrc: u32) -> u32 {
        let place = |sources: &[(bool, u32)]| {
            sources.iter().filter(|source| source.0 == is_video).position(|source| source.1 == ssrc)
        };
        if place(&self.sources).is_none() && self.sources.len() < TRACKS {
            self.sources.push((is_video, ssrc));
        }
        place(&self.sources).unwrap_or(TRACKS) as u32
    }

    fn configure(&mut self, key: Key, codec: Option<&'static str>, configuration: Configuration) {
        if self.tracks.len() >= TRACKS && !self.tracks.contains_key(&key) {
            return;
        }
        let track = self.tracks.entry(key).or_insert_with(|| Track::new(key));
        // One that is the open file's waits with the next frame; one of another codec for a frame of that.
        track.configuration = Some(Arc::new(configuration));
        if let Some(open) = &mut track.open
            && track.codec == codec
            && let Some(configuration) = &track.configuration
            && open.form.goes_on(Some(configuration), &Shape::default())
        {
            // What is wrong with it is said with the first frame that cannot be written.
            let _ = open.form.configure(configuration);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn frame(
        &mut self,
        key: Key,
        codec: Option<&'static str>,
        frame: &Frame<'_>,
        shape: &Shape,
        shelf: &mut impl Shelf,
        troubles: &mut Vec<String>,
        ended: &mut Ended,
    ) -> io::Result<()> {
        if self.tracks.len() >= TRACKS && !self.tracks.contains_key(&key) {
            troubles.push(format!("its stream has more than {TRACKS} tracks"));
            return Ok(());
        }
        let base = &self.base;
        let track = self.tracks.entry(key).or_insert_with(|| Track::new(key));
        let codec = codec.unwrap_or("unknown");
        let configuration = track.configuration.clone();
        let configuration = configuration.as_deref();
        let ends = track.codec.is_some_and(|before| before != codec)
            || track.open.as_ref().is_some_and(|open| !open.form.goes_on(configuration, shape));
        if ends {
            track.finish(shelf, ended)?;
        }
        track.codec = Some(codec);
        if track.open.is_none() && self.left == 0 {
            track.leave_out("as many files are there as are written at all".to_owned(), troubles);
            return Ok(());
        }
        if track.open.is_none() {
            let form = form::of(codec).map_err(str::to_owned).and_then(|mut form| {
                configuration.map_or(Ok(()), |configuration| form.configure(configuration))?;
                Ok(form)
            });
            let form = match form {
                Ok(form) => form,
                Err(why) => {
                    track.leave_out(why, troubles);
                    return Ok(());
                }
            };
            let mut open = Open { name: String::new(), file: FileId(0), form, frames: 0, bytes: 0 };
            let mut out = Vec::new();
            let read = open.form.frame(frame, shape, &mut out);
            if let Err(why) = read {
                if out.is_empty() {
                    track.leave_out(why, troubles);
                    return Ok(());
                }
                track.say(why, troubles);
            }
            track.parts += 1;
            self.left -= 1;
            let kind = if key.is_video { "video" } else { "audio" };
            let id = if key.id != 0 { format!("-track{}", key.id) } else { String::new() };
            let part = if track.parts > 1 { format!("-{}", track.parts) } else { String::new() };
            open.name = format!("{base}.{kind}{id}{part}.{}", open.form.ending());
            open.file = shelf.begin(&open.name)?;
            open.frames = 1;
            open.bytes = out.len() as u64;
            shelf.write(open.file, &out)?;
            track.open = Some(open);
            return Ok(());
        }
        let Some(open) = &mut track.open else { return Ok(()) };
        let mut out = Vec::new();
        let read = open.form.frame(frame, shape, &mut out);
        open.bytes += out.len() as u64;
        shelf.write(open.file, &out)?;
        match read {
            Ok(()) => {
                open.frames += 1;
                track.why = None;
            }
            Err(why) if out.is_empty() => track.leave_out(why, troubles),
            Err(why) => {
                open.frames += 1;
                track.say(why, troubles);
            }
        }
        Ok(())
    }

    /// Ends all files.
    pub(super) fn finish(mut self, shelf: &mut impl Shelf, ended: &mut Ended) -> io::Result<()> {
        self.tracks.values_mut().try_for_each(|track| track.finish(shelf, ended))
    }
}

impl Track {
    fn new(key: Key) -> Track {
        let number = if key.id == 0 { String::new() } else { format!(" track {}", key.id) };
        Track { label: format!("{}{number}", if key.is_video { "video" } else { "audio" }), ..Track::default() }
    }

    fn say(&mut self, why: String, troubles: &mut Vec<String>) {
        if self.why.as_ref() != Some(&why) {
            troubles.push(format!("{}: {why}", self.label));
            self.why = Some(why);
        }
    }

    fn leave_out(&mut self, why: String, troubles: &mut Vec<String>) {
        self.left_out += 1;
        self.say(why, troubles);
    }

    /// Ends the file.
    fn finish(&mut self, shelf: &mut impl Shelf, ended: &mut Ended) -> io::Result<()> {
        let codec = self.codec.unwrap_or("unknown");
        if let Some(mut open) = self.open.take() {
            let mut out = Vec::new();
            let patch = open.form.finish(&mut out);
            open.bytes += out.len() as u64;
            shelf.write(open.file, &out)?;
            if let Some(patch) = patch {
                shelf.patch(open.file, patch.offset, &patch.bytes)?;
            }
            shelf.finish(open.file)?;
            let Open { name, frames, bytes, .. } = open;
            ended.written.push(Elementary { name, codec, frames, bytes });
        }
        if self.left_out > 0 {
            let (frames, why) = (std::mem::take(&mut self.left_out), self.why.take().unwrap_or_default());
            ended.left_out.push(LeftOver { codec, frames, why });
        }
        Ok(())
    }
}
