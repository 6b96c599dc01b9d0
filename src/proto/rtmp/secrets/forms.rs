//! Where a text holds what is secret, by the form of the text alone: whatever is known of its session.

use std::ops::Range;

use memchr::memmem;

use super::vocabulary::{Name, is_common, is_harmless, is_random, is_small_word};

/// What a text is, by where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Any text: it may hold addresses, and names with their values.
    Text,
    /// A stream's name with its parameters.
    Name,
    /// An application with its parameters.
    App,
    /// What opens something.
    Secret,
    /// Who somebody is.
    User,
    /// A sentence in which servers quote the stream's name.
    Description,
    /// A text of which nobody knows what it is for: what looks as if made by chance is taken for a key.
    Loose,
    /// A word of the protocol, or one that stands where such a word belongs.
    Word,
}

/// A part of a text that is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) range: Range<usize>,
    /// Whether it is to be looked for in other places too.
    pub(super) learn: bool,
    /// It is only by the form of a sentence that it seems to be one.
    pub(super) guess: bool,
}

/// Gathers what is found.
struct Forms<'f> {
    found: &'f mut Vec<Form>,
}

impl Forms<'_> {
    fn put(&mut self, range: Range<usize>, learn: bool) {
        if !range.is_empty() {
            self.found.push(Form { range, learn, guess: false });
        }
    }
}

/// The parts of a text, without percent-encoding, that are secret by where they stand. `is_known` tells the names of the session, so
/// far.
pub(super) fn forms(text: &[u8], place: Place, is_known: impl Fn(&[u8]) -> bool) -> Vec<Form> {
    let mut found = Vec::new();
    let mut forms = Forms { found: &mut found };
    match place {
        Place::Secret => forms.put(0..text.len(), true),
        Place::User => forms.put(0..text.len(), is_random(text)),
        Place::Name => {
            let path = find(text, 0, b"?#");
            forms.put(0..path, true);
            forms.query(text, path, text.len());
        }
        Place::App => {
            let path = find(text, 0, b"?#");
            forms.addresses(text);
            forms.behind_app(text, 0, path);
            forms.query(text, path, text.len());
        }
        Place::Text | Place::Loose | Place::Description => {
            forms.addresses(text);
            forms.pairs(text);
            if place == Place::Loose {
                for range in tokens(text) {
                    if is_random(&text[range.clone()]) {
                        forms.put(range, true);
                    }
                }
            } else if place == Place::Description {
                forms.quoted(text, is_known);
            }
        }
        Place::Word => {}
    }
    found
}

