//! A line in which a filter is being written: its colours, and what may stand at the cursor.

use std::ops::Range;

use super::condition::OPERATORS;
use super::lexer::{Lexed, Lexeme, lex};
use super::name::{Part, Segment};
use super::parse::{AND, NOT, OR};
use super::path::{Path, resolve};
use crate::registry::native::ALIASES;
use crate::registry::{fields, written};
use crate::wire::Kind;

/// What a piece of a filter is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A part of a field's name, with its dots and brackets.
    Field,
    /// A value that is a word: `server`, `true`.
    Word,
    /// A number, a duration or a time.
    Number,
    /// Text or bytes.
    Text,
    Operator,
    Bracket,
    /// Nothing that a filter can have.
    Bad,
}

/// A coloured piece and its bytes in the filter. What is between tokens is white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Range<usize>,
}

/// Something that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What to write.
    pub text: &'static str,
    /// The bytes of the input in whose place it stands.
    pub replaces: Range<usize>,
    /// What it means, in one line; may be empty.
    pub about: &'static str,
}

/// Where in the grammar a lexeme stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A field's name, or a negation, is expected.
    Operand,
    /// Inside a field's name.
    Name,
    /// Behind a field's name: an operator is possible.
    Operator,
    /// A value is expected.
    Value,
    /// In a set.
    Set,
    /// A test is complete.
    Joint,
}

/// The input's tokens, also where it is no filter yet.
pub fn tokens(input: &str) -> Vec<Token> {
    walk(input, &lex(input)).0
}

fn is_joint(text: &str) -> bool {
    [AND, OR].iter().any(|(sign, word)| text == *sign || text == *word)
}

fn is_operator(text: &str) -> bool {
    OPERATORS.iter().any(|(_, sign, word)| text == *sign || text == *word)
}

/// Colours the lexemes; gives also the place behind the last of them, and where the last name began.
fn walk(input: &str, lexed: &[Lexed]) -> (Vec<Token>, Place, usize) {
    let mut place = Place::Operand;
    let mut name_at = 0;
    let mut open = 0;
    let mut tokens = Vec::with_capacity(lexed.len());
    for (index, Lexed { lexeme, span }) in lexed.iter().enumerate() {
        let text = input.get(span.clone()).unwrap_or_default();
        let in_name = open > 0 || matches!(place, Place::Name);
        let kind = match lexeme {
            Lexeme::Bad(_) => TokenKind::Bad,
            _ if in_name => TokenKind::Field,
            Lexeme::Int(_) | Lexeme::Float(_) | Lexeme::Duration(_) | Lexeme::Date(_) => TokenKind::Number,
            Lexeme::Text(_) | Lexeme::Bytes(_) => TokenKind::Text,
            Lexeme::Name if place == Place::Operand && text != NOT.1 => TokenKind::Field,
            Lexeme::Name if matches!(place, Place::Value | Place::Set) => TokenKind::Word,
            Lexeme::Sign("." | "[") if place == Place::Operator => TokenKind::Field,
            Lexeme::Sign("(" | ")" | "{" | "}" | "[" | "]" | "," | "..") => TokenKind::Bracket,
            Lexeme::Name | Lexeme::Sign(_) => TokenKind::Operator,
        };
        place = match (place, text) {
            (Place::Operator | Place::Name, "[") => {
                open += 1;
                Place::Name
            }
            (Place::Name, "]") if open > 0 => {
                open -= 1;
                if open > 0 { Place::Name } else { Place::Operator }
            }
            (Place::Name, _) if open > 0 => Place::Name,
            (Place::Operator, ".") => Place::Name,
            (Place::Name, _) => Place::Operator,
            (Place::Operand, "(") => Place::Operand,
            (Place::Operand, text) if text == NOT.0 || text == NOT.1 => Place::Operand,
            (Place::Operand, _) => {
                name_at = index;
                Place::Operator
            }
            (Place::Set, "}") => Place::Joint,
            (Place::Value, "{") | (Place::Set, _) => Place::Set,
            (_, text) if is_joint(text) => Place::Operand,
            (Place::Operator, text) if is_operator(text) => Place::Value,
            (_, _) => Place::Joint,
        };
        tokens.push(Token { kind, span: span.clone() });
    }
    (tokens, place, name_at)
}

