//! `rtmp-inspect compare LABEL=CAPTURE…`: several servers' behaviour side by side.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};

use super::arguments::CompareArguments;
use super::keys::Wanted;
use super::output::{is_live, stdout};
use super::reading::{self, Consumer, Progress, Stop};
use super::{Outcome, complain};
use crate::capture::CaptureError;
use crate::compare::{Comparison, Observer, Profile, Scenarios};
use crate::export::compare;
use crate::inspection::{Inspection, Options, Told};
use crate::proto::Keys;
use crate::wire::file_name;

pub(super) fn run(arguments: &CompareArguments, stop: &Stop) -> anyhow::Result<Outcome> {
    let scenarios = match &arguments.scenarios {
        None => Scenarios::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| file_name(path))?;
            Scenarios::parse(&text).with_context(|| file_name(path))?
        }
    };
    let servers = servers(&arguments.servers)?;
    let reference = match &arguments.reference {
        None => 0,
        Some(label) => match servers.iter().position(|server| server.label == *label) {
            Some(place) => place,
            None => bail!("--reference {label}: there is no such label"),
        },
    };
    if arguments.exit_code && servers.len() < 2 {
        bail!("--exit-code: there is only one server: nothing is compared");
    }
    stop.listen()?;
    let all: Vec<_> = servers.iter().flat_map(|server| server.captures.clone()).collect();
    let live = servers.iter().flat_map(|server| &server.captures).any(|path| is_live(path));
    let out = stdout(live, &stop.asked);
    let mut reading = Reading {
        out,
        stop: Arc::clone(&stop.asked),
        progress: Progress::new(true),
        opened: false,
        reveal: arguments.show_secrets,
        keys: arguments.keys.read(&all)?,
        wanted: Wanted::default(),
    };
    let mut notes = notes(&arguments.note, &servers)?;
    let mut outcome = Outcome::Done;
    let mut captures = Vec::new();
    let mut profiles = Vec::new();
    for (index, server) in servers.into_iter().enumerate() {
        let mut profile = Profile::default();
        profile.notes = std::mem::take(&mut notes[index]);
        for path in &server.captures {
            let place = captures.len();
            captures.push(path.to_string_lossy().into_owned());
            profile.captures.push(place);
            let observer = Observer::new(place, &captures[place], &scenarios);
            match reading.read(path, &mut Profiling { observer, profile: &mut profile }) {
                // Nobody waits for what comes of it.
                Err(error) if is_closed_pipe(&error) => return Ok(Outcome::Done),
                read => outcome = outcome.max(read?),
            }
        }
        profiles.push((server.label, profile));
    }
    arguments.keys.complain_of_unused(&reading.keys, reading.wanted);
    if !reading.opened {
        return Ok(Outcome::Failed);
    }
    for (label, _) in profiles.iter().filter(|(_, profile)| profile.sessions == 0) {
        complain(format_args!("{label}: no session with a readable beginning"));
        outcome = Outcome::Failed;
    }
    let comparison = Comparison::new(profiles, captures, reference);
    let page = if arguments.json {
        compare::json(&comparison)
    } else if arguments.markdown {
        compare::markdown(&comparison)
    } else if arguments.html {
        compare::html(&comparison)
    } else {
        compare::text(&comparison, arguments.color.color(), arguments.all)
    };
    match reading.out.write_all(page.as_bytes()).and_then(|()| reading.out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    if outcome == Outcome::Done && arguments.exit_code && comparison.differs() {
        outcome = Outcome::Found;
    }
    Ok(outcome)
}

/// Reads captures one after another, until the user ends it.
struct Reading {
    /// Where the comparison goes; whether somebody still waits for it.
    out: Box<dyn Write>,
    stop: Arc<AtomicBool>,
    progress: Progress,
    /// A capture could be opened.
    opened: bool,
    reveal: bool,
    keys: Arc<Keys>,
    wanted: Wanted,
}

