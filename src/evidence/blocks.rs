//! A list that only grows, in blocks: growing it never copies it, and it takes hardly more memory than it holds.

/// Items in a full block. The last block doubles up to here, so that a short list is small.
const BLOCK: usize = 4096;

/// A growing list; see the module.
#[derive(Debug)]
pub struct Blocks<T> {
    blocks: Vec<Vec<T>>,
    length: usize,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Blocks { blocks: Vec::new(), length: 0 }
    }
}

impl<T> Blocks<T> {
    pub fn push(&mut self, item: T) {
        if self.length.is_multiple_of(BLOCK) {
            self.blocks.push(Vec::new());
        }
        if let Some(last) = self.blocks.last_mut() {
            last.push(item);
            self.length += 1;
        }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub fn get(&self, index: usize) -> Option<&T> {
        self.blocks.get(index / BLOCK)?.get(index % BLOCK)
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.blocks.get_mut(index / BLOCK)?.get_mut(index % BLOCK)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    pub fn last(&self) -> Option<&T> {
        self.get(self.length.checked_sub(1)?)
    }

    /// How many items at the start fulfil `is_before`; the list must be sorted by it.
    pub fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> usize {
        let full = self.blocks.partition_point(|block| block.last().is_some_and(&is_before));
        // All of the last block may fulfil it, and that one need not be full.
        self.blocks.get(full).map_or(self.length, |block| full * BLOCK + block.partition_point(is_before))
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        let items: usize = self.blocks.iter().map(Vec::capacity).sum();
        items * size_of::<T>() + self.blocks.capacity() * size_of::<Vec<T>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_pushed() {
        let mut list = Blocks::default();
        assert_eq!((list.last(), list.partition_point(|_| true)), (None, 0));
        for item in 0..10_000_usize {
            list.push(item * 2);
        }
        assert_eq!(
            (list.len(), list.get(4095), list.get(4096), list.get(10_000)),
            (10_000, Some(&8190), Some(&8192), None)
        );
        for probe in [0, 1, 8190, 8191, 8192, 8193, 19_998, 19_999, 30_000] {
            assert_eq!(list.partition_point(|item| *item < probe), probe.div_ceil(2).min(10_000), "{probe}");
        }
        assert!(list.memory() < 10_000 * 8 + 20_000);
    }
}
