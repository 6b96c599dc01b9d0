//! Whether `check` judged anything: what nobody looked at has not passed.

use crate::proto::Event;
use crate::wire::IdMap;
use crate::wire::words::counted;

/// What became of the sessions of a capture on their way to the rules' verdict.
#[derive(Debug, Default)]
pub(super) struct Judged {
    open: IdMap<u32, Seen>,
    chosen: u64,
    let_through: u64,
    decoded: u64,
    /// Of the decoded ones, those of which one side could not be decoded.
    halves: u64,
}

/// What is known of an open session.
#[derive(Debug, Default)]
struct Seen {
    /// Options let something of it through.
    is_let_through: bool,
    has_message: bool,
    has_handshake: bool,
    is_undecodable: bool,
    /// A side sent bytes, and none of them could be decoded.
    has_closed_side: bool,
}

impl Judged {
    /// Takes note of an event of a session that is wanted; whether the filters let it through.
    pub(super) fn observe(&mut self, event: &Event, is_let_through: bool) {
        let seen = self.open.entry(event.session()).or_default();
        seen.is_let_through |= is_let_through;
        match event {
            Event::Message(_) | Event::Ftl(_) => seen.has_message = true,
            Event::Handshake(_) => seen.has_handshake = true,
            Event::Undecodable(_) => seen.is_undecodable = true,
            Event::Close(close) => {
                seen.is_undecodable |= close.undecoded > 0;
                seen.has_closed_side |= close.undecoded > 0 && close.messages == 0;
            }
            _ => {}
        }
        if !matches!(event, Event::Close(close) if close.last) {
            return;
        }
        let seen = self.open.remove(&event.session()).unwrap_or_default();
        self.chosen += 1;
        self.let_through += u64::from(seen.is_let_through);
        let is_judged = seen.is_let_through && seen.is_decoded();
        self.decoded += u64::from(is_judged);
        self.halves += u64::from(is_judged && seen.has_closed_side);
    }

    /// Whether a session was wanted at all.
    pub(super) fn has_chosen(&self) -> bool {
        self.chosen > 0
    }

    /// What of the sessions that were wanted nobody looked at, where others were judged; a sentence.
    pub(super) fn left_out(&self) -> Option<String> {
        let closed = self.let_through - self.decoded;
        let of = |most: u64| counted(most as usize, "session", "sessions");
        let whole = (closed > 0).then(|| format!("{closed} of {} could not be decoded", of(self.let_through)));
        let halves = (self.halves > 0).then(|| format!("of {} one side could not be decoded", of(self.halves)));
        let parts: Vec<_> = whole.into_iter().chain(halves).collect();
        (!parts.is_empty() && self.decoded > 0).then(|| format!("not all was checked: {}", parts.join(", and ")))
    }

    /// Why nothing was judged, where that is so.
    pub(super) fn nothing(&self, sessions: u32) -> Option<Unjudged> {
        match self {
            _ if sessions == 0 => Some(Unjudged::NoSession),
            Judged { chosen: 0, .. } => Some(Unjudged::NotChosen),
            Judged { let_through: 0, .. } => Some(Unjudged::NotLetThrough),
            Judged { decoded: 0, .. } => Some(Unjudged::NotDecoded),
            _ => None,
        }
    }
}

/// Why nothing was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unjudged {
    NoSession,
    NotChosen,
    NotLetThrough,
    NotDecoded,
}

impl Unjudged {
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Unjudged::NoSession => "nothing was checked: there is no session",
            Unjudged::NotChosen => "nothing was checked: no session was chosen",
            Unjudged::NotLetThrough => "nothing was checked: the filter lets nothing through",
            Unjudged::NotDecoded => "nothing was checked: no session could be decoded",
        }
    }
}

impl Seen {
    /// Whether there was something to judge: of a session that is encrypted, a handshake says nothing of the rest.
    fn is_decoded(&self) -> bool {
        self.has_message || (self.has_handshake && !self.is_undecodable)
    }
}
