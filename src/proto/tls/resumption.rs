//! TLS 1.2's resumption: a session that goes on has the master secret of the one that it goes on from, and some programs log that once.
//! Sessions are known by the hash of what names them: an id, or a ticket.

use std::collections::{HashMap, VecDeque};

use foldhash::quality::RandomState;
use sha2::{Digest, Sha256};

use super::suite::ClientRandom;
use crate::wire::map_bytes;

/// What names a session, hashed.
pub(super) type Name = [u8; 32];

/// None of what is empty.
pub(super) fn name(bytes: &[u8]) -> Option<Name> {
    (!bytes.is_empty()).then(|| Sha256::digest(bytes).into())
}

/// A session that may go on in another connection.
#[derive(Clone, Debug)]
pub struct Resumable {
    pub(super) name: Name,
    pub(super) client_random: ClientRandom,
    /// What it may have gone on from itself.
    pub(super) earlier: Vec<Name>,
}

/// Which session a name is of.
#[derive(Clone)]
pub(super) struct Names {
    sessions: HashMap<Name, ClientRandom, RandomState>,
    /// Oldest first.
    order: VecDeque<Name>,
    most: usize,
}

impl Names {
    pub(super) fn new(most: usize) -> Names {
        Names { sessions: HashMap::default(), order: VecDeque::new(), most }
    }

    pub(super) fn find(&self, names: &[Name]) -> Option<&ClientRandom> {
        names.iter().find_map(|name| self.sessions.get(name))
    }

    pub(super) fn keep(&mut self, name: Name, client_random: ClientRandom) {
        if self.sessions.insert(name, client_random).is_none() {
            self.order.push_back(name);
        }
        while self.order.len() > self.most {
            let oldest = self.order.pop_front();
            oldest.and_then(|oldest| self.sessions.remove(&oldest));
        }
    }

    pub(super) fn memory(&self) -> usize {
        map_bytes(&self.sessions) + self.order.capacity() * size_of::<Name>()
    }
}
