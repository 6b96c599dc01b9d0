//! What a request of RTMPT asks, by its path.

use crate::wire::Word;

/// The requests of RTMPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// `/fcs/ident2`: which address to open a session at.
    Ident,
    Open,
    Send,
    Idle,
    Close,
}

impl Request {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        Request::Ident.name(),
        Request::Open.name(),
        Request::Send.name(),
        Request::Idle.name(),
        Request::Close.name(),
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Request::Ident => "ident",
            Request::Open => "open",
            Request::Send => "send",
            Request::Idle => "idle",
            Request::Close => "close",
        }
    }

    /// Whether it is of a session that has an id.
    pub(super) fn is_of_session(self) -> bool {
        matches!(self, Request::Send | Request::Idle | Request::Close)
    }
}

/// The longest id of a session. FMS's and crtmpserver's have 16 characters, Red5's 13.
const ID: usize = 128;

/// A path of RTMPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub(super) request: Request,
    /// Empty where the request is not of a session.
    pub(super) id: &'a str,
    pub(super) number: Option<u64>,
}

impl<'a> Path<'a> {
    /// Reads a request's target: a path, or behind a proxy a whole address.
    pub(super) fn of(target: &'a str) -> Option<Path<'a>> {
        let path = match target.strip_prefix("http://") {
            Some(rest) => &rest[rest.find('/')?..],
            None => target,
        };
        let mut parts = path.strip_prefix('/')?.split(['/', '?']);
        let request = match parts.next()? {
            "fcs" => return parts.next()?.starts_with("ident").then_some(Path::plain(Request::Ident)),
            "open" => return Some(Path::plain(Request::Open)),
            "send" => Request::Send,
            "idle" => Request::Idle,
            "close" => Request::Close,
            _ => return None,
        };
        let id = parts.next().filter(|id| is_id(id))?;
        let number = parts.next().and_then(|number| number.parse().ok());
        Some(Path { request, id, number })
    }

    fn plain(request: Request) -> Path<'static> {
        Path { request, id: "", number: None }
    }
}

/// Whether a text may be a session's id.
pub(super) fn is_id(text: &str) -> bool {
    (1..=ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}
