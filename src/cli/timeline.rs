//! `rtmp-inspect CAPTURE…`: the message timeline.

use std::io::{self, IsTerminal};

use super::arguments::{InputArguments, TimelineArguments};
use super::output::stdout;
use super::pump::pump;
use super::reading::Stop;
use super::saving::saver;
use super::sieve::{Form, Sieve};
use super::{Outcome, complain};
use crate::export::json::JsonWriter;
use crate::export::text::TextWriter;
use crate::{book, tui};

pub(super) fn run(input: &InputArguments, timeline: &TimelineArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    if timeline.json {
        let sieve = Sieve::new(input, Form::Timeline)?;
        stop.listen()?;
        let mut writer = JsonWriter::new(stdout(input.is_live(), &stop.asked), timeline.payload.is_some());
        return Ok(pump(input, &stop.asked, sieve, &mut writer, true)?.outcome);
    }
    let sieve = Sieve::new(input, Form::Timeline)?;
    if timeline.text || !io::stdout().is_terminal() {
        stop.listen()?;
        // What a filter lets through is what somebody asked for.
        let notes = timeline.notes || input.filter.is_some();
        let out = stdout(input.is_live(), &stop.asked);
        let mut writer =
            TextWriter::new(out, input.color.color()).with_notes(notes).with_requests(input.filter.is_some());
        return Ok(pump(input, &stop.asked, sieve, &mut writer, !input.quiet)?.outcome);
    }
    let keys = input.keys.read(&input.captures)?;
    let config = tui::Config::load();
    let options = tui::Options {
        state: if config.remember { tui::State::load(&input.captures) } else { tui::State::default() },
        saver: Some(saver(&input.captures, &keys, input.keys.files(), input.show_secrets)),
        reading: book::Options { show_secrets: input.show_secrets, follow: input.follow, keys, ..Default::default() },
        look: tui::Look::of_terminal(input.color.color()),
        config,
        session: input.session,
        filter: input.filter.clone(),
    };
    let ended = tui::run(&input.captures, &options)?;
    ended.remarks.iter().chain(&ended.complaints).for_each(complain);
    Ok(match ended.signal {
        Some(number) => Outcome::Signal(number),
        None if ended.complaints.is_empty() => Outcome::Done,
        None => Outcome::Failed,
    })
}
