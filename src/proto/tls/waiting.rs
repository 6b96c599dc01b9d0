//! Records that come before what opens them: they wait, in the order in which both directions sent them, so that a request is given before
//! its answer.

use super::frames::{CHANGE_CIPHER_SPEC, DATA, Lost};
use super::{Outside, Record, Tls, Verdict};
use crate::net::{Delivery, How, TcpFacts};
use crate::wire::{Moment, Side};

/// How often all that waits is looked at for one change: each phase that a direction enters may let the other one go on.
const PASSES: usize = 8;

/// What waits.
pub(super) enum Waiting {
    Record { bytes: Box<[u8]>, pieces: Box<[(usize, Moment)]>, offset: u64, lost: Option<Lost> },
    Close { how: How, at: Moment, tcp: Option<Box<TcpFacts>> },
}

/// What a record costs while it waits.
fn cost(bytes: usize, pieces: usize) -> usize {
    bytes + pieces * size_of::<(usize, Moment)>() + size_of::<(Side, Waiting)>()
}

impl Tls {
    /// Keeps a record; beyond the limit it is lost.
    pub(super) fn wait(&mut self, from: Side, record: &Record<'_>) -> Verdict {
        let is_header = (CHANGE_CIPHER_SPEC..=DATA).contains(&record.kind()) && record.bytes[2] == 3;
        if record.lost.is_some() && !is_header {
            return Verdict::Reject;
        }
        let cost = cost(record.bytes.len(), record.pieces.len());
        let half = &mut self.halves[from.index()];
        if half.is_full || half.waiting + cost > self.waiting_bytes {
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
        half.waiting += cost;
        let (bytes, pieces) = ((&*record.bytes).into(), record.pieces.into());
        let waiting = Waiting::Record { bytes, pieces, offset: record.offset, lost: record.lost };
        self.waiting.push_back((from, waiting));
        Verdict::Done
    }

    /// Looks at what waits again.
    pub(super) fn pump(&mut self, out: &mut Outside<'_>) {
        for _ in 0..PASSES {
            self.is_unlocked = false;
            let mut blocked = [false; 2];
            let mut rest = std::mem::take(&mut self.waiting);
            for _ in 0..rest.len() {
                let Some((from, waiting)) = rest.pop_front() else { break };
                if blocked[from.index()] {
                    rest.push_back((from, waiting));
                } else if let Some(waiting) = self.go_on(from, waiting, out) {
                    blocked[from.index()] = true;
                    rest.push_back((from, waiting));
                }
            }
            self.waiting = rest;
            if !self.is_unlocked || self.waiting.is_empty() {
                break;
            }
        }
        self.is_unlocked = false;
        if self.waiting.is_empty() {
            self.waiting = std::collections::VecDeque::new();
        }
    }

    /// What waits, where it still has to.
    fn go_on(&mut self, from: Side, waiting: Waiting, out: &mut Outside<'_>) -> Option<Waiting> {
        match waiting {
            Waiting::Record { mut bytes, pieces, offset, lost } => {
                let cost = cost(bytes.len(), pieces.len());
                let mut record = Record { bytes: &mut bytes, pieces: &pieces, offset, lost };
                let at = record.at();
                match self.step(from, &mut record, out) {
                    Verdict::Wait => return Some(Waiting::Record { bytes, pieces, offset, lost }),
                    // What follows it was taken for records already.
                    Verdict::Reject => {
                        self.halves[from.index()].lose(Some(Lost { records: None, ..Lost::record(offset, at) }));
                    }
                    Verdict::Done | Verdict::Closed => {}
                }
                self.release(from, cost);
            }
            Waiting::Close { how, at, tcp } => {
                let is_read = self.is_read();
                self.halves[from.index()].end(from, is_read, out.give);
                (out.give)(from, &Delivery::Close { how, at, tcp: tcp.as_deref() });
            }
        }
        None
    }

    fn release(&mut self, from: Side, cost: usize) {
        let half = &mut self.halves[from.index()];
        half.waiting = half.waiting.saturating_sub(cost);
        if half.waiting == 0 {
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
        for (from, waiting) in std::mem::take(&mut self.waiting) {
            match waiting {
                Waiting::Record { bytes, pieces, offset, lost } => {
                    let at = pieces.last().map_or_else(Moment::default, |(_, at)| *at);
                    let half = &mut self.halves[from.index()];
                    half.lose(lost);
                    half.lose(Some(Lost::record(offset, at)));
                    self.facts.sent[from.index()].closed += 1;
                    self.because_awaited();
                    self.release(from, cost(bytes.len(), pieces.len()));
                }
                Waiting::Close { how, at, tcp } => {
                    let is_read = self.is_read();
                    self.halves[from.index()].end(from, is_read, give);
                    give(from, &Delivery::Close { how, at, tcp: tcp.as_deref() });
                }
            }
        }
    }
}
