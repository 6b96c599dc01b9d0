//! The command line: what the user types, and how the program ends.

mod arguments;
mod check;
mod pump;
mod rules;
mod timeline;

use std::fmt::Display;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// How a command ended. The numbers are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done = 0,
    /// `check` found something at or above the severity that fails.
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
        Some(Command::Rules(ref arguments)) => rules::run(arguments),
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
    eprintln!("rtmp-inspect: {what}");
}
