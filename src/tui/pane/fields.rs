//! The tree of the selected row's fields, with what the selected field means below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{column, heading, lines, put};
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::tree::{Tree, is_folded, wrap};

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let title = app.detail.as_ref().map_or("", |tree| tree.detail.title.as_str());
    let body = heading(buffer, app, Pane::Fields, &format!(" {title}"), "fields");
    let Some(detail) = &app.detail else { return };
    let focused = app.focus == Pane::Fields;
    for (place, line) in (app.fields.top..detail.len()).zip(lines(body)) {
        let selected = place == app.fields.selected;
        draw_line(buffer, line, app, detail, place);
        if selected {
            buffer.set_style(line, app.theme.selection(focused));
        }
    }
    about(buffer, app, detail);
}

fn draw_line(buffer: &mut Buffer, line: Rect, app: &App, detail: &Tree, place: usize) {
    let (Some(field), Some((label, value))) = (detail.line(place), detail.texts(place)) else { return };
    let mark = if place == app.fields.selected { "›" } else { " " };
    let at = put(buffer, line, mark, app.theme.strong());
    let indent = (2 * field.depth).min(line.width / 3);
    let at = column(buffer, at, indent, "", Style::new());
    let fold = match field.end {
        Some(_) if is_folded(field, &app.folds) => "▸ ",
        Some(_) => "▾ ",
        None => "  ",
    };
    let at = put(buffer, at, fold, app.theme.quiet());
    // Labels have a column, but never more than half of the line.
    let labels = (detail.label_width as u16 + 1).min(line.width / 2).saturating_sub(indent);
    let style = field.severity.map_or(app.theme.label(), |severity| app.theme.severity(severity));
    let style = if field.end.is_some() { style.patch(app.theme.strong()) } else { style };
    let at = column(buffer, at, labels, label, style);
    let at = put(buffer, at, value, Style::new());
    if !field.unit.is_empty() && !field.value.is_empty() {
        put(buffer, at, &format!(" {}", field.unit), app.theme.quiet());
    }
}

/// What the selected field is: its full name, its place, its meaning and its source.
fn about(buffer: &mut Buffer, app: &App, detail: &Tree) {
    let area = app.areas.about;
    if area.height == 0 {
        return;
    }
    let mut text = String::new();
    if let Some(line) = detail.line(app.fields.selected) {
        if let Some(field) = line.field {
            text = format!("{}: {}", field.name, field.doc);
            if !field.source.is_empty() {
                text += &format!(" [{}]", field.source);
            }
        }
        if let Some(span) = &line.span {
            let place = match span.len() {
                1 => format!("byte {}", span.start),
                _ => format!("bytes {}–{}", span.start, span.end.saturating_sub(1).max(span.start)),
            };
            text = if text.is_empty() { place } else { format!("{text} {place}") };
        }
    }
    if text.is_empty()
        && let Some(n) = app.book.reference(detail.row)
    {
        text = format!("o goes to message {n}");
    }
    let text = wrap(&text, usize::from(area.width.saturating_sub(2)));
    let shown = usize::from(area.height);
    for (index, (line, area)) in text.iter().zip(lines(area)).enumerate() {
        let cut = if index + 1 == shown && text.len() > shown { "…" } else { "" };
        put(buffer, Rect { x: area.x + 1, width: area.width - 1, ..area }, &format!("{line}{cut}"), app.theme.quiet());
    }
}
