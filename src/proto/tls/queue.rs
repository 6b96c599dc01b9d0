//! What of one direction waits, packed: a record costs its bytes and some ten more, however short it is.

use std::collections::VecDeque;

use super::frames::Lost;
use crate::net::{How, TcpFacts};
use crate::wire::{Moment, PacketNo, Time};

/// Up to where in a record which packet's bytes go.
pub(super) type Pieces = Vec<(usize, Moment)>;

/// What stands before a record's bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its number among all that waits of both directions.
    pub(super) order: u64,
    /// Where its header stands in the outer stream.
    pub(super) offset: u64,
    pub(super) lost: Option<Lost>,
}

/// The direction's end, behind all its records.
#[derive(Debug)]
pub(super) struct Close {
    pub(super) order: u64,
    pub(super) how: How,
    pub(super) at: Moment,
    pub(super) tcp: Option<Box<TcpFacts>>,
}

/// Records in the order in which they were complete, one behind the other in one run of bytes.
#[derive(Debug, Default)]
pub(super) struct Queue {
    packed: VecDeque<u8>,
    records: usize,
    /// What moments count from.
    base: Moment,
    pub(super) close: Option<Close>,
}

/// The numbers of a record, before they are packed.
const FLAG_LOST: u64 = 1;
const FLAG_COUNTED: u64 = 2;
const FLAG_CAPTURED: u64 = 4;

impl Queue {
    /// Whether no record is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        self.packed.capacity() + self.close.as_ref().map_or(0, |close| close.tcp.as_ref().map_or(0, |tcp| tcp.memory()))
    }

    /// The order of what comes next: of a record, or of the end.
    pub(super) fn next(&self) -> Option<u64> {
        if self.is_empty() {
            self.close.as_ref().map(|close| close.order)
        } else {
            self.place().map(|(place, _)| place.order)
        }
    }

    /// Appends a record where it fits into so many bytes. False where it does not.
    pub(super) fn push(&mut self, place: Place, bytes: &[u8], pieces: &[(usize, Moment)], most: usize) -> bool {
        if self.is_empty() {
            self.base = pieces.first().map_or_else(Moment::default, |(_, at)| *at);
        }
        let mut head = Vec::with_capacity(64);
        self.write(place, bytes.len(), pieces, &mut head);
        let length = head.len() + bytes.len();
        if self.packed.len() + length > most {
            return false;
        }
        let room = self.packed.capacity() - self.packed.len();
        if room < length {
            // What it takes is what is counted, but for an eighth.
            self.packed.reserve_exact(length.max(self.packed.len() / 8));
        }
        self.packed.extend(&head);
        self.packed.extend(bytes);
        self.records += 1;
        true
    }

    /// The first record: where it belongs, with its bytes and pieces in these.
    pub(super) fn front(&self, bytes: &mut Vec<u8>, pieces: &mut Pieces) -> Option<Place> {
        let (place, mut numbers) = self.place()?;
        let length = numbers.next()? as usize;
        pieces.clear();
        let mut end = 0;
        for _ in 0..numbers.next()? {
            end += numbers.next()? as usize;
            pieces.push((end, numbers.moment(self.base)?));
        }
        let at = numbers.at;
        bytes.clear();
        bytes.extend(self.packed.range(at..at + length));
        Some(place)
    }

    /// Drops the first record.
    pub(super) fn pop(&mut self) {
        let Some((_, mut numbers)) = self.place() else { return };
        let Some(length) = numbers.next() else { return };
        for _ in 0..numbers.next().unwrap_or(0) * 3 {
            numbers.next();
        }
        let end = numbers.at + length as usize;
        self.packed.drain(..end.min(self.packed.len()));
        self.records -= 1;
        if self.records == 0 {
            self.packed = VecDeque::new();
        }
    }

    fn write(
        &self,
        Place { order, offset, lost }: Place,
        length: usize,
        pieces: &[(usize, Moment)],
        into: &mut Vec<u8>,
    ) {
        let flags = lost.map_or(0, |lost| {
            FLAG_LOST
                | if lost.records.is_some() { FLAG_COUNTED } else { 0 }
                | if lost.captured { FLAG_CAPTURED } else { 0 }
        });
        number(flags, into);
        number(order, into);
        number(offset, into);
        if let Some(lost) = lost {
            number(lost.from, into);
            self.moment(lost.at, into);
            number(lost.records.unwrap_or(0), into);
        }
        number(length as u64, into);
        number(pieces.len() as u64, into);
        let mut before = 0;
        for (end, at) in pieces {
            number((end - before) as u64, into);
            self.moment(*at, into);
            before = *end;
        }
    }

    fn moment(&self, at: Moment, into: &mut Vec<u8>) {
        number(fold(at.packet.0.wrapping_sub(self.base.packet.0) as i64), into);
        number(fold(at.time.0.wrapping_sub(self.base.time.0)), into);
    }

    /// The beginning of what stands before the first record, and the rest of it.
    fn place(&self) -> Option<(Place, Numbers<'_>)> {
        let mut numbers = Numbers { packed: &self.packed, at: 0 };
        let (flags, order, offset) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let mut lost = None;
        if flags & FLAG_LOST != 0 {
            let (from, at, records) = (numbers.next()?, numbers.moment(self.base)?, numbers.next()?);
            let records = (flags & FLAG_COUNTED != 0).then_some(records);
            lost = Some(Lost { from, at, records, captured: flags & FLAG_CAPTURED != 0 });
        }
        Some((Place { order, offset, lost }, numbers))
    }
}

