//! A slab whose entries are also a list from the longest idle to the most recent.

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Links {
    before: u32,
    after: u32,
}

/// Values by slot number, in order of last use. Every operation takes constant time.
pub(super) struct Recent<T> {
    values: Vec<Option<T>>,
    // Apart from the values: most of the time only the links of neighbours are touched.
    links: Vec<Links>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
}

impl<T> Recent<T> {
    pub(super) fn new() -> Self {
        Recent { values: Vec::new(), links: Vec::new(), free: Vec::new(), oldest: NONE, newest: NONE }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len() - self.free.len()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.values.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub(super) fn insert(&mut self, value: T) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.values.push(None);
            self.links.push(Links { before: NONE, after: NONE });
            self.values.len() as u32 - 1
        });
        self.values[slot as usize] = Some(value);
        self.append(slot);
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.values.get_mut(slot as usize)?.take()?;
        self.unlink(slot);
        self.free.push(slot);
        Some(value)
    }

    /// Makes an occupied slot the most recent.
    #[inline]
    pub(super) fn touch(&mut self, slot: u32) {
        if self.newest != slot {
            self.unlink(slot);
            self.append(slot);
        }
    }

    /// The occupied slots, in no order that means anything.
    pub(super) fn slots(&self) -> impl Iterator<Item = (u32, &T)> {
        self.values.iter().enumerate().filter_map(|(slot, value)| Some((slot as u32, value.as_ref()?)))
    }

    fn append(&mut self, slot: u32) {
        self.links[slot as usize] = Links { before: self.newest, after: NONE };
        match self.newest {
            NONE => self.oldest = slot,
            newest => self.links[newest as usize].after = slot,
        }
        self.newest = slot;
    }

    fn unlink(&mut self, slot: u32) {
        let Links { before, after } = self.links[slot as usize];
        match before {
            NONE => self.oldest = after,
            before => self.links[before as usize].after = after,
        }
        match after {
            NONE => self.newest = before,
            after => self.links[after as usize].before = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_last_use() {
        let mut recent = Recent::new();
        let slots: Vec<u32> = (0..4).map(|value| recent.insert(value)).collect();
        recent.touch(slots[0]);
        recent.touch(slots[2]);
        assert_eq!(recent.remove(slots[3]), Some(3));
        assert_eq!(recent.remove(slots[3]), None);
        let again = recent.insert(9);
        assert_eq!(again, slots[3]);
        let mut order = Vec::new();
        while let Some(slot) = recent.oldest() {
            order.extend(recent.remove(slot));
        }
        assert_eq!(order, [1, 0, 2, 9]);
        assert_eq!(recent.len(), 0);
    }
}
