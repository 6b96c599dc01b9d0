//! What of a capture is shown: one session or all, and what a filter lets through.

use anyhow::Context;

use super::arguments::InputArguments;
use super::policy::Policy;
use crate::filter::{Filter, Scratch, SessionFacts, Sessions, Subject};
use crate::limits::{Limits, Reached};
use crate::proto::{Event, Opened};
use crate::rules::Finding;
use crate::wire::{IdMap, Time};

/// What the output is to the reader; a filter means a little another thing in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For a person: a session is said in front of what is shown of it.
    Text,
    /// For a program: each line is there by itself.
    Lines,
    /// Findings alone, under their sessions.
    Findings,
    /// Figures by session, of what a filter lets through: sessions begin and end in any case.
    Sessions,
}

impl Form {
    /// Whether what belongs to a session is said when it ends: then what is found at its end must come before.
    pub(super) fn is_by_session(self) -> bool {
        matches!(self, Form::Findings | Form::Sessions)
    }
}

/// Decides event by event. The rules see all events, whatever is shown.
pub(super) struct Sieve {
    session: Option<u32>,
    filter: Option<Filter>,
    form: Form,
    scratch: Scratch,
    sessions: Sessions,
    /// Sessions of which nothing was shown yet.
    unsaid: IdMap<u32, Opened>,
    /// What is allowed, for `check`.
    policy: Option<Policy>,
    /// Which sessions are wanted, by what happens in them.
    gate: Option<Gate>,
}

/// Lets through the sessions in which a filter lets something through, from that event on with what came before.
struct Gate {
    filter: Filter,
    scratch: Scratch,
    /// Sessions that did not pass so far.
    waiting: IdMap<u32, (Opened, Vec<Finding>)>,
    /// Findings that wait with them.
    held: usize,
    /// Findings that were left out.
    missed: u64,
}

/// What is shown of an event.
pub(super) struct Sifted {
    /// A session that has to be said first.
    pub(super) session: Option<Opened>,
    pub(super) event: bool,
    pub(super) findings: Vec<Finding>,
}

impl Sieve {
    pub(super) fn new(arguments: &InputArguments, form: Form) -> anyhow::Result<Sieve> {
        let filter = arguments.filter.as_deref().map(Filter::parse).transpose().context("--filter")?;
        Ok(Sieve {
            session: arguments.session,
            filter,
            form,
            scratch: Scratch::new(&Limits::default()),
            sessions: Sessions::default(),
            unsaid: IdMap::default(),
            policy: None,
            gate: None,
        })
    }

    /// Leaves out what a policy allows.
    pub(super) fn under(mut self, policy: Policy) -> Sieve {
        self.policy = Some(policy);
        self
    }

    /// Only the sessions in which this filter lets something through.
    pub(super) fn of_sessions(mut self, filter: Option<Filter>) -> Sieve {
        let scratch = || Scratch::new(&Limits::default());
        self.gate =
            filter.map(|filter| Gate { filter, scratch: scratch(), waiting: IdMap::default(), held: 0, missed: 0 });
        self
    }

    /// Which limits were reached here.
    pub(super) fn reached(&self) -> Reached {
        Reached { waiting_findings: self.gate.as_ref().map_or(0, |gate| gate.missed), ..Reached::default() }
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// Whether the event's session is wanted at all.
    pub(super) fn wants(&self, event: &Event) -> bool {
        self.session.is_none_or(|session| session == event.session())
    }

    /// What is shown of an event and of what the rules found at it. `start` is the capture's first packet's time.
    pub(super) fn sift(&mut self, event: &Event, mut findings: Vec<Finding>, start: Time) -> Sifted {
        if let Some(policy) = &mut self.policy {
            policy.observe(event);
            policy.judge(&mut findings);
            policy.forget(event);
        }
        if self.filter.is_none() && self.gate.is_none() {
            return Sifted { session: None, event: true, findings };
        }
        self.sessions.observe(event);
        let sifted = self.by_filter(event, findings, start);
        let sifted = match &mut self.gate {
            Some(gate) => gate.pass(event, sifted, self.sessions.get(event.session()), start),
            None => sifted,
        };
        self.sessions.forget(event);
        sifted
    }

    fn by_filter(&mut self, event: &Event, mut findings: Vec<Finding>, start: Time) -> Sifted {
        let Some(filter) = &self.filter else { return Sifted { session: None, event: true, findings } };
        let session = self.sessions.get(event.session());
        let scratch = &mut self.scratch;
        let mut matches = |findings: &[Finding]| filter.matches(&Subject { event, findings, session, start }, scratch);
        let shown = self.form != Form::Findings && matches(&findings);
        if shown || self.form == Form::Findings {
            // Each finding must do by itself: one beside it may be what was looked for.
            findings.retain(|finding| matches(std::slice::from_ref(finding)));
        } else {
            findings.clear();
        }
        if self.form == Form::Sessions {
            let is_frame = matches!(event, Event::Session(_) | Event::Close(_));
            return Sifted { session: None, event: shown || is_frame, findings };
        }
        if let Event::Session(opened) = event
            && !shown
            && self.form != Form::Lines
        {
            self.unsaid.insert(opened.session, opened.clone());
        }
        let session = if shown || !findings.is_empty() { self.unsaid.remove(&event.session()) } else { None };
        let closes = matches!(event, Event::Close(close) if close.last);
        // Findings are grouped until their session closes.
        let said = closes && self.form == Form::Findings && self.unsaid.remove(&event.session()).is_none();
        if closes {
            self.unsaid.remove(&event.session());
        }
        Sifted { session, event: shown || said, findings }
    }
}

impl Gate {
    fn pass(&mut self, event: &Event, sifted: Sifted, session: Option<&SessionFacts>, start: Time) -> Sifted {
        if let Event::Session(opened) = event {
            self.waiting.insert(opened.session, (opened.clone(), Vec::new()));
        }
        let Some((opened, held)) = self.waiting.get_mut(&event.session()) else { return sifted };
        let subject = Subject { event, findings: &sifted.findings, session, start };
        if !self.filter.matches(&subject, &mut self.scratch) {
            let room = Limits::DEFAULT.waiting_findings.saturating_sub(self.held);
            self.missed += sifted.findings.len().saturating_sub(room) as u64;
            let before = held.len();
            held.extend(sifted.findings.into_iter().take(room));
            self.held += held.len() - before;
            if matches!(event, Event::Close(close) if close.last) {
                self.held -= held.len();
                self.waiting.remove(&event.session());
            }
            return Sifted { session: None, event: false, findings: Vec::new() };
        }
        let (opened, mut findings) = (opened.clone(), std::mem::take(held));
        self.held -= findings.len();
        self.waiting.remove(&event.session());
        findings.extend(sifted.findings);
        // Its line is written by the event itself, or now.
        let is_opening = matches!(event, Event::Session(_));
        Sifted { session: (!is_opening).then_some(opened), event: sifted.event, findings }
    }
}
