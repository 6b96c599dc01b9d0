//! Lexemes → a checked filter, by precedence climbing.

use std::ops::Range;

use super::condition::{Condition, Item, OPERATORS, Op};
use super::error::Fault;
use super::lexer::{Lexed, Lexeme, lex};
use super::name::{Part, Segment};
use super::operand::Literal;
use super::path::{Path, resolve};
use crate::limits::Limits;
use crate::wire::escape;

/// Brackets and negations inside one another.
const NESTED: u32 = Limits::DEFAULT.filter_nesting;
/// Bytes of a filter.
const LONGEST: usize = Limits::DEFAULT.filter_bytes;

/// A filter's meaning.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Any(Vec<Expr>),
    All(Vec<Expr>),
    Not(Box<Expr>),
    Test(Box<Test>),
}

/// A field and what is asked of its values.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) path: Path,
    pub(super) op: Option<Op>,
    /// The literals as they were written, for printing.
    pub(super) items: Vec<Item>,
    pub(super) condition: Condition,
}

impl Expr {
    /// Whether a field of this first part is in it.
    pub(super) fn names(&self, first: &str) -> bool {
        match self {
            Expr::Any(all) | Expr::All(all) => all.iter().any(|expr| expr.names(first)),
            Expr::Not(expr) => expr.names(first),
            Expr::Test(test) => test.path.name.split(['.', '[']).next() == Some(first),
        }
    }
}

/// Words that join or negate, beside their signs.
pub(super) const AND: (&str, &str) = ("&&", "and");
pub(super) const OR: (&str, &str) = ("||", "or");
pub(super) const NOT: (&str, &str) = ("!", "not");

/// How firmly `||` and `&&` bind.
const LEVELS: [(&str, &str); 2] = [OR, AND];

pub(super) fn parse(input: &str) -> Result<Expr, Fault> {
    if input.len() > LONGEST {
        return Err(Fault::new(&(0..0), format!("the filter is longer than {LONGEST} bytes")));
    }
    let mut parser = Parser { input, lexed: lex(input), at: 0, depth: 0 };
    if parser.lexed.is_empty() {
        return Err(parser.fault("the filter is empty").help("write a field's name, as in `type == 20`"));
    }
    let expr = parser.climb(0)?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("an operator, `&&`, `||` or the end was expected")),
    }
}

struct Parser<'i> {
    input: &'i str,
    lexed: Vec<Lexed>,
    at: usize,
    depth: u32,
}

impl<'i> Parser<'i> {
    fn peek(&self) -> Option<&Lexed> {
        self.lexed.get(self.at)
    }

