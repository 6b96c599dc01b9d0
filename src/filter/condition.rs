//! What is asked of a field's values, checked against its type.

use std::cmp::Ordering;

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::error::Fault;
use super::lexer::Lexeme;
use super::name::noun;
use super::operand::{Literal, Operand};
use super::path::Path;
use crate::limits::Limits;
use crate::registry::native::Seen;
use crate::wire::{Kind, Word};

/// Bytes that one compiled expression may take.
const REGEX_SIZE: usize = Limits::DEFAULT.filter_regex_bytes;

/// An operator of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    Matches,
    In,
}

/// Every operator: its sign or word, and another way to write it.
pub(super) const OPERATORS: &[(Op, &str, &str)] = &[
    (Op::Eq, "==", "eq"),
    (Op::Ne, "!=", "ne"),
    (Op::Le, "<=", "le"),
    (Op::Ge, ">=", "ge"),
    (Op::Lt, "<", "lt"),
    (Op::Gt, ">", "gt"),
    (Op::Contains, "contains", "contains"),
    (Op::Matches, "matches", "~"),
    (Op::In, "in", "in"),
];

impl Op {
    pub(super) fn sign(self) -> &'static str {
        OPERATORS.iter().find(|(op, _, _)| *op == self).map_or("", |(_, sign, _)| sign)
    }

    fn orders(self) -> bool {
        matches!(self, Op::Lt | Op::Le | Op::Gt | Op::Ge)
    }

    /// Whether values of this type can be asked so.
    pub(super) fn fits(self, kind: Kind, words: &[Word]) -> bool {
        let ordered = !words.is_empty() && words.iter().all(|word| word.number.is_some());
        match self {
            Op::Eq | Op::Ne | Op::In => !matches!(kind, Kind::Group | Kind::List),
            Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                matches!(kind, Kind::Uint | Kind::Int | Kind::Number | Kind::Time | Kind::Amf)
                    || (kind == Kind::Word && ordered)
            }
            Op::Contains | Op::Matches => matches!(
                kind,
                Kind::Text | Kind::Word | Kind::Bytes | Kind::Opaque | Kind::Amf | Kind::Group | Kind::List
            ),
        }
    }
}

/// One member of a set: a value or a range.
#[derive(Clone, Debug)]
pub(super) enum Item {
    One(Literal),
    Range(Literal, Literal),
}

/// What is asked, ready to run.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// There is a value.
    Exists,
    Is(Operand),
    IsNot(Operand),
    Order(Op, Operand),
    /// It is one of the values, or in one of the ranges.
    OneOf(Vec<Operand>, Vec<(Operand, Operand)>),
    Contains(Box<Finder<'static>>),
    Matches(Regex),
}

impl Condition {
    pub(super) fn new(path: &Path, op: Op, items: &[Item]) -> Result<Condition, Fault> {
        let one = |items: &[Item]| match items {
            [Item::One(literal)] => Ok(literal.clone()),
            _ => Err(Fault::new(&(0..0), "one value was expected")),
        };
        if !op.fits(path.kind, path.words) && !matches!(op, Op::Eq | Op::Ne | Op::In) {
            let literal = one(items)?;
            let what = noun(path.kind, path.unit);
            let message = format!("`{}` is {what} and has no `{}`", path.name, op.sign());
            let fault = Fault::new(&literal.span, message);
            return Err(if op.orders() {
                fault.help("`==`, `!=` and `in` compare it")
            } else {
                fault.help("that looks into text and bytes")
            });
        }
        Ok(match op {
            Op::Eq => Condition::Is(Operand::of(path, &one(items)?)?),
            Op::Ne => Condition::IsNot(Operand::of(path, &one(items)?)?),
            Op::Contains => Condition::Contains(Box::new(Finder::new(&needle(&one(items)?)?).into_owned())),
            Op::Matches => Condition::Matches(expression(&one(items)?)?),
            Op::In => set(path, items)?,
            _ => Condition::Order(op, ordered(path, &one(items)?)?),
        })
    }

    /// Whether it looks into a value with all that is inside.
    pub(super) fn looks_inside(&self) -> bool {
        matches!(self, Condition::Contains(_) | Condition::Matches(_))
    }

