//! `rtmp-inspect extract --clear FILE CAPTURE…`: sessions taken out of captures.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use anyhow::{Context, bail};

use super::arguments::ExtractArguments;
use super::keys::Wanted;
use super::reading::{self, Consumer, Progress, Stop};
use super::target::Target;
use super::{Outcome, complain, print};
use crate::evidence::{Evidence, Purpose};
use crate::extract::{Clear, Fault, LeftOut, Written};
use crate::filter::{Filter, Scratch, Sessions, Subject};
use crate::inspection::{Inspection, Options, Read, Told};
use crate::wire::file_name;
use crate::wire::words::{count, plural};

/// Why what can be read only once is copied.
const COPIED: Purpose = Purpose { is: "for reading its sessions again", instead: "" };

pub(super) fn run(arguments: &ExtractArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    let ExtractArguments { captures, clear: path, .. } = arguments;
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose().context("--filter")?;
    let options = Options {
        evidence: true,
        unjudged: true,
        show_secrets: true,
        keys: arguments.keys.read(&arguments.captures)?,
        stop: stop.asked.clone(),
        ..Options::default()
    };
    let again = captures.iter().find(|path| !path.is_file()).filter(|_| filter.is_some());
    if let Some(path) = again.filter(|path| path.exists() || path.as_os_str() == "-") {
        bail!(
            "{}: -Y reads captures twice, first to find the sessions, and this can be read only once: write it to a file first",
            file_name(path)
        );
    }
    let (input, evidence) = Evidence::open(captures, arguments.follow, &stop.asked, COPIED)?;
    let mut inspection = Inspection::of(input, &options);
    let target = Target::open(path, arguments.force, captures, &arguments.keys.files())?;
    stop.listen()?;
    let is_piped = matches!(target, Target::Stdout(_));
    let mut progress = Progress::new(!arguments.quiet);
    let chosen = filter.map(|filter| choose(captures, &options, &filter, &mut progress)).transpose()?;
    let only = match (chosen, arguments.session) {
        (Some(chosen), Some(session)) => Some(chosen.into_iter().filter(|chosen| *chosen == session).collect()),
        (chosen, session) => chosen.or_else(|| session.map(|session| BTreeSet::from([session]))),
    };
    let is_empty = only.as_ref().is_some_and(BTreeSet::is_empty);
    let clear = Clear::new(target, &inspection.names(), only)?;
    let (mut taker, mut outcome) = (Taker { clear, evidence }, Outcome::Done);
    let finished =
        reading::read(&mut inspection, &mut progress, &mut taker, &mut outcome).and_then(|()| taker.clear.finish());
    let (target, written) = match finished {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(outcome),
        finished => finished?,
    };
    outcome = reading::conclude(&inspection, outcome);
    arguments.keys.complain_of_unused(inspection.keys(), Wanted::of(&inspection.totals()));
    complain_of(&written);
    let is_there = |session: &u32| *session <= inspection.totals().sessions;
    match arguments.session.filter(|_| written.sessions + written.left_out_sessions == 0) {
        Some(session) if is_empty && is_there(&session) => {
            complain(format_args!("-Y: the filter lets nothing of session {session} through"));
        }
        Some(session) => reading::no_such_session(&inspection, session),
        None if is_empty && inspection.totals().sessions > 0 => {
            complain("-Y: the filter lets nothing of these captures through");
        }
        None => {}
    }
    if written.sessions == 0 {
        if !is_piped {
            complain(format_args!("{}: not written: no session is left to write", file_name(path)));
        }
        return Ok(Outcome::Failed);
    }
    target.finish()?;
    if !(arguments.quiet || is_piped) {
        let Written { sessions, packets, bytes, .. } = written;
        let (sessions, packets, bytes) = (count(sessions, "session"), count(packets, "packet"), count(bytes, "byte"));
        print(&format!(
            "{}: {sessions} in clear, {bytes} in {packets}; stream keys and passwords can be read in it\n",
            file_name(path)
        ))?;
    }
    Ok(outcome)
}

/// The sessions of which a filter lets something through. What cannot be read of the captures is said when they are read again.
fn choose(
    captures: &[PathBuf],
    options: &Options,
    filter: &Filter,
    progress: &mut Progress,
) -> anyhow::Result<BTreeSet<u32>> {
    let options = Options { evidence: false, unjudged: !filter.asks_for_findings(), ..options.clone() };
    let mut inspection = Inspection::open_with(captures, &options)?;
    let (mut chosen, mut sessions) = (BTreeSet::new(), Sessions::default());
    let mut scratch = Scratch::new(&options.limits);
    loop {
        let is_over = matches!(inspection.read(), Read::End);
        while let Some(Told { event, findings, start, .. }) = inspection.told() {
            sessions.observe(event);
            let number = event.session();
            let session = sessions.get(number);
            let is_new = !chosen.contains(&number);
            if is_new && filter.matches(&Subject { event, findings: &findings, session, start }, &mut scratch) {
                chosen.insert(number);
            }
            sessions.forget(event);
        }
        if is_over {
            break;
        }
        progress.step(&inspection);
    }
    progress.clear();
    Ok(chosen)
}

/// Complains of the sessions that were left out.
fn complain_of(written: &Written) {
    for LeftOut { session, protocol, is_sealed } in &written.left_out {
        let why = if *is_sealed { "no secret opens it" } else { "it is no RTMP" };
        complain(format_args!("session {session} ({protocol}) is left out: {why}"));
    }
    if let Some(more @ 1..) = written.left_out_sessions.checked_sub(written.left_out.len() as u64) {
        complain(format_args!("{more} more {} left out", plural(more, "session is", "sessions are")));
    }
}

struct Taker {
    clear: Clear<Target>,
    evidence: Evidence,
}

impl Consumer for Taker {
    fn take(&mut self, told: Told<'_>) -> io::Result<()> {
        self.clear.take(told.event, &self.evidence).map_err(|fault| match fault {
            Fault::Write(error) => error,
            fault @ Fault::Capture(..) => io::Error::other(fault),
        })
    }
}
