//! A session as a line of a list: who talks to whom, how that stands, and what was found.

use crate::evidence::Blocks;
use crate::net::{How, Start, TcpFacts};
use crate::proto::{Close, Opened};
use crate::rules::{Finding, Severity};

/// A session: a line of the list, and its rows.
#[derive(Debug)]
pub struct Session {
    pub(super) opened: Opened,
    /// How each side ended, if it did.
    ends: [Option<How>; 2],
    /// By side: what TCP did, once it ended.
    pub(super) tcp: [Option<Box<TcpFacts>>; 2],
    /// Whole messages.
    pub messages: u64,
    pub counts: Counts,
    /// Its rows, in order.
    pub rows: Blocks<u32>,
}

impl Session {
    pub(super) fn new(opened: Opened) -> Self {
        let (counts, rows) = (Counts::default(), Blocks::default());
        Session { opened, ends: [None; 2], tcp: [None, None], messages: 0, counts, rows }
    }

    /// One side ended.
    pub(super) fn close(&mut self, close: &Close) {
        self.ends[close.from.index()] = Some(close.how);
        self.tcp[close.from.index()].clone_from(&close.tcp);
    }

    /// From 1.
    pub fn number(&self) -> u32 {
        self.opened.session
    }

    pub fn protocol(&self) -> &'static str {
        self.opened.protocol
    }

    /// Both ends: `client → server`.
    pub fn parties(&self) -> String {
        format!("{} → {}", self.opened.client, self.opened.server)
    }

    /// In one word: how it ended, if it did.
    pub fn state(&self) -> &'static str {
        match self.ends {
            ends if ends.contains(&Some(How::Rst)) => "reset",
            ends if ends.contains(&Some(How::Timeout)) => "abandoned",
            [Some(How::Fin), Some(How::Fin)] => "closed",
            ends if ends.contains(&Some(How::Fin)) => "closing",
            _ if self.opened.start == Start::Midstream => "midstream",
            _ => "open",
        }
    }
}

/// How many findings there are, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; 3]);

impl Counts {
    pub fn of(&self, severity: Severity) -> u64 {
        self.0[severity as usize]
    }

    /// The closing report of a repeated fault is not another finding.
    pub(super) fn add(&mut self, finding: &Finding) {
        if !finding.again {
            self.0[finding.severity as usize] += 1;
        }
    }
}
