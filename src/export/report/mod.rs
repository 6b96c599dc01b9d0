//! What `check` says: findings alone, grouped by session, for people ([`text()`]) and for other programs ([`junit()`],
//! [`sarif()`]). JSON Lines are written by [`json`](super::json).
//!
//! [`html()`] shows more: sessions whole, for a browser.
//!
//! A session's findings are kept until it closes, as they will be shown: masked and short.

mod html;
mod junit;
mod sarif;
mod text;

use std::cmp::Reverse;
use std::io::{self, Write};
use std::path::PathBuf;

pub use html::{Asked, html, limits};

use super::{Counts, Writer};
use crate::analyzer::Totals;
use crate::limits::Limits;
use crate::proto::rtmp::describe;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::{Event, Opened};
use crate::rules::{Finding, Kind, Mark, Marked, Meta, Severity, Subject};
use crate::story::Story;
use crate::wire::{IdMap, PacketNo, Side, Time};

/// Findings for a person, with all `notes` or with the usual ones counted.
pub fn text(out: impl Write, color: bool, notes: bool) -> impl Writer {
    Report::new(text::Text::new(out, color, notes))
}

/// Findings as JUnit XML. `rules` are those that judge: each is a case of every session.
pub fn junit(out: impl Write, fail_on: Severity, rules: Vec<&'static Meta>) -> impl Writer {
    Report::new(junit::Junit::new(out, fail_on, rules))
}

/// Findings as SARIF 2.1.0.
pub fn sarif(out: impl Write) -> impl Writer {
    Report::new(sarif::Sarif::new(out))
}

/// A form of report.
trait Form {
    fn begin(&mut self, files: &[PathBuf], start: Option<Time>) -> io::Result<()>;
    /// A session that is over, or what is known of one so far where much is.
    fn group(&mut self, group: &Group) -> io::Result<()>;
    /// No group follows.
    fn close(&mut self) -> io::Result<()>;
    /// The summary, where it is wanted.
    fn end(&mut self, totals: &Totals, counts: Counts) -> io::Result<()>;
    fn flush(&mut self) -> io::Result<()>;
}

/// Writes a form of report.
struct Report<F> {
    form: F,
    groups: Groups,
}

impl<F: Form> Report<F> {
    fn new(form: F) -> Self {
        Report { form, groups: Groups::default() }
    }
}

impl<F: Form> Writer for Report<F> {
    fn begin(&mut self, files: &[PathBuf], start: Option<Time>) -> io::Result<()> {
        self.form.begin(files, start)
    }

    fn event(&mut self, event: &Event, _: &Story, _: &Masks) -> io::Result<()> {
        self.groups.event(event).map_or(Ok(()), |group| self.form.group(&group))
    }

    fn finding(&mut self, finding: &Finding, masks: &Masks) -> io::Result<()> {
        self.groups.finding(finding, masks).map_or(Ok(()), |group| self.form.group(&group))
    }

    fn close(&mut self) -> io::Result<()> {
        for group in self.groups.rest() {
            self.form.group(&group)?;
        }
        self.form.close()
    }

    fn end(&mut self, totals: &Totals, counts: Counts) -> io::Result<()> {
        self.form.end(totals, counts)?;
        self.form.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.form.flush()
    }
}

/// Findings of one session that are shown; the others are counted.
const SHOWN: usize = 200;
/// Findings of open sessions that are kept together. Past it, a session's are given out before it closes.
const KEPT: usize = Limits::DEFAULT.report_findings;
/// Bytes of a message that are shown with a finding.
const BYTES: usize = 16;

/// A finding as it is shown.
struct Shown {
    kind: Kind,
    rule: &'static Meta,
    severity: Severity,
    from: Option<Side>,
    /// Masked, not yet escaped.
    text: String,
    message: Option<u64>,
    packets: (PacketNo, PacketNo),
    /// Why it is not certain.
    doubt: Option<&'static str>,
    /// The code of what may be why.
    cause: Option<&'static str>,
    /// How often the fault happened, and the last message and packet of it.
    count: u64,
    last: Option<(Option<u64>, PacketNo)>,
    quote: Option<Quoted>,
}

