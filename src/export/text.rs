//! Text: one line a message, as a person reads a log.

use std::io::{self, Write};
use std::path::PathBuf;

use super::notes::Notes;
use super::page::{Out, Page, Paint};
use super::{Counts, Writer};
use crate::analyzer::Totals;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{self, Head, type_name};
use crate::proto::{Envelope, Event, Opened, describe, describe_behind};
use crate::rules::Finding;
use crate::story::Story;
use crate::wire::words::{count, counted, seconds_into};
use crate::wire::{IdMap, Side, Time, escape};

const HEADING: &str = "     n  time         session  from      csid  ms          type                         what";

/// Writes the timeline as text.
pub struct TextWriter<W> {
    out: Out<W>,
    color: bool,
    /// The capture's first packet: times count from it.
    start: Option<Time>,
    line: Page,
    /// The usual notes of the sessions that are open; none where all are shown.
    notes: Option<IdMap<u32, Notes>>,
    /// By open session, requests of RTMPT that were left out; none where all are shown.
    requests: Option<IdMap<u32, u64>>,
}

impl<W: Write> TextWriter<W> {
    pub fn new(out: W, color: bool) -> Self {
        let (notes, requests) = (Some(IdMap::default()), Some(IdMap::default()));
        TextWriter { out: Out::new(out), color, start: None, line: Page::default(), notes, requests }
    }

    /// Where it wrote to.
    pub fn into_inner(self) -> W {
        self.out.into_inner()
    }

    /// Shows the usual notes where they stand, instead of counting them.
    #[must_use]
    pub fn with_notes(mut self, shown: bool) -> Self {
        self.notes = (!shown).then(IdMap::default);
        self
    }

    /// Shows every request of RTMPT, instead of counting those in which all is well.
    #[must_use]
    pub fn with_requests(mut self, shown: bool) -> Self {
        self.requests = (!shown).then(IdMap::default);
        self
    }

    /// Whether an event is only counted: a request of RTMPT that did nothing but carry messages, which are shown themselves.
    fn leaves_out(&mut self, event: &Event) -> bool {
        let Event::Tunnel(told) = event else { return false };
        if !told.exchange.is_routine() {
            return false;
        }
        let Some(requests) = &mut self.requests else { return false };
        *requests.entry(told.session).or_default() += 1;
        true
    }

    /// Begins a line: number, time, session, side.
    fn begin_line(&mut self, n: Option<u64>, envelope: &Envelope) {
        match n {
            Some(n) => self.line.put(format_args!("{n:>6}  ")),
            None => self.line.put(format_args!("        ")),
        }
        let mut relative = String::new();
        let time = envelope.last.time;
        seconds_into(&mut relative, time.since(self.start.unwrap_or(time)));
        let from = match envelope.from {
            Some(Side::Client) => "client →",
            Some(Side::Server) => "server ←",
            None => "",
        };
        self.line.put(format_args!("{relative:<12} {:<8} {from:<9} ", envelope.session));
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.end_line();
        self.out.give(&mut self.line)
    }

    fn session(&mut self, opened: &Opened) -> io::Result<()> {
        self.line.put(format_args!("session {}: {}", opened.session, describe(&Event::Session(opened.clone()))));
        self.end_line()
    }

    /// A line about an event that is no message and has no column of its own.
    fn remark(&mut self, event: &Event, masks: &Masks) -> io::Result<()> {
        let Some(envelope) = event.envelope() else { return Ok(()) };
        self.begin_line(None, &envelope);
        self.line.put(format_args!("{}", describe_behind(masks, event)));
        self.end_line()
    }

    fn columns(&mut self, head: &Head, kind: &str) {
        let chunk_stream_id = head.chunk_stream_id;
        let timestamp = head.time_words();
        self.line.put(format_args!("{chunk_stream_id:<5} {timestamp:<11} {kind:<28} "));
    }
}

impl<W: Write> Writer for TextWriter<W> {
    fn begin(&mut self, _: &[PathBuf], start: Option<Time>) -> io::Result<()> {
        self.start = start;
        self.line.put(format_args!("{HEADING}"));
        self.end_line()
    }

