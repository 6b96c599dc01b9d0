//! `rtmp-inspect check CAPTURE…`: findings alone, and an exit status.

use anyhow::{Context, bail};

use super::arguments::CheckArguments;
use super::judged::Unjudged;
use super::output::stdout;
use super::policy::Policy;
use super::pump::pump;
use super::reading::Stop;
use super::sieve::{Form, Sieve};
use super::{Outcome, complain};
use crate::export::json::JsonWriter;
use crate::export::{Writer, report};
use crate::filter::Filter;
use crate::rules::Severity;

pub(super) fn run(arguments: &CheckArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    let sessions = arguments.sessions.as_deref().map(Filter::parse).transpose().context("--sessions")?;
    let policy = Policy::new(arguments)?;
    let (fail_on, rules) = (policy.fail_on, policy.rules());
    if rules.is_empty() {
        bail!("nothing would be checked: no rule is left");
    }
    let sieve = Sieve::new(&arguments.input, Form::Findings)?.under(policy).of_sessions(sessions);
    stop.listen()?;
    let out = stdout(arguments.input.is_live(), &stop.asked);
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
    let pumped = pump(&arguments.input, &stop.asked, sieve, &mut *writer, summary)?;
    if pumped.outcome != Outcome::Done {
        return Ok(pumped.outcome);
    }
    // What was judged has its status; what was not is said beside it.
    if let Some(left_out) = &pumped.left_out {
        complain(left_out);
    }
    let counts = pumped.counts;
    let failing = match fail_on {
        Severity::Error => counts.errors,
        Severity::Warning => counts.errors + counts.warnings,
        Severity::Note => counts.errors + counts.warnings + counts.notes,
    };
    if failing > 0 {
        return Ok(Outcome::Found);
    }
    // A capture in which there was nothing to check has not passed.
    Ok(match pumped.unjudged {
        Some(why) => {
            // That there is no session was said with what there is instead.
            if why != Unjudged::NoSession {
                complain(why.sentence());
            }
            Outcome::Failed
        }
        None => Outcome::Done,
    })
}
