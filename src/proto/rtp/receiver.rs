//! What a receiver of one source makes of its packets' numbers and times: order, loss, copies, packets sent again, jitter.
//! Source: RFC 3550 §6.4.1, §A.1, §A.8; RFC 4585 §6.2.1.
//!
//! Sequence numbers of 16 bits are unwrapped against the highest so far. All that is kept are the last [`WINDOW`] numbers: one
//! bit each, and those that were asked for again. A packet that fills a hole was late if nobody had asked for it, and was sent
//! again if somebody had. At the sender's end of a lossy way the same number is seen twice: that too is a retransmission if it
//! was asked for, and a copy if not.

use std::collections::BTreeMap;

use crate::wire::{Moment, Time, Word};

/// How far back a number is remembered. ftl-sdk can send the last 2048 packets again.
pub const WINDOW: i64 = 4096;
/// A number farther ahead is a restart of the source, or no packet of it. Source: RFC 3550 §A.1.
const DROPOUT: i64 = 3000;
const BITS: usize = (WINDOW / 64) as usize;

/// What a packet is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The first of its source.
    First,
    /// The next one.
    Next,
    /// So many are missing before it, so far.
    Ahead { missing: u32 },
    /// It was missing, and nobody asked for it: it took another way.
    Late,
    /// It was asked for. Nanoseconds since the first time that it was; whether it had been missing here.
    Retransmission { waited_ns: i64, was_missing: bool },
    /// It was there already, and nobody asked for it again.
    Duplicate,
    /// Its number is so far off that its source began anew, which the packet behind it will tell, or that it is not of it.
    Strange,
    /// The second of such a new row: the source began anew with the packet before.
    Restart,
}

impl Arrival {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list(["first", "next", "ahead", "late", "retransmission", "duplicate", "strange", "restart"]);

    pub const fn name(self) -> &'static str {
        match self {
            Arrival::First => "first",
            Arrival::Next => "next",
            Arrival::Ahead { .. } => "ahead",
            Arrival::Late => "late",
            Arrival::Retransmission { .. } => "retransmission",
            Arrival::Duplicate => "duplicate",
            Arrival::Strange => "strange",
            Arrival::Restart => "restart",
        }
    }

    /// Whether its payload was not there before.
    pub fn is_new(self) -> bool {
        !matches!(self, Arrival::Duplicate | Arrival::Strange | Arrival::Retransmission { was_missing: false, .. })
    }
}

/// A packet's number without its wrapping, and what the packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// From 0 to 65535 for a source's first packet; goes on beyond.
    pub number: i64,
    pub arrival: Arrival,
}

/// What somebody asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub number: i64,
    /// The capture has that packet: it was lost behind the place of capture, or is on its way.
    pub was_seen: bool,
    /// How often it was asked for, this time included.
    pub times: u32,
}

/// What a source's packets amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// All packets, those sent again and copies included.
    pub packets: u64,
    /// Numbers that are missing, as far as is known.
    pub missing: u64,
    pub late: u64,
    pub retransmissions: u64,
    /// Those of the retransmissions that filled a hole.
    pub recovered: u64,
    pub duplicates: u64,
    pub strange: u64,
    pub restarts: u64,
    /// Numbers that were asked for, each once.
    pub asked: u64,
    /// Those of them that came since.
    pub answered: u64,
    /// Interarrival jitter, in units of the codec's clock.
    pub jitter: f64,
    /// Its highest value.
    pub highest_jitter: f64,
}

/// A packet that was asked for.
#[derive(Debug)]
struct Wanted {
    first: Moment,
    /// How often it was asked for, and came since.
    times: u32,
    answers: u32,
}

/// A receiver of one source.
#[derive(Debug)]
pub struct Receiver {
    /// Units of the RTP clock in a second; without it there is no jitter.
    clock: Option<u32>,
    highest: Option<i64>,
    /// A bit for each of the last numbers that came, in a ring.
    came: [u64; BITS],
    asked: BTreeMap<i64, Wanted>,
    /// The lowest number that came since the source began.
    lowest: i64,
    /// The number that would prove a restart.
    expected: Option<u16>,
    transit: Option<(Time, u32)>,
    counts: Counts,
}

impl Receiver {
    pub fn new(clock: Option<u32>) -> Receiver {
        Receiver {
            clock,
            highest: None,
            came: [0; BITS],
            asked: BTreeMap::new(),
            lowest: 0,
            expected: None,
            transit: None,
            counts: Counts::default(),
        }
    }

