//! The selected row's bytes, with those of the selected field and the one under the cursor marked.
//!
//! They are shown in one of several ways (`plate`); places that others know are those among the row's own bytes.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::fields::Fields;
use super::layout::{Areas, Pane};
use super::plate::{Plate, Way};
use crate::tui::action::Action;
use crate::tui::list::motion;
use crate::tui::paint::{below, beside, heading, lines, put};
use crate::tui::shared::Shared;
use crate::wire::words::count;

/// Columns before the first byte of a line.
const HEAD: usize = 8;

/// The pane of bytes.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    way: Way,
    plate: Plate,
    /// What the plate is of: a row, a way, and what was known of secrets then.
    of: Option<(u32, Way, u64)>,
    /// Bytes of the row to go to, and whether it is another row.
    wanted: Option<(Range<usize>, bool)>,
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
    /// The byte under the cursor, among the row's own.
    pub(super) fn byte(&self) -> usize {
        match &self.wanted {
            Some((span, _)) => span.start,
            None => self.plate.own(self.byte).unwrap_or_default(),
        }
    }

    /// Moves the cursor; gives where it came to, where the row has that byte of its own.
    pub(super) fn update(&mut self, action: Action) -> Option<usize> {
        let by = match action {
            Action::Right => 1,
            Action::Left => -1,
            _ => motion(action, self.lines)?.saturating_mul(self.width as isize),
        };
        self.byte = self.byte.saturating_add_signed(by).min(self.plate.bytes.len().saturating_sub(1));
        self.reveal(self.byte..self.byte + 1);
        self.plate.own(self.byte)
    }

    /// Shows the bytes in the next way; says which.
    pub(super) fn turn(&mut self) -> String {
        let byte = self.byte();
        self.way = self.way.next();
        self.wanted = Some((byte..byte + 1, true));
        self.way.about()
    }

    /// The cursor goes to a field's bytes.
    pub(super) fn show(&mut self, span: Range<usize>) {
        let is_other = matches!(self.wanted, Some((_, true)));
        self.wanted = Some((span, is_other));
    }

    /// The bytes of another row.
    pub(super) fn begin(&mut self, span: Range<usize>) {
        self.wanted = Some((span, true));
    }

    /// Moves what is on the screen, and leaves the cursor where it is.
    pub(super) fn scroll(&mut self, by: isize) {
        let most = self.plate.bytes.len().div_ceil(self.width.max(1)).saturating_sub(self.lines);
        self.top = self.top.saturating_add_signed(by).min(most);
        self.is_aside = true;
    }

    /// Puts the cursor on the byte at a place, among the digits or the letters; gives which one of the row's own that is.
    pub(super) fn click(&mut self, at: Position) -> Option<usize> {
        let body = below(self.area);
        let column = usize::from(at.x.checked_sub(body.x)?).checked_sub(HEAD)?;
        let digits = self.width * 3 + usize::from(self.width > 8);
        let index = match column.checked_sub(digits + 1) {
            Some(letter) => letter,
            // Between the eighth and the ninth stands one more space.
            None => (column - usize::from(self.width > 8 && column >= 24)) / 3,
        };
        let byte = (self.top + usize::from(at.y.checked_sub(body.y)?)) * self.width + index;
        if index >= self.width || byte >= self.plate.bytes.len() {
            return None;
        }
        self.byte = byte;
        self.is_aside = false;
        self.plate.own(byte)
    }

    pub(super) fn prepare(&mut self, areas: &Areas, fields: &Fields, shared: &Shared, is_focused: bool) {
        (self.area, self.lines, self.width) = (areas.bytes, areas.lines(Pane::Bytes), areas.bytes_a_line());
        let of = fields.tree().map(|tree| (tree.row, self.way, shared.learned));
        if of != self.of {
            self.of = of;
            self.plate = fields.tree().map(|tree| Plate::of(&tree.detail, self.way, shared)).unwrap_or_default();
        }
        let length = self.plate.bytes.len();
        if let Some((span, is_other)) = self.wanted.take() {
            if is_other {
                self.top = 0;
            }
            self.byte = self.plate.place(span.start);
            let last = self.plate.place(span.end.saturating_sub(1).max(span.start));
            self.reveal(self.byte..last.max(self.byte) + 1);
        }
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
        let (theme, bytes) = (&shared.theme, &self.plate.bytes);
        let size = if bytes.is_empty() { String::new() } else { count(bytes.len() as u64, "byte") };
        let about = beside(&format!(" {}", self.plate.about), &size, self.area.width);
        let body = heading(buffer, self.area, theme, is_focused, &about, &size);
        let span = fields.span().unwrap_or_default();
        let is_its = |at: usize| self.plate.own(at).is_some_and(|own| span.contains(&own));
        for (number, line) in (self.top..bytes.len().div_ceil(self.width.max(1))).zip(lines(body)) {
            let start = number * self.width;
            let style_of = |at: usize| {
                let mut style = if self.plate.is_header(at) { theme.header_bytes() } else { Style::new() };
                let is_its = is_its(at);
                if is_its {
                    style = style.patch(theme.field_bytes());
                }
                if is_focused && at == self.byte {
                    style = style.patch(cursor(is_its));
                }
                style
            };
            let mark = |at: usize| self.plate.mark(at);
            let at = put(buffer, line, &format!(" {start:05x} {}", mark(start).unwrap_or(" ")), theme.quiet());
            let end = bytes.len().min(start + self.width);
            let looks = Looks { style_of: &style_of, is_its: &is_its, mark: &mark, quiet: theme.quiet() };
            draw_line(buffer, at, &bytes[start..end], start, self.width, &looks);
        }
    }
}

/// The byte under the cursor, inside the selected field's bytes or outside of them.
fn cursor(inside: bool) -> Style {
    let style = Style::new().add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED);
    if inside { style.remove_modifier(Modifier::REVERSED) } else { style.add_modifier(Modifier::REVERSED) }
}

/// How bytes look, by their places.
struct Looks<'a> {
    style_of: &'a dyn Fn(usize) -> Style,
    /// Whether one belongs to the selected field.
    is_its: &'a dyn Fn(usize) -> bool,
    /// What stands before it.
    mark: &'a dyn Fn(usize) -> Option<&'static str>,
    quiet: Style,
}

fn draw_line(buffer: &mut Buffer, mut at: Rect, bytes: &[u8], start: usize, width: usize, looks: &Looks<'_>) {
    let Looks { style_of, is_its, mark, quiet } = *looks;
    for index in 0..width {
        let place = start + index;
        if index > 0 {
            let middle = if index == 8 { "  " } else { " " };
            // The space between two bytes of the field belongs to it.
            let joined = index < bytes.len() && is_its(place) && is_its(place - 1);
            let style = if joined { style_of(place - 1).remove_modifier(Modifier::UNDERLINED) } else { Style::new() };
            at = match mark(place).filter(|_| index < bytes.len()) {
                Some(mark) => {
                    let at = put(buffer, at, &middle[1..], style);
                    put(buffer, at, mark, style.patch(quiet))
                }
                None => put(buffer, at, middle, style),
            };
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