/// Numbers of seven bits a byte, the lowest first.
struct Numbers<'q> {
    packed: &'q VecDeque<u8>,
    at: usize,
}

impl Numbers<'_> {
    fn next(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.packed.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(value)
    }

    fn moment(&mut self, base: Moment) -> Option<Moment> {
        let (packet, time) = (unfold(self.next()?), unfold(self.next()?));
        let packet = PacketNo(base.packet.0.wrapping_add(packet as u64));
        Some(Moment { packet, time: Time(base.time.0.wrapping_add(time)) })
    }
}

fn number(mut value: u64, into: &mut Vec<u8>) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// A small number of either sign as a small one without.
fn fold(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn unfold(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(packet: u64, time: i64) -> Moment {
        Moment { packet: PacketNo(packet), time: Time(time) }
    }

    #[test]
    fn what_is_put_in_comes_out_in_order() {
        let far = at(u64::MAX, i64::MIN);
        let lost = Lost { from: u64::MAX, at: far, records: Some(3), captured: true };
        let unknown = Lost { from: 7, at: at(1, 2), records: None, captured: false };
        let records = [
            (vec![23, 3, 3, 0, 0], vec![(5, at(9, 1_700_000_000_000_000_000))], None),
            (vec![7; 300], vec![(100, at(10, i64::MAX)), (300, far)], Some(lost)),
            (vec![], vec![], Some(unknown)),
        ];
        let mut queue = Queue::default();
        for (order, (bytes, pieces, lost)) in records.iter().enumerate() {
            let place = Place { order: order as u64, offset: 1 << 40, lost: *lost };
            assert!(queue.push(place, bytes, pieces, 1 << 20));
        }
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        for (order, record) in records.iter().enumerate() {
            assert_eq!(queue.next(), Some(order as u64));
            let place = queue.front(&mut bytes, &mut pieces).unwrap();
            assert_eq!((place.order, place.offset), (order as u64, 1 << 40));
            assert_eq!(format!("{:?}", place.lost), format!("{:?}", record.2));
            assert_eq!((&bytes, &pieces), (&record.0, &record.1));
            queue.pop();
        }
        assert!(queue.is_empty() && queue.next().is_none());
        assert_eq!(queue.memory(), 0);
    }

    #[test]
    fn a_short_record_costs_little_beside_its_bytes() {
        let mut queue = Queue::default();
        for order in 0..2000 {
            let place = Place { order, offset: order * 60, lost: None };
            let moment = at(order, order as i64 * 20_000_000);
            assert!(queue.push(place, &[0; 60], &[(60, moment)], usize::MAX));
        }
        assert!(queue.packed.len() < 2000 * 80 && queue.memory() < 2000 * 90, "{}", queue.memory());
        assert!(!queue.push(Place { order: 0, offset: 0, lost: None }, &[0; 60], &[], queue.packed.len() + 59));
    }
}