impl Reading {
    fn read(&mut self, path: &Path, into: &mut Profiling<'_>) -> anyhow::Result<Outcome> {
        let stop = Arc::clone(&self.stop);
        let is_over = || stop.load(Ordering::Relaxed);
        let options = Options {
            stop: Arc::clone(&stop),
            unjudged: true,
            show_secrets: self.reveal,
            keys: Arc::clone(&self.keys),
            ..Options::default()
        };
        let opened = if is_over() { None } else { Some(Inspection::open_with(&[path.to_owned()], &options)) };
        let mut inspection = match opened {
            Some(Ok(inspection)) => inspection,
            // A pipe that gave nothing yet can be left too.
            Some(Err(error)) if !is_over() => {
                self.out.flush()?;
                complain(error);
                return Ok(Outcome::Failed);
            }
            _ => {
                self.out.flush()?;
                complain(format_args!("{}: not read: the user ended the reading before", file_name(path)));
                return Ok(Outcome::Failed);
            }
        };
        self.opened = true;
        let mut outcome = Outcome::Done;
        reading::read(&mut inspection, &mut self.progress, into, &mut outcome)?;
        self.out.flush()?;
        for (limit, times) in inspection.totals().reached.list() {
            let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
            complain(format_args!("{}: limit reached: {limit}: {times}", inspection.names()));
        }
        self.wanted.add(Wanted::of(&inspection.totals()));
        Ok(reading::conclude(&inspection, outcome))
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Takes one capture into a profile.
struct Profiling<'p> {
    observer: Observer,
    profile: &'p mut Profile,
}

impl Consumer for Profiling<'_> {
    fn take(&mut self, told: Told<'_>) -> io::Result<()> {
        self.observer.observe(told.event, told.story, told.masks, self.profile);
        Ok(())
    }
}

/// A server's name and its captures.
struct Server {
    label: String,
    captures: Vec<PathBuf>,
}

fn servers(arguments: &[OsString]) -> anyhow::Result<Vec<Server>> {
    // Each capture with the name that it was given, if it was.
    let mut captures: Vec<(Option<String>, PathBuf)> = Vec::new();
    for argument in arguments {
        // A file of that name goes before a name in front of one.
        let named = if Path::new(argument).exists() { None } else { split(argument) };
        let (label, pattern) = match named {
            Some((label, _)) if label.is_empty() => {
                bail!("{}: the label in front of the = is empty", file_name(argument))
            }
            Some((_, pattern)) if pattern.is_empty() => {
                bail!("{}: there is no capture behind the =", file_name(argument))
            }
            Some((label, pattern)) => (Some(label), pattern),
            None => (None, argument.clone()),
        };
        captures.extend(paths(Path::new(&pattern))?.into_iter().map(|path| (label.clone(), path)));
    }
    if captures.iter().filter(|(_, path)| path.as_os_str() == "-").count() > 1 {
        return Err(CaptureError::InputTwice.into());
    }
    let mut servers: Vec<Server> = Vec::new();
    for (index, (label, path)) in captures.iter().enumerate() {
        let label = label.clone().unwrap_or_else(|| own_label(index, &captures));
        match servers.iter_mut().find(|server| server.label == label) {
            Some(server) => server.captures.push(path.clone()),
            None => servers.push(Server { label, captures: vec![path.clone()] }),
        }
    }
    Ok(servers)
}

/// A label, and what stands behind the first `=`: any name that a file can have.
#[cfg(unix)]
fn split(argument: &OsStr) -> Option<(String, OsString)> {
    use std::os::unix::ffi::OsStrExt;

    let bytes = argument.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'=')?;
    let label = String::from_utf8_lossy(&bytes[..at]).into_owned();
    Some((label, OsStr::from_bytes(&bytes[at + 1..]).to_owned()))
}

#[cfg(not(unix))]
fn split(argument: &OsStr) -> Option<(String, OsString)> {
    let (label, pattern) = argument.to_str()?.split_once('=')?;
    Some((label.to_owned(), pattern.into()))
}

/// What the user says of each server. A label may hold `=` itself: the longest that fits is meant.
fn notes(arguments: &[String], servers: &[Server]) -> anyhow::Result<Vec<Vec<String>>> {
    let mut notes = vec![Vec::new(); servers.len()];
    for argument in arguments {
        let text = |server: &Server| argument.strip_prefix(server.label.as_str())?.strip_prefix('=').map(str::to_owned);
        let meant = servers.iter().enumerate().filter_map(|(index, server)| Some((index, text(server)?)));
        let Some((index, text)) = meant.min_by_key(|(_, text)| text.len()) else {
            match argument.split_once('=') {
                Some((label, _)) if !label.is_empty() => bail!("--note {label}: there is no such label"),
                _ => bail!("--note {argument}: is not LABEL=TEXT"),
            }
        };
        if text.trim().is_empty() {
            bail!("--note {argument} says nothing: it wants LABEL=TEXT");
        }
        notes[index].push(text);
    }
    Ok(notes)
}

/// The label of a capture without a given one: its file's name, with as many of its folders as tell it from the others.
fn own_label(index: usize, captures: &[(Option<String>, PathBuf)]) -> String {
    let path = &captures[index].1;
    let most = captures.iter().map(|(_, path)| path.components().count()).max().unwrap_or(1);
    for folders in 0..most {
        let label = long_stem(path, folders);
        let is_taken = |(place, (given, other)): (usize, &(Option<String>, PathBuf))| {
            place != index && given.as_ref().map_or_else(|| long_stem(other, folders) == label, |given| *given == label)
        };
        if !captures.iter().enumerate().any(is_taken) {
            return label;
        }
    }
    // The same file once more.
    format!("{} ({})", path.display(), index + 1)
}

