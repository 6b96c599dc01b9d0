//! Text → lexemes with their places. It never fails: what is no lexeme is a [`Lexeme::Bad`] that says why.
//!
//! One lexer serves the parser, the colours and the completion.

use std::ops::Range;

use super::literal;

/// The smallest piece of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lexeme {
    /// A part of a field's name, one of our words, or an operator that is a word.
    Name,
    Int(i128),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970 UTC.
    Date(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// An operator or a bracket.
    Sign(&'static str),
    Bad(Bad),
}

/// Why something is no lexeme.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bad {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Bad {
    pub(super) fn new(message: impl Into<String>) -> Bad {
        Bad { message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Bad {
        self.help = Some(help.into());
        self
    }
}

/// A lexeme and the bytes of the input that it is.
#[derive(Clone, Debug)]
pub(super) struct Lexed {
    pub(super) lexeme: Lexeme,
    pub(super) span: Range<usize>,
}

/// Longest first, so that the first that fits is right.
const SIGNS: &[&str] =
    &["==", "!=", "<=", ">=", "&&", "||", "..", "<", ">", "!", "(", ")", "{", "}", "[", "]", ".", ",", "*", "~"];

/// Takes the whole input apart. White space alone is left out.
pub(super) fn lex(input: &str) -> Vec<Lexed> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = input[at..].chars().next() {
        let rest = &input[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (lexeme, length) = one(rest, first);
        found.push(Lexed { lexeme, span: at..at + length });
        at += length;
    }
    found
}

fn one(rest: &str, first: char) -> (Lexeme, usize) {
    if let Some(bytes) = literal::bytes(rest) {
        return bytes;
    }
    let next = rest.as_bytes().get(1).copied().unwrap_or_default();
    match first {
        '"' | '\'' => literal::text(rest),
        'r' if matches!(next, b'"' | b'\'') => literal::raw_text(rest),
        _ if first.is_ascii_digit() || (first == '-' && next.is_ascii_digit()) => literal::number(rest),
        _ if is_name_start(first) => {
            let length = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
            (Lexeme::Name, length)
        }
        _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => (Lexeme::Sign(sign), sign.len()),
            None => (Lexeme::Bad(unknown(first)), first.len_utf8()),
        },
    }
}

fn unknown(first: char) -> Bad {
    let bad = Bad::new(format!("unexpected `{}`", first.escape_debug()));
    match first {
        '=' => bad.help("`==` compares"),
        '&' => bad.help("write `&&` or `and`"),
        '|' => bad.help("write `||` or `or`"),
        '-' | '$' | '@' | ':' | '/' => bad.help("a key with other characters than letters is written `[\"…\"]`"),
        _ => bad,
    }
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

pub(super) fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a key can stand behind a dot.
pub(super) fn is_name(key: &str) -> bool {
    key.starts_with(is_name_start) && key.chars().all(is_name_part)
}
