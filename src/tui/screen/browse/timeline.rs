//! The rows of the timeline: messages and whatever else happened, in their order.

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::book::{Entry, Kind};
use crate::tui::action::Action;
use crate::tui::list::{List, motion};
use crate::tui::paint::{column, heading, lines, put};
use crate::tui::screen::Effect;
use crate::tui::search::Search;
use crate::tui::shared::Shared;
use crate::tui::view::{Chosen, Item, Run};
use crate::wire::{Side, words};

/// The pane of rows.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Places of the view.
    list: List,
    /// Stay at the end while more is read.
    following: bool,
    /// The row to go to once the view has come so far.
    awaited: Option<u32>,
    area: Rect,
}

impl Timeline {
    /// The selected row; of a run its first.
    pub(super) fn row(&self, shared: &Shared) -> Option<u32> {
        shared.view.row_at(&shared.book, self.list.selected)
    }

    pub(super) fn update(&mut self, action: Action, shared: &Shared) {
        if let Some(by) = motion(action, self.lines()) {
            self.following = action == Action::Last && !shared.progress.done;
            self.awaited = None;
            self.list.step(by, shared.len());
        }
    }

    /// Shows other sessions. The selected row stays, or the next one that is shown is.
    pub(super) fn show(&mut self, chosen: Chosen, shared: &mut Shared) {
        if *shared.view.chosen() != chosen {
            let folds = shared.view.folds();
            self.change(chosen, folds, shared);
        }
    }

    /// Folds runs of media into one row each, or no longer.
    pub(super) fn fold_media(&mut self, shared: &mut Shared) {
        let (chosen, folds) = (shared.view.chosen().clone(), shared.view.folds());
        self.change(chosen, !folds, shared);
    }

    fn change(&mut self, chosen: Chosen, folds: bool, shared: &mut Shared) {
        let row = self.awaited.or_else(|| self.row(shared));
        shared.choose(chosen, folds);
        self.select(row.unwrap_or_default(), shared);
    }

    fn select(&mut self, row: u32, shared: &Shared) {
        self.list.select(shared.view.place_of(&shared.book, row), shared.len());
        self.awaited = shared.view.is_behind(&shared.book).then_some(row);
    }

    /// Opens or closes the selected run. Whether it is one.
    pub(super) fn toggle(&mut self, shared: &mut Shared) -> bool {
        shared.view.toggle(self.list.selected)
    }

    /// Goes to a row, wherever it is.
    pub(super) fn go_to(&mut self, row: u32, shared: &mut Shared) {
        self.following = false;
        self.awaited = None;
        if !shared.view.holds(&shared.book, row) {
            let folds = shared.view.folds();
            shared.choose(Chosen::All, folds);
            if !shared.view.holds(&shared.book, row) {
                return self.select(row, shared);
            }
        }
        let mut place = shared.view.place_of(&shared.book, row);
        if matches!(shared.view.item(&shared.book, place), Some(Item::Run(run)) if !run.is_open) {
            shared.view.toggle(place);
            place = shared.view.place_of(&shared.book, row);
        }
        self.list.center(place, self.lines());
    }

    /// The next finding that is shown, or the one before.
    pub(super) fn finding(&self, forward: bool, shared: &Shared) -> Option<u32> {
        let findings = shared.book.findings();
        let row = self.row(shared).unwrap_or_default();
        let is_shown = |row: &u32| shared.view.holds(&shared.book, *row);
        if forward {
            let first = findings.partition_point(|finding| *finding <= row);
            (first..findings.len()).filter_map(|at| findings.get(at).copied()).find(is_shown)
        } else {
            let end = findings.partition_point(|finding| *finding < row);
            (0..end).rev().filter_map(|at| findings.get(at).copied()).find(is_shown)
        }
    }

    /// The row of the message that the selected one refers to.
    pub(super) fn reference(&self, shared: &Shared) -> Option<u32> {
        shared.book.row_of(shared.book.reference(self.row(shared)?)?)
    }

    /// Searches from the selected row on.
    pub(super) fn search(&mut self, forward: bool, shared: &Shared) -> Vec<Effect> {
        let Some(query) = shared.query.clone() else {
            return vec![Effect::Say("nothing to search for: / asks what".to_owned())];
        };
        self.following = false;
        let origin = self.row(shared).map_or(0, |row| shared.view.index_of(&shared.book, row));
        vec![Effect::Start(Box::new(Search::new(query, origin, forward)))]
    }

    fn lines(&self) -> usize {
        usize::from(self.area.height.saturating_sub(1))
    }

