//! Figures of one track: frames, bytes and how its clock ran. What the track is, and when its clock was set anew, the story tells.

use super::latency::Room;
use super::pace::{self, Pace};
use super::series::{Join, Spans, TrackSecond};
use crate::limits::Limits;
use crate::proto::flv::FrameType;
use crate::proto::rtmp::{Message, MessageType, Part, Spot, is_media, parts};
use crate::story::{self, Story};
use crate::wire::{Moment, Side, Time};

/// Tracks of a session that are told.
const TRACKS: usize = Limits::DEFAULT.stats_tracks;
/// A step of a clock past which it is no delay but a jump, in ms.
const JUMP: i64 = 10_000;
/// The time over which the highest bit rate is taken, in ms, and how much longer one such stretch may be.
const STRETCH: i64 = 1000;
const LONGEST_STRETCH: i64 = 2000;

/// The audio and video tracks of a session.
#[derive(Clone, Debug, Default)]
pub struct Tracks {
    tracks: Vec<Track>,
    /// Frames of tracks that are not told.
    pub more: u64,
}

/// One track: a sender's audio or video on a message stream.
#[derive(Clone, Debug)]
pub struct Track {
    /// Its place in the session's story.
    place: usize,
    pub from: Side,
    pub message_stream_id: u32,
    pub kind: MessageType,
    /// 0 where there are no tracks.
    pub id: u8,
    /// What the track is, once the session is over.
    pub codec: Option<&'static str>,
    pub profile: Option<&'static str>,
    pub level: Option<&'static str>,
    /// Pixels.
    pub size: Option<(u32, u32)>,
    /// Hz.
    pub sample_rate: Option<u32>,
    pub channels: Option<u32>,
    /// Sequence headers.
    pub configurations: u64,
    pub frames: u64,
    /// Bytes of all frames, with the FLV headers in front.
    pub bytes: u64,
    pub key_frames: u64,
    pub disposable_frames: u64,
    /// When the first and the last frame were complete.
    pub first: Moment,
    pub last: Moment,
    /// Ms that its clock went on, without its jumps.
    pub time: i64,
    /// How often it went on, and the bytes of the frames that it did so from.
    pub steps: u64,
    stepped: u64,
    /// Ms: the largest of these steps.
    pub longest_step: i64,
    /// How often its clock went back, or on by more than ten seconds, while nothing asked for that.
    pub back: u64,
    pub jumps: u64,
    /// Ms from one key frame to the next.
    pub key_intervals: u64,
    pub key_interval_least: i64,
    pub key_interval_most: i64,
    key_interval_sum: i64,
    /// Ms: how much later than its timestamps say a frame came at most, against the one that came earliest.
    pub latest: i64,
    /// Bits a second: the highest over a second.
    pub peak: Option<f64>,
    /// Of audio, ms: how far its clock was ahead of and behind that of the video beside it.
    pub ahead: Option<i64>,
    pub behind: Option<i64>,
    /// Frames with the time of the frame before, and with that of an earlier one.
    pub same_times: u64,
    pub repeated_times: u64,
    /// How often its codec became another one.
    pub codec_changes: u64,
    /// Of pictures with a composition time: those that are shown before one that was sent before them, and how many of these there were
    /// at most.
    pub reordered: u64,
    pub depth: u64,
    /// Frames from one key frame to the next: of whole groups.
    pub groups: u64,
    pub group_least: u64,
    pub group_most: u64,
    group_sum: u64,
    /// Nanoseconds between arrivals at most, and the highest jitter.
    pub longest_wait: i64,
    pub highest_jitter: f64,
    /// The same over time.
    pub seconds: Spans<TrackSecond>,
    seen_codec: Option<&'static str>,
    pace: Pace,
    clock: Option<Clock>,
}

/// Where a track's clock stands.
#[derive(Clone, Copy, Debug)]
struct Clock {
    time: u32,
    /// How often the track's clock had been set anew.
    turn: u32,
    at: Moment,
    /// Bytes of the frame.
    length: u32,
    /// Since the clock was last set, in ms: its time, what it is behind its arrival, and the least of that.
    run: i64,
    late: i64,
    earliest: i64,
    /// The last key frame's place in that time.
    key: Option<i64>,
    /// Where the stretch for the highest bit rate began, and its bytes.
    stretch: (i64, u64),
}

impl Tracks {
    pub fn iter(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter()
    }

    /// Takes note of what a message carries.
    pub(super) fn learn(&mut self, message: &Message, story: &Story, start: Time, room: &mut Room) {
        if !is_media(message) {
            return;
        }
        let mut places = story.tracks.last().iter();
        parts(message, |spot, part| {
            let place = places.next().copied().flatten();
            let known = place.and_then(|place| story.tracks.at(place));
            self.part(message, spot, part, place.zip(known), story, (start, room));
        });
    }

    /// The session is over: says what each track is.
    pub(super) fn conclude(&mut self, story: &Story) {
        for track in &mut self.tracks {
            let Some(known) = story.tracks.at(track.place) else { continue };
            (track.codec, track.profile, track.level) = (known.codec, known.profile, known.level);
            (track.size, track.sample_rate, track.channels) = (known.size, known.sample_rate, known.channels);
        }
    }

