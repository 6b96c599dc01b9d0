//! What must not leave the program unasked: stream names, passwords and tokens.
//!
//! Masking works on bytes, before anything is shown: a secret's bytes become asterisks, as many as there were. Text, JSON,
//! hex and the screen are all made from the masked bytes, so none of them can forget to mask.

mod text;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use bytes::Bytes;

use super::command::{ARGUMENTS, COMMAND, COMMAND_NAME, OBJECT};
use super::data::DATA_NAME;
use super::edges::{PAYLOAD, TRAILING};
use super::{Body, Command, Message, MessageType, procedure};
use crate::limits::{Limits, Reached};
use crate::proto::Event;
use crate::wire::{Field, Label, Tree, Value};
use text::{behind_app, occurrences, url_secrets};

/// Query parameters that say what is going on and open nothing.
const HARMLESS: &[&str] = &["authmod", "reason", "user", "vhost", "type"];
/// Property names whose text opens something.
const TELLING: &[&str] =
    &["password", "passwd", "pass", "token", "secret", "key", "streamkey", "stream_key", "auth", "DSRemoteCredentials"];
/// Secrets of fewer bytes are words of any sentence.
const TELLING_LENGTH: usize = 4;
/// A session's secrets, learned from its commands.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    words: BTreeSet<Vec<u8>>,
    /// Bytes of these.
    bytes: usize,
    /// There were more than are remembered: any text may be one.
    overflowed: bool,
}

impl Secrets {
    /// Takes note of the stream names in a message's commands.
    pub fn learn(&mut self, message: &Message, limits: &Limits, reached: &mut Reached) {
        for name in commands(&message.body).filter_map(stream_name) {
            let (path, query) = name.split_once('?').unwrap_or((name, ""));
            let values = query.split('&').filter_map(|pair| pair.split_once('='));
            let values = values.filter(|(name, _)| !HARMLESS.contains(name)).map(|(_, value)| value);
            for word in [name, path].into_iter().chain(values).map(str::as_bytes) {
                if word.is_empty() || self.overflowed || self.words.contains(word) {
                    continue;
                }
                if self.words.len() >= limits.secrets {
                    reached.secrets += 1;
                    self.overflowed = true;
                } else if self.bytes + word.len() > limits.secret_bytes {
                    reached.secret_bytes += 1;
                    self.overflowed = true;
                } else {
                    self.bytes += word.len();
                    self.words.insert(word.to_vec());
                }
            }
        }
    }

    /// The payload as it may be shown, where it differs from the payload itself.
    pub fn masked(&self, message: &Message, limits: &Limits) -> Option<Bytes> {
        if !may_hold_secrets(message.head.kind) {
            return None;
        }
        let payload = &message.payload;
        let mut tree = Tree::default();
        message.record(&mut tree, limits);
        let mut hidden = Vec::new();
        self.find(&tree, payload, &mut hidden);
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

    fn find(&self, tree: &Tree, payload: &[u8], hidden: &mut Vec<Range<usize>>) {
        let whole = |range: &Range<u32>| range.start as usize..range.end as usize;
        let mut call = Call::default();
        for (index, node) in tree.nodes.iter().enumerate() {
            if is(node.field, &COMMAND) {
                call = Call::of(tree, index, payload);
            }
            if let Label::Key(key) = &node.label {
                self.words_in(payload, &whole(key), hidden);
            }
            let range = match &node.value {
                // Not decoded: what in them is secret cannot be told.
                Value::Bytes(range) if is(node.field, &TRAILING) || is(node.field, &PAYLOAD) => {
                    hidden.push(whole(range));
                    continue;
                }
                Value::Externalizable { bytes, .. } => {
                    hidden.push(whole(bytes));
                    continue;
                }
                Value::Text(range) | Value::Xml(range) | Value::Bytes(range) => whole(range),
                _ => continue,
            };
            if is(node.field, &COMMAND_NAME) || is(node.field, &DATA_NAME) {
                continue;
            }
            let key = match &node.label {
                Label::Key(key) => &payload[whole(key)],
                _ => b"",
            };
            let key = String::from_utf8_lossy(key);
            if call.stream_name == Some(index) || TELLING.iter().any(|telling| key.eq_ignore_ascii_case(telling)) {
                hidden.push(range);
                continue;
            }
            if self.overflowed {
                hidden.push(range);
                continue;
            }
            let text = &payload[range.clone()];
            url_secrets(text, &mut |found| hidden.push(range.start + found.start..range.start + found.end));
            match &*key {
                "app" => {}
                "tcUrl" => hidden.push(range.start + behind_app(text, call.app)..range.end),
                _ => self.words_in(payload, &range, hidden),
            }
        }
    }

    fn words_in(&self, payload: &[u8], range: &Range<usize>, hidden: &mut Vec<Range<usize>>) {
        for word in &self.words {
            let hide = &mut |found: Range<usize>| hidden.push(range.start + found.start..range.start + found.end);
            occurrences(&payload[range.clone()], word, hide);
        }
    }
}

/// What masking wants to know of the command that is being read.
#[derive(Default)]
struct Call<'p> {
    /// The node of the stream's name, where it has one for its first argument.
    stream_name: Option<usize>,
    app: &'p [u8],
}

