//! The arguments of all commands, as `clap` reads them and `--help` shows them. What a command does with them is in its own
//! file.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::keys::KeyArguments;
use crate::rules::Severity;

/// Of a package with the commit that it was made from.
const VERSION: &str = match option_env!("RTMP_INSPECT_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// Says what really happened on an RTMP connection: a capture in, a message timeline and conformance findings out.
#[derive(Debug, Parser)]
#[command(
    name = "rtmp-inspect",
    bin_name = "rtmp-inspect",
    version = VERSION,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
#[command(override_usage = "rtmp-inspect [OPTIONS] CAPTURE...\n       rtmp-inspect COMMAND [OPTIONS]")]
#[command(
    after_help = "Exit status: 0 done, 1 `check` or `compare --exit-code` found something, 2 could not run, could not read all of the input, or had nothing to judge."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) input: InputArguments,
    #[command(flatten)]
    pub(super) timeline: TimelineArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Conformance findings, with an exit status for scripts
    Check(CheckArguments),
    /// How several servers behave, side by side: information objects and behaviour, from captures
    Compare(CompareArguments),
    /// What sessions amount to: rates, latencies of calls, how the media ran, what TCP did
    Stats(StatsArguments),
    /// Take media, payloads, text and sessions in clear out of captures, to files that other programs read
    Extract(ExtractArguments),
    /// One HTML page that needs nothing else: why sessions came out as they did, findings with their bytes, ladders, plots
    Report(ReportArguments),
    /// Every field by name, with its type, unit, meaning and source
    Fields(FieldsArguments),
    /// The rule catalogue; one rule explained
    Rules(RulesArguments),
    /// Completions for a shell, on standard output
    Completions(CompletionsArguments),
    /// The manual page, on standard output: `rtmp-inspect man | man -l -`
    Man,
}

/// What every command that reads captures takes.
#[derive(Debug, Args)]
pub(super) struct InputArguments {
    /// Capture files (pcap or pcapng, also compressed), `-` for standard input; several are read as one
    #[arg(value_name = "CAPTURE", required = true)]
    pub(super) captures: Vec<PathBuf>,
    /// Show only what this filter lets through, as in 'command.name == "publish"'; `fields` lists the names
    #[arg(short = 'Y', long, value_name = "EXPR", allow_hyphen_values = true)]
    pub(super) filter: Option<String>,
    /// Show only this session
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) session: Option<u32>,
    /// Show stream keys, passwords and tokens; they are masked otherwise
    #[arg(long)]
    pub(super) show_secrets: bool,
    #[command(flatten)]
    pub(super) keys: KeyArguments,
    /// When to colour text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,
    /// Keep reading a capture that another program still writes, until Ctrl-C
    #[arg(long)]
    pub(super) follow: bool,
    /// No progress, and no summary for people: JSON keeps its summary line
    #[arg(short, long)]
    pub(super) quiet: bool,
}

impl Arguments {
    /// What is wrong with them that `clap` cannot say: a command behind options, which would be read as a capture, and colour
    /// where there is none.
    pub(super) fn conflict(&self) -> Option<String> {
        let is_command = |path: &&PathBuf| {
            let name = path.to_str().unwrap_or_default();
            Arguments::command().find_subcommand(name).is_some() && !path.exists()
        };
        if let Some(path) = self.input.captures.iter().find(is_command) {
            return Some(format!("the command '{}' must stand before all options and captures", path.display()));
        }
        let (color, forms) = match &self.command {
            None => (self.input.color, vec![("json", self.timeline.json)]),
            Some(Command::Check(of)) => {
                (of.input.color, vec![("json", of.json), ("junit", of.junit), ("sarif", of.sarif)])
            }
            Some(Command::Compare(of)) => {
                (of.color, vec![("json", of.json), ("markdown", of.markdown), ("html", of.html)])
            }
            Some(Command::Stats(of)) => (of.input.color, vec![("json", of.json)]),
            Some(
                Command::Extract(_)
                | Command::Report(_)
                | Command::Fields(_)
                | Command::Rules(_)
                | Command::Completions(_)
                | Command::Man,
            ) => return None,
        };
        let (form, _) = forms.into_iter().find(|(_, is_given)| *is_given)?;
        let asked = matches!(color, When::Always);
        asked.then(|| format!("the argument '--color always' cannot be used with '--{form}'"))
    }
}

impl InputArguments {
    /// Whether what is read may be silent for hours.
    pub(super) fn is_live(&self) -> bool {
        self.follow || self.captures.iter().any(|capture| super::output::is_live(capture))
    }
}

