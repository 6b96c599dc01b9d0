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
use crate::capture::{Input, Packet};
use crate::extract::{Anonymiser, Chosen, Packets, PacketsWritten, Secrets};
use crate::filter::Filter;
use crate::inspection::{Inspection, Options, Told};
use crate::limits::Limits;
use crate::wire::file_name;
use crate::wire::words::count;

/// Sessions that were left out and are named one by one.
const NAMED: usize = 5;

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
    let secrets = arguments.anonymise.then(|| Secrets::new(&Limits::DEFAULT));
    let mut taker = Taker(Chosen::new(only, &Limits::DEFAULT), secrets);
    let mut outcome = Outcome::Done;
    reading::read(&mut inspection, &mut progress, &mut taker, &mut outcome)?;
    outcome = reading::conclude(&inspection, outcome);
    arguments.keys.complain_of_unused(inspection.keys(), Wanted::of(&inspection.totals()));
    let Taker(mut chosen, secrets) = taker;
    let mut anonymiser = None;
    if let Some(mut secrets) = secrets {
        place(captures, &options, &mut secrets)?;
        let wanted = |session: &&u32| chosen.is_wanted(**session);
        let left_out: Vec<u32> = secrets.left_out().keys().filter(wanted).copied().collect();
        for session in left_out.iter().take(NAMED) {
            let why = secrets.left_out()[session];
            complain(format_args!(
                "session {session} is left out: not all that is secret in it can be found, since {why}"
            ));
        }
        if let Some(more @ 1..) = left_out.len().checked_sub(NAMED) {
            complain(format_args!("{} more left out", count(more as u64, "session")));
        }
        if secrets.sealed().iter().any(|session| chosen.is_wanted(*session)) {
            complain(
                "what is in enciphered sessions stays as it is: only addresses and names of servers are overwritten there",
            );
        }
        chosen.leave_out(left_out.into_iter());
        anonymiser = Some(Anonymiser::new(secrets, &Limits::DEFAULT));
    }
    if chosen.sessions() == 0 {
        let there = inspection.totals().sessions;
        match arguments.session {
            Some(session) if session > there => reading::no_such_session(&inspection, session),
            _ if there > 0 && arguments.filter.is_some() => complain("-Y: the filter lets nothing of that through"),
            _ => {}
        }
        if !is_piped {
            complain(format_args!("{}: not written: no session is left to write", file_name(path)));
        }
        return Ok(Outcome::Failed);
    }
    let sessions = chosen.sessions();
    mark(captures, &mut chosen, anonymiser.as_mut())?;
    let written = write(captures, &chosen, target, &inspection.names(), anonymiser.as_mut());
    let lost = anonymiser.as_ref().map_or(0, |anonymiser| anonymiser.left_out);
    let (target, PacketsWritten { packets, bytes }) = match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(outcome),
        written => written?,
    };
    if packets == 0 {
        if !is_piped {
            complain(format_args!("{}: not written: no packet is left to write", file_name(path)));
        }
        return Ok(Outcome::Failed);
    }
    target.finish()?;
    if lost > 0 {
        complain(format_args!(
            "{} left out: fragments, or of a form in which not every address is known",
            count(lost, "packet")
        ));
        outcome = Outcome::Failed;
    }
    if !(arguments.quiet || is_piped) {
        let (sessions, packets, bytes) = (count(sessions, "session"), count(packets, "packet"), count(bytes, "byte"));
        let how = if arguments.anonymise {
            "with other addresses, secrets overwritten"
        } else {
            "as they were captured, with all that was secret"
        };
        print(&format!("{}: {packets} of {sessions} {how}, {bytes}\n", file_name(path)))?;
    }
    Ok(outcome)
}

/// Finds the packets. What cannot be read of the captures was said when they were read first.
fn mark(captures: &[PathBuf], chosen: &mut Chosen, mut anonymiser: Option<&mut Anonymiser>) -> anyhow::Result<()> {
    let mut input = Input::open(captures)?;
    while let Some(packet) = input.next() {
        if let Ok(packet) = packet {
            chosen.mark(&packet);
            if let Some(anonymiser) = &mut anonymiser {
                anonymiser.look(&packet);
            }
        }
    }
    Ok(())
}

fn write(
    captures: &[PathBuf],
    chosen: &Chosen,
    target: Target,
    names: &str,
    mut anonymiser: Option<&mut Anonymiser>,
) -> io::Result<(Target, PacketsWritten)> {
    let mut input = Input::open(captures).map_err(io::Error::other)?;
    // The packet's notes are asked for while it is lent: it is read by another input.
    let mut noted = Input::open(captures).map_err(io::Error::other)?;
    let names = if anonymiser.is_some() { "captures" } else { names };
    let mut packets = Packets::new(target, names)?;
    let mut secrets = 0;
    while let Some(packet) = input.next() {
        let _ = noted.next();
        let Ok(packet) = packet else { continue };
        if let Some(anonymiser) = &mut anonymiser {
            if chosen.has(packet.at.packet)
                && let Some(bytes) = anonymiser.packet(&packet)
            {
                packets.take(&Packet { data: &bytes, ..packet }, &[])?;
            }
            continue;
        }
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
    for one in noted.secrets(secrets).iter().filter(|_| anonymiser.is_none()) {
        packets.secrets(one)?;
    }
    packets.finish()
}

/// Finds where secrets stand, now that all are known.
fn place(captures: &[PathBuf], options: &Options, secrets: &mut Secrets) -> anyhow::Result<()> {
    let input = Input::open_until(captures, &options.stop)?;
    let mut inspection = Inspection::of(input, &Options { evidence: true, ..options.clone() });
    while let Some(told) = inspection.next() {
        if let Ok(told) = told {
            secrets.place(told.event);
        }
    }
    Ok(())
}

/// Chooses flows, and learns what is secret.
struct Taker(Chosen, Option<Secrets>);

impl Consumer for Taker {
    fn take(&mut self, told: Told<'_>) -> io::Result<()> {
        self.0.learn(told.event);
        if let Some(secrets) = &mut self.1 {
            secrets.learn(told.event);
        }
        Ok(())
    }
}
