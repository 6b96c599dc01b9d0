//! The list of sessions: who talks to whom, how that stands, and what was found.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::book::{Counts, Other, Session};
use crate::rules::Severity;
use crate::tui::action::Action;
use crate::tui::columns::{self, Align, Column, Place};
use crate::tui::list::{List, motion};
use crate::tui::paint::{self, heading, put};
use crate::tui::shared::Shared;
use crate::tui::view::Chosen;
use crate::wire::words::count;

/// The pane of sessions.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// All of them first, then each by its number.
    list: List,
    /// Those that are to be shown together.
    marked: BTreeSet<u32>,
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
    Column { rank: 1, ..Column::new(Id::Protocol, "proto", 5, Align::Left) },
    Column { grows: true, min: 14, ..Column::new(Id::Parties, "client → server", 14, Align::Left) },
    Column { rank: 2, ..Column::new(Id::State, "state", 10, Align::Left) },
    Column { min: 5, short: "msgs", ..Column::new(Id::Messages, "messages", 9, Align::Right) },
    Column { gap: 0, ..Column::new(Id::Findings, "findings", 12, Align::Left) },
];

impl Sessions {
    /// Begins with all sessions, or with one alone.
    pub(super) fn new(session: Option<u32>) -> Self {
        let list = List { selected: session.unwrap_or_default() as usize, top: 0 };
        Sessions { list, ..Sessions::default() }
    }

    /// Whose rows are to be shown.
    pub(super) fn chosen(&self) -> Chosen {
        match u32::try_from(self.list.selected) {
            _ if !self.marked.is_empty() => Chosen::Sessions(self.marked.clone()),
            Ok(number @ 1..) => Chosen::Session(number),
            _ => Chosen::All,
        }
    }

    pub(super) fn choose_all(&mut self) {
        self.list.selected = 0;
        self.marked.clear();
    }

    pub(super) fn update(&mut self, action: Action, shared: &Shared) {
        match action {
            Action::Mark => {
                // The line of all of them is none.
                let number = u32::try_from(self.list.selected).ok().filter(|number| *number > 0);
                if let Some(number) = number
                    && !self.marked.remove(&number)
                {
                    self.marked.insert(number);
                }
            }
            _ => {
                if let Some(by) = motion(action, usize::from(self.area.height.saturating_sub(1))) {
                    self.list.step(by, shared.book.sessions().len() + 1);
                }
            }
        }
    }

    pub(super) fn prepare(&mut self, area: Rect, shared: &Shared) {
        self.area = area;
        self.list.reveal(usize::from(area.height.saturating_sub(1)), shared.book.sessions().len() + 1);
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, shared: &Shared, is_focused: bool) {
        let (area, theme) = (self.area, &shared.theme);
        if area.height == 0 {
            return;
        }
        let sessions = shared.book.sessions();
        let columns = columns::fit(COLUMNS, area.width);
        let body = heading(buffer, area, theme, is_focused, &columns::titles(&columns), "");
        let others = &shared.progress.others;
        for (item, line) in (self.list.top..=sessions.len() + others.len()).zip(paint::lines(body)) {
            if let Some(other) = item.checked_sub(sessions.len() + 1).and_then(|index| others.get(index)) {
                draw_other(buffer, line, shared, &columns, other);
                continue;
            }
            let session = item.checked_sub(1).and_then(|index| sessions.get(index));
            for place in &columns {
                self.draw_cell(buffer, line, shared, place, session);
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
    fn draw_cell(
        &self,
        buffer: &mut Buffer,
        line: Rect,
        shared: &Shared,
        place: &Place<Id>,
        session: Option<&Session>,
    ) {
        let (theme, book) = (&shared.theme, &shared.book);
        let number = session.map(Session::number);
        match place.id {
            Id::Mark if number.is_some_and(|number| self.marked.contains(&number)) => {
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
