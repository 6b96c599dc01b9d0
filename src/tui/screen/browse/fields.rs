//! The tree of the selected row's fields, with what the selected field means below it.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::tree::{Folds, Tree, is_folded};
use crate::book::Line;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::list::{List, motion};
use crate::tui::paint::{below, column, heading, lines, put, wrap};
use crate::tui::screen::Effect;
use crate::tui::shared::Shared;
use crate::wire::words;

/// The pane of fields.
#[derive(Debug, Default)]
pub(super) struct Fields {
    tree: Option<Tree>,
    /// Places of the tree.
    list: List,
    /// What the user folded and unfolded.
    folds: Folds,
    /// The path of the field that the user went to last.
    wanted: String,
    /// What was known of secrets when the tree was made.
    learned: u64,
    area: Rect,
}

impl Fields {
    pub(super) fn tree(&self) -> Option<&Tree> {
        self.tree.as_ref()
    }

    /// The selected place.
    pub(super) fn place(&self) -> usize {
        self.list.selected
    }

    /// The bytes of the selected field.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        self.tree.as_ref()?.line(self.list.selected)?.span.clone()
    }

    pub(super) fn update(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Right => self.unfold(true),
            Action::Left => self.unfold(false),
            Action::Read => return self.read(),
            _ => {
                let lines = usize::from(self.area.height.saturating_sub(1));
                let length = self.tree.as_ref().map_or(0, Tree::len);
                if let Some(by) = motion(action, lines) {
                    self.list.step(by, length);
                    self.want();
                }
            }
        }
        Vec::new()
    }

    /// Moves the list, and leaves the selection where it is.
    pub(super) fn scroll(&mut self, by: isize) {
        let length = self.tree.as_ref().map_or(0, Tree::len);
        self.list.scroll(by, usize::from(self.area.height.saturating_sub(1)), length);
    }

    /// Selects the field on a line.
    pub(super) fn click(&mut self, at: Position) {
        let length = self.tree.as_ref().map_or(0, Tree::len);
        if let Some(item) = self.list.item_at(below(self.area), at).filter(|item| *item < length) {
            self.list.select(item, length);
            self.want();
        }
    }

    /// Whether what is selected can be folded.
    pub(super) fn is_group(&self) -> bool {
        self.tree.as_ref().and_then(|tree| tree.line(self.list.selected)).is_some_and(|line| line.end.is_some())
    }

    /// Folds or unfolds the selected group.
    pub(super) fn toggle(&mut self) {
        let line = self.tree.as_ref().and_then(|tree| tree.line(self.list.selected));
        if let Some(line) = line.filter(|line| line.end.is_some()) {
            let unfold = is_folded(line, &self.folds);
            self.unfold(unfold);
        }
    }

    /// Folds or unfolds a group; on what is no group, folding goes to the group around it.
    fn unfold(&mut self, unfold: bool) {
        let Some(tree) = &mut self.tree else { return };
        let Some(line) = tree.line(self.list.selected) else { return };
        if line.end.is_some() && is_folded(line, &self.folds) == unfold {
            self.folds.insert(line.path.clone(), !unfold);
            tree.fold(&self.folds);
        } else if !unfold && let Some(parent) = tree.parent(self.list.selected) {
            self.list.selected = parent;
        }
        self.want();
    }

    /// The path of the selected field.
    pub(super) fn path(&self) -> String {
        let line = self.tree.as_ref().and_then(|tree| tree.line(self.list.selected));
        line.map(|line| line.path.clone()).unwrap_or_default()
    }

    /// Selects a field, and unfolds what it is in.
    pub(super) fn choose(&mut self, path: &str) {
        let Some(tree) = &mut self.tree else { return };
        let lines = &tree.detail.lines;
        let Some(index) = lines.iter().position(|line| line.path == path) else { return };
        let around = lines[..index].iter().filter(|line| line.end.is_some_and(|end| end > index));
        self.folds.extend(around.map(|line| (line.path.clone(), false)));
        tree.fold(&self.folds);
        if let Some(place) = tree.place_of(path) {
            self.list.selected = place;
        }
        self.want();
    }

    /// Selects the field that a byte belongs to.
    pub(super) fn choose_byte(&mut self, byte: usize) {
        if let Some(place) = self.tree.as_ref().and_then(|tree| tree.place_of_byte(byte)) {
            self.list.selected = place;
            self.want();
        }
    }

    /// How a filter may say what is selected, the best first.
    pub(super) fn ways(&self) -> Vec<String> {
        let line = self.tree.as_ref().and_then(|tree| tree.line(self.list.selected));
        line.map(Line::ways).unwrap_or_default()
    }

    fn want(&mut self) {
        if let Some(line) = self.tree.as_ref().and_then(|tree| tree.line(self.list.selected)) {
            self.wanted.clone_from(&line.path);
        }
    }

    /// Reads the selected row. Whether it is another one than before.
    pub(super) fn prepare(&mut self, area: Rect, shared: &Shared) -> bool {
        self.area = area;
        let known = self.tree.as_ref().map(|tree| tree.row);
        if shared.row != known || self.learned != shared.learned {
            self.learned = shared.learned;
            self.tree = shared.row.map(|row| Tree::new(row, shared.book.detail(row)));
        }
        let is_other = shared.row != known;
        let Some(tree) = &mut self.tree else { return is_other };
        tree.wrap(usize::from(area.width), &self.folds);
        if is_other {
            // The same field of the other row, if it has one.
            self.list = List { selected: tree.place_of(&self.wanted).unwrap_or_default(), ..List::default() };
        }
        self.list.reveal(usize::from(area.height.saturating_sub(1)), tree.len());
        is_other
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, shared: &Shared, about: Rect, is_focused: bool) {
        let title = self.tree.as_ref().map_or("", |tree| tree.detail.title.as_str());
        let body = heading(buffer, self.area, &shared.theme, is_focused, &format!(" {title}"), "fields");
        let Some(tree) = &self.tree else { return };
        for (place, line) in (self.list.top..tree.len()).zip(lines(body)) {
            self.draw_line(buffer, line, shared, tree, place);
            if place == self.list.selected {
                buffer.set_style(line, shared.theme.selection(is_focused));
            }
        }
        self.draw_about(buffer, shared, tree, about);
    }

    fn draw_line(&self, buffer: &mut Buffer, line: Rect, shared: &Shared, tree: &Tree, place: usize) {
        let (Some(field), Some((label, value))) = (tree.line(place), tree.texts(place)) else { return };
        let theme = &shared.theme;
        let mark = if place == self.list.selected { "›" } else { " " };
        let at = put(buffer, line, mark, theme.strong());
        let indent = (2 * field.depth).min(line.width / 3);
        let at = column(buffer, at, indent, "", Style::new());
        let fold = match field.end {
            Some(_) if is_folded(field, &self.folds) => "▸ ",
            Some(_) => "▾ ",
            None => "  ",
        };
        let at = put(buffer, at, fold, theme.quiet());
        // Labels have a column. A longer one pushes its value, but never beyond half of the line.
        let own = indent + words::width(label).min(usize::from(line.width)) as u16;
        let labels = (own.max(tree.label_width as u16) + 1).min(line.width / 2).saturating_sub(indent);
        let style = field.severity.map_or(theme.label(), |severity| theme.severity(severity));
        let style = if field.end.is_some() { style.patch(theme.strong()) } else { style };
        let at = column(buffer, at, labels, label, style);
        let at = put(buffer, at, value, Style::new());
        if !field.unit.is_empty() && !value.is_empty() {
            put(buffer, at, &format!(" {}", field.unit), theme.quiet());
        }
    }

    /// What the selected field is: its full name, its place, its meaning and its source.
    fn draw_about(&self, buffer: &mut Buffer, shared: &Shared, tree: &Tree, area: Rect) {
        if area.height == 0 {
            return;
        }
        let mut text = String::new();
        if let Some(line) = tree.line(self.list.selected) {
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
        if text.is_empty() {
            let (key, book) = (shared.keys.first(Context::Fields, Action::Reference), &shared.book);
            text = match (book.reference(tree.row), book.stand(tree.row)) {
                (Some(n), _) => format!("{key} goes to message {n}"),
                (None, Some(stand)) if stand.is_exact => {
                    format!("{key} goes to what came with packet {}", stand.packet)
                }
                (None, Some(stand)) => format!("{key} goes to what came before packet {}", stand.packet),
                (None, None) => String::new(),
            };
        }
        let text = wrap(&text, usize::from(area.width.saturating_sub(2)));
        let shown = usize::from(area.height);
        for (index, (line, area)) in text.iter().zip(lines(area)).enumerate() {
            let cut = if index + 1 == shown && text.len() > shown { "…" } else { "" };
            let area = Rect { x: area.x + 1, width: area.width - 1, ..area };
            put(buffer, area, &format!("{line}{cut}"), shared.theme.quiet());
        }
    }
}