    pub(super) fn holds(&self, seen: Seen<'_>, words: &[Word]) -> bool {
        match self {
            Condition::Exists => true,
            Condition::Is(operand) => operand.is(seen),
            Condition::IsNot(operand) => operand.is_not(seen),
            Condition::Order(op, operand) => order(*op, seen, operand, words),
            Condition::OneOf(values, ranges) => {
                values.iter().any(|value| value.is(seen))
                    || ranges.iter().any(|(first, last)| within(seen, first, last, words))
            }
            Condition::Contains(needle) => text(seen).is_some_and(|text| needle.find(text).is_some()),
            Condition::Matches(regex) => text(seen).is_some_and(|text| regex.is_match(text)),
        }
    }
}

fn order(op: Op, seen: Seen<'_>, operand: &Operand, words: &[Word]) -> bool {
    // Of a row of numbers, the one that fits best is the first or the last.
    let seen = match seen {
        Seen::Span(first, _) if matches!(op, Op::Lt | Op::Le) => Seen::Uint(first),
        Seen::Span(_, last) => Seen::Uint(last),
        _ => seen,
    };
    let Some(order) = operand.order(seen, words) else { return false };
    match op {
        Op::Lt => order == Ordering::Less,
        Op::Le => order != Ordering::Greater,
        Op::Gt => order == Ordering::Greater,
        Op::Ge => order != Ordering::Less,
        _ => false,
    }
}

fn within(seen: Seen<'_>, first: &Operand, last: &Operand, words: &[Word]) -> bool {
    order(Op::Ge, seen, first, words) && order(Op::Le, seen, last, words)
}

fn text(seen: Seen<'_>) -> Option<&[u8]> {
    match seen {
        Seen::Text(text) | Seen::Bytes(text) => Some(text),
        Seen::Word(word) => Some(word.as_bytes()),
        _ => None,
    }
}

/// A literal by which values are put in order.
fn ordered(path: &Path, literal: &Literal) -> Result<Operand, Fault> {
    let operand = Operand::of(path, literal)?;
    let has_order = match &operand {
        Operand::Numbers(numbers) => numbers.len() == 1,
        Operand::Bytes(_) | Operand::Bool(_) | Operand::Null | Operand::Undefined => false,
        Operand::Word(_) => Op::Lt.fits(path.kind, path.words),
        _ => true,
    };
    if has_order {
        return Ok(operand);
    }
    let message = format!("nothing is less or more than `{}`", crate::wire::escape(&literal.text));
    Err(Fault::new(&literal.span, message).help("`==`, `!=` and `in` compare with it"))
}

fn needle(literal: &Literal) -> Result<Vec<u8>, Fault> {
    match &literal.lexeme {
        Lexeme::Text(text) => Ok(text.clone().into_bytes()),
        Lexeme::Bytes(bytes) => Ok(bytes.clone()),
        _ => Err(Fault::new(&literal.span, "`contains` looks for text or bytes")
            .help("text stands in quotes: `\"live\"`; bytes are two hex digits each: `0a:0b`")),
    }
}

fn expression(literal: &Literal) -> Result<Regex, Fault> {
    let Lexeme::Text(text) = &literal.lexeme else {
        return Err(Fault::new(&literal.span, "`matches` takes a regular expression in quotes"));
    };
    RegexBuilder::new(text).size_limit(REGEX_SIZE).dfa_size_limit(REGEX_SIZE).build().map_err(|error| {
        let why = match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        };
        Fault::new(&literal.span, format!("bad regular expression ({why})"))
    })
}

fn set(path: &Path, items: &[Item]) -> Result<Condition, Fault> {
    let mut values = Vec::new();
    let mut ranges = Vec::new();
    for item in items {
        match item {
            Item::One(literal) => values.push(Operand::of(path, literal)?),
            Item::Range(first, last) => {
                let (low, high) = (ordered(path, first)?, ordered(path, last)?);
                if !Op::Lt.fits(path.kind, path.words) {
                    let message = format!("`{}` is {} and has no ranges", path.name, noun(path.kind, path.unit));
                    return Err(Fault::new(&first.span, message));
                }
                let order = match (&low, &high) {
                    (Operand::Int(low), Operand::Int(high)) => low.partial_cmp(high),
                    (Operand::Float(low), Operand::Float(high)) => low.partial_cmp(high),
                    (Operand::Since(low), Operand::Since(high)) | (Operand::At(low), Operand::At(high)) => {
                        low.partial_cmp(high)
                    }
                    _ => None,
                };
                if order == Some(Ordering::Greater) {
                    let span = first.span.start..last.span.end;
                    let message = format!("nothing is from `{}` to `{}`", first.text, last.text);
                    return Err(Fault::new(&span, message).help("the smaller one comes first"));
                }
                ranges.push((low, high));
            }
        }
    }
    Ok(Condition::OneOf(values, ranges))
}
