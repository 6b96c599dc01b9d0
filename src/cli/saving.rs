//! What the screen saves: the same as the command line writes with the same filter, read from the captures once more.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};

use super::sieve::{Form, Sieve};
use super::target::Target;
use crate::evidence::{Evidence, Purpose};
use crate::export::json::JsonWriter;
use crate::export::text::TextWriter;
use crate::export::{Counts, Writer};
use crate::extract::Clear;
use crate::filter::Filter;
use crate::inspection::{Inspection, Options, Read, Told};
use crate::proto::{Event, Keys};
use crate::tui::{Saved, Saver, Saving, Wanted};
use crate::wire::file_name;
use crate::wire::words::count;

/// Packets between looks at the clock.
const STRIDE: u32 = 64;

/// Who saves what is shown of these captures.
pub(super) fn saver(captures: &[PathBuf], keys: &Arc<Keys>, secrets: Vec<PathBuf>, show_secrets: bool) -> Saver {
    let (captures, keys) = (captures.to_vec(), Arc::clone(keys));
    Saver::new(move |wanted| {
        if let Some(pipe) = captures.iter().find(|capture| !capture.is_file()) {
            bail!("{}: it can be read only once, and was", file_name(pipe));
        }
        let options = Options { keys: Arc::clone(&keys), show_secrets, ..Options::default() };
        let open = || Target::open(&wanted.path, false, &captures, &secrets);
        let open_secret = || Target::open_secret(&wanted.path, false, &captures, &secrets);
        let out: Box<dyn Saving> = match wanted.path.extension().and_then(|end| end.to_str()).unwrap_or_default() {
            "json" | "jsonl" | "ndjson" => {
                let out = Shared::new(open()?);
                let writer = Box::new(JsonWriter::new(out.clone(), false));
                Box::new(Events::begin(&captures, &options, wanted, writer, out)?)
            }
            "txt" | "text" | "log" => {
                let out = Shared::new(open()?);
                let is_filtered = wanted.filter.is_some();
                let writer = TextWriter::new(out.clone(), false).with_notes(is_filtered).with_requests(is_filtered);
                Box::new(Events::begin(&captures, &options, wanted, Box::new(writer), out)?)
            }
            "pcapng" => Box::new(InClear::begin(&captures, options, wanted, open_secret()?)?),
            _ => bail!("the file's name says its form: .jsonl, .txt, or .pcapng for the sessions in clear"),
        };
        Ok(out)
    })
}

/// A target that a writer has, and who gives it its name in the end.
#[derive(Clone)]
struct Shared(Rc<RefCell<Target>>);

