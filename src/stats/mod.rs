//! What sessions amount to: how much went over them and how fast, how long answers took, and how the media ran.
//!
//! Figures over events, and over the story of each session; [`Stats::take`] gives a session when it is over. Nothing is judged here: that is what `rules` are for.
//! What a capture misses is counted as missed, and no figure goes over a hole in a clock.

mod calls;
mod carriers;
mod latency;
mod pace;
mod request;
mod series;
mod session;
mod side;
mod track;

pub use calls::{Calls, Procedure};
pub use carriers::{Carriers, Requests, Tunneling};
pub use latency::{Latencies, Room};
pub use request::{Request, Settled};
pub use series::{SideSecond, Spans, TrackSecond};
pub use session::{Outcome, SessionStats};
pub use side::{SideStats, TypeStats};
pub use track::{Track, Tracks};

use crate::limits::{Limits, Reached};
use crate::proto::Event;
use crate::proto::rtmp::secrets::Masks;
use crate::story::Story;
use crate::wire::IdMap;

/// Procedures that are told apart over all sessions.
const PROCEDURES: usize = Limits::DEFAULT.stats_procedures_total;

/// The statistics of every session that is open, and of all that were.
pub struct Stats {
    sessions: IdMap<u32, Box<SessionStats>>,
    room: Room,
    /// Over all sessions that are over: how many, and their calls.
    pub over: u64,
    pub calls: Calls,
}

impl Stats {
    pub fn new(limits: &Limits) -> Stats {
        Stats { sessions: IdMap::default(), room: Room::new(limits), over: 0, calls: Calls::new(PROCEDURES) }
    }

    /// Learns from an event that is wanted.
    pub fn observe(&mut self, event: &Event, story: &Story) {
        if let Event::Session(opened) = event {
            self.sessions.insert(opened.session, Box::new(SessionStats::new(opened.clone())));
        } else if let Some(session) = self.sessions.get_mut(&event.session()) {
            session.learn(event, story, &mut self.room);
        }
    }

    /// A session whose last event this is, with its calls added to those of all sessions.
    pub fn take(&mut self, event: &Event, story: &Story, masks: &Masks) -> Option<Box<SessionStats>> {
        let Event::Close(close) = event else { return None };
        if !close.last {
            return None;
        }
        let mut session = self.sessions.remove(&close.session)?;
        session.conclude(story, masks);
        // Its own are given away with it.
        session.calls.release(&mut self.room);
        session.carriers.release(&mut self.room);
        session.release(&mut self.room);
        if session.is_seen {
            self.over += 1;
            self.calls.add(&session.calls, &mut self.room);
        }
        Some(session)
    }

    /// Limits that were reached so far.
    pub fn reached(&self) -> Reached {
        Reached { latencies: self.room.refused, ..Reached::default() }
    }
}
