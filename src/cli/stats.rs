//! `rtmp-inspect stats CAPTURE…`: what sessions amount to.

use super::Outcome;
use super::arguments::StatsArguments;
use super::output::stdout;
use super::pump::pump;
use super::reading::Stop;
use super::sieve::{Form, Sieve};
use crate::export::{Writer, stats};

pub(super) fn run(arguments: &StatsArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    let input = &arguments.input;
    let sieve = Sieve::new(input, Form::Sessions)?;
    stop.listen()?;
    let out = stdout(input.is_live(), &stop.asked);
    let filtered = input.filter.is_some();
    let mut writer: Box<dyn Writer> = if arguments.json {
        Box::new(stats::json(out, filtered))
    } else {
        Box::new(stats::text(out, filtered, input.color.color(), arguments.series))
    };
    let pumped = pump(input, &stop.asked, sieve, &mut *writer, arguments.json || !input.quiet)?;
    Ok(pumped.outcome)
}
