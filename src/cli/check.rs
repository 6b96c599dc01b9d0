//! `rtmp-inspect check CAPTURE…`: findings alone, and an exit status.

use super::Outcome;
use super::arguments::CheckArguments;
use super::output::stdout;
use super::pump::pump;
use super::sieve::{Form, Sieve};
use crate::export::Writer;
use crate::export::json::JsonWriter;
use crate::export::text::TextWriter;
use crate::rules::Severity;

pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<Outcome> {
    let sieve = Sieve::new(&arguments.input, Form::Findings)?;
    let out = stdout(&arguments.input);
    let mut writer: Box<dyn Writer> = if arguments.json {
        Box::new(JsonWriter::new(out, false).findings_only())
    } else {
        Box::new(TextWriter::new(out, arguments.input.color.color()).findings_only())
    };
    let pumped = pump(&arguments.input, sieve, &mut *writer)?;
    // A capture in which there was nothing to check has not passed.
    if pumped.outcome != Outcome::Done || pumped.sessions == 0 {
        return Ok(Outcome::Failed);
    }
    let counts = pumped.counts;
    let failing = match Severity::from(arguments.fail_on) {
        Severity::Error => counts.errors,
        Severity::Warning => counts.errors + counts.warnings,
        Severity::Note => counts.errors + counts.warnings + counts.notes,
    };
    Ok(if failing > 0 { Outcome::Found } else { Outcome::Done })
}