#[derive(Debug, Args)]
pub(super) struct TimelineArguments {
    /// JSON Lines: one object a line
    #[arg(long, conflicts_with = "text")]
    pub(super) json: bool,
    /// Text, also on a terminal
    #[arg(long)]
    pub(super) text: bool,
    /// In text, every note where it stands; the usual ones are counted in one line a session otherwise
    #[arg(long, conflicts_with = "json")]
    pub(super) notes: bool,
    /// With --json: every message's whole payload
    // What conflicts with what is required would do in its stead.
    #[arg(long, value_name = "FORM", requires = "json", conflicts_with_all = ["text", "notes"])]
    pub(super) payload: Option<Payload>,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    pub(super) input: InputArguments,
    /// JSON Lines: sessions and findings
    #[arg(long, group = "form")]
    pub(super) json: bool,
    /// JUnit XML: a suite a session, a case a rule
    #[arg(long, group = "form")]
    pub(super) junit: bool,
    /// SARIF 2.1.0
    #[arg(long, group = "form")]
    pub(super) sarif: bool,
    /// In text, every note, and all that may follow from another finding, where it stands; they are counted in one line a
    /// session otherwise
    #[arg(long, conflicts_with = "form")]
    pub(super) notes: bool,
    /// The least severity that makes the exit status 1 [default: error]
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// Say nothing of this rule; may be given several times
    #[arg(long, value_name = "CODE|NAME", value_delimiter = ',')]
    pub(super) allow: Vec<String>,
    /// Only the rules of this area; may be given several times
    #[arg(long, value_name = "AREA", value_delimiter = ',', ignore_case = true)]
    pub(super) only: Vec<Area>,
    /// Only sessions in which this filter lets something through, as in 'session.server contains ":1936"'
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub(super) sessions: Option<String>,
    /// What is allowed, and how bad the rest is [default: .rtmp-inspect.toml where there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// An area of the rule catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Area {
    /// The handshake
    Hsk,
    /// The chunk stream
    Chk,
    /// Protocol control, flow control, user control
    Ctl,
    /// Commands and status
    Cmd,
    /// AMF values
    Amf,
    /// Media
    Med,
    /// FTL's control lines and media
    Ftl,
    /// TLS, which carries RTMPS
    Tls,
    /// RTMPT's requests and responses
    Tun,
    /// The capture and the connection
    Net,
}

impl Area {
    /// What the codes of its rules begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Area::Hsk => "HSK",
            Area::Chk => "CHK",
            Area::Ctl => "CTL",
            Area::Cmd => "CMD",
            Area::Amf => "AMF",
            Area::Med => "MED",
            Area::Ftl => "FTL",
            Area::Tls => "TLS",
            Area::Tun => "TUN",
            Area::Net => "NET",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// A server's name and its captures, `*` and `?` allowed, or a folder of them; without a name, the file's is taken.
    /// A name may come several times
    #[arg(value_name = "LABEL=CAPTURE", required = true)]
    pub(super) servers: Vec<OsString>,
    /// The server that the others are compared with; by default the first
    #[arg(long, value_name = "LABEL")]
    pub(super) reference: Option<String>,
    /// What you know of a server, as its version, for the block "tested with"; may be given several times
    #[arg(long, value_name = "LABEL=TEXT")]
    pub(super) note: Vec<String>,
    /// What the wire cannot tell: a TOML file that names the scenarios of captures
    #[arg(long, value_name = "FILE")]
    pub(super) scenarios: Option<PathBuf>,
    /// In text, also what all servers do alike; the other forms always have it
    #[arg(long, conflicts_with = "form")]
    pub(super) all: bool,
    /// End with status 1 when a server behaves otherwise than the reference
    #[arg(long)]
    pub(super) exit_code: bool,
    /// One JSON object
    #[arg(long, group = "form")]
    pub(super) json: bool,
    /// Markdown, as for an issue
    #[arg(long, group = "form")]
    pub(super) markdown: bool,
    /// One HTML page that needs nothing else
    #[arg(long, group = "form")]
    pub(super) html: bool,
    /// Show passwords and tokens; they are masked otherwise
    #[arg(long)]
    pub(super) show_secrets: bool,
    #[command(flatten)]
    pub(super) keys: KeyArguments,
    /// When to colour text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,
}

