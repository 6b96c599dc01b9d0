//! The parameter sets of a sequence header, from what its decoder records: the records of three codecs are read in one way.

use std::ops::Range;

use bytes::Bytes;

use crate::limits::Limits;
use crate::proto::rtmp::{MessageType, record_payload};
use crate::wire::{Tree, Value};

/// Groups of one NAL unit with its length in front.
const UNITS: &[&str] = &[
    "video.configuration.sequence_parameter_sets.item",
    "video.configuration.picture_parameter_sets.item",
    "video.configuration.arrays.item.nal_units.item",
];
/// NAL units without one.
const BARE: &str = "video.configuration.sequence_parameter_set_extensions.item";
const LENGTH_SIZE: &str = "video.configuration.nal_length_size";
/// Bytes of a parameter set's length.
const LENGTH: u32 = 2;

/// Bytes of the length before each NAL unit, and the parameter sets in their order, of a video message's payload whose places count
/// from `base`: those that lie in `data`.
pub(super) fn read(payload: &[u8], base: u32, data: &Range<u32>) -> (Option<u8>, Vec<Bytes>) {
    let (mut tree, mut sets, mut size) = (Tree::default(), Vec::new(), None);
    record_payload(MessageType::VIDEO, 0, payload, base, &mut tree, &Limits::DEFAULT);
    let bytes = |range: Range<u32>| {
        let of = |at: u32| at.saturating_sub(base) as usize;
        payload.get(of(range.start)..of(range.end)).filter(|bytes| !bytes.is_empty()).map(Bytes::copy_from_slice)
    };
    for node in &tree.nodes {
        let span = node.span.clone();
        if span.start < data.start || span.end > data.end {
            continue;
        }
        match (node.field.name, &node.value) {
            (LENGTH_SIZE, Value::Uint(value)) => size = Some(*value as u8),
            (name, _) if UNITS.contains(&name) => sets.extend(bytes(span.start + LENGTH..span.end)),
            (BARE, Value::Bytes(range)) => sets.extend(bytes(range.clone())),
            _ => {}
        }
    }
    (size, sets)
}
