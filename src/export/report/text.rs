//! Findings for a person: by session, each with the message that shows it; then what to act on.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Bytes, Form, Group, REJECTED, Shown};
use crate::analyzer::Totals;
use crate::export::Counts;
use crate::export::notes::Notes;
use crate::export::text::{painted, totals};
use crate::proto::{Event, describe};
use crate::rules::{Meta, Severity, is_background};
use crate::wire::words::{count, plural, seconds_into};
use crate::wire::{Time, escape};

/// Rejections that the summary names.
const REJECTIONS: usize = 20;

/// Writes findings as text.
pub(super) struct Text<W> {
    out: W,
    color: bool,
    /// Show the usual notes, and what may follow from other findings, too.
    notes: bool,
    /// The capture's first packet: times count from it.
    start: Option<Time>,
    rejections: Vec<String>,
    more_rejections: u64,
    /// By rule and severity, worst first: how often, in how many sessions.
    tallies: BTreeMap<(Reverse<Severity>, &'static str), Tally>,
    text: String,
}

struct Tally {
    rule: &'static Meta,
    times: u64,
    sessions: u64,
}

impl<W: Write> Text<W> {
    pub(super) fn new(out: W, color: bool, notes: bool) -> Self {
        Text {
            out,
            color,
            notes,
            start: None,
            rejections: Vec::new(),
            more_rejections: 0,
            tallies: BTreeMap::new(),
            text: String::new(),
        }
    }

    fn shown(&mut self, shown: &Shown) {
        let (on, off) = painted(shown.severity, self.color);
        let rule = shown.rule;
        let head = format!("{on}{}[{}]{off} {}: ", shown.severity.name(), rule.code, rule.name);
        put(&mut self.text, format_args!("  {head}{}", escape(&shown.text)));
        // Of a note, its place is enough; why something was rejected is more than a note.
        if shown.severity == Severity::Note && rule.code != REJECTED {
            put(&mut self.text, format_args!(" ({}", shown.place()));
            if let Some(times) = shown.times() {
                put(&mut self.text, format_args!("; {times}"));
            }
            self.text.push_str(if shown.doubt.is_none() { ")\n" } else { "; uncertain)\n" });
            return;
        }
        self.text.push('\n');
        self.text.push_str("      ");
        match &shown.quote {
            Some(quote) => {
                let mut at = String::new();
                seconds_into(&mut at, quote.time.since(self.start.unwrap_or(quote.time)));
                let (n, from, packet) = (shown.message.unwrap_or(0), quote.from.name(), shown.packets.1);
                put(&mut self.text, format_args!("message {n} from the {from}, packet {packet}, at {at} s"));
            }
            None => self.text.push_str(&shown.place()),
        }
        if let Some(times) = shown.times() {
            put(&mut self.text, format_args!("; {times}"));
        }
        self.text.push('\n');
        if let Some(quote) = &shown.quote {
            // What rejects is in the finding's own text.
            if !quote.text.is_empty() && shown.rule.code != REJECTED {
                put(&mut self.text, format_args!("      > {}\n", quote.text));
            }
            if let Some(bytes) = &quote.bytes {
                self.bytes(bytes);
            }
        }
        if let Some(doubt) = shown.doubt {
            put(&mut self.text, format_args!("      uncertain: {doubt}\n"));
        }
    }

    /// The bytes in hex, and a line that points at those that show the fault.
    fn bytes(&mut self, bytes: &Bytes) {
        let lead = format!("      {} {:04x}  ", bytes.part, bytes.at);
        self.text.push_str(&lead);
        for byte in &bytes.bytes {
            put(&mut self.text, format_args!("{byte:02x} "));
        }
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
        let marks = bytes.marked.len() * 3 - 1;
        put(&mut self.text, format_args!("{:lead$}{:^<marks$}\n", "", "", lead = lead.len() + bytes.marked.start * 3));
    }

    fn rejected(&mut self, session: u32, shown: &Shown) {
        if shown.rule.code != REJECTED {
        } else if self.rejections.len() < REJECTIONS {
            self.rejections.push(format!("  session {session}: {}\n", escape(&shown.text)));
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
        self.text.clear();
        if !self.rejections.is_empty() {
            self.text.push_str("rejected:\n");
            self.rejections.iter().for_each(|line| self.text.push_str(line));
            if self.more_rejections > 0 {
                put(&mut self.text, format_args!("  and {} more\n", self.more_rejections));
            }
        }
        if !self.tallies.is_empty() {
            self.text.push_str("found:\n");
        }
        for ((severity, code), tally) in &self.tallies {
            let (on, off) = painted(severity.0, self.color);
            let times = count(tally.times, "time");
            let sessions = count(tally.sessions, "session");
            let (severity, name) = (severity.0.name(), tally.rule.name);
            put(&mut self.text, format_args!("  {on}{severity:<7}{off} {code} {name:<34} {times} in {sessions}\n"));
        }
        self.out.write_all(self.text.as_bytes())
    }
}

impl<W: Write> Form for Text<W> {
    fn begin(&mut self, _: &[String], start: Option<Time>) -> io::Result<()> {
        self.start = start;
        Ok(())
    }

    fn group(&mut self, group: &Group) -> io::Result<()> {
        group.tallies.iter().for_each(|tally| self.tally(tally));
        if group.findings.is_empty() && group.more == 0 {
            return Ok(());
        }
        self.text.clear();
        let opened = &group.opened;
        let heading = describe(&Event::Session(opened.clone()));
        put(&mut self.text, format_args!("session {}: {heading}\n", opened.session));
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
                put(&mut self.text, format_args!("  {line}\n"));
            }
        }
        if more > 0 {
            put(
                &mut self.text,
                format_args!("  and {} that {} not shown\n", count(more, "finding"), plural(more, "is", "are")),
            );
        }
        if let Some(line) = notes.line("notes") {
            put(&mut self.text, format_args!("  {line}\n"));
        }
        self.text.push('\n');
        self.out.write_all(self.text.as_bytes())
    }

    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, all: &Totals, counts: Counts) -> io::Result<()> {
        self.summary()?;
        totals(&mut self.out, all, counts)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn put(line: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = line.write_fmt(arguments);
}
