//! The list of sessions: who talks to whom, how that stands, and what was found.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::book::{Counts, Other, Session};
use crate::rules::Severity;
use crate::tui::action::Action;
use crate::tui::columns::{self, Align, Column, First, Order, Place};
use crate::tui::list::{List, motion};
use crate::tui::marks::Marked;
use crate::tui::paint::{self, heading, put};
use crate::tui::shared::Shared;
use crate::tui::view::Chosen;
use crate::wire::words::count;

/// The pane of sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// All of them first, then one a line.
    list: List,
    /// What they are sorted by, other than their numbers.
    order: Option<Order<Id>>,
    /// Their numbers by line, then.
    sorted: Vec<u32>,
    area: Rect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Mark,
    Number,
    Protocol,
    Parties,
    State,
    Messages,
    Findings,
}

/// The columns. The addresses have what the others leave, and a narrow list only the most important.
const COLUMNS: &[Column<Id>] = &[
    Column { gap: 0, ..Column::new(Id::Mark, "", 1, Align::Left) },
    Column { min: 3, ..Column::new(Id::Number, "no.", 4, Align::Left) },
    Column { rank: 1, sort: Some(First::Smallest), ..Column::new(Id::Protocol, "proto", 5, Align::Left) },
    Column {
        grows: true,
        min: 14,
        sort: Some(First::Smallest),
        ..Column::new(Id::Parties, "client → server", 14, Align::Left)
    },
    Column { rank: 2, sort: Some(First::Smallest), ..Column::new(Id::State, "state", 10, Align::Left) },
    Column {
        min: 5,
        short: "msgs",
        sort: Some(First::Largest),
        ..Column::new(Id::Messages, "messages", 9, Align::Right)
    },
    Column { gap: 0, sort: Some(First::Largest), ..Column::new(Id::Findings, "findings", 12, Align::Left) },
];

impl Sessions {
    /// Begins with all sessions, or with one alone.
    pub(super) fn new(session: Option<u32>) -> Self {
        let list = List { selected: session.unwrap_or_default() as usize, top: 0 };
        Sessions { list, ..Sessions::default() }
    }

    /// The session of a line; none of the line of all.
    fn number(&self, item: usize) -> Option<u32> {
        let index = item.checked_sub(1)?;
        if self.order.is_some() { self.sorted.get(index).copied() } else { u32::try_from(item).ok() }
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
            match order.first {
                First::Smallest => sessions.sort_by_cached_key(|session| key(order.id, session)),
                First::Largest => sessions.sort_by_cached_key(|session| Reverse(key(order.id, session))),
            }
            self.sorted = sessions.into_iter().map(Session::number).collect();
        }
        let line = |number: u32| match order {
            Some(_) => self.sorted.iter().position(|other| *other == number).map_or(0, |index| index + 1),
            None => number as usize,
        };
        self.list.selected = selected.map_or(0, line);
    }

    pub(super) fn choose_all(&mut self, shared: &mut Shared) {
        self.list.selected = 0;
        shared.marks.forget_sessions();
    }

    pub(super) fn update(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::Mark => {
                if let Some(number) = self.number(self.list.selected) {
                    shared.marks.toggle(Marked::Session(number));
                }
            }
            Action::SortNext => self.sort(Order::next(self.order, COLUMNS), shared),
            Action::SortReverse => self.sort(self.order.map(Order::reversed), shared),
            _ => {
                if let Some(by) = motion(action, usize::from(self.area.height.saturating_sub(1))) {
                    self.list.step(by, shared.book.sessions().len() + 1);
                }
            }
        }
    }

    pub(super) fn prepare(&mut self, area: Rect, shared: &Shared) {
        self.area = area;
        if self.order.is_some() && self.sorted.len() != shared.book.sessions().len() {
            self.sort(self.order, shared);
        }
        self.list.reveal(usize::from(area.height.saturating_sub(1)), shared.book.sessions().len() + 1);
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, shared: &Shared, is_focused: bool) {
        let (area, theme) = (self.area, &shared.theme);
        if area.height == 0 {
            return;
        }
        let sessions = shared.book.sessions();
        let columns = columns::fit(COLUMNS, area.width);
        let order = self.order.map(|order| order.name(COLUMNS)).unwrap_or_default();
        let body = heading(buffer, area, theme, is_focused, &columns::titles(&columns), &order);
        let others = &shared.progress.others;
        for (item, line) in (self.list.top..=sessions.len() + others.len()).zip(paint::lines(body)) {
            if let Some(other) = item.checked_sub(sessions.len() + 1).and_then(|index| others.get(index)) {
                draw_other(buffer, line, shared, &columns, other);
                continue;
            }
            let session = self.number(item).and_then(|number| shared.book.session(number));
            for place in &columns {
                Self::draw_cell(buffer, line, shared, place, session);
            }
            if session.is_none()
                && let Some(at) = after_number(&columns, line)
            {
                put(buffer, at, &count(sessions.len() as u64, "session"), theme.strong());
            }
            let selected = item == self.list.selected;
            if selected {
                put(buffer, line, "›", theme.strong());
                buffer.set_style(line, theme.selection(is_focused));
            }
        }
    }

    /// A cell of a session's line, or of the line of all.
    fn draw_cell(buffer: &mut Buffer, line: Rect, shared: &Shared, place: &Place<Id>, session: Option<&Session>) {
        let (theme, book) = (&shared.theme, &shared.book);
        let number = session.map(Session::number);
        match place.id {
            Id::Mark if number.is_some_and(|number| shared.marks.holds(Marked::Session(number))) => {
                place.put(buffer, line, "•", theme.strong());
            }
            Id::Mark => {}
            Id::Number => {
                let number = number.map_or_else(|| "all".to_owned(), |number| number.to_string());
                place.put(buffer, line, &number, theme.strong());
            }
            Id::Protocol => {
                place.put(buffer, line, session.map_or("", Session::protocol), theme.quiet());
            }
            Id::Parties => {
                place.put(buffer, line, &session.map_or_else(String::new, Session::parties), Style::new());
            }
            Id::State => {
                place.put(buffer, line, session.map_or("", Session::state), theme.quiet());
            }
            Id::Messages => {
                let messages = session.map_or_else(|| book.messages(), |session| session.messages);
                place.put(buffer, line, &messages.to_string(), Style::new());
            }
            Id::Findings => {
                let counts = session.map_or_else(|| book.counts(), |session| &session.counts);
                draw_counts(buffer, place.area(line), shared, counts);
            }
        }
    }
}

/// What sessions are sorted by: numbers, then a text.
fn key(id: Id, session: &Session) -> ([u64; 3], String) {
    let text = match id {
        Id::Protocol => session.protocol().to_owned(),
        Id::Parties => session.parties(),
        Id::State => session.state().to_owned(),
        Id::Mark | Id::Number | Id::Messages | Id::Findings => String::new(),
    };
    let numbers = match id {
        Id::Messages => [session.messages, 0, 0],
        // The worst ones decide.
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
    let first = columns.iter().map(|place| place.id).find(|id| [Id::Protocol, Id::Parties].contains(id));
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
