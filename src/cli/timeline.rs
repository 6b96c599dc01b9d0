//! `rtmp-inspect CAPTURE…`: the message timeline.

use std::io::{self, IsTerminal};

use anyhow::bail;

use super::arguments::{InputArguments, TimelineArguments};
use super::output::stdout;
use super::pump::pump;
use super::sieve::{Form, Sieve};
use super::{Outcome, complain};
use crate::export::json::JsonWriter;
use crate::export::text::TextWriter;
use crate::tui;

pub(super) fn run(input: &InputArguments, timeline: &TimelineArguments) -> anyhow::Result<Outcome> {
    let out = || stdout(input);
    if timeline.json {
        let sieve = Sieve::new(input, Form::Lines)?;
        return Ok(pump(input, sieve, &mut JsonWriter::new(out(), timeline.payload.is_some()))?.outcome);
    }
    let sieve = Sieve::new(input, Form::Text)?;
    if timeline.text || !io::stdout().is_terminal() {
        return Ok(pump(input, sieve, &mut TextWriter::new(out(), input.color.color()))?.outcome);
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