/// The message that a finding is about.
struct Quoted {
    time: Time,
    from: Side,
    /// What it says, as the timeline has it.
    text: String,
    bytes: Option<Bytes>,
}

/// Some bytes of a message, with those that show the fault.
struct Bytes {
    /// `header` or `payload`.
    part: &'static str,
    /// Where the first one stands in that part.
    at: u32,
    bytes: Vec<u8>,
    /// Which of them show it.
    marked: std::ops::Range<usize>,
}

impl Shown {
    fn of(finding: &Finding, masks: &Masks) -> Shown {
        Shown {
            kind: finding.kind(),
            rule: finding.rule,
            severity: finding.severity,
            from: finding.from,
            text: masks.sentence(finding.session, &finding.text),
            message: finding.message,
            packets: finding.packets,
            doubt: finding.doubt(),
            cause: finding.cause,
            count: finding.count,
            last: None,
            quote: quoted(finding, masks),
        }
    }

    /// Where it stands among a session's findings: what explains others comes first, and what is explained last.
    fn rank(&self, causes: &[&str]) -> (bool, bool, bool, Reverse<Severity>) {
        let code = self.rule.code;
        (self.cause.is_some(), !causes.contains(&code), !self.rule.rejects(), Reverse(self.severity))
    }

    /// `message 12, packet 18`, as far as it has them.
    fn place(&self) -> String {
        match (self.message, self.packets) {
            (Some(message), (_, last)) => format!("message {message}, packet {last}"),
            (None, (first, last)) if first != last => format!("packets {first} to {last}"),
            (None, (_, last)) => format!("packet {last}"),
        }
    }

    /// `50 times, the last in message 99`, where it was more than once.
    fn times(&self) -> Option<String> {
        if self.count < 2 {
            return None;
        }
        let place = match self.last {
            Some((Some(message), _)) => format!(", the last in message {message}"),
            Some((None, packet)) => format!(", the last in packet {packet}"),
            None => String::new(),
        };
        Some(format!("{} times{place}", self.count))
    }
}

/// The message that a finding is about, as it may be shown.
fn quoted(finding: &Finding, masks: &Masks) -> Option<Quoted> {
    let mark = finding.mark.as_ref();
    let bytes = |header: &[u8], payload: &[u8]| match mark? {
        Mark::Header(range) => excerpt("header", header, range),
        Mark::Payload(range) => excerpt("payload", payload, range),
    };
    Some(match finding.quote.as_ref()? {
        Subject::Rtmp(quote) => {
            let message = quote.message(&masks.limits)?;
            let message = masks.message(&message);
            let bytes = bytes(message.head.header.as_slice(), &message.payload);
            Quoted { time: message.head.last.time, from: message.from, text: describe(&message), bytes }
        }
        Subject::Ftl(message) => {
            let message = if masks.reveal { message.without_frames() } else { message.masked() };
            let bytes = bytes(&[], message.payload());
            Quoted { time: message.packets().1.time, from: message.from(), text: message.describe(), bytes }
        }
    })
}

/// The bytes that show a finding's fault, as they may be shown: in which part of its message, where, and what they are.
pub(super) fn marked(finding: &Finding, masks: &Masks) -> Option<(&'static str, std::ops::Range<u32>, Vec<u8>)> {
    let mark = finding.mark.as_ref()?;
    let owned = |marked: Marked<'_>| (marked.part, marked.at, marked.bytes.to_vec());
    match finding.quote.as_ref()? {
        Subject::Rtmp(quote) => {
            let message = quote.message(&masks.limits)?;
            let message = masks.message(&message);
            mark.of(message.head.header.as_slice(), &message.payload).map(owned)
        }
        Subject::Ftl(message) if masks.reveal => mark.of(&[], message.payload()).map(owned),
        Subject::Ftl(message) => mark.of(&[], message.masked().payload()).map(owned),
    }
}

