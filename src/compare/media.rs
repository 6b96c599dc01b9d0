//! What a player gets first, and what becomes of the publisher's metadata and times.

use std::collections::BTreeMap;

use super::normal;
use super::session::Writer;
use super::situation::Situation;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Data, Message};
use crate::wire::Time;

/// Streams that are published at a time, as far as they are followed.
const STAGES: usize = 4096;
/// Members of metadata that are compared.
const MEMBERS: usize = 64;
/// Names in one list.
const NAMES: usize = 12;
/// A player that joins before the stream is so old, in ms, does not show whose time it gets.
const LATE: u32 = 1500;
/// Times that lie no further apart are the same, in ms.
const NEAR: i64 = 1000;

/// A stream: its application and its name, without parameters.
pub(super) type StreamKey = (String, String);

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
            Body::Audio(_) | Body::Video(_) if message.head.timestamp_known => {
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

/// What a player has got.
#[derive(Debug)]
pub(super) struct Player {
    pub(super) key: StreamKey,
    pub(super) situation: Situation,
    pub(super) play: (u64, Time),
    /// Sequence headers in front of every frame.
    headers: Vec<&'static str>,
    /// Whether a frame came.
    begun: Option<u64>,
    late_header: bool,
    /// Whether the first picture was a key frame, with its message.
    first_picture: Option<(bool, u64, Time)>,
    metadata: Option<(String, u64)>,
    forwarded: Option<(String, u64)>,
    joined_late: bool,
    time: Option<(&'static str, u64)>,
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
            headers: Vec::new(),
            begun: None,
            late_header: false,
            first_picture: None,
            metadata: None,
            forwarded: None,
            joined_late,
            time: None,
            ended: None,
            after: Vec::new(),
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.is_some() || !self.headers.is_empty()
    }

    /// Audio, video or data from the server.
    pub(super) fn take(&mut self, message: &Message, stages: &Stages) {
        match &message.body {
            Body::Audio(_) | Body::Video(_) => self.media(message, stages),
            Body::Data(data) if data.handler() == "onMetaData" && self.metadata.is_none() => {
                let handler = if data.name == "onMetaData" { "onMetaData" } else { "@setDataFrame with onMetaData" };
                self.metadata = Some((handler.to_owned(), message.n));
                let published = stages.get(&self.key).and_then(|stage| stage.metadata.as_deref());
                if let (Some(published), Some(forwarded)) = (published, metadata(data)) {
                    self.forwarded = Some((change(published, forwarded), message.n));
                }
            }
            _ => {}
        }
    }

    fn media(&mut self, message: &Message, stages: &Stages) {
        let (header, is_frame, is_key) = match &message.body {
            Body::Audio(audio) => (
                "audio sequence header",
                audio.packet_type == Some("coded_frames") || audio.packet_type.is_none(),
                None,
            ),
            Body::Video(video) => {
                let is_frame = match video.packet_type {
                    None => video.command.is_none(),
                    Some(kind) => kind.starts_with("coded_frames"),
                };
                ("video sequence header", is_frame, Some(video.frame_type.name() == Some("key")))
            }
            _ => return,
        };
        if message.payload.is_empty() {
            return;
        }
        if is_frame {
            self.begun.get_or_insert(message.n);
            if let Some(is_key) = is_key {
                self.first_picture.get_or_insert((is_key, message.n, message.head.last.time));
            }
            if self.joined_late
                && message.head.timestamp_known
                && let Some(published) = stages.get(&self.key).and_then(|stage| stage.timestamp)
            {
                let apart = i64::from(published) - i64::from(message.head.timestamp);
                self.time = Some((if apart.abs() < NEAR { "the publisher's" } else { "its own" }, message.n));
            }
        } else if self.begun.is_none() && !self.headers.contains(&header) {
            self.headers.push(header);
        } else if header.starts_with("video") && self.first_picture.is_none() && !self.headers.contains(&header) {
            self.late_header = true;
        }
    }

    /// Tells what the player got. `is_over` says that nothing of it can have been cut off.
    pub(super) fn tell(&self, writer: &mut Writer<'_>) {
        let situation = &self.situation;
        if let Some((handler, n)) = &self.metadata {
            let (key, title) = ("media.metadata.handler", "Metadata: what a player gets it as");
            writer.fact(700, key.into(), title.into(), situation, handler.clone(), Some(*n));
        }
        if let Some((change, n)) = &self.forwarded {
            let (key, title) = ("media.metadata.change", "Metadata: beside the publisher's");
            let change = writer.shown(change);
            writer.fact(701, key.into(), title.into(), situation, change, Some(*n));
        }
        if let (Some(n), Some((is_key, picture, time))) = (self.begun, self.first_picture) {
            let mut value = match self.headers.as_slice() {
                [] => "frames at once".to_owned(),
                headers => format!("{}, then frames", headers.join(", ")),
            };
            if self.late_header {
                value.push_str("; video sequence header just before the first picture");
            }
            writer.fact(702, "media.first".into(), "First media to a player".into(), situation, value, Some(n));
            let value = if is_key { "a key frame" } else { "not a key frame" };
            let (key, title) = ("media.first_picture", "First picture to a player");
            writer.fact(703, key.into(), title.into(), situation, value.into(), Some(picture));
            let ns = time.since(self.play.1);
            writer.latency(920, "latency.picture", "play to the first picture", ns, Some(picture));
        }
        if let Some((time, n)) = self.time {
            let (key, title) = ("media.time", "Times of the media that a late player gets");
            writer.fact(704, key.into(), title.into(), situation, time.into(), Some(n));
        }
    }
}

/// What is other in forwarded metadata than in what was published.
fn change(published: &[(String, Amf)], forwarded: &[(String, Amf)]) -> String {
    let find =
        |members: &[(String, Amf)], name: &str| members.iter().find(|(key, _)| key == name).map(|(_, v)| v.clone());
    let forwarded = &forwarded[..forwarded.len().min(MEMBERS)];
    let names = |members: &[(String, Amf)], is_it: &dyn Fn(&str, &Amf) -> bool| {
        let mut names: Vec<String> =
            members.iter().filter(|(name, value)| is_it(name, value)).map(|(name, _)| normal::clip(name)).collect();
        names.sort();
        names
    };
    let parts = [
        ("adds", names(forwarded, &|name, _| find(published, name).is_none())),
        ("drops", names(published, &|name, _| find(forwarded, name).is_none())),
        ("changes", names(forwarded, &|name, value| find(published, name).is_some_and(|before| before != *value))),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| {
            let more = if names.len() > NAMES { ", …" } else { "" };
            format!("{what} {}{more}", names[..names.len().min(NAMES)].join(", "))
        })
        .collect();
    if parts.is_empty() { "the same".to_owned() } else { parts.join("; ") }
}