#[derive(Debug, Args)]
pub(super) struct StatsArguments {
    #[command(flatten)]
    pub(super) input: InputArguments,
    /// JSON Lines: a session a line, with figures over time
    #[arg(long)]
    pub(super) json: bool,
    /// Figures by second too, of each side and each track
    #[arg(long, conflicts_with = "json")]
    pub(super) series: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(super) struct ExtractArguments {
    /// Capture files (pcap or pcapng, also compressed), `-` for standard input; several are read as one
    #[arg(value_name = "CAPTURE", required = true)]
    pub(super) captures: Vec<PathBuf>,
    /// Write every stream that was published or played to an FLV file in this folder
    #[arg(long, value_name = "DIR", group = "what")]
    pub(super) flv: Option<PathBuf>,
    /// With --flv: times begin at 0; they are as they were sent otherwise
    #[arg(long, requires = "flv")]
    pub(super) rebase: bool,
    /// Write the audio and video of every stream to elementary streams in this folder, a file a track
    #[arg(long, value_name = "DIR", group = "what")]
    pub(super) media: Option<PathBuf>,
    /// Write every command and data message to this folder: a file of JSON, and one of its bytes beside it
    #[arg(long, value_name = "DIR", group = "what")]
    pub(super) amf: Option<PathBuf>,
    /// Write the message timeline to this file as text, `-` for standard output
    #[arg(long, value_name = "FILE", group = "what")]
    pub(super) text: Option<PathBuf>,
    /// Write the payload of message N, as the timeline counts them, to --output
    #[arg(long, value_name = "N", group = "what", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) payload: Option<u64>,
    /// With --payload: the file, `-` for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-", requires = "payload")]
    pub(super) output: PathBuf,
    /// Write sessions without TLS, HTTP and RTMPE to this pcapng file, `-` for standard output. All that was secret is in it in clear,
    /// stream keys and passwords too
    #[arg(long, value_name = "FILE", group = "what")]
    pub(super) clear: Option<PathBuf>,
    /// Write the captured packets of sessions to this pcapng file as they are, `-` for standard output, with all that was secret in them;
    /// captures are read several times
    #[arg(long, value_name = "FILE", group = "what", conflicts_with_all = ["flv", "media", "amf", "text", "payload", "clear", "follow"])]
    pub(super) pcap: Option<PathBuf>,
    /// With --pcap: other addresses, and secrets and hosts overwritten inside the packets
    #[arg(long, visible_alias = "anonymize", requires = "pcap", conflicts_with = "show_secrets")]
    pub(super) anonymise: bool,
    /// Only sessions of which this filter lets something through, as in 'tls.server_name contains "live"'; captures are read twice then
    #[arg(short = 'Y', long, value_name = "EXPR", allow_hyphen_values = true, conflicts_with = "follow")]
    pub(super) filter: Option<String>,
    /// Only this session
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) session: Option<u32>,
    /// Replace files that are there
    #[arg(long)]
    pub(super) force: bool,
    /// Show stream keys, passwords and tokens, in names of files too; they are masked otherwise, but in what --clear writes
    #[arg(long)]
    pub(super) show_secrets: bool,
    #[command(flatten)]
    pub(super) keys: KeyArguments,
    /// Keep reading a capture that another program still writes, until Ctrl-C
    #[arg(long)]
    pub(super) follow: bool,
    /// No progress and no summary
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Capture files (pcap or pcapng, also compressed), `-` for standard input; several are read as one
    #[arg(value_name = "CAPTURE", required = true)]
    pub(super) captures: Vec<PathBuf>,
    /// Write the page to this file, `-` for standard output [default: -]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "output")]
    pub(super) force: bool,
    /// Show only what this filter lets through, as in 'command.name == "publish"'; `fields` lists the names
    #[arg(short = 'Y', long, value_name = "EXPR", allow_hyphen_values = true)]
    pub(super) filter: Option<String>,
    /// Show only this session
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) session: Option<u32>,
    /// Show stream keys, passwords and tokens; they are masked otherwise
    #[arg(long)]
    pub(super) show_secrets: bool,
    #[command(flatten)]
    pub(super) keys: KeyArguments,
    /// No progress
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct RulesArguments {
    /// A rule's code or name
    #[arg(value_name = "CODE|NAME")]
    pub(super) rule: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// Whose completions
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct FieldsArguments {
    /// Only the fields whose names begin so
    #[arg(value_name = "PREFIX")]
    pub(super) prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

impl When {
    /// Whether standard output is to be coloured. A non-empty `NO_COLOR` says no, unless the user said always.
    pub(super) fn color(self) -> bool {
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal()
            }
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Payload {
    Hex,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Note,
}

impl From<FailOn> for Severity {
    fn from(severity: FailOn) -> Severity {
        match severity {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Note => Severity::Note,
        }
    }
}
