//! What must not leave the program unasked: stream names, passwords and tokens.
//!
//! A secret is what stands in certain *places*: `places` says what each value of a message is by where it stands, `forms` what
//! in a text is secret by the form of the text. Both need to know nothing of the session, so what comes before a name is known, or
//! without it, is masked too. What stood in such a place is then `known`, and found in the session's other texts in whatever
//! writing.
//!
//! Masking works on values, before sentences are made of them: our own words are never touched. In text a secret becomes a tag,
//! the same for the same secret in the whole run; in bytes it becomes as many asterisks, so that places stay what they are. JSON,
//! text, hex and the screen are all made from a message that was masked so ([`Shown`]): none of them can forget to.

mod forms;
mod known;
mod places;
mod plain;
mod shown;
mod tags;
mod vocabulary;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::{Body, Message, MessageType, procedure, status};
use crate::limits::{Limits, Reached};
use crate::proto::Event;
use crate::wire::{Origin, Sentence, Tree};
use forms::{Form, forms};
use known::{Found, Known};
use places::{Spot, spots};
use plain::Plain;
use tags::{MASK, Tags};

pub use forms::Place;
pub use shown::Shown;
use shown::{Fill, Tagged, Veil};
pub use vocabulary::is_credential;

/// Parts of one secret that are secrets of their own.
const PARTS: usize = 4;

/// A secret part of a text.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// Where it stands in the text as it is written.
    range: Range<usize>,
    /// What it is, without encoding.
    secret: Vec<u8>,
}

/// What must be masked of every session, and whether it is to be.
#[derive(Debug, Default)]
pub struct Masks {
    /// Show everything.
    pub reveal: bool,
    pub limits: Limits,
    sessions: HashMap<u32, Known>,
    tags: Tags,
    reached: Reached,
}

impl Masks {
    pub fn new(reveal: bool, limits: &Limits) -> Self {
        Masks { reveal, limits: limits.clone(), ..Masks::default() }
    }

    /// Learns from an event, in order, before it is shown.
    pub fn observe(&mut self, event: &Event) {
        let Event::Message(message) = event else { return };
        if self.reveal || !may_hold_secrets(message) {
            return;
        }
        let known = self.sessions.get(&message.session);
        let mut learned = Vec::new();
        for spot in spots(&self.recorded(message), &message.payload) {
            match spot {
                Spot::Text(range, place) => {
                    let plain = Plain::of(&message.payload[of(&range)]);
                    let forms = formed(&plain.bytes, place, known, None).into_iter().filter(|form| form.learn);
                    learned.extend(forms.map(|form| plain.bytes[form.range].to_vec()));
                }
                Spot::Number { text, .. } => learned.push(text.into_bytes()),
                Spot::Opaque(_) => {}
            }
        }
        if !learned.is_empty() {
            let known = self.sessions.entry(message.session).or_default();
            for secret in &learned {
                known.learn(secret, &self.limits, &mut self.reached);
                for part in parts_of(secret).take(PARTS) {
                    known.learn(part, &self.limits, &mut self.reached);
                }
                // Tags are given in the order of the wire, whatever is shown first.
                self.tags.of(secret, &self.limits);
            }
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
    pub fn message<'m>(&self, message: &'m Message) -> Shown<'m> {
        if self.reveal || !may_hold_secrets(message) {
            return Shown::whole(message);
        }
        let known = self.sessions.get(&message.session);
        let mut veil = Veil::default();
        for spot in spots(&self.recorded(message), &message.payload) {
            match spot {
                Spot::Text(range, place) => {
                    let text = &message.payload[of(&range)];
                    let parts = parts(text, place, known);
                    if !parts.is_empty() {
                        let start = range.start as usize;
                        let shown = self.render(text, &parts, true);
                        veil.put(parts.into_iter().map(|part| start + part.range.start..start + part.range.end));
                        veil.texts.push(Tagged { range, is_number: false, text: shown });
                    }
                }
                Spot::Number { span, bytes, text } => {
                    veil.fill(of(&bytes), Fill::Number);
                    let text = self.tags.of(text.as_bytes(), &self.limits);
                    veil.texts.push(Tagged { range: span, is_number: true, text });
                }
                Spot::Opaque(range) => veil.put(std::iter::once(of(&range))),
            }
        }
        Shown::behind(veil, message, &self.limits)
    }

    fn recorded(&self, message: &Message) -> Tree {
        let mut tree = Tree::default();
        message.record(&mut tree, &self.limits);
        tree
    }

    /// Text from a session's wire, as it may be shown.
    pub fn text(&self, session: u32, place: Place, text: &str) -> String {
        self.shown(session, place, text, true)
    }

    /// The same without tags: for texts that are compared, in which every secret is like any other.
    pub fn even(&self, session: u32, place: Place, text: &str) -> String {
        self.shown(session, place, text, false)
    }