    /// `known` is its track in the session's story.
    fn part(
        &mut self,
        message: &Message,
        spot: Spot,
        part: Part<'_>,
        known: Option<(usize, &story::Track)>,
        story: &Story,
        (start, room): (Time, &mut Room),
    ) {
        let Some((its, known)) = known else {
            self.more += u64::from(part.is_frame());
            return;
        };
        let place = match self.tracks.iter().position(|track| track.place == its) {
            Some(place) => place,
            None if self.tracks.len() == TRACKS => {
                self.more += u64::from(part.is_frame());
                return;
            }
            // What is neither says nothing of the track.
            None if !part.is_frame() && !part.is_configuration() => return,
            None => {
                self.tracks.push(Track::new(message, spot, part, its));
                self.tracks.len() - 1
            }
        };
        let track = &mut self.tracks[place];
        let mut second = TrackSecond::default();
        if part.is_configuration() {
            track.configurations += 1;
            second.configurations = 1;
        }
        track.meet_codec(part, &mut second);
        if part.is_frame() {
            track.frame(message, spot, part, known.turn, &mut second);
        }
        let ns = message.head.last.time.since(start);
        track.seconds.at(ns, room).join(second);
        if part.is_frame()
            && let Some((audio, ahead)) = self.compare(place, story)
        {
            self.tracks[audio].seconds.at(ns, room).ahead = Some(ahead);
        }
    }

    /// How far the audio beside the video is from it, when a frame of either came: the audio's place, and how many ms it is ahead.
    fn compare(&mut self, place: usize, story: &Story) -> Option<(usize, i64)> {
        let (from, stream, kind, _) = self.tracks[place].key();
        let other = if kind == MessageType::AUDIO { MessageType::VIDEO } else { MessageType::AUDIO };
        let beside = |track: &Track| track.key() == (from, stream, other, 0);
        let beside = self.tracks.iter().position(beside)?;
        let (audio, video) = if kind == MessageType::AUDIO { (place, beside) } else { (beside, place) };
        // A clock that was set anew since stands nowhere.
        let clock = |place: usize| {
            let track = &self.tracks[place];
            let turn = story.tracks.at(track.place)?.turn;
            track.clock.filter(|clock| clock.turn == turn).map(|clock| clock.time)
        };
        let (of_audio, of_video) = clock(audio).zip(clock(video))?;
        let ahead = i64::from(of_audio.wrapping_sub(of_video) as i32);
        let track = &mut self.tracks[audio];
        track.ahead = Some(track.ahead.unwrap_or(ahead).max(ahead));
        track.behind = Some(track.behind.unwrap_or(-ahead).max(-ahead));
        Some((audio, ahead))
    }
}

impl Track {
    fn new(message: &Message, spot: Spot, part: Part<'_>, place: usize) -> Track {
        Track {
            place,
            from: message.from,
            message_stream_id: message.head.message_stream_id,
            kind: part.kind(),
            id: spot.track,
            codec: None,
            profile: None,
            level: None,
            size: None,
            sample_rate: None,
            channels: None,
            configurations: 0,
            frames: 0,
            bytes: 0,
            key_frames: 0,
            disposable_frames: 0,
            first: Moment::default(),
            last: Moment::default(),
            time: 0,
            steps: 0,
            stepped: 0,
            longest_step: 0,
            back: 0,
            jumps: 0,
            key_intervals: 0,
            key_interval_least: 0,
            key_interval_most: 0,
            key_interval_sum: 0,
            latest: 0,
            peak: None,
            ahead: None,
            behind: None,
            same_times: 0,
            repeated_times: 0,
            codec_changes: 0,
            reordered: 0,
            depth: 0,
            groups: 0,
            group_least: 0,
            group_most: 0,
            group_sum: 0,
            longest_wait: 0,
            highest_jitter: 0.0,
            seconds: Spans::default(),
            seen_codec: None,
            pace: Pace::default(),
            clock: None,
        }
    }

    fn key(&self) -> (Side, u32, MessageType, u8) {
        (self.from, self.message_stream_id, self.kind, self.id)
    }

    /// Its codec is what a part says that has one.
    fn meet_codec(&mut self, part: Part<'_>, second: &mut TrackSecond) {
        let is_said = part.is_configuration() || part.is_frame() && !part.is_headerless();
        let Some(codec) = part.codec().filter(|_| is_said) else { return };
        if self.seen_codec.replace(codec).is_some_and(|before| before != codec) {
            self.codec_changes += 1;
            second.codec_changes = 1;
        }
    }

