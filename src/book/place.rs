//! Where a finding stands among what happened: at its message, and where it is about none, at what came with the first packet that
//! proves it, or at the last that came before.

use super::row::Row;
use super::{Book, Session};
use crate::rules::Finding;
use crate::wire::{PacketNo, Side, Time};

/// Rows around a packet that are looked at.
const NEAR: usize = 64;

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// The row to look at.
    pub row: u32,
    /// When that was complete.
    pub at: Time,
    /// Whether it came with the finding's packet; otherwise it is the last row before, or the first there is.
    pub is_exact: bool,
    /// The first packet that proves it.
    pub packet: PacketNo,
}

impl Book {
    /// Where the finding of a row stands.
    pub fn stand(&self, row: u32) -> Option<Stand> {
        let finding = self.finding(row)?;
        let packet = finding.packets.0;
        if let Some(about) = finding.message.and_then(|n| self.index.row_of(n)) {
            return Some(Stand { row: about, at: self.time(about)?, is_exact: true, packet });
        }
        let session = self.session(finding.session)?;
        let (found, is_exact) = self.before(session, row, finding).or_else(|| self.nearest(session, finding))?;
        Some(Stand { row: found, at: self.time(found)?, is_exact, packet })
    }

    /// When the last packet that proves the finding of a row came, where a row of its session tells.
    pub fn stands_until(&self, row: u32) -> Option<Time> {
        let finding = self.finding(row)?;
        let session = self.session(finding.session)?;
        let (found, _) = self.at_packet(session, finding.packets.1, finding.from)?;
        self.time(found)
    }

    /// What the finding was said of stands right before it, where that came with its packet.
    fn before(&self, session: &Session, row: u32, finding: &Finding) -> Option<(u32, bool)> {
        let own = session.rows.partition_point(|other| *other < row);
        let above = (0..own).rev().take(NEAR).filter_map(|at| session.rows.get(at).copied());
        let above = above.into_iter().find(|row| !matches!(self.index.row(*row), Some(Row::Finding(_))))?;
        self.holds(above, finding.packets.0).then_some((above, true))
    }

    fn nearest(&self, session: &Session, finding: &Finding) -> Option<(u32, bool)> {
        let packet = finding.packets.0;
        if let Some(found) = self.at_packet(session, packet, finding.from) {
            return Some(found);
        }
        let next = self.first_at(session, packet);
        let above = (0..next).rev().filter_map(|at| session.rows.get(at).copied());
        let is_event = |row: &u32| !matches!(self.index.row(*row), Some(Row::Finding(_)));
        let found = above.into_iter().find(is_event).or_else(|| session.rows.get(0).copied())?;
        Some((found, false))
    }

    /// The last row of the side that was complete with a packet, or else one that the packet is a part of.
    fn at_packet(&self, session: &Session, packet: PacketNo, from: Option<Side>) -> Option<(u32, bool)> {
        let first = self.first_at(session, packet);
        let rows = || (first..first + NEAR).filter_map(|at| session.rows.get(at).copied());
        let last = |row: u32| self.index.row(row).and_then(Row::envelope).map(|envelope| envelope.last.packet);
        let is_its = |row: &u32| from.is_none() || self.index.row(*row).and_then(Row::from) == from;
        let ends = rows().take_while(|row| last(*row).is_none_or(|last| last == packet));
        let mut ends: Vec<u32> = ends.filter(|row| last(*row).is_some()).collect();
        if ends.iter().any(is_its) {
            ends.retain(is_its);
        }
        let found = ends.last().copied().or_else(|| rows().find(|row| self.holds(*row, packet)))?;
        Some((found, true))
    }

    /// Whether a row's bytes came with a packet, among others.
    fn holds(&self, row: u32, packet: PacketNo) -> bool {
        let envelope = self.index.row(row).and_then(Row::envelope);
        envelope.is_some_and(|envelope| (envelope.first.packet..=envelope.last.packet).contains(&packet))
    }

    /// The number among a session's rows of the first one that was complete with a packet, or later.
    fn first_at(&self, session: &Session, packet: PacketNo) -> usize {
        // A finding has no packet of its own in the order: what stands above it has.
        let is_before = |row: &u32| {
            let above = (0..=*row).rev().take(NEAR).find_map(|row| self.index.row(row)?.envelope());
            above.is_some_and(|envelope| envelope.last.packet < packet)
        };
        session.rows.partition_point(is_before)
    }
}
