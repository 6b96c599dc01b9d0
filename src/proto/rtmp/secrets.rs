//! What must not leave the program unasked: stream names, passwords and tokens.
//!
//! Masking works on bytes, before anything is shown: a secret's bytes become asterisks, as many as there were. Text, JSON,
//! hex and the screen are all made from the masked bytes, so none of them can forget to mask.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use bytes::Bytes;

use super::body::{ARGUMENT, COMMAND_NAME, DATA_NAME};
use super::{Body, Command, Message, MessageType};
use crate::limits::Limits;
use crate::proto::Event;
use crate::proto::amf::Amf;
use crate::wire::{Label, Tree, Value};

/// Commands whose first argument is a stream's name, which is its key on most servers.
const NAMING: &[&str] = &[
    "publish",
    "releaseStream",
    "FCPublish",
    "FCUnpublish",
    "play",
    "play2",
    "FCSubscribe",
    "FCUnsubscribe",
    "getStreamLength",
    "UsherToken",
];
/// Query parameters that say what is going on and open nothing.
const HARMLESS: &[&str] = &["authmod", "reason", "user", "vhost", "type"];
/// Property names whose text opens something.
const TELLING: &[&str] = &["password", "passwd", "pass", "token", "secret", "key", "streamkey", "stream_key", "auth"];
/// Secrets remembered for one session.
const REMEMBERED: usize = 64;

/// A session's secrets, learned from its commands.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    words: BTreeSet<Vec<u8>>,
}

impl Secrets {
    /// Takes note of the stream names in a command.
    pub fn learn(&mut self, message: &Message) {
        let Body::Command(command) = &message.body else { return };
        let Some(name) = stream_name(command) else { return };
        let (path, query) = name.split_once('?').unwrap_or((name, ""));
        let values = query.split('&').filter_map(|pair| pair.split_once('='));
        let values = values.filter(|(name, _)| !HARMLESS.contains(name)).map(|(_, value)| value);
        for word in [name, path].into_iter().chain(values) {
            if !word.is_empty() && self.words.len() < REMEMBERED {
                self.words.insert(word.as_bytes().to_vec());
            }
        }
    }

    /// The payload as it may be shown, where it differs from the payload itself.
    pub fn masked(&self, message: &Message, limits: &Limits) -> Option<Bytes> {
        let payload = &message.payload;
        let mut hidden = Vec::new();
        match message.head.kind {
            MessageType::COMMAND_AMF0 | MessageType::DATA_AMF0 => {
                let mut tree = Tree::default();
                message.record(&mut tree, limits);
                self.find(&tree, payload, message, &mut hidden);
            }
            // Not decoded: what in them is secret cannot be told.
            MessageType::DATA_AMF3
            | MessageType::SHARED_OBJECT_AMF3
            | MessageType::COMMAND_AMF3
            | MessageType::SHARED_OBJECT_AMF0 => hidden.push(0..payload.len()),
            _ => return None,
        }
        if hidden.iter().all(Range::is_empty) {
            return None;
        }
        let mut masked = payload.to_vec();
        for range in hidden {
            masked[range].fill(b'*');
        }
        Some(masked.into())
    }

    /// The message as it may be shown.
    pub fn mask(&self, message: &Message, limits: &Limits) -> Option<Message> {
        let payload = self.masked(message, limits)?;
        let mut shown = Message::decode(message.session, message.from, message.head.clone(), payload, limits);
        shown.n = message.n;
        shown.answers = message.answers;
        Some(shown)
    }

    fn find(&self, tree: &Tree, payload: &[u8], message: &Message, hidden: &mut Vec<Range<usize>>) {
        let command = match &message.body {
            Body::Command(command) => Some(command),
            _ => None,
        };
        let naming = command.is_some_and(|command| stream_name(command).is_some());
        let app = command.and_then(|command| command.object.as_ref()).and_then(|object| object.member("app"));
        for node in &tree.nodes {
            let (Value::Text(range) | Value::Xml(range) | Value::Bytes(range)) = &node.value else { continue };
            let range = range.start as usize..range.end as usize;
            let text = &payload[range.clone()];
            if std::ptr::eq(node.field, &raw const COMMAND_NAME) || std::ptr::eq(node.field, &raw const DATA_NAME) {
                continue;
            }
            let mut hide = |found: Range<usize>| hidden.push(range.start + found.start..range.start + found.end);
            let key = match &node.label {
                Label::Key(key) => &payload[key.start as usize..key.end as usize],
                _ => b"",
            };
            let key = String::from_utf8_lossy(key);
            let is_name = naming
                && node.label == Label::Index(0)
                && node.depth == 2
                && std::ptr::eq(node.field, &raw const ARGUMENT);
            if is_name || TELLING.iter().any(|telling| key.eq_ignore_ascii_case(telling)) {
                hide(0..text.len());
                continue;
            }
            url_secrets(text, &mut hide);
            match &*key {
                "app" => {}
                "tcUrl" => {
                    let after = behind_app(text, app.and_then(Amf::text).unwrap_or_default());
                    hide(after..text.len());
                }
                _ => {
                    for word in &self.words {
                        occurrences(text, word, &mut hide);
                    }
                }
            }
        }
    }
}

