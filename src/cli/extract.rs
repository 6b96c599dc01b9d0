//! `rtmp-inspect extract --clear FILE CAPTURE…`: sessions taken out of captures.

use std::io;

use super::arguments::ExtractArguments;
use super::keys::Wanted;
use super::reading::{self, Consumer, Progress, Stop};
use super::target::Target;
use super::{Outcome, complain, print};
use crate::evidence::{Evidence, Purpose};
use crate::extract::{Clear, Fault, LeftOut, Written};
use crate::inspection::{Inspection, Options, Told};
use crate::wire::file_name;
use crate::wire::words::{count, plural};

/// Why what can be read only once is copied.
const COPIED: Purpose = Purpose { is: "for reading its sessions again", instead: "" };

pub(super) fn run(arguments: &ExtractArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    let ExtractArguments { captures, clear: path, .. } = arguments;
    let options = Options {
        evidence: true,
        unjudged: true,
        show_secrets: true,
        keys: arguments.keys.read()?,
        stop: stop.asked.clone(),
        ..Options::default()
    };
    let (input, evidence) = Evidence::open(captures, arguments.follow, &stop.asked, COPIED)?;
    let mut inspection = Inspection::of(input, &options);
    let target = Target::open(path, arguments.force, captures)?;
    stop.listen()?;
    let is_piped = matches!(target, Target::Stdout(_));
    let clear = Clear::new(target, &inspection.names(), arguments.session)?;
    let (mut taker, mut outcome) = (Taker { clear, evidence }, Outcome::Done);
    let finished = reading::read(&mut inspection, &mut Progress::new(!arguments.quiet), &mut taker, &mut outcome)
        .and_then(|()| taker.clear.finish());
    let (target, written) = match finished {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(outcome),
        finished => finished?,
    };
    outcome = reading::conclude(&inspection, outcome);
    arguments.keys.complain_of_unused(inspection.keys(), Wanted::of(&inspection.totals()));
    complain_of(&written);
    if let Some(session) = arguments.session.filter(|_| written.sessions + written.left_out_sessions == 0) {
        reading::no_such_session(&inspection, session);
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
