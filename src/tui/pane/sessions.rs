use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{column, heading, lines, put};
use crate::net::{How, Start};
use crate::rules::Severity;
use crate::tui::app::App;
use crate::tui::index::{Counts, SessionRow};
use crate::tui::layout::Pane;

const NUMBER: u16 = 6;
const PROTOCOL: u16 = 6;
const STATE: u16 = 11;
const MESSAGES: u16 = 10;
const FINDINGS: u16 = 12;

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let area = app.areas.sessions;
    if area.height == 0 {
        return;
    }
    let sessions = app.book.index.sessions();
    let addresses = area.width.saturating_sub(NUMBER + PROTOCOL + STATE + MESSAGES + FINDINGS);
    let columns = format!(
        "{:<6}{:<6}{:<width$}{:<11}{:>9} findings",
        " no.",
        "proto",
        "client → server",
        "state",
        "messages",
        width = usize::from(addresses)
    );
    let body = heading(buffer, app, Pane::Sessions, &columns, "");
    let focused = app.focus == Pane::Sessions;
    for (item, line) in (app.sessions.top..=sessions.len()).zip(lines(body)) {
        let selected = item == app.sessions.selected;
        let mark = if selected { "›" } else { " " };
        let (number, rest) = (put(buffer, line, mark, app.theme.strong()), NUMBER - 1);
        match item.checked_sub(1).and_then(|index| sessions.get(index)) {
            None => {
                let at = column(buffer, number, rest, "all", app.theme.strong());
                let what = super::count(sessions.len() as u64, "session");
                let at = column(buffer, at, PROTOCOL + addresses + STATE, &what, app.theme.strong());
                let total = app.book.index.messages();
                counts(buffer, at, app, total, &app.book.index.counts);
            }
            Some(session) => {
                let at = column(buffer, number, rest, &item.to_string(), app.theme.strong());
                let at = column(buffer, at, PROTOCOL, session.opened.protocol, app.theme.quiet());
                let who = format!("{} → {}", session.opened.client, session.opened.server);
                let at = column(buffer, at, addresses, &who, ratatui::style::Style::new());
                let at = column(buffer, at, STATE, state(session), app.theme.quiet());
                counts(buffer, at, app, session.messages, &session.counts);
            }
        }
        if selected {
            buffer.set_style(line, app.theme.selection(focused));
        }
    }
}

fn counts(buffer: &mut Buffer, at: Rect, app: &App, messages: u64, counts: &Counts) {
    let mut at = column(buffer, at, MESSAGES, &format!("{messages:>8}"), ratatui::style::Style::new());
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let count = counts.of(severity);
        if count > 0 {
            let letter = severity.name().chars().next().unwrap_or_default().to_ascii_uppercase();
            at = put(buffer, at, &format!("{count}{letter} "), app.theme.severity(severity));
        }
    }
}

/// In one word: how it ended, if it did.
fn state(session: &SessionRow) -> &'static str {
    let ends = session.ends;
    let midstream = session.opened.start == Start::Midstream;
    match ends {
        _ if ends.contains(&Some(How::Rst)) => "reset",
        _ if ends.contains(&Some(How::Timeout)) => "abandoned",
        [Some(How::Fin), Some(How::Fin)] => "closed",
        _ if ends.contains(&Some(How::Fin)) => "closing",
        _ if midstream => "midstream",
        _ => "open",
    }
}
