//! What is searched for: text, a regular expression, or bytes.

use memchr::memmem;
use regex::{Regex, RegexBuilder};

use crate::limits::Limits;

/// Which letters are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Case {
    /// Capital letters matter where there are some.
    #[default]
    Smart,
    Exact,
    Any,
}

impl Case {
    pub(super) fn next(self) -> Self {
        match self {
            Case::Smart => Case::Exact,
            Case::Exact => Case::Any,
            Case::Any => Case::Smart,
        }
    }

    /// For a line; a word or two.
    pub(super) fn name(self) -> &'static str {
        match self {
            Case::Smart => "smart case",
            Case::Exact => "exact case",
            Case::Any => "any case",
        }
    }

    fn is_exact(self, text: &str) -> bool {
        match self {
            Case::Smart => {
                // A capital letter behind a backslash is a class.
                let before = std::iter::once(' ').chain(text.chars());
                text.chars().zip(before).any(|(letter, before)| letter.is_uppercase() && before != '\\')
            }
            Case::Exact => true,
            Case::Any => false,
        }
    }
}

/// How what is written is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// As text, but `/…/` as a regular expression, `x:…` as bytes, and hex digits in pairs as these too.
    #[default]
    Text,
    Regex,
    Bytes,
}

impl Form {
    pub(super) fn next(self) -> Self {
        match self {
            Form::Text => Form::Regex,
            Form::Regex => Form::Bytes,
            Form::Bytes => Form::Text,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Form::Text => "text",
            Form::Regex => "regex",
            Form::Bytes => "bytes",
        }
    }
}

/// What is searched for.
#[derive(Clone, Debug)]
pub(super) struct Query {
    written: String,
    /// None where only bytes are looked for.
    words: Option<Words>,
    /// Bytes that are looked for; those of a text too.
    bytes: Option<Vec<u8>>,
    /// Whether the bytes are those of a text: not to be looked for in media.
    is_text: bool,
    is_exact: bool,
}

#[derive(Clone, Debug)]
enum Words {
    Text(String),
    Regex(Regex),
}

impl Query {
    /// None where nothing is written; a clause where it cannot be read.
    pub(super) fn new(written: &str, form: Form, case: Case) -> Result<Option<Self>, String> {
        let is_exact = case.is_exact(written);
        let query =
            |words, bytes, is_text| Ok(Some(Query { written: written.to_owned(), words, bytes, is_text, is_exact }));
        let inner = written.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|inner| !inner.is_empty());
        match (form, inner, written.strip_prefix("x:")) {
            _ if written.is_empty() => Ok(None),
            (Form::Regex, ..) => query(Some(Words::Regex(regex(inner.unwrap_or(written), is_exact)?)), None, false),
            (Form::Text, Some(inner), _) => query(Some(Words::Regex(regex(inner, is_exact)?)), None, false),
            (Form::Bytes, _, hex) | (Form::Text, _, hex @ Some(_)) => match digits(hex.unwrap_or(written)) {
                Some(bytes) => query(None, Some(bytes), false),
                None => Err("bytes are written as pairs of hex digits".to_owned()),
            },
            (Form::Text, None, None) => {
                let text = if is_exact { written.to_owned() } else { written.to_lowercase() };
                let pairs: Vec<_> = written.split([' ', ':']).collect();
                let is_hex = pairs.len() > 1 && pairs.iter().all(|pair| pair.len() == 2);
                let bytes = digits(written).filter(|_| is_hex);
                let is_text = bytes.is_none();
                let bytes = bytes.or_else(|| Some(text.clone().into_bytes()));
                query(Some(Words::Text(text)), bytes, is_text)
            }
        }
    }

    pub(super) fn written(&self) -> &str {
        &self.written
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match &self.words {
            None => false,
            Some(Words::Regex(regex)) => regex.is_match(text),
            Some(Words::Text(wanted)) if self.is_exact => text.contains(wanted),
            Some(Words::Text(wanted)) => text.to_lowercase().contains(wanted),
        }
    }

    /// Whether it is one for bytes alone.
    pub(super) fn is_of_bytes(&self) -> bool {
        self.words.is_none()
    }

    /// Where the bytes are that it asks for, from a place on or before it; in media only where they were given as bytes.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        is_media: bool,
        within: std::ops::Range<usize>,
        forward: bool,
    ) -> Option<usize> {
        let wanted = self.bytes.as_deref().filter(|_| !(self.is_text && is_media))?;
        let folded;
        let bytes = if self.is_text && !self.is_exact {
            folded = bytes.to_ascii_lowercase();
            &folded
        } else {
            bytes
        };
        let end = within.end.min(bytes.len());
        let part = bytes.get(within.start.min(end)..end)?;
        let found = if forward { memmem::find(part, wanted) } else { memmem::rfind(part, wanted) };
        found.map(|at| within.start + at)
    }

    /// How many bytes such a place has.
    pub(super) fn length(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }
}

fn regex(text: &str, is_exact: bool) -> Result<Regex, String> {
    let size = Limits::DEFAULT.filter_regex_bytes;
    let built = RegexBuilder::new(text).case_insensitive(!is_exact).size_limit(size).dfa_size_limit(size).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the expression is too large".to_owned(),
        other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    })
}

/// Pairs of hex digits, with or without something between them.
fn digits(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':')).collect();
    let is_hex = digits.len().is_multiple_of(2) && !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_hexdigit());
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    if is_hex { (0..digits.len()).step_by(2).map(pair).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str, form: Form, case: Case) -> Query {
        Query::new(text, form, case).unwrap().unwrap()
    }

    #[test]
    fn capitals_matter_when_they_are_there() {
        let smart = |text| query(text, Form::Text, Case::Smart);
        assert!(smart("netstream").matches("NetStream.Publish"));
        assert!(!smart("Netstream").matches("NetStream.Publish"));
        assert!(!query("netstream", Form::Text, Case::Exact).matches("NetStream.Publish"));
        assert!(query("NETSTREAM", Form::Text, Case::Any).matches("NetStream.Publish"));
        assert!(query("\\Wpublish", Form::Regex, Case::Smart).matches("NetStream.Publish"));
        assert!(!query("\\WPUblish", Form::Regex, Case::Smart).matches("NetStream.Publish"));
        assert!(Query::new("", Form::Text, Case::Smart).unwrap().is_none());
    }

    #[test]
    fn expressions_and_bytes_are_told_by_how_they_are_written() {
        let text = |text| query(text, Form::Text, Case::Smart);
        assert!(text("/net.*pub/").matches("NetStream.Publish"));
        assert!(!text("net.*pub").matches("NetStream.Publish"));
        let all = |query: &Query, bytes: &[u8]| query.find(bytes, true, 0..bytes.len(), true);
        assert_eq!(all(&text("x:0a0b"), &[9, 10, 11]), Some(1));
        assert_eq!(all(&text("0a:0b"), &[9, 10, 11]), Some(1));
        assert_eq!(all(&query("0a 0b", Form::Bytes, Case::Smart), &[9, 10, 11]), Some(1));
        // A text is not looked for among the bytes of media.
        assert_eq!(all(&text("live"), b"xlive"), None);
        assert_eq!(text("live").find(b"xLIVE", false, 0..5, true), Some(1));
        assert_eq!(text("Live").find(b"xLIVE", false, 0..5, true), None);
        assert_eq!(text("live").find(b"live live", false, 0..9, false), Some(5));
        assert!(Query::new("x:0", Form::Text, Case::Smart).is_err());
        assert!(Query::new("/(/", Form::Text, Case::Smart).unwrap_err().contains("group"));
    }
}
