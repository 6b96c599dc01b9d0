//! What of a capture is shown: one session or all, and what a filter lets through.

use std::collections::BTreeSet;

use anyhow::Context;

use super::arguments::InputArguments;
use super::policy::Policy;
use crate::filter::{Filter, Scratch, SessionFacts, Sessions, Subject};
use crate::limits::{Limits, Reached};
use crate::proto::{Event, Opened};
use crate::rules::{Finding, Kind};
use crate::wire::{IdMap, Time};

/// What the output is to the reader; a filter means a little another thing in each. In all of them a session stands before
/// what is shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Events as they come.
    Timeline,
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
    /// Faults of the open sessions of which a case was shown.
    said: IdMap<u32, BTreeSet<Kind>>,
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
    waiting: IdMap<u32, Vec<Finding>>,
    /// Findings that wait with them.
    held: usize,
    /// Findings that were left out.
    missed: u64,
    /// Whether the last event's session has passed.
    is_open: bool,
}

/// What is shown of an event.
pub(super) struct Sifted {
    /// A session that has to be said first.
    pub(super) session: Option<Opened>,
    pub(super) event: bool,
    pub(super) findings: Vec<Finding>,
    /// Whether the filters let its session be judged. One that asks for findings lets all: to find none is an answer.
    pub(super) is_let_through: bool,
}

impl Sieve {
    pub(super) fn new(arguments: &InputArguments, form: Form) -> anyhow::Result<Sieve> {
        let filter = arguments.filter.as_deref().map(Filter::parse).transpose().context("--filter")?;
        Ok(Sieve::of(arguments.session, filter, form))
    }

    /// Of one session or all, what a filter lets through.
    pub(super) fn of(session: Option<u32>, filter: Option<Filter>, form: Form) -> Sieve {
        Sieve {
            session,
            filter,
            form,
            scratch: Scratch::new(&Limits::default()),
            sessions: Sessions::default(),
            unsaid: IdMap::default(),
            said: IdMap::default(),
            policy: None,
            gate: None,
        }
    }

    /// Leaves out what a policy allows.
    pub(super) fn under(mut self, policy: Policy) -> Sieve {
        self.policy = Some(policy);
        self
    }

    /// Only the sessions in which this filter lets something through.
    pub(super) fn of_sessions(mut self, filter: Option<Filter>) -> Sieve {
        let scratch = || Scratch::new(&Limits::default());
        self.gate = filter.map(|filter| Gate {
            filter,
            scratch: scratch(),
            waiting: IdMap::default(),
            held: 0,
            missed: 0,
            is_open: false,
        });
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
            return Sifted { session: None, event: true, findings, is_let_through: true };
        }
        self.sessions.observe(event);
        if let Event::Session(opened) = event {
            self.unsaid.insert(opened.session, opened.clone());
        }
        let meets_filter = self.meets_filter(event, &findings, start);
        let (shown, mut findings) = self.by_filter(event, findings, start);
        let shown = match &mut self.gate {
            Some(gate) => gate.pass(event, shown, &mut findings, self.sessions.get(event.session()), start),
            None => shown,
        };
        let is_let_through = meets_filter && self.gate.as_ref().is_none_or(|gate| gate.is_open);
        self.sessions.forget(event);
        self.relate(event.session(), &mut findings);
        Sifted { is_let_through, ..self.introduce(event, shown, findings) }
    }

    /// Whether the filter holds for an event, with or without findings, where that is asked.
    fn meets_filter(&mut self, event: &Event, findings: &[Finding], start: Time) -> bool {
        let Some(filter) = self.filter.as_ref().filter(|filter| !filter.asks_for_findings()) else { return true };
        let session = self.sessions.get(event.session());
        self.form == Form::Findings && filter.matches(&Subject { event, findings, session, start }, &mut self.scratch)
    }

    /// Whether an event is shown, and which findings.
    fn by_filter(&mut self, event: &Event, mut findings: Vec<Finding>, start: Time) -> (bool, Vec<Finding>) {
        let Some(filter) = &self.filter else { return (true, findings) };
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
        let is_frame = self.form == Form::Sessions && matches!(event, Event::Session(_) | Event::Close(_));
        (shown || is_frame, findings)
    }

    /// Says of a closing report whether the first case of its fault was shown: otherwise it is the first that is.
    fn relate(&mut self, session: u32, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| !finding.rule.each) {
            finding.again = !self.said.entry(session).or_default().insert(finding.kind());
        }
    }

    /// Puts a session in front of the first that is shown of it.
    fn introduce(&mut self, event: &Event, shown: bool, findings: Vec<Finding>) -> Sifted {
        let number = event.session();
        let opened = if shown || !findings.is_empty() { self.unsaid.remove(&number) } else { None };
        let closes = matches!(event, Event::Close(close) if close.last);
        // Findings are grouped until their session closes.
        let ends_group = closes && self.form == Form::Findings && !self.unsaid.contains_key(&number);
        if closes {
            self.unsaid.remove(&number);
            self.said.remove(&number);
        }
        let says_itself = shown && matches!(event, Event::Session(_));
        let is_let_through = true;
        Sifted { session: opened.filter(|_| !says_itself), event: shown || ends_group, findings, is_let_through }
    }
}

impl Gate {
    /// Whether the event is shown. Its findings wait with its session where that does not pass.
    fn pass(
        &mut self,
        event: &Event,
        shown: bool,
        findings: &mut Vec<Finding>,
        session: Option<&SessionFacts>,
        start: Time,
    ) -> bool {
        if let Event::Session(opened) = event {
            self.waiting.insert(opened.session, Vec::new());
        }
        self.is_open = true;
        let Some(held) = self.waiting.get_mut(&event.session()) else { return shown };
        let passes = self.filter.matches(&Subject { event, findings, session, start }, &mut self.scratch);
        self.is_open = passes;
        if !passes {
            let room = Limits::DEFAULT.waiting_findings.saturating_sub(self.held);
            self.missed += findings.len().saturating_sub(room) as u64;
            let before = held.len();
            held.extend(findings.drain(..).take(room));
            self.held += held.len() - before;
        }
        if passes || matches!(event, Event::Close(close) if close.last) {
            let held = self.waiting.remove(&event.session()).unwrap_or_default();
            self.held -= held.len();
            if passes {
                findings.splice(..0, held);
            }
        }
        passes && shown
    }
}