/// What may stand at the cursor, a byte position: names, operators, or words of the field that is compared.
pub fn complete(input: &str, cursor: usize) -> Vec<Suggestion> {
    let Some(before) = input.get(..cursor) else { return Vec::new() };
    let mut lexed = lex(before);
    // What touches the cursor is being written.
    let mut replaces = cursor..cursor;
    if let Some(last) = lexed.last()
        && is_open_text(before.get(last.span.clone()).unwrap_or_default())
    {
        // Text may be anything: only what a field says by words can be completed, and words have no quotes.
        let span = last.span.clone();
        let place = walk(before, &lexed[..lexed.len() - 1]).1;
        let begun = before.get(span.clone()).unwrap_or_default().trim_start_matches(['r', '"', '\'']).to_lowercase();
        let words = match place {
            Place::Value | Place::Set => complete(before.get(..span.start).unwrap_or_default(), span.start),
            _ => Vec::new(),
        };
        let fits = words.into_iter().filter(|word| word.text.to_lowercase().starts_with(&begun));
        return fits.map(|word| Suggestion { replaces: span.start..cursor, ..word }).collect();
    }
    while let Some(last) = lexed.last()
        && last.span.end == replaces.start
        && (last.lexeme == Lexeme::Name || (matches!(last.lexeme, Lexeme::Sign("." | "[" | "]" | "*"))))
    {
        // A word behind a name's dot belongs to the name.
        let place = walk(before, &lexed[..lexed.len() - 1]).1;
        replaces.start = last.span.start;
        let is_name_part = matches!(place, Place::Name | Place::Operator);
        lexed.pop();
        if !is_name_part || lexed.last().is_some_and(|last| last.span.end < replaces.start) {
            break;
        }
    }
    let begun = before.get(replaces.clone()).unwrap_or_default().to_lowercase();
    let (_, place, name_at) = walk(before, &lexed);
    let suggestion = |text, about| Suggestion { text, replaces: replaces.clone(), about };
    let suggest = |text: &'static str, about: &'static str| {
        let fits = text.to_lowercase().starts_with(&begun);
        fits.then(|| suggestion(text, about))
    };
    match place {
        Place::Operand | Place::Name => {
            let whole = fields().filter_map(|field| {
                let text = written(field);
                let fits = [text, field.name].iter().any(|name| name.starts_with(&begun));
                fits.then(|| suggestion(text, field.doc))
            });
            let aliases = ALIASES.iter().filter_map(|(alias, _)| suggest(alias, "another name"));
            let found: Vec<_> = whole.chain(aliases).collect();
            if !found.is_empty() || begun.is_empty() {
                return found;
            }
            let shorter = |name: &str| name.split_once('.').is_some_and(|(_, rest)| rest.starts_with(&begun));
            let shortened = fields().filter(|field| shorter(written(field)));
            shortened.map(|field| suggestion(written(field), field.doc)).collect()
        }
        Place::Operator => {
            let path = path_of(before, &lexed[name_at..]);
            let operators = OPERATORS.iter().filter(|(op, _, _)| {
                path.as_ref().is_none_or(|path| {
                    op.fits(path.kind, path.words) && !(path.kind == Kind::Bool && op.sign() == "in")
                })
            });
            operators.map(|(_, sign, _)| *sign).chain([AND.0, OR.0]).filter_map(|sign| suggest(sign, "")).collect()
        }
        Place::Value | Place::Set => {
            let end = lexed
                .iter()
                .skip(name_at)
                .position(|lexed| is_operator(before.get(lexed.span.clone()).unwrap_or_default()));
            let Some(path) = end.and_then(|end| path_of(before, &lexed[name_at..name_at + end])) else {
                return Vec::new();
            };
            let constants: &[&str] = match path.kind {
                Kind::Bool => &["true", "false"],
                Kind::Amf => &["true", "false", "null", "undefined"],
                _ => &[],
            };
            let words = path.words.iter().map(|word| word.name).chain(constants.iter().copied());
            let mut found: Vec<_> = words.filter_map(|word| suggest(word, "")).collect();
            found.dedup();
            found
        }
        Place::Joint => [AND.0, OR.0].into_iter().filter_map(|sign| suggest(sign, "")).collect(),
    }
}

/// Whether it is a text whose closing quote is still to be written.
fn is_open_text(text: &str) -> bool {
    let quoted = text.strip_prefix('r').unwrap_or(text);
    let Some(quote) = quoted.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { return false };
    let is_text = |text: &str| {
        let lexed = lex(text);
        matches!(lexed.as_slice(), [Lexed { lexeme: Lexeme::Text(_), .. }])
    };
    !is_text(text) && is_text(&format!("{text}{quote}"))
}

/// What the lexemes of a name mean.
fn path_of(input: &str, lexed: &[Lexed]) -> Option<Path> {
    let part = |Lexed { lexeme, span }: &Lexed| {
        let part = match lexeme {
            Lexeme::Name => Part::Key(input.get(span.clone())?.to_owned()),
            Lexeme::Text(key) => Part::Key(key.clone()),
            Lexeme::Int(index) => Part::Index(u32::try_from(*index).ok()?),
            Lexeme::Sign("*") => Part::Any,
            _ => return None,
        };
        Some(Segment { part, span: span.clone() })
    };
    let segments: Vec<_> = lexed.iter().filter_map(part).collect();
    if matches!(segments.first(), Some(Segment { part: Part::Key(_), .. })) { resolve(&segments).ok() } else { None }
}
