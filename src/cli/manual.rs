//! What is made from the command line's own description: the manual page, and completions for shells.

use clap::{Arg, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::arguments::{Arguments, CompletionsArguments};
use super::{Outcome, print};

pub(super) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    print(&String::from_utf8(script)?)
}

/// One page for all: clap's own form is a page a command.
pub(super) fn page() -> anyhow::Result<Outcome> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    // Help is the same everywhere.
    let common: Vec<_> = command.get_arguments().cloned().collect();
    for of in command.get_subcommands().filter(|of| of.get_name() != "help") {
        page.extend(section(of, &common)?);
    }
    status(&mut page)?;
    print(&String::from_utf8(page)?)
}

/// A command: what it does, how it is called, and its options but for those that were told before.
fn section(command: &Command, told: &[Arg]) -> anyhow::Result<Vec<u8>> {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut heading = Roff::new();
    heading.control("SH", [command.get_name().to_uppercase().as_str()]);
    heading.text([bold(usage)]).control("PP", []).text([roman(format!("{about}."))]);
    let help = |option: &Arg| option.get_help().map(ToString::to_string);
    let same = |a: &Arg, b: &Arg| a.get_id() == b.get_id() && help(a) == help(b);
    let is_told = |option: &Arg| told.iter().any(|before| same(before, option));
    let again: Vec<_> = command
        .get_arguments()
        .filter(|option| is_told(option))
        .filter_map(Arg::get_long)
        .filter(|long| *long != "help")
        .collect();
    if !again.is_empty() {
        let again: Vec<_> = again.iter().map(|long| format!("--{long}")).collect();
        heading.control("PP", []).text([roman(format!("As above: {}.", again.join(", ")))]);
    }
    let mut section = Vec::new();
    heading.to_writer(&mut section)?;
    let own = command.clone().mut_args(|option| if is_told(&option) { option.hide(true) } else { option });
    if command.get_arguments().any(|option| !is_told(option)) {
        let mut options = Vec::new();
        Man::new(own).render_options_section(&mut options)?;
        // What is a section on a page of its own is none here.
        let options = String::from_utf8(options)?;
        section.extend(
            options.lines().filter(|line| !line.starts_with(".SH")).flat_map(|line| [line, "\n"]).flat_map(str::bytes),
        );
    }
    Ok(section)
}

fn status(page: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in STATUS {
        roff.control("TP", []).text([roman(*status)]).text([roman(*meaning)]);
    }
    Ok(roff.to_writer(page)?)
}

/// What the numbers mean: a contract.
const STATUS: &[(&str, &str)] = &[
    ("0", "done"),
    ("1", "check found something at or above --fail-on, or compare --exit-code a difference"),
    ("2", "it could not run, could not read all of the input, or had nothing to judge"),
    ("129, 131, 143", "a hang-up, a quit or a termination ended it"),
];
