//! `rtmp-inspect extract`: media, payloads, text and sessions in clear, taken out of captures in one pass.

mod folder;
mod messages;
mod packets;
mod targets;

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::arguments::ExtractArguments;
use super::keys::Wanted;
use super::reading::{self, Consumer, Progress, Stop};
use super::target::Target;
use super::{Outcome, complain, print};
use crate::evidence::{Evidence, Purpose};
use crate::extract::{Clear, Counts, Fault, LeftOut, Made, Output, Streams, Written};
use crate::filter::{Filter, Scratch, Sessions, Subject};
use crate::inspection::{Inspection, Options, Read, Told};
use crate::limits::Limits;
use crate::wire::words::{count, plural, seconds};
use crate::wire::{Time, file_name};
use folder::Folder;
use messages::{Payload, Text, Values};
use targets::{Targets, refuse};

/// Why what can be read only once is copied.
const COPIED: Purpose = Purpose { is: "for reading its sessions again", instead: "" };
/// Sessions that were left out and are named one by one.
const NAMED: usize = 5;

pub(super) fn run(arguments: &ExtractArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    let ExtractArguments { captures, .. } = arguments;
    if let Some(path) = &arguments.pcap {
        return packets::run(arguments, path, stop);
    }
    refuse(arguments)?;
    let filter = arguments.filter.as_deref().map(Filter::parse).transpose().context("--filter")?;
    let options = Options {
        evidence: arguments.clear.is_some(),
        unjudged: arguments.text.is_none(),
        show_secrets: arguments.show_secrets,
        keys: arguments.keys.read(captures)?,
        follow: arguments.follow,
        stop: stop.asked.clone(),
        ..Options::default()
    };
    let again = captures.iter().find(|path| !path.is_file()).filter(|_| filter.is_some());
    if let Some(path) = again.filter(|path| path.exists() || path.as_os_str() == "-") {
        bail!(
            "{}: -Y reads captures twice, first to find the sessions, and this can be read only once: write it to a file first",
            file_name(path)
        );
    }
    let (mut inspection, evidence) = if arguments.clear.is_some() {
        let (input, evidence) = Evidence::open(captures, arguments.follow, &stop.asked, COPIED)?;
        (Inspection::of(input, &options), evidence)
    } else {
        (Inspection::open_with(captures, &options)?, Evidence::default())
    };
    let mut targets = Targets::open(arguments)?;
    stop.listen()?;
    let mut progress = Progress::new(!arguments.quiet);
    let chosen = filter.map(|filter| choose(captures, &options, &filter, &mut progress)).transpose()?;
    let only = match (chosen, arguments.session) {
        (Some(chosen), Some(session)) => Some(chosen.into_iter().filter(|chosen| *chosen == session).collect()),
        (chosen, session) => chosen.or_else(|| session.map(|session| BTreeSet::from([session]))),
    };
    let is_empty = only.as_ref().is_some_and(BTreeSet::is_empty);
    let mut taker = Taker::new(arguments, &mut targets, only, &inspection.names(), evidence)?;
    let mut outcome = Outcome::Done;
    let read = reading::read(&mut inspection, &mut progress, &mut taker, &mut outcome).and_then(|()| taker.end());
    match read {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(outcome),
        read => read?,
    }
    outcome = reading::conclude(&inspection, outcome);
    arguments.keys.complain_of_unused(inspection.keys(), Wanted::of(&inspection.totals()));
    let is_there = |session: &u32| *session <= inspection.totals().sessions;
    match arguments.session.filter(|_| !taker.has_met) {
        Some(session) if is_empty && is_there(&session) => {
            complain(format_args!("-Y: the filter lets nothing of session {session} through"));
        }
        Some(session) => reading::no_such_session(&inspection, session),
        None if is_empty && inspection.totals().sessions > 0 => {
            complain("-Y: the filter lets nothing of these captures through");
        }
        None => {}
    }
    let is_all_there = taker.finish(arguments, &inspection)?;
    Ok(if is_all_there { outcome } else { Outcome::Failed })
}

/// The sessions of which a filter lets something through. What cannot be read of the captures is said when they are read again.
fn choose(
    captures: &[PathBuf],
    options: &Options,
    filter: &Filter,
    progress: &mut Progress,
) -> anyhow::Result<BTreeSet<u32>> {
    // A filter sees what was sent.
    let unjudged = !filter.asks_for_findings();
    let options = Options { evidence: false, unjudged, show_secrets: true, ..options.clone() };
    let mut inspection = Inspection::open_with(captures, &options)?;
    let (mut chosen, mut sessions) = (BTreeSet::new(), Sessions::default());
    let mut scratch = Scratch::new(&options.limits);
    loop {
        let is_over = matches!(inspection.read(), Read::End);
        while let Some(Told { event, findings, start, .. }) = inspection.told() {
            sessions.observe(event);
            let number = event.session();
            let session = sessions.get(number);
            let is_new = !chosen.contains(&number);
            if is_new && filter.matches(&Subject { event, findings: &findings, session, start }, &mut scratch) {
                chosen.insert(number);
            }
            sessions.forget(event);
        }
        if is_over {
            break;
        }
        progress.step(&inspection);
    }
    progress.clear();
    Ok(chosen)
}