    /// The characters of the next lexeme.
    fn text(&self) -> &'i str {
        self.peek().and_then(|lexed| self.input.get(lexed.span.clone())).unwrap_or_default()
    }

    /// Where the next lexeme is, or the end.
    fn span(&self) -> Range<usize> {
        self.peek().map_or(self.input.len()..self.input.len(), |lexed| lexed.span.clone())
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(&self.span(), message)
    }

    /// What is wrong with the next lexeme where something else was expected.
    fn unexpected(&self, expected: &str) -> Fault {
        match self.peek().map(|lexed| &lexed.lexeme) {
            None => self.fault("the filter ends too early").help(expected),
            Some(Lexeme::Bad(bad)) => {
                let fault = self.fault(bad.message.clone());
                match &bad.help {
                    Some(help) => fault.help(help.clone()),
                    None => fault,
                }
            }
            Some(_) => self.fault(format!("unexpected `{}`", escape(self.text()))).help(expected),
        }
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.peek().is_some_and(|lexed| matches!(lexed.lexeme, Lexeme::Sign(other) if other == sign))
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    /// A sign or the word that means the same.
    fn take(&mut self, (sign, word): (&str, &str)) -> bool {
        let is_word = self.peek().is_some_and(|lexed| lexed.lexeme == Lexeme::Name) && self.text() == word;
        let found = is_word || self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn climb(&mut self, level: usize) -> Result<Expr, Fault> {
        let Some(operator) = LEVELS.get(level) else { return self.unary() };
        let mut operands = Vec::new();
        loop {
            let operand = self.climb(level + 1)?;
            match (operand, level) {
                (Expr::Any(inner), 0) | (Expr::All(inner), 1) => operands.extend(inner),
                (operand, _) => operands.push(operand),
            }
            if !self.take(*operator) {
                break;
            }
        }
        Ok(match operands.pop() {
            Some(only) if operands.is_empty() => only,
            last => {
                operands.extend(last);
                if level == 0 { Expr::Any(operands) } else { Expr::All(operands) }
            }
        })
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let start = self.span();
        let negated = self.take(NOT);
        let open = !negated && self.take_sign("(");
        if !negated && !open {
            return self.test();
        }
        if self.depth >= NESTED {
            return Err(Fault::new(&start, format!("more than {NESTED} brackets inside one another")));
        }
        self.depth += 1;
        let expr = if negated {
            // A negation with its brackets is one level.
            let open = self.take_sign("(");
            let inner = if open { self.bracketed()? } else { self.unary()? };
            Expr::Not(Box::new(inner))
        } else {
            self.bracketed()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn bracketed(&mut self) -> Result<Expr, Fault> {
        let expr = self.climb(0)?;
        if self.take_sign(")") { Ok(expr) } else { Err(self.unexpected("`)` was expected")) }
    }

    fn test(&mut self) -> Result<Expr, Fault> {
        let path = resolve(&self.segments()?)?;
        let found = OPERATORS.iter().find(|(_, sign, word)| self.take((sign, word)) || self.take((word, sign)));
        let Some((op, _, _)) = found else {
            let test = Test { path, op: None, items: Vec::new(), condition: Condition::Exists };
            return Ok(Expr::Test(Box::new(test)));
        };
        let items = if *op == Op::In { self.set()? } else { vec![Item::One(self.literal()?)] };
        let condition = Condition::new(&path, *op, &items)?;
        Ok(Expr::Test(Box::new(Test { path, op: Some(*op), items, condition })))
    }

    fn segments(&mut self) -> Result<Vec<Segment>, Fault> {
        let expected = "a field's name was expected";
        let text = self.text();
        let joins = [AND, OR].iter().any(|(_, word)| *word == text);
        if joins || OPERATORS.iter().any(|(_, sign, word)| *sign == text || *word == text) {
            return Err(self.unexpected(expected));
        }
        let mut segments = vec![self.key(expected)?];
        loop {
            if self.take_sign(".") {
                segments.push(if self.is_sign("*") { self.any() } else { self.key("a name was expected")? });
            } else if self.take_sign("[") {
                segments.push(self.position()?);
                if !self.take_sign("]") {
                    return Err(self.unexpected("`]` was expected"));
                }
            } else {
                return Ok(segments);
            }
        }
    }

    fn key(&mut self, expected: &str) -> Result<Segment, Fault> {
        if self.peek().is_none_or(|lexed| lexed.lexeme != Lexeme::Name) {
            return Err(self.unexpected(expected));
        }
        let segment = Segment { part: Part::Key(self.text().to_owned()), span: self.span() };
        self.at += 1;
        Ok(segment)
    }

    fn any(&mut self) -> Segment {
        let span = self.span();
        self.at += 1;
        Segment { part: Part::Any, span }
    }

    fn position(&mut self) -> Result<Segment, Fault> {
        let part = match self.peek().map(|lexed| &lexed.lexeme) {
            Some(Lexeme::Sign("*")) => return Ok(self.any()),
            Some(Lexeme::Text(key)) => Some(Part::Key(key.clone())),
            Some(Lexeme::Int(index)) => u32::try_from(*index).ok().map(Part::Index),
            _ => None,
        };
        let Some(part) = part else {
            return Err(self.unexpected("a position from 0, `*` or a key in quotes was expected"));
        };
        let segment = Segment { part, span: self.span() };
        self.at += 1;
        Ok(segment)
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        match self.peek() {
            Some(Lexed { lexeme, span }) if !matches!(lexeme, Lexeme::Sign(_) | Lexeme::Bad(_)) => {
                let literal = Literal { lexeme: lexeme.clone(), span: span.clone(), text: self.text().to_owned() };
                self.at += 1;
                Ok(literal)
            }
            _ => Err(self.unexpected("a value was expected")),
        }
    }

    fn set(&mut self) -> Result<Vec<Item>, Fault> {
        if !self.take_sign("{") {
            return Err(self.unexpected("`{` was expected: `in {1, 5..9}`"));
        }
        let mut items = Vec::new();
        loop {
            let first = self.literal()?;
            items.push(if self.take_sign("..") { Item::Range(first, self.literal()?) } else { Item::One(first) });
            if self.take_sign("}") {
                return Ok(items);
            }
            if !self.take_sign(",") {
                return Err(self.unexpected("`,` or `}` was expected"));
            }
        }
    }
}
