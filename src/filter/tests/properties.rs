//! What holds for every input.

use proptest::prelude::*;

use super::{ask, command, message};
use crate::filter::{Filter, complete, tokens};
use crate::proto::rtmp::MessageType;

/// Pieces that filters are made of, and some that they are not.
fn piece() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "type",
        "n",
        "from",
        "command",
        "object",
        "arguments",
        "video",
        "codec",
        "data.values",
        "time",
        "payload",
        ".",
        "[",
        "]",
        "*",
        "(",
        ")",
        "{",
        "}",
        ",",
        "..",
        "==",
        "!=",
        "<",
        ">=",
        "in",
        "contains",
        "matches",
        "and",
        "or",
        "not",
        "!",
        "&&",
        "||",
        "20",
        "0x1f",
        "-3",
        "1.5e3",
        "3s",
        "10k",
        "\"a\"",
        "'b\\n'",
        "r\"c\"",
        "client",
        "true",
        "null",
        "0a:0b",
        "2026-01-01",
        "\\",
        "\"",
        "é",
        " ",
        "0",
        "~",
        "h264",
        "_",
        "$",
    ];
    prop_oneof![
        9 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// A filter that holds together.
fn whole() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        proptest::sample::select(
            &[
                "type == 20",
                "object.app contains 'x'",
                "time > 3s",
                "arguments[0][\"k k\"].c != null",
                "audio",
                "from in {client}",
                "n in {1, 4..0x10}",
                "payload matches r\"a+\"",
                "time < 2026-01-01",
                "timestamp ge 2s"
            ][..]
        )
        .prop_map(str::to_owned)
    ];
    test.prop_recursive(6, 40, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} || {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b}) && {a}")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            inner.prop_map(|a| format!("!{a}")),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(pieces in proptest::collection::vec(piece(), 0..12), space in any::<bool>(), at in 0..40_usize) {
        let input = pieces.join(if space { " " } else { "" });
        match Filter::parse(&input) {
            Ok(filter) => {
                let printed = filter.to_string();
                let again = Filter::parse(&printed).unwrap();
                prop_assert_eq!(again.to_string(), printed);
                ask(&input, &command());
            }
            Err(error) => {
                prop_assert!(input.is_char_boundary(error.span.start) && error.span.end <= input.len());
                prop_assert!(error.to_string().lines().count() == 3);
            }
        }
        let tokens = tokens(&input);
        prop_assert!(tokens.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
        for suggestion in complete(&input, at) {
            prop_assert!(input.get(suggestion.replaces).is_some());
        }
    }

    #[test]
    fn what_is_printed_means_the_same(written in whole()) {
        let filter = Filter::parse(&written).unwrap();
        let printed = filter.to_string();
        let again = Filter::parse(&printed).unwrap();
        prop_assert_eq!(again.to_string(), printed.clone());
        for event in [command(), message(MessageType::AUDIO, &[0xaf, 1, 0])] {
            prop_assert_eq!(ask(&written, &event), ask(&printed, &event));
        }
    }
}