/// Writes everything that is wanted.
struct Taker {
    captures: Vec<PathBuf>,
    only: Option<BTreeSet<u32>>,
    evidence: Evidence,
    clear: Option<Clear<Target>>,
    /// The files of streams; what of them was said.
    flv: Option<(Streams<Folder>, PathBuf)>,
    media: Option<(Streams<Folder>, PathBuf)>,
    amf: Option<Values>,
    text: Option<Text>,
    payload: Option<Payload>,
    /// A session that is wanted is there.
    has_met: bool,
    /// Whether what is made is said on standard output.
    says: bool,
    /// Files of streams.
    files: [u64; 2],
    /// A file has Enhanced RTMP.
    is_enhanced: bool,
    /// Sessions that FLV cannot have, and elementary streams do.
    has_other: bool,
    /// Sessions that were left out, by where they were wanted; the first of them are named.
    left_out: Vec<LeftOut>,
    more_left_out: u64,
    written: Option<(Target, Written)>,
}

impl Taker {
    fn new(
        arguments: &ExtractArguments,
        targets: &mut Targets,
        only: Option<BTreeSet<u32>>,
        names: &str,
        evidence: Evidence,
    ) -> anyhow::Result<Taker> {
        let clear = targets.clear.take().map(|target| Clear::new(target, names, only.clone())).transpose()?;
        let streams = |folder: Folder, output| {
            let path = folder.path().to_owned();
            (Streams::new(output, folder, only.clone(), &Limits::DEFAULT), path)
        };
        Ok(Taker {
            captures: arguments.captures.clone(),
            evidence,
            clear,
            flv: targets.flv.take().map(|folder| streams(folder, Output::Flv { rebase: arguments.rebase })),
            media: targets.media.take().map(|folder| streams(folder, Output::Media)),
            amf: targets.amf.take().map(|folder| Values::new(folder, &Limits::DEFAULT)),
            text: targets.text.take().map(Text::new),
            payload: arguments.payload.zip(targets.payload.take()).map(|(n, target)| Payload {
                n,
                target,
                written: None,
                is_masked: false,
            }),
            has_met: false,
            says: !(arguments.quiet || targets.is_piped),
            files: [0; 2],
            is_enhanced: false,
            has_other: false,
            left_out: Vec::new(),
            more_left_out: 0,
            written: None,
            only,
        })
    }

    /// Says what was made.
    fn say(&mut self) -> io::Result<()> {
        let has_flv = self.flv.is_some();
        let has_media = self.media.is_some();
        for (row, streams) in [&mut self.flv, &mut self.media].into_iter().enumerate() {
            let Some((streams, folder)) = streams else { continue };
            let all_made = streams.made();
            let shelf = streams.shelf();
            shelf.complaints().iter().for_each(complain);
            for made in all_made {
                let Made { session, protocol, flv, elementary, left_out, notes, nothing, session_left_out } = made;
                if let Some(left_out) = session_left_out {
                    if row == 0 && has_media && !left_out.is_sealed {
                        self.has_other = true;
                        continue;
                    }
                    if self.left_out.len() < NAMED && !self.left_out.contains(&left_out) {
                        self.left_out.push(left_out);
                    } else if !self.left_out.contains(&left_out) {
                        self.more_left_out += 1;
                    }
                    continue;
                }
                if let Some((name, why)) = nothing.filter(|_| row == 0 || !has_flv) {
                    complain(format_args!("no file is made of {name}: {why}"));
                }
                let mut lines = Vec::new();
                if let Some((name, counts)) = flv.filter(|(name, _)| !shelf.is_lost(name)) {
                    self.files[row] += 1;
                    self.is_enhanced |= counts.is_enhanced;
                    lines.push(format!("{}: {}", file_name(folder.join(name)), flv_words(&counts)));
                }
                for file in elementary.into_iter().filter(|file| !shelf.is_lost(&file.name)) {
                    self.files[row] += 1;
                    let (frames, bytes) = (count(file.frames, "frame"), count(file.bytes, "byte"));
                    lines.push(format!("{}: {}, {frames}, {bytes}", file_name(folder.join(file.name)), file.codec));
                }
                if let Some((name, notes)) = notes.filter(|(name, _)| !shelf.is_lost(name)) {
                    lines.push(format!("{}: {}", file_name(folder.join(name)), count(notes, "note")));
                }
                if self.says {
                    let mut out = io::stdout().lock();
                    match lines.iter().try_for_each(|line| writeln!(out, "{line}")) {
                        // Nobody reads what is said; the files are wanted all the same.
                        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.says = false,
                        said => said.map_err(super::output::named)?,
                    }
                }
                for left in left_out {
                    let frames = count(left.frames, "frame");
                    let way = if protocol.starts_with("rtmp") { "; --flv has them" } else { "" };
                    complain(format_args!(
                        "session {session}: {frames} of {} {} in no file: {}{way}",
                        left.codec,
                        plural(left.frames, "is", "are"),
                        left.why
                    ));
                }
            }
        }
        Ok(())
    }