    fn shown(&self, session: u32, place: Place, text: &str, tagged: bool) -> String {
        if self.reveal {
            return text.to_owned();
        }
        let parts = parts(text.as_bytes(), place, self.sessions.get(&session));
        self.render(text.as_bytes(), &parts, tagged)
    }

    /// A sentence about a session, as it may be shown: what it has from the wire is masked, and our own words are not.
    pub fn sentence(&self, session: u32, sentence: &Sentence) -> String {
        let (mut shown, mut at) = (String::with_capacity(sentence.len()), 0);
        for (range, origin) in sentence.wire() {
            let range = of(range);
            shown.push_str(&sentence[at..range.start]);
            let text = &sentence[range.clone()];
            let place = match origin {
                Origin::Text => Place::Loose,
                Origin::Name => Place::Name,
                Origin::App => Place::App,
                Origin::Description => Place::Description,
                Origin::Secret => Place::Secret,
                Origin::Bytes => {
                    shown.push_str(&if self.reveal { text.to_owned() } else { without_text(text) });
                    at = range.end;
                    continue;
                }
            };
            shown.push_str(&self.text(session, place, text));
            at = range.end;
        }
        shown + &sentence[at..]
    }

    fn render(&self, text: &[u8], parts: &[Part], tagged: bool) -> String {
        let (mut shown, mut at) = (String::new(), 0);
        for part in parts {
            shown.push_str(&String::from_utf8_lossy(&text[at..part.range.start]));
            if tagged && !part.secret.is_empty() {
                shown.push_str(&self.tags.of(&part.secret, &self.limits));
            } else {
                shown.push_str(MASK);
            }
            at = part.range.end;
        }
        shown.push_str(&String::from_utf8_lossy(&text[at..]));
        shown
    }
}

/// The secret parts of a text, in order and apart from each other.
fn parts(text: &[u8], place: Place, known: Option<&Known>) -> Vec<Part> {
    if matches!(place, Place::Word | Place::Loose) && is_of_protocol(text) {
        return Vec::new();
    }
    if place != Place::Word && known.is_some_and(|known| known.overflowed) {
        let whole = 0..text.len();
        return if text.is_empty() { Vec::new() } else { vec![Part { range: whole, secret: Vec::new() }] };
    }
    let plain = Plain::of(text);
    let found = found(&plain.bytes, place, known);
    let forms = formed(&plain.bytes, place, known, Some(&found));
    if found.is_empty() && forms.is_empty() {
        return Vec::new();
    }
    let known = found.into_iter().map(|found| (found.range, found.word));
    let forms = forms.into_iter().map(|form| (form.range.clone(), &plain.bytes[form.range]));
    let mut all: Vec<(Range<usize>, &[u8])> = known.chain(forms).collect();
    all.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut parts: Vec<(Range<usize>, &[u8])> = Vec::new();
    for (range, secret) in all {
        match parts.last_mut() {
            Some((last, _)) if range.end <= last.end => {}
            Some((last, secret)) if range.start < last.end => {
                last.end = range.end;
                *secret = &plain.bytes[last.clone()];
            }
            _ => parts.push((range, secret)),
        }
    }
    let parts = parts.into_iter();
    parts.map(|(range, secret)| Part { range: plain.place(&range), secret: secret.to_vec() }).collect()
}

/// What in a text is known to be secret.
fn found<'k>(text: &[u8], place: Place, known: Option<&'k Known>) -> Vec<Found<'k>> {
    let mut found = Vec::new();
    if let Some(known) = known {
        known.find(text, place, &mut |hit| found.push(hit));
    }
    found
}

/// What in a text is secret by its form. `hits`: what in it is known, which is else looked for where it matters.
fn formed(text: &[u8], place: Place, known: Option<&Known>, hits: Option<&[Found<'_>]>) -> Vec<Form> {
    let mut forms = forms(text, place, |word| known.is_some_and(|known| known.holds(word)));
    if forms.iter().any(|form| form.guess) {
        // Where the name is known, a sentence is not asked where it may be.
        let mut is_known = vec![false; text.len()];
        let mut mark = |hits: &[Found<'_>]| hits.iter().for_each(|hit| is_known[hit.range.clone()].fill(true));
        match hits {
            Some(hits) => mark(hits),
            None => mark(&found(text, place, known)),
        }
        forms.retain(|form| !form.guess || !is_known[form.range.clone()].contains(&true));
    }
    forms
}

/// Whether a text is a word that the protocol has: a stream that is called so takes it from nobody.
fn is_of_protocol(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| status::find(text).is_some() || procedure::find(text).is_some())
}

/// What in a secret is one of its own: the last part of a path, a name without its format or ending, base64 without its
/// padding, what of it is ASCII.
fn parts_of(secret: &[u8]) -> impl Iterator<Item = &[u8]> {
    const PART: usize = 4;
    let last = secret.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty()).unwrap_or(secret);
    let bare = last.splitn(2, |byte| *byte == b':').last().unwrap_or(last);
    let stem = match bare.iter().rposition(|byte| *byte == b'.') {
        Some(dot @ 1..) if bare.len() - dot <= 5 => &bare[..dot],
        _ => bare,
    };
    let unpadded = secret.iter().rposition(|byte| *byte != b'=').map_or(secret, |end| &secret[..=end]);
    let ascii = if secret.is_ascii() { &[][..] } else { secret };
    let ascii = ascii.split(|byte| !byte.is_ascii_graphic()).filter(|part| part.len() >= PART);
    let others = secret.split(|byte| *byte == b'/').filter(|part| part.len() > PART);
    [last, bare, stem, unpadded].into_iter().chain(ascii).chain(others).filter(move |part| *part != secret)
}

