//! A comparison as text for a terminal.

use super::{Worth, files, names, places, sessions, shown_codes, software, taken, title, worth};
use crate::compare::{Comparison, Row, State};
use crate::export::page::{Page, Paint};
use crate::wire::words::{counted, fit, fitting, pad, width};
use crate::wire::{clean, escape};

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of a code and of its level.
const CODE: usize = 39;
const LEVEL: usize = 8;
/// Columns of the longest label that is not cut short.
const LABEL: usize = 16;

/// The comparison as text of at most 80 columns. With `all`, rows in which no server differs are shown too.
pub fn text(comparison: &Comparison, color: bool, all: bool) -> Page {
    let mut page = Sheet { comparison, color, text: Page::default() };
    page.digest();
    page.tested();
    page.codes();
    page.behaviour(all);
    page.text
}

struct Sheet<'c> {
    comparison: &'c Comparison,
    color: bool,
    text: Page,
}

impl Sheet<'_> {
    /// The differences that break clients first.
    fn digest(&mut self) {
        if self.comparison.labels.len() < 2 {
            return;
        }
        self.heading("What breaks clients first");
        if self.comparison.digest.is_empty() {
            self.line("No difference of a kind that is known to break clients.");
        }
        for (index, difference) in self.comparison.digest.iter().enumerate() {
            let labels = names(self.comparison, &difference.labels).join(", ");
            let title = format!("{}: {}", escape(&difference.title), escape(&labels));
            self.wrapped(&format!("{:>2}. ", index + 1), &title, "      ");
            self.wrapped("      ", difference.why, "      ");
        }
        self.line("");
    }

    /// What stands behind each label.
    fn tested(&mut self) {
        self.heading("Tested with");
        for (index, (label, tested)) in self.comparison.labels.iter().zip(&self.comparison.tested).enumerate() {
            let line = format!("{}: {}, {}", escape(label), sessions(self.comparison, index), taken(tested));
            self.wrapped("", &line, "    ");
            self.wrapped("  ", &format!("software: {}", escape(&software(tested))), "    ");
            if !tested.captures.is_empty() {
                self.wrapped("  ", &format!("captures: {}", escape(&files(self.comparison, tested))), "    ");
            }
            for note in &tested.notes {
                self.wrapped("  ", &format!("note: {}", escape(note)), "    ");
            }
        }
        self.line("");
        self.line("(capture session:message) says where a thing can be seen.");
    }

    fn codes(&mut self) {
        if self.comparison.codes.is_empty() {
            return;
        }
        let labels: Vec<String> =
            self.comparison.labels.iter().map(|label| fit(&escape(label), LABEL).into_owned()).collect();
        for columns in columns(&labels) {
            self.line("");
            let names = labels[columns.clone()].join("  ");
            self.heading(&format!("{:<w$}  {names}", "Information objects", w = CODE + LEVEL));
            for row in shown_codes(self.comparison) {
                self.text.put(format_args!("{}", pad(&fit(&escape(&row.code), CODE - 1), CODE)));
                self.text.put(format_args!("{}", pad(&fit(&escape(&row.level), LEVEL), LEVEL)));
                for label in columns.clone() {
                    let state = row.cells[label].state;
                    let room = width(&labels[label]).saturating_sub(1);
                    self.text.put(format_args!("  {:room$}", "", room = room / 2));
                    self.text.painted(self.paint(state), format_args!("{}", state.mark()));
                    self.text.put(format_args!("{:room$}", "", room = room - room / 2));
                }
                self.text.end_line();
            }
        }
        for (index, state) in State::ALL.into_iter().enumerate() {
            self.text.put(format_args!("{}", if index > 0 { "   " } else { "" }));
            self.text.painted(self.paint(state), format_args!("{}", state.mark()));
            self.text.put(format_args!(" {}", state.words()));
        }
        self.text.end_line();
        for row in shown_codes(self.comparison) {
            let is_seen = |label: &usize| row.cells[*label].state != State::NotExercised;
            let told: Vec<usize> = (0..row.cells.len()).filter(is_seen).collect();
            // What is true of a code that nobody sent is not told of each.
            let remark = row.cells.first().filter(|cell| told.is_empty() && !cell.detail.is_empty());
            if told.is_empty() && remark.is_none() {
                continue;
            }
            self.line("");
            self.wrapped("", &escape(&row.code), "");
            self.wrapped("  ", &escape(&row.meaning), "  ");
            if let Some(cell) = remark {
                self.wrapped(
                    "  ",
                    &format!("{} {}: {}", cell.state.mark(), cell.state.words(), escape(&cell.detail)),
                    "  ",
                );
            }
            for label in told {
                let cell = &row.cells[label];
                let mut text = escape(&self.comparison.labels[label]);
                text += &format!(": {}", cell.state.words());
                if !cell.detail.is_empty() {
                    text += &format!(": {}", escape(&cell.detail));
                }
                if !cell.evidence.is_empty() {
                    text += &format!(" ({})", places(self.comparison, &cell.evidence));
                }
                self.wrapped(&format!("  {} ", cell.state.mark()), &text, "      ");
            }
        }
    }

    fn behaviour(&mut self, all: bool) {
        self.line("");
        let rows = || self.comparison.behaviour.iter();
        let differing = rows().filter(|row| worth(row) == Worth::Differs).count();
        self.heading(&format!("Behaviour: {}", counted(differing, "row differs", "rows differ")));
        for row in rows() {
            if all || worth(row) == Worth::Differs {
                self.row(row);
            }
        }
        if !self.comparison.latencies.is_empty() {
            self.line("");
            self.heading("Latencies");
            for row in &self.comparison.latencies {
                self.row(row);
            }
        }
        let count = |what| rows().filter(|row| worth(row) == what).count();
        if !all {
            self.line("");
            let agree = counted(count(Worth::Agrees), "row in which all agree", "rows in which all agree");
            let alone = counted(count(Worth::Alone), "row of one server alone", "rows of one server alone");
            self.wrapped("", &format!("Not shown: {agree}, {alone}; --all shows them."), "");
        }
    }

    /// A row: servers that do the same share a line.
    fn row(&mut self, row: &Row) {
        self.line("");
        let mark = if row.differs { "≠ " } else { "  " };
        let paint = if self.color && row.differs { Paint::Bold } else { Paint::None };
        self.wrapped_in(paint, mark, &escape(&title(row)), "    ");
        let mut told = vec![false; row.cells.len()];
        for label in 0..row.cells.len() {
            let cell = &row.cells[label];
            if told[label] || cell.values.is_empty() {
                continue;
            }
            let mut names = Vec::new();
            let mut evidence = Vec::new();
            for (other, its) in row.cells.iter().enumerate().skip(label) {
                if its.values == cell.values && its.differs == cell.differs {
                    told[other] = true;
                    names.push(escape(&self.comparison.labels[other]));
                    evidence.extend(its.evidence.first());
                }
            }
            let mark = if cell.differs { "  ≠ " } else { "    " };
            let mut text = format!("{}: {}", names.join(", "), escape(&cell.text()));
            if let Some(first) = evidence.first() {
                text += &format!(" ({})", super::place(self.comparison, first));
            }
            self.wrapped(mark, &text, "        ");
        }
    }

    fn paint(&self, state: State) -> Paint {
        match state {
            _ if !self.color => Paint::None,
            State::Works => Paint::Green,
            State::Deviates => Paint::Yellow,
            State::Missing => Paint::Red,
            State::NotExercised => Paint::Faint,
        }
    }

    fn heading(&mut self, text: &str) {
        let paint = if self.color { Paint::Bold } else { Paint::None };
        self.text.painted(paint, format_args!("{}", text.trim_end()));
        self.text.end_line();
    }

    fn line(&mut self, line: &str) {
        self.text.line(format_args!("{line}"));
    }

    /// Text broken at spaces, behind `first`, its further lines behind `next`.
    fn wrapped(&mut self, first: &str, text: &str, next: &str) {
        self.wrapped_in(Paint::None, first, text, next);
    }

    fn wrapped_in(&mut self, paint: Paint, first: &str, text: &str, next: &str) {
        // What would be escaped when it is written is wider then.
        let text = clean(text);
        let mut line = first.to_owned();
        let mut empty = true;
        let mut give = |line: &str| {
            self.text.painted(paint, format_args!("{}", line.trim_end()));
            self.text.end_line();
        };
        for word in text.split(' ') {
            let mut word = word.to_owned();
            if !empty && width(&line) + 1 + width(&word) > WIDTH {
                give(&line);
                next.clone_into(&mut line);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            // What has no space is broken where the line ends.
            while width(&line) + width(&word) > WIDTH {
                let room = WIDTH.saturating_sub(width(&line)).max(1);
                let at = fitting(&word, room).max(word.chars().next().map_or(0, char::len_utf8));
                line += &word[..at];
                give(&line);
                next.clone_into(&mut line);
                word = word.split_off(at);
            }
            line += &word;
            empty = false;
        }
        give(&line);
    }
}

/// Labels in groups that fit a line beside the code.
fn columns(labels: &[String]) -> Vec<std::ops::Range<usize>> {
    let mut groups = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (index, label) in labels.iter().enumerate() {
        let needed = width(label) + 2;
        if used > 0 && CODE + LEVEL + used + needed > WIDTH {
            groups.push(start..index);
            (start, used) = (index, 0);
        }
        used += needed;
    }
    groups.push(start..labels.len());
    groups
}