    pub(super) fn prepare(&mut self, area: Rect, shared: &mut Shared) {
        self.area = area;
        if let Some(row) = self.awaited {
            self.select(row, shared);
        }
        let length = shared.len();
        if self.following {
            self.list.select(usize::MAX, length);
        }
        self.list.reveal(self.lines(), length);
        let places = self.list.top..length.min(self.list.top + self.lines());
        let item = |place| shared.view.item(&shared.book, place);
        let row = |item| match item {
            Item::Row(row) => Some(row),
            Item::Run(_) => None,
        };
        let rows: Vec<_> = places.filter_map(item).filter_map(row).collect();
        shared.prepare_texts(rows.into_iter());
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, shared: &Shared, is_focused: bool) {
        let area = self.area;
        if area.height == 0 {
            return;
        }
        let columns = Columns::new(shared, area.width);
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
        let length = shared.len();
        let place = if length == 0 { "empty".to_owned() } else { format!("{}/{length}", self.list.selected + 1) };
        let what = match shared.view.chosen() {
            Chosen::All => String::new(),
            Chosen::Session(number) => format!("session {number}: "),
            Chosen::Sessions(numbers) => {
                let numbers: Vec<_> = numbers.iter().map(u32::to_string).collect();
                format!("sessions {}: ", numbers.join(", "))
            }
        };
        let following = if self.following && !shared.progress.done { ", following" } else { "" };
        let right = format!("{what}{place}{following}");
        let body = heading(buffer, area, shared.theme, is_focused, &names, &right);
        for (place, line) in (self.list.top..length).zip(lines(body)) {
            let selected = place == self.list.selected;
            match shared.view.item(&shared.book, place) {
                Some(Item::Row(row)) => draw_row(buffer, line, shared, &columns, row, selected),
                Some(Item::Run(run)) => draw_run(buffer, line, shared, &columns, &run, selected),
                None => break,
            }
            if selected {
                buffer.set_style(line, shared.theme.selection(is_focused));
            }
        }
    }
}

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
    fn new(shared: &Shared, width: u16) -> Self {
        let wide = width >= 100;
        let digits = if wide { 6 } else { 3 };
        let digits_of = |number: u64| number.max(1).ilog10() as u16 + 1;
        let book = &shared.book;
        // What comes last has most digits.
        let last =
            book.len().checked_sub(1).and_then(|row| book.entry(row as u32)).and_then(|entry| since(shared, &entry));
        let seconds = last.map_or(0, |last| last.unsigned_abs() / 1_000_000_000);
        Columns {
            number: digits_of(book.messages()).max(4) + 2,
            time: digits_of(seconds).max(2) + digits as u16 + 2,
            digits,
            session: if matches!(shared.view.chosen(), Chosen::Session(_)) || book.sessions().len() < 2 {
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

fn draw_row(buffer: &mut Buffer, line: Rect, shared: &Shared, columns: &Columns, row: u32, selected: bool) {
    let Some(entry) = shared.book.entry(row) else { return };
    let (quiet, plain) = (shared.theme.quiet(), Style::new());
    let mark = shared.book.mark(row);
    let mut at = match (selected, mark) {
        (true, _) => put(buffer, line, "›", shared.theme.strong()),
        (false, Some(severity)) => put(buffer, line, letter(severity.name()), shared.theme.severity(severity)),
        (false, None) => put(buffer, line, " ", plain),
    };
    let text = shared.text(row);
    let (kind, what) = text.map_or(("", ""), |text| (text.kind.as_str(), text.what.as_str()));
    if let Kind::Finding(severity) = entry.kind {
        let style = shared.theme.severity(severity);
        at = column(buffer, at, columns.number - 1, "", plain);
        at = put(buffer, at, &format!("└ {kind} "), style);
        put(buffer, at, what, plain);
        return;
    }
    let number = entry.n.map_or_else(String::new, |n| format!("{n:>width$}", width = usize::from(columns.number - 2)));
    at = column(buffer, at, columns.number - 1, &number, plain);
    let time = since(shared, &entry).map_or_else(String::new, |ns| seconds(ns, columns));
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
    at = put(buffer, at, arrow, shared.theme.side(entry.from));
    at = put(buffer, at, if entry.is_otherwise { OTHERWISE } else { " " }, shared.theme.trouble());
    let chunk_stream = entry.chunk_stream_id.map(|id| id.to_string()).unwrap_or_default();
    let timestamp = entry.timestamp.as_deref().unwrap_or_default();
    let align = |text: &str, width: u16| format!("{text:>width$}", width = usize::from(width - 1));
    at = column(buffer, at, columns.chunk_stream, &align(&chunk_stream, columns.chunk_stream), quiet);
    at = column(buffer, at, columns.timestamp, &align(timestamp, columns.timestamp), plain);
    let style = match entry.kind {
        Kind::Message | Kind::Finding(_) => plain,
        Kind::Trouble => shared.theme.trouble(),
        Kind::Other => quiet,
    };
    // A long name pushes what follows, rather than being cut.
    let wide = u16::try_from(kind.len()).unwrap_or(u16::MAX).saturating_add(1).max(columns.kind);
    at = column(buffer, at, wide, kind, shared.theme.side(entry.from).patch(style));
    put(buffer, at, what, style);
}

/// A run of media, folded or open.
fn draw_run(buffer: &mut Buffer, line: Rect, shared: &Shared, columns: &Columns, run: &Run, selected: bool) {
    let (Some(first), Some(last)) = (shared.book.entry(run.first), shared.book.entry(run.last)) else { return };
    let (quiet, plain) = (shared.theme.quiet(), Style::new());
    let at = put(buffer, line, if selected { "›" } else { " " }, shared.theme.strong());
    let at = column(buffer, at, columns.number - 1, "", plain);
    let time = since(shared, &first).map_or_else(String::new, |ns| seconds(ns, columns));
    let at = column(buffer, at, columns.time, &time, quiet);
    let at = column(buffer, at, columns.session, "", plain);
    let fold = if run.is_open { "▾ " } else { "▸ " };
    let at = put(buffer, at, fold, quiet);
    let at = column(buffer, at, columns.chunk_stream + columns.timestamp, "", plain);
    let at = column(buffer, at, columns.kind, run.media.name(), plain);
    let duration = first.at.zip(last.at).map_or(0, |(first, last)| last.since(first));
    put(buffer, at, &run.media.describe(duration), plain);
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
fn since(shared: &Shared, entry: &Entry) -> Option<i64> {
    let time = entry.at?;
    Some(time.since(shared.progress.start.unwrap_or(time)))
}

/// Seconds, the point always at the same place.
fn seconds(ns: i64, columns: &Columns) -> String {
    format!("{:>width$}", words::seconds(ns, columns.digits), width = usize::from(columns.time - 1))
}
