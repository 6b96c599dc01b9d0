//! The fields of a row as places of a list: what is folded is left out, what is to be read is broken into lines.

use std::collections::HashMap;

use crate::book::{Detail, Line};
use crate::tui::wrap::wrap;
use crate::wire::words;

/// Lines folded or unfolded by the user, by path.
pub(super) type Folds = HashMap<String, bool>;

/// Columns that labels take at most, where their lines are wide.
const LABELS: usize = 28;

/// A row's fields, folded.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) row: u32,
    pub(super) detail: Detail,
    places: Vec<Place>,
    /// Columns that labels take, with their indents.
    pub(super) label_width: usize,
    width: usize,
}

/// A place of the list: a line, or a part of one that is to be read.
#[derive(Debug)]
struct Place {
    line: usize,
    part: Option<String>,
    is_first: bool,
}

impl Tree {
    pub(super) fn new(row: u32, detail: Detail) -> Self {
        Tree { row, detail, places: Vec::new(), label_width: 0, width: usize::MAX }
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Wraps what is to be read to so many columns.
    pub(super) fn wrap(&mut self, width: usize, folds: &Folds) {
        if width != self.width {
            self.width = width;
            self.fold(folds);
        }
    }

    /// Decides which lines are shown.
    pub(super) fn fold(&mut self, folds: &Folds) {
        let lines = &self.detail.lines;
        let mut shown = Vec::new();
        let mut index = 0;
        while let Some(line) = lines.get(index) {
            shown.push(index);
            index = match line.end {
                Some(end) if is_folded(line, folds) => end.max(index + 1),
                _ => index + 1,
            };
        }
        // A longer one has its own line's room, and takes none from the others' values.
        let longest = (self.width / 2).min(LABELS);
        let label = |line: &Line| 2 * usize::from(line.depth) + words::width(&line.label);
        let labels = shown.iter().map(|index| label(&lines[*index]));
        self.label_width = labels.filter(|label| *label < longest).max().unwrap_or_default();
        self.places.clear();
        for index in shown {
            let line = &lines[index];
            if line.is_prose {
                // In front of it are a mark, its label, and a gap.
                let taken = (label(line).max(self.label_width) + 1).min(self.width / 2) + 3;
                for (number, part) in wrap(&line.value, self.width.saturating_sub(taken)).into_iter().enumerate() {
                    self.places.push(Place { line: index, part: Some(part), is_first: number == 0 });
                }
            } else {
                self.places.push(Place { line: index, part: None, is_first: true });
            }
        }
    }

    /// The number of the line at a place.
    pub(super) fn index(&self, place: usize) -> Option<usize> {
        self.places.get(place).map(|place| place.line)
    }

    /// The line at a place.
    pub(super) fn line(&self, place: usize) -> Option<&Line> {
        self.detail.lines.get(self.places.get(place)?.line)
    }

    /// Label and value at a place.
    pub(super) fn texts(&self, place: usize) -> Option<(&str, &str)> {
        let (line, at) = (self.line(place)?, self.places.get(place)?);
        let label = if at.is_first { line.label.as_str() } else { "" };
        Some((label, at.part.as_deref().unwrap_or(&line.value)))
    }

    /// The place of a path.
    pub(super) fn place_of(&self, path: &str) -> Option<usize> {
        (0..self.len()).find(|place| self.line(*place).is_some_and(|line| line.path == path))
    }

    /// The place of the group around a place.
    pub(super) fn parent(&self, place: usize) -> Option<usize> {
        let depth = self.line(place)?.depth;
        (0..place).rev().find(|place| self.line(*place).is_some_and(|line| line.depth < depth))
    }

    /// The place of the narrowest shown line that a byte belongs to.
    pub(super) fn place_of_byte(&self, byte: usize) -> Option<usize> {
        let span = |place: usize| self.line(place).and_then(|line| line.span.as_ref());
        let holds = |place: &usize| span(*place).is_some_and(|span| span.contains(&byte));
        let width = |place: &usize| span(*place).map_or(usize::MAX, ExactSizeIterator::len);
        // Of equally narrow ones the innermost.
        (0..self.len()).filter(holds).min_by_key(|place| (width(place), std::cmp::Reverse(*place)))
    }
}

/// What is about the row rather than in it is folded until the user asks.
pub(super) fn is_folded(line: &Line, folds: &Folds) -> bool {
    folds.get(&line.path).copied().unwrap_or(line.is_aside)
}
