//! The rows of the timeline: messages and whatever else happened, in their order.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::nothing;
use crate::book::{Entry, Kind};
use crate::tui::action::Action;
use crate::tui::columns::{self, Align, Column, Place};
use crate::tui::keymap::Context;
use crate::tui::list::{List, motion};
use crate::tui::marks::Marked;
use crate::tui::paint::{self, below, column, heading, lines, put};
use crate::tui::screen::Effect;
use crate::tui::search::{From, Search};
use crate::tui::shared::Shared;
use crate::tui::times::{self, Since};
use crate::tui::view::{Chosen, Item, Run};
use crate::wire::{Side, Time, words};

/// The pane of rows.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Places of the view.
    list: List,
    /// Stay at the end while more is read.
    following: bool,
    /// The row to go to once the view has come so far.
    awaited: Option<u32>,
    /// The row that was selected last: where to go on when a view without rows is left.
    last: Option<u32>,
    area: Rect,
}

impl Timeline {
    /// Goes to a row as soon as it is read.
    pub(super) fn at(row: Option<u32>) -> Self {
        Timeline { awaited: row, ..Timeline::default() }
    }

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

    /// Shows what the filter lets through, which is another one.
    pub(super) fn filtered(&mut self, shared: &mut Shared) {
        let (chosen, folds) = (shared.view.chosen().clone(), shared.view.folds());
        self.change(chosen, folds, shared);
    }

    fn change(&mut self, chosen: Chosen, folds: bool, shared: &mut Shared) {
        let row = self.awaited.or_else(|| self.row(shared)).or(self.last);
        shared.choose(chosen, folds);
        self.select(row.unwrap_or_default(), shared);
    }

