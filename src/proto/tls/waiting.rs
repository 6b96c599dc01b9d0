//! Records that come before what opens them: they wait, in the order in which both directions sent them, so that a request is given before
//! its answer.

use super::frames::{CHANGE_CIPHER_SPEC, DATA, Lost};
use super::queue::{Close, Place};
use super::{Outside, Record, Tls, Verdict};
use crate::net::{Delivery, How, TcpFacts};
use crate::wire::{Moment, Side};

/// How often all that waits is looked at for one change: each phase that a direction enters may let the other one go on.
const PASSES: usize = 8;

impl Tls {
    /// Whether something waits.
    pub(super) fn has_waiting(&self) -> bool {
        self.halves.iter().any(|half| half.waiting.next().is_some())
    }

    /// Keeps a record; beyond the limit it is lost.
    pub(super) fn wait(&mut self, from: Side, record: &Record<'_>) -> Verdict {
        let is_header = (CHANGE_CIPHER_SPEC..=DATA).contains(&record.kind()) && record.bytes[2] == 3;
        if record.lost.is_some() && !is_header {
            return Verdict::Reject;
        }
        let place = Place { order: self.order, offset: record.offset, lost: record.lost };
        let half = &mut self.halves[from.index()];
        if half.is_full || !half.waiting.push(place, record.bytes, record.pieces, self.waiting_bytes) {
            if !half.is_full {
                self.reached.tls_waiting_bytes += 1;
            }
            // Later ones would not follow those that wait.
            half.is_full = true;
            half.lost_behind = Lost::add(half.lost_behind, record.lost);
            half.lost_behind = Lost::add(half.lost_behind, Some(Lost::record(record.offset, record.at())));
            self.facts.sent[from.index()].closed += 1;
            self.because_awaited();
            return Verdict::Closed;
        }
        self.order += 1;
        Verdict::Done
    }

    /// Keeps a direction's end behind its records.
    pub(super) fn wait_to_close(&mut self, from: Side, how: How, at: Moment, tcp: Option<&TcpFacts>) {
        let tcp = tcp.map(|tcp| Box::new(tcp.clone()));
        self.halves[from.index()].waiting.close = Some(Close { order: self.order, how, at, tcp });
        self.order += 1;
    }

    /// Whose turn it is of what waits, of the sides that may go on.
    fn turn(&self, blocked: [bool; 2]) -> Option<Side> {
        let next = |side: &Side| self.halves[side.index()].waiting.next();
        let sides = Side::BOTH.into_iter().filter(|side| !blocked[side.index()] && next(side).is_some());
        sides.min_by_key(next)
    }

    /// Looks at what waits again.
    pub(super) fn pump(&mut self, out: &mut Outside<'_>) {
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        for _ in 0..PASSES {
            self.is_unlocked = false;
            let mut blocked = [false; 2];
            while let Some(from) = self.turn(blocked) {
                let Some(place) = self.halves[from.index()].waiting.front(&mut bytes, &mut pieces) else {
                    self.close_waiting(from, out.give);
                    continue;
                };
                let Place { offset, lost, .. } = place;
                let mut record = Record { bytes: &mut bytes, pieces: &pieces, offset, lost };
                let at = record.at();
                match self.step(from, &mut record, out) {
                    Verdict::Wait => {
                        blocked[from.index()] = true;
                        continue;
                    }
                    // What follows it was taken for records already.
                    Verdict::Reject => {
                        self.halves[from.index()].lose(Some(Lost { records: None, ..Lost::record(offset, at) }));
                    }
                    Verdict::Done | Verdict::Closed => {}
                }
                self.release(from);
            }
            if !self.is_unlocked || !self.has_waiting() {
                break;
            }
        }
        self.is_unlocked = false;
    }

    /// The end of a direction, whose records are all given.
    fn close_waiting(&mut self, from: Side, give: &mut super::Give<'_>) {
        let Some(Close { how, at, tcp, .. }) = self.halves[from.index()].waiting.close.take() else { return };
        let is_read = self.is_read();
        self.halves[from.index()].end(from, is_read, give);
        give(from, &Delivery::Close { how, at, tcp: tcp.as_deref() });
    }

    /// A direction's first record waits no more.
    fn release(&mut self, from: Side) {
        let half = &mut self.halves[from.index()];
        half.waiting.pop();
        if half.waiting.is_empty() {
            half.is_full = false;
            let behind = half.lost_behind.take();
            half.lose(behind);
        }
    }

    /// Why what waits stays closed.
    fn because_awaited(&mut self) {
        if let Some(reason) = self.awaited {
            self.facts.because(reason);
        }
    }

    /// Gives up what waits. What is told of that comes with what follows.
    pub(super) fn surrender(&mut self, give: &mut dyn FnMut(Side, &Delivery<'_>)) {
        let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
        while let Some(from) = self.turn([false; 2]) {
            let Some(place) = self.halves[from.index()].waiting.front(&mut bytes, &mut pieces) else {
                self.close_waiting(from, give);
                continue;
            };
            let at = pieces.last().map_or_else(Moment::default, |(_, at)| *at);
            let half = &mut self.halves[from.index()];
            half.lose(place.lost);
            half.lose(Some(Lost::record(place.offset, at)));
            self.facts.sent[from.index()].closed += 1;
            self.because_awaited();
            self.release(from);
        }
    }
}
