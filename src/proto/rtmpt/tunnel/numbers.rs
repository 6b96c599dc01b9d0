//! Requests whose numbers are not the next one: missing before them, there before, or too late.

use super::super::Give;
use super::super::exchange::Problem;
use super::super::slot::Slot;
use super::{REMEMBERED, Tunnel, Unanswered};
use crate::net::Delivery;
use crate::wire::Side;

impl Tunnel {
    /// Goes on without the numbers that are missing before those that are there.
    pub(in crate::proto::rtmpt) fn give_up_numbers(&mut self, give: Give<'_>) {
        let Some((number, mut slot)) = self.ahead.pop_first() else { return };
        let expected = self.expected.unwrap_or(number);
        if number > expected {
            self.jump(&mut slot, number, expected, false, give);
        }
        self.expected = Some(number.saturating_add(1));
        self.place(slot);
        self.follow(give);
    }

    /// Requests before this one are missing.
    pub(super) fn jump(&mut self, slot: &mut Slot, number: u64, expected: u64, explained: bool, give: Give<'_>) {
        let left_out = !explained && self.connections <= 1 && !self.is_lossy;
        slot.exchange.problems.push(Problem::Jumped { expected, left_out });
        self.given_up.push_back((expected, number));
        if self.given_up.len() > REMEMBERED {
            self.given_up.pop_front();
        }
        if explained {
            slot.exchange.certain = false;
            return;
        }
        if left_out {
            return self.flow(give);
        }
        let at = slot.exchange.at;
        for from in Side::BOTH {
            let (count, bytes) = self.bodies[from.index()];
            let missing = bytes.checked_div(count).unwrap_or(0).max(1).saturating_mul(number - expected);
            self.held += slot.lanes[from.index()].put_first(&Delivery::Gap {
                offset: 0,
                missing,
                exact: false,
                captured: false,
                at,
            });
        }
        self.flow(give);
    }

    /// A request's number is lower than the one that comes next.
    pub(super) fn go_back(&mut self, slot: &mut Slot, number: u64, expected: u64) {
        let problem = if let Some(place) = self.unanswered.iter().position(|it| it.number == number) {
            let Unanswered { bytes, left, .. } =
                self.unanswered.remove(place).unwrap_or(Unanswered { number, bytes: 0, left: 0 });
            // Where it was cut it goes on.
            slot.known = if left > 0 { bytes } else { u64::MAX };
            if left > 0 {
                self.owed[0] = 0;
            }
            Problem::SentAgain
        } else if self.slots.iter().any(|other| other.exchange.number == Some(number) && !other.lanes[1].is_done) {
            slot.known = u64::MAX;
            Problem::SentAgain
        } else if self.given_up.iter().any(|(first, behind)| (*first..*behind).contains(&number)) {
            slot.is_outside = true;
            Problem::TooLate
        } else if number.checked_add(1) == Some(expected) {
            Problem::Repeated { expected }
        } else {
            Problem::WentBack { expected }
        };
        slot.exchange.problems.push(problem);
    }

    /// Places those that wait whose turn it is.
    pub(super) fn follow(&mut self, give: Give<'_>) {
        while let Some(expected) = self.expected
            && let Some(slot) = self.ahead.remove(&expected)
        {
            self.expected = Some(expected.saturating_add(1));
            self.place(slot);
        }
        self.flow(give);
    }
}
