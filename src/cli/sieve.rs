//! What of a capture is shown: one session or all, and what a filter lets through.

use anyhow::Context;

use super::arguments::InputArguments;
use crate::filter::{Filter, Scratch, Sessions, Subject};
use crate::limits::Limits;
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
        })
    }

    /// Whether the event's session is wanted at all.
    pub(super) fn wants(&self, event: &Event) -> bool {
        self.session.is_none_or(|session| session == event.session())
    }

    /// What is shown of an event and of what the rules found at it. `start` is the capture's first packet's time.
    pub(super) fn sift(&mut self, event: &Event, mut findings: Vec<Finding>, start: Time) -> Sifted {
        let Some(filter) = &self.filter else { return Sifted { session: None, event: true, findings } };
        self.sessions.observe(event);
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
        if let Event::Session(opened) = event
            && !shown
            && self.form != Form::Lines
        {
            self.unsaid.insert(opened.session, opened.clone());
        }
        let session = if shown || !findings.is_empty() { self.unsaid.remove(&event.session()) } else { None };
        self.sessions.forget(event);
        if matches!(event, Event::Close(close) if close.last) {
            self.unsaid.remove(&event.session());
        }
        Sifted { session, event: shown, findings }
    }
}
