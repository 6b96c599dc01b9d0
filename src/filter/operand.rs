//! What a field is compared with: a literal, made to fit the field's type before anything runs.

use std::cmp::Ordering;
use std::ops::Range;

use super::error::Fault;
use super::lexer::Lexeme;
use super::literal;
use super::name::noun;
use super::near::{did_you_mean, near};
use super::path::Path;
use crate::registry::native::Seen;
use crate::wire::{Kind, Word, escape};

/// A literal as it was written.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    pub(super) lexeme: Lexeme,
    pub(super) span: Range<usize>,
    /// Its characters in the filter.
    pub(super) text: String,
}

/// A literal as values are compared with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Int(i128),
    /// Any of these numbers: those that a word stands for.
    Numbers(Vec<u32>),
    Float(f64),
    Bool(bool),
    /// Nanoseconds since the capture's start.
    Since(i64),
    /// Nanoseconds since 1970.
    At(i64),
    Word(String),
    Bytes(Vec<u8>),
    Null,
    Undefined,
}

impl Operand {
    /// What the literal is to the field, or why it is nothing.
    pub(super) fn of(path: &Path, literal: &Literal) -> Result<Operand, Fault> {
        let fitting = match path.kind {
            Kind::Uint | Kind::Int | Kind::Number => number(path, literal)?,
            Kind::Bool => match &*literal.text {
                "true" => Some(Operand::Bool(true)),
                "false" => Some(Operand::Bool(false)),
                _ => None,
            },
            Kind::Time => match &literal.lexeme {
                Lexeme::Duration(ns) => Some(Operand::Since(*ns)),
                Lexeme::Date(ns) => Some(Operand::At(*ns)),
                Lexeme::Text(text) => literal::date(text).map(Operand::At),
                _ => None,
            },
            Kind::Text | Kind::Bytes | Kind::Opaque => match &literal.lexeme {
                Lexeme::Text(text) => Some(Operand::Bytes(text.clone().into_bytes())),
                Lexeme::Bytes(bytes) => Some(Operand::Bytes(bytes.clone())),
                _ => None,
            },
            Kind::Word => word(path, literal)?,
            Kind::Amf => amf(literal),
            Kind::Group | Kind::List => None,
        };
        fitting.ok_or_else(|| misfit(path, literal))
    }

    /// How a value stands to it; none where they have nothing in common. `words` are the field's.
    pub(super) fn order(&self, seen: Seen<'_>, words: &[Word]) -> Option<Ordering> {
        match (seen, self) {
            (Seen::Uint(a), Operand::Int(b)) => Some(i128::from(a).cmp(b)),
            (Seen::Int(a), Operand::Int(b)) => Some(i128::from(a).cmp(b)),
            (Seen::Uint(a), Operand::Float(b)) => (a as f64).partial_cmp(b),
            (Seen::Int(a), Operand::Float(b)) => (a as f64).partial_cmp(b),
            (Seen::Number(a), Operand::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Seen::Number(a), Operand::Float(b)) => a.partial_cmp(b),
            (Seen::Uint(a), Operand::Numbers(b)) => b.first().map(|b| a.cmp(&u64::from(*b))),
            (Seen::Bool(a), Operand::Bool(b)) => Some(a.cmp(b)),
            (Seen::Time { since, .. }, Operand::Since(b)) => Some(since.cmp(b)),
            (Seen::Time { at, .. }, Operand::At(b)) => Some(at.cmp(b)),
            (Seen::Date(ms), Operand::At(b)) => (ms * 1e6).partial_cmp(&(*b as f64)),
            (Seen::Word(a), Operand::Word(b)) => number_of(words, a)?.partial_cmp(&number_of(words, b)?),
            _ => None,
        }
    }

    pub(super) fn is(&self, seen: Seen<'_>) -> bool {
        match (seen, self) {
            (Seen::Uint(a), Operand::Numbers(b)) => b.iter().any(|b| u64::from(*b) == a),
            (Seen::Span(first, last), Operand::Int(b)) => (i128::from(first)..=i128::from(last)).contains(b),
            (Seen::Word(a), Operand::Word(b)) => a == b,
            (Seen::Text(a) | Seen::Bytes(a), Operand::Bytes(b)) => a == &**b,
            (Seen::Word(a), Operand::Bytes(b)) => a.as_bytes() == &**b,
            (Seen::Null, Operand::Null) | (Seen::Undefined, Operand::Undefined) => true,
            _ => self.order(seen, &[]) == Some(Ordering::Equal),
        }
    }

    /// Whether a value is something else. Of a row of numbers, whether one of them is.
    pub(super) fn is_not(&self, seen: Seen<'_>) -> bool {
        match seen {
            Seen::Span(first, last) if first != last => true,
            _ => !self.is(seen),
        }
    }
}

fn number_of(words: &[Word], name: &str) -> Option<u32> {
    words.iter().find(|word| word.name == name)?.number
}

