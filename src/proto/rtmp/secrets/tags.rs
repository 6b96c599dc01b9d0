//! Short names for what is masked, so that a reader sees which of it is the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::limits::Limits;

/// What stands in the place of a secret.
pub(super) const MASK: &str = "***";

/// The tags of one run: `***a`, `***b`, in the order in which their secrets come up.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// By the secret's hash: a secret itself is not kept for longer than its session.
    known: RefCell<HashMap<u64, u32>>,
}

impl Tags {
    /// The text that stands in a secret's place. Past the limit it has no letter.
    pub(super) fn of(&self, secret: &[u8], limits: &Limits) -> String {
        let mut known = self.known.borrow_mut();
        let next = known.len();
        let hash = FixedState::default().hash_one(secret);
        let number = match known.get(&hash) {
            Some(number) => *number,
            None if next >= limits.secret_tags => return MASK.to_owned(),
            None => *known.entry(hash).or_insert(next as u32),
        };
        format!("{MASK}{}", letters(number))
    }
}

/// `a` to `z`, then `aa`.
fn letters(mut number: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'a' + (number % 26) as u8));
        match number / 26 {
            0 => break,
            more => number = more - 1,
        }
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_keeps_its_tag() {
        let (tags, limits) = (Tags::default(), Limits { secret_tags: 2, ..Limits::default() });
        let tag = |secret: &str| tags.of(secret.as_bytes(), &limits);
        assert_eq!([tag("one"), tag("two"), tag("one"), tag("three")], ["***a", "***b", "***a", "***"]);
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["a", "z", "aa", "zz", "aaa"]);
    }
}
