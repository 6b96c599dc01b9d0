use std::collections::BTreeMap;

use super::{CATALOGUE, Facts, Finding, Findings, Rule};
use crate::proto::Event;
use crate::wire::{IdMap, Side};

/// Judges every session by a set of rules of its own.
#[derive(Default)]
pub struct Engine {
    sessions: IdMap<u32, Judged>,
}

struct Judged {
    rules: Vec<Box<dyn Rule>>,
    facts: Facts,
    /// Faults that were seen, by code and side.
    seen: BTreeMap<(&'static str, Option<Side>), Seen>,
}

/// How often a fault was seen, and its last case beyond the first.
#[derive(Default)]
struct Seen {
    count: u64,
    last: Option<Finding>,
}

impl Engine {
    /// Sessions that are being judged.
    pub fn held(&self) -> usize {
        self.sessions.len()
    }

    /// What the rules say of an event, in the order of the catalogue.
    pub fn observe(&mut self, event: &Event) -> Vec<Finding> {
        let session = event.session();
        let judged = self.sessions.entry(session).or_insert_with(|| Judged {
            rules: CATALOGUE.iter().map(|entry| (entry.start)()).collect(),
            facts: Facts::default(),
            seen: BTreeMap::new(),
        });
        let mut findings = Findings { session, found: Vec::new() };
        for rule in &mut judged.rules {
            let facts = &judged.facts;
            match event {
                Event::Session(event) => rule.opened(event, facts, &mut findings),
                Event::Handshake(event) => rule.handshake(event, facts, &mut findings),
                Event::Message(event) => rule.message(event, facts, &mut findings),
                Event::Incomplete(event) => rule.incomplete(event, facts, &mut findings),
                Event::Gap(event) => rule.gap(event, facts, &mut findings),
                Event::Undecodable(event) => rule.undecodable(event, facts, &mut findings),
                Event::Close(event) => rule.close(event, facts, &mut findings),
                Event::Resync(_) | Event::Piece(_) => {}
            }
        }
        judged.facts.learn(event);
        let mut found = findings.found;
        if !found.is_empty() {
            found.retain(|finding| judged.is_first(finding));
        }
        if matches!(event, Event::Close(close) if close.last)
            && let Some(judged) = self.sessions.remove(&session)
        {
            found.extend(judged.repeated());
        }
        found
    }
}

impl Judged {
    /// Whether a finding is the first of its kind; the others are counted.
    fn is_first(&mut self, finding: &Finding) -> bool {
        if finding.rule.each {
            return true;
        }
        let seen = self.seen.entry((finding.rule.code, finding.from)).or_default();
        seen.count += 1;
        if seen.count > 1 {
            seen.last = Some(finding.clone());
        }
        seen.count == 1
    }

    /// The last case of each fault that came again, with the count of all.
    fn repeated(self) -> impl Iterator<Item = Finding> {
        self.seen.into_values().filter_map(|Seen { count, last }| last.map(|finding| Finding { count, ..finding }))
    }
}
