//! Statistics: a session when it is over, then all of them together.

mod json;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;

use super::{Counts, Writer};
use crate::analyzer::Totals;
use crate::limits::Limits;
use crate::proto::Event;
use crate::proto::rtmp::secrets::Masks;
use crate::rules::Finding;
use crate::stats::{SessionStats, Stats};
use crate::story::Story;
use crate::wire::{IdMap, Time};

/// For a person; `series` is whether with figures over time.
pub fn text(out: impl Write, filtered: bool, color: bool, series: bool) -> impl Writer {
    StatsWriter::new(text::Text::new(out, color, series), filtered)
}

/// JSON Lines: `stats` lines between `capture` and `summary`.
pub fn json(out: impl Write, filtered: bool) -> impl Writer {
    StatsWriter::new(json::Json::new(out), filtered)
}

/// A form of statistics.
trait Form {
    fn begin(&mut self, files: &[PathBuf], start: Option<Time>) -> io::Result<()>;
    fn session(&mut self, session: &SessionStats, findings: Counts) -> io::Result<()>;
    /// All sessions together.
    fn all(&mut self, stats: &Stats) -> io::Result<()>;
    fn end(&mut self, totals: &Totals, counts: Counts) -> io::Result<()>;
    fn flush(&mut self) -> io::Result<()>;
}

struct StatsWriter<F> {
    form: F,
    stats: Stats,
    /// By session, until it is over.
    findings: IdMap<u32, Counts>,
    /// Whether sessions in which a filter lets nothing through are left out.
    filtered: bool,
}

impl<F: Form> StatsWriter<F> {
    fn new(form: F, filtered: bool) -> Self {
        StatsWriter { form, stats: Stats::new(&Limits::default()), findings: IdMap::default(), filtered }
    }
}

impl<F: Form> Writer for StatsWriter<F> {
    fn begin(&mut self, files: &[PathBuf], start: Option<Time>) -> io::Result<()> {
        self.form.begin(files, start)
    }

    fn event(&mut self, event: &Event, story: &Story, masks: &Masks) -> io::Result<()> {
        self.stats.observe(event, story);
        let Some(session) = self.stats.take(event, story, masks) else { return Ok(()) };
        let findings = self.findings.remove(&event.session()).unwrap_or_default();
        if self.filtered && !session.is_seen && findings == Counts::default() {
            return Ok(());
        }
        self.form.session(&session, findings)
    }

    fn finding(&mut self, finding: &Finding, _: &Masks) -> io::Result<()> {
        self.findings.entry(finding.session).or_default().add(finding);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.form.all(&self.stats)
    }

    fn end(&mut self, totals: &Totals, counts: Counts) -> io::Result<()> {
        let mut totals = totals.clone();
        totals.reached.add(&self.stats.reached());
        self.form.end(&totals, counts)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.form.flush()
    }
}