/// Nanoseconds of the unit, where it is one of time.
fn nanoseconds(unit: &str) -> Option<i64> {
    match unit {
        "ns" => Some(1),
        "us" => Some(1_000),
        "ms" => Some(1_000_000),
        "s" => Some(1_000_000_000),
        _ => None,
    }
}

fn number(path: &Path, literal: &Literal) -> Result<Option<Operand>, Fault> {
    Ok(match &literal.lexeme {
        Lexeme::Int(value) => Some(Operand::Int(*value)),
        Lexeme::Float(value) => Some(Operand::Float(*value)),
        Lexeme::Duration(ns) => nanoseconds(path.unit).map(|scale| {
            if ns % scale == 0 {
                Operand::Int(i128::from(ns / scale))
            } else {
                Operand::Float(*ns as f64 / scale as f64)
            }
        }),
        Lexeme::Name | Lexeme::Text(_) if !path.words.is_empty() => {
            let name = known_word(path, literal)?;
            let named = path.words.iter().filter(|word| word.name == name).filter_map(|word| word.number);
            Some(Operand::Numbers(named.collect()))
        }
        _ => None,
    })
}

fn word(path: &Path, literal: &Literal) -> Result<Option<Operand>, Fault> {
    let numbered = path.words.iter().all(|word| word.number.is_some());
    Ok(match &literal.lexeme {
        Lexeme::Name | Lexeme::Text(_) => Some(Operand::Word(known_word(path, literal)?.to_owned())),
        // A value without a name is recorded as its number.
        Lexeme::Int(number) if numbered => {
            let named = path.words.iter().find(|word| word.number.map(i128::from) == Some(*number));
            Some(named.map_or(Operand::Int(*number), |word| Operand::Word(word.name.to_owned())))
        }
        _ => None,
    })
}

/// A word, with or without quotes, that the field can be.
fn known_word<'l>(path: &Path, literal: &'l Literal) -> Result<&'l str, Fault> {
    let name = match &literal.lexeme {
        Lexeme::Text(text) => text,
        _ => &literal.text,
    };
    if path.words.is_empty() || path.words.iter().any(|word| word.name == name) {
        return Ok(name);
    }
    let fault = Fault::new(&literal.span, format!("`{}` is never `{}`", path.name, escape(name)));
    let mut words: Vec<_> = path.words.iter().map(|word| word.name).collect();
    words.dedup();
    let meant = did_you_mean(&near(name, words.iter().copied()));
    Err(fault.help(meant.unwrap_or_else(|| format!("it is one of {}", words.join(", ")))))
}

fn amf(literal: &Literal) -> Option<Operand> {
    Some(match &literal.lexeme {
        Lexeme::Int(value) => Operand::Int(*value),
        Lexeme::Float(value) => Operand::Float(*value),
        Lexeme::Date(ns) => Operand::At(*ns),
        Lexeme::Text(text) => Operand::Bytes(text.clone().into_bytes()),
        Lexeme::Bytes(bytes) => Operand::Bytes(bytes.clone()),
        Lexeme::Name => match &*literal.text {
            "true" => Operand::Bool(true),
            "false" => Operand::Bool(false),
            "null" => Operand::Null,
            "undefined" => Operand::Undefined,
            _ => return None,
        },
        _ => return None,
    })
}

fn misfit(path: &Path, literal: &Literal) -> Fault {
    let text = escape(&literal.text);
    let what = match &literal.lexeme {
        Lexeme::Name => format!("`{text}` is a word"),
        Lexeme::Int(_) | Lexeme::Float(_) => format!("`{text}` is a number"),
        Lexeme::Duration(_) => format!("`{text}` is a duration"),
        Lexeme::Date(_) => format!("`{text}` is a time"),
        Lexeme::Text(_) => format!("`{text}` is text"),
        Lexeme::Bytes(_) => format!("`{text}` are bytes"),
        Lexeme::Sign(_) | Lexeme::Bad(_) => format!("`{text}` is no value"),
    };
    let fault = Fault::new(&literal.span, format!("`{}` is {}, {what}", path.name, noun(path.kind, path.unit)));
    match (path.kind, &literal.lexeme) {
        (Kind::Text, Lexeme::Name) => fault.help(format!("text stands in quotes: `\"{text}\"`")),
        (Kind::Amf, Lexeme::Name) => {
            fault.help(format!("text stands in quotes: `\"{text}\"`; bare words are true, false, null and undefined"))
        }
        (Kind::Amf, Lexeme::Duration(_)) => fault.help("its unit is not known: write a plain number"),
        (Kind::Time, _) => {
            fault.help("write the time from the capture's first packet, `3s`, or `2026-11-20T04:15:02Z`")
        }
        (Kind::Word, Lexeme::Int(_)) => {
            let words: Vec<_> = path.words.iter().map(|word| word.name).collect();
            fault.help(format!("it is one of {}", words.join(", ")))
        }
        (Kind::Bool, _) => fault.help("write `== true` or `== false`"),
        (Kind::Group | Kind::List, _) => {
            fault.help("name one of its members, or look for a text anywhere in it with `contains`")
        }
        _ => fault,
    }
}
