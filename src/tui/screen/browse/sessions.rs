//! The list of sessions: who talks to whom, how that stands, and what was found.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::book::{Counts, Other, Session};
use crate::rules::Severity;
use crate::tui::action::Action;
use crate::tui::columns::{self, Align, Column, First, Order, Place};
use crate::tui::list::{List, motion};
use crate::tui::marks::Marked;
use crate::tui::paint::{self, below, heading, put};
use crate::tui::screen::Effect;
use crate::tui::shared::Shared;
use crate::tui::view::Chosen;
use crate::wire::words::{self, count};

/// The pane of sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// All of them first, then one a line.
    list: List,
    /// What they are sorted by, other than their numbers.
    order: Option<Order<Id>>,
    /// Their numbers by line, then.
    sorted: Vec<u32>,
    /// The session of the selected row, where the keys are elsewhere.
    of_row: Option<u32>,
    area: Rect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Mark,
    Number,
    Protocol,
    Parties,
    Stream,
    Role,
    Outcome,
    Duration,
    Messages,
    Rate,
    Codecs,
    Software,
    Holes,
    Findings,
}

/// Columns for an outcome at most, beside what others leave.
const OUTCOME: u16 = 48;
/// Before the session of the selected row.
const OF_ROW: &str = "▸";
/// Steps of a session's rate.
const RATE: u16 = 10;

/// The columns in a list that is so wide. The outcome has what the others leave, and a narrow list only the most important.
fn columns(width: u16, shared: &Shared) -> [Column<Id>; 14] {
    let numbers = shared.book.sessions().len().max(1).ilog10() as u16 + 1;
    let outcome = u16::from(shared.book.widest().outcome).clamp(20, OUTCOME);
    let most = match width {
        100.. => OUTCOME,
        // Protocol and server have room beside it.
        76.. => width - 39,
        _ => width * 3 / 5,
    };
    let parties = match width {
        150.. => 34,
        100.. => 26,
        _ => 16,
    };
    let software = if width >= 190 { 30 } else { 20 };
    let left = |id, title, width, rank| Column { rank, ..Column::new(id, title, width, Align::Left) };
    let right = |id, title, width, rank| Column { rank, ..Column::new(id, title, width, Align::Right) };
    [
        Column { gap: 0, ..left(Id::Mark, "", 1, 0) },
        left(Id::Number, "no.", numbers.max(3), 0),
        Column { sort: Some(First::Smallest), ..left(Id::Protocol, "proto", 6, 1) },
        Column { min: parties, sort: Some(First::Smallest), ..left(Id::Parties, "client → server", 36, 2) },
        Column { min: 12, sort: Some(First::Smallest), ..left(Id::Stream, "app/stream", 20, 6) },
        Column { sort: Some(First::Smallest), ..left(Id::Role, "role", 9, 8) },
        Column {
            grows: true,
            min: outcome.min(most),
            sort: Some(First::Smallest),
            ..left(Id::Outcome, "outcome", OUTCOME, 0)
        },
        Column { sort: Some(First::Largest), ..right(Id::Duration, "s", 8, 3) },
        Column { min: 6, short: "msgs", sort: Some(First::Largest), ..right(Id::Messages, "messages", 8, 4) },
        Column { sort: Some(First::Largest), ..left(Id::Rate, "rate", RATE, 7) },
        Column { sort: Some(First::Smallest), ..left(Id::Codecs, "codecs", 12, 9) },
        Column { min: software, sort: Some(First::Smallest), ..left(Id::Software, "software", 40, 10) },
        Column { visible: shared.book.holes() > 0, sort: Some(First::Largest), ..right(Id::Holes, "holes", 5, 5) },
        Column { gap: 0, min: 9, sort: Some(First::Largest), ..left(Id::Findings, "findings", 12, 0) },
    ]
}

