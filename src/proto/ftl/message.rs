//! What FTL's sessions say, as events: a control line, or a datagram of media.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::body::{self, Content};
use super::state::Relation;
use super::{describe, media, session};
use crate::proto::answer::Answer;
use crate::proto::rtp::Formats;
use crate::wire::{Moment, Place, Problem, Recorder, Side, Silent};

/// The names of all types.
pub const TYPE_NAMES: [&str; 9] =
    [COMMAND, REPLY, UNREACHABLE, "rtp", "rtcp_sender_report", "rtcp_nack", "ftl_ping", "rtcp", "unknown"];
const COMMAND: &str = "ftl_command";
const REPLY: &str = "ftl_reply";
const UNREACHABLE: &str = "icmp_port_unreachable";

/// A control line or a datagram.
#[derive(Clone, Debug)]
pub struct Message {
    pub session: u32,
    pub body: Body,
}

/// What it is.
#[derive(Clone, Debug)]
pub enum Body {
    Line(Box<session::Item>),
    Datagram(Box<Datagram>),
    Unreachable(Unreachable),
}

/// The host of a side says that nobody listens for its datagrams (ICMP port unreachable).
#[derive(Clone, Copy, Debug)]
pub struct Unreachable {
    pub number: u64,
    pub from: Side,
    pub at: Moment,
}

/// A datagram, with what it is read by.
#[derive(Clone, Debug)]
pub struct Datagram {
    pub item: media::Item,
    /// What of it was captured.
    pub bytes: Bytes,
    /// Bytes that were on the wire but not in the capture.
    pub cut: u32,
    /// Where it lies in the capture; none where it does not lie there in one piece.
    pub place: Option<Place>,
    pub formats: Arc<Formats>,
    /// How many bytes were captured, also where they are not there any more.
    pub captured: u32,
    /// What it is, also then.
    pub type_name: &'static str,
}

/// What has no bytes of its own.
static NOTHING: Bytes = Bytes::new();

impl Message {
    /// From 1, over all sessions, in order of completion.
    pub fn n(&self) -> u64 {
        match &self.body {
            Body::Line(line) => line.number,
            Body::Datagram(datagram) => datagram.item.number,
            Body::Unreachable(it) => it.number,
        }
    }

    pub fn from(&self) -> Side {
        match &self.body {
            Body::Line(line) => line.from,
            Body::Datagram(datagram) => datagram.item.from,
            Body::Unreachable(it) => it.from,
        }
    }

    /// The packets with its first and its last byte.
    pub fn packets(&self) -> (Moment, Moment) {
        match &self.body {
            Body::Line(line) => (line.line.first, line.line.last),
            Body::Datagram(datagram) => (datagram.item.at, datagram.item.at),
            Body::Unreachable(it) => (it.at, it.at),
        }
    }

    /// Where a line begins in its direction's stream. A datagram is in none.
    pub fn offset(&self) -> Option<u64> {
        match &self.body {
            Body::Line(line) => Some(line.line.offset),
            Body::Datagram(_) | Body::Unreachable(_) => None,
        }
    }

    /// The line with its end, or the datagram: what was captured and kept of it.
    pub fn payload(&self) -> &Bytes {
        match &self.body {
            Body::Line(line) => &line.line.bytes,
            Body::Datagram(datagram) => &datagram.bytes,
            Body::Unreachable(_) => &NOTHING,
        }
    }

    /// Bytes that it has on the wire.
    pub fn size(&self) -> u64 {
        let beyond = match &self.body {
            Body::Line(line) => line.line.cut,
            Body::Datagram(datagram) => return u64::from(datagram.captured) + u64::from(datagram.cut),
            Body::Unreachable(_) => return 0,
        };
        self.payload().len() as u64 + beyond
    }

    pub fn problems(&self) -> &[Problem] {
        match &self.body {
            Body::Line(line) => &line.problems,
            Body::Datagram(datagram) => &datagram.item.problems,
            Body::Unreachable(_) => &[],
        }
    }

    /// The command that a reply answers, or the ping that an echo does.
    pub fn answers(&self) -> Option<Answer> {
        match &self.body {
            Body::Line(line) => match line.relation? {
                Relation::Answers(answer) => Some(Answer { n: answer.number, latency: answer.latency_ns }),
                Relation::Unsolicited | Relation::Uncertain => None,
            },
            Body::Datagram(datagram) => {
                let echo = datagram.item.answers?;
                Some(Answer { n: echo.number, latency: echo.latency_ns })
            }
            Body::Unreachable(_) => None,
        }
    }

