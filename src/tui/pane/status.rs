//! The two lines at the bottom: how far reading is and what was found; and keys, a message or what is being typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::Span;

use super::put;
use crate::rules::Severity;
use crate::tui::app::App;
use crate::tui::keymap::BINDINGS;
use crate::wire::words::count;

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let area = app.areas.status;
    let style = app.theme.strong().add_modifier(Modifier::REVERSED);
    buffer.set_style(area, style);
    let at = put(buffer, area, &format!(" {} ", app.files), style);
    let mut at = put(buffer, at, " ", style);
    if let Some(complaint) = app.progress.complaints.last() {
        // The file is named already.
        let named = |path: &String| complaint.strip_prefix(path.as_str())?.strip_prefix(": ");
        let complaint = app.paths.iter().find_map(named).unwrap_or(complaint);
        let style = style.patch(app.theme.severity(Severity::Error));
        at = put(buffer, at, &format!("{}  ", crate::wire::escape(complaint)), style);
    }
    put(buffer, at, &summary(app), style);
    keys(buffer, app.areas.keys, app);
}

/// How far it is read, and what was found.
fn summary(app: &App) -> String {
    let book = &app.book;
    let progress = &app.progress;
    let mut text = match (progress.done, progress.size) {
        (true, _) => String::new(),
        (false, Some(size)) if size > 0 => format!("reading, {} %  ", progress.read.saturating_mul(100) / size),
        (false, _) => format!("reading, {} kB  ", progress.read / 1000),
    };
    if progress.done && book.sessions().is_empty() {
        return format!("no RTMP in {}", count(progress.packets, "packet"));
    }
    text += &count(book.messages(), "message");
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let found = book.counts().of(severity);
        if found > 0 {
            text += &format!(", {}", count(found, severity.name()));
        }
    }
    text
}

fn keys(buffer: &mut Buffer, area: Rect, app: &App) {
    if let Some(prompt) = &app.prompt {
        let at = put(buffer, area, "/", app.theme.strong());
        let scroll = prompt.visual_scroll(usize::from(at.width.saturating_sub(1)));
        let shown: String = prompt.value().chars().skip(scroll).collect();
        buffer.set_stringn(at.x, at.y, shown, usize::from(at.width), app.theme.strong());
        return;
    }
    if !app.message.is_empty() {
        put(buffer, area, &format!(" {}", app.message), app.theme.trouble());
        return;
    }
    let mut at = put(buffer, area, " ↑↓ move  ", app.theme.quiet());
    for binding in BINDINGS.iter().filter(|binding| !binding.short.is_empty()) {
        let Some(key) = binding.keys.first() else { continue };
        let (key, what) = (key.name(), format!(" {}  ", binding.short));
        if Span::raw(&key).width() + Span::raw(&what).width() > usize::from(at.width) {
            break;
        }
        at = put(buffer, at, &key, app.theme.strong());
        at = put(buffer, at, &what, app.theme.quiet());
    }
}

/// Where the terminal's cursor stands while a search is being written.
pub(super) fn cursor(app: &App) -> Option<Position> {
    let prompt = app.prompt.as_ref()?;
    let area = app.areas.keys;
    let scroll = prompt.visual_scroll(usize::from(area.width.saturating_sub(2)));
    let column = prompt.visual_cursor().saturating_sub(scroll).min(usize::from(area.width.saturating_sub(2)));
    Some(Position { x: area.x + 1 + column as u16, y: area.y })
}