/// The bytes around a range, from a multiple of their number on.
fn excerpt(part: &'static str, bytes: &[u8], range: &std::ops::Range<u32>) -> Option<Bytes> {
    let (start, end) = (range.start as usize, (range.end as usize).min(bytes.len()));
    if start >= end {
        return None;
    }
    let first = if part == "header" { 0 } else { start - start % BYTES };
    let last = bytes.len().min(first + if part == "header" { bytes.len() } else { BYTES });
    Some(Bytes {
        part,
        at: first as u32,
        bytes: bytes[first..last].to_vec(),
        marked: start - first..end.min(last) - first,
    })
}

/// A session's findings.
struct Group {
    opened: Opened,
    findings: Vec<Shown>,
    /// Findings that are not among them, and how many of these are usual notes.
    more: u64,
    usual: u64,
    /// How often each fault was found since the last group of the same session, shown or not.
    tallies: Vec<Tally>,
}

/// How often a fault was found in a session.
#[derive(Clone, Debug)]
struct Tally {
    rule: &'static Meta,
    severity: Severity,
    times: u64,
    /// A group that was given out before has it.
    told: bool,
}

impl Group {
    fn new(opened: Opened) -> Group {
        Group { opened, findings: Vec::new(), more: 0, usual: 0, tallies: Vec::new() }
    }

    /// Counts a finding. The report of a repeated fault that closes it counts its first one too.
    fn tally(&mut self, finding: &Finding) {
        let times = if finding.again { finding.count - 1 } else { finding.count };
        let same = |tally: &&mut Tally| (tally.rule.code, tally.severity) == (finding.rule.code, finding.severity);
        match self.tallies.iter_mut().find(same) {
            Some(tally) => tally.times += times,
            None => {
                self.tallies.push(Tally { rule: finding.rule, severity: finding.severity, times, told: false });
            }
        }
    }

    /// What is known so far; what follows is gathered anew.
    fn part(&mut self) -> Group {
        let tallies = self.tallies.iter().map(|tally| Tally { times: 0, told: true, ..tally.clone() }).collect();
        std::mem::replace(self, Group { tallies, ..Group::new(self.opened.clone()) })
    }
}

/// The findings of the sessions that are open.
#[derive(Default)]
struct Groups {
    open: IdMap<u32, Group>,
    kept: usize,
}

impl Groups {
    /// Takes note of an event; gives the group of the session that it ends.
    fn event(&mut self, event: &Event) -> Option<Group> {
        match event {
            Event::Session(opened) => {
                self.open.insert(opened.session, Group::new(opened.clone()));
                None
            }
            Event::Close(close) if close.last => self.close(close.session),
            _ => None,
        }
    }

    /// Takes a finding; gives its session's so far where too much is kept.
    fn finding(&mut self, finding: &Finding, masks: &Masks) -> Option<Group> {
        let group = self.open.get_mut(&finding.session)?;
        group.tally(finding);
        if finding.again {
            // The closing report of a fault that repeats.
            let same = |shown: &&mut Shown| shown.kind == finding.kind();
            if let Some(shown) = group.findings.iter_mut().find(same) {
                shown.count = finding.count;
                shown.last = Some((finding.message, finding.packets.1));
            }
            return None;
        }
        if group.findings.len() >= SHOWN {
            group.more += 1;
            group.usual += u64::from(finding.is_background());
            return None;
        }
        group.findings.push(Shown::of(finding, masks));
        self.kept += 1;
        if self.kept < KEPT {
            return None;
        }
        let full = group.part();
        self.kept -= full.findings.len();
        Some(full)
    }

    /// A session is over: its group, in the order in which it is shown.
    fn close(&mut self, session: u32) -> Option<Group> {
        let mut group = self.open.remove(&session)?;
        self.kept -= group.findings.len();
        let causes: Vec<_> = group.findings.iter().filter_map(|shown| shown.cause).collect();
        group.findings.sort_by_key(|shown| shown.rank(&causes));
        Some(group)
    }

    /// The sessions that are still open, in order.
    fn rest(&mut self) -> Vec<Group> {
        let mut sessions: Vec<_> = self.open.keys().copied().collect();
        sessions.sort_unstable();
        sessions.into_iter().filter_map(|session| self.close(session)).collect()
    }
}