/// The file's name without its ending, behind so many of its folders.
fn long_stem(path: &Path, folders: usize) -> String {
    let parents = path.parent().into_iter().flat_map(Path::components);
    let parents: Vec<String> = parents.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let shown = &parents[parents.len().saturating_sub(folders)..];
    shown.iter().map(String::as_str).chain([stem(path).as_str()]).collect::<Vec<_>>().join("/")
}

/// The files that an argument means. A shell leaves stars behind `LABEL=` alone.
fn paths(pattern: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shown = || file_name(pattern);
    if pattern.is_dir() {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(pattern).with_context(shown)? {
            let file = entry.with_context(shown)?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if file.is_file() && (name.contains(".pcap") || name.contains(".cap")) {
                files.push(file);
            }
        }
        files.sort();
        if files.is_empty() {
            bail!("{}: no captures in this folder", shown());
        }
        return Ok(files);
    }
    let has_stars = |part: &OsStr| part.to_string_lossy().contains(['*', '?']);
    if pattern.exists() || !has_stars(pattern.as_os_str()) {
        return Ok(vec![pattern.to_owned()]);
    }
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let part = part.as_os_str();
        let mut next = Vec::new();
        for folder in found {
            if has_stars(part) {
                let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder.as_path() };
                let Ok(entries) = std::fs::read_dir(place) else { continue };
                let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
                let wanted = part.to_string_lossy();
                let mut names: Vec<_> = names.filter(|name| is_like(&name.to_string_lossy(), &wanted)).collect();
                names.sort();
                next.extend(names.into_iter().map(|name| folder.join(name)));
            } else {
                next.push(folder.join(part));
            }
        }
        found = next;
    }
    found.retain(|path| path.is_file());
    if found.is_empty() {
        bail!("{}: no such file", shown());
    }
    Ok(found)
}

/// Whether a name is as a pattern with `*` and `?` says; hidden files only where it says so itself.
fn is_like(name: &str, pattern: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (name, pattern): (Vec<char>, Vec<char>) = (name.chars().collect(), pattern.chars().collect());
    let (mut at, mut in_pattern) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        match pattern.get(in_pattern) {
            Some('*') => {
                star = Some((at, in_pattern + 1));
                in_pattern += 1;
            }
            Some(c) if *c == '?' || *c == name[at] => {
                at += 1;
                in_pattern += 1;
            }
            _ => {
                let Some((from, behind)) = star else { return false };
                star = Some((from + 1, behind));
                (at, in_pattern) = (from + 1, behind);
            }
        }
    }
    pattern[in_pattern..].iter().all(|c| *c == '*')
}

/// The file's name without what says that it is a capture.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let end = [".pcap", ".cap"].iter().filter_map(|extension| name.find(extension)).min();
    match end {
        Some(end) if end > 0 => name[..end].to_owned(),
        _ => name.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        assert!(is_like("fms-1.pcap", "fms-*.pcap"));
        assert!(is_like("fms-1.pcap", "fms-?.pcap"));
        assert!(is_like("abab", "*ab"));
        assert!(!is_like("fms-12.pcap", "fms-?.pcap"));
        assert!(!is_like(".fms.pcap", "*.pcap"));
    }

    #[test]
    fn files_of_one_name_are_told_apart_by_their_folders() {
        let own = |paths: &[&str]| {
            let captures: Vec<_> = paths.iter().map(|path| (None, PathBuf::from(path))).collect();
            (0..paths.len()).map(|index| own_label(index, &captures)).collect::<Vec<_>>()
        };
        assert_eq!(own(&["golden/play.pcap", "new/play.pcap"]), ["golden/play", "new/play"]);
        assert_eq!(own(&["a/x/play.pcap", "b/x/play.pcap", "b/x/publish.pcap"]), ["a/x/play", "b/x/play", "publish"]);
        assert_eq!(own(&["play.pcap", "new/play.pcap"]), ["play", "new/play"]);
        assert_eq!(own(&["play.pcap", "play.pcap"]), ["play.pcap (1)", "play.pcap (2)"]);
    }

    #[test]
    fn a_label_is_the_name_of_the_file() {
        assert_eq!(stem(Path::new("captures/fms-5.0.pcapng.gz")), "fms-5.0");
        assert_eq!(stem(Path::new("-")), "-");
    }
}
