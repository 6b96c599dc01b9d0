//! What one side acknowledges, against what the other has sent.
//!
//! An acknowledgement's number is the receiver's own count. How much of what was captured before it the receiver had read
//! by then is not known: some is still on its way, or in buffers. What is known is a bound: it cannot have read what
//! was sent later. The bound is certain once a message of the sender is known that begins well after the
//! acknowledgement, so each one waits for that.

use std::collections::VecDeque;

use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Quote, Story};
use crate::wire::{PacketNo, Side};

/// Acknowledgements that wait. Past them the oldest is not judged.
const WAITING: usize = Limits::DEFAULT.judged_acknowledgements;

/// A message begins well after an acknowledgement when so many packets are between: captures reorder a little.
const WELL_AFTER: u64 = 64;
/// Where the count of bytes begins again; the first is the right one, the others are counters seen in servers.
const WRAPS: [u64; 4] = [1 << 32, 1 << 31, 0xf000_0000, 0xee80_0000];
/// How far before or behind such a place, in bytes, the last number before it may be: more than a window.
const NEAR: u64 = 64 << 20;

/// The acknowledgements of both directions.
#[derive(Default)]
pub(super) struct Ledgers {
    /// By the side that sends what is acknowledged.
    sides: [Ledger; 2],
}

/// One direction's bytes, and what their receiver says of them.
#[derive(Default)]
struct Ledger {
    waiting: VecDeque<Acknowledgement>,
    counter: Counter,
}

/// An Acknowledgement as it was sent.
pub(super) struct Acknowledgement {
    pub(super) quote: Quote,
    pub(super) packets: (PacketNo, PacketNo),
    pub(super) number: u32,
    /// The window that is to be acknowledged, and the sender's bytes up to where it was announced.
    pub(super) window: Option<(u32, u64)>,
    /// Its sender has announced no window of its own so far.
    pub(super) announces_none: bool,
}

/// An Acknowledgement that was judged.
pub(super) struct Judged {
    /// The side that sends it.
    pub(super) from: Side,
    pub(super) acknowledgement: Acknowledgement,
    /// The other side had sent this many bytes at most.
    pub(super) sent: u64,
    pub(super) count: Count,
}

/// What an acknowledgement's number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// It can be the number of bytes received so far: all of them, and those that the last one named.
    Whole { total: u64, before: u64 },
    /// The same for the third time, while as much was sent again.
    Fixed,
    /// Less than the last. Together they are not more than was sent.
    SinceLast { before: u32 },
    /// Less than the last, and no such thing.
    Back { before: u32 },
    /// More than was ever sent.
    TooMany,
    /// It begins again, where it should not.
    Wrapped { at: u64 },
}

/// What a receiver counts, by its numbers.
#[derive(Default)]
struct Counter {
    /// What comes to the number for the number of all bytes.
    base: u64,
    /// The last number that could be right.
    last: u32,
    /// All numbers together.
    sum: u64,
    /// How often the last number came in a row, and how much was sent at most when it first came.
    repeated: (u32, u64),
}

impl Ledgers {
    /// Takes a message into account; gives the acknowledgements that can be judged now.
    pub(super) fn learn(&mut self, message: &Message, story: &Story) -> Vec<Judged> {
        let side = message.from;
        let first = message.head.first.packet;
        let judged = self.judge(side, message.head.offset, |ack| ack.packets.1.0 + WELL_AFTER < first.0);
        if let Body::Acknowledgement(number) = message.body {
            let waiting = &mut self.sides[side.other().index()].waiting;
            if waiting.len() == WAITING {
                waiting.pop_front();
            }
            waiting.push_back(Acknowledgement {
                quote: Quote::of(message),
                packets: (message.head.first.packet, message.head.last.packet),
                number,
                window: story.of(side.other()).window,
                announces_none: story.of(side).window.is_none(),
            });
        }
        judged
    }

    /// Takes into account that a side sends no more.
    pub(super) fn close(&mut self, close: &Close) -> Vec<Judged> {
        self.judge(close.from, close.bytes, |_| true)
    }