impl Sessions {
    /// Begins with all sessions, or with one alone.
    pub(super) fn new(session: Option<u32>) -> Self {
        let list = List { selected: session.unwrap_or_default() as usize, ..List::default() };
        Sessions { list, ..Sessions::default() }
    }

    /// The session of a line; none of the line of all.
    fn number(&self, item: usize) -> Option<u32> {
        let index = item.checked_sub(1)?;
        if self.order.is_some() { self.sorted.get(index).copied() } else { u32::try_from(item).ok() }
    }

    /// How a filter says which session is selected.
    pub(super) fn ways(&self) -> Vec<String> {
        self.number(self.list.selected).map(|number| format!("session == {number}")).into_iter().collect()
    }

    /// The first row of the selected session.
    pub(super) fn row(&self, shared: &Shared) -> Option<u32> {
        shared.book.session(self.number(self.list.selected)?)?.rows.get(0).copied()
    }

    /// Whose rows are to be shown.
    pub(super) fn chosen(&self, shared: &Shared) -> Chosen {
        let marked = shared.marks.sessions();
        match self.number(self.list.selected) {
            _ if !marked.is_empty() => Chosen::Sessions(marked),
            Some(number) => Chosen::Session(number),
            None => Chosen::All,
        }
    }

    /// The selected session.
    pub(super) fn selected(&self) -> Option<u32> {
        self.number(self.list.selected)
    }

    /// Sorts the list anew; what is selected stays so.
    fn sort(&mut self, order: Option<Order<Id>>, shared: &Shared) {
        let selected = self.number(self.list.selected);
        self.order = order;
        self.sorted.clear();
        if let Some(order) = order {
            let mut sessions: Vec<_> = shared.book.sessions().iter().collect();
            // Equal ones stay in the order of their numbers.
            let key = |session: &&Session| key(order.id, session, shared);
            match order.first {
                First::Smallest => sessions.sort_by_cached_key(key),
                First::Largest => sessions.sort_by_cached_key(|session| Reverse(key(session))),
            }
            self.sorted = sessions.into_iter().map(Session::number).collect();
        }
        self.list.selected = selected.map_or(0, |number| self.line(number));
    }

    /// The line of a session.
    fn line(&self, number: u32) -> usize {
        match self.order {
            Some(_) => self.sorted.iter().position(|other| *other == number).map_or(0, |index| index + 1),
            None => number as usize,
        }
    }

    pub(super) fn choose_all(&mut self, shared: &mut Shared) {
        self.list.selected = 0;
        shared.marks.forget_sessions();
    }

    /// What the list is sorted by, in words.
    fn sorted_by(&self, shared: &Shared) -> Effect {
        let by = self.order.map(|order| order.name(&columns(self.area.width, shared)));
        Effect::Say(format!("sessions {}", by.unwrap_or_else(|| "in their order".to_owned())))
    }

