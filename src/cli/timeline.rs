//! `rtmp-inspect CAPTURE…`: the message timeline.

use std::io::{self, IsTerminal};

use super::Outcome;
use super::arguments::{InputArguments, TimelineArguments};
use super::pump::pump;
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
    tui::run(&input.captures, input.show_secrets)?;
    Ok(Outcome::Done)
}
