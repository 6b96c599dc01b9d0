//! What a client did up to a request: the ground on which servers are compared.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A situation that a server was put into. Two are the same when their clients did the same up to there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Situation {
    pub(super) id: u64,
    /// The same in short, for a person.
    pub(super) text: String,
    /// What else tells it from others, where the short text is the same.
    pub(super) detail: String,
}

impl Situation {
    /// A situation that one text tells entirely.
    pub(super) fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        Situation { id: hash(&text), text, detail: String::new() }
    }

    /// The same situation, further told apart by what else there was.
    pub(super) fn with(&self, what: &str) -> Self {
        Situation { id: hash(&(self.id, what)), text: self.text.clone(), detail: what.to_owned() }
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The requests of a client, in order, in the normal form. Requests that only answer what the server did are no part of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    id: u64,
}

impl Path {
    /// One request more.
    pub(super) fn push(&mut self, request: &str) {
        self.id = hash(&(self.id, request));
    }

    /// The situation behind the last request.
    pub(super) fn situation(&self, text: String, detail: String) -> Situation {
        Situation { id: self.id, text, detail }
    }
}
