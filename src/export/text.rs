//! Text: one line a message, as a person reads a log.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::notes::Notes;
use super::time::fraction;
use super::{Counts, Writer};
use crate::analyzer::Totals;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{self, Head, type_name};
use crate::proto::{Event, Opened, describe};
use crate::rules::{Finding, Severity};
use crate::wire::{IdMap, Side, Time, escape};

const HEADING: &str = "     n  time         session  from      csid  ms          type                         what";

/// Writes the timeline as text.
pub struct TextWriter<W> {
    out: W,
    color: bool,
    /// The capture's first packet: times count from it.
    start: Option<Time>,
    line: String,
    /// The usual notes of the sessions that are open; none where all are shown.
    notes: Option<IdMap<u32, Notes>>,
}

impl<W: Write> TextWriter<W> {
    pub fn new(out: W, color: bool) -> Self {
        TextWriter { out, color, start: None, line: String::new(), notes: Some(IdMap::default()) }
    }

    /// Shows the usual notes where they stand, instead of counting them.
    #[must_use]
    pub fn with_notes(mut self, shown: bool) -> Self {
        self.notes = (!shown).then(IdMap::default);
        self
    }

    /// Begins a line: number, time, session, side.
    fn begin_line(&mut self, n: Option<u64>, time: Time, session: u32, from: Side) {
        self.line.clear();
        match n {
            Some(n) => put(&mut self.line, format_args!("{n:>6}  ")),
            None => self.line.push_str("        "),
        }
        let mut relative = String::new();
        seconds(time.since(self.start.unwrap_or(time)), &mut relative);
        let from = match from {
            Side::Client => "client →",
            Side::Server => "server ←",
        };
        put(&mut self.line, format_args!("{relative:<12} {session:<8} {from:<9} "));
    }

    fn end_line(&mut self) -> io::Result<()> {
        let length = self.line.trim_end().len();
        self.line.truncate(length);
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())
    }

    fn session(&mut self, opened: &Opened) -> io::Result<()> {
        self.line.clear();
        put(&mut self.line, format_args!("session {}: {}", opened.session, describe(&Event::Session(opened.clone()))));
        self.end_line()
    }

    /// A line about an event that is no message and has no column of its own.
    fn remark(&mut self, time: Time, from: Side, event: &Event) -> io::Result<()> {
        self.begin_line(None, time, event.session(), from);
        self.line.push_str(&describe(event));
        self.end_line()
    }

    fn columns(&mut self, head: &Head, kind: &str) {
        let chunk_stream_id = head.chunk_stream_id;
        let timestamp = if head.timestamp_known { head.timestamp.to_string() } else { "?".to_owned() };
        put(&mut self.line, format_args!("{chunk_stream_id:<5} {timestamp:<11} {kind:<28} "));
    }
}

impl<W: Write> Writer for TextWriter<W> {
    fn begin(&mut self, _: &[String], start: Option<Time>) -> io::Result<()> {
        self.start = start;
        writeln!(self.out, "{HEADING}")
    }

    fn event(&mut self, event: &Event, masks: &Masks) -> io::Result<()> {
        match event {
            Event::Session(event) => self.session(event),
            Event::Handshake(step) => {
                self.begin_line(None, step.last.time, step.session, step.from);
                put(&mut self.line, format_args!("{:18}{:<29}", "", step.step.name(step.from)));
                self.line.push_str(&describe(event));
                self.end_line()
            }
            Event::Message(message) => {
                let message = &*masks.message(message);
                let head = &message.head;
                self.begin_line(Some(message.n), head.last.time, message.session, message.from);
                self.columns(head, head.kind.name().unwrap_or(&type_name(head.kind)));
                self.line.push_str(&rtmp::describe(message));
                self.end_line()
            }
            Event::Incomplete(part) => {
                let head = &part.head;
                self.begin_line(None, head.last.time, part.session, part.from);
                self.columns(head, &type_name(head.kind));
                self.line.push_str(&describe(event));
                self.end_line()
            }
            Event::Gap(gap) => self.remark(gap.at.time, gap.from, event),
            Event::Undecodable(lost) => self.remark(lost.at.time, lost.from, event),
            Event::Resync(found) => self.remark(found.at.time, found.from, event),
            Event::Close(close) => self.remark(close.at.time, close.from, event),
            Event::Piece(_) => Ok(()),
        }
    }

    fn finding(&mut self, finding: &Finding, masks: &Masks) -> io::Result<()> {
        if let Some(notes) = self.notes.as_mut().filter(|_| finding.is_background()) {
            notes.entry(finding.session).or_default().add(finding);
            return Ok(());
        }
        let (on, off) = painted(finding.severity, self.color);
        let text = escape(&masks.sentence(finding.session, &finding.text));
        let rule = finding.rule;
        self.line.clear();
        put(
            &mut self.line,
            format_args!("        {on}{}[{}]{off} {}: {text}", finding.severity.name(), rule.code, rule.name),
        );
        if finding.count > 1 {
            put(&mut self.line, format_args!(" ({} times; this is the last)", finding.count));
        }
        if !finding.certain {
            self.line.push_str(" (uncertain: the capture may miss what would explain it)");
        }
        self.end_line()
    }

    fn over(&mut self, session: u32) -> io::Result<()> {
        let notes = self.notes.as_mut().and_then(|notes| notes.remove(&session));
        let Some(line) = notes.and_then(|notes| notes.line()) else { return Ok(()) };
        self.line.clear();
        put(&mut self.line, format_args!("        {line}"));
        self.end_line()
    }

    fn end(&mut self, all: &Totals, counts: Counts) -> io::Result<()> {
        totals(&mut self.out, all, counts)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The last lines: what was in the capture, and what of it could not be read.
pub(super) fn totals(out: &mut impl Write, totals: &Totals, counts: Counts) -> io::Result<()> {
    writeln!(
        out,
        "{}, {}, {}; {}, {}, {}{}",
        count(totals.packets, "packet"),
        count(u64::from(totals.sessions), "session"),
        count(totals.messages, "message"),
        count(counts.errors, "error"),
        count(counts.warnings, "warning"),
        count(counts.notes, "note"),
        if totals.gaps > 0 { format!("; {}", count(totals.gaps, "gap")) } else { String::new() },
    )?;
    for (why, unread) in &totals.unread {
        let packets = if unread.packets > 0 { format!("{}, ", count(unread.packets, "packet")) } else { String::new() };
        writeln!(out, "not decoded: {why}: {packets}{}", count(unread.bytes, "byte"))?;
    }
    for (name, times) in totals.reached.list() {
        writeln!(out, "limit reached: {name}: {}", count(times, "time"))?;
    }
    Ok(())
}

/// What to write before and after a word to colour it by severity.
pub(super) fn painted(severity: Severity, color: bool) -> (&'static str, &'static str) {
    match severity {
        _ if !color => ("", ""),
        Severity::Error => ("\u{1b}[1;31m", "\u{1b}[0m"),
        Severity::Warning => ("\u{1b}[1;33m", "\u{1b}[0m"),
        Severity::Note => ("\u{1b}[36m", "\u{1b}[0m"),
    }
}

fn put(line: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = line.write_fmt(arguments);
}

pub(super) fn count(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Nanoseconds as seconds: `0.041881`.
pub(super) fn seconds(ns: i64, out: &mut String) {
    if ns < 0 {
        out.push('-');
    }
    let ns = ns.saturating_abs();
    put(out, format_args!("{}", ns / 1_000_000_000));
    fraction(ns % 1_000_000_000, out);
}
