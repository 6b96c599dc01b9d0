//! Writes what an inspection tells: through the sieve, to a writer.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Outcome;
use super::arguments::InputArguments;
use super::judged::{Judged, Unjudged};
use super::keys::Wanted;
use super::reading::{self, Consumer, Progress};
use super::sieve::Sieve;
use crate::export::{Counts, Writer};
use crate::inspection::{Inspection, Options, Told};
use crate::proto::Event;
use crate::wire::Time;

/// What came of it.
pub(super) struct Pumped {
    pub(super) outcome: Outcome,
    pub(super) counts: Counts,
    /// Why nothing was judged, where that is so.
    pub(super) unjudged: Option<Unjudged>,
    /// What of it was not judged, where something was; a sentence.
    pub(super) left_out: Option<String>,
}

/// Reads everything and writes what the sieve lets through. A pipe that closed is success: the reader has what it wanted.
/// Once `stop` is set, reading ends and what is known by then is written. Whether a `summary` ends it: a program that reads
/// the output is owed one, a person may not want it.
pub(super) fn pump(
    arguments: &InputArguments,
    stop: &Arc<AtomicBool>,
    sieve: Sieve,
    writer: &mut dyn Writer,
    summary: bool,
) -> anyhow::Result<Pumped> {
    let options = Options {
        follow: arguments.follow,
        stop: Arc::clone(stop),
        show_secrets: arguments.show_secrets,
        keys: arguments.keys.read(&arguments.captures)?,
        ..Options::default()
    };
    let mut inspection = Inspection::open_with(&arguments.captures, &options)?;
    let mut flow = Flow { arguments, sieve, writer, summary, counts: Counts::default(), judged: Judged::default() };
    let mut outcome = Outcome::Done;
    let written = flow.run(&mut inspection, &mut outcome);
    let pumped = |outcome| Pumped {
        outcome,
        counts: flow.counts,
        unjudged: flow.judged.nothing(inspection.totals().sessions),
        left_out: flow.judged.left_out(),
    };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(Pumped { unjudged: None, left_out: None, ..pumped(outcome) });
        }
        written => written?,
    }
    outcome = reading::conclude(&inspection, outcome);
    arguments.keys.complain_of_unused(inspection.keys(), Wanted::of(&inspection.totals()));
    if let Some(session) = arguments.session.filter(|_| !flow.judged.has_chosen()) {
        reading::no_such_session(&inspection, session);
    }
    Ok(pumped(outcome))
}

struct Flow<'f> {
    arguments: &'f InputArguments,
    sieve: Sieve,
    writer: &'f mut dyn Writer,
    summary: bool,
    counts: Counts,
    judged: Judged,
}

impl Flow<'_> {
    fn run(&mut self, inspection: &mut Inspection, outcome: &mut Outcome) -> io::Result<()> {
        let mut progress = Progress::new(!self.arguments.quiet && !io::stdout().is_terminal());
        reading::read(inspection, &mut progress, self, outcome)?;
        self.writer.close()?;
        if !self.summary {
            return self.writer.flush();
        }
        let mut totals = inspection.totals();
        totals.reached.add(&self.sieve.reached());
        self.writer.end(&totals, self.counts)
    }
}

impl Consumer for Flow<'_> {
    fn begin(&mut self, start: Option<Time>) -> io::Result<()> {
        self.writer.begin(&self.arguments.captures, start)
    }

    fn take(&mut self, told: Told<'_>) -> io::Result<()> {
        let Told { event, findings, story, masks, start } = told;
        if !self.sieve.wants(event) {
            return Ok(());
        }
        let sifted = self.sieve.sift(event, findings, start);
        self.judged.observe(event, sifted.is_let_through);
        if let Some(opened) = sifted.session {
            self.writer.event(&Event::Session(opened), story, masks)?;
        }
        // What is found at a session's end is a part of it.
        let closes = matches!(event, Event::Close(_)) && self.sieve.form().is_by_session();
        if sifted.event && !closes {
            self.writer.event(event, story, masks)?;
        }
        for finding in &sifted.findings {
            self.counts.add(finding);
            self.writer.finding(finding, masks)?;
        }
        if sifted.event && closes {
            self.writer.event(event, story, masks)?;
        }
        if let Event::Close(close) = event
            && close.last
        {
            self.writer.over(close.session)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
