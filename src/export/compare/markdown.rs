//! A comparison as Markdown.

use super::{Worth, brief, files, names, places, sessions, shown_codes, software, taken, title, worth};
use crate::compare::{CodeCell, CodeRow, Comparison, Row, State};
use crate::export::page::Page;
use crate::wire::escape;

/// The comparison as Markdown, for an issue or a document. What all servers do alike stands folded at the end.
pub fn markdown(comparison: &Comparison) -> Page {
    let mut text = String::new();
    digest(&mut text, comparison);
    tested(&mut text, comparison);
    codes(&mut text, comparison);
    text += "\n### Behaviour that differs\n\n";
    table(&mut text, comparison, comparison.behaviour.iter().filter(|row| worth(row) == Worth::Differs));
    for (what, summary) in [(Worth::Agrees, "Where all agree"), (Worth::Alone, "Seen on one server alone")] {
        let rows = || comparison.behaviour.iter().filter(|row| worth(row) == what);
        if rows().next().is_some() {
            text += &format!("\n<details><summary>{summary}</summary>\n\n");
            table(&mut text, comparison, rows());
            text += "\n</details>\n";
        }
    }
    if !comparison.latencies.is_empty() {
        text += "\n<details><summary>Latencies</summary>\n\n";
        table(&mut text, comparison, comparison.latencies.iter());
        text += "\n</details>\n";
    }
    Page::of(&text)
}

/// The table of codes, and what each state rests on.
fn codes(text: &mut String, comparison: &Comparison) {
    if comparison.codes.is_empty() {
        return;
    }
    *text += "\n### Information objects\n\n";
    *text += "| Code | Level | Meaning |";
    comparison.labels.iter().for_each(|label| *text += &format!(" {} |", code(label)));
    *text += " Comments |\n| --- | --- | --- |";
    *text += &" --- |".repeat(comparison.labels.len() + 1);
    text.push('\n');
    for row in shown_codes(comparison) {
        *text += &format!("| {} | {} | {} |", code(&row.code), level(&row.level), escaped(&row.meaning));
        for cell in &row.cells {
            *text += &match cell.state {
                State::Deviates | State::Missing => format!(" {} {} |", cell.state.mark(), code(&brief(cell))),
                State::Works | State::NotExercised => format!(" {} |", cell.state.mark()),
            };
        }
        *text += &format!(" {} |\n", comments(row));
    }
    text.push('\n');
    let legend = State::ALL.map(|state| format!("{} {}", state.mark(), state.words()));
    *text += &legend.join(" · ");
    *text += "\n\n<details><summary>What each state rests on</summary>\n\n";
    for row in shown_codes(comparison) {
        for (label, cell) in comparison.labels.iter().zip(&row.cells) {
            if cell.state != State::NotExercised {
                *text += &format!("- {} {} {}\n", code(&row.code), code(label), told(comparison, cell));
            }
        }
    }
    *text += "\n`capture session:message` says where a thing can be seen.\n\n</details>\n";
}

/// A level; of a code that is not known it is text from the wire.
fn level(level: &str) -> String {
    let is_word = level.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
    if is_word { level.to_owned() } else { code(level) }
}

/// The differences that break clients first.
fn digest(text: &mut String, comparison: &Comparison) {
    if comparison.labels.len() < 2 {
        return;
    }
    *text += "### What breaks clients first\n\n";
    if comparison.digest.is_empty() {
        *text += "No difference of a kind that is known to break clients.\n\n";
        return;
    }
    for (index, difference) in comparison.digest.iter().enumerate() {
        let labels: Vec<String> = names(comparison, &difference.labels).iter().map(|label| code(label)).collect();
        let (title, labels) = (code(&difference.title), labels.join(", "));
        *text += &format!("{}. {title} ({labels}): {}.\n", index + 1, escaped(difference.why));
    }
    text.push('\n');
}

/// What stands behind each label.
fn tested(text: &mut String, comparison: &Comparison) {
    *text += "### Tested with\n\n";
    for (index, (label, tested)) in comparison.labels.iter().zip(&comparison.tested).enumerate() {
        *text += &format!("- {}: {}, {}\n", code(label), sessions(comparison, index), taken(tested));
        *text += &format!("  - software: {}\n", code(&software(tested)));
        if !tested.captures.is_empty() {
            *text += &format!("  - captures: {}\n", code(&files(comparison, tested)));
        }
        for note in &tested.notes {
            *text += &format!("  - note: {}\n", code(note));
        }
    }
}

/// What there is to say of a code that no server was seen to send.
fn comments(row: &CodeRow) -> String {
    let is_unseen = row.cells.iter().all(|cell| cell.state == State::NotExercised);
    row.cells.first().filter(|_| is_unseen).map_or_else(String::new, |cell| escaped(&cell.detail))
}

/// A state with its detail and evidence.
fn told(comparison: &Comparison, cell: &CodeCell) -> String {
    let mut text = cell.state.words().to_owned();
    if !cell.detail.is_empty() {
        text += &format!(": {}", code(&cell.detail));
    }
    text += &format!(" ({})", code(&places(comparison, &cell.evidence)));
    text
}

fn table<'r>(text: &mut String, comparison: &Comparison, rows: impl Iterator<Item = &'r Row>) {
    *text += "| |";
    comparison.labels.iter().for_each(|label| *text += &format!(" {} |", code(label)));
    *text += "\n| --- |";
    *text += &" --- |".repeat(comparison.labels.len());
    text.push('\n');
    for row in rows {
        *text += &format!("| {} |", code(&title(row)));
        for cell in &row.cells {
            let values: Vec<String> = cell.values.iter().map(|value| code(value)).collect();
            let mark = if cell.differs { "≠ " } else { "" };
            *text += &format!(" {mark}{} |", if values.is_empty() { "·".to_owned() } else { values.join("<br>") });
        }
        text.push('\n');
    }
}

/// Text as code, in which nothing is Markdown: no link, no mention, no column of a table.
fn code(text: &str) -> String {
    let text = escape(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    if longest == 0 && !text.is_empty() {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// Our own words, with what Markdown would take for its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in escape(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&' | '@') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
