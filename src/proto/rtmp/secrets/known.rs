//! The secrets of a session that are known, and every writing of them in a text.
//!
//! Texts are short and secrets few: each is looked for by itself, so that nothing has to be kept beside them. What is written in hex
//! or base64 is read first.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

use super::forms::Place;
use super::vocabulary::is_common;
use crate::limits::{Limits, Reached};

/// From so many bytes on a secret is found inside other words too, below only as a word of its own.
const INSIDE: usize = 8;
/// Secrets of fewer bytes are words of any sentence: they are found only where something sets them apart.
const WORD: usize = 4;
/// So many bytes of a longer secret tell it: it may have been cut.
const BEGINNING: usize = 24;
/// From so many bytes on a secret is looked for in hex and base64 too. Shorter ones would be found where they are not.
const ENCODED: usize = 6;

/// Base64 as it is met: cut anywhere, with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Where a text has a known secret, and which.
pub(super) struct Found<'k> {
    pub(super) range: Range<usize>,
    pub(super) word: &'k [u8],
}

/// The secrets of one session that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    words: Vec<Vec<u8>>,
    held: HashSet<Vec<u8>>,
    bytes: usize,
    /// There were more than are remembered: any text may be one.
    pub(super) overflowed: bool,
}

impl Known {
    /// Remembers a secret. One that is a word of the protocol is not looked for.
    pub(super) fn learn(&mut self, word: &[u8], limits: &Limits, reached: &mut Reached) {
        if word.is_empty() || self.overflowed || self.held.contains(word) {
            return;
        }
        if self.held.len() >= limits.secrets {
            reached.secrets += 1;
            self.overflowed = true;
        } else if self.bytes + word.len() > limits.secret_bytes {
            reached.secret_bytes += 1;
            self.overflowed = true;
        } else {
            self.bytes += word.len();
            if !is_common(word) {
                self.words.push(word.to_vec());
            }
            self.held.insert(word.to_vec());
        }
    }

    /// Whether a word is a secret.
    pub(super) fn holds(&self, word: &[u8]) -> bool {
        self.held.contains(word)
    }

    /// Every place in a text where a known secret stands, in some writing. In a sentence in which servers quote names short ones
    /// are found as words too; where a word of the protocol belongs they are not looked for.
    pub(super) fn find<'k>(&'k self, text: &[u8], place: Place, found: &mut impl FnMut(Found<'k>)) {
        for word in &self.words {
            for range in occurrences(text, word) {
                if is_it(text, &range, word.len(), place) {
                    found(Found { range, word });
                }
            }
        }
        let long = || self.words.iter().filter(|word| word.len() >= ENCODED);
        if long().next().is_none() {
            return;
        }
        for run in runs(text, u8::is_ascii_hexdigit, 2 * ENCODED) {
            for start in [run.start, run.start + 1] {
                let bytes = hex(&text[start..run.end]);
                for word in long() {
                    for range in occurrences(&bytes, word) {
                        let range = start + 2 * range.start..start + 2 * range.end;
                        found(Found { range, word });
                    }
                }
            }
        }
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        for run in runs(text, is_base64, ENCODED * 8 / 6) {
            for start in run.start..run.start + 4 {
                let Some(bytes) = base64(&text[start..run.end]) else { continue };
                if let Some(word) = long().find(|word| occurrences(&bytes, word).next().is_some()) {
                    // Its first and last characters are its neighbours' too.
                    found(Found { range: run.clone(), word });
                }
            }
        }
    }
}

/// Every place where a word stands, as far as the text goes on with it.
fn occurrences<'t>(text: &'t [u8], word: &'t [u8]) -> impl Iterator<Item = Range<usize>> + 't {
    let beginning = &word[..word.len().min(BEGINNING)];
    let mut at = 0;
    std::iter::from_fn(move || {
        // Most texts are short: what looks through long ones sooner takes longer to set up.
        let start = at + memmem::find(&text[at..], beginning)?;
        at = start + beginning.len().max(1);
        let same = text[start..].iter().zip(word).take_while(|(a, b)| a == b).count();
        Some(start..start + same)
    })
}

/// Whether a secret of this length is meant where its bytes stand.
fn is_it(text: &[u8], range: &Range<usize>, length: usize, place: Place) -> bool {
    let (before, after) = (range.start.checked_sub(1).map(|at| text[at]), text.get(range.end).copied());
    let joins = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
    let is_word = !joins(before) && !joins(after);
    let is_apart =
        before.is_none_or(|byte| b"/\"'`[(=".contains(&byte)) && after.is_none_or(|byte| b"/?\"'`])&".contains(&byte));
    match length {
        INSIDE.. => true,
        WORD.. => is_word,
        _ => place == Place::Description && is_word || place != Place::Word && is_apart,
    }
}

/// The runs of such bytes that are long enough.
fn runs<'t>(
    text: &'t [u8],
    is_in: impl Fn(&u8) -> bool + Copy + 't,
    least: usize,
) -> impl Iterator<Item = Range<usize>> + 't {
    let mut at = 0;
    let runs = text.chunk_by(move |a, b| is_in(a) == is_in(b)).map(move |run| {
        at += run.len();
        (at - run.len()..at, is_in(&run[0]))
    });
    runs.filter(move |(run, is_in)| *is_in && run.len() >= least).map(|(run, _)| run)
}

/// The bytes that hex digits are; one alone at the end is none.
fn hex(digits: &[u8]) -> Vec<u8> {
    hex::decode(&digits[..digits.len() / 2 * 2]).unwrap_or_default()
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    // One character alone is none of a byte.
    let whole = text.len() - usize::from(text.len() % 4 == 1);
    let standard = text[..whole].iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => *byte,
    });
    BASE64.decode(standard.collect::<Vec<_>>()).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    fn found(words: &[&str], text: &str) -> Vec<String> {
        let mut known = Known::default();
        for word in words {
            known.learn(word.as_bytes(), &Limits::default(), &mut Reached::default());
        }
        let mut all = Vec::new();
        known.find(text.as_bytes(), Place::Text, &mut |found| all.push(text[found.range].to_owned()));
        all
    }

    #[test]
    fn every_writing_of_a_secret_is_found() {
        assert_eq!(found(&["long-key1"], "xlong-key1y"), ["long-key1"]);
        for (before, text) in [("", "bG9uZy1rZXkx"), ("a", "YWxvbmcta2V5MQ"), ("ab", "YWJsb25nLWtleTE")] {
            assert_eq!(STANDARD_NO_PAD.encode(format!("{before}long-key1")), text);
            assert_eq!(found(&["long-key1"], &format!("is {text}==")), [text]);
        }
        let long = "0123456789abcdefghijklmnopqrstuvwxyz";
        assert_eq!(found(&[long], "is 0123456789abcdefghijklmnop…"), ["0123456789abcdefghijklmnop"]);
        assert_eq!(found(&["long-key1"], "6C6F6E672D6B657931"), ["6C6F6E672D6B657931"]);
        assert_eq!(found(&["long-key1"], "0x6c6f6e672d6b657931"), ["6c6f6e672d6b657931"]);
    }

    #[test]
    fn a_short_secret_is_found_only_where_it_stands_alone() {
        assert_eq!(found(&["cam1"], "cam1 is on; cam12 is not"), ["cam1"]);
        assert!(found(&["s"], "it's 5 s long").is_empty());
        assert_eq!(found(&["s"], "/live/s"), ["s"]);
        assert!(found(&["1"], "FMS/3,0,1,123").is_empty());
        assert!(found(&["live", "publish"], "publish live").is_empty());
    }
}