impl Forms<'_> {
    /// What addresses in a text hold: who calls and with which password, what is behind the application, the parameters.
    fn addresses(&mut self, text: &[u8]) {
        let mut marks = memmem::find_iter(text, b"://").peekable();
        while let Some(mark) = marks.next() {
            let scheme = text[..mark].iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
            let start = mark + 3;
            // Another one may follow without a space: its scheme is taken for a part of this one.
            let text = &text[..marks.peek().copied().unwrap_or(text.len())];
            if start > text.len() {
                continue;
            }
            let end = find(text, start, b" \t\r\n\"<>`");
            let authority = find(text, start, b"/?#").min(end);
            let host = self.credentials(text, start, authority, end);
            let path = find(text, host, b"/?#").min(end);
            let query = find(text, path, b"?#").min(end);
            if text[scheme..mark].to_ascii_lowercase().starts_with(b"rtm") {
                self.behind_app(text, path, query);
            }
            self.query(text, query, end);
        }
    }

    /// Who calls, and with which password: `joe:secret@`. Gives where the host begins.
    fn credentials(&mut self, text: &[u8], start: usize, authority: usize, end: usize) -> usize {
        let sign = |end: usize| text[start..end].iter().rposition(|byte| *byte == b'@').map(|at| start + at);
        // A password may hold a slash that should be written otherwise: what stands behind a colon is then no port.
        let colon = text[start..authority].iter().position(|byte| *byte == b':').map(|at| start + at);
        let is_port = |colon: usize| text[colon + 1..authority].iter().all(u8::is_ascii_digit);
        let is_open = colon.is_some_and(|colon| text[start] != b'[' && !is_port(colon));
        let Some(at) = sign(authority).or_else(|| sign(end).filter(|_| is_open)) else { return start };
        match colon.filter(|colon| *colon < at) {
            Some(colon) => {
                self.put(start..colon, is_random(&text[start..colon]));
                self.put(colon + 1..at, true);
            }
            None => self.put(start..at, true),
        }
        at + 1
    }

    /// What a path has behind its first part, and that part too where it looks like a key.
    fn behind_app(&mut self, text: &[u8], start: usize, end: usize) {
        let first = start + text[start..end].iter().take_while(|byte| **byte == b'/').count();
        let slash = find(text, first, b"/").min(end);
        if is_random(&text[first..slash]) || text[first..slash].contains(&b'@') {
            self.put(first..slash, true);
        }
        let rest = slash + text[slash..end].iter().take_while(|byte| **byte == b'/').count();
        if !is_common(&text[rest..end]) {
            self.put(rest..trimmed(text, rest, end, b"/"), true);
        }
    }

    /// The values of the parameters behind a `?` or `#`, and what has no name there.
    fn query(&mut self, text: &[u8], start: usize, end: usize) {
        let mut at = start + 1;
        while at < end {
            let next = find(text, at, b"&;?# ]\"").min(end);
            match text[at..next].iter().position(|byte| *byte == b'=') {
                Some(equals) => {
                    let name = &text[at..at + equals];
                    if !is_harmless(name) {
                        let value = at + equals + 1..next;
                        self.put(value.clone(), !Name::of(name).is_user() || is_random(&text[value]));
                    }
                }
                None if !is_harmless(&text[at..next]) => self.put(at..next, true),
                None => {}
            }
            if matches!(text.get(next), Some(b' ' | b']' | b'"')) {
                break;
            }
            at = next + 1;
        }
    }

    /// `?user=joe&…` without an address before it, and `password=…`, `token: …` anywhere.
    fn pairs(&mut self, text: &[u8]) {
        let mut done = 0;
        for mark in memchr::memchr2_iter(b'=', b':', text) {
            if mark < done {
                continue;
            }
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
            let name = text[..mark].iter().rposition(|byte| !is_name(byte)).map_or(0, |at| at + 1);
            let value = mark + 1 + text[mark + 1..].iter().take_while(|byte| b" \"'".contains(byte)).count();
            let is_parameter = name > 0 && b"?&".contains(&text[name - 1]) && text[mark] == b'=';
            let name = &text[name..mark];
            if name.is_empty() || text[mark..].starts_with(b"://") {
                continue;
            }
            let end = || find(text, value, b"&;,?# \t\r\n\"'])}");
            let told = Name::of(name);
            let is_secret = told.is_credential() || name.eq_ignore_ascii_case(b"response");
            if is_secret || is_parameter && !is_harmless(name) {
                done = end();
                self.put(value..done, !told.is_user() || is_random(&text[value..done]));
            } else if told.is_user() && text[mark] == b'=' {
                done = end();
                self.put(value..done, false);
            }
        }
    }

    /// Names in a sentence of a server: `cam1 is now published`, `playing cam1`, `Stream 'cam1' …`, `/live/cam1 …`.
    fn quoted(&mut self, text: &[u8], is_known: impl Fn(&[u8]) -> bool) {
        const BEFORE: &[&[u8]] = &[
            b"file",
            b"key",
            b"name",
            b"play",
            b"playing",
            b"publish",
            b"publishing",
            b"recording",
            b"resetting",
            b"stopped",
            b"stopping",
            b"stream",
            b"unpublish",
            b"unpublishing",
        ];
        const AFTER: &[&[u8]] =
            &[b"already", b"does", b"ended", b"has", b"is", b"not", b"now", b"started", b"stopped", b"up", b"was"];
        let tokens: Vec<_> = tokens(text).collect();
        let is_one_of = |words: &[&[u8]], token: Option<&Range<usize>>| {
            token.is_some_and(|token| words.iter().any(|word| text[token.clone()].eq_ignore_ascii_case(word)))
        };
        for (index, token) in tokens.iter().enumerate() {
            let word = &text[token.clone()];
            let before = index.checked_sub(1).and_then(|before| tokens.get(before));
            let is_quoted = token.start.checked_sub(1).is_some_and(|before| b"'\"`".contains(&text[before]))
                && text.get(token.end).is_some_and(|after| b"'\"`".contains(after));
            let path = find(word, 0, b"?");
            let mut guess = |range: Range<usize>, learn| {
                let range = token.start + range.start..token.start + range.end;
                if !range.is_empty() {
                    self.found.push(Form { range, learn, guess: true });
                }
            };
            if memmem::find(word, b"://").is_some() || crate::proto::rtmp::status::find(&lossy(word)).is_some() {
                continue;
            }
            if let Some(slash) = word[..path].iter().position(|byte| *byte == b'/').filter(|_| word.len() > 1) {
                let first = usize::from(slash == 0);
                let behind = word[first..path].iter().position(|byte| *byte == b'/').map_or(first, |at| first + at + 1);
                guess(behind..path, is_quoted || is_random(&word[behind..path]));
            } else if is_random(word) || is_quoted {
                guess(0..path, true);
            } else if (is_known(word) || !is_small_word(word) && !is_common(word))
                // `playing stream` says little of a stream that is called `stream`.
                && (is_one_of(BEFORE, before) && !is_common(word)
                    || is_one_of(AFTER, tokens.get(index + 1)) && (index == 0 || is_one_of(BEFORE, before)))
            {
                guess(0..path, false);
            }
        }
    }
}

