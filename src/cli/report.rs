//! `rtmp-inspect report CAPTURE…`: one page for a browser.

use std::io;

use anyhow::Context;

use super::arguments::ReportArguments;
use super::keys::Wanted;
use super::output::stdout;
use super::reading::{self, Progress, Stop};
use super::target::Target;
use super::{Outcome, complain};
use crate::book::{self, Loader};
use crate::evidence::Purpose;
use crate::export::report;
use crate::filter::Filter;
use crate::limits::Limits;

/// Why what can be read only once is copied.
const COPIED: Purpose = Purpose { is: "for reading its messages again", instead: "" };
/// Packets between looks at progress.
const STRIDE: u64 = 4096;

pub(super) fn run(arguments: &ReportArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    let ReportArguments { captures, .. } = arguments;
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose().context("--filter")?;
    let limits = report::limits(&Limits::default());
    let options = book::Options {
        show_secrets: arguments.show_secrets,
        keys: arguments.keys.read(&arguments.captures)?,
        stop: stop.asked.clone(),
        ..book::Options::default()
    };
    let (mut loader, mut book) = Loader::open_for(captures, &options, &limits, COPIED)?;
    let path = arguments.output.as_ref().filter(|path| path.as_os_str() != "-");
    let target = path.map(|path| Target::open(path, arguments.force, captures, &arguments.keys.files())).transpose()?;
    stop.listen()?;
    let mut progress = Progress::new(!arguments.quiet);
    let mut outcome = Outcome::Done;
    let mut complaints = Vec::new();
    loop {
        let batch = loader.read_packets(STRIDE);
        book.begin(batch.progress.start);
        batch.items.into_iter().for_each(|item| {
            book.take(item);
        });
        progress.show(loader.inspection());
        if batch.progress.done {
            complaints.extend(batch.progress.complaints);
            break;
        }
    }
    progress.clear();
    let inspection = loader.inspection();
    // What was not known of the captures as a whole is said below.
    let as_a_whole = [inspection.interrupted(), inspection.unknown_link()];
    complaints.retain(|what| !as_a_whole.contains(&Some(what.clone())));
    for what in &complaints {
        complain(what);
        outcome = Outcome::Failed;
    }
    outcome = reading::conclude(inspection, outcome);
    arguments.keys.complain_of_unused(inspection.keys(), Wanted::of(&inspection.totals()));
    if let Some(session) = arguments.session.filter(|session| book.session(*session).is_none()) {
        reading::no_such_session(inspection, session);
    }
    complaints.extend(as_a_whole.into_iter().flatten().chain(inspection.no_session()));
    let asked = report::Asked {
        files: captures.clone(),
        session: arguments.session,
        filter: arguments.filter.clone().zip(filter),
        packets: inspection.progress().packets,
        start: inspection.start(),
        complaints,
        limits: Limits::default(),
    };
    let written = match target {
        Some(mut target) => {
            report::html(&mut target, &book, &asked)?;
            return target.finish().map(|()| outcome);
        }
        None => report::html(stdout(false, &stop.asked), &book, &asked),
    };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(outcome)
}
