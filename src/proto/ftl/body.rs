//! A control line as a message's payload: decoded, recorded, and what of it must not be shown.

use std::ops::Range;

use super::attributes::is_known;
use super::command::{self, ATTRIBUTE, Command, SIGNATURE, VALUE};
use super::fields::{FTL, LINE_END, TEXT};
use super::line::{LONGEST, LineEnd, is_binary, text};
use super::reply::{self, Reply};
use crate::wire::{Field, Node, Problem, Reader, Recorder, Side, Stop, Tree, Trouble, Value};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A client's line.
    Command(Command),
    /// A server's line.
    Reply(Reply),
}

/// Decodes a line with its end, as [`super::Line::bytes`] has it, and records its fields. Nothing but the line is needed, so
/// that it can be decoded again for showing.
pub fn decode<R: Recorder>(from: Side, line: &[u8], record: &mut R) -> (Content, Vec<Problem>) {
    let mut problems = Vec::new();
    let r = &mut Reader::new(line, 0, record);
    let length = text(line).len();
    let read = r.group(&FTL, |r| {
        let content = r.within(length, |r| match from {
            Side::Client => Content::Command(command::command(r, &mut problems)),
            Side::Server => Content::Reply(reply::reply(r, &mut problems)),
        });
        let at = r.at();
        let _ = r.skip(r.left(), "a line's end");
        r.note(&LINE_END, at..r.at(), Value::Word(end(&line[length..]).name()));
        Ok(content)
    });
    if is_binary(&line[..length]) {
        problems.push(Stop::new(0, "the line is no printable text"));
    }
    if length > LONGEST {
        let what = format!("the line has {length} bytes; peers take {LONGEST} at most");
        problems.push(Stop::new(0, what).of(Trouble::Limit));
    }
    match read {
        Ok(content) => (content, problems),
        // Nothing above stops, so this is not reached; it says what it would have to.
        Err(stop) => (Content::Reply(Reply::default()), vec![stop]),
    }
}

fn end(bytes: &[u8]) -> LineEnd {
    match bytes {
        b"\r\n\r\n" => LineEnd::CrLfCrLf,
        b"\r\n" => LineEnd::CrLf,
        [.., b'\n'] => LineEnd::Lf,
        _ => LineEnd::Missing,
    }
}

/// What of a line opens a channel, or may: ranges of its bytes that are to be masked before anything is shown.
///
/// The key itself never stands on the wire. The signature and the nonce together let anyone try keys at home, so the signature
/// is a secret and the nonce can be shown. What is not decoded, and the values of attributes that FTL does not know, may be a key.
pub fn secrets(from: Side, line: &[u8]) -> Vec<Range<usize>> {
    if from == Side::Server {
        return Vec::new();
    }
    let mut tree = Tree::default();
    decode(from, line, &mut tree);
    let bytes = |node: &Node| node.span.start as usize..node.span.end as usize;
    let mut is_strange = false;
    let mut found = Vec::new();
    for node in &tree.nodes {
        let is = |field: &'static Field| std::ptr::eq(node.field, field);
        if is(&ATTRIBUTE) {
            is_strange = std::str::from_utf8(&line[bytes(node)]).map_or(true, |name| !is_known(name));
        }
        let is_value = is_strange && is(&VALUE);
        if is_value || is(&SIGNATURE) || is(&TEXT) {
            found.push(bytes(node));
        }
    }
    found
}
