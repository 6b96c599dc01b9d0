//! The filter language: which events somebody wants to see.
//!
//! A filter is text ([`docs/filter.md`](../../docs/filter.md) is its reference). [`Filter::parse`] checks it against every
//! field that an event or a decoder has before anything is read; a wrong name or type is a [`FilterError`] with its place.
//! [`Filter::matches`] asks it of one event. [`tokens`] and [`complete`] serve a line in which a filter is written.
//!
//! The way of a filter: `lexer` (text → lexemes) → `parse` (→ expression; `path` finds what names mean in the [`registry`](crate::registry),
//! `operand` and `condition` make literals fit) → `evaluate`. No field of a protocol is known here by name.

mod condition;
mod error;
mod evaluate;
mod lexer;
mod line;
mod literal;
mod name;
mod near;
mod operand;
mod parse;
mod path;
mod print;
mod public;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use crate::registry::{SessionFacts, Sessions, Subject};
pub use error::FilterError;
pub use evaluate::Scratch;
pub use line::{Suggestion, Token, TokenKind, complete, tokens};
pub use near::{did_you_mean, near};
pub use public::is_public;

/// A filter, checked and ready. `Display` gives it in full: names whole, operators as signs.
#[derive(Clone, Debug)]
pub struct Filter {
    expr: parse::Expr,
}

impl Filter {
    /// Reads a filter.
    pub fn parse(input: &str) -> Result<Filter, FilterError> {
        parse::parse(input).map(|expr| Filter { expr }).map_err(|fault| fault.in_input(input))
    }

    /// Whether it asks for anything of what the rules found.
    pub fn asks_for_findings(&self) -> bool {
        self.expr.names("finding")
    }

    /// Whether an event satisfies it.
    pub fn matches(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> bool {
        scratch.forget();
        evaluate::matches(&self.expr, subject, scratch)
    }

    /// Whether an event satisfies it whose bytes were left out; none where they are needed to say that.
    pub fn decide(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> Option<bool> {
        scratch.forget();
        evaluate::decide(&self.expr, subject, scratch)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(input: &str) -> Result<Filter, FilterError> {
        Filter::parse(input)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}
