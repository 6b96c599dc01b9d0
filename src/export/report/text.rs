//! Findings for a person: by session, each with the message that shows it; then what to act on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;

use super::{Bytes, Form, Group, Shown};
use crate::analyzer::Totals;
use crate::export::Counts;
use crate::export::notes::Notes;
use crate::export::page::{Out, Page, Paint};
use crate::export::text::totals;
use crate::proto::{Event, describe};
use crate::rules::{Meta, Severity, is_background};
use crate::wire::words::{count, plural, seconds_into};
use crate::wire::{Time, escape};

/// Rejections that the summary names.
const REJECTIONS: usize = 20;

/// Writes findings as text.
pub(super) struct Text<W> {
    out: Out<W>,
    color: bool,
    /// Show the usual notes, and what may follow from other findings, too.
    notes: bool,
    /// The capture's first packet: times count from it.
    start: Option<Time>,
    rejections: Vec<String>,
    more_rejections: u64,
    /// By rule and severity, worst first: how often, in how many sessions.
    tallies: BTreeMap<(Reverse<Severity>, &'static str), Tally>,
    /// Rules of which some finding was shown in full: what to change is said of these.
    told: BTreeSet<&'static str>,
    text: Page,
}

struct Tally {
    rule: &'static Meta,
    times: u64,
    sessions: u64,
}

impl<W: Write> Text<W> {
    pub(super) fn new(out: W, color: bool, notes: bool) -> Self {
        Text {
            out: Out::new(out),
            color,
            notes,
            start: None,
            rejections: Vec::new(),
            more_rejections: 0,
            tallies: BTreeMap::new(),
            told: BTreeSet::new(),
            text: Page::default(),
        }
    }

    fn shown(&mut self, shown: &Shown) {
        let rule = shown.rule;
        if shown.severity > Severity::Note && !rule.rejects() {
            self.told.insert(rule.code);
        }
        let paint = Paint::of(shown.severity, self.color);
        self.text.put(format_args!("  "));
        self.text.painted(paint, format_args!("{}[{}]", shown.severity.name(), rule.code));
        self.text.put(format_args!(" {}: {}", rule.name, escape(&shown.text)));
        // Of a note, its place is enough; why something was rejected is more than a note.
        if shown.severity == Severity::Note && !rule.rejects() {
            self.text.put(format_args!(" ({}", shown.place()));
            if let Some(times) = shown.times() {
                self.text.put(format_args!("; {times}"));
            }
            self.text.line(format_args!("{}", if shown.doubt.is_none() { ")" } else { "; uncertain)" }));
            return;
        }
        self.text.end_line();
        self.text.put(format_args!("      "));
        match &shown.quote {
            Some(quote) => {
                let mut at = String::new();
                seconds_into(&mut at, quote.time.since(self.start.unwrap_or(quote.time)));
                let (n, from, packet) = (shown.message.unwrap_or(0), quote.from.name(), shown.packets.1);
                self.text.put(format_args!("message {n} from the {from}, packet {packet}, at {at} s"));
            }
            None => self.text.put(format_args!("{}", shown.place())),
        }
        if let Some(times) = shown.times() {
            self.text.put(format_args!("; {times}"));
        }
        self.text.end_line();
        if let Some(quote) = &shown.quote {
            // What rejects is in the finding's own text.
            if !quote.text.is_empty() && !shown.rule.rejects() {
                self.text.line(format_args!("      > {}", quote.text));
            }
            if let Some(bytes) = &quote.bytes {
                self.bytes(bytes);
            }
        }
        if let Some(doubt) = shown.doubt {
            self.text.line(format_args!("      uncertain: {doubt}"));
        }
    }

    /// The bytes in hex, and a line that points at those that show the fault.
    fn bytes(&mut self, bytes: &Bytes) {
        let lead = format!("      {} {:04x}  ", bytes.part, bytes.at);
        self.text.put(format_args!("{lead}"));
        for byte in &bytes.bytes {
            self.text.put(format_args!("{byte:02x} "));
        }
        self.text.end_line();
        let marks = bytes.marked.len() * 3 - 1;
        self.text.line(format_args!("{:lead$}{:^<marks$}", "", "", lead = lead.len() + bytes.marked.start * 3));
    }

