//! Which filters may be kept where others read them.

use super::Filter;
use super::lexer::{Lexeme, lex};
use super::line::{TokenKind, tokens};
use crate::proto::rtmp::{procedure, status};

/// Whether nothing in a filter can be a secret: it asks for numbers, and for texts that are known by name, such as procedures and
/// codes. Any other text may be a stream's key, or a part of one.
pub fn is_public(input: &str) -> bool {
    const ANSWERS: [&str; 3] = ["_result", "_error", procedure::ON_STATUS];
    let is_known =
        |text: &str| ANSWERS.contains(&text) || procedure::find(text).is_some() || status::find(text).is_some();
    let is_harmless = |lexeme: &Lexeme| match lexeme {
        Lexeme::Text(text) => is_known(text),
        Lexeme::Bytes(_) | Lexeme::Bad(_) => false,
        _ => true,
    };
    // What a name has in it is written by who sends it.
    let has_own_names = tokens(input).iter().any(|token| {
        token.kind == TokenKind::Field && input.get(token.span.clone()).is_some_and(|name| name.contains(['"', '\'']))
    });
    Filter::parse(input).is_ok() && !has_own_names && lex(input).iter().all(|lexed| is_harmless(&lexed.lexeme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_not_known_are_not_public() {
        for text in [
            "command.name == \"connect\"",
            "length > 100 && session == 2",
            "event == close or tls",
            "command contains \"NetStream.Publish.Denied\"",
        ] {
            assert!(is_public(text), "{text}");
        }
        for text in [
            "command.name == \"live_123\"",
            "payload contains 17:00:00",
            "command matches \"live_.*\"",
            "data.values[1][\"live_123\"] == 1",
            "no such field",
            "",
        ] {
            assert!(!is_public(text), "{text}");
        }
    }
}