    /// Judges the acknowledgements of what `sender` sent, of which `sent` bytes at most had been sent by then.
    fn judge(&mut self, sender: Side, sent: u64, is_known: impl Fn(&Acknowledgement) -> bool) -> Vec<Judged> {
        let ledger = &mut self.sides[sender.index()];
        let mut judged = Vec::new();
        while ledger.waiting.front().is_some_and(&is_known) {
            let Some(acknowledgement) = ledger.waiting.pop_front() else { break };
            let count = ledger.counter.judge(acknowledgement.number, sent);
            judged.push(Judged { from: sender.other(), acknowledgement, sent, count });
        }
        judged
    }
}

impl Counter {
    /// Judges the next number, when `sent` bytes at most had been sent.
    fn judge(&mut self, number: u32, sent: u64) -> Count {
        let (last, before) = (self.last, self.base + u64::from(self.last));
        self.sum += u64::from(number);
        if number >= last {
            let total = self.base + u64::from(number);
            if total > sent {
                return Count::TooMany;
            }
            self.repeated = match self.repeated {
                (times, first) if times > 0 && number == last => (times + 1, first),
                _ => (1, sent),
            };
            self.last = number;
            let (times, first) = self.repeated;
            let is_fixed = times >= 3 && sent - first >= u64::from(number);
            return if is_fixed { Count::Fixed } else { Count::Whole { total, before } };
        }
        let distance = |at: &u64| at.abs_diff(u64::from(last));
        let nearest = WRAPS.into_iter().min_by_key(distance).filter(|at| distance(at) <= NEAR);
        self.repeated = (1, sent);
        self.last = number;
        match nearest {
            Some(at) if self.base + at + u64::from(number) <= sent => {
                self.base += at;
                let total = self.base + u64::from(number);
                if at == WRAPS[0] { Count::Whole { total, before } } else { Count::Wrapped { at } }
            }
            _ if self.sum <= sent => Count::SinceLast { before: last },
            _ => Count::Back { before: last },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdicts on numbers, each with what was sent at most by then.
    fn verdicts(numbers: &[(u64, u64)]) -> Vec<Count> {
        let mut counter = Counter::default();
        numbers.iter().map(|(number, sent)| counter.judge(*number as u32, *sent)).collect()
    }

    #[test]
    fn a_count_may_lag_and_may_not_lead() {
        let found = verdicts(&[(1000, 4000), (2000, 9000), (9001, 9000), (9000, 9000)]);
        let whole = |total, before| Count::Whole { total, before };
        assert_eq!(found, [whole(1000, 0), whole(2000, 1000), Count::TooMany, whole(9000, 2000)]);
    }

    #[test]
    fn a_count_wraps_at_two_to_the_32() {
        let wrap = 1 << 32;
        let found = verdicts(&[(wrap - 10, wrap), (5, wrap + 9), (6, wrap + 9)]);
        assert_eq!(
            found[1..],
            [Count::Whole { total: wrap + 5, before: wrap - 10 }, Count::Whole { total: wrap + 6, before: wrap + 5 }]
        );
    }

    #[test]
    fn other_wraps_are_named_and_counted_on() {
        for at in [1 << 31, 0xf000_0000, 0xee80_0000_u64] {
            let found = verdicts(&[(at - 100, at), (7, at + 10), (9, at + 20)]);
            assert_eq!(found[1..], [Count::Wrapped { at }, Count::Whole { total: at + 9, before: at + 7 }], "{at}");
        }
        // There is no wrap where not as much was sent.
        let at = 1 << 31;
        assert_eq!(verdicts(&[(at - 100, at), (7, at + 6)])[1], Count::SinceLast { before: (at - 100) as u32 });
    }

    #[test]
    fn steps_are_no_count() {
        assert_eq!(verdicts(&[(500, 600), (500, 1100), (500, 1600)])[2], Count::Fixed);
        // A count that is said again, while nothing more comes, is one.
        assert_eq!(verdicts(&[(500, 600), (500, 600), (500, 600)])[2], Count::Whole { total: 500, before: 500 });
        assert_eq!(verdicts(&[(500, 600), (490, 1000)])[1], Count::SinceLast { before: 500 });
        assert_eq!(verdicts(&[(500, 600), (490, 700)])[1], Count::Back { before: 500 });
    }
}
