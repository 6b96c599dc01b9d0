//! What is made from the command line's own description: the manual page, and completions for shells.

use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::arguments::{Arguments, CompletionsArguments};
use super::{Outcome, print};

pub(super) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    let script = String::from_utf8(script)?;
    print(&match arguments.shell {
        Shell::Bash => bash(&script),
        Shell::Zsh => zsh(&script),
        _ => script,
    })
}

/// clap takes the hyphen of the program's name for the space before a command, where it looks for what a command's options are.
fn bash(script: &str) -> String {
    script.replace("rtmp__subcmd__inspect__", "rtmp__inspect__")
}

/// clap has the captures of a call without a command before the command, so that the second word would be that. Either is the first
/// word, and behind a capture stand others.
fn zsh(script: &str) -> String {
    let lines = script
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("':captures -- ") || !line.contains("':captures -- Capture files"));
    let script: String = lines.collect();
    script
        .replace("$line[2]", "$line[1]")
        .replacen(
            "        esac\n    ;;\nesac\n}\n\n(( $+functions[_rtmp-inspect_commands] ))",
            "(*)\n_files && ret=0\n;;\n        esac\n    ;;\nesac\n}\n\n(( $+functions[_rtmp-inspect_commands] ))",
            1,
        )
        .replacen(
            "    _describe -t commands 'rtmp-inspect commands' commands \"$@\"\n",
            "    _describe -t commands 'rtmp-inspect commands' commands \"$@\"\n    _files\n",
            1,
        )
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
    describe(&mut page)?;
    man.render_options_section(&mut page)?;
    // Help is the same everywhere.
    let common: Vec<_> = command.get_arguments().cloned().collect();
    for of in command.get_subcommands().filter(|of| of.get_name() != "help") {
        page.extend(section(of, &common)?);
    }
    rest(&mut page)?;
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

/// What the name does not say.
fn describe(page: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", ["DESCRIPTION"]);
    for (n, text) in DESCRIPTION.iter().enumerate() {
        if n > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*text)]);
    }
    Ok(roff.to_writer(page)?)
}

/// The sections behind the commands: a word and what is to be said of it.
fn rest(page: &mut Vec<u8>) -> anyhow::Result<()> {
    for (title, lines) in
        [("EXIT STATUS", STATUS), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES), ("EXAMPLES", EXAMPLES)]
    {
        let mut roff = Roff::new();
        roff.control("SH", [title]);
        for (word, meaning) in lines {
            roff.control("TP", []).text([bold(*word)]).text([roman(*meaning)]);
        }
        roff.to_writer(page)?;
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]).text([roman("tcpdump(8), tshark(1), capinfos(1), editcap(1), ffprobe(1)")]);
    Ok(roff.to_writer(page)?)
}

const DESCRIPTION: &[&str] = &[
    "Reads captures of RTMP and its relatives (RTMPS, RTMPT, RTMPE, FTL), in pcap or pcapng, also compressed, and tells each message in time, how each session came out, and what breaks the specification.",
    "Without a command it opens a screen on a terminal, and writes text elsewhere. RTMP is found by its content, on any port. Stream keys, passwords and tokens are masked unless --show-secrets is given.",
];

/// What the numbers mean: a contract.
const STATUS: &[(&str, &str)] = &[
    ("0", "done"),
    ("1", "check found something at or above --fail-on, or compare --exit-code a difference"),
    (
        "2",
        "it could not run, could not read all of the input or write all of the output, or had nothing to judge or to write",
    ),
    ("129, 130, 131, 143", "a hang-up, a second interrupt, a quit or a termination ended it"),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("SSLKEYLOGFILE", "the TLS key log, where no --keylog is given"),
    ("NO_COLOR", "not empty: no colour"),
    ("TMPDIR", "where what cannot be read twice is kept while it is looked at"),
];

const FILES: &[(&str, &str)] = &[
    (".rtmp-inspect.toml", "what a project has decided for check, in the folder where that runs"),
    ("$XDG_CONFIG_HOME/rtmp-inspect/config.toml", "keys, colours and named filters of the screen"),
    ("$XDG_STATE_HOME/rtmp-inspect/", "where one was in a capture the last time"),
];

const EXAMPLES: &[(&str, &str)] = &[
    ("rtmp-inspect check session.pcap", "what is wrong, and why a session was rejected"),
    ("rtmp-inspect --json -Y 'command.name == \"connect\"' session.pcap", "the connects, for a program"),
    ("tcpdump --immediate-mode -U -w - port 1935 | rtmp-inspect -", "a session while it goes on"),
    ("rtmp-inspect compare nginx=nginx/*.pcap srs=srs/*.pcap", "two servers side by side"),
];