/// Every session's [`Secrets`], and whether they are to be masked at all.
#[derive(Debug, Default)]
pub struct Masks {
    /// Show everything.
    pub reveal: bool,
    pub limits: Limits,
    sessions: HashMap<u32, Secrets>,
}

impl Masks {
    pub fn new(reveal: bool, limits: &Limits) -> Self {
        Masks { reveal, limits: limits.clone(), sessions: HashMap::new() }
    }

    /// Learns from an event, in order, before it is shown.
    pub fn observe(&mut self, event: &Event) {
        if let Event::Message(message) = event
            && !self.reveal
            && let Body::Command(command) = &message.body
            && stream_name(command).is_some()
        {
            self.sessions.entry(message.session).or_default().learn(message);
        }
    }

    /// Forgets a session's secrets, when its last event was shown.
    pub fn forget(&mut self, event: &Event) {
        if let Event::Close(close) = event
            && close.last
        {
            self.sessions.remove(&close.session);
        }
    }

    /// The message as it may be shown.
    pub fn message<'m>(&self, message: &'m Message) -> Cow<'m, Message> {
        if self.reveal || matches!(message.head.kind.0, 0..=14 | 21..) {
            return Cow::Borrowed(message);
        }
        let none = Secrets::default();
        let secrets = self.sessions.get(&message.session).unwrap_or(&none);
        secrets.mask(message, &self.limits).map_or(Cow::Borrowed(message), Cow::Owned)
    }

    /// Text that quotes a session's wire, as it may be shown.
    pub fn text(&self, session: u32, text: &str) -> String {
        if self.reveal {
            return text.to_owned();
        }
        let mut hidden = Vec::new();
        url_secrets(text.as_bytes(), &mut |range| hidden.push(range));
        if let Some(secrets) = self.sessions.get(&session) {
            for word in &secrets.words {
                occurrences(text.as_bytes(), word, &mut |range| hidden.push(range));
            }
        }
        let mut masked = text.as_bytes().to_vec();
        for range in hidden {
            masked[range].fill(b'*');
        }
        String::from_utf8_lossy(&masked).into_owned()
    }
}

/// The stream's name, in a command that has one for its first argument.
fn stream_name(command: &Command) -> Option<&str> {
    let naming = NAMING.contains(&command.name.as_str()) || command.name.ends_with(".UsherToken");
    if naming { command.arguments.first()?.text() } else { None }
}

/// Passwords before an `@` and values of query parameters.
fn url_secrets(text: &[u8], hide: &mut impl FnMut(Range<usize>)) {
    if let Some(scheme) = find(text, b"://") {
        let authority = scheme + 3;
        let end =
            text[authority..].iter().position(|byte| b"/?# ".contains(byte)).map_or(text.len(), |at| authority + at);
        if let Some(at) = text[authority..end].iter().rposition(|byte| *byte == b'@') {
            let colon = text[authority..authority + at].iter().position(|byte| *byte == b':');
            hide(colon.map_or(authority, |colon| authority + colon + 1)..authority + at);
        }
    }
    let Some(query) = text.iter().position(|byte| *byte == b'?') else { return };
    let mut at = query + 1;
    while at < text.len() {
        let end = text[at..].iter().position(|byte| b"&? ;]".contains(byte)).map_or(text.len(), |end| at + end);
        if let Some(equals) = text[at..end].iter().position(|byte| *byte == b'=') {
            let name = String::from_utf8_lossy(&text[at..at + equals]);
            if !HARMLESS.contains(&&*name) {
                hide(at + equals + 1..end);
            }
        }
        at = end + 1;
    }
}

/// Where a `tcUrl` goes on behind its application: some clients put the stream's key there.
fn behind_app(url: &[u8], app: &str) -> usize {
    let authority = find(url, b"://").map_or(0, |scheme| scheme + 3);
    let Some(path) = url[authority..].iter().position(|byte| *byte == b'/').map(|at| authority + at + 1) else {
        return url.len();
    };
    let app = app.split('?').next().unwrap_or_default().trim_end_matches('/');
    let rest = &url[path..];
    if app.is_empty() || !rest.starts_with(app.as_bytes()) {
        return url.len();
    }
    let after = path + app.len();
    // A query is masked value by value; a bare slash hides nothing.
    match url.get(after) {
        Some(b'/') => {
            let end = url[after..].iter().position(|byte| *byte == b'?').map_or(url.len(), |at| after + at);
            if end > after + 1 { after + 1 } else { url.len() }
        }
        _ => url.len(),
    }
}

/// Every place of `word` that is not part of a longer one.
fn occurrences(text: &[u8], word: &[u8], hide: &mut impl FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(found) = find(&text[at..], word) {
        let (start, end) = (at + found, at + found + word.len());
        let joins = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        if !joins(start.checked_sub(1).and_then(|before| text.get(before))) && !joins(text.get(end)) {
            hide(start..end);
        }
        at = start + 1;
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