    pub(super) fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Mark => {
                if let Some(number) = self.number(self.list.selected) {
                    shared.marks.toggle(Marked::Session(number));
                }
            }
            Action::SortNext => {
                self.sort(Order::next(self.order, &columns(self.area.width, shared)), shared);
                return vec![self.sorted_by(shared)];
            }
            Action::SortReverse => {
                self.sort(self.order.map(Order::reversed), shared);
                return vec![self.sorted_by(shared)];
            }
            _ => {
                if let Some(by) = motion(action, usize::from(self.area.height.saturating_sub(1))) {
                    self.list.step(by, shared.book.sessions().len() + 1);
                }
            }
        }
        Vec::new()
    }

    /// Moves the list, and leaves the selection where it is.
    pub(super) fn scroll(&mut self, by: isize, shared: &Shared) {
        self.list.scroll(by, usize::from(self.area.height.saturating_sub(1)), lines(shared));
    }

    /// Selects the session on a line, or sorts by the column whose title is there; once more, the other way round.
    pub(super) fn click(&mut self, at: Position, shared: &Shared) {
        if at.y == self.area.y {
            let all = columns(self.area.width, shared);
            let is_there = |place: &&Place<Id>| place.area(self.area).contains(Position { y: self.area.y, ..at });
            let id = columns::fit(&all, self.area.width).iter().find(is_there).map(|place| place.id);
            let column = all.iter().find(|column| Some(column.id) == id);
            let Some(first) = column.and_then(|column| column.sort) else {
                // The numbers have their own order.
                if matches!(id, Some(Id::Number | Id::Mark)) {
                    self.sort(None, shared);
                }
                return;
            };
            let order = self.order.filter(|order| Some(order.id) == id).map(Order::reversed);
            self.sort(order.or(id.map(|id| Order { id, first })), shared);
        } else if let Some(item) = self.list.item_at(below(self.area), at)
            && item <= shared.book.sessions().len()
        {
            self.list.select(item, item + 1);
        }
    }

    pub(super) fn prepare(&mut self, area: Rect, shared: &Shared, is_focused: bool) {
        self.area = area;
        if self.order.is_some() && self.sorted.len() != shared.book.sessions().len() {
            self.sort(self.order, shared);
        }
        let (lines, length) = (usize::from(area.height.saturating_sub(1)), shared.book.sessions().len() + 1);
        let row = shared.row.filter(|_| !is_focused && length > 2);
        self.of_row = row.and_then(|row| shared.book.session_of(row));
        self.list.reveal(lines, length);
        if let Some(number) = self.of_row {
            // Where there is no room for both, the session of the row is to be seen.
            let mut shown = List { selected: self.line(number), top: self.list.top, ..List::default() };
            shown.reveal(lines, length);
            self.list.top = shown.top;
        }
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, shared: &Shared, is_focused: bool) {
        let (area, theme) = (self.area, &shared.theme);
        if area.height == 0 {
            return;
        }
        let sessions = shared.book.sessions();
        let all = columns(area.width, shared);
        let columns = columns::fit(&all, area.width);
        let titles = columns::titles(&columns, self.order);
        let body = heading(buffer, area, theme, is_focused, &titles, "");
        let others = &shared.progress.others;
        for (item, line) in (self.list.top..=sessions.len() + others.len()).zip(paint::lines(body)) {
            if let Some(other) = item.checked_sub(sessions.len() + 1).and_then(|index| others.get(index)) {
                draw_other(buffer, line, shared, &columns, other);
                continue;
            }
            let session = self.number(item).and_then(|number| shared.book.session(number));
            for place in &columns {
                draw_cell(buffer, line, shared, place, session);
            }
            if session.is_none()
                && let Some(at) = after_number(&columns, line)
            {
                put(buffer, at, &count(sessions.len() as u64, "session"), theme.strong());
            }
            if session.is_some_and(|session| Some(session.number()) == self.of_row) && item != self.list.selected {
                put(buffer, Rect { width: 1, ..line }, OF_ROW, theme.strong());
            }
            let selected = item == self.list.selected;
            if selected {
                put(buffer, line, "›", theme.strong());
                buffer.set_style(line, theme.selection(is_focused));
            }
        }
    }
}