    /// Nothing follows.
    fn end(&mut self) -> io::Result<()> {
        for (streams, _) in [&mut self.flv, &mut self.media].into_iter().flatten() {
            streams.finish()?;
        }
        self.say()?;
        self.written = self.clear.take().map(Clear::finish).transpose()?;
        Ok(())
    }

    /// Gives files their names, and says what there is. Whether all that was wanted is there.
    fn finish(mut self, arguments: &ExtractArguments, inspection: &Inspection) -> anyhow::Result<bool> {
        let mut is_all_there = true;
        if let Some((_, written)) = &self.written {
            for left_out in &written.left_out {
                if self.left_out.len() < NAMED && !self.left_out.contains(left_out) {
                    self.left_out.push(*left_out);
                }
            }
            let known = written.left_out.len() as u64;
            self.more_left_out = self.more_left_out.max(written.left_out_sessions - known);
        }
        complain_of(&self.left_out, self.more_left_out, self.flv.is_some() && self.media.is_none());
        if let (Some((target, written)), Some(path)) = (self.written.take(), &arguments.clear) {
            is_all_there &= finish_clear(target, &written, path, self.says)?;
        }
        let streams = [
            (self.flv.take(), "there is no audio or video"),
            (self.media.take(), "there is no audio or video that has a file of its own"),
        ];
        for (row, (streams, why)) in streams.into_iter().enumerate() {
            let Some((mut streams, path)) = streams else { continue };
            is_all_there &= complain_of_lost(streams.shelf());
            if let missed @ 1.. = streams.missed() {
                is_all_there = false;
                let most = Limits::DEFAULT.extracted_streams;
                complain(format_args!(
                    "{}: {most} streams are as many as are written; {} of others {} not",
                    file_name(&path),
                    count(missed, "message"),
                    plural(missed, "is", "are")
                ));
            }
            // What FLV cannot have is among the elementary streams.
            let is_elsewhere = row == 0 && self.has_other && self.files[1] > 0;
            if self.files[row] == 0 && streams.shelf().lost() == 0 && !is_elsewhere {
                is_all_there = false;
                complain(format_args!("{}: nothing is written: {why}", file_name(&path)));
            }
        }
        if self.is_enhanced {
            let is_made = self.files[1] > 0;
            let way = if is_made { "they can read what --media made" } else { "--media makes files that they can" };
            complain(format_args!(
                "there is Enhanced RTMP in FLV, which players before FFmpeg 6.1 or so cannot read; {way}"
            ));
        }
        if let Some(mut values) = self.amf.take() {
            is_all_there &= complain_of_lost(values.folder());
            let is_lost = values.folder().lost() > 0;
            let path = values.folder().path().to_owned();
            let (written, missed) = values.counts();
            match (written, missed) {
                (0, _) if is_lost => {}
                (0, _) => {
                    is_all_there = false;
                    complain(format_args!("{}: nothing is written: there is no command and no data", file_name(&path)));
                }
                (_, 1..) => {
                    is_all_there = false;
                    complain(format_args!(
                        "{}: {written} messages are as many as are written; {missed} more are not",
                        file_name(&path)
                    ));
                }
                _ if self.says => {
                    let files = count(values.folder().finished(), "file");
                    print(&format!("{}: {} in {files}\n", file_name(&path), count(written, "message")))?;
                }
                _ => {}
            }
        }
        if let Some(text) = self.text.take() {
            let target = text.finish(&inspection.totals());
            match target {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                target => target?.finish()?,
            }
        }
        if let Some(payload) = self.payload.take() {
            is_all_there &= finish_payload(payload, arguments, inspection, self.has_met, self.says)?;
        }
        Ok(is_all_there)
    }
}

