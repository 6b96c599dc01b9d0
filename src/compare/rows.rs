//! The rows of the two tables: information objects, and behaviour.

use super::evidence::Evidence;

/// What is known of a code on one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Sent as it should be.
    Works,
    /// Sent, but not as it should be, or not each time.
    Deviates,
    /// Due and not sent.
    Missing,
    NotExercised,
}

impl State {
    pub const ALL: [State; 4] = [State::Works, State::Deviates, State::Missing, State::NotExercised];

    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            State::Works => "works",
            State::Deviates => "deviates",
            State::Missing => "missing",
            State::NotExercised => "not_exercised",
        }
    }

    /// The same for a person.
    pub const fn words(self) -> &'static str {
        match self {
            State::NotExercised => "not exercised",
            state => state.name(),
        }
    }

    pub const fn mark(self) -> &'static str {
        match self {
            State::Works => "✓",
            State::Deviates => "≠",
            State::Missing => "✗",
            State::NotExercised => "·",
        }
    }
}

/// A code on one server.
#[derive(Clone, Debug)]
pub struct CodeCell {
    pub state: State,
    /// What is other than it should be, or why nothing can be said; empty where there is nothing to say.
    pub detail: String,
    pub evidence: Vec<Evidence>,
}

/// A code on all servers.
#[derive(Clone, Debug)]
pub struct CodeRow {
    pub code: String,
    pub level: String,
    pub meaning: String,
    /// By label.
    pub cells: Vec<CodeCell>,
}

/// A fact of one server.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What the server does; several where it does not always do the same. Empty where it was not seen in that situation.
    pub values: Vec<String>,
    /// Whether this is another behaviour than the reference's.
    pub differs: bool,
    pub evidence: Vec<Evidence>,
}

impl Cell {
    /// The values as one text.
    pub fn text(&self) -> String {
        if self.values.is_empty() { "not exercised".to_owned() } else { self.values.join(" | ") }
    }
}

/// A fact of all servers.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: String,
    pub title: String,
    /// In which situation, where the same fact stands in several rows.
    pub situation: String,
    pub differs: bool,
    /// By label.
    pub cells: Vec<Cell>,
}