    fn event(&mut self, event: &Event, _: &Story, masks: &Masks) -> io::Result<()> {
        match event {
            Event::Session(event) => self.session(event),
            Event::Handshake(step) => {
                self.begin_line(None, &step.envelope());
                self.line.put(format_args!("{:18}{:<29}", "", step.step.name(step.from)));
                self.line.put(format_args!("{}", describe(event)));
                self.end_line()
            }
            Event::Message(message) => {
                let message = &masks.message(message);
                let head = &message.head;
                self.begin_line(Some(message.n), &message.envelope());
                self.columns(head, head.kind.name().unwrap_or(&type_name(head.kind)));
                self.line.put(format_args!("{}", rtmp::describe(message)));
                self.end_line()
            }
            Event::Ftl(message) => {
                self.begin_line(Some(message.n()), &message.envelope());
                self.line.put(format_args!("{:18}{:<28} ", "", message.type_name()));
                self.line.put(format_args!("{}", describe_behind(masks, event)));
                self.end_line()
            }
            Event::Incomplete(part) => {
                let head = &part.head;
                self.begin_line(None, &part.envelope());
                self.columns(head, &type_name(head.kind));
                self.line.put(format_args!("{}", describe(event)));
                self.end_line()
            }
            event if self.leaves_out(event) => Ok(()),
            _ => self.remark(event, masks),
        }
    }

    fn finding(&mut self, finding: &Finding, masks: &Masks) -> io::Result<()> {
        if let Some(notes) = self.notes.as_mut().filter(|_| finding.is_background()) {
            notes.entry(finding.session).or_default().add(finding);
            return Ok(());
        }
        let text = escape(&masks.sentence(finding.session, &finding.text));
        let rule = finding.rule;
        let paint = Paint::of(finding.severity, self.color);
        self.line.put(format_args!("        "));
        self.line.painted(paint, format_args!("{}[{}]", finding.severity.name(), rule.code));
        self.line.put(format_args!(" {}: {text}", rule.name));
        if finding.count > 1 {
            self.line.put(format_args!(" ({} times; this is the last)", finding.count));
        }
        if let Some(doubt) = finding.doubt() {
            self.line.put(format_args!(" (uncertain: {doubt})"));
        }
        self.end_line()
    }

    fn over(&mut self, session: u32) -> io::Result<()> {
        if let Some(left_out) = self.requests.as_mut().and_then(|requests| requests.remove(&session)) {
            let requests = counted(left_out as usize, "request", "requests");
            self.line.put(format_args!(
                "        left out: {requests} of RTMPT to send or idle, in which all was well (-Y tunnel shows them)"
            ));
            self.end_line()?;
        }
        let notes = self.notes.as_mut().and_then(|notes| notes.remove(&session));
        let Some(line) = notes.and_then(|notes| notes.line("notes")) else { return Ok(()) };
        self.line.put(format_args!("        {line}"));
        self.end_line()
    }

    fn end(&mut self, all: &Totals, counts: Counts) -> io::Result<()> {
        totals(&mut self.line, all, counts);
        self.out.give(&mut self.line)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Connections that are no session and are told in text.
const TOLD: usize = 12;

/// The last lines: what was in the capture, and what of it could not be read.
pub(super) fn totals(page: &mut Page, totals: &Totals, counts: Counts) {
    page.line(format_args!(
        "{}, {}, {}; {}, {}, {}{}",
        count(totals.packets, "packet"),
        count(u64::from(totals.sessions), "session"),
        count(totals.messages, "message"),
        count(counts.errors, "error"),
        count(counts.warnings, "warning"),
        count(counts.notes, "note"),
        if totals.gaps > 0 { format!("; {}", count(totals.gaps, "gap")) } else { String::new() },
    ));
    for (why, unread) in &totals.unread {
        let packets = if unread.packets > 0 { format!("{}, ", count(unread.packets, "packet")) } else { String::new() };
        page.line(format_args!("not decoded: {why}: {packets}{}", count(unread.bytes, "byte")));
    }
    for other in totals.others.iter().take(TOLD) {
        page.line(format_args!("no session: {}", other.clause()));
    }
    if let Some(more @ 1..) = totals.others.len().checked_sub(TOLD) {
        page.line(format_args!("no session: {more} more of other kinds; --json names them"));
    }
    for (name, times) in totals.reached.list() {
        page.line(format_args!("limit reached: {name}: {}", count(times, "time")));
    }
}