fn flv_words(counts: &Counts) -> String {
    let Counts { audio, video, scripts, bytes, times, is_enhanced } = *counts;
    let mut words = format!("{audio} audio, {video} video, {}", count(scripts, "script"));
    if let Some((first, last)) = times {
        let (first, last) = (i64::from(first) * 1_000_000, i64::from(last) * 1_000_000);
        words += &format!(", {} to {} s", seconds(first, 3), seconds(last, 3));
    }
    words + &format!(", {}{}", count(bytes, "byte"), if is_enhanced { ", Enhanced RTMP" } else { "" })
}

/// Whether something was written.
fn finish_clear(target: Target, written: &Written, path: &Path, says: bool) -> anyhow::Result<bool> {
    let Written { sessions, packets, bytes, .. } = *written;
    if sessions == 0 {
        if !matches!(target, Target::Stdout(_)) {
            complain(format_args!("{}: not written: no session is left to write", file_name(path)));
        }
        return Ok(false);
    }
    target.finish()?;
    if says {
        let (sessions, packets, bytes) = (count(sessions, "session"), count(packets, "packet"), count(bytes, "byte"));
        print(&format!(
            "{}: {sessions} in clear, {bytes} in {packets}; stream keys and passwords can be read in it\n",
            file_name(path)
        ))?;
    }
    Ok(true)
}

/// Whether the message was there.
fn finish_payload(
    payload: Payload,
    arguments: &ExtractArguments,
    inspection: &Inspection,
    has_met: bool,
    says: bool,
) -> anyhow::Result<bool> {
    let Payload { n, target, written, is_masked } = payload;
    let Some(bytes) = written else {
        let messages = inspection.totals().messages;
        match arguments.session {
            // That it is not there was said.
            _ if !has_met && (arguments.session.is_some() || arguments.filter.is_some()) => {}
            Some(session) => complain(format_args!("--payload {n}: session {session} has no message of this number")),
            None if arguments.filter.is_some() => {
                complain(format_args!("--payload {n}: no session that -Y lets through has a message of this number"));
            }
            None => complain(format_args!(
                "--payload {n}: there is no such message; there {} {}",
                plural(messages, "is", "are"),
                count(messages, "message")
            )),
        }
        return Ok(false);
    };
    target.finish()?;
    if is_masked {
        complain(format_args!(
            "--payload {n}: secrets in it are overwritten with asterisks; --show-secrets leaves them"
        ));
    }
    if says {
        print(&format!("{}: {} of message {n}\n", file_name(&arguments.output), count(bytes, "byte")))?;
    }
    Ok(true)
}

/// Complains of files of a folder that could not be written. Whether all could.
fn complain_of_lost(folder: &mut Folder) -> bool {
    folder.complaints().iter().for_each(complain);
    if let more @ 1.. = folder.untold() {
        complain(format_args!("{}: {more} more cannot be written", file_name(folder.path())));
    }
    folder.lost() == 0
}

/// Complains of the sessions that were left out.
fn complain_of(left_out: &[LeftOut], more: u64, has_way: bool) {
    for LeftOut { session, protocol, is_sealed } in left_out {
        let why = match (is_sealed, has_way) {
            (true, _) => "no secret opens it",
            (false, true) => "it is no RTMP; --media has it",
            (false, false) => "it is no RTMP",
        };
        complain(format_args!("session {session} ({protocol}) is left out: {why}"));
    }
    if more > 0 {
        complain(format_args!("{more} more {} left out", plural(more, "session is", "sessions are")));
    }
}

impl Consumer for Taker {
    fn begin(&mut self, start: Option<Time>) -> io::Result<()> {
        self.text.as_mut().map_or(Ok(()), |text| text.begin(&self.captures, start))
    }

    fn take(&mut self, told: Told<'_>) -> io::Result<()> {
        let Told { event, story, masks, .. } = &told;
        if self.only.as_ref().is_some_and(|only| !only.contains(&event.session())) {
            return Ok(());
        }
        self.has_met = true;
        if let Some(clear) = &mut self.clear {
            clear.take(event, &self.evidence).map_err(|fault| match fault {
                Fault::Write(error) => error,
                fault @ Fault::Capture(..) => io::Error::other(fault),
            })?;
        }
        for (streams, _) in [&mut self.flv, &mut self.media].into_iter().flatten() {
            streams.take(event, story, masks)?;
        }
        if let Some(amf) = &mut self.amf {
            amf.take(&told)?;
        }
        if let Some(text) = &mut self.text {
            text.take(&told)?;
        }
        if let Some(payload) = &mut self.payload {
            payload.take(&told)?;
        }
        self.say()
    }
}
