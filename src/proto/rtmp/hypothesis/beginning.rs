//! Where a direction's chunks begin when its handshake is longer or shorter than it should be: the first place from which
//! the headers prove themselves, as any other hypothesis has to.

use std::ops::Range;

use super::neighbours::is_candidate;
use super::walk::{Outcome, Rigour, Walk};
use super::{Before, Case, DEFAULT_CHUNK_SIZE, Form, Sizes};
use crate::proto::rtmp::resync::{ChunkSize, FIRST_CREDIT, Known, Then};

/// The first of these places at which a chunk stream begins. Nothing is guessed of bytes that are still to come.
pub(in crate::proto::rtmp) fn begins(bytes: &[u8], mut places: Range<usize>, is_end: bool) -> Option<usize> {
    let known = Known {
        size: ChunkSize::Known(DEFAULT_CHUNK_SIZE),
        then: if is_end { Then::End } else { Then::Cut },
        ..Known::nothing()
    };
    known.credit.set(FIRST_CREDIT);
    let sizes = Sizes::default();
    let case = Case {
        bytes,
        known: &known,
        symptom: 0,
        before: Before::Nothing,
        size: DEFAULT_CHUNK_SIZE,
        form: Form::RIGHT,
        sizes: &sizes,
    };
    places.end = places.end.min(bytes.len());
    places.find(|at| {
        known.spend(1) && is_candidate(&bytes[*at..], &known) && {
            let walk = Walk::new(&case, DEFAULT_CHUNK_SIZE, Form::RIGHT).from(*at).counting_from(*at);
            matches!(walk.with_rigour(Rigour::Strictest).run().0, Outcome::Proven(_))
        }
    })
}