    /// The clock, where it is known only now.
    pub(super) fn set_clock(&mut self, clock: Option<u32>) {
        self.clock = clock;
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A packet with its number and its time on the source's clock.
    pub fn packet(&mut self, sequence_number: u16, timestamp: u32, at: Moment) -> Placed {
        let placed = self.place(sequence_number, at);
        let counts = &mut self.counts;
        counts.packets += 1;
        match placed.arrival {
            Arrival::First | Arrival::Next => {}
            Arrival::Ahead { missing } => counts.missing += u64::from(missing),
            Arrival::Late => {
                counts.late += 1;
                counts.missing = counts.missing.saturating_sub(1);
            }
            Arrival::Retransmission { was_missing, .. } => {
                counts.retransmissions += 1;
                counts.recovered += u64::from(was_missing);
                counts.missing = counts.missing.saturating_sub(u64::from(was_missing));
            }
            Arrival::Duplicate => counts.duplicates += 1,
            Arrival::Strange => counts.strange += 1,
            Arrival::Restart => {
                counts.restarts += 1;
                self.transit = None;
            }
        }
        // Sent again, it says nothing of the way that it was on first.
        if placed.arrival.is_new() && !matches!(placed.arrival, Arrival::Retransmission { .. }) {
            self.jitter(timestamp, at.time);
        }
        placed
    }

    /// Somebody asks for a packet again. None for a number that is not among those that are remembered.
    pub fn nack(&mut self, sequence_number: u16, at: Moment) -> Option<Asked> {
        let highest = self.highest?;
        let number = near(highest, sequence_number);
        if number <= highest - WINDOW || number > highest + DROPOUT {
            return None;
        }
        let was_seen = number <= highest && self.has(number);
        let wanted = self.asked.entry(number).or_insert(Wanted { first: at, times: 0, answers: 0 });
        wanted.times = wanted.times.saturating_add(1);
        self.counts.asked += u64::from(wanted.times == 1);
        Some(Asked { number, was_seen, times: wanted.times })
    }

    /// The numbers that were asked for and have not come since, oldest first, of those that are remembered.
    pub fn unanswered(&self) -> impl Iterator<Item = i64> {
        self.asked.iter().filter(|(_, wanted)| wanted.answers == 0).map(|(number, _)| *number)
    }

    /// Bytes of memory that its lists take.
    pub(super) fn memory(&self) -> usize {
        self.asked.len() * 2 * size_of::<(i64, Wanted)>()
    }

    fn place(&mut self, sequence_number: u16, at: Moment) -> Placed {
        let Some(highest) = self.highest else {
            let number = i64::from(sequence_number);
            self.begin(number);
            return Placed { number, arrival: Arrival::First };
        };
        let number = near(highest, sequence_number);
        let ahead = number - highest;
        if ahead >= DROPOUT || ahead <= -WINDOW {
            if self.expected == Some(sequence_number) {
                // It goes on above all that was, so that numbers never come again.
                let number = (highest | 0xffff) + 1 + i64::from(sequence_number);
                self.begin(number);
                self.asked.clear();
                return Placed { number, arrival: Arrival::Restart };
            }
            self.expected = Some(sequence_number.wrapping_add(1));
            return Placed { number, arrival: Arrival::Strange };
        }
        self.expected = None;
        let wanted = self.asked.get_mut(&number).filter(|wanted| wanted.answers < wanted.times);
        let asked = wanted.map(|wanted| {
            wanted.answers += 1;
            self.counts.answered += u64::from(wanted.answers == 1);
            at.time.since(wanted.first.time)
        });
        let arrival = if ahead > 0 {
            for passed in highest + 1..=number {
                self.mark(passed, passed == number);
            }
            self.highest = Some(number);
            self.forget(number);
            if ahead == 1 { Arrival::Next } else { Arrival::Ahead { missing: (ahead - 1) as u32 } }
        } else {
            let was_missing = !self.has(number);
            if number < self.lowest {
                // A capture may begin in the middle of a jumble: now those between are missing, and this one.
                self.counts.missing += (self.lowest - number) as u64;
                self.lowest = number;
            }
            self.mark(number, true);
            match asked {
                Some(waited_ns) => Arrival::Retransmission { waited_ns, was_missing },
                None if was_missing => Arrival::Late,
                None => Arrival::Duplicate,
            }
        };
        Placed { number, arrival }
    }

    fn begin(&mut self, number: i64) {
        self.lowest = number;
        self.came = [0; BITS];
        self.mark(number, true);
        self.highest = Some(number);
        self.expected = None;
    }

    fn mark(&mut self, number: i64, came: bool) {
        let place = number.rem_euclid(WINDOW) as usize;
        let bit = 1 << (place % 64);
        if came {
            self.came[place / 64] |= bit;
        } else {
            self.came[place / 64] &= !bit;
        }
    }

    fn has(&self, number: i64) -> bool {
        let place = number.rem_euclid(WINDOW) as usize;
        self.came[place / 64] >> (place % 64) & 1 != 0
    }

    fn forget(&mut self, highest: i64) {
        while let Some(oldest) = self.asked.first_entry().filter(|oldest| *oldest.key() <= highest - WINDOW) {
            oldest.remove();
        }
    }

    fn jitter(&mut self, timestamp: u32, at: Time) {
        let before = self.transit.replace((at, timestamp));
        let (Some(clock), Some((time, stamp))) = (self.clock, before) else { return };
        let arrived = at.since(time) as f64 * f64::from(clock) / 1e9;
        let sent = f64::from(timestamp.wrapping_sub(stamp) as i32);
        let jitter = &mut self.counts.jitter;
        *jitter += ((arrived - sent).abs() - *jitter) / 16.0;
        self.counts.highest_jitter = self.counts.highest_jitter.max(self.counts.jitter);
    }
}

/// The number with these 16 bits that is nearest to another.
fn near(number: i64, low: u16) -> i64 {
    number + i64::from(low.wrapping_sub(number as u16) as i16)
}
