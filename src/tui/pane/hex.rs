//! The selected row's bytes, with those of the selected field and the one under the cursor marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{heading, lines, put};
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::wire::words::count;

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let about = app.detail.as_ref().map_or("", |tree| tree.detail.about_bytes.as_str());
    let bytes = app.detail.as_ref().map_or(&[][..], |tree| &tree.detail.bytes);
    let size = if bytes.is_empty() { String::new() } else { count(bytes.len() as u64, "byte") };
    let body = heading(buffer, app, Pane::Hex, &format!(" {about}"), &size);
    let Some(tree) = &app.detail else { return };
    let width = app.areas.bytes_a_line();
    let span = app.selected_span().unwrap_or_default();
    let focused = app.focus == Pane::Hex;
    for (number, line) in (app.hex_top..bytes.len().div_ceil(width)).zip(lines(body)) {
        let start = number * width;
        let style_of = |at: usize| {
            let mut style = if at < tree.detail.header { app.theme.header_bytes() } else { Style::new() };
            if span.contains(&at) {
                style = style.patch(app.theme.bytes());
            }
            if focused && at == app.byte {
                style = style.patch(cursor(span.contains(&at)));
            }
            style
        };
        let at = put(buffer, line, &format!(" {start:05x}  "), app.theme.quiet());
        draw_line(buffer, at, &bytes[start..bytes.len().min(start + width)], start, width, &span, &style_of);
    }
}

/// The byte under the cursor, inside the selected field's bytes or outside of them.
fn cursor(inside: bool) -> Style {
    let style = Style::new().add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED);
    if inside { style.remove_modifier(Modifier::REVERSED) } else { style.add_modifier(Modifier::REVERSED) }
}

fn draw_line(
    buffer: &mut Buffer,
    mut at: Rect,
    bytes: &[u8],
    start: usize,
    width: usize,
    span: &std::ops::Range<usize>,
    style_of: &impl Fn(usize) -> Style,
) {
    for index in 0..width {
        let place = start + index;
        if index > 0 {
            let middle = if index == 8 { "  " } else { " " };
            // The space between two bytes of the field belongs to it.
            let joined = index < bytes.len() && span.contains(&place) && span.contains(&(place - 1));
            let style = if joined { style_of(place - 1).remove_modifier(Modifier::UNDERLINED) } else { Style::new() };
            at = put(buffer, at, middle, style);
        }
        at = match bytes.get(index) {
            Some(byte) => put(buffer, at, &format!("{byte:02x}"), style_of(place)),
            None => put(buffer, at, "  ", Style::new()),
        };
    }
    at = put(buffer, at, "  ", Style::new());
    for (index, byte) in bytes.iter().enumerate() {
        let shown = if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '·' };
        at = put(buffer, at, shown.encode_utf8(&mut [0; 4]), style_of(start + index));
    }
}