/// Whether anything in a message is text, or bytes that may be.
pub(crate) fn may_hold_secrets(message: &Message) -> bool {
    // What the longest of them has, a buffer's length.
    const CONTROL: usize = 10;
    match &message.body {
        // Most are of media alone.
        Body::Aggregate(messages) if message.problems.is_empty() => {
            messages.iter().any(|inside| may_be_text(inside.kind) || is_named(&inside.body))
        }
        Body::Aggregate(_) => true,
        body => {
            let is_media = matches!(message.head.kind, MessageType::AUDIO | MessageType::VIDEO);
            may_be_text(message.head.kind) || !is_media && message.payload.len() > CONTROL || is_named(body)
        }
    }
}

/// Whether a message of this type has text, or nobody knows what: neither pictures, sound nor control messages.
pub(crate) fn may_be_text(kind: MessageType) -> bool {
    !matches!(kind.0, 1..=6 | 8 | 9)
}

/// Whether a video message has names and values, as commands have, or tracks that may have them.
fn is_named(body: &Body) -> bool {
    matches!(body, Body::Video(video) if video.packet_type == Some("metadata") || !video.tracks.is_empty())
}

/// Bytes in hex without those that read as text: they may be a part of a secret, however few they are.
pub(super) fn without_text(hex: &str) -> String {
    let bytes: Vec<u8> = hex.split(' ').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    let mut shown: Vec<Cow<'_, str>> = Vec::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                shown.push(format!("{:02x}", u32::from(c)).into());
            } else {
                shown.extend(std::iter::repeat_n(Cow::Borrowed("··"), c.len_utf8()));
            }
        }
        shown.extend(chunk.invalid().iter().map(|byte| Cow::Owned(format!("{byte:02x}"))));
    }
    shown.join(" ")
}

fn of(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{told, told_as};

    fn masks(words: &[&str]) -> Masks {
        let mut masks = Masks::default();
        let mut known = Known::default();
        for word in words {
            known.learn(word.as_bytes(), &Limits::default(), &mut Reached::default());
        }
        masks.sessions.insert(1, known);
        masks
    }

    #[test]
    fn a_secret_takes_no_word_of_ours_away() {
        let masks = masks(&["s", "seconds", "long-key"]);
        let marked = format!(
            "publish {} was refused after 2.3 seconds: \"{}\"",
            told_as(Origin::Name, "s"),
            told_as(Origin::Description, "no s here, nor xlong-key1")
        );
        let shown = masks.sentence(1, &Sentence::of(marked, 200));
        assert_eq!(shown, r#"publish ***a was refused after 2.3 seconds: "no ***a here, nor x***b1""#);
        assert_eq!(masks.text(1, Place::Text, "it's s and long-key"), "it's s and ***b");
        assert_eq!(masks.even(1, Place::Text, "long-key"), "***");
    }

    #[test]
    fn an_encoded_secret_is_masked_where_it_is_written() {
        let masks = masks(&["long key"]);
        assert_eq!(masks.text(1, Place::Text, "a%20long%20key%2e"), "a%20***a%2e");
        assert_eq!(masks.text(1, Place::Text, "is 6c6f6e67206b6579"), "is ***a");
    }

    #[test]
    fn bytes_that_may_be_a_key_are_left_out() {
        let marked = format!("begins with {}", told_as(Origin::Bytes, "c3 05 61 00 c3 a9 4b"));
        let sentence = Sentence::of(marked, 200);
        assert_eq!(Masks::default().sentence(1, &sentence), "begins with c3 05 ·· 00 ·· ·· ··");
        let open = Masks::new(true, &Limits::default());
        assert_eq!(open.sentence(1, &sentence), "begins with c3 05 61 00 c3 a9 4b");
        assert_eq!(open.sentence(1, &Sentence::of(told("x").to_string(), 9)), "x");
    }

    #[test]
    fn parts_of_a_name_are_secrets_too() {
        let parts = |name: &'static [u8]| {
            parts_of(name).map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(parts(b"sub/mp4:movie.mp4"), ["mp4:movie.mp4", "movie.mp4", "movie", "mp4:movie.mp4"]);
        assert!(parts(b"cam1").is_empty());
        assert_eq!(parts(b"\xffcam1"), ["cam1"]);
    }
}
