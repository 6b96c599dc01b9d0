//! The list of sessions: who talks to whom, how that stands, and what was found.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::book::{Counts, Other};
use crate::rules::Severity;
use crate::tui::action::Action;
use crate::tui::list::{List, motion};
use crate::tui::paint::{self, column, heading, put};
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

/// How wide the columns are. The addresses have what the others leave, and a narrow list only the most important.
struct Columns {
    number: u16,
    protocol: u16,
    addresses: u16,
    state: u16,
    messages: u16,
}

/// Room for the counts of findings.
const FINDINGS: u16 = 12;

impl Columns {
    fn new(width: u16) -> Self {
        let (protocol, state) = if width < 60 { (0, 0) } else { (6, 11) };
        let (number, messages) = if width < 60 { (5, 6) } else { (6, 10) };
        let others = number + protocol + state + messages + FINDINGS;
        Columns { number, protocol, addresses: width.saturating_sub(others), state, messages }
    }
}

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
        let (area, theme) = (self.area, shared.theme);
        if area.height == 0 {
            return;
        }
        let sessions = shared.book.sessions();
        let columns = Columns::new(area.width);
        let mut names = String::new();
        let mut name = |width: u16, name: &str| {
            let room = usize::from(width.saturating_sub(1));
            names.extend(name.chars().chain(std::iter::repeat(' ')).take(room));
            names.extend((width > 0).then_some(' '));
        };
        name(columns.number, " no.");
        name(columns.protocol, "proto");
        name(columns.addresses, "client → server");
        name(columns.state, "state");
        name(columns.messages, if columns.state > 0 { " messages" } else { " msgs" });
        name(FINDINGS, "findings");
        let body = heading(buffer, area, theme, is_focused, &names, "");
        let others = &shared.progress.others;
        for (item, line) in (self.list.top..=sessions.len() + others.len()).zip(paint::lines(body)) {
            if let Some(other) = item.checked_sub(sessions.len() + 1).and_then(|index| others.get(index)) {
                draw_other(buffer, line, shared, &columns, other);
                continue;
            }
            let selected = item == self.list.selected;
            let is_marked = u32::try_from(item).is_ok_and(|number| self.marked.contains(&number));
            let mark = match (selected, is_marked) {
                (true, _) => "›",
                (false, true) => "•",
                (false, false) => " ",
            };
            let at = put(buffer, line, mark, theme.strong());
            match item.checked_sub(1).and_then(|index| sessions.get(index)) {
                None => {
                    let at = column(buffer, at, columns.number - 1, "all", theme.strong());
                    let what = count(sessions.len() as u64, "session");
                    let width = columns.protocol + columns.addresses + columns.state;
                    let at = column(buffer, at, width, &what, theme.strong());
                    counts(buffer, at, shared, columns.messages, shared.book.messages(), shared.book.counts());
                }
                Some(session) => {
                    let at = column(buffer, at, columns.number - 1, &item.to_string(), theme.strong());
                    let at = column(buffer, at, columns.protocol, session.protocol(), theme.quiet());
                    let at = column(buffer, at, columns.addresses, &session.parties(), Style::new());
                    let at = column(buffer, at, columns.state, session.state(), theme.quiet());
                    counts(buffer, at, shared, columns.messages, session.messages, &session.counts);
                }
            }
            if selected {
                buffer.set_style(line, theme.selection(is_focused));
            }
        }
    }
}

/// How many lines the list has.
pub(super) fn lines(shared: &Shared) -> usize {
    shared.book.sessions().len() + 1 + shared.progress.others.len()
}

/// A connection that is no session: below the sessions, and there is nothing to choose in it.
fn draw_other(buffer: &mut Buffer, line: Rect, shared: &Shared, columns: &Columns, other: &Other) {
    let quiet = shared.theme.quiet();
    let at = put(buffer, line, " ", quiet);
    let at = column(buffer, at, columns.number - 1, "-", quiet);
    put(buffer, at, &other.what, quiet);
}

fn counts(buffer: &mut Buffer, at: Rect, shared: &Shared, width: u16, messages: u64, counts: &Counts) {
    let number = format!("{messages:>width$}", width = usize::from(width.saturating_sub(1)));
    let mut at = column(buffer, at, width, &number, Style::new());
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = counts.of(severity);
        if count > 0 {
            let letter = severity.name().chars().next().unwrap_or_default().to_ascii_uppercase();
            at = put(buffer, at, &format!("{count}{letter} "), shared.theme.severity(severity));
        }
    }
}
