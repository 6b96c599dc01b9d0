//! Sentences of our own with text from the wire in them.
//!
//! Who shows a sentence must know which of it came from the wire: that is escaped and masked, and our own words are not. So
//! whoever writes one puts [`told`] around text from the wire, and a [`Sentence`] knows where it stands.

use std::fmt;
use std::ops::Range;

/// Around text from the wire, while a sentence is put together: noncharacters, which Unicode has for a program's own use.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// What a text from the wire is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Any text, or a word: a procedure's name, a code.
    Text,
    /// A stream's name.
    Name,
    /// An application.
    App,
    /// What a server says in a sentence.
    Description,
    /// What may be anything, in a place where a few words belong.
    Secret,
    /// Bytes that nobody could decode, in hex with spaces between them.
    Bytes,
}

const ORIGINS: [(Origin, char); 6] = [
    (Origin::Text, '\u{fdd2}'),
    (Origin::Name, '\u{fdd3}'),
    (Origin::App, '\u{fdd4}'),
    (Origin::Description, '\u{fdd5}'),
    (Origin::Secret, '\u{fdd6}'),
    (Origin::Bytes, '\u{fdd7}'),
];

/// Text from the wire, to be written into a sentence.
pub fn told(text: &str) -> Told<'_> {
    Told { text, origin: Origin::Text }
}

/// The same, where more is known of it.
pub fn told_as(origin: Origin, text: &str) -> Told<'_> {
    Told { text, origin }
}

/// Text from the wire, with marks around it.
pub struct Told<'t> {
    text: &'t str,
    origin: Origin,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = ORIGINS.iter().find(|(origin, _)| *origin == self.origin).map_or(CLOSE, |(_, mark)| *mark);
        write!(f, "{OPEN}{mark}")?;
        // What is a mark already is none of ours.
        self.text.split(is_mark).try_for_each(|part| f.write_str(part))?;
        write!(f, "{CLOSE}")
    }
}

fn is_mark(c: char) -> bool {
    ('\u{fdd0}'..='\u{fddf}').contains(&c)
}

/// A sentence, and where in it text from the wire stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    text: String,
    /// Bytes of the text, in order.
    wire: Vec<(Range<u32>, Origin)>,
}

impl std::ops::Deref for Sentence {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Sentence {
    /// What in it came from the wire: bytes of the text, in order.
    pub fn wire(&self) -> &[(Range<u32>, Origin)] {
        &self.wire
    }

    /// A sentence of at most so many bytes, from a text with marks.
    pub fn of(marked: String, most: usize) -> Sentence {
        if marked.len() <= most && !marked.contains(is_mark) {
            return Sentence { text: marked, wire: Vec::new() };
        }
        let mut sentence = Sentence::default();
        let mut open = None;
        for c in marked.chars() {
            if !is_mark(c) && sentence.text.len() + c.len_utf8() > most {
                if let Some((start, _)) = open {
                    sentence.cut(start as usize);
                }
                sentence.close(open.take());
                sentence.text.push('…');
                break;
            }
            let at = sentence.text.len() as u32;
            match c {
                OPEN => open = Some((at, Origin::Text)),
                CLOSE => sentence.close(open.take()),
                mark if is_mark(mark) => {
                    let known = ORIGINS.iter().find(|(_, known)| *known == mark);
                    if let (Some((_, origin)), Some((origin_of, _))) = (&mut open, known) {
                        *origin = *origin_of;
                    }
                }
                c => sentence.text.push(c),
            }
        }
        sentence.close(open);
        sentence
    }

    /// Leaves out the word at the end, which began at `start` or later: a part of a secret would not be known for one.
    fn cut(&mut self, start: usize) {
        const WORD: usize = 256;
        let from = self.text.floor_char_boundary(self.text.len().saturating_sub(WORD)).max(start);
        let end = self.text[from..].rfind(char::is_whitespace).map_or(from, |space| from + space + 1);
        self.text.truncate(end);
    }

    fn close(&mut self, open: Option<(u32, Origin)>) {
        let end = self.text.len() as u32;
        if let Some((start, origin)) = open
            && start < end
        {
            self.wire.push((start..end, origin));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_knows_what_came_from_the_wire() {
        let marked = format!("the server sent {}(1): \"{}\"", told("on\u{fdd1}It"), told_as(Origin::Name, "é"));
        let sentence = Sentence::of(marked, 100);
        assert_eq!(sentence.text, "the server sent onIt(1): \"é\"");
        assert_eq!(sentence.wire, [(16..20, Origin::Text), (26..28, Origin::Name)]);
        let cut = Sentence::of(format!("it said \"{}\"", told("a long word")), 14);
        assert_eq!((cut.text.as_str(), cut.wire), ("it said \"a …", vec![(9..11, Origin::Text)]));
        assert_eq!(Sentence::of("plain".into(), 100), Sentence { text: "plain".into(), wire: Vec::new() });
    }
}
