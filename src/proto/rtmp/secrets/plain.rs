//! A text with its percent-encoding undone, so that what is secret in it is found however it is written.

use std::borrow::Cow;
use std::ops::Range;

/// How often one encoding is looked for inside another.
const LAYERS: usize = 3;

/// A text without percent-encoding, and where in the text its bytes stand.
pub(super) struct Plain<'t> {
    pub(super) bytes: Cow<'t, [u8]>,
    /// The place of each byte, and of the end; none where nothing was encoded.
    places: Option<Vec<usize>>,
}

impl<'t> Plain<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        let mut plain = Plain { bytes: Cow::Borrowed(text), places: None };
        for _ in 0..LAYERS {
            if !plain.undo(text.len()) {
                break;
            }
        }
        plain
    }

    /// Undoes one layer. Whether there was one.
    fn undo(&mut self, end: usize) -> bool {
        let encoded = |at: usize| match self.bytes.get(at..at + 3)? {
            [b'%', high, low] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                Some((digit(*high)? << 4 | digit(*low)?) as u8)
            }
            _ => None,
        };
        if memchr::memchr(b'%', &self.bytes).is_none() || !(0..self.bytes.len()).any(|at| encoded(at).is_some()) {
            return false;
        }
        let (mut bytes, mut places, mut at) = (Vec::new(), Vec::new(), 0);
        let place = |at: usize| self.places.as_ref().map_or(at, |places| places[at]);
        while at < self.bytes.len() {
            places.push(place(at));
            if let Some(byte) = encoded(at) {
                bytes.push(byte);
                at += 3;
            } else {
                bytes.push(self.bytes[at]);
                at += 1;
            }
        }
        places.push(end);
        (self.bytes, self.places) = (Cow::Owned(bytes), Some(places));
        true
    }

    /// Where in the text a range of the plain bytes stands.
    pub(super) fn place(&self, range: &Range<usize>) -> Range<usize> {
        match &self.places {
            Some(places) => places[range.start]..places[range.end],
            None => range.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_undone_and_places_are_kept() {
        let plain = Plain::of(b"a%3Fkey%253Dx%zz");
        assert_eq!(&*plain.bytes, b"a?key=x%zz");
        assert_eq!(plain.place(&(5..7)), 7..13);
        assert_eq!(plain.place(&(9..10)), 15..16);
        let plain = Plain::of(b"none");
        assert_eq!((&*plain.bytes, plain.place(&(1..3))), (&b"none"[..], 1..3));
    }
}
