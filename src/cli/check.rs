//! `rtmp-inspect check CAPTURE…`: findings alone, and an exit status.

use anyhow::Context;

use super::Outcome;
use super::arguments::CheckArguments;
use super::output::stdout;
use super::policy::Policy;
use super::pump::pump;
use super::reading::interruptible;
use super::sieve::{Form, Sieve};
use crate::export::json::JsonWriter;
use crate::export::{Writer, report};
use crate::filter::Filter;
use crate::rules::Severity;

pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<Outcome> {
    let sessions = arguments.sessions.as_deref().map(Filter::parse).transpose().context("--sessions")?;
    let policy = Policy::new(arguments)?;
    let (fail_on, rules) = (policy.fail_on, policy.rules());
    let sieve = Sieve::new(&arguments.input, Form::Findings)?.under(policy).of_sessions(sessions);
    let stop = interruptible()?;
    let out = stdout(arguments.input.is_live(), &stop);
    let mut writer: Box<dyn Writer> = if arguments.json {
        Box::new(JsonWriter::new(out, false).findings_only())
    } else if arguments.junit {
        Box::new(report::junit(out, fail_on, rules))
    } else if arguments.sarif {
        Box::new(report::sarif(out))
    } else {
        // What a filter lets through is what somebody asked for.
        let notes = arguments.notes || arguments.input.filter.is_some();
        Box::new(report::text(out, arguments.input.color.color(), notes))
    };
    let summary = arguments.json || !arguments.input.quiet;
    let pumped = pump(&arguments.input, &stop, sieve, &mut *writer, summary)?;
    // A capture in which there was nothing to check has not passed.
    if pumped.outcome != Outcome::Done || pumped.sessions == 0 {
        return Ok(Outcome::Failed);
    }
    let counts = pumped.counts;
    let failing = match fail_on {
        Severity::Error => counts.errors,
        Severity::Warning => counts.errors + counts.warnings,
        Severity::Note => counts.errors + counts.warnings + counts.notes,
    };
    Ok(if failing > 0 { Outcome::Found } else { Outcome::Done })
}
