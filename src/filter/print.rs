//! A filter as text that gives the same filter again.

use std::fmt;

use super::condition::Item;
use super::parse::{AND, Expr, NOT, OR, Test};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Any(operands) => joined(f, operands, OR.0),
            Expr::All(operands) => joined(f, operands, AND.0),
            Expr::Not(inner) => match **inner {
                Expr::Not(_) | Expr::Test(_) if !compares(inner) => write!(f, "{}{inner}", NOT.0),
                _ => write!(f, "{}({inner})", NOT.0),
            },
            Expr::Test(test) => test.fmt(f),
        }
    }
}

fn compares(expr: &Expr) -> bool {
    matches!(expr, Expr::Test(test) if test.op.is_some())
}

fn joined(f: &mut fmt::Formatter<'_>, operands: &[Expr], sign: &str) -> fmt::Result {
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            write!(f, " {sign} ")?;
        }
        // Only `||` binds less firmly than what it can stand in.
        match operand {
            Expr::Any(_) => write!(f, "({operand})")?,
            _ => write!(f, "{operand}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.name)?;
        let Some(op) = self.op else { return Ok(()) };
        write!(f, " {} ", op.sign())?;
        if let ("in", items) = (op.sign(), &self.items) {
            for (index, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if index == 0 { "{" } else { ", " })?;
            }
            return f.write_str("}");
        }
        self.items.iter().try_for_each(|item| item.fmt(f))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::One(literal) => f.write_str(&literal.text),
            Item::Range(first, last) => write!(f, "{}..{}", first.text, last.text),
        }
    }
}
