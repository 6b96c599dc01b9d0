//! Does a connection carry RTMPT? Its requests' paths say; its ports say nothing.

use memchr::memmem;

use super::request::Path;
use crate::proto::opening::Opening;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    Yes,
    No,
    NeedMore,
}

/// Bytes of a request's first line that are looked at.
const LINE: usize = 512;

/// Heads of a connection joined in the middle that are looked at, and how much of a response's.
const HEADS: usize = 64;
const HEAD: usize = 2048;

/// What browsers ask a server for before Flash may use it.
const POLICY: &str = "/crossdomain.xml";

/// Whether a connection carries RTMPT: from its first request on, or joined in the middle.
pub fn detect(opening: &Opening<'_>) -> Match {
    let Opening { client, from_start, complete, later, .. } = *opening;
    let more = if complete { Match::No } else { Match::NeedMore };
    if from_start[0] {
        let mut rest = client;
        // The policy may be asked for first, on the same connection.
        while let line @ (Line::Other | Line::Ours | Line::Policy) = first_request(rest) {
            match line {
                Line::Ours => return Match::Yes,
                Line::Policy => match memmem::find(rest, b"\r\n\r\n") {
                    Some(end) => rest = &rest[end + 4..],
                    None => break,
                },
                Line::Other | Line::Part => return Match::No,
            }
        }
        // A hole may be where its first request is.
        if later[0].is_empty() {
            return more;
        }
    }
    let is_ours = [client, later[0]].into_iter().any(holds_request) || is_answer(opening);
    if is_ours { Match::Yes } else { more }
}

enum Line {
    Ours,
    Policy,
    Other,
    Part,
}

/// What the request asks that stands at the beginning.
fn first_request(bytes: &[u8]) -> Line {
    let line = &bytes[..bytes.len().min(LINE)];
    let known = |method: &[u8]| line.starts_with(method) || method.starts_with(line);
    if !known(b"POST ") && !known(b"GET ") {
        return Line::Other;
    }
    let Some(end) = memchr::memchr(b'\n', line) else {
        return if bytes.len() < LINE { Line::Part } else { Line::Other };
    };
    let Some(target) = target(&line[..end]) else { return Line::Other };
    if line.starts_with(b"POST ") && Path::of(target).is_some() {
        Line::Ours
    } else if line.starts_with(b"GET ") && target.ends_with(POLICY) {
        Line::Policy
    } else {
        Line::Other
    }
}

/// The target of a request's first line.
fn target(line: &[u8]) -> Option<&str> {
    let mut words = std::str::from_utf8(line).ok()?.trim_ascii_end().split(' ');
    let (_, target, version) = (words.next()?, words.next()?, words.next()?);
    version.starts_with("HTTP/1.").then_some(target)
}

/// Whether a request of RTMPT stands somewhere in these bytes.
fn holds_request(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"POST /").take(HEADS).any(|at| matches!(first_request(&bytes[at..]), Line::Ours))
}

/// Whether the server answers with RTMPT's type.
fn is_answer(opening: &Opening<'_>) -> bool {
    [opening.server, opening.later[1]].into_iter().any(|bytes| {
        memmem::find_iter(bytes, b"HTTP/1.").take(HEADS).any(|at| {
            let head = &bytes[at..bytes.len().min(at + HEAD)];
            let head = &head[..memmem::find(head, b"\r\n\r\n").unwrap_or(head.len())];
            memmem::find(head, b"application/x-fcs").is_some()
        })
    })
}