impl<'p> Call<'p> {
    fn of(tree: &Tree, command: usize, payload: &'p [u8]) -> Self {
        let text = |node: usize| match &tree.nodes[node].value {
            Value::Text(range) => &payload[range.start as usize..range.end as usize],
            _ => &[],
        };
        let child = |field| tree.children(command).find(|child| is(tree.nodes[*child].field, field));
        let name = child(&COMMAND_NAME).map(text).unwrap_or_default();
        let names_stream = is_naming(&String::from_utf8_lossy(name));
        let stream_name = child(&ARGUMENTS).filter(|_| names_stream).and_then(|node| tree.children(node).next());
        let is_app = |node: &usize| matches!(&tree.nodes[*node].label, Label::Key(key) if payload[key.start as usize..key.end as usize] == *b"app");
        let app = child(&OBJECT).and_then(|object| tree.children(object).find(is_app));
        Call { stream_name, app: app.map(text).unwrap_or_default() }
    }
}

fn is(field: &'static Field, other: &'static Field) -> bool {
    std::ptr::eq(field, other)
}

/// Whether messages of this type hold text.
fn may_hold_secrets(kind: MessageType) -> bool {
    matches!(kind.0, 15..=20 | 22)
}

/// The commands in a body: one, or those in an aggregate.
fn commands(body: &Body) -> impl Iterator<Item = &Command> {
    let inside = if let Body::Aggregate(messages) = body { messages.as_slice() } else { &[] };
    std::iter::once(body).chain(inside.iter().map(|message| &message.body)).filter_map(|body| match body {
        Body::Command(command) => Some(command),
        _ => None,
    })
}

/// Every session's [`Secrets`], and whether they are to be masked at all.
#[derive(Debug, Default)]
pub struct Masks {
    /// Show everything.
    pub reveal: bool,
    pub limits: Limits,
    sessions: HashMap<u32, Secrets>,
    reached: Reached,
}

impl Masks {
    pub fn new(reveal: bool, limits: &Limits) -> Self {
        Masks { reveal, limits: limits.clone(), sessions: HashMap::new(), reached: Reached::default() }
    }

    /// Learns from an event, in order, before it is shown.
    pub fn observe(&mut self, event: &Event) {
        if let Event::Message(message) = event
            && !self.reveal
            && commands(&message.body).any(|command| stream_name(command).is_some())
        {
            let secrets = self.sessions.entry(message.session).or_default();
            secrets.learn(message, &self.limits, &mut self.reached);
        }
    }

    /// How often a limit was reached so far.
    pub fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Sessions of which something is remembered.
    pub fn held(&self) -> usize {
        self.sessions.len()
    }

    /// Forgets a session's secrets, when its last event was shown.
    pub fn forget(&mut self, event: &Event) {
        if let Event::Close(close) = event
            && close.last
        {
            self.end(close.session);
        }
    }

    /// Forgets a session's secrets.
    pub fn end(&mut self, session: u32) {
        self.sessions.remove(&session);
    }

    /// The message as it may be shown.
    pub fn message<'m>(&self, message: &'m Message) -> Cow<'m, Message> {
        if self.reveal || !may_hold_secrets(message.head.kind) {
            return Cow::Borrowed(message);
        }
        let none = Secrets::default();
        let secrets = self.sessions.get(&message.session).unwrap_or(&none);
        secrets.mask(message, &self.limits).map_or(Cow::Borrowed(message), Cow::Owned)
    }

    /// Text from a session's wire, as it may be shown.
    pub fn text(&self, session: u32, text: &str) -> String {
        self.masked(session, text, false)
    }

    /// A sentence of our own that quotes a session's wire, as it may be shown. A short secret is looked for in what stands in
    /// quotation marks alone: a stream named `s` must not take the seconds away.
    pub fn sentence(&self, session: u32, text: &str) -> String {
        self.masked(session, text, true)
    }

    fn masked(&self, session: u32, text: &str, is_sentence: bool) -> String {
        if self.reveal {
            return text.to_owned();
        }
        let mut hidden = Vec::new();
        url_secrets(text.as_bytes(), &mut |range| hidden.push(range));
        if let Some(secrets) = self.sessions.get(&session) {
            if secrets.overflowed {
                return "*".repeat(text.chars().count());
            }
            for word in &secrets.words {
                let is_quoted_only = is_sentence && word.len() < TELLING_LENGTH;
                occurrences(text.as_bytes(), word, &mut |range| {
                    if !is_quoted_only || is_quoted(text, range.start) {
                        hidden.push(range);
                    }
                });
            }
        }
        let mut masked = text.as_bytes().to_vec();
        for range in hidden {
            // A quotation mark that ends the text is its own, not the wire's.
            let is_quoted = range.end == text.len() && text.ends_with('"');
            masked[range.start..range.end - usize::from(is_quoted && !range.is_empty())].fill(b'*');
        }
        String::from_utf8_lossy(&masked).into_owned()
    }
}

/// Whether a place of a text stands between quotation marks.
fn is_quoted(text: &str, at: usize) -> bool {
    text.get(..at).unwrap_or(text).matches('"').count() % 2 == 1
}

/// The stream's name, in a command that has one for its first argument.
fn stream_name(command: &Command) -> Option<&str> {
    if is_naming(&command.name) { command.arguments.first()?.text() } else { None }
}

fn is_naming(command: &str) -> bool {
    procedure::names_stream(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_takes_no_word_of_ours_away() {
        let mut masks = Masks::default();
        let words = ["s", "long-key"].map(|word| word.as_bytes().to_vec());
        masks.sessions.insert(1, Secrets { words: words.into(), ..Secrets::default() });
        let sentence = r#"publish "s" was refused after 2.3 s: "no s here", not even long-key"#;
        let shown = masks.sentence(1, sentence);
        assert_eq!(shown, r#"publish "*" was refused after 2.3 s: "no * here", not even ********"#);
        assert_eq!(masks.text(1, "s and long-key"), "* and ********");
    }
}
