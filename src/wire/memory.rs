//! What collections take of the allocator.

use std::collections::HashMap;

/// Bytes of memory that a map takes beside itself and what its entries point to: a power of two of places, of which seven eighths
/// may be in use, each with a byte to find it by.
pub fn map_bytes<K, V, S>(map: &HashMap<K, V, S>) -> usize {
    match map.capacity() {
        0 => 0,
        room @ 1..=3 => (room + 1) * (size_of::<(K, V)>() + 1),
        room => (room * 8 / 7).next_power_of_two() * (size_of::<(K, V)>() + 1),
    }
}
