//! Drawing the whole screen, in its order. Drawing reads the state and changes nothing.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::app::{App, LEAST};
use super::status;
use crate::wire::is_hidden;

/// Draws the screen as [`App::prepare`] left it: the topmost screen, the two lines at the bottom, and the popups over them.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let buffer = frame.buffer_mut();
    if app.is_too_small() {
        too_small(buffer, app.room.whole);
        return;
    }
    let first = app.first_seen();
    for (index, screen) in app.screens.iter().enumerate().skip(first) {
        screen.draw(buffer, &app.shared);
        if index == first {
            status::draw(buffer, app);
        }
    }
    clean(buffer);
    if let Some(place) = app.screens.last().and_then(|top| top.cursor()) {
        frame.set_cursor_position(place);
    }
}

fn too_small(buffer: &mut Buffer, screen: Rect) {
    let (least_width, least_height) = LEAST;
    let (width, height) = (screen.width, screen.height);
    let text = format!("{width}x{height} is too small for rtmp-inspect: {least_width}x{least_height} at least");
    for (line, start) in (0..height).zip((0..text.len()).step_by(usize::from(width).max(1))) {
        buffer.set_stringn(0, line, &text[start..], usize::from(width), Style::new());
    }
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
