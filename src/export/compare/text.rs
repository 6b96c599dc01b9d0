//! A comparison as text for a terminal.

use super::{Worth, files, names, places, sessions, shown_codes, software, taken, title, worth};
use crate::compare::{Comparison, Row, State};
use crate::wire::escape;
use crate::wire::words::{counted, fit, fitting, pad, width};

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of a code and of its level.
const CODE: usize = 39;
const LEVEL: usize = 8;
/// Columns of the longest label that is not cut short.
const LABEL: usize = 16;

/// The comparison as text of at most 80 columns. With `all`, rows in which no server differs are shown too.
pub fn text(comparison: &Comparison, color: bool, all: bool) -> String {
    let mut page = Page { comparison, color, text: String::new() };
    page.digest();
    page.tested();
    page.codes();
    page.behaviour(all);
    page.text
}

struct Page<'c> {
    comparison: &'c Comparison,
    color: bool,
    text: String,
}

impl Page<'_> {
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
        let labels: Vec<String> =
            self.comparison.labels.iter().map(|label| fit(&escape(label), LABEL).into_owned()).collect();
        for columns in columns(&labels) {
            self.line("");
            let names = labels[columns.clone()].join("  ");
            self.heading(&format!("{:<w$}  {names}", "Information objects", w = CODE + LEVEL));
            for row in shown_codes(self.comparison) {
                let mut line = pad(&fit(&escape(&row.code), CODE - 1), CODE);
                line += &pad(&fit(&escape(&row.level), LEVEL), LEVEL);
                for label in columns.clone() {
                    let state = row.cells[label].state;
                    let room = width(&labels[label]).saturating_sub(1);
                    let mark = self.painted(state, state.mark());
                    line += &format!("  {}{mark}{}", " ".repeat(room / 2), " ".repeat(room - room / 2));
                }
                self.line(line.trim_end());
            }
        }
        let legend: Vec<String> = State::ALL
            .iter()
            .map(|state| format!("{} {}", self.painted(*state, state.mark()), state.words()))
            .collect();
        self.line(&legend.join("   "));
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
                self.wrapped("  ", &format!("{} {}: {}", cell.state.mark(), cell.state.words(), cell.detail), "  ");
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
        let painted = if self.color && row.differs { "\u{1b}[1m" } else { "" };
        let off = if painted.is_empty() { "" } else { "\u{1b}[0m" };
        let start = self.text.len();
        self.wrapped(mark, &escape(&title(row)), "    ");
        if !painted.is_empty() {
            let heading = self.text.split_off(start);
            self.text += &format!("{painted}{}{off}\n", heading.trim_end());
        }
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

    fn painted(&self, state: State, text: &str) -> String {
        let color = match state {
            State::Works => "32",
            State::Deviates => "33",
            State::Missing => "31",
            State::NotExercised => "2",
        };
        if self.color { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn heading(&mut self, text: &str) {
        let text = text.trim_end();
        if self.color {
            self.line(&format!("\u{1b}[1m{text}\u{1b}[0m"));
        } else {
            self.line(text);
        }
    }

    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    /// Text broken at spaces, behind `first`, its further lines behind `next`.
    fn wrapped(&mut self, first: &str, text: &str, next: &str) {
        let mut line = first.to_owned();
        let mut empty = true;
        for word in text.split(' ') {
            let mut word = word.to_owned();
            if !empty && width(&line) + 1 + width(&word) > WIDTH {
                self.line(line.trim_end());
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
                self.line(line.trim_end());
                next.clone_into(&mut line);
                word = word.split_off(at);
            }
            line += &word;
            empty = false;
        }
        self.line(line.trim_end());
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
