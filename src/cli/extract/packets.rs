//! `rtmp-inspect extract --pcap FILE`: the captured packets of sessions, as they are.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::super::arguments::ExtractArguments;
use super::super::keys::Wanted;
use super::super::reading::{self, Consumer, Progress, Stop};
use super::super::target::Target;
use super::super::{Outcome, complain, print};
use super::choose;
use crate::capture::Input;
use crate::extract::{Chosen, Packets, PacketsWritten};
use crate::filter::Filter;
use crate::inspection::{Inspection, Options, Told};
use crate::limits::Limits;
use crate::wire::file_name;
use crate::wire::words::count;

pub(super) fn run(arguments: &ExtractArguments, path: &Path, stop: &Stop) -> anyhow::Result<Outcome> {
    let ExtractArguments { captures, .. } = arguments;
    if let Some(path) = captures.iter().find(|path| !path.is_file() && (path.exists() || path.as_os_str() == "-")) {
        bail!(
            "{}: --pcap reads captures several times, and this can be read only once: write it to a file first",
            file_name(path)
        );
    }
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose().context("--filter")?;
    let options = Options {
        unjudged: true,
        show_secrets: true,
        keys: arguments.keys.read(captures)?,
        stop: stop.asked.clone(),
        ..Options::default()
    };
    let mut inspection = Inspection::open_with(captures, &options)?;
    let target = Target::open(path, arguments.force, captures, &arguments.keys.files())?;
    let is_piped = matches!(target, Target::Stdout(_));
    stop.listen()?;
    let mut progress = Progress::new(!arguments.quiet);
    let only = filter.map(|filter| choose(captures, &options, &filter, &mut progress)).transpose()?;
    let only = match (only, arguments.session) {
        (Some(only), Some(session)) => Some(only.into_iter().filter(|chosen| *chosen == session).collect()),
        (only, session) => only.or_else(|| session.map(|session| BTreeSet::from([session]))),
    };
    let mut taker = Taker(Chosen::new(only, &Limits::DEFAULT));
    let mut outcome = Outcome::Done;
    reading::read(&mut inspection, &mut progress, &mut taker, &mut outcome)?;
    outcome = reading::conclude(&inspection, outcome);
    arguments.keys.complain_of_unused(inspection.keys(), Wanted::of(&inspection.totals()));
    let mut chosen = taker.0;
    if chosen.sessions() == 0 {
        let there = inspection.totals().sessions;
        match arguments.session {
            Some(session) if session > there => reading::no_such_session(&inspection, session),
            _ if there > 0 => complain("-Y: the filter lets nothing of that through"),
            _ => {}
        }
        if !is_piped {
            complain(format_args!("{}: not written: no session is left to write", file_name(path)));
        }
        return Ok(Outcome::Failed);
    }
    let sessions = chosen.sessions();
    mark(captures, &mut chosen)?;
    let written = write(captures, &chosen, target, &inspection.names());
    let (target, PacketsWritten { packets, bytes }) = match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(outcome),
        written => written?,
    };
    target.finish()?;
    if !(arguments.quiet || is_piped) {
        let (sessions, packets, bytes) = (count(sessions, "session"), count(packets, "packet"), count(bytes, "byte"));
        print(&format!(
            "{}: {packets} of {sessions} as they were captured, {bytes}; all that was secret is in it\n",
            file_name(path)
        ))?;
    }
    Ok(outcome)
}

/// Finds the packets. What cannot be read of the captures was said when they were read first.
fn mark(captures: &[PathBuf], chosen: &mut Chosen) -> anyhow::Result<()> {
    let mut input = Input::open(captures)?;
    while let Some(packet) = input.next() {
        if let Ok(packet) = packet {
            chosen.mark(&packet);
        }
    }
    Ok(())
}

fn write(captures: &[PathBuf], chosen: &Chosen, target: Target, names: &str) -> io::Result<(Target, PacketsWritten)> {
    let mut input = Input::open(captures).map_err(io::Error::other)?;
    // The packet's notes are asked for while it is lent: it is read by another input.
    let mut noted = Input::open(captures).map_err(io::Error::other)?;
    let mut packets = Packets::new(target, names)?;
    let mut secrets = 0;
    while let Some(packet) = input.next() {
        let _ = noted.next();
        let Ok(packet) = packet else { continue };
        for one in noted.secrets(secrets) {
            secrets += 1;
            packets.secrets(one)?;
        }
        if chosen.has(packet.at.packet) {
            packets.take(&packet, &noted.notes().comments)?;
        }
    }
    // Some stand behind the last packet.
    let _ = noted.next();
    for one in noted.secrets(secrets) {
        packets.secrets(one)?;
    }
    packets.finish()
}

struct Taker(Chosen);

impl Consumer for Taker {
    fn take(&mut self, told: Told<'_>) -> io::Result<()> {
        self.0.learn(told.event);
        Ok(())
    }
}
