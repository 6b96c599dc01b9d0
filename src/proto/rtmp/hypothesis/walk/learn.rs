//! Learning, along a walk, how much longer the messages of each type are than their headers say.

use super::super::header_inside::is_header;
use super::{COST, Rigour, Walk};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::resync::{Past, Then, Weight, weigh_header, weigh_payload};

/// By how much all messages of a type may be longer or shorter than their headers say: an FLV tag's header is 11 bytes.
pub(in super::super) const SURPLUS: i8 = 16;
/// Bytes that are looked at behind the place where a message may end: a header and the beginning of a payload.
const AHEAD: usize = SURPLUS as usize + 18 + 6;

/// How that was learnt.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Lesson {
    /// The types of which it was, in their order.
    pub(in super::super) slots: [usize; 5],
    pub(in super::super) count: usize,
    /// For the last of them there was no choice left.
    pub(in super::super) is_exhausted: bool,
}

impl Walk<'_> {
    /// The messages of the type in the form's surplus are longer or shorter than their headers say; those of other types may be.
    pub(in super::super) fn learning(mut self, kind: MessageType, choices: [usize; 5]) -> Self {
        let mut learnt = [false; 5];
        if let Some(slot) = self.form.surplus.slot(kind) {
            learnt[slot] = true;
        }
        self.learnt = Some(learnt);
        self.choices = choices;
        self
    }

    /// The messages of every type are.
    pub(in super::super) fn knowing_all(mut self) -> Self {
        self.learnt = Some([true; 5]);
        self
    }

    /// Finds out how much longer messages of a type are than their headers say, at the first of them.
    pub(super) fn learn(&mut self, place: usize) {
        let Past { id, kind, length, .. } = self.tracks[place].past;
        if length == 0 {
            return self.learn_end(place);
        }
        let (Some(learnt), Some(slot)) = (&mut self.learnt, self.form.surplus.slot(kind)) else { return };
        if learnt[slot] {
            return;
        }
        if self.bytes.len() < self.at + AHEAD {
            self.is_short = self.known.then == Then::More;
            return;
        }
        learnt[slot] = true;
        let lesson = &mut self.uses.lesson;
        lesson.slots[lesson.count] = slot;
        lesson.count += 1;
        let most = i32::from(SURPLUS);
        let data = self.data(place);
        let is_header = |by: &i32| {
            let at = self.at.checked_add_signed(*by as isize).filter(|at| *at > data);
            at.and_then(|at| self.bytes.get(at..)).is_some_and(|bytes| is_header(bytes, self.known, Some((id, kind))))
        };
        // It ends at the latest where a whole header stands.
        let latest = (-most..=most).find(is_header).unwrap_or(most);
        let nearest = (1..=most).flat_map(|by| [by, -by]).filter(|by| *by <= latest);
        let first = std::iter::once(0).filter(|_| latest >= 0);
        let mut places = first.chain(nearest).filter(|by| self.may_end(place, *by));
        let Some(by) = places.nth(self.choices[slot]) else {
            self.is_broken = true;
            self.uses.lesson.is_exhausted = true;
            return;
        };
        if by == 0 {
            return;
        }
        self.form.surplus = self.form.surplus.with(kind, by as i8);
        if !self.form.surplus.is_stray {
            self.move_end(place, by);
        }
    }

    /// A header that says 0 may stand for any length up to the surplus of its type: its sender does not count below 0.
    fn learn_end(&mut self, place: usize) {
        let Past { kind, .. } = self.tracks[place].past;
        let surplus = self.form.surplus;
        let is_open = self.learnt.zip(surplus.slot(kind)).is_some_and(|(learnt, slot)| !learnt[slot]);
        let most = if is_open { i32::from(SURPLUS) } else { surplus.of(kind) };
        if most <= 0 || surplus.is_stray || self.rigour != Rigour::Strictest {
            return;
        }
        if self.bytes.len() < self.at + AHEAD {
            self.is_short = self.known.then == Then::More;
            return;
        }
        let at = |by: i32| self.at.saturating_add_signed(by as isize);
        let own = (self.tracks[place].past.id, kind);
        let is_plain =
            |by: &i32| self.bytes.get(at(*by)..).is_some_and(|bytes| is_header(bytes, self.known, Some(own)));
        // A byte of a payload may look like a header that inherits.
        let end = (0..=most).find(is_plain).or_else(|| (0..=most).find(|by| self.may_begin(at(*by))));
        if let Some(by) = end.filter(|by| *by > 0) {
            self.leave_to_reader(place);
            self.move_end(place, by);
        }
    }

    /// A message may be as its header says, where those of its type are not: the next header stands there, and not where it would.
    pub(super) fn allow_as_said(&mut self, place: usize) {
        let by = self.form.surplus.of(self.tracks[place].past.kind);
        if by == 0 || !self.has_exceptions || self.form.surplus.is_stray || self.bytes.len() < self.at + AHEAD {
            return;
        }
        if !self.may_end(place, 0) && self.may_end(place, -by) {
            self.leave_to_reader(place);
            self.move_end(place, -by);
        }
    }

    /// From a message on its reader has to find out by itself where that ends.
    fn leave_to_reader(&mut self, place: usize) {
        self.certain_to = self.certain_to.min(self.data(place));
    }

    /// Where the payload of a message under way begins.
    fn data(&self, place: usize) -> usize {
        self.tracks[place].pieces.first().map_or(self.at, |(data, _)| *data)
    }

    fn move_end(&mut self, place: usize, by: i32) {
        if let Some((_, take)) = self.tracks[place].pieces.last_mut() {
            *take = take.saturating_add_signed(by);
            self.at = self.at.saturating_add_signed(by as isize);
        }
    }

    /// Whether a message that ends at the present place by its header may end so many bytes behind: another header begins there.
    fn may_end(&self, place: usize, by: i32) -> bool {
        let Some((start, take)) = self.tracks[place].pieces.last().copied() else { return false };
        let is_inside = (1..=self.size).contains(&take.saturating_add_signed(by));
        if self.form.surplus.is_stray && by < 0 || !is_inside || start >= self.bytes.len() {
            return false;
        }
        self.may_begin(self.at.saturating_add_signed(by as isize))
    }

    /// Whether a chunk may begin here.
    fn may_begin(&self, at: usize) -> bool {
        self.known.spend(COST);
        let Some(bytes) = self.bytes.get(at..) else { return false };
        let Some((mut header, length)) = self.form.read(bytes, &self.known.message_streams, &self.signs) else {
            return false;
        };
        let track = self.tracks.iter().find(|track| track.past.id == header.chunk_stream_id);
        let past = track.map(|track| track.past);
        match (header.format, past) {
            (3, Some(past)) if past.left > 0 => return true,
            (2 | 3, Some(past)) => (header.kind, header.length) = (past.kind, past.length),
            (2 | 3, None) => return false,
            _ => {}
        }
        if past.is_some_and(|past| past.left > 0) {
            return false;
        }
        let mut clock = self.signs.clock;
        header.length = self.form.length(header.kind, header.length);
        let weighed = weigh_header(&header, past.as_ref(), &self.known.message_streams, &mut clock);
        if header.format < 3 && weighed.is_none() {
            return false;
        }
        let payload = &bytes[length.min(bytes.len())..];
        let payload = &payload[..payload.len().min(header.length as usize)];
        matches!(weigh_payload(header.kind, payload, header.length, &mut self.signs.clone()), Weight::Bits(_))
    }
}
