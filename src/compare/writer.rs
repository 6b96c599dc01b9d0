//! Puts a session's facts into the profile.

use super::evidence::Evidence;
use super::normal;
use super::profile::{Anchor, Fact, Profile};
use super::situation::Situation;
use crate::proto::rtmp::secrets::{Masks, Place};

/// A row of the table: its place in the protocol's order, its key and its title.
pub(super) struct Name {
    rank: u32,
    key: String,
    title: String,
}

pub(super) fn name(rank: u32, key: impl Into<String>, title: impl Into<String>) -> Name {
    Name { rank, key: key.into(), title: title.into() }
}

/// Puts a session's facts into the profile.
pub(super) struct Writer<'w> {
    pub(super) profile: &'w mut Profile,
    pub(super) masks: &'w Masks,
    pub(super) capture: usize,
    pub(super) session: u32,
}

impl Writer<'_> {
    /// Text from the wire as it may be shown, with all the session's secrets known.
    pub(super) fn shown(&self, text: &str) -> String {
        self.masks.even(self.session, Place::Text, text)
    }

    /// A sentence of the server without the session's own names. Where these are in it, nothing else is a name.
    pub(super) fn description(&self, text: &str, app: &str, names: &[String]) -> String {
        let bare = normal::description(text, app, names);
        let place = if bare == text { Place::Description } else { Place::Text };
        normal::clip(&self.masks.even(self.session, place, &bare))
    }

    pub(super) fn fact(&mut self, name: Name, situation: &Situation, value: impl Into<String>, n: Option<u64>) {
        self.put(name, None, situation, value.into(), n);
    }

    /// A fact whose absence another row tells.
    pub(super) fn hanging(
        &mut self,
        name: Name,
        anchor: Anchor,
        situation: &Situation,
        value: impl Into<String>,
        n: Option<u64>,
    ) {
        self.put(name, Some(anchor), situation, value.into(), n);
    }

    fn put(&mut self, name: Name, anchor: Option<Anchor>, situation: &Situation, value: String, n: Option<u64>) {
        let Name { rank, key, title } = name;
        let evidence = self.evidence(n);
        self.profile.record(Fact { rank, key, title, anchor, situation, value, evidence });
    }

    pub(super) fn latency(&mut self, name: Name, ns: i64, n: Option<u64>) {
        let evidence = self.evidence(n);
        self.profile.latency(name.rank, name.key, name.title, ns, evidence);
    }

    fn evidence(&self, n: Option<u64>) -> Evidence {
        Evidence { capture: self.capture, session: self.session, n }
    }
}
