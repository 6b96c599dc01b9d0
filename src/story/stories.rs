//! The stories of all sessions, within a bound.

use std::cmp::Reverse;

use super::{Quote, Story};
use crate::limits::{Limits, Reached};
use crate::proto::Event;
use crate::proto::rtmp::Body;
use crate::wire::IdMap;

/// The story of every session that is not over.
#[derive(Debug)]
pub struct Stories {
    open: IdMap<u32, Told>,
    /// The session whose last event was learned last: its story is told until the next event comes.
    over: Option<u32>,
    /// The session of the event that was learned last.
    last: u32,
    /// What is told of a session of which nothing was learned.
    nothing: Story,
    /// Bytes that all keep, at most.
    held: usize,
    most: usize,
    reached: Reached,
}

#[derive(Debug, Default)]
struct Told {
    story: Box<Story>,
    /// Bytes that it keeps, at most: what it kept when that was counted, and what came since.
    bytes: usize,
}

impl Stories {
    pub fn under(limits: &Limits) -> Stories {
        let (open, nothing, reached) = Default::default();
        Stories { open, over: None, last: 0, nothing, held: 0, most: limits.story_bytes_total, reached }
    }

    /// How often a limit was reached so far.
    pub fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Bytes that all keep, at most.
    pub fn held_bytes(&self) -> usize {
        self.held
    }

    /// Sessions whose story is kept.
    pub fn held(&self) -> usize {
        self.open.len() - usize::from(self.over.is_some())
    }

    /// The story of the session whose event was learned last.
    pub fn last(&self) -> &Story {
        self.open.get(&self.last).map_or(&self.nothing, |told| &*told.story)
    }

    /// The story as it is before the event.
    pub fn before(&mut self, event: &Event) -> &Story {
        if let Some(told) = self.over.take().and_then(|over| self.open.remove(&over)) {
            self.held -= told.bytes;
        }
        &self.open.entry(event.session()).or_default().story
    }

    /// Lets the story of the event's session go on by it.
    pub fn learn(&mut self, event: &Event) -> &Story {
        self.before(event);
        let session = event.session();
        self.last = session;
        if let Some(told) = self.open.get_mut(&session) {
            told.story.learn(event);
            let cost = most_kept(event);
            told.bytes += cost;
            self.held += cost;
        }
        if matches!(event, Event::Close(close) if close.last) {
            self.over = Some(session);
        }
        if self.held > self.most {
            self.shed();
        }
        self.last()
    }

    /// Counts what is really kept. If that is still too much, those of which most is kept are told no more, until a quarter
    /// of what all may keep is free.
    fn shed(&mut self) {
        let mut sessions = Vec::new();
        self.held = 0;
        for (session, told) in &mut self.open {
            told.bytes = told.story.held();
            self.held += told.bytes;
            sessions.push((Reverse(told.bytes), *session));
        }
        let enough = self.most / 4 * 3;
        sessions.sort_unstable();
        for (_, session) in sessions {
            if self.held <= enough {
                return;
            }
            let Some(told) = self.open.get_mut(&session) else { continue };
            self.held -= told.bytes;
            self.reached.story_bytes_total += 1;
            *told = Told { story: Box::new(Story { is_given_up: true, ..Story::default() }), bytes: 0 };
        }
    }
}

/// The most bytes that an event may add to what is kept of its session.
fn most_kept(event: &Event) -> usize {
    match event {
        // A new message stream or track: later ones are known.
        Event::Message(message) if matches!(message.body, Body::Audio(_) | Body::Video(_)) => {
            if message.head.chunk_format == 0 { 256 } else { 0 }
        }
        Event::Message(message) => 512 + Quote::cost_of(message),
        _ => 64,
    }
}
