//! The selected row's bytes, with those of the selected field and the one under the cursor marked.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::fields::Fields;
use super::layout::{Areas, Pane};
use crate::tui::action::Action;
use crate::tui::list::motion;
use crate::tui::paint::{below, heading, lines, put};
use crate::tui::shared::Shared;
use crate::wire::words::count;

/// Columns before the first byte of a line.
const HEAD: usize = 8;

/// The pane of bytes.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    /// The byte under the cursor, and the first line on the screen.
    byte: usize,
    top: usize,
    /// Whether the screen was moved away from the cursor.
    is_aside: bool,
    area: Rect,
    /// Lines without the heading, and bytes on each.
    lines: usize,
    width: usize,
}

impl Bytes {
    /// The byte under the cursor.
    pub(super) fn byte(&self) -> usize {
        self.byte
    }

    /// Moves the cursor among so many bytes; gives where it came to.
    pub(super) fn update(&mut self, action: Action, length: usize) -> Option<usize> {
        let by = match action {
            Action::Right => 1,
            Action::Left => -1,
            _ => motion(action, self.lines)?.saturating_mul(self.width as isize),
        };
        self.byte = self.byte.saturating_add_signed(by).min(length.saturating_sub(1));
        self.reveal(self.byte..self.byte + 1);
        Some(self.byte)
    }

    /// The cursor goes to a field's bytes.
    pub(super) fn show(&mut self, span: Range<usize>) {
        self.byte = span.start;
        self.reveal(span);
    }

    /// The bytes of another row.
    pub(super) fn begin(&mut self, span: Range<usize>) {
        self.top = 0;
        self.show(span);
    }

    /// Moves what is on the screen, and leaves the cursor where it is.
    pub(super) fn scroll(&mut self, by: isize, length: usize) {
        let most = length.div_ceil(self.width.max(1)).saturating_sub(self.lines);
        self.top = self.top.saturating_add_signed(by).min(most);
        self.is_aside = true;
    }

    /// Puts the cursor on the byte at a place, among the digits or the letters; gives which one that is.
    pub(super) fn click(&mut self, at: Position, length: usize) -> Option<usize> {
        let body = below(self.area);
        let column = usize::from(at.x.checked_sub(body.x)?).checked_sub(HEAD)?;
        let digits = self.width * 3 + usize::from(self.width > 8);
        let index = match column.checked_sub(digits + 1) {
            Some(letter) => letter,
            // Between the eighth and the ninth stands one more space.
            None => (column - usize::from(self.width > 8 && column >= 24)) / 3,
        };
        let byte = (self.top + usize::from(at.y.checked_sub(body.y)?)) * self.width + index;
        (index < self.width && byte < length).then(|| {
            self.byte = byte;
            self.is_aside = false;
            byte
        })
    }

    pub(super) fn prepare(&mut self, areas: &Areas, length: usize, is_focused: bool) {
        (self.area, self.lines, self.width) = (areas.bytes, areas.lines(Pane::Bytes), areas.bytes_a_line());
        // The screen may have become wider or higher.
        self.top = self.top.min(length.div_ceil(self.width).saturating_sub(self.lines));
        if is_focused && !self.is_aside {
            self.reveal(self.byte..self.byte + 1);
        }
    }

    /// Scrolls so that these bytes are on the screen, from the first on.
    fn reveal(&mut self, span: Range<usize>) {
        if self.lines == 0 || self.width == 0 {
            return;
        }
        self.is_aside = false;
        let (first, last) = (span.start / self.width, span.end.saturating_sub(1).max(span.start) / self.width);
        if last >= self.top + self.lines {
            self.top = last + 1 - self.lines;
        }
        if first < self.top || last - first >= self.lines {
            self.top = first;
        }
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, shared: &Shared, fields: &Fields, is_focused: bool) {
        let (theme, bytes) = (&shared.theme, fields.bytes());
        let (about, header) = fields.tree().map_or(("", 0), |tree| (&*tree.detail.about_bytes, tree.detail.header));
        let size = if bytes.is_empty() { String::new() } else { count(bytes.len() as u64, "byte") };
        let body = heading(buffer, self.area, theme, is_focused, &format!(" {about}"), &size);
        let span = fields.span().unwrap_or_default();
        for (number, line) in (self.top..bytes.len().div_ceil(self.width.max(1))).zip(lines(body)) {
            let start = number * self.width;
            let style_of = |at: usize| {
                let mut style = if at < header { theme.header_bytes() } else { Style::new() };
                if span.contains(&at) {
                    style = style.patch(theme.field_bytes());
                }
                if is_focused && at == self.byte {
                    style = style.patch(cursor(span.contains(&at)));
                }
                style
            };
            let at = put(buffer, line, &format!(" {start:05x}  "), theme.quiet());
            let end = bytes.len().min(start + self.width);
            draw_line(buffer, at, &bytes[start..end], start, self.width, &span, &style_of);
        }
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
    span: &Range<usize>,
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
