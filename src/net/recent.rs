//! A slab whose entries are also lists from the longest idle to the most recent, one a class.

const NONE: u32 = u32::MAX;

/// Which list an entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A connection that only knocked so far.
    Half,
    Full,
}

#[derive(Clone, Copy)]
struct Links {
    before: u32,
    after: u32,
    class: Class,
}

/// The ends of a list, and how many are in it.
#[derive(Clone, Copy)]
struct Ends {
    oldest: u32,
    newest: u32,
    count: usize,
}

/// Values by slot number, in order of last use. Every operation takes constant time.
pub(super) struct Recent<T> {
    values: Vec<Option<T>>,
    // Apart from the values: most of the time only the links of neighbours are touched.
    links: Vec<Links>,
    free: Vec<u32>,
    ends: [Ends; 2],
}

impl<T> Recent<T> {
    pub(super) fn new() -> Self {
        Recent {
            values: Vec::new(),
            links: Vec::new(),
            free: Vec::new(),
            ends: [Ends { oldest: NONE, newest: NONE, count: 0 }; 2],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len() - self.free.len()
    }

    /// Bytes of memory that it takes beside itself and what its values point to.
    pub(super) fn held(&self) -> usize {
        self.values.capacity() * size_of::<Option<T>>()
            + self.links.capacity() * size_of::<Links>()
            + self.free.capacity() * size_of::<u32>()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.values.get_mut(slot as usize)?.as_mut()
    }

    /// How many of a class there are.
    pub(super) fn count(&self, class: Class) -> usize {
        self.ends[class as usize].count
    }

    pub(super) fn oldest(&self, class: Class) -> Option<u32> {
        let oldest = self.ends[class as usize].oldest;
        (oldest != NONE).then_some(oldest)
    }

    /// Of class [`Class::Half`], until it is touched as something else.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.values.push(None);
            self.links.push(Links { before: NONE, after: NONE, class: Class::Half });
            self.values.len() as u32 - 1
        });
        self.values[slot as usize] = Some(value);
        self.append(slot, Class::Half);
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.values.get_mut(slot as usize)?.take()?;
        self.unlink(slot);
        self.free.push(slot);
        Some(value)
    }

    /// Makes an occupied slot the most recent of its class, which `class` raises from half to full.
    #[inline]
    pub(super) fn touch(&mut self, slot: u32, class: Class) {
        if self.ends[Class::Full as usize].newest != slot {
            let before = self.links[slot as usize].class;
            self.unlink(slot);
            self.append(slot, if before == Class::Full { before } else { class });
        }
    }

    /// The occupied slots, in no order that means anything.
    pub(super) fn slots(&self) -> impl Iterator<Item = (u32, &T)> {
        self.values.iter().enumerate().filter_map(|(slot, value)| Some((slot as u32, value.as_ref()?)))
    }

    fn append(&mut self, slot: u32, class: Class) {
        let ends = &mut self.ends[class as usize];
        let before = std::mem::replace(&mut ends.newest, slot);
        ends.count += 1;
        self.links[slot as usize] = Links { before, after: NONE, class };
        match before {
            NONE => ends.oldest = slot,
            before => self.links[before as usize].after = slot,
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Links { before, after, class } = self.links[slot as usize];
        let ends = &mut self.ends[class as usize];
        ends.count -= 1;
        match before {
            NONE => ends.oldest = after,
            before => self.links[before as usize].after = after,
        }
        match after {
            NONE => ends.newest = before,
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
        recent.touch(slots[0], Class::Half);
        recent.touch(slots[2], Class::Half);
        assert_eq!(recent.remove(slots[3]), Some(3));
        assert_eq!(recent.remove(slots[3]), None);
        let again = recent.insert(9);
        assert_eq!(again, slots[3]);
        let mut order = Vec::new();
        while let Some(slot) = recent.oldest(Class::Half) {
            order.extend(recent.remove(slot));
        }
        assert_eq!(order, [1, 0, 2, 9]);
        assert_eq!(recent.len(), 0);
    }

    #[test]
    fn a_class_is_a_list_of_its_own() {
        let mut recent = Recent::new();
        let slots: Vec<u32> = (0..4).map(|value| recent.insert(value)).collect();
        recent.touch(slots[0], Class::Full);
        recent.touch(slots[2], Class::Full);
        recent.touch(slots[0], Class::Half);
        assert_eq!((recent.count(Class::Half), recent.count(Class::Full), recent.len()), (2, 2, 4));
        assert_eq!((recent.oldest(Class::Half), recent.oldest(Class::Full)), (Some(slots[1]), Some(slots[2])));
        recent.remove(slots[2]);
        recent.remove(slots[1]);
        assert_eq!((recent.oldest(Class::Half), recent.oldest(Class::Full)), (Some(slots[3]), Some(slots[0])));
        assert_eq!((recent.count(Class::Half), recent.count(Class::Full)), (1, 1));
    }
}