impl Shared {
    fn new(target: Target) -> Self {
        Shared(Rc::new(RefCell::new(target)))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

/// Reads captures again, in slices.
struct Reading {
    inspection: Inspection,
    is_over: bool,
}

impl Reading {
    /// Reads until about `deadline`, and tells what comes. How far it is; nothing at the end.
    fn step(
        &mut self,
        deadline: Instant,
        mut take: impl FnMut(Told<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Option<usize>> {
        while !self.is_over {
            for _ in 0..STRIDE {
                match self.inspection.read() {
                    Read::Packet => {}
                    // What could not be read was said when it was read for the screen.
                    Read::Failed(_) => continue,
                    Read::End => self.is_over = true,
                }
                while let Some(told) = self.inspection.told() {
                    take(told)?;
                }
                if self.is_over {
                    break;
                }
            }
            if Instant::now() >= deadline && !self.is_over {
                let progress = self.inspection.progress();
                let size = progress.size.unwrap_or_default().max(1);
                return Ok(Some((progress.read.saturating_mul(100) / size).min(99) as usize));
            }
        }
        Ok(None)
    }
}

/// Events as JSON lines or text.
struct Events {
    reading: Reading,
    sieve: Sieve,
    sessions: Option<BTreeSet<u32>>,
    captures: Vec<PathBuf>,
    /// Together until the end.
    parts: Option<(Box<dyn Writer>, Shared)>,
    has_begun: bool,
    counts: Counts,
    written: u64,
}

impl Events {
    fn begin(
        captures: &[PathBuf],
        options: &Options,
        wanted: &Wanted,
        writer: Box<dyn Writer>,
        out: Shared,
    ) -> anyhow::Result<Events> {
        let filter = wanted.filter.as_deref().map(Filter::parse).transpose().context("filter")?;
        Ok(Events {
            reading: Reading { inspection: Inspection::open_with(captures, options)?, is_over: false },
            sieve: Sieve::of(None, filter, Form::Timeline),
            sessions: wanted.sessions.clone(),
            captures: captures.to_vec(),
            parts: Some((writer, out)),
            has_begun: false,
            counts: Counts::default(),
            written: 0,
        })
    }
}

impl Saving for Events {
    fn step(&mut self, deadline: Instant) -> anyhow::Result<Saved> {
        let Events { reading, sieve, sessions, captures, parts, has_begun, counts, written } = self;
        let Some((writer, _)) = parts else { bail!("it is written already") };
        let far = reading.step(deadline, |Told { event, findings, story, masks, start }| {
            if !std::mem::replace(has_begun, true) {
                writer.begin(captures, Some(start))?;
            }
            if sessions.as_ref().is_some_and(|sessions| !sessions.contains(&event.session())) {
                return Ok(());
            }
            let sifted = sieve.sift(event, findings, start);
            if let Some(opened) = sifted.session {
                writer.event(&Event::Session(opened), story, masks)?;
                *written += 1;
            }
            if sifted.event {
                writer.event(event, story, masks)?;
                *written += 1;
            }
            for finding in &sifted.findings {
                counts.add(finding);
                writer.finding(finding, masks)?;
            }
            if let Event::Close(close) = event
                && close.last
            {
                writer.over(close.session)?;
            }
            Ok(())
        })?;
        if let Some(percent) = far {
            return Ok(Saved::More(percent));
        }
        let Some((mut writer, out)) = parts.take() else { bail!("it is written already") };
        writer.close()?;
        writer.end(&reading.inspection.totals(), *counts)?;
        writer.flush()?;
        drop(writer);
        let Some(target) = Rc::into_inner(out.0) else { bail!("the file is still written to") };
        target.into_inner().finish()?;
        let findings = counts.errors + counts.warnings + counts.notes;
        Ok(Saved::Done(format!("{} and {} saved", count(*written, "event"), count(findings, "finding"))))
    }
}

/// Whole sessions as a capture that other programs read.
struct InClear {
    reading: Reading,
    evidence: Evidence,
    clear: Option<Clear<Target>>,
}

impl InClear {
    fn begin(captures: &[PathBuf], options: Options, wanted: &Wanted, out: Target) -> anyhow::Result<InClear> {
        const AGAIN: Purpose = Purpose { is: "for saving", instead: "" };
        // The bytes are those of the wire; nothing can be masked in them.
        let options = Options { evidence: true, unjudged: true, show_secrets: true, ..options };
        let (input, evidence) = Evidence::open(captures, false, &options.stop, AGAIN)?;
        let inspection = Inspection::of(input, &options);
        let clear = Clear::new(out, &inspection.names(), Some(wanted.seen.clone()))?;
        Ok(InClear { reading: Reading { inspection, is_over: false }, evidence, clear: Some(clear) })
    }
}

impl Saving for InClear {
    fn step(&mut self, deadline: Instant) -> anyhow::Result<Saved> {
        let InClear { reading, evidence, clear } = self;
        let Some(open) = clear else { bail!("it is written already") };
        let far = reading.step(deadline, |told| {
            // Where its bytes lie is learnt on the way.
            Ok(open.take(told.event, evidence)?)
        })?;
        if let Some(percent) = far {
            return Ok(Saved::More(percent));
        }
        let Some(open) = clear.take() else { bail!("it is written already") };
        let (target, written) = open.finish()?;
        if written.sessions == 0 {
            bail!("not saved: no session that is shown is RTMP that can be read");
        }
        target.finish()?;
        let (sessions, packets) = (count(written.sessions, "session"), count(written.packets, "packet"));
        Ok(Saved::Done(format!("{sessions} in clear, {packets}; stream keys and passwords can be read in it")))
    }
}
