//! What all that is drawn is made of: headings, columns, text that says where it was cut.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::theme::Theme;

/// A pane's heading in its first line; gives what is below it.
pub(super) fn heading(
    buffer: &mut Buffer,
    area: Rect,
    theme: Theme,
    is_focused: bool,
    left: &str,
    right: &str,
) -> Rect {
    if area.height == 0 || area.width == 0 {
        return Rect::ZERO;
    }
    let line = Rect { height: 1, ..area };
    let style = theme.heading(is_focused);
    buffer.set_style(line, style);
    put(buffer, line, left, style);
    let right = format!(" {right} ");
    let width = Span::raw(&right).width() as u16;
    if width < area.width {
        put(buffer, Rect { x: area.right() - width, width, ..line }, &right, style);
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Writes text on the first line of `area`, with a mark where it does not fit; gives what is left of the line.
pub(super) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: impl Into<Style>) -> Rect {
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
pub(super) fn column(buffer: &mut Buffer, area: Rect, width: u16, text: &str, style: impl Into<Style>) -> Rect {
    let width = width.min(area.width);
    // The last one separates it from the next column.
    put(buffer, Rect { width: width.saturating_sub(1), ..area }, text, style);
    Rect { x: area.x + width, width: area.width - width, ..area }
}

/// The lines of an area, from the top.
pub(super) fn lines(area: Rect) -> impl Iterator<Item = Rect> {
    (area.top()..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}
