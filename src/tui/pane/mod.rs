//! What each part of the screen looks like: one file a pane. Drawing reads the state and changes nothing.

mod fields;
mod help;
mod hex;
mod sessions;
mod status;
mod timeline;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::app::App;
use super::layout::Pane;
use crate::wire::is_hidden;

/// Draws the screen as [`App::prepare`] left it.
///
/// On a wide terminal, lists and details stand side by side:
///
/// ```text
/// ┌ sessions ─────────────────────────┬ fields ───────────────────────────┐
/// │ all, then one a line              │ ▸ message, ▸ header,              │
/// ├ timeline ─────────────────────────┤ ▾ what the payload says           │
/// │ handshakes, messages, holes, ends │                                   │
/// │   └ findings under what they are  ├ what the selected field is ───────┤
/// │     about                         ├ bytes ────────────────────────────┤
/// │                                   │ hex and text, the field's marked  │
/// ├ file, how far it is read, counts, what there is to say ───────────────┤
/// └ keys, or the line where a search is written ──────────────────────────┘
/// ```
///
/// On a narrow one sessions, timeline and details stand below one another, fields and bytes side by side; details
/// grow when they have the keys.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    draw_panes(frame, app);
    clean(frame.buffer_mut());
}

/// Whatever was drawn, and wherever it came from: nothing in it acts on the terminal.
fn clean(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().contains(is_hidden) {
            let seen: String = cell.symbol().chars().filter(|c| !is_hidden(*c)).collect();
            cell.set_symbol(if seen.is_empty() { "·" } else { &seen });
        }
    }
}

fn draw_panes(frame: &mut Frame<'_>, app: &App) {
    let screen = frame.area();
    let buffer = frame.buffer_mut();
    if app.areas.too_small {
        let text = format!("{}x{} is too small for rtmp-inspect: 40x10 at least", screen.width, screen.height);
        for (line, start) in (0..screen.height).zip((0..text.len()).step_by(usize::from(screen.width).max(1))) {
            buffer.set_stringn(0, line, &text[start..], usize::from(screen.width), Style::new());
        }
        return;
    }
    sessions::draw(buffer, app);
    timeline::draw(buffer, app);
    fields::draw(buffer, app);
    hex::draw(buffer, app);
    for y in app.areas.rule.top()..app.areas.rule.bottom() {
        buffer.set_string(app.areas.rule.x, y, "│", app.theme.quiet());
    }
    status::draw(buffer, app);
    if app.help {
        help::draw(buffer, screen, app);
    }
    if let Some(place) = status::cursor(app) {
        frame.set_cursor_position(place);
    }
}

/// A pane's heading; gives what is below it.
fn heading(buffer: &mut Buffer, app: &App, pane: Pane, columns: &str, right: &str) -> Rect {
    let area = app.areas.of(pane);
    if area.height == 0 || area.width == 0 {
        return Rect::ZERO;
    }
    let line = Rect { height: 1, ..area };
    let style = app.theme.heading(app.focus == pane);
    buffer.set_style(line, style);
    put(buffer, line, columns, style);
    let right = format!(" {right} ");
    let width = Span::raw(&right).width() as u16;
    if width < area.width {
        put(buffer, Rect { x: area.right() - width, width, ..line }, &right, style);
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Writes text on the first line of `area`, with a mark where it does not fit; gives what is left of the line.
fn put(buffer: &mut Buffer, area: Rect, text: &str, style: impl Into<Style>) -> Rect {
    if area.width == 0 || area.height == 0 {
        return Rect { width: 0, ..area };
    }
    let style = style.into();
    let (end, _) = buffer.set_stringn(area.x, area.y, text, usize::from(area.width), style);
    // Only text that fills its room can have been cut.
    if end + 1 >= area.right() && Span::raw(text).width() > usize::from(area.width) {
        buffer.set_string(area.right() - 1, area.y, "…", style);
    }
    Rect { x: end, width: area.right() - end, ..area }
}

/// Like [`put`] in `width` columns, the rest of which stay empty.
fn column(buffer: &mut Buffer, area: Rect, width: u16, text: &str, style: impl Into<Style>) -> Rect {
    let width = width.min(area.width);
    // The last one separates it from the next column.
    put(buffer, Rect { width: width.saturating_sub(1), ..area }, text, style);
    Rect { x: area.x + width, width: area.width - width, ..area }
}

/// The lines of an area, from the top.
fn lines(area: Rect) -> impl Iterator<Item = Rect> {
    (area.top()..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}
