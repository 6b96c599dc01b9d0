//! The publishes and plays of a session, as the story tells what became of them.

use crate::limits::Limits;
use crate::proto::rtmp::secrets::{Masks, Place};
use crate::story::{self, Story};
use crate::wire::Moment;
use crate::wire::words::clip_bytes;

/// Requests of a session that are told.
const REQUESTS: usize = Limits::DEFAULT.stats_requests;
/// Bytes of a stream's name, or of a code, that are kept.
const NAME: usize = Limits::DEFAULT.stats_name_bytes;

/// The publishes and plays of a session that are told, by their `n`.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    told: Vec<u64>,
    /// Those that are not.
    pub(super) more: u64,
}

/// A publish or play, and what came of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The command's name.
    pub command: String,
    /// The stream's name, masked as everything is.
    pub name: Option<String>,
    pub message_stream_id: u32,
    pub n: u64,
    pub at: Moment,
    /// What settled it.
    pub settled: Option<Settled>,
    /// When the first audio or video frame, and the first picture that can be decoded alone, was complete.
    pub first_frame: Option<Moment>,
    pub first_key_frame: Option<Moment>,
}

/// The answer that said yes or no.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Its code; empty where it has none.
    pub code: String,
    pub accepted: bool,
    pub n: u64,
    pub at: Moment,
}

impl Asked {
    /// Takes note of a request that is to be told.
    pub(super) fn learn(&mut self, n: u64, story: &Story) {
        if story.requests.get(n).and_then(story::Request::purpose).is_none() {
            return;
        }
        if self.told.len() < REQUESTS {
            self.told.push(n);
        } else {
            self.more += 1;
        }
    }

    /// What became of them.
    pub(super) fn tell(&self, session: u32, story: &Story, masks: &Masks) -> Vec<Request> {
        let told = self.told.iter().filter_map(|n| story.requests.get(*n));
        told.map(|request| Request::of(request, session, masks)).collect()
    }
}

impl Request {
    fn of(request: &story::Request, session: u32, masks: &Masks) -> Request {
        let name = request.argument.as_deref();
        Request {
            command: request.name.clone(),
            name: name.map(|name| clip_bytes(masks.text(session, Place::Name, name), NAME)),
            message_stream_id: request.message_stream_id,
            n: request.n,
            at: request.at,
            settled: request.outcome.as_ref().map(|outcome| Settled {
                code: clip_bytes(masks.text(session, Place::Word, &outcome.code), NAME),
                accepted: outcome.accepted,
                n: outcome.n,
                at: outcome.at,
            }),
            first_frame: request.first_frame,
            first_key_frame: request.first_key_frame,
        }
    }
}