    /// Its `type_name`.
    pub fn type_name(&self) -> &'static str {
        match &self.body {
            Body::Line(line) if line.from == Side::Client => COMMAND,
            Body::Line(_) => REPLY,
            Body::Datagram(datagram) => datagram.type_name,
            Body::Unreachable(_) => UNREACHABLE,
        }
    }

    /// Records every field. Positions count from its first byte.
    pub fn record(&self, record: &mut impl Recorder) {
        match &self.body {
            Body::Line(line) => drop(body::decode(line.from, &line.line.bytes, record)),
            Body::Datagram(datagram) => drop(media::decode(&datagram.bytes, &datagram.formats, record)),
            Body::Unreachable(_) => {}
        }
    }

    /// The same without the frames that are complete with it, which may be long.
    #[must_use]
    pub fn without_frames(&self) -> Message {
        let Body::Datagram(datagram) = &self.body else { return self.clone() };
        let item = media::Item {
            datagram: datagram.item.datagram.clone(),
            problems: datagram.item.problems.clone(),
            asked: datagram.item.asked.clone(),
            frames: Vec::new(),
            ..datagram.item
        };
        let (bytes, formats) = (datagram.bytes.clone(), Arc::clone(&datagram.formats));
        let body = Body::Datagram(Box::new(Datagram { item, bytes, formats, ..**datagram }));
        Message { session: self.session, body }
    }

    /// Takes everything of a datagram out that only its bytes say, where these can be read again.
    pub fn strip(&mut self) {
        if let Body::Datagram(datagram) = &mut self.body
            && datagram.place.is_some()
        {
            datagram.bytes = Bytes::new();
            let item = &mut datagram.item;
            item.datagram = media::Datagram::Unknown;
            (item.problems, item.frames, item.asked) = Default::default();
        }
    }

    /// Where the bytes lie that were taken out, and how many they are.
    pub fn stripped(&self) -> Option<(Place, usize)> {
        match &self.body {
            Body::Datagram(datagram) if datagram.bytes.is_empty() => {
                Some((datagram.place?, datagram.captured as usize))
            }
            _ => None,
        }
    }

    /// Puts them back.
    pub fn restore(&mut self, bytes: Bytes) {
        if let Body::Datagram(datagram) = &mut self.body {
            let (read, problems) = media::decode(&bytes, &datagram.formats, &mut Silent);
            (datagram.item.datagram, datagram.item.problems, datagram.bytes) = (read, problems, bytes);
        }
    }

    /// Bytes of memory that it takes, about.
    pub fn memory(&self) -> usize {
        let body = match &self.body {
            Body::Line(_) => size_of::<session::Item>() + 64,
            Body::Datagram(_) => size_of::<Datagram>(),
            Body::Unreachable(_) => 0,
        };
        size_of::<Message>() + body + self.payload().len()
    }

    /// The same, with what opens a channel replaced.
    #[must_use]
    pub fn masked(&self) -> Message {
        let mut masked = self.clone();
        if let Body::Line(line) = &mut masked.body {
            let secrets = body::secrets(line.from, &line.line.bytes);
            if !secrets.is_empty() {
                let mut bytes = BytesMut::from(&line.line.bytes[..]);
                for secret in secrets {
                    bytes[secret].fill(b'*');
                }
                line.line.bytes = bytes.freeze();
                (line.content, line.problems) = body::decode(line.from, &line.line.bytes, &mut Silent);
            }
        }
        masked
    }

    /// What it says, for a person. Text from the wire is escaped; secrets are shown as they stand, so mask it before.
    pub fn describe(&self) -> String {
        match &self.body {
            Body::Line(line) => {
                let mut text = describe::line(&line.content);
                if let (Content::Command(_), Some(valid)) = (&line.content, line.signature_valid) {
                    text += if valid { ", its signature is valid" } else { ", its signature is not of the key" };
                }
                text
            }
            Body::Datagram(datagram) => {
                let mut text = describe::datagram(&datagram.item.datagram);
                if let Some(seen) = datagram.item.seen {
                    text += &describe::arrival(seen.arrival);
                }
                text
            }
            Body::Unreachable(it) => format!("nobody listens for media at the {}", it.from.name()),
        }
    }
}
