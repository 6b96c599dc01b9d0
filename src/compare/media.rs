//! What a player gets first, and what becomes of the publisher's metadata and times.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::normal;
use super::situation::Situation;
use super::writer::{Writer, name};
use crate::limits::Limits;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Data, Message};
use crate::wire::Time;

/// Streams that are published at a time, as far as they are followed.
const STAGES: usize = Limits::DEFAULT.compared_streams;
/// Members of metadata that are compared.
const MEMBERS: usize = Limits::DEFAULT.compared_metadata;
/// Names that are shown of one list.
const SHOWN: usize = 12;
/// A player that joins before the stream is so old, in ms, does not show whose time it gets.
const LATE: u32 = 1500;
/// Times that lie no further apart are the same, in ms.
const NEAR: i64 = 1000;

/// A stream: its server's address, its application and its name, without parameters.
pub(super) type StreamKey = (SocketAddr, String, String);

/// What a publisher of this capture sends.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) session: u32,
    metadata: Option<Vec<(String, Amf)>>,
    /// The time of its last audio or video, in ms.
    timestamp: Option<u32>,
}

/// The streams that are being published in one capture.
#[derive(Debug, Default)]
pub(super) struct Stages {
    stages: BTreeMap<StreamKey, Stage>,
}

impl Stages {
    pub(super) fn is_published(&self, key: &StreamKey) -> bool {
        self.stages.contains_key(key)
    }

    /// A session begins to publish, unless another one does that already.
    pub(super) fn publish(&mut self, key: &StreamKey, session: u32) {
        if self.stages.len() < STAGES && !self.stages.contains_key(key) {
            self.stages.insert(key.clone(), Stage { session, ..Stage::default() });
        }
    }

    /// Whether that session published the stream; then it does no more.
    pub(super) fn unpublish(&mut self, key: &StreamKey, session: u32) -> bool {
        let is_its = self.stages.get(key).is_some_and(|stage| stage.session == session);
        is_its && self.stages.remove(key).is_some()
    }

    /// Takes note of what a publisher sends.
    pub(super) fn take(&mut self, key: &StreamKey, message: &Message) {
        let Some(stage) = self.stages.get_mut(key) else { return };
        if stage.session != message.session {
            return;
        }
        match &message.body {
            Body::Audio(_) | Body::Video(_) | Body::Aggregate(_) if message.head.timestamp_known => {
                stage.timestamp = Some(message.head.timestamp);
            }
            Body::Data(data) if data.handler() == "onMetaData" => {
                stage.metadata = metadata(data).map(|members| members.iter().take(MEMBERS).cloned().collect());
            }
            _ => {}
        }
    }

    fn get(&self, key: &StreamKey) -> Option<&Stage> {
        self.stages.get(key)
    }
}

/// The members of a metadata object.
fn metadata(data: &Data) -> Option<&[(String, Amf)]> {
    data.values.iter().map(Amf::members).find(|members| !members.is_empty())
}

/// What came of one kind of media.
#[derive(Debug, Default)]
struct Track {
    codec: Option<&'static str>,
    /// Its sequence header, and whether that came before the first frame of all, and before the first one of its kind.
    header: Option<(u64, bool, bool)>,
    frame: Option<u64>,
}

/// Where a piece of media was: its message, that one's arrival, its time in the stream in ms, and its bytes.
#[derive(Clone, Copy)]
struct At {
    n: u64,
    time: Time,
    timestamp: Option<u32>,
    length: u32,
}

