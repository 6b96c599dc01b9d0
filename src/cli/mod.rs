//! The command line: what the user types, and how the program ends.

mod arguments;
mod check;
mod compare;
mod extract;
mod fields;
mod judged;
mod keys;
mod manual;
mod output;
mod policy;
mod pump;
mod reading;
mod report;
mod rules;
mod saving;
mod sieve;
mod stats;
mod target;
mod timeline;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use reading::Stop;

use crate::wire::clean_lines;

/// How a command ended. The numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Done,
    /// `check` found something at or above the severity that fails; `compare` found a difference.
    Found,
    /// It could not run, or could not read all of the input; `check` and `compare` had nothing to judge.
    Failed,
    /// A signal ended it: its number.
    Signal(u8),
}

impl Outcome {
    fn status(self) -> ExitCode {
        ExitCode::from(match self {
            Outcome::Done => 0,
            Outcome::Found => 1,
            Outcome::Failed => 2,
            // As a shell tells it.
            Outcome::Signal(number) => 128 + number,
        })
    }
}

/// Runs the program as the command line says.
pub fn run() -> ExitCode {
    let arguments = Arguments::try_parse().and_then(|arguments| match arguments.conflict() {
        Some(conflict) => Err(Arguments::command().error(ErrorKind::ArgumentConflict, conflict)),
        None => Ok(arguments),
    });
    let stop = Stop::default();
    let outcome = match arguments {
        Ok(arguments) => start(&arguments, &stop),
        Err(error) => usage(&error),
    };
    match (stop.signal(), outcome) {
        // What goes wrong when it is ended, on a terminal that is gone for one, follows from that.
        (Some(number), _) => Outcome::Signal(number),
        (None, Ok(outcome)) => outcome,
        (None, Err(error)) => {
            complain(format!("{error:#}"));
            Outcome::Failed
        }
    }
    .status()
}

fn start(arguments: &Arguments, stop: &Stop) -> anyhow::Result<Outcome> {
    match &arguments.command {
        None => timeline::run(&arguments.input, &arguments.timeline, stop),
        Some(Command::Check(arguments)) => check::run(arguments, stop),
        Some(Command::Compare(arguments)) => compare::run(arguments, stop),
        Some(Command::Extract(arguments)) => extract::run(arguments, stop),
        Some(Command::Fields(arguments)) => fields::run(arguments),
        Some(Command::Report(arguments)) => report::run(arguments, stop),
        Some(Command::Rules(arguments)) => rules::run(arguments),
        Some(Command::Completions(arguments)) => manual::completions(arguments),
        Some(Command::Man) => manual::page(),
        Some(Command::Stats(arguments)) => stats::run(arguments, stop),
    }
}

/// Says what is wrong with the command line; or help and version, where they are asked for.
fn usage(error: &clap::Error) -> anyhow::Result<Outcome> {
    if error.use_stderr() {
        let plain = error.render().to_string();
        match clean_lines(&plain) {
            // In colour, where nothing that was typed would act on the terminal.
            Cow::Borrowed(_) => drop(error.print()),
            Cow::Owned(cleaned) => say(&cleaned),
        }
        return Ok(Outcome::Failed);
    }
    written(error.print())
}

/// Says on standard error what is wrong, in one line or several. Nothing in it acts on a terminal, whatever it quotes.
fn complain(what: impl Display) {
    say(&format!("rtmp-inspect: {}\n", clean_lines(&what.to_string())));
}

/// Writes to standard error. Where that is not possible, nobody can be told.
fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Writes a finished text to standard output.
fn print(text: &str) -> anyhow::Result<Outcome> {
    written(io::stdout().lock().write_all(text.as_bytes()))
}

/// What came of writing to standard output. A closed pipe is success: its reader has what it wanted.
fn written(result: io::Result<()>) -> anyhow::Result<Outcome> {
    match result.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output::named(error).into()),
        _ => Ok(Outcome::Done),
    }
}
