//! Moves packets from the captures through the analyzer and the rules to a writer.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::arguments::InputArguments;
use super::sieve::Sieve;
use super::{Outcome, complain, say};
use crate::analyzer::{Analyzer, Limits, Options, Reached, Reason};
use crate::capture::Input;
use crate::export::{Counts, Writer};
use crate::net::Unread;
use crate::proto::Event;
use crate::proto::rtmp::secrets::Masks;
use crate::rules::Engine;
use crate::wire::Time;

/// Packets between looks at the clock.
const STRIDE: u64 = 4096;
/// Work that takes no longer shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);

/// What came of it.
pub(super) struct Pumped {
    pub(super) outcome: Outcome,
    pub(super) counts: Counts,
    pub(super) sessions: u32,
}

/// Reads everything and writes what the sieve lets through. A pipe that closed is success: the reader has what it wanted.
/// Once `stop` is set, reading ends and what is known by then is written.
pub(super) fn pump(
    arguments: &InputArguments,
    stop: &Arc<AtomicBool>,
    sieve: Sieve,
    writer: &mut dyn Writer,
) -> anyhow::Result<Pumped> {
    let mut input = match &arguments.captures[..] {
        [capture] if arguments.follow => Input::follow(capture, stop)?,
        _ if arguments.follow => bail!("--follow reads one capture"),
        captures => Input::open_until(captures, stop)?,
    };
    let limits = Limits::default();
    let mut flow = Flow {
        arguments,
        sieve,
        writer,
        analyzer: Analyzer::new(&limits, Options::default()),
        engine: Engine::default(),
        masks: Masks::new(arguments.show_secrets, &limits),
        counts: Counts::default(),
        begun: false,
    };
    let mut outcome = Outcome::Done;
    let written = flow.run(&mut input, stop, &mut outcome);
    let pumped = |outcome| Pumped { outcome, counts: flow.counts, sessions: flow.analyzer.totals().sessions };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(pumped(outcome)),
        written => written?,
    }
    let totals = flow.analyzer.totals();
    let unknown_link = |(reason, _): &&(Reason, _)| matches!(reason, Reason::Packet(Unread::LinkType(_)));
    if let Some((reason, tally)) = totals.unread.iter().find(unknown_link) {
        complain(format_args!("{}: {} packets of {reason} were not read", flow.names(), tally.packets));
        outcome = Outcome::Failed;
    } else if totals.sessions == 0 && outcome == Outcome::Done {
        let packets = totals.packets;
        complain(format_args!("{}: no RTMP in {packets} packets", flow.names()));
    }
    Ok(pumped(outcome))
}

struct Flow<'f> {
    arguments: &'f InputArguments,
    sieve: Sieve,
    writer: &'f mut dyn Writer,
    analyzer: Analyzer,
    engine: Engine,
    masks: Masks,
    counts: Counts,
    begun: bool,
}

impl Flow<'_> {
    fn run(&mut self, input: &mut Input, stop: &AtomicBool, outcome: &mut Outcome) -> io::Result<()> {
        let mut progress = Progress::new(self.arguments.quiet);
        let mut number = 0;
        // A live source is told too: what its writer still gives is read.
        while input.is_live() || !stop.load(Ordering::Relaxed) {
            match input.next() {
                None => break,
                Some(Ok(packet)) => {
                    number += 1;
                    self.analyzer.push(&packet);
                    if !self.begun {
                        self.begin()?;
                    }
                }
                Some(Err(error)) => {
                    // What was readable comes first.
                    self.drain()?;
                    self.writer.flush()?;
                    progress.clear();
                    complain(error);
                    *outcome = Outcome::Failed;
                }
            }
            self.drain()?;
            if number % STRIDE == 0 {
                progress.show(input.bytes_read(), input.size());
            }
        }
        self.analyzer.finish();
        self.analyzer.count(&Reached { note_bytes: input.notes().missed, ..Reached::default() });
        if !self.begun {
            self.begin()?;
        }
        self.drain()?;
        self.analyzer.count(self.masks.reached());
        self.analyzer.count(self.engine.reached());
        self.analyzer.count(&self.sieve.reached());
        progress.clear();
        self.writer.close()?;
        if self.arguments.quiet { self.writer.flush() } else { self.writer.end(self.analyzer.totals(), self.counts) }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.begun = true;
        let files: Vec<_> = self.arguments.captures.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        self.writer.begin(&files, self.analyzer.totals().first.map(|at| at.time))
    }

    fn drain(&mut self) -> io::Result<()> {
        while let Some(event) = self.analyzer.poll() {
            let findings = self.engine.observe(&event);
            if !self.sieve.wants(&event) {
                continue;
            }
            // Secrets are learned from every event, also from those that are not shown.
            self.masks.observe(&event);
            let start = self.analyzer.totals().first.map_or(Time::default(), |at| at.time);
            let sifted = self.sieve.sift(&event, findings, start);
            if let Some(opened) = sifted.session {
                self.writer.event(&Event::Session(opened), &self.masks)?;
            }
            // What is found at a session's end is a part of it.
            let closes = matches!(event, Event::Close(_)) && self.sieve.form().is_by_session();
            if sifted.event && !closes {
                self.writer.event(&event, &self.masks)?;
            }
            for finding in &sifted.findings {
                self.counts.add(finding);
                self.writer.finding(finding, &self.masks)?;
            }
            if sifted.event && closes {
                self.writer.event(&event, &self.masks)?;
            }
            if let Event::Close(close) = &event
                && close.last
            {
                self.writer.over(close.session)?;
            }
            self.masks.forget(&event);
        }
        Ok(())
    }

    /// The inputs' names, as they stand in messages.
    fn names(&self) -> String {
        let name = |path: &PathBuf| match path.to_string_lossy() {
            stdin if stdin == "-" => "standard input".to_owned(),
            name => name.into_owned(),
        };
        self.arguments.captures.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

/// Lets the first Ctrl-C, or the first request to terminate, end the reading, so that what is known by then, the summary
/// too, still comes. A second one ends the program.
pub(super) fn interruptible() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let interrupted = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&interrupted))?;
        signal_hook::flag::register(signal, interrupted)?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// How far it is, on standard error, where a person looks and the work is long.
struct Progress {
    since: Option<Instant>,
    shown: bool,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        // On the same terminal as the output it would stand among the lines.
        let wanted = !quiet && io::stderr().is_terminal() && !io::stdout().is_terminal();
        Progress { since: wanted.then(Instant::now), shown: false }
    }

    fn show(&mut self, read: u64, size: Option<u64>) {
        let Some(since) = self.since else { return };
        if since.elapsed() < PATIENCE {
            return;
        }
        self.shown = true;
        match size {
            Some(size) if size > 0 => say(&format!("\r{:3} % of {} MB", read * 100 / size, size / 1_000_000)),
            _ => say(&format!("\r{} MB", read / 1_000_000)),
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            say("\r\u{1b}[K");
        }
    }
}
