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

use crate::compare::{Comparison, Evidence, Row, State};
use crate::wire::escape;
use crate::wire::words::counted;

/// Where something can be seen: `obs-publish.pcap 1:12` is message 12 of session 1.
fn place(comparison: &Comparison, evidence: &Evidence) -> String {
    let path = comparison.captures.get(evidence.capture).map_or("", String::as_str);
    let file = escape(path.rsplit(['/', '\\']).next().unwrap_or(path));
    match evidence.n {
        Some(n) => format!("{file} {}:{n}", evidence.session),
        None => format!("{file} {}", evidence.session),
    }
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
    let followed = comparison.sessions.get(label).copied().unwrap_or_default();
    let mut text = counted(followed as usize, "session", "sessions");
    match comparison.left_out.get(label).copied().unwrap_or_default() {
        0 => {}
        left_out => text += &format!(", {left_out} without a readable beginning left out"),
    }
    if label == comparison.reference {
        text += ", the reference";
    }
    text
}