/// What a player has got.
#[derive(Debug)]
pub(super) struct Player {
    pub(super) key: StreamKey,
    pub(super) situation: Situation,
    pub(super) play: (u64, Time),
    audio: Track,
    video: Track,
    /// The first picture: its message and time, whether it is a key frame, and how far behind the publisher it was, in ms.
    first_picture: Option<(u64, Time, bool, Option<i64>)>,
    metadata: Option<(&'static str, u64)>,
    forwarded: Option<(Change, u64)>,
    joined_late: bool,
    time: Option<(&'static str, u64)>,
    /// Whether the first sequence header had the time 0.
    header_time: Option<(bool, u64)>,
    /// When the stream's publisher ended, and what the server sent from there on.
    pub(super) ended: Option<Time>,
    pub(super) after: Vec<(String, u64)>,
}

impl Player {
    pub(super) fn new(key: StreamKey, situation: Situation, play: (u64, Time), stages: &Stages) -> Self {
        let joined_late = stages.get(&key).and_then(|stage| stage.timestamp).is_some_and(|at| at >= LATE);
        Player {
            key,
            situation,
            play,
            audio: Track::default(),
            video: Track::default(),
            first_picture: None,
            metadata: None,
            forwarded: None,
            joined_late,
            time: None,
            header_time: None,
            ended: None,
            after: Vec::new(),
        }
    }

    /// Whether audio or video came.
    pub(super) fn has_begun(&self) -> bool {
        [&self.audio, &self.video].iter().any(|track| track.header.is_some() || track.frame.is_some())
    }

    /// Audio, video, data or an aggregate of them from the server.
    pub(super) fn take(&mut self, message: &Message, stages: &Stages) {
        let head = &message.head;
        let at = At {
            n: message.n,
            time: head.last.time,
            timestamp: head.timestamp_known.then_some(head.timestamp),
            length: head.length,
        };
        if let Body::Aggregate(messages) = &message.body {
            for inside in messages {
                let timestamp = at.timestamp.map(|_| inside.timestamp);
                self.item(&inside.body, At { timestamp, length: inside.length, ..at }, stages);
            }
        } else {
            self.item(&message.body, at, stages);
        }
    }

    fn item(&mut self, body: &Body, at: At, stages: &Stages) {
        match body {
            Body::Audio(audio) => {
                let is_frame = audio.packet_type.is_none_or(|kind| kind == "coded_frames");
                self.media(at, audio.codec(), audio.packet_type == Some("sequence_start"), is_frame, None, stages);
            }
            Body::Video(video) => {
                let is_frame = match video.packet_type {
                    None => video.command.is_none(),
                    Some(kind) => kind.starts_with("coded_frames"),
                };
                let is_key = video.frame_type.name() == Some("key");
                let is_header = video.packet_type == Some("sequence_start");
                self.media(at, video.codec(), is_header, is_frame, Some(is_key), stages);
            }
            Body::Data(data) if data.handler() == "onMetaData" && self.metadata.is_none() => {
                let handler = if data.name == "onMetaData" { "onMetaData" } else { "@setDataFrame with onMetaData" };
                self.metadata = Some((handler, at.n));
                let published = stages.get(&self.key).and_then(|stage| stage.metadata.as_deref());
                if let (Some(published), Some(forwarded)) = (published, metadata(data)) {
                    self.forwarded = Some((Change::of(published, forwarded), at.n));
                }
            }
            _ => {}
        }
    }

    /// `picture` says of video whether it is a key frame.
    fn media(
        &mut self,
        at: At,
        codec: Option<&'static str>,
        is_header: bool,
        is_frame: bool,
        picture: Option<bool>,
        stages: &Stages,
    ) {
        if at.length == 0 {
            return;
        }
        let begun = self.audio.frame.is_some() || self.video.frame.is_some();
        let track = if picture.is_some() { &mut self.video } else { &mut self.audio };
        track.codec = track.codec.or(codec);
        if is_header && track.header.is_none() {
            track.header = Some((at.n, !begun, track.frame.is_none()));
            if let Some(timestamp) = at.timestamp {
                self.header_time.get_or_insert((timestamp == 0, at.n));
            }
        }
        if !is_frame {
            return;
        }
        track.frame.get_or_insert(at.n);
        let published = stages.get(&self.key).and_then(|stage| stage.timestamp);
        // Times wrap: what lies between two is a signed difference.
        let behind = published.zip(at.timestamp).map(|(published, its)| i64::from(published.wrapping_sub(its) as i32));
        if let Some(is_key) = picture {
            self.first_picture.get_or_insert((at.n, at.time, is_key, behind));
        }
        if self.joined_late
            && let Some(behind) = behind
        {
            self.time = Some((if behind.abs() < NEAR { PUBLISHERS } else { "its own" }, at.n));
        }
    }

    /// Tells what the player got.
    pub(super) fn tell(&self, writer: &mut Writer<'_>) {
        if let Some((handler, n)) = self.metadata {
            let (key, title) = ("media.metadata.handler", "Metadata: what a player gets it as");
            writer.fact(name(700, key, title), &self.situation, handler, Some(n));
        }
        if let Some((change, n)) = &self.forwarded {
            let (key, title) = ("media.metadata.change", "Metadata: beside the publisher's");
            let situation = self.situation.with(&change.published);
            let text = writer.shown(&change.text);
            writer.fact(name(701, key, title), &situation, text, Some(*n));
        }
        let codecs: Vec<&str> = [self.video.codec, self.audio.codec].into_iter().flatten().collect();
        let situation = &self.situation.with(&codecs.join(" and "));
        for (rank, kind, track) in [(702, "audio", &self.audio), (703, "video", &self.video)] {
            let (Some((n, before_all, before_own)), Some(_)) = (track.header, track.frame) else { continue };
            let value = match (before_all, before_own) {
                (true, _) => "before all frames",
                (false, true) => "just before the first frame of its kind",
                (false, false) => "after the first frame of its kind",
            };
            let (key, title) = (format!("media.{kind}_header"), format!("Sequence header of {kind} to a player"));
            writer.fact(name(rank, key, title), situation, value, Some(n));
        }
        if let Some((is_zero, n)) = self.header_time.filter(|_| self.joined_late) {
            let (key, title) = ("media.header_time", "Time of the first sequence header to a late player");
            let value = if is_zero { "0" } else { "not 0" };
            writer.fact(name(704, key, title), situation, value, Some(n));
        }
        let Some((n, time, is_key, behind)) = self.first_picture else { return };
        let waited = time.since(self.play.1);
        writer.latency(name(920, "latency.picture", "play to the first picture"), waited, Some(n));
        let keeps_time = self.time.is_some_and(|(time, _)| time == PUBLISHERS);
        let value = match (is_key, behind) {
            (false, _) => Some("not a key frame"),
            (true, Some(behind)) if self.joined_late && keeps_time && behind > BEHIND => {
                Some("an earlier key frame, which the server kept")
            }
            (true, _) if self.joined_late && waited > BEHIND * 1_000_000 => Some("the next key frame"),
            _ => None,
        };
        if let Some(value) = value {
            let (key, title) = ("media.first_picture", "First picture to a late player");
            writer.fact(name(705, key, title), situation, value, Some(n));
        }
        if let Some((time, n)) = self.time {
            let (key, title) = ("media.time", "Times of the media that a late player gets");
            writer.fact(name(706, key, title), situation, time, Some(n));
        }
    }
}

const PUBLISHERS: &str = "the publisher's";
/// A picture that lies so far behind the publisher, or came so late, was not sent as it was published, in ms.
const BEHIND: i64 = 200;

/// What is other in forwarded metadata than in what was published.
#[derive(Debug)]
struct Change {
    text: String,
    /// What was published, in words: the change depends on it.
    published: String,
}

impl Change {
    fn of(published: &[(String, Amf)], forwarded: &[(String, Amf)]) -> Change {
        let forwarded = &forwarded[..forwarded.len().min(MEMBERS)];
        let find = |members: &[(String, Amf)], name: &str| members.iter().position(|(key, _)| key == name);
        let names = |members: &[(String, Amf)], is_it: &dyn Fn(&str, &Amf) -> bool| {
            let chosen = members.iter().filter(|(name, value)| is_it(name, value));
            let mut names: Vec<String> = chosen.map(|(name, _)| normal::clip(name)).collect();
            names.sort();
            names
        };
        let before = |name: &str| find(published, name).map(|at| &published[at].1);
        // Whether a rounded number is another one depends on the number.
        let rounds = |before: &Amf, after: &Amf| match (before.number(), after.number()) {
            (Some(before), Some(after)) => before != after && (before - after).abs() < 1.0,
            _ => false,
        };
        let changed =
            |name: &str, after: &Amf| before(name).is_some_and(|before| before != after && !rounds(before, after));
        let rounded = |name: &str, after: &Amf| before(name).is_some_and(|before| rounds(before, after));
        let parts = [
            ("adds", names(forwarded, &|name, _| before(name).is_none())),
            ("drops", names(published, &|name, _| find(forwarded, name).is_none())),
            ("changes", names(forwarded, &changed)),
            ("rounds", names(forwarded, &rounded)),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| {
                let more = if names.len() > SHOWN { ", …" } else { "" };
                format!("{what} {}{more}", names[..names.len().min(SHOWN)].join(", "))
            })
            .collect();
        let fraction = |(name, value): &(String, Amf)| {
            let whole = value.number().is_none_or(|number| number.fract() == 0.0);
            format!("{}{}", normal::clip(name), if whole { "" } else { " with a fraction" })
        };
        let mut members: Vec<String> = published.iter().map(fraction).collect();
        members.sort();
        let text = if parts.is_empty() { "the same".to_owned() } else { parts.join("; ") };
        Change { text, published: format!("published with {}", members.join(", ")) }
    }
}
