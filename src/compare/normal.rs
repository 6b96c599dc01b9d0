//! Values in words that are the same in every session where the server does the same.

use crate::limits::Limits;
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::secrets::is_credential;
use crate::proto::rtmp::{Command, procedure};
use crate::wire::words;

/// Characters of one text from the wire that are kept.
const TEXT: usize = Limits::DEFAULT.compared_text;
/// Members of one object that are named.
const MEMBERS: usize = Limits::DEFAULT.compared_members;

/// Properties whose values are another one in each session: they are shown by their type.
const VOLATILE: &[&str] = &[
    "clientid",
    "clientId",
    "client_id",
    "id",
    "sessionid",
    "session_id",
    "pid",
    "time",
    "timestamp",
    "secureToken",
    "token",
];

/// At most so much of a text.
pub(super) fn clip(text: &str) -> String {
    words::clip(text, TEXT).into_owned()
}

/// A value's type, by the word that AMF has for it.
pub(super) fn kind(value: &Amf) -> &'static str {
    match value {
        Amf::Number(_) | Amf::Integer(_) => "number",
        Amf::Boolean(_) => "boolean",
        Amf::String(_) => "string",
        Amf::Object(_) => "object",
        Amf::Null => "null",
        Amf::Undefined => "undefined",
        Amf::Reference(_) => "reference",
        Amf::EcmaArray { .. } => "ECMA array",
        Amf::StrictArray(_) => "strict array",
        Amf::MixedArray { .. } => "array",
        Amf::Date { .. } => "date",
        Amf::Unsupported => "unsupported",
        Amf::Xml(_) => "XML",
        Amf::Typed { .. } => "typed object",
        Amf::Externalizable { .. } => "externalizable",
        Amf::ByteArray(_) => "byte array",
        Amf::Vector { .. } => "vector",
        Amf::Dictionary { .. } => "dictionary",
    }
}

/// Whether a property is another one in each session.
pub(super) fn is_volatile(name: &str) -> bool {
    VOLATILE.contains(&name) || is_credential(name.as_bytes())
}

/// A property's value: itself where it is plain, the names and types of its members where it is not. `show` says what may be shown of
/// a text.
pub(super) fn property(name: &str, value: &Amf, show: &dyn Fn(&str) -> String) -> String {
    if is_volatile(name) {
        return format!("a {}", kind(value));
    }
    match value {
        Amf::Number(number) => number.to_string(),
        Amf::Integer(number) => format!("{number} (integer)"),
        Amf::Boolean(flag) => flag.to_string(),
        Amf::String(text) => format!("\"{}\"", clip(&show(text))),
        Amf::StrictArray(items) => list(items.iter().map(|item| property("", item, show))),
        value if !value.members().is_empty() => {
            let members = value.members().iter().map(|(name, value)| format!("{} {}", clip(&show(name)), kind(value)));
            format!("{} {{{}}}", kind(value), joined(members))
        }
        value => kind(value).to_owned(),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", joined(items))
}

fn joined(mut items: impl Iterator<Item = String>) -> String {
    let mut text = items.by_ref().take(MEMBERS).collect::<Vec<_>>().join(", ");
    if items.next().is_some() {
        text.push_str(", …");
    }
    text
}

/// An argument of an answer or of a server's call: plain where it says something, its type where it varies.
pub(super) fn argument(value: &Amf, plain: bool) -> String {
    match value {
        Amf::Number(number) if plain => number.to_string(),
        Amf::Boolean(flag) => flag.to_string(),
        value => kind(value).to_owned(),
    }
}

/// Whether the first argument of such a command is a stream's name.
pub(super) fn names_stream(command: &str) -> bool {
    procedure::names_stream(command)
}

/// A stream's name without its parameters.
pub(super) fn bare(name: &str) -> &str {
    name.split_once('?').map_or(name, |(bare, _)| bare)
}

/// A request as its sender meant it: its name, and of its arguments what is the same whoever sends it. `stream` is the word
/// for the stream's name, `name` what may be shown of the procedure's.
pub(super) fn request(command: &Command, name: &str, stream: &str) -> String {
    let naming = names_stream(&command.name);
    let argument = |(index, value): (usize, &Amf)| match (index, value) {
        (0, Amf::String(name)) if naming => format!("{stream}{}", parameters(name)),
        (1, Amf::String(kind))
            if procedure::deed(&command.name) == Some(Deed::Publishes)
                && ["live", "record", "append"].contains(&&**kind) =>
        {
            kind.clone()
        }
        (_, Amf::Number(number)) if procedure::deed(&command.name) == Some(Deed::Plays) => number.to_string(),
        (_, value) => argument(value, false),
    };
    let arguments = command.arguments.iter().enumerate().map(argument);
    format!("{name}({})", joined(arguments))
}

/// The names of the parameters in a stream's name or an application: `?user&token`.
fn parameters(name: &str) -> String {
    let Some((_, query)) = name.split_once('?') else { return String::new() };
    // What has no value may be one itself.
    let names =
        query.split('&').map(|pair| pair.split_once('=').map_or_else(|| "***".to_owned(), |(name, _)| clip(name)));
    format!("?{}", names.take(MEMBERS).collect::<Vec<_>>().join("&"))
}

/// What a connect asks for, without addresses and names.
pub(super) fn connect(command: &Command) -> String {
    let members = command.object.as_ref().map_or(&[][..], Amf::members);
    let members = members.iter().map(|(name, value)| match (name.as_str(), value) {
        ("app", Amf::String(app)) => format!("app{}", parameters(app)),
        ("tcUrl" | "swfUrl" | "pageUrl" | "app", value) => format!("{name}={}", kind(value)),
        ("flashVer" | "flashver", Amf::String(version)) => format!("flashVer={}", program(version)),
        (name, value) => format!("{name}={}", property(name, value, &str::to_owned)),
    });
    let arguments = command.arguments.iter().map(|value| argument(value, false));
    format!("connect({}; {})", members.collect::<Vec<_>>().join(", "), joined(arguments))
}

/// A program's name without its version: `FMLE/3.0 (compatible; Lavf59.27.100)` is `FMLE/# (compatible; Lavf#)`.
pub(super) fn program(version: &str) -> String {
    let mut name = String::new();
    for c in clip(version).chars() {
        match c {
            '0'..='9' | '.' | ',' if name.ends_with('#') => {}
            '0'..='9' => name.push('#'),
            c => name.push(c),
        }
    }
    name
}

/// A description with the session's own names taken out of it.
pub(super) fn description(text: &str, app: &str, streams: &[String]) -> String {
    let mut text = text.to_owned();
    // The longest first: a name may be a part of another.
    let mut names: Vec<&str> = streams.iter().flat_map(|name| [name.as_str(), bare(name)]).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        text = replace_word(&text, name, "‹name›");
    }
    let app = bare(app).trim_end_matches('/');
    if !app.is_empty() {
        // An application's name may be a common word; beside a slash it is the name.
        text = text.replace(&format!("/{app}/"), "/‹app›/").replace(&format!("{app}/‹name›"), "‹app›/‹name›");
    }
    text
}

