//! Searching: what for, and a walk through the rows that can be done a few at a time.

/// What is searched for. Capital letters matter only if it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    text: String,
    exact: bool,
}

impl Query {
    pub(super) fn new(text: &str) -> Option<Self> {
        let exact = text.chars().any(char::is_uppercase);
        (!text.is_empty()).then(|| Query { text: text.to_owned(), exact })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if self.exact { text.contains(&self.text) } else { text.to_lowercase().contains(&self.text) }
    }
}

/// A search under way, from the row beside `origin` once around.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seek {
    origin: usize,
    forward: bool,
    seen: usize,
}

impl Seek {
    pub(super) fn new(origin: usize, forward: bool) -> Self {
        Seek { origin, forward, seen: 0 }
    }

    /// The next place to look at, of `length`, and whether the walk went past an end to come there. The last one is the
    /// origin itself.
    pub(super) fn next(&mut self, length: usize) -> Option<(usize, bool)> {
        if self.seen >= length {
            return None;
        }
        self.seen += 1;
        let place = if self.forward { self.origin + self.seen } else { self.origin + length - self.seen };
        let wrapped = (place >= length) == self.forward;
        Some((place % length, wrapped))
    }

    /// How much was looked at, in percent.
    pub(super) fn percent(&self, length: usize) -> usize {
        self.seen * 100 / length.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_once_around() {
        let walk = |mut seek: Seek| std::iter::from_fn(|| seek.next(4)).collect::<Vec<_>>();
        assert_eq!(walk(Seek::new(2, true)), [(3, false), (0, true), (1, true), (2, true)]);
        assert_eq!(walk(Seek::new(1, false)), [(0, false), (3, true), (2, true), (1, true)]);
        assert_eq!(Seek::new(0, true).next(0), None);
    }

    #[test]
    fn capitals_matter_when_they_are_there() {
        let query = |text| Query::new(text).unwrap();
        assert!(query("netstream").matches("NetStream.Publish"));
        assert!(!query("Netstream").matches("NetStream.Publish"));
        assert_eq!(Query::new(""), None);
    }
}
