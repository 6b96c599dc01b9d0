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
    /// Places of the sessions' stories.
    open: IdMap<u32, usize>,
    told: Vec<Told>,
    /// Places that are free.
    free: Vec<usize>,
    /// The session of the event that came last, and the place of its story: most events are of the same session as the one
    /// before.
    last: Option<(u32, usize)>,
    /// That was the session's last event: its story is told until the next event comes.
    is_over: bool,
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
        Stories {
            open: IdMap::default(),
            told: Vec::new(),
            free: Vec::new(),
            last: None,
            is_over: false,
            nothing: Story::default(),
            held: 0,
            most: limits.story_bytes_total,
            reached: Reached::default(),
        }
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
        self.open.len() - usize::from(self.is_over)
    }

    /// The story of the session whose event was learned last.
    pub fn last(&self) -> &Story {
        self.last.map_or(&self.nothing, |(_, place)| &self.told[place].story)
    }

    /// The story as it is before the event.
    pub fn before(&mut self, event: &Event) -> &Story {
        let place = self.place(event.session());
        let story = &mut self.told[place].story;
        if let Event::Message(message) = event {
            story.tracks.look_ahead(message);
        }
        story
    }

    /// The place of a session's story, which becomes the last one.
    fn place(&mut self, session: u32) -> usize {
        if let Some((last, place)) = self.last {
            if last == session && !self.is_over {
                return place;
            }
            if std::mem::take(&mut self.is_over) {
                self.open.remove(&last);
                self.held -= self.told[place].bytes;
                self.told[place] = Told::default();
                self.free.push(place);
            }
        }
        let (told, free) = (&mut self.told, &mut self.free);
        let place = *self.open.entry(session).or_insert_with(|| {
            free.pop().unwrap_or_else(|| {
                told.push(Told::default());
                told.len() - 1
            })
        });
        self.last = Some((session, place));
        place
    }

    /// Lets the story of the event's session go on by it.
    pub fn learn(&mut self, event: &Event) -> &Story {
        let place = self.place(event.session());
        let told = &mut self.told[place];
        told.story.learn(event);
        let cost = most_kept(event);
        told.bytes += cost;
        self.held += cost;
        self.is_over = matches!(event, Event::Close(close) if close.last);
        if self.held > self.most {
            self.shed();
        }
        &self.told[place].story
    }

    /// Counts what is really kept. If that is still too much, those of which most is kept are told no more, until a quarter
    /// of what all may keep is free.
    fn shed(&mut self) {
        let mut sessions = Vec::new();
        self.held = 0;
        for (session, place) in &self.open {
            let told = &mut self.told[*place];
            told.bytes = told.story.held();
            self.held += told.bytes;
            sessions.push((Reverse(told.bytes), *session, *place));
        }
        let enough = self.most / 4 * 3;
        sessions.sort_unstable();
        for (_, _, place) in sessions {
            if self.held <= enough {
                return;
            }
            let told = &mut self.told[place];
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
        // Its name, the stream's and the code of what answers it are kept as long as they are.
        Event::Message(message) if matches!(message.body, Body::Command(_)) => {
            512 + Quote::cost_of(message) + message.payload.len()
        }
        Event::Message(message) => 512 + Quote::cost_of(message),
        // A new source; others are known.
        Event::Ftl(message) if message.offset().is_none() => 16,
        Event::Ftl(message) => 512 + message.payload().len(),
        _ => 64,
    }
}
