//! The command line: what the user types, and how the program ends.

mod arguments;
mod check;
mod compare;
mod fields;
mod output;
mod policy;
mod pump;
mod reading;
mod rules;
mod sieve;
mod stats;
mod timeline;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// How a command ended. The numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Done = 0,
    /// `check` found something at or above the severity that fails; `compare` found a difference.
    Found = 1,
    /// It could not run, or could not read all of the input.
    Failed = 2,
}

/// Runs the program as the command line says.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for; a closed pipe does not matter to them either.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Outcome::Failed as u8 } else { Outcome::Done as u8 });
        }
    };
    let outcome = match arguments.command {
        None => timeline::run(&arguments.input, &arguments.timeline),
        Some(Command::Check(ref arguments)) => check::run(arguments),
        Some(Command::Compare(ref arguments)) => compare::run(arguments),
        Some(Command::Fields(ref arguments)) => fields::run(arguments),
        Some(Command::Rules(ref arguments)) => rules::run(arguments),
        Some(Command::Stats(ref arguments)) => stats::run(arguments),
    };
    match outcome {
        Ok(outcome) => ExitCode::from(outcome as u8),
        Err(error) => {
            complain(format!("{error:#}"));
            ExitCode::from(Outcome::Failed as u8)
        }
    }
}

/// Says on standard error what is wrong.
fn complain(what: impl Display) {
    say(&format!("rtmp-inspect: {what}\n"));
}

/// Writes to standard error. Where that is not possible, nobody can be told.
fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Writes a finished text to standard output. A closed pipe is success.
fn print(text: &str) -> anyhow::Result<Outcome> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Outcome::Done),
    }
}
