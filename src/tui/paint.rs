//! What all that is drawn is made of: headings, columns, text that says where it was cut.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::theme::Theme;
pub(super) use super::wrap::wrap;
use crate::wire::words;

/// A pane's heading in its first line; gives what is below it.
pub(super) fn heading(
    buffer: &mut Buffer,
    area: Rect,
    theme: &Theme,
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
    let is_whole = right.is_empty() || words::width(left) + words::width(right) + 2 <= usize::from(area.width);
    let left: String = if is_whole { left.to_owned() } else { beside(left, right, area.width) };
    put(buffer, line, &left, style);
    if right.is_empty() {
        return Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let right = format!(" {right} ");
    let width = Span::raw(&right).width() as u16;
    if width < area.width {
        put(buffer, Rect { x: area.right() - width, width, ..line }, &right, style);
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// What is below an area's heading.
pub(super) fn below(area: Rect) -> Rect {
    let heading = area.height.min(1);
    Rect { y: area.y + heading, height: area.height - heading, ..area }
}

/// The left part of a heading, with a mark where the right part leaves no room for it.
pub(super) fn beside(left: &str, right: &str, width: u16) -> String {
    words::fit(left, usize::from(width).saturating_sub(words::width(right) + 3)).into_owned()
}

/// Writes text on the first line of `area`, with a mark where it does not fit; gives what is left of the line.
pub(super) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: impl Into<Style>) -> Rect {
    if area.width == 0 || area.height == 0 {
        return Rect { width: 0, ..area };
    }
    let width = usize::from(area.width);
    // What is shorter in bytes is so in columns.
    let shown = if text.len() <= width { text.into() } else { words::fit(text, width) };
    let (end, _) = buffer.set_stringn(area.x, area.y, &shown, width, style.into());
    // Behind what was cut nothing follows, also where a wide letter has left a column.
    let end = if shown.len() == text.len() { end } else { area.right() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so_behind_a_wide_letter_too() {
        let written = |text: &str| {
            let area = Rect::new(0, 0, 5, 1);
            let mut buffer = Buffer::empty(area);
            let rest = put(&mut buffer, area, text, Style::new());
            let shown: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
            (shown, rest.width)
        };
        assert_eq!(written("abcde"), ("abcde".to_owned(), 0));
        assert_eq!(written("abcdef"), ("abcd…".to_owned(), 0));
        // The cell behind a wide letter is empty, and not drawn.
        assert_eq!(written("日本語"), ("日 本 …".to_owned(), 0));
        assert_eq!(written("a日本語"), ("a日 … ".to_owned(), 0));
        assert_eq!(written("日"), ("日    ".to_owned(), 3));
    }
}