/// A cell of a session's line, or of the line of all.
fn draw_cell(buffer: &mut Buffer, line: Rect, shared: &Shared, place: &Place<Id>, session: Option<&Session>) {
    let (theme, book) = (&shared.theme, &shared.book);
    let mut put = |text: &str, style: Style| {
        place.put(buffer, line, text, style);
    };
    let Some(session) = session else {
        match place.id {
            Id::Number => put("all", theme.strong()),
            Id::Messages => put(&book.messages().to_string(), Style::new()),
            Id::Findings => draw_counts(buffer, place.area(line), shared, book.counts()),
            _ => {}
        }
        return;
    };
    match place.id {
        Id::Mark if shared.marks.holds(Marked::Session(session.number())) => put("•", theme.strong()),
        Id::Mark => {}
        Id::Number => put(&session.number().to_string(), theme.strong()),
        Id::Protocol => put(session.protocol(), theme.quiet()),
        Id::Parties => put(&session.parties_within(usize::from(place.width)), Style::new()),
        Id::Stream => put(&book.stream(session), Style::new()),
        Id::Role => put(session.role(), theme.quiet()),
        Id::Outcome => put(&book.outcome_within(session, usize::from(place.width)), theme.fate(session.fate())),
        Id::Duration => put(&words::seconds(session.duration(), 2), theme.quiet()),
        Id::Messages => put(&session.messages.to_string(), Style::new()),
        Id::Rate => put(&sparkline(&session.rate(usize::from(place.width))), theme.quiet()),
        Id::Codecs => put(&session.codecs(), theme.quiet()),
        Id::Software => put(&book.software(session), theme.quiet()),
        Id::Holes if session.holes == 0 => {}
        Id::Holes => put(&session.holes.to_string(), theme.trouble()),
        Id::Findings => draw_counts(buffer, place.area(line), shared, &session.counts),
    }
}

/// Steps from 0 to 8 as bars.
fn sparkline(steps: &[u8]) -> String {
    steps.iter().map(|step| [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][usize::from(*step).min(8)]).collect()
}

/// What sessions are sorted by: numbers, then a text.
fn key(id: Id, session: &Session, shared: &Shared) -> ([u64; 3], String) {
    let text = match id {
        Id::Protocol => session.protocol().to_owned(),
        Id::Parties => session.parties(),
        Id::Stream => shared.book.stream(session),
        Id::Role => session.role().to_owned(),
        Id::Outcome => shared.book.outcome(session),
        Id::Codecs => session.codecs(),
        Id::Software => shared.book.software(session),
        Id::Mark | Id::Number | Id::Duration | Id::Messages | Id::Rate | Id::Holes | Id::Findings => String::new(),
    };
    let numbers = match id {
        // The worst ones decide.
        Id::Outcome => [session.fate() as u64, 0, 0],
        Id::Duration => [session.duration() as u64, 0, 0],
        Id::Messages => [session.messages, 0, 0],
        Id::Rate => [session.bit_rate(), 0, 0],
        Id::Holes => [session.holes, 0, 0],
        Id::Findings => {
            [Severity::Error, Severity::Warning, Severity::Note].map(|severity| session.counts.of(severity))
        }
        _ => [0; 3],
    };
    (numbers, text)
}

/// How many lines the list has.
pub(super) fn lines(shared: &Shared) -> usize {
    shared.book.sessions().len() + 1 + shared.progress.others.len()
}

/// All of a line behind the number, for what has no columns.
fn after_number(columns: &[Place<Id>], line: Rect) -> Option<Rect> {
    let first = columns.iter().map(|place| place.id).find(|id| ![Id::Mark, Id::Number].contains(id));
    first.and_then(|id| columns::from(columns, id, line))
}

/// A connection that is no session: below the sessions, and there is nothing to choose in it.
fn draw_other(buffer: &mut Buffer, line: Rect, shared: &Shared, columns: &[Place<Id>], other: &Other) {
    let quiet = shared.theme.quiet();
    for place in columns.iter().filter(|place| place.id == Id::Number) {
        place.put(buffer, line, "-", quiet);
    }
    // It has none of what the columns say.
    if let Some(at) = after_number(columns, line) {
        put(buffer, at, &other.what, quiet);
    }
}

/// How many findings there are, the worst first.
fn draw_counts(buffer: &mut Buffer, mut at: Rect, shared: &Shared, counts: &Counts) {
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = counts.of(severity);
        if count > 0 {
            let letter = severity.name().chars().next().unwrap_or_default().to_ascii_uppercase();
            at = put(buffer, at, &format!("{count}{letter} "), shared.theme.severity(severity));
        }
    }
}
