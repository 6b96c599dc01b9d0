//! The two streams: what each request adds to them, in its turn.

use super::super::request::Request;
use super::super::slot::Slot;
use super::super::{Give, Tunneled};
use super::Tunnel;
use crate::net::Delivery;
use crate::wire::{Moment, Side};

/// The longest hole that is told. What heads and numbers claim to be missing may be any number, and places in a stream must not come to
/// their end.
const LONGEST_HOLE: u64 = 1 << 32;

impl Tunnel {
    /// A slot that is not over.
    pub(super) fn find(&mut self, id: u32) -> Option<&mut Slot> {
        self.slots.iter_mut().rev().chain(self.ahead.values_mut()).find(|slot| slot.id == id)
    }

    /// Tells what is missing of a message without its head, where it is more than `nothing`.
    pub(super) fn pay_missed(&mut self, slot: u32, from: Side, at: Moment, nothing: u64, give: Give<'_>) {
        let Some(found) = self.find(slot) else { return };
        let Some(missing) = found.missed[from.index()].take() else { return };
        // What follows may begin anywhere.
        let missing = if nothing == 0 { missing.max(1) } else { missing };
        if missing > nothing && !found.is_outside {
            self.add(slot, from, &Delivery::Gap { offset: 0, missing, exact: false, captured: false, at }, give);
        }
    }

    /// Adds to a stream, now or when it is this request's turn.
    pub(super) fn add(&mut self, slot: u32, from: Side, delivery: &Delivery<'_>, give: Give<'_>) {
        let side = from.index();
        let is_turn = |place: &Slot| place.id == slot && place.lanes[side].is_empty();
        if self.slots.get(self.at[side]).is_some_and(is_turn) {
            return self.emit(slot, from, delivery, give);
        }
        // What stands behind a body's end comes when the body is over: nothing else was added since where its turn was the last one.
        let is_behind = self.at[side] == self.slots.len() && self.slots.back().is_some_and(|last| last.id == slot);
        if is_behind {
            return self.emit(slot, from, delivery, give);
        }
        let Some(found) = self.find(slot).filter(|slot| !slot.lanes[side].is_done) else { return };
        self.held += found.lanes[side].push(delivery);
    }

    /// Gives what the turns of both streams allow, and the exchanges that are over.
    pub(super) fn flow(&mut self, give: Give<'_>) {
        for from in Side::BOTH {
            let side = from.index();
            while let Some(slot) = self.slots.get_mut(self.at[side]) {
                let id = slot.id;
                if let Some((kept, memory)) = slot.lanes[side].pop() {
                    self.held -= memory;
                    self.emit(id, from, &kept.lend(), give);
                } else if slot.lanes[side].is_done {
                    self.at[side] += 1;
                } else {
                    break;
                }
            }
        }
        while self.at[0] > 0 && self.at[1] > 0 && self.slots.front().is_some_and(Slot::is_over) {
            let Some(slot) = self.slots.pop_front() else { return };
            self.at = self.at.map(|at| at - 1);
            let exchange = &slot.exchange;
            if exchange.request == Some(Request::Send) {
                let (count, bytes) = &mut self.bodies[0];
                (*count, *bytes) = (*count + 1, *bytes + exchange.bytes_up);
            }
            if exchange.status.is_some() {
                let (count, bytes) = &mut self.bodies[1];
                (*count, *bytes) = (*count + 1, *bytes + exchange.bytes_down.saturating_sub(1));
            }
            give(Tunneled::Exchange { tunnel: self.number, exchange });
        }
    }

    pub(super) fn emit(&mut self, slot: u32, from: Side, delivery: &Delivery<'_>, give: Give<'_>) {
        let (tunnel, side) = (self.number, from.index());
        let hears = match from {
            // What the client sends in its second request may answer what the first one brought.
            Side::Client => slot > 0,
            Side::Server => self.offsets[0] > 0,
        };
        if hears && !std::mem::replace(&mut self.heard[side], true) {
            give(Tunneled::Stream { tunnel, from, delivery: Delivery::Heard });
        }
        let owed = std::mem::take(&mut self.owed[side]).min(LONGEST_HOLE);
        let at = match *delivery {
            Delivery::Bytes { at, .. } | Delivery::Gap { at, .. } | Delivery::Close { at, .. } => at,
            Delivery::Joined | Delivery::Heard => self.last,
        };
        if owed > 0 {
            let offset = self.offsets[side];
            let delivery = Delivery::Gap { offset, missing: owed, exact: false, captured: false, at };
            give(Tunneled::Stream { tunnel, from, delivery });
            self.offsets[side] = offset.saturating_add(owed);
        }
        let offset = self.offsets[side];
        let (delivery, length) = match *delivery {
            Delivery::Bytes { bytes, at, place, .. } => {
                (Delivery::Bytes { offset, bytes, at, place }, bytes.len() as u64)
            }
            Delivery::Gap { missing, exact, captured, at, .. } => {
                let exact = exact && missing <= LONGEST_HOLE;
                let missing = missing.min(LONGEST_HOLE);
                (Delivery::Gap { offset, missing, exact, captured, at }, missing)
            }
            other => (other, 0),
        };
        self.offsets[side] = offset.saturating_add(length);
        give(Tunneled::Stream { tunnel, from, delivery });
    }
}
