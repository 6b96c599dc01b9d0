//! `rtmp-inspect CAPTURE…`: the message timeline.

use std::io::{self, IsTerminal};

use anyhow::bail;

use super::arguments::{InputArguments, TimelineArguments};
use super::output::stdout;
use super::pump::pump;
use super::reading::interruptible;
use super::sieve::{Form, Sieve};
use super::{Outcome, complain};
use crate::export::json::JsonWriter;
use crate::export::text::TextWriter;
use crate::tui;

pub(super) fn run(input: &InputArguments, timeline: &TimelineArguments) -> anyhow::Result<Outcome> {
    if timeline.json {
        let (sieve, stop) = (Sieve::new(input, Form::Timeline)?, interruptible()?);
        let mut writer = JsonWriter::new(stdout(input.is_live(), &stop), timeline.payload.is_some());
        return Ok(pump(input, &stop, sieve, &mut writer, true)?.outcome);
    }
    let sieve = Sieve::new(input, Form::Timeline)?;
    if timeline.text || !io::stdout().is_terminal() {
        let stop = interruptible()?;
        // What a filter lets through is what somebody asked for.
        let notes = timeline.notes || input.filter.is_some();
        let out = stdout(input.is_live(), &stop);
        let mut writer = TextWriter::new(out, input.color.color()).with_notes(notes);
        return Ok(pump(input, &stop, sieve, &mut writer, !input.quiet)?.outcome);
    }
    if input.filter.is_some() {
        bail!("the terminal interface takes no --filter yet: add --text or --json");
    }
    let options = tui::Options {
        show_secrets: input.show_secrets,
        color: input.color.color(),
        session: input.session,
        follow: input.follow,
    };
    let complaints = tui::run(&input.captures, &options)?;
    complaints.iter().for_each(complain);
    Ok(if complaints.is_empty() { Outcome::Done } else { Outcome::Failed })
}