/// The words of a text, without the marks around them.
fn tokens(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    const MARKS: &[u8] = b"\"'`()[]{}<>,;:!.";
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += text.get(at..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if at >= text.len() {
                return None;
            }
            let end = at + text[at..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            let start = at + text[at..end].iter().take_while(|byte| MARKS.contains(byte)).count();
            at = end;
            let end = trimmed(text, start, end, MARKS);
            if start < end {
                return Some(start..end);
            }
        }
    })
}

/// The end of a range without these bytes there.
fn trimmed(text: &[u8], start: usize, end: usize, marks: &[u8]) -> usize {
    text[start..end].iter().rposition(|byte| !marks.contains(byte)).map_or(start, |last| start + last + 1)
}

/// The first of some bytes from a place on, or the end.
fn find(text: &[u8], from: usize, bytes: &[u8]) -> usize {
    text[from..].iter().position(|byte| bytes.contains(byte)).map_or(text.len(), |at| from + at)
}

fn lossy(text: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with its secret parts in braces.
    fn marked(place: Place, text: &str) -> String {
        let mut hidden = vec![false; text.len()];
        for form in forms(text.as_bytes(), place, |_| false) {
            hidden[form.range].fill(true);
        }
        let mut shown = String::new();
        for (at, c) in text.char_indices() {
            let (before, here) = (at > 0 && hidden[at - 1], hidden[at]);
            shown.push_str(if before && !here { "}" } else { "" });
            shown.push_str(if here && !before { "{" } else { "" });
            shown.push(c);
        }
        shown + if hidden.last() == Some(&true) { "}" } else { "" }
    }

    #[test]
    fn addresses_hide_who_calls_what_is_behind_the_application_and_parameters() {
        for (text, shown) in [
            ("rtmp://h/live", "rtmp://h/live"),
            ("rtmp://h:1935/live/key", "rtmp://h:1935/live/{key}"),
            ("rtmp://joe:pw@h/live/a/b?x=1&type=2", "rtmp://{joe}:{pw}@h/live/{a/b}?x={1}&type=2"),
            ("rtmp://joe:p/w@h/live", "rtmp://{joe}:{p/w}@h/live"),
            ("rtmp://token@h/live#key=7", "rtmp://{token}@h/live#key={7}"),
            ("rtmp://[::1]:1935/live/k@y", "rtmp://[::1]:1935/live/{k@y}"),
            ("see rtmp://h/a/b or http://h/a/b?c=d now", "see rtmp://h/a/{b} or http://h/a/b?c={d} now"),
            ("rtmp://h/live/_definst_", "rtmp://h/live/_definst_"),
            ("rtmp://h//live//key/", "rtmp://h//live//{key}/"),
        ] {
            assert_eq!(marked(Place::Text, text), shown);
        }
    }

    #[test]
    fn names_and_applications_hide_what_is_not_for_everybody() {
        assert_eq!(marked(Place::Name, "a/b?user=joe&type=x&9"), "{a/b}?user={joe}&type=x&{9}");
        assert_eq!(marked(Place::App, "live/key?vhost=h&t=9"), "live/{key}?vhost=h&t={9}");
        assert_eq!(marked(Place::App, "Zq7Rw9Xk2LmP4"), "{Zq7Rw9Xk2LmP4}");
        assert_eq!(marked(Place::App, "live?Zq7"), "live?{Zq7}");
        assert_eq!(marked(Place::App, "live2"), "live2");
    }

    #[test]
    fn pairs_are_found_in_any_text() {
        assert_eq!(
            marked(Place::Text, "[ Reject ] : [ authmod=adobe ] : ?reason=needauth&user=joe&salt=1&opaque=2=="),
            "[ Reject ] : [ authmod=adobe ] : ?reason=needauth&user={joe}&salt={1}&opaque={2==}"
        );
        assert_eq!(marked(Place::Text, "password: x1, token=\"y\" time=5"), "password: {x1}, token=\"{y}\" time=5");
    }

    #[test]
    fn names_are_found_in_the_sentences_of_servers() {
        for (text, shown) in [
            ("cam1 is now published.", "{cam1} is now published."),
            ("/live/cam1 is now published.", "/live/{cam1} is now published."),
            ("live/cam1 is now published", "live/{cam1} is now published"),
            ("Stream `w` is now published", "Stream `{w}` is now published"),
            ("Started playing cam1.", "Started playing {cam1}."),
            ("Stream cam1 not found", "Stream {cam1} not found"),
            ("Started playing stream.", "Started playing stream."),
            ("Playing and resetting stream.", "Playing and resetting stream."),
            ("Video on demand stream not found", "Video on demand stream not found"),
            ("NetStream.Play.Start", "NetStream.Play.Start"),
            ("start...", "start..."),
            ("Start live", "Start live"),
            ("play publish notify.", "play publish notify."),
            ("it is Zq7Rw9Xk2LmP4", "it is {Zq7Rw9Xk2LmP4}"),
        ] {
            assert_eq!(marked(Place::Description, text), shown);
        }
    }
}
