//! `rtmp-inspect CAPTURE…`: the message timeline.

use std::io::{self, IsTerminal};

use super::arguments::{InputArguments, TimelineArguments};
use super::pump::pump;
use super::{Outcome, complain};
use crate::export::json::JsonWriter;
use crate::export::text::TextWriter;
use crate::tui;

pub(super) fn run(input: &InputArguments, timeline: &TimelineArguments) -> anyhow::Result<Outcome> {
    let out = || io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    if timeline.json {
        return Ok(pump(input, &mut JsonWriter::new(out(), timeline.payload.is_some()))?.outcome);
    }
    if timeline.text || !io::stdout().is_terminal() {
        return Ok(pump(input, &mut TextWriter::new(out(), input.color.color()))?.outcome);
    }
    let options = tui::Options { show_secrets: input.show_secrets, color: input.color.color(), session: input.session };
    let complaints = tui::run(&input.captures, &options)?;
    complaints.iter().for_each(complain);
    Ok(if complaints.is_empty() { Outcome::Done } else { Outcome::Failed })
}
