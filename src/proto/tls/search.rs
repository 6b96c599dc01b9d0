//! Behind a hole: which record this is. Records have numbers that do not stand in them, and which keys protect them may have changed in the
//! hole. A record that authenticates under a number is that one: nothing else is believed.
//!
//! What is tried costs at most so much ([`Half::pay`](super::half::Half)): it grows with the bytes that come.

use std::ops::Range;

use super::frames::Lost;
use super::keys::Secret;
use super::opener::Opener;
use super::phase::Phase;
use super::suite::Version;
use super::{Outside, Record, Tls};
use crate::wire::Side;

/// Phases beyond the one at hand that a hole may have led into.
const AHEAD: usize = 3;

/// What it costs to have the keys of a phase, in bytes of records.
pub(super) const KEYS: u64 = 2048;

/// A record that was recognised.
struct Match {
    range: Range<usize>,
    sequence: u64,
    /// Records of these keys before it that are missing.
    missing: u64,
}

impl Tls {
    /// Looks for the record's number behind what is lost, and opens it.
    pub(super) fn find_behind(
        &mut self,
        from: Side,
        record: &mut Record<'_>,
        lost: Lost,
        out: &mut Outside<'_>,
    ) -> bool {
        let half = &mut self.halves[from.index()];
        let bytes = record.offset.saturating_sub(lost.from);
        let Some(opener) = half.opener.take() else { return false };
        let first = half.sequence;
        let most = lost.records.unwrap_or(bytes / opener.overhead() as u64);
        let told = opener.explicit_nonce(record.bytes).zip(half.nonce);
        // Nonces are counted, by most.
        let told = told.map(|(nonce, (last, sequence))| nonce.wrapping_sub(last).wrapping_add(sequence));
        let told = told.map(|sequence| sequence.wrapping_sub(first)).filter(|missing| *missing <= most);
        let sent = &self.facts.sent[from.index()];
        let average = sent.bytes.checked_div(sent.records).unwrap_or(0).max(opener.overhead() as u64);
        let likely = lost.records.or(told).unwrap_or(bytes / average).min(most);
        // What the phases ahead may cost stays.
        let mut credit = half.credit() / 2;
        // The number that is known, or all around the likely one.
        let order = outward(likely, most).take(if lost.records.is_some() { 1 } else { usize::MAX });
        let found = self.try_all(from, &opener, first, order, record, &mut credit);
        let half = &mut self.halves[from.index()];
        half.opener = Some(opener);
        if let Some(found) = found {
            self.resume(from, record, lost, &found, true, out);
            return true;
        }
        self.find_ahead(from, record, lost, most, out)
    }

