//! Where a direction's chunks begin when its handshake is longer or shorter than it should be: the first place from which
//! the headers prove themselves, as any other hypothesis has to. Nothing is guessed of bytes that are still to come.

use std::cell::Cell;
use std::ops::Range;

use super::neighbours::is_candidate;
use super::walk::{Outcome, Rigour, Walk};
use super::{Before, Case, DEFAULT_CHUNK_SIZE, Form, Sizes, Story, Verdict};
use crate::proto::rtmp::mistake::{Mistake, Stray};
use crate::proto::rtmp::resync::{ChunkSize, Known, Then};

/// A search that may not cost more than its credit.
pub(in crate::proto::rtmp) struct Beginning {
    known: Known,
    sizes: Sizes,
}

impl Beginning {
    pub(in crate::proto::rtmp) fn new(credit: u64, is_end: bool) -> Beginning {
        let (size, then) = (ChunkSize::Known(DEFAULT_CHUNK_SIZE), if is_end { Then::End } else { Then::Cut });
        let known = Known { size, then, credit: Cell::new(credit), ..Known::nothing() };
        Beginning { known, sizes: Sizes::default() }
    }

    /// What is left of the credit.
    pub(in crate::proto::rtmp) fn credit(&self) -> u64 {
        self.known.credit.get()
    }

    fn case<'b>(&'b self, bytes: &'b [u8]) -> Case<'b> {
        Case {
            bytes,
            known: &self.known,
            symptom: 0,
            before: Before::Nothing,
            size: DEFAULT_CHUNK_SIZE,
            form: Form::RIGHT,
            sizes: &self.sizes,
            last_length: None,
        }
    }

    /// The first of these places at which a chunk stream begins.
    pub(in crate::proto::rtmp) fn among(&self, bytes: &[u8], mut places: Range<usize>) -> Option<usize> {
        let case = self.case(bytes);
        places.end = places.end.min(bytes.len());
        places.find(|at| {
            self.known.spend(1) && is_candidate(&bytes[*at..], &self.known) && {
                let walk = Walk::new(&case, DEFAULT_CHUNK_SIZE, Form::RIGHT).from(*at).counting_from(*at);
                matches!(walk.with_rigour(Rigour::Strictest).run().0, Outcome::Proven(_))
            }
        })
    }

    /// How many bytes stand before the first chunk, where nothing else explains them.
    pub(in crate::proto::rtmp) fn behind(&self, bytes: &[u8]) -> Option<usize> {
        match super::explain(&self.case(bytes)) {
            Verdict::Proven(found) => match found.story {
                Story::Mistake(Mistake::Extra { bytes, what: Stray::Unknown }) => Some(bytes as usize),
                _ => None,
            },
            Verdict::Rejected | Verdict::Wait => None,
        }
    }
}