    fn select(&mut self, row: u32, shared: &Shared) {
        self.list.select(shared.view.place_of(&shared.book, row), shared.len());
        // One of another time may not be read yet.
        let is_to_come = row as usize >= shared.book.len() && !shared.progress.done;
        self.awaited = (is_to_come || shared.view.is_behind(&shared.book)).then_some(row);
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

    /// Opens a run, or closes the one that the selected row is in.
    pub(super) fn unfold(&mut self, opens: bool, shared: &mut Shared) {
        let item = |place| shared.view.item(&shared.book, place);
        let place = match item(self.list.selected) {
            Some(Item::Run(run)) if run.is_open != opens => self.list.selected,
            Some(Item::Row(row)) if !opens => {
                // The run stands above its rows.
                let above = (0..self.list.selected).rev().find(|place| matches!(item(*place), Some(Item::Run(_))));
                let holds =
                    |place: &usize| matches!(item(*place), Some(Item::Run(run)) if run.is_open && run.last >= row);
                let Some(place) = above.filter(holds) else { return };
                place
            }
            _ => return,
        };
        self.following = false;
        self.list.selected = place;
        shared.view.toggle(place);
    }

    /// Searches from the selected row on.
    pub(super) fn search(&mut self, forward: bool, from: From, shared: &Shared) -> Vec<Effect> {
        let Some(query) = shared.query.clone() else {
            let key = shared.keys.first(Context::Timeline, Action::Search);
            return vec![Effect::Say(format!("nothing to search for: {key} asks what"))];
        };
        self.following = false;
        let origin = self.row(shared).map_or(0, |row| shared.view.index_of(&shared.book, row));
        vec![Effect::Start(Box::new(Search::new(query, origin, from, forward)))]
    }

    /// Moves the list, and leaves the selection where it is.
    pub(super) fn scroll(&mut self, by: isize, shared: &Shared) {
        self.following = false;
        self.list.scroll(by, self.lines(), shared.len());
    }

    /// Selects the row on a line.
    pub(super) fn click(&mut self, at: Position, shared: &Shared) {
        if let Some(place) = self.list.item_at(below(self.area), at).filter(|place| *place < shared.len()) {
            self.following = false;
            self.awaited = None;
            self.list.select(place, shared.len());
        }
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
        self.last = self.row(shared).or(self.last);
        let places = self.list.top..length.min(self.list.top + self.lines());
        let item = |place| shared.view.item(&shared.book, place);
        let row = |item| match item {
            Item::Row(row) => Some(row),
            Item::Run(_) => None,
        };
        let rows: Vec<_> = places.filter_map(item).filter_map(row).collect();
        // Why the selected one is marked is said as well.
        let why = self.why(shared);
        shared.prepare_texts(rows.into_iter().chain(why));
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, shared: &Shared, is_focused: bool) {
        let area = self.area;
        if area.height == 0 {
            return;
        }
        let layout = Layout::new(shared, area.width);
        let names = columns::titles(&layout.places, None);
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
        let body = heading(buffer, area, &shared.theme, is_focused, &names, &right);
        nothing::draw(buffer, body, shared);
        if length == 0 && shared.filter.is_some() && !shared.view.is_behind(&shared.book) {
            let key = shared.keys.first(Context::Timeline, Action::Back);
            put(buffer, body, &format!(" the filter lets nothing through; {key} drops it"), shared.theme.quiet());
        }
        // A finding has no time; what stands above may be one.
        let mut above = (0..self.list.top).rev().take(ABOVE).filter_map(|place| shared.view.item(&shared.book, place));
        let mut before = above.find_map(|item| last_time(shared, item));
        for (place, line) in (self.list.top..length).zip(lines(body)) {
            let selected = place == self.list.selected;
            let item = shared.view.item(&shared.book, place);
            match item {
                Some(Item::Row(row)) => layout.draw_row(buffer, line, shared, row, before),
                Some(Item::Run(run)) => layout.draw_run(buffer, line, shared, &run, before),
                None => break,
            }
            before = item.and_then(|item| last_time(shared, item)).or(before);
            if selected {
                put(buffer, line, "›", shared.theme.strong());
                buffer.set_style(line, shared.theme.selection(is_focused));
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Mark,
    Number,
    Time,
    Session,
    /// Who sent it, and whether it was read otherwise than the protocol has it.
    From,
    ChunkStream,
    Timestamp,
    Type,
    What,
}

/// How far above the screen the time of the row before is looked for.
const ABOVE: usize = 200;
/// How wide a pane must be for times to the microsecond, and for the longest types.
const WIDE: u16 = 100;
/// Columns for words at least: a type that is longer than its column is cut before these are.
const WORDS: u16 = 16;
/// Beside a message that was not read as the protocol has it, because its sender made a mistake.
const OTHERWISE: &str = "~";

/// The columns, and where they stand.
struct Layout {
    places: Vec<Place<Id>>,
    /// Digits behind the point of a time.
    digits: usize,
}

impl Layout {
    fn new(shared: &Shared, width: u16) -> Self {
        let (book, is_wide) = (&shared.book, width >= WIDE);
        let digits: u16 = if is_wide { 6 } else { 3 };
        let digits_of = |number: u64| number.max(1).ilog10() as u16 + 1;
        let widest = book.widest();
        let seconds = widest.last.map_or(0, |last| since(shared, last).unsigned_abs() / 1_000_000_000);
        let sessions = book.sessions().len() as u64;
        let time = match shared.times.since {
            Since::Clock => digits + 9,
            // One that is before has a sign.
            Since::Zero => digits_of(seconds).max(2) + digits + 2,
            Since::Start | Since::Before => digits_of(seconds).max(2) + digits + 1,
        };
        let right = |id, title, width| Column::new(id, title, width, Align::Right);
        let columns = [
            Column { gap: 0, ..Column::new(Id::Mark, "", 1, Align::Left) },
            right(Id::Number, "n", digits_of(book.messages()).max(4)),
            right(Id::Time, shared.times.title(), time),
            Column {
                visible: sessions > 1 && !matches!(shared.view.chosen(), Chosen::Session(_)),
                rank: 1,
                ..right(Id::Session, "ses", digits_of(sessions).max(2) + 1)
            },
            Column { gap: 0, ..Column::new(Id::From, "", 2, Align::Left) },
            Column { rank: 3, ..right(Id::ChunkStream, "csid", digits_of(u64::from(widest.chunk_stream_id)).max(4)) },
            Column { rank: 2, ..right(Id::Timestamp, "ms", u16::from(widest.timestamp).max(7)) },
            Column { min: 7, ..Column::new(Id::Type, "type", if is_wide { 19 } else { 13 }, Align::Left) },
            Column { grows: true, min: WORDS, gap: 0, ..Column::new(Id::What, "what", WORDS, Align::Left) },
        ];
        Layout { places: columns::fit(&columns, width), digits: usize::from(digits) }
    }

    fn draw_row(&self, buffer: &mut Buffer, line: Rect, shared: &Shared, row: u32, before: Option<Time>) {
        let Some(entry) = shared.book.entry(row) else { return };
        let (theme, mark) = (&shared.theme, shared.book.mark(row));
        let (kind, what) = shared.text(row).map_or(("", ""), |text| (text.kind.as_str(), text.what.as_str()));
        if let Some(severity) = mark {
            put(buffer, line, letter(severity.name()), theme.severity(severity));
        }
        if let Kind::Finding(severity) = entry.kind {
            let Some(at) = columns::from(&self.places, Id::Time, line) else { return };
            let at = put(buffer, at, &format!("└ {kind} "), theme.severity(severity));
            put(buffer, at, what, Style::new());
            return;
        }
        let style = match entry.kind {
            Kind::Message | Kind::Finding(_) => Style::new(),
            Kind::Trouble => theme.trouble(),
            Kind::Other => theme.quiet(),
        };
        for place in &self.places {
            let mut put = |text: &str, style| place.put(buffer, line, text, style);
            match place.id {
                Id::Mark | Id::What => {}
                Id::Number => {
                    put(&entry.n.map(|n| n.to_string()).unwrap_or_default(), Style::new());
                    if shared.marks.holds(Marked::Row(row)) {
                        paint::put(buffer, Rect { width: 1, ..place.area(line) }, "•", theme.strong());
                    }
                }
                Id::Time => {
                    put(&self.time(shared, &entry, before), theme.quiet());
                }
                Id::Session => {
                    put(&entry.session.to_string(), theme.quiet());
                }
                Id::From => draw_side(buffer, place.area(line), shared, &entry),
                Id::ChunkStream => {
                    put(&entry.chunk_stream_id.map(|id| id.to_string()).unwrap_or_default(), theme.quiet());
                }
                Id::Timestamp => {
                    put(entry.timestamp.as_deref().unwrap_or_default(), Style::new());
                }
                Id::Type => draw_words(buffer, place, line, kind, theme.side(entry.from).patch(style), what, style),
            }
        }
    }

    /// A run of media, folded or open.
    fn draw_run(&self, buffer: &mut Buffer, line: Rect, shared: &Shared, run: &Run, before: Option<Time>) {
        let (Some(first), Some(last)) = (shared.book.entry(run.first), shared.book.entry(run.last)) else { return };
        let quiet = shared.theme.quiet();
        let duration = first.at.zip(last.at).map_or(0, |(first, last)| last.since(first));
        for place in &self.places {
            match place.id {
                Id::Time => {
                    place.put(buffer, line, &self.time(shared, &first, before), quiet);
                }
                Id::From => {
                    place.put(buffer, line, if run.is_open { "▾" } else { "▸" }, quiet);
                }
                Id::Type => {
                    let (kind, what) = (run.media.name(), run.media.describe(duration));
                    draw_words(buffer, place, line, kind, Style::new(), &what, Style::new());
                }
                _ => {}
            }
        }
    }

    /// A row's time in seconds, the point always at the same place.
    fn time(&self, shared: &Shared, entry: &Entry, before: Option<Time>) -> String {
        let Some(at) = entry.at else { return String::new() };
        let ns = match shared.times.since {
            Since::Clock => return times::clock(at, self.digits),
            Since::Start => since(shared, at),
            Since::Before => at.since(before.unwrap_or(at)),
            Since::Zero => at.since(shared.times.zero().unwrap_or(at)),
        };
        words::seconds(ns, self.digits)
    }
}

fn draw_side(buffer: &mut Buffer, area: Rect, shared: &Shared, entry: &Entry) {
    let arrow = match entry.from {
        Some(Side::Client) => "→",
        Some(Side::Server) => "←",
        None => " ",
    };
    let at = put(buffer, area, arrow, shared.theme.side(entry.from));
    put(buffer, at, if entry.is_otherwise { OTHERWISE } else { " " }, shared.theme.trouble());
}

/// A type and the words behind it. A long type pushes these rather than being cut, as long as they have room.
fn draw_words(
    buffer: &mut Buffer,
    place: &Place<Id>,
    line: Rect,
    kind: &str,
    kind_style: Style,
    what: &str,
    style: Style,
) {
    let area = place.area(line);
    let both = Rect { width: line.right() - area.x, ..area };
    let most = both.width.saturating_sub(WORDS).max(place.width + 1);
    let width = (words::width(kind) as u16).saturating_add(1).min(most).max(place.width + 1);
    let at = column(buffer, both, width, kind, kind_style);
    put(buffer, at, what, style);
}

/// When what stands at a place was complete.
fn last_time(shared: &Shared, item: Item) -> Option<Time> {
    match item {
        Item::Row(row) => shared.book.time(row),
        Item::Run(run) if run.is_open => None,
        Item::Run(run) => shared.book.time(run.last),
    }
}

/// A severity's first letter: enough to tell them apart without colour.
fn letter(name: &str) -> &'static str {
    match name {
        "error" => "E",
        "warning" => "W",
        _ => "N",
    }
}

/// Nanoseconds from the capture's first packet.
fn since(shared: &Shared, at: Time) -> i64 {
    at.since(shared.progress.start.unwrap_or(at))
}
