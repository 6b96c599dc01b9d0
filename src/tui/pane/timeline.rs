//! The rows of the timeline: messages and whatever else happened, in their order.

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{column, heading, lines, put};
use crate::book::{Entry, Kind};
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::wire::{Side, words};

/// How wide the columns are, which depends on how wide the pane is and what is shown.
struct Columns {
    number: u16,
    time: u16,
    /// Digits behind the point.
    digits: usize,
    session: u16,
    chunk_stream: u16,
    timestamp: u16,
    kind: u16,
}

impl Columns {
    fn new(app: &App, width: u16) -> Self {
        let wide = width >= 100;
        let digits = if wide { 6 } else { 3 };
        let digits_of = |number: u64| number.max(1).ilog10() as u16 + 1;
        let book = &app.book;
        // What comes last has most digits.
        let last =
            book.len().checked_sub(1).and_then(|row| book.entry(row as u32)).and_then(|entry| since(app, &entry));
        let seconds = last.map_or(0, |last| last.unsigned_abs() / 1_000_000_000);
        Columns {
            number: digits_of(book.messages()).max(4) + 2,
            time: digits_of(seconds).max(2) + digits as u16 + 2,
            digits,
            session: if app.filter.is_some() || book.sessions().len() < 2 {
                0
            } else {
                digits_of(book.sessions().len() as u64).max(2) + 2
            },
            chunk_stream: 5,
            timestamp: 8,
            kind: if wide { 20 } else { 14 },
        }
    }
}

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let area = app.areas.timeline;
    if area.height == 0 {
        return;
    }
    let columns = Columns::new(app, area.width);
    let mut names = String::new();
    let right = |names: &mut String, width: u16, name: &str| {
        let _ = write!(names, "{name:>width$} ", width = usize::from(width.saturating_sub(1)));
    };
    right(&mut names, columns.number, "n");
    right(&mut names, columns.time, "time");
    if columns.session > 0 {
        right(&mut names, columns.session, "ses");
    }
    names.push_str("  ");
    right(&mut names, columns.chunk_stream, "csid");
    right(&mut names, columns.timestamp, "ms");
    let _ = write!(names, "{:<width$} what", "type", width = usize::from(columns.kind - 1));
    let length = app.len();
    let place = if length == 0 { "empty".to_owned() } else { format!("{}/{length}", app.timeline.selected + 1) };
    let what = app.filter.map_or_else(String::new, |session| format!("session {session}: "));
    let following = if app.following && !app.progress.done { ", following" } else { "" };
    let body = heading(buffer, app, Pane::Timeline, &names, &format!("{what}{place}{following}"));
    let focused = app.focus == Pane::Timeline;
    for (place, line) in (app.timeline.top..length).zip(lines(body)) {
        let Some(row) = app.row_at(place) else { break };
        let selected = place == app.timeline.selected;
        draw_row(buffer, line, app, &columns, row, selected);
        if selected {
            buffer.set_style(line, app.theme.selection(focused));
        }
    }
}

fn draw_row(buffer: &mut Buffer, line: Rect, app: &App, columns: &Columns, row: u32, selected: bool) {
    let Some(entry) = app.book.entry(row) else { return };
    let (quiet, plain) = (app.theme.quiet(), Style::new());
    let mark = app.book.mark(row);
    let mut at = match (selected, mark) {
        (true, _) => put(buffer, line, "›", app.theme.strong()),
        (false, Some(severity)) => put(buffer, line, letter(severity.name()), app.theme.severity(severity)),
        (false, None) => put(buffer, line, " ", plain),
    };
    let text = app.text(row);
    let (kind, what) = text.map_or(("", ""), |text| (text.kind.as_str(), text.what.as_str()));
    if let Kind::Finding(severity) = entry.kind {
        let style = app.theme.severity(severity);
        at = column(buffer, at, columns.number - 1, "", plain);
        at = put(buffer, at, &format!("└ {kind} "), style);
        put(buffer, at, what, plain);
        return;
    }
    let number = entry.n.map_or_else(String::new, |n| format!("{n:>width$}", width = usize::from(columns.number - 2)));
    at = column(buffer, at, columns.number - 1, &number, plain);
    let time = since(app, &entry).map_or_else(String::new, |ns| seconds(ns, columns));
    at = column(buffer, at, columns.time, &time, quiet);
    if columns.session > 0 {
        let session = format!("{:>width$}", entry.session, width = usize::from(columns.session - 1));
        at = column(buffer, at, columns.session, &session, quiet);
    }
    let arrow = match entry.from {
        Some(Side::Client) => "→",
        Some(Side::Server) => "←",
        None => " ",
    };
    at = put(buffer, at, arrow, app.theme.side(entry.from));
    at = put(buffer, at, if entry.is_otherwise { OTHERWISE } else { " " }, app.theme.trouble());
    let chunk_stream = entry.chunk_stream_id.map(|id| id.to_string()).unwrap_or_default();
    let timestamp = entry.timestamp.as_deref().unwrap_or_default();
    let align = |text: &str, width: u16| format!("{text:>width$}", width = usize::from(width - 1));
    at = column(buffer, at, columns.chunk_stream, &align(&chunk_stream, columns.chunk_stream), quiet);
    at = column(buffer, at, columns.timestamp, &align(timestamp, columns.timestamp), plain);
    let style = match entry.kind {
        Kind::Message | Kind::Finding(_) => plain,
        Kind::Trouble => app.theme.trouble(),
        Kind::Other => quiet,
    };
    // A long name pushes what follows, rather than being cut.
    let wide = u16::try_from(kind.len()).unwrap_or(u16::MAX).saturating_add(1).max(columns.kind);
    at = column(buffer, at, wide, kind, app.theme.side(entry.from).patch(style));
    put(buffer, at, what, style);
}

/// Beside a message that was not read as RTMP has it, because its sender made a mistake.
const OTHERWISE: &str = "~";

/// A severity's first letter: enough to tell them apart without colour.
fn letter(name: &str) -> &'static str {
    match name {
        "error" => "E",
        "warning" => "W",
        _ => "N",
    }
}

/// Nanoseconds from the capture's first packet to an event.
fn since(app: &App, entry: &Entry) -> Option<i64> {
    let time = entry.at?;
    Some(time.since(app.progress.start.unwrap_or(time)))
}

/// Seconds, the point always at the same place.
fn seconds(ns: i64, columns: &Columns) -> String {
    format!("{:>width$}", words::seconds(ns, columns.digits), width = usize::from(columns.time - 1))
}
