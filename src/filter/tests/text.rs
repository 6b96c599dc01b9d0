//! Filters as text: printed, wrong, half written.

use crate::filter::TokenKind::{Bad, Bracket, Field, Number, Operator, Word};
use crate::filter::{Filter, complete, tokens};
use crate::registry::{fields, written};

#[test]
fn what_is_printed_is_in_full() {
    for (written, printed) in [
        ("type==20&&object.app eq 'x'", "type == 20 && command.object.app == 'x'"),
        ("not (type == 1 or type == 2) and n", "!(type == 1 || type == 2) && n"),
        ("!!audio", "!!audio"),
        ("not type in {1,2 .. 3}", "!(type in {1, 2..3})"),
        ("arguments[0][\"a b\"].c.*", "command.arguments[0][\"a b\"].c[*]"),
        ("(audio or video) and (n and n)", "(audio || video) && n && n"),
        ("command.name ~ r\"a\\.b\"", "command.name matches r\"a\\.b\""),
        ("problems[*].what contains \"x\"", "problems.what contains \"x\""),
    ] {
        assert_eq!(Filter::parse(written).unwrap_or_else(|error| panic!("{error}")).to_string(), printed);
    }
}

#[test]
fn mistakes_are_said() {
    let wrong = [
        "",
        "  ",
        "comand.name == \"x\"",
        "comand.object.app == \"x\"",
        "codc == h264",
        "codec == h264",
        "tcUrl == \"x\"",
        "command.nme",
        "session.cleint",
        "length == \"a\"",
        "length == 3s",
        "length contains \"a\"",
        "length == true",
        "time > 3",
        "time > \"noon\"",
        "time > 2026-13-01",
        "from == sever",
        "from < server",
        "from == 3",
        "limit_type == hrad",
        "type == audoi",
        "finding.severity >= 'wraning'",
        "finding.code == CTL01",
        "command.name == publish",
        "object.app == live",
        "object.duration > 3s",
        "command == \"x\"",
        "command.arguments.code == \"x\"",
        "command.name[0] == \"x\"",
        "audio[0]",
        "video.enhanced == 1",
        "command.name matches \"(\"",
        "command.name matches \"(a{1000}){1000}\"",
        "command.name matches \"a\\.b\"",
        "command.name == \"open",
        "command.name == \"\\u{110000}\"",
        "type = 20",
        "type & 1",
        "object.flash-ver == \"x\"",
        "type == 20 20",
        "type == 20)",
        "(type == 20",
        "type ==",
        "type in 1",
        "type in {1",
        "type in {}",
        "type in {5..1}",
        "command.name in {\"a\"..\"b\"}",
        "type == 20 and",
        "and type == 20",
        "20 == type",
        "type == 99999999999999999999999",
        "length > 10q",
        "payload contains 0a:0",
        "arguments[-1]",
        "arguments[x]",
        "größe == 1 und ✗",
        "type == 20\tand\n✗",
    ];
    let said: Vec<String> = wrong
        .iter()
        .map(|filter| Filter::parse(filter).map_or_else(|error| error.to_string(), |filter| format!("is {filter}")))
        .collect();
    insta::assert_snapshot!(said.join("\n\n"));
}

fn suggested(line: &str) -> Vec<&'static str> {
    let cursor = line.find('|').unwrap();
    let input = line.replace('|', "");
    complete(&input, cursor).into_iter().map(|suggestion| suggestion.text).collect()
}

#[test]
fn a_line_is_completed() {
    assert_eq!(suggested("command.n|"), ["command.name"]);
    assert_eq!(suggested("type == 20 and user_control.st|"), ["user_control.stream_id"]);
    assert!(suggested("|").contains(&"event"));
    assert!(suggested("!(vid|").contains(&"video"));
    assert_eq!(suggested("limit_type == |"), ["hard", "soft", "dynamic"]);
    assert_eq!(suggested("limit_type in {hard, so|"), ["soft"]);
    assert_eq!(suggested("from == |"), ["client", "server"]);
    assert_eq!(suggested("object.app == nu|"), ["null"]);
    assert_eq!(suggested("video.enhanced == |"), ["true", "false"]);
    assert_eq!(suggested("n |"), ["==", "!=", "<=", ">=", "<", ">", "in", "&&", "||"]);
    assert_eq!(suggested("command.name con|"), ["contains"]);
    assert_eq!(suggested("n == 5 |"), ["&&", "||"]);
    assert_eq!(
        suggested("latency|"),
        ["command.latency_ms", "tunnel.latency_ms", "ftl.latency_ms", "ftl_ping.latency_ms"]
    );
    let suggestion = complete("n == 1 && lengt", 15).remove(0);
    assert_eq!((suggestion.text, suggestion.replaces), ("length", 10..15));
}

#[test]
fn a_line_is_coloured() {
    let input = "!object[\"a\"].b == 1 and from in {client, 3s} ✗ (";
    let kinds: Vec<_> = tokens(input).into_iter().map(|token| (&input[token.span], token.kind)).collect();
    let expected = [
        ("!", Operator),
        ("object", Field),
        ("[", Field),
        ("\"a\"", Field),
        ("]", Field),
        (".", Field),
        ("b", Field),
        ("==", Operator),
        ("1", Number),
        ("and", Operator),
        ("from", Field),
        ("in", Operator),
        ("{", Bracket),
        ("client", Word),
        (",", Bracket),
        ("3s", Number),
        ("}", Bracket),
        ("✗", Bad),
        ("(", Bracket),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn every_field_can_be_asked_for_by_its_own_name() {
    for field in fields() {
        for name in [written(field), field.name] {
            let filter = Filter::parse(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(filter.to_string(), written(field));
        }
    }
}

/// In a text that is still open, only words of the field are offered, without its quote.
#[test]
fn an_open_text_is_not_taken_for_a_complete_test() {
    let offered = |input: &str| -> Vec<String> {
        complete(input, input.len())
            .into_iter()
            .map(|it| format!("{}{}", &input[..it.replaces.start], it.text))
            .collect()
    };
    assert_eq!(offered("from == \"ser"), ["from == server"]);
    assert_eq!(offered("from == \"x"), Vec::<String>::new());
    assert_eq!(offered("command.name == \"conn"), Vec::<String>::new());
    assert_eq!(offered("command.name == r\"conn"), Vec::<String>::new());
    assert_eq!(offered("command.name == \"connect\" ").len(), 2);
}