/// What was said before the client named a stream, without that name. A name of few characters is a common word or number
/// there, and tells nothing.
pub(super) fn hide(text: &str, streams: &[String]) -> String {
    const TELLING: usize = 4;
    let names = streams.iter().flat_map(|name| [name.as_str(), bare(name)]);
    let names = names.filter(|name| name.len() >= TELLING);
    names.fold(text.to_owned(), |text, name| replace_word(&text, name, "***"))
}

/// Replaces a word where it is not part of a longer one.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    if word.is_empty() {
        return text.to_owned();
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let before = rest[..at].chars().next_back().or_else(|| result.chars().next_back());
        let after = rest[at + word.len()..].chars().next();
        result.push_str(&rest[..at]);
        result.push_str(if joins(before) || joins(after) { word } else { with });
        rest = &rest[at + word.len()..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_session_are_taken_out_of_a_description() {
        let names = ["s".to_owned(), "cam1?sign=5".to_owned()];
        assert_eq!(description("/live/s is now published.", "live", &names), "/‹app›/‹name› is now published.");
        assert_eq!(description("Started publishing stream.", "live", &names), "Started publishing stream.");
        assert_eq!(description("Stream `cam1` is up", "live", &names), "Stream `‹name›` is up");
        assert_eq!(description("Start live", "live", &names), "Start live");
    }

    #[test]
    fn a_program_is_named_without_its_version() {
        assert_eq!(program("FMLE/3.0 (compatible; Lavf59.27.100)"), "FMLE/# (compatible; Lavf#)");
        assert_eq!(program("LNX 9,0,124,2"), "LNX #");
    }

    #[test]
    fn requests_are_alike_whatever_the_stream_is_called() {
        let publish = |name: &str| Command {
            name: "publish".into(),
            transaction_id: Some(4.0),
            object: Some(Amf::Null),
            arguments: vec![Amf::String(name.into()), Amf::String("live".into())],
            ..Command::default()
        };
        assert_eq!(request(&publish("a"), "publish", "name"), "publish(name, live)");
        assert_eq!(request(&publish("b?sign=77-x"), "publish", "name"), "publish(name?sign, live)");
    }
}
