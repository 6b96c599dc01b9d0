//! A report for a browser: one page that says why sessions came out as they did, and shows it: sessions, findings with their bytes, ladders,
//! figures over time, the timeline.
//!
//! It is made from a [`Book`]: what it shows is masked there, and bytes are read again for what is shown alone. What may be long is
//! sampled (`chosen`), and the page says so wherever it is. The page is whole without its script, which only filters the timeline.

mod bytes;
mod chosen;
mod connect;
mod findings;
mod ladder;
mod plots;
mod sessions;
mod summary;
mod timeline;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use maud::{Markup, html};

use crate::book::Book;
use crate::export::html::{Dress, END, frame};
use crate::export::page::{Out, Page};
use crate::export::time::second;
use crate::filter::Filter;
use crate::limits::Limits;
use crate::rules::Severity;
use crate::wire::words::{count, counted};
use crate::wire::{Time, escape, file_name};
use chosen::Chosen;

/// Captures that are named in the title.
const NAMED: usize = 2;

/// What a report is asked for, and what is to be known beside the book.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub files: Vec<PathBuf>,
    pub session: Option<u32>,
    /// As it was written, and read.
    pub filter: Option<(String, Filter)>,
    /// Packets that were read.
    pub packets: u64,
    /// The first packet's time.
    pub start: Option<Time>,
    /// What could not be read, or why there is nothing to show; sentences or texts of lines.
    pub complaints: Vec<String>,
    pub limits: Limits,
}

/// What all parts of the page are made from.
struct Report<'r> {
    book: &'r Book,
    asked: &'r Asked,
    chosen: Chosen,
}

/// Limits for reading what a report is made of: its page takes memory beside the book.
pub fn limits(limits: &Limits) -> Limits {
    let (index_bytes, index_share) = (limits.page_index_bytes, limits.page_index_share);
    Limits { index_bytes, index_share, ..limits.clone() }
}

/// Writes the report of what was read.
pub fn html(out: impl Write, book: &Book, asked: &Asked) -> io::Result<()> {
    let mut out = Out::new(out);
    let mut give = |text: &str| out.give(&mut Page::of(text));
    let report = Report { book, asked, chosen: Chosen::of(book, asked) };
    let (before, after) = frame(&format!("Report: {}", report.names()), Dress::Report);
    give(&before)?;
    give(&report.head().into_string())?;
    for group in report.groups() {
        give(&group.begin(&report).into_string())?;
        for session in group.detailed(&report) {
            give(&report.session(session).into_string())?;
        }
        give("</section>\n")?;
    }
    give(&report.findings().into_string())?;
    report.timeline(&mut give)?;
    give(&after)?;
    out.flush()
}

impl Report<'_> {
    /// The captures, without their folders; many are counted.
    fn names(&self) -> String {
        if self.asked.files.len() > NAMED {
            return counted(self.asked.files.len(), "capture", "captures");
        }
        let names: Vec<String> = self.asked.files.iter().map(|path| name(path)).collect();
        names.join(", ")
    }

    fn head(&self) -> Markup {
        let (fate, sentence) = self.summary();
        html! {
            header { (END)
                h1 { "RTMP report: " (self.names()) } (END)
                p.summary.(fate) { (sentence) } (END)
                p.note { (self.what_was_read()) } (END)
                @if let Some((text, _)) = &self.asked.filter {
                    p.note { "Shown is what the filter " code { (escape(text)) } " lets through." } (END)
                }
                @for complaint in &self.asked.complaints {
                    p.warning role="note" {
                        @for (index, line) in complaint.lines().enumerate() {
                            @if index > 0 { br; }
                            (line)
                        }
                    } (END)
                }
            } (END)
            nav aria-label="Parts of the report" { ul {
                @for group in self.groups() { li { a href={ "#" (group.id()) } { (group.title(self)) } } }
                li { a href="#findings" { "Findings" } }
                li { a href="#timeline" { "Timeline" } }
            } } (END)
        }
    }

    /// How much there was, and when.
    fn what_was_read(&self) -> String {
        let counts = &self.chosen.counts;
        let mut text = count(self.asked.packets, "packet");
        if let Some(start) = self.asked.start {
            text += &format!(" from {}", second(start));
        }
        text += &format!(", {}", count(self.chosen.sessions.len() as u64, "session"));
        text += &format!(
            "; {}, {}, {}. Written by rtmp-inspect {}.",
            count(counts.errors, "error"),
            count(counts.warnings, "warning"),
            count(counts.notes, "note"),
            env!("CARGO_PKG_VERSION")
        );
        text
    }

    /// A row of the timeline, as a link where it is shown.
    fn link(&self, row: u32, text: &Markup) -> Markup {
        html! {
            @if self.chosen.is_listed(row) { a href={ "#row-" (row) } { (text) } } @else { (text) }
        }
    }

    /// Seconds from the capture's first packet.
    fn clock(&self, at: Time) -> String {
        crate::wire::words::seconds(at.since(self.asked.start.unwrap_or(at)), 6)
    }
}

/// A capture's name without its folder.
fn name(path: &Path) -> String {
    file_name(path.file_name().map_or(path.as_os_str(), |name| name))
}

/// A severity's class and sign: it is told by its word too, never by colour alone.
fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note-of",
    }
}

fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "✖",
        Severity::Warning => "▲",
        Severity::Note => "●",
    }
}

/// `12 of 3000 sessions`, where not all are shown.
fn sampled(shown: usize, of: usize, what: &str) -> Option<String> {
    (shown < of).then(|| format!("{shown} of {} are shown", counted(of, what, &format!("{what}s"))))
}