    /// What is told of a frame beside its clock's step.
    fn pace(&mut self, told: pace::Told, second: &mut TrackSecond) {
        second.longest_wait = told.wait;
        self.longest_wait = self.longest_wait.max(told.wait.unwrap_or(0));
        second.jitter = told.jitter;
        self.highest_jitter = self.highest_jitter.max(told.jitter.unwrap_or(0.0));
        second.same_times = u64::from(told.is_same_time);
        second.repeated_times = u64::from(told.is_repeated_time);
        second.reordered = u64::from(told.depth > 0);
        self.same_times += second.same_times;
        self.repeated_times += second.repeated_times;
        self.reordered += second.reordered;
        self.depth = self.depth.max(told.depth);
        if let Some(frames) = told.group {
            self.group_least = if self.groups == 0 { frames } else { self.group_least.min(frames) };
            self.group_most = self.group_most.max(frames);
            self.group_sum += frames;
            self.groups += 1;
        }
    }

    fn frame(&mut self, message: &Message, spot: Spot, part: Part<'_>, turn: u32, second: &mut TrackSecond) {
        let at = message.head.last;
        if self.frames == 0 {
            self.first = at;
        }
        self.last = at;
        self.frames += 1;
        self.bytes += u64::from(spot.length);
        let is_key = part.is_key();
        self.key_frames += u64::from(is_key);
        self.disposable_frames +=
            u64::from(matches!(part, Part::Video(video) if video.frame_type == FrameType::DISPOSABLE));
        (second.frames, second.bytes, second.largest) = (1, u64::from(spot.length), spot.length);
        second.key_frames = u64::from(is_key);
        let Some(time) = spot.time else {
            self.clock = None;
            return;
        };
        let (back, jumps) = (self.back, self.jumps);
        // Whatever set the track's clock anew since, a hole among it, no step goes over that.
        let mut clock = if let Some(clock) = self.clock.take().filter(|clock| clock.turn == turn) {
            let clock = self.step(clock, time, at);
            second.latest = Some(clock.late - clock.earliest);
            clock
        } else {
            self.pace = Pace::default();
            Clock::set(time, at, turn)
        };
        (second.back, second.jumps) = (self.back - back, self.jumps - jumps);
        let composition_time = match part {
            Part::Video(video) => video.composition_time,
            Part::Audio(_) => None,
        };
        let is_step = second.back + second.jumps == 0;
        let told = self.pace.frame(pace::Frame { at, time, is_key, composition_time }, is_step);
        self.pace(told, second);
        clock.length = spot.length;
        if is_key && let Some(before) = clock.key.replace(clock.run) {
            self.key_interval(clock.run - before);
            second.key_interval = Some(clock.run - before);
        }
        self.clock = Some(clock);
    }

    /// The clock after its next frame.
    fn step(&mut self, mut clock: Clock, time: u32, at: Moment) -> Clock {
        let step = i64::from(time.wrapping_sub(clock.time) as i32);
        if step < 0 {
            self.back += 1;
            return Clock::set(time, at, clock.turn);
        }
        if step > JUMP {
            self.jumps += 1;
            return Clock::set(time, at, clock.turn);
        }
        self.steps += 1;
        self.time += step;
        self.stepped += u64::from(clock.length);
        self.longest_step = self.longest_step.max(step);
        clock.run += step;
        clock.late += at.time.since(clock.at.time) - step * 1_000_000;
        clock.earliest = clock.earliest.min(clock.late);
        self.latest = self.latest.max((clock.late - clock.earliest) / 1_000_000);
        clock.stretch.1 += u64::from(clock.length);
        let stretch = clock.run - clock.stretch.0;
        if stretch >= STRETCH {
            if stretch <= LONGEST_STRETCH {
                let rate = clock.stretch.1 as f64 * 8000.0 / stretch as f64;
                self.peak = Some(self.peak.unwrap_or(rate).max(rate));
            }
            clock.stretch = (clock.run, 0);
        }
        clock.time = time;
        clock.at = at;
        clock
    }

    fn key_interval(&mut self, interval: i64) {
        let is_first = self.key_intervals == 0;
        self.key_interval_least = if is_first { interval } else { self.key_interval_least.min(interval) };
        self.key_interval_most = self.key_interval_most.max(interval);
        self.key_interval_sum += interval;
        self.key_intervals += 1;
    }

    /// Frames from one key frame to the next, in the mean.
    pub fn group_mean(&self) -> Option<f64> {
        (self.groups > 0).then(|| self.group_sum as f64 / self.groups as f64)
    }

    /// Frames a second of its own clock; none where that did not move.
    pub fn frame_rate(&self) -> Option<f64> {
        (self.time > 0).then(|| self.steps as f64 * 1000.0 / self.time as f64)
    }

    /// Bits a second of its own clock; none where that did not move.
    pub fn bit_rate(&self) -> Option<f64> {
        (self.time > 0).then(|| self.stepped as f64 * 8000.0 / self.time as f64)
    }

    /// Ms from one key frame to the next, in the mean.
    pub fn key_interval_mean(&self) -> Option<f64> {
        (self.key_intervals > 0).then(|| self.key_interval_sum as f64 / self.key_intervals as f64)
    }
}

impl Clock {
    fn set(time: u32, at: Moment, turn: u32) -> Clock {
        Clock { time, turn, at, length: 0, run: 0, late: 0, earliest: 0, key: None, stretch: (0, 0) }
    }
}
