//! A comparison of servers, as [`text()`] for a terminal, [`markdown()`] for an issue, [`html()`] for a browser and [`json()`] for
//! programs. All text from the wire was masked when it was taken up; each form escapes it in its own way.

mod html;
mod json;
mod markdown;
mod text;

pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use text::text;

use std::borrow::Cow;

use crate::compare::{CodeCell, Comparison, Evidence, Row, State, Tested};
use crate::export::time::second;
use crate::wire::escape;
use crate::wire::words::{clip, counted};

/// Characters of what a cell says in one line.
const BRIEF: usize = 64;

/// Where something can be seen: `obs-publish.pcap 1:12` is message 12 of session 1.
fn place(comparison: &Comparison, evidence: &Evidence) -> String {
    let file = escape(file(comparison, evidence.capture));
    match evidence.n {
        Some(n) => format!("{file} {}:{n}", evidence.session),
        None => format!("{file} {}", evidence.session),
    }
}

/// A capture's name without its folder.
fn file(comparison: &Comparison, capture: usize) -> &str {
    let path = comparison.captures.get(capture).map_or("", String::as_str);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn places(comparison: &Comparison, evidence: &[Evidence]) -> String {
    evidence.iter().map(|evidence| place(comparison, evidence)).collect::<Vec<_>>().join(", ")
}

/// What a row is worth showing for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// Servers differ.
    Differs,
    /// All that were seen do the same.
    Agrees,
    /// Only one was seen.
    Alone,
}

fn worth(row: &Row) -> Worth {
    let seen = row.cells.iter().filter(|cell| !cell.values.is_empty()).count();
    match (row.differs, seen) {
        (true, _) => Worth::Differs,
        (false, 0 | 1) => Worth::Alone,
        (false, _) => Worth::Agrees,
    }
}

/// The codes that are shown: those of the table of 2007, and what was seen or missed somewhere.
fn shown_codes(comparison: &Comparison) -> impl Iterator<Item = &crate::compare::CodeRow> {
    comparison.codes.iter().filter(|row| {
        Comparison::is_classic(&row.code) || row.cells.iter().any(|cell| cell.state != State::NotExercised)
    })
}

/// A row's title with its situation.
fn title(row: &Row) -> String {
    if row.situation.is_empty() { row.title.clone() } else { format!("{} ({})", row.title, row.situation) }
}

/// What a label stands for.
fn sessions(comparison: &Comparison, label: usize) -> String {
    let tested = &comparison.tested[label];
    let mut text = counted(tested.sessions as usize, "session", "sessions");
    match tested.left_out {
        0 => {}
        left_out => text += &format!(", {left_out} without a readable beginning left out"),
    }
    if label == comparison.reference {
        text += ", the reference";
    }
    text
}

/// What names a server's software.
fn software(tested: &Tested) -> String {
    let told: Vec<String> = tested.software.iter().map(|told| format!("{} {}", told.source, told.value)).collect();
    if told.is_empty() { "not told on the wire".to_owned() } else { told.join("; ") }
}

/// When the sessions began, in UTC.
fn taken(tested: &Tested) -> String {
    let Some((first, last)) = tested.times else { return "no session".to_owned() };
    let (first, last) = (second(first), second(last));
    if first == last { first } else { format!("{first} to {last}") }
}

/// The files that a label stands for.
fn files(comparison: &Comparison, tested: &Tested) -> String {
    tested.captures.iter().map(|capture| file(comparison, *capture)).collect::<Vec<_>>().join(", ")
}

/// The names of labels.
fn names(comparison: &Comparison, labels: &[usize]) -> Vec<String> {
    labels.iter().map(|label| comparison.labels[*label].clone()).collect()
}

/// What deviates, in one line: the first of it, cut short.
fn brief(cell: &CodeCell) -> String {
    let (first, more) = match cell.detail.split_once("; ") {
        Some((first, _)) => (first, true),
        None => (cell.detail.as_str(), false),
    };
    match clip(first, BRIEF) {
        Cow::Borrowed(_) if more => format!("{first}; …"),
        told => told.into_owned(),
    }
}
