//! The list of sessions: who talks to whom, how that stands, and what was found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{column, heading, lines, put};
use crate::book::{Counts, Other};
use crate::rules::Severity;
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::wire::words::count;

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

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let area = app.areas.sessions;
    if area.height == 0 {
        return;
    }
    let sessions = app.book.sessions();
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
    let body = heading(buffer, app, Pane::Sessions, &names, "");
    let focused = app.focus == Pane::Sessions;
    let others = &app.progress.others;
    for (item, line) in (app.sessions.top..=sessions.len() + others.len()).zip(lines(body)) {
        if let Some(other) = item.checked_sub(sessions.len() + 1).and_then(|index| others.get(index)) {
            draw_other(buffer, line, app, &columns, other);
            continue;
        }
        let selected = item == app.sessions.selected;
        let mark = if selected { "›" } else { " " };
        let at = put(buffer, line, mark, app.theme.strong());
        match item.checked_sub(1).and_then(|index| sessions.get(index)) {
            None => {
                let at = column(buffer, at, columns.number - 1, "all", app.theme.strong());
                let what = count(sessions.len() as u64, "session");
                let at =
                    column(buffer, at, columns.protocol + columns.addresses + columns.state, &what, app.theme.strong());
                let total = app.book.messages();
                counts(buffer, at, app, columns.messages, total, app.book.counts());
            }
            Some(session) => {
                let at = column(buffer, at, columns.number - 1, &item.to_string(), app.theme.strong());
                let at = column(buffer, at, columns.protocol, session.protocol(), app.theme.quiet());
                let at = column(buffer, at, columns.addresses, &session.parties(), Style::new());
                let at = column(buffer, at, columns.state, session.state(), app.theme.quiet());
                counts(buffer, at, app, columns.messages, session.messages, &session.counts);
            }
        }
        if selected {
            buffer.set_style(line, app.theme.selection(focused));
        }
    }
}

/// A connection that is no session: below the sessions, and there is nothing to choose in it.
fn draw_other(buffer: &mut Buffer, line: Rect, app: &App, columns: &Columns, other: &Other) {
    let quiet = app.theme.quiet();
    let at = put(buffer, line, " ", quiet);
    let at = column(buffer, at, columns.number - 1, "-", quiet);
    put(buffer, at, &other.what, quiet);
}

fn counts(buffer: &mut Buffer, at: Rect, app: &App, width: u16, messages: u64, counts: &Counts) {
    let number = format!("{messages:>width$}", width = usize::from(width.saturating_sub(1)));
    let mut at = column(buffer, at, width, &number, Style::new());
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = counts.of(severity);
        if count > 0 {
            let letter = severity.name().chars().next().unwrap_or_default().to_ascii_uppercase();
            at = put(buffer, at, &format!("{count}{letter} "), app.theme.severity(severity));
        }
    }
}
