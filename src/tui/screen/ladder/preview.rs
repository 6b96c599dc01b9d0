//! What the selected arrow stands for, in short: its words, what was found in it, and what its payload says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::arrows::{Arrow, Arrows, severity};
use crate::rules::Severity;
use crate::tui::paint::{column, heading, lines, put};
use crate::tui::shared::Shared;
use crate::tui::wrap::wrap;
use crate::wire::words;

/// Findings that are shown of an arrow.
const FINDINGS: usize = 8;
/// Columns of a field's name.
const LABELS: u16 = 28;

/// The preview, made when another arrow is selected.
#[derive(Debug, Default)]
pub(super) struct Preview {
    /// What it is of, and what was known then: the arrow, secrets, how many arrows, and so how many findings.
    of: Option<(Arrow, u64, usize)>,
    title: String,
    /// Sentences, with the severity of what was found.
    says: Vec<(String, Option<Severity>)>,
    /// Depth, name and value.
    fields: Vec<(u16, String, String)>,
}

impl Preview {
    pub(super) fn prepare(&mut self, shared: &Shared, arrows: &Arrows, place: usize) {
        let Some(arrow) = arrows.get(place) else { return *self = Preview::default() };
        let findings = arrows.findings(&shared.book, arrow, usize::MAX);
        let of = Some((arrow, shared.learned, findings.len()));
        if self.of == of {
            return;
        }
        *self = Preview { of, ..Preview::default() };
        let book = &shared.book;
        match arrow {
            Arrow::Pause(ns, _) => {
                "pause".clone_into(&mut self.title);
                self.says.push((format!("nothing for {}", words::duration(ns)), None));
            }
            Arrow::Run(run) => {
                let n =
                    |row| book.entry(row).and_then(|entry| entry.n).map_or_else(|| "?".to_owned(), |n| n.to_string());
                self.title = match run.media.messages() {
                    1 => format!("message {}", n(run.first)),
                    _ => format!("messages {} to {}", n(run.first), n(run.last)),
                };
                self.says.push((super::describe(book, &run), None));
            }
            Arrow::Row(row) => {
                let detail = book.detail(row);
                self.title.clone_from(&detail.title);
                self.says.push((book.line(row), None));
                let mut skip = 0;
                for (index, line) in detail.lines.iter().enumerate().filter(|(_, line)| !line.is_prose) {
                    if index < skip {
                        continue;
                    }
                    if line.is_aside {
                        skip = line.end.unwrap_or_default();
                        continue;
                    }
                    let unit = if line.value.is_empty() || line.unit.is_empty() { "" } else { " " };
                    let value = format!("{}{unit}{}", line.value, if unit.is_empty() { "" } else { line.unit });
                    self.fields.push((line.depth, line.label.clone(), value));
                }
            }
        }
        for row in findings.iter().take(FINDINGS) {
            let text = book.text(*row);
            self.says.push((format!("{} {}", text.kind, text.what), severity(book, *row)));
        }
        if findings.len() > FINDINGS {
            self.says.push((format!("and {}", words::count((findings.len() - FINDINGS) as u64, "more finding")), None));
        }
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        if area.height == 0 || area.width < 4 {
            return;
        }
        let theme = &shared.theme;
        let body = heading(buffer, area, theme, false, &format!(" {}", self.title), "");
        let width = usize::from(body.width.saturating_sub(2));
        let mut rest = lines(body);
        let total = usize::from(body.height);
        let mut used = 0;
        // Of a long sentence some lines are enough where there are fields below.
        let most = if self.fields.is_empty() { total } else { (total / 3).max(2) };
        for (text, severity) in &self.says {
            let style = severity.map_or(Style::new(), |severity| theme.severity(severity));
            let parts = wrap(text, width);
            for (number, part) in parts.iter().take(most).enumerate() {
                let Some(line) = rest.next() else { return };
                used += 1;
                let is_cut = number + 1 == most && parts.len() > most;
                let cut = if is_cut || (used == total && number + 1 < parts.len()) { " …" } else { "" };
                put(buffer, inner(line), &format!("{part}{cut}"), style);
            }
        }
        for (index, (depth, label, value)) in self.fields.iter().enumerate() {
            let Some(line) = rest.next() else { return };
            used += 1;
            if used == total && index + 1 < self.fields.len() {
                let left = self.fields.len() - index;
                put(buffer, inner(line), &format!("… {}", words::count(left as u64, "more field")), theme.quiet());
                return;
            }
            let line = inner(line);
            let at = column(buffer, line, (2 * depth).min(line.width / 3), "", Style::new());
            let labels = LABELS.min(line.width / 2).saturating_sub((2 * depth).min(line.width / 3)).max(8);
            let at = column(buffer, at, labels, label, theme.label());
            put(buffer, at, value, Style::new());
        }
    }
}

/// A line without its first and last column.
fn inner(line: Rect) -> Rect {
    Rect { x: line.x + 1, width: line.width.saturating_sub(2), ..line }
}
