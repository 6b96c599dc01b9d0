//! Follows the sessions of one capture.

use super::media::Stages;
use super::profile::Profile;
use super::scenarios::{Scenario, Scenarios};
use super::session::{Session, Signal};
use super::software::{Fold, Published};
use super::{carriers, ftl};
use crate::net::Start;
use crate::proto::ftl::NAME as FTL;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::{Event, Gap, Undecodable};
use crate::story::Story;
use crate::wire::IdMap;

/// The events of one capture → the profile of its server.
pub struct Observer {
    capture: usize,
    scenarios: Vec<Scenario>,
    sessions: IdMap<u32, Session>,
    ftl: IdMap<u32, ftl::Session>,
    stages: Stages,
    /// What each session tells of its server.
    told: IdMap<u32, Fold>,
    carriers: IdMap<u32, carriers::Fold>,
    published: Published,
}

impl Observer {
    /// `capture` is the capture's place among all that are compared, `path` its name, by which scenarios find it.
    pub fn new(capture: usize, path: &str, scenarios: &Scenarios) -> Self {
        Observer {
            capture,
            scenarios: scenarios.of(path),
            sessions: IdMap::default(),
            ftl: IdMap::default(),
            stages: Stages::default(),
            told: IdMap::default(),
            carriers: IdMap::default(),
            published: Published::default(),
        }
    }

    /// Takes an event in. `story` is that of its session; it and `masks` have learned from the event already.
    pub fn observe(&mut self, event: &Event, story: &Story, masks: &Masks, profile: &mut Profile) {
        let id = event.session();
        if let Event::Session(opened) = event {
            profile.began(opened.at.time);
            profile.of_rtmp += u64::from(opened.protocol != FTL);
            // What came before the capture, or is encrypted, is what the rest depends on.
            if opened.start == Start::Midstream || opened.decrypted == Some(false) {
                profile.left_out += 1;
                return;
            }
            profile.sessions += 1;
            if opened.protocol == FTL {
                self.ftl.insert(id, ftl::Session::new(self.capture, opened));
                return;
            }
            let scenario = self.scenarios.iter().find(|scenario| scenario.has(id)).cloned();
            self.sessions.insert(id, Session::new(self.capture, opened, scenario));
            self.told.insert(id, Fold::default());
            return;
        }
        if let Some(session) = self.ftl.get_mut(&id) {
            match event {
                Event::Ftl(message) => session.message(message),
                Event::Gap(_) => session.lose(),
                Event::Close(close) => session.close(close),
                _ => {}
            }
            if let Event::Close(close) = event
                && close.last
                && let Some(session) = self.ftl.remove(&id)
            {
                session.finish(story, masks, profile);
            }
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(told) = self.told.get_mut(&id) else { return };
        let mut signal = None;
        match event {
            Event::Handshake(step) => {
                told.handshake(step);
                session.handshake(step);
            }
            Event::Message(message) => {
                told.message(message, masks, &mut self.published);
                signal = session.message(message, story, masks, &mut self.stages);
            }
            Event::Gap(Gap { from, .. }) | Event::Undecodable(Undecodable { from, .. }) => session.lose(*from),
            Event::Close(close) => {
                signal = session.close(close, &mut self.stages);
                if close.last
                    && let Some(session) = self.sessions.remove(&id)
                    && let Some(told) = self.told.remove(&id)
                {
                    if let Some(carriers) = self.carriers.remove(&id) {
                        carriers.tell(self.capture, id, masks, profile);
                    }
                    told.tell(profile);
                    session.finish(story, masks, profile);
                }
            }
            Event::Tls(told) => self.carriers.entry(id).or_default().tls(&told.facts),
            Event::Tunnel(told) => self.carriers.entry(id).or_default().exchange(&told.exchange),
            Event::Session(_)
            | Event::Flow(_)
            | Event::Ftl(_)
            | Event::Incomplete(_)
            | Event::Resync(_)
            | Event::Deviation(_)
            | Event::Piece(_) => {}
        }
        if let Some(Signal::Unpublished(key, at)) = signal {
            for other in self.sessions.values_mut() {
                other.publisher_ended(&key, at);
            }
        }
    }
}
