//! What is wrong with a filter, and where.

use std::fmt;
use std::ops::Range;

use crate::wire::words::width;

/// Why a filter is none. `Display` is several lines: the sentence, the filter, and marks under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// A clause, lower case, no full stop.
    pub message: String,
    /// The bytes of the filter that it is about; empty at the filter's end.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: Option<String>,
    input: String,
}

impl FilterError {
    /// The place in characters, from 1.
    pub fn column(&self) -> usize {
        self.input.get(..self.span.start).map_or(0, |before| before.chars().count()) + 1
    }

    /// Without the filter itself: for a line on the screen.
    pub fn sentence(&self) -> String {
        let mut sentence = format!("{} at column {}", self.message, self.column());
        if let Some(help) = &self.help {
            sentence += "; ";
            sentence += help;
        }
        sentence
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: Option<&str>| -> String {
            text.unwrap_or_default().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
        };
        let lead = width(&shown(self.input.get(..self.span.start)));
        let marks = width(&shown(self.input.get(self.span.clone()))).max(1);
        writeln!(f, "{}", self.sentence())?;
        writeln!(f, "  {}", shown(Some(&self.input)))?;
        write!(f, "  {}{}", " ".repeat(lead), "^".repeat(marks))
    }
}

impl std::error::Error for FilterError {}

/// A fault before it knows the whole input.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) span: Range<usize>,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn new(span: &Range<usize>, message: impl Into<String>) -> Fault {
        Fault { message: message.into(), span: span.clone(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }

    pub(super) fn in_input(self, input: &str) -> FilterError {
        FilterError { message: self.message, span: self.span, help: self.help, input: input.to_owned() }
    }
}