    fn rejected(&mut self, session: u32, shown: &Shown) {
        if !shown.rule.rejects() {
        } else if self.rejections.len() < REJECTIONS {
            self.rejections.push(format!("  session {session}: {}", escape(&shown.text)));
        } else {
            self.more_rejections += 1;
        }
    }

    fn tally(&mut self, of_session: &super::Tally) {
        if !self.notes && is_background(of_session.rule, of_session.severity) {
            return;
        }
        let key = (Reverse(of_session.severity), of_session.rule.code);
        let tally = self.tallies.entry(key).or_insert(Tally { rule: of_session.rule, times: 0, sessions: 0 });
        tally.times += of_session.times;
        tally.sessions += u64::from(!of_session.told);
    }

    /// What to act on, first who rejected whom.
    fn summary(&mut self) -> io::Result<()> {
        if !self.rejections.is_empty() {
            self.text.line(format_args!("rejected:"));
            self.rejections.iter().for_each(|line| self.text.line(format_args!("{line}")));
            if self.more_rejections > 0 {
                self.text.line(format_args!("  and {} more", self.more_rejections));
            }
        }
        if !self.tallies.is_empty() {
            self.text.line(format_args!("found:"));
        }
        for ((severity, code), tally) in &self.tallies {
            let times = count(tally.times, "time");
            let sessions = count(tally.sessions, "session");
            let (key_severity, severity, name) = (severity.0, severity.0.name(), tally.rule.name);
            self.text.put(format_args!("  "));
            self.text.painted(Paint::of(key_severity, self.color), format_args!("{severity:<7}"));
            self.text.line(format_args!(" {code} {name:<34} {times} in {sessions}"));
            if let Some(change) = tally.rule.change().filter(|_| self.told.contains(code)) {
                self.text.line(format_args!("          change: {change}"));
            }
        }
        self.out.give(&mut self.text)
    }
}

impl<W: Write> Form for Text<W> {
    fn begin(&mut self, _: &[PathBuf], start: Option<Time>) -> io::Result<()> {
        self.start = start;
        Ok(())
    }

    fn group(&mut self, group: &Group) -> io::Result<()> {
        group.tallies.iter().for_each(|tally| self.tally(tally));
        if group.findings.is_empty() && group.more == 0 {
            return Ok(());
        }
        let opened = &group.opened;
        let heading = describe(&Event::Session(opened.clone()));
        self.text.line(format_args!("session {}: {heading}", opened.session));
        let all = self.notes;
        let is_folded = |rule, severity| !all && is_background(rule, severity);
        let mut notes = Notes::default();
        for tally in group.tallies.iter().filter(|tally| is_folded(tally.rule, tally.severity)) {
            notes.count(tally.rule.code, tally.times);
        }
        let more = if self.notes { group.more } else { group.more - group.usual };
        // What may follow from another finding, by that one's code.
        let mut follows: BTreeMap<&str, Notes> = BTreeMap::new();
        for shown in group.findings.iter().filter(|shown| !is_folded(shown.rule, shown.severity)) {
            match shown.cause.filter(|_| !self.notes) {
                Some(cause) => follows.entry(cause).or_default().count(shown.rule.code, shown.count),
                None => self.shown(shown),
            }
            self.rejected(opened.session, shown);
        }
        for (cause, follows) in follows {
            if let Some(line) = follows.line(&format!("may follow from {cause}")) {
                self.text.line(format_args!("  {line}"));
            }
        }
        if more > 0 {
            let are = plural(more, "is", "are");
            self.text.line(format_args!("  and {} that {are} not shown", count(more, "finding")));
        }
        if let Some(line) = notes.line("notes") {
            self.text.line(format_args!("  {line}"));
        }
        self.text.end_line();
        self.out.give(&mut self.text)
    }

    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, all: &Totals, counts: Counts) -> io::Result<()> {
        self.summary()?;
        totals(&mut self.text, all, counts);
        self.out.give(&mut self.text)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