    /// The same for a direction that had no keys when the hole began. It says nothing of what may be there in clear.
    pub(super) fn begins_behind_hole(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> bool {
        let Some(lost) = record.lost else { return false };
        let Some(server) = &self.hello.server else { return false };
        let least = super::protected::least_record(server.suite().parts(), server.version);
        let most = lost.records.unwrap_or(record.offset.saturating_sub(lost.from) / least as u64);
        self.find_ahead(from, record, lost, most, out)
    }

    /// A record whose keys are not known may be the first under the next ones.
    pub(super) fn skip_ahead(&mut self, from: Side, record: &mut Record<'_>, out: &mut Outside<'_>) -> bool {
        let lost = Lost::add(self.halves[from.index()].lost, record.lost);
        let most = record.lost.map_or(0, |lost| record.offset.saturating_sub(lost.from) / 22);
        let lost = lost.unwrap_or(Lost { records: Some(0), ..Lost::record(record.offset, record.at()) });
        let is_found = self.find_ahead(from, record, lost, most, out);
        if is_found {
            self.halves[from.index()].lost = None;
        }
        is_found
    }

    /// Tries the phases that follow the one at hand.
    fn find_ahead(
        &mut self,
        from: Side,
        record: &mut Record<'_>,
        lost: Lost,
        most: u64,
        out: &mut Outside<'_>,
    ) -> bool {
        let mut phase = self.halves[from.index()].phase;
        let mut credit = u64::MAX;
        for _ in 0..AHEAD {
            let Some(next) = self.phase_after(phase) else { return false };
            phase = next;
            if !self.pay(from, KEYS) {
                return false;
            }
            let Ok((opener, secret)) = self.opener_of(from, phase, out.secrets) else { continue };
            let found = self.try_all(from, &opener, 0, 0..=most, record, &mut credit);
            if let Some(found) = found {
                self.go_to(from, phase, opener, secret);
                self.resume(from, record, lost, &found, false, out);
                return true;
            }
        }
        false
    }

    fn go_to(&mut self, from: Side, phase: Phase, opener: Opener, secret: Option<Secret>) {
        self.enter(from, phase);
        self.install(from, phase, (opener, secret));
    }

    fn phase_after(&self, phase: Phase) -> Option<Phase> {
        match (phase, self.hello.version()) {
            (Phase::Clear | Phase::Early, Some(Version::TLS_1_3)) => Some(Phase::Handshake),
            (Phase::Clear, Some(Version::TLS_1_2)) => Some(Phase::Keys),
            (Phase::Handshake, _) => Some(Phase::Traffic(0)),
            (Phase::Traffic(generation), _) => generation.checked_add(1).map(Phase::Traffic),
            _ => None,
        }
    }

    fn try_all(
        &mut self,
        from: Side,
        opener: &Opener,
        first: u64,
        order: impl Iterator<Item = u64>,
        record: &mut Record<'_>,
        credit: &mut u64,
    ) -> Option<Match> {
        for missing in order {
            let cost = record.bytes.len() as u64;
            *credit = credit.checked_sub(cost)?;
            if !self.pay(from, cost) {
                return None;
            }
            let sequence = first.checked_add(missing)?;
            if let Some(range) = self.probe(opener, sequence, record) {
                return Some(Match { range, sequence, missing });
            }
        }
        None
    }

    /// Pays for looking.
    pub(super) fn pay(&mut self, from: Side, bytes: u64) -> bool {
        let is_paid = self.halves[from.index()].pay(bytes, &mut self.purse);
        if is_paid {
            self.work += bytes;
        }
        is_paid
    }

    /// Opens a record if it is the one of that number; else it stays as it is.
    pub(super) fn probe(&mut self, opener: &Opener, sequence: u64, record: &mut Record<'_>) -> Option<Range<usize>> {
        if opener.is_gentle() {
            return opener.open(sequence, record.bytes);
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(record.bytes);
        let range = opener.open(sequence, &mut self.scratch)?;
        record.bytes.copy_from_slice(&self.scratch);
        Some(range)
    }

    /// Goes on with a record that was recognised.
    fn resume(
        &mut self,
        from: Side,
        record: &Record<'_>,
        lost: Lost,
        found: &Match,
        is_same_phase: bool,
        out: &mut Outside<'_>,
    ) {
        let half = &mut self.halves[from.index()];
        half.messages.forget();
        let is_data = matches!(half.phase, Phase::Traffic(_) | Phase::Keys | Phase::Early);
        // What is lost of the phases before was no data, but for the generations of traffic.
        let was_data = is_same_phase || found.missing > 0 || matches!(half.phase, Phase::Traffic(1..));
        if is_data && was_data {
            let overhead = half.opener.as_ref().map_or(0, |opener| opener.overhead() as u64);
            let bytes = record.offset.saturating_sub(lost.from);
            let estimate = bytes.saturating_sub(found.missing * overhead);
            half.miss(if bytes > 0 { estimate.max(1) } else { 0 }, lost);
        }
        self.opened(from, found.sequence, record, found.range.clone(), out);
    }
}

/// All numbers up to `most`, those nearest to `likely` first.
fn outward(likely: u64, most: u64) -> impl Iterator<Item = u64> {
    let below = (0..likely).rev().map(Some).chain(std::iter::repeat(None));
    let above = (likely + 1..=most).map(Some).chain(std::iter::repeat(None));
    let around = below.zip(above).take_while(|(one, other)| one.is_some() || other.is_some());
    std::iter::once(likely).chain(around.flat_map(|(one, other)| [one, other]).flatten())
}

#[cfg(test)]
mod tests {
    use super::outward;

    #[test]
    fn numbers_go_outward_and_none_is_left_out() {
        assert_eq!(outward(2, 5).collect::<Vec<_>>(), [2, 1, 3, 0, 4, 5]);
        assert_eq!(outward(0, 0).collect::<Vec<_>>(), [0]);
        assert_eq!(outward(3, 3).collect::<Vec<_>>(), [3, 2, 1, 0]);
    }
}
