//! Runs the rules: gives every event to those that want it, and decides what becomes of what they find. A rule itself knows
//! nothing of other sessions, of repetition or of what the capture missed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::cause::Causes;
use super::{CATALOGUE, Finding, Findings, Kind, Quote, Rests, Rule, Severity, Story, Subject};
use crate::limits::{Limits, Reached};
use crate::proto::Event;
use crate::proto::rtmp::Body;
use crate::story::Stories;
use crate::wire::{IdMap, PacketNo, Side};

/// Findings of one session that wait for its other side. Past them, those of a kind that waits already are counted with
/// it, and others are dropped: that takes more kinds than rules have, unless a rule whose findings wait has each told.
const HELD: usize = Limits::DEFAULT.late_cases;

/// Judges every session by a set of rules of its own.
pub struct Engine {
    sessions: IdMap<u32, Judged>,
    stories: Stories,
    /// Bytes that all of them keep, at most.
    held: usize,
    most: usize,
    reached: Reached,
    /// Show every message to every rule.
    thorough: bool,
}

impl Default for Engine {
    fn default() -> Self {
        Engine::under(&Limits::DEFAULT)
    }
}

#[derive(Default)]
struct Judged {
    /// Bytes that it keeps, at most: what it kept when that was counted, and what came since.
    bytes: usize,
    /// It kept too much, and is judged no more.
    given_up: bool,
    rules: Vec<Box<dyn Rule>>,
    /// Faults that were seen.
    seen: BTreeMap<Kind, Seen>,
    /// Which of them may explain others.
    causes: Causes,
    /// Findings that wait until the other side is known as far, in order.
    held: Vec<Held>,
}

/// A finding that waits, with those of its kind that came after it.
struct Held {
    first: Finding,
    more: u64,
    last: Option<Box<Finding>>,
}

/// How often a fault was seen, and its last case beyond the first.
#[derive(Default)]
struct Seen {
    count: u64,
    // Few faults come again, and a map has room for more than it holds.
    last: Option<Box<Finding>>,
}

/// What is to become of a finding.
enum Verdict {
    Say,
    Drop,
    Hold,
}

/// The rules that see audio and video messages, by their places among those that judge RTMP.
static MEDIA: ([u8; CATALOGUE.len()], usize) = {
    let (mut places, mut count, mut at, mut place) = ([0; CATALOGUE.len()], 0, 0, 0);
    while at < CATALOGUE.len() {
        let meta = CATALOGUE[at].meta;
        at += 1;
        if meta.is_of_ftl() {
            continue;
        }
        if meta.media {
            places[count] = place;
            count += 1;
        }
        place += 1;
    }
    (places, count)
};

impl Engine {
    /// One that shows every message to every rule, also to those that learn nothing from it. It finds the same.
    pub fn thorough() -> Engine {
        Engine { thorough: true, ..Engine::default() }
    }

    /// One that keeps to these limits.
    pub fn under(limits: &Limits) -> Engine {
        let (sessions, reached) = Default::default();
        let stories = Stories::under(limits);
        Engine { sessions, stories, held: 0, most: limits.judged_bytes_total, reached, thorough: false }
    }

    /// How often a limit was reached so far.
    pub fn reached(&self) -> Reached {
        let mut reached = self.reached.clone();
        reached.add(self.stories.reached());
        reached
    }

    /// What the session of the event that was judged last did so far, with that event.
    pub fn story(&self) -> &Story {
        self.stories.last()
    }

    /// Bytes that the rules keep of the sessions, at most.
    pub fn held_bytes(&self) -> usize {
        self.held
    }

    /// Sessions that are being judged.
    pub fn held(&self) -> usize {
        self.sessions.len()
    }

    /// What the rules say of an event, in the order of the catalogue.
    pub fn observe(&mut self, event: &Event) -> Vec<Finding> {
        let session = event.session();
        let protocol = if let Event::Session(opened) = event { opened.protocol } else { "" };
        let story = self.stories.before(event);
        let judged = self.sessions.entry(session).or_insert_with(|| Judged {
            bytes: 0,
            given_up: false,
            rules: CATALOGUE.iter().filter(|entry| entry.meta.judges(protocol)).map(|entry| (entry.start)()).collect(),
            seen: BTreeMap::new(),
            causes: Causes::default(),
            held: Vec::new(),
        });
        let is_last = matches!(event, Event::Close(close) if close.last);
        if judged.given_up || story.is_given_up {
            self.held -= judged.bytes;
            *judged = Judged { given_up: true, ..Judged::default() };
            if is_last {
                self.sessions.remove(&session);
            }
            self.stories.learn(event);
            return Vec::new();
        }
        let mut findings = Findings { session, found: Vec::new() };
        let (rules, story, into) = (&mut judged.rules, story, &mut findings);
        match event {
            Event::Session(event) => rules.iter_mut().for_each(|rule| rule.opened(event, story, into)),
            Event::Handshake(event) => rules.iter_mut().for_each(|rule| rule.handshake(event, story, into)),
            Event::Message(event) if !self.thorough && matches!(event.body, Body::Audio(_) | Body::Video(_)) => {
                let (places, count) = &MEDIA;
                for place in &places[..*count] {
                    rules[usize::from(*place)].message(event, story, into);
                }
            }
            Event::Message(event) => rules.iter_mut().for_each(|rule| rule.message(event, story, into)),
            Event::Ftl(event) => rules.iter_mut().for_each(|rule| rule.ftl(event, story, into)),
            Event::Flow(event) => rules.iter_mut().for_each(|rule| rule.flow(event, story, into)),
            Event::Tls(event) => rules.iter_mut().for_each(|rule| rule.tls(event, story, into)),
            Event::Tunnel(event) => rules.iter_mut().for_each(|rule| rule.tunnel(event, story, into)),
            Event::Incomplete(event) => rules.iter_mut().for_each(|rule| rule.incomplete(event, story, into)),
            Event::Gap(event) => rules.iter_mut().for_each(|rule| rule.gap(event, story, into)),
            Event::Undecodable(event) => rules.iter_mut().for_each(|rule| rule.undecodable(event, story, into)),
            Event::Deviation(event) => rules.iter_mut().for_each(|rule| rule.deviation(event, story, into)),
            Event::Close(event) => rules.iter_mut().for_each(|rule| rule.close(event, story, into)),
            Event::Resync(event) => rules.iter_mut().for_each(|rule| rule.resync(event, story, into)),
            Event::Piece(_) => {}
        }
        // What the event itself breaks off does not make it doubtful; a step of the handshake shows where its side begins.
        let before = whole(story);
        let story = self.stories.learn(event);
        let whole = if matches!(event, Event::Handshake(_)) { whole(story) } else { before };
        let mut found = Vec::new();
        if !judged.held.is_empty() {
            judged.release(story, is_last, &mut found);
        }
        if is_last {
            // Of how a session ended several rules tell: what explains the others need not be told first.
            judged.learn_endings(story, &findings.found, whole);
        }
        for mut finding in findings.found {
            match verdict(story, &mut finding, whole, is_last) {
                Verdict::Say => judged.say(finding, event, &mut found),
                Verdict::Hold => judged.hold(finding, event),
                Verdict::Drop => {}
            }
        }
        let cost = most_kept(event);
        judged.bytes += cost;
        self.held += cost;
        if is_last && let Some(judged) = self.sessions.remove(&session) {
            self.held -= judged.bytes;
            found.extend(judged.repeated());
        }
        if self.held > self.most {
            self.shed();
        }
        found
    }

    /// Counts what is really kept. If that is still too much, those that keep most are judged no more, until a quarter of
    /// what all may keep is free.
    fn shed(&mut self) {
        let mut sessions = Vec::new();
        self.held = 0;
        for (session, judged) in &mut self.sessions {
            judged.bytes = judged.held();
            self.held += judged.bytes;
            sessions.push((Reverse(judged.bytes), *session));
        }
        let enough = self.most / 4 * 3;
        if self.held <= enough {
            return;
        }
        sessions.sort_unstable();
        for (_, session) in sessions {
            if self.held <= enough {
                return;
            }
            let Some(judged) = self.sessions.get_mut(&session) else { continue };
            self.held -= judged.bytes;
            self.reached.judged_bytes_total += 1;
            *judged = Judged { given_up: true, ..Judged::default() };
        }
    }
}

/// The most bytes that an event may add to what is kept of its session: its message may be quoted by several rules.
fn most_kept(event: &Event) -> usize {
    match event {
        // A new chunk stream, message stream or track: later ones are known.
        Event::Message(message) if matches!(message.body, Body::Audio(_) | Body::Video(_)) => {
            if message.head.chunk_format == 0 { 256 } else { 0 }
        }
        Event::Message(message) => 2 * (size_of::<Finding>() + Quote::cost_of(message)),
        // Of datagrams no rule keeps more than its first case and its last.
        Event::Ftl(message) if message.offset().is_some() => 2 * (size_of::<Finding>() + message.memory()),
        _ => 64,
    }
}

/// By side: whether all that it sent was captured.
fn whole(story: &Story) -> [bool; 2] {
    Side::BOTH.map(|side| story.is_whole(side))
}

/// Judges whether what a finding rests on was captured. An uncertain one is no error.
fn verdict(story: &Story, finding: &mut Finding, whole: [bool; 2], is_last: bool) -> Verdict {
    let (is_whole, needs) = match (finding.rule.rests, finding.from) {
        (Rests::Event, _) => (true, None),
        (Rests::Sender, Some(from)) => (whole[from.index()], None),
        (Rests::Session, Some(from)) => (whole == [true; 2], Some(from.other())),
        (_, None) => (whole == [true; 2], None),
    };
    finding.certain &= is_whole;
    if !finding.certain && !finding.rule.unsure {
        return Verdict::Drop;
    }
    if !finding.certain || finding.ambiguous {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    finding.judged = finding.severity;
    if finding.certain
        && let Some(other) = needs
        && !is_last
        && !knows(story, other, finding.packets.1)
    {
        return Verdict::Hold;
    }
    finding.certain &= !finding.ambiguous;
    Verdict::Say
}

/// Whether a side is known up to a packet. What follows a hole is given out late, so silence proves nothing.
fn knows(story: &Story, side: Side, packet: PacketNo) -> bool {
    let story = story.of(side);
    story.closed.is_some() || story.known > packet
}

impl Judged {
    /// Bytes that its lists take, about.
    fn held(&self) -> usize {
        let quoted = |finding: &Finding| {
            size_of::<Finding>() + finding.text.len() + finding.quote.as_ref().map_or(0, Subject::cost)
        };
        let held = self.held.iter().map(|held| quoted(&held.first) + held.last.as_deref().map_or(0, quoted));
        let seen = self.seen.values().filter_map(|seen| seen.last.as_deref()).map(quoted);
        let rules = self.rules.iter().map(|rule| rule.held());
        held.chain(seen).chain(rules).sum()
    }

    /// Keeps a finding until the other side is known as far.
    fn hold(&mut self, mut finding: Finding, event: &Event) {
        quote(&mut finding, event);
        let of_its_kind = |held: &&mut Held| held.first.kind() == finding.kind();
        if !finding.rule.each
            && let Some(held) = self.held.iter_mut().find(of_its_kind)
        {
            held.more += 1;
            held.last = Some(Box::new(finding));
        } else if self.held.len() < HELD {
            self.held.push(Held { first: finding, more: 0, last: None });
        }
    }

    /// Says, or drops, the findings whose other side is known by now.
    fn release(&mut self, story: &Story, is_last: bool, found: &mut Vec<Finding>) {
        let whole = whole(story);
        for mut held in std::mem::take(&mut self.held) {
            match verdict(story, &mut held.first, whole, is_last) {
                Verdict::Hold => self.held.push(held),
                Verdict::Drop => {}
                Verdict::Say => {
                    self.admit(held.first, found);
                    if let Some(mut last) = held.last {
                        // What makes the first one uncertain makes the last one so.
                        verdict(story, &mut last, whole, is_last);
                        let seen = self.seen.entry(last.kind()).or_default();
                        seen.count += held.more;
                        seen.last = Some(last);
                    }
                }
            }
        }
    }

    /// Takes note of what the last event shows that may explain what else it shows.
    fn learn_endings(&mut self, story: &Story, found: &[Finding], whole: [bool; 2]) {
        for finding in found {
            let mut finding = finding.clone();
            if matches!(verdict(story, &mut finding, whole, true), Verdict::Say) {
                self.causes.learn(&finding);
            }
        }
    }

    fn say(&mut self, mut finding: Finding, event: &Event, found: &mut Vec<Finding>) {
        let is_kept = finding.rule.each || !self.seen.contains_key(&finding.kind());
        if is_kept {
            quote(&mut finding, event);
        }
        self.admit(finding, found);
    }

    /// Says a finding where it is the first of its kind; the others are counted.
    fn admit(&mut self, mut finding: Finding, found: &mut Vec<Finding>) {
        finding.cause = self.causes.of(&finding);
        self.causes.learn(&finding);
        if !finding.rule.each {
            let seen = self.seen.entry(finding.kind()).or_default();
            seen.count += 1;
            if seen.count > 1 {
                match &mut seen.last {
                    Some(last) => **last = finding,
                    None => seen.last = Some(Box::new(finding)),
                }
                return;
            }
        }
        found.push(finding);
    }

    /// The last case of each fault that came again, with the count of all.
    fn repeated(self) -> impl Iterator<Item = Finding> {
        let closing = |Seen { count, last }: Seen| last.map(|last| Finding { count, again: true, ..*last });
        self.seen.into_values().filter_map(closing)
    }
}

/// Keeps the message that a finding is about, so that it can be shown when that is gone.
fn quote(finding: &mut Finding, event: &Event) {
    let number = match event {
        Event::Message(message) => Some(message.n),
        Event::Ftl(message) => Some(message.n()),
        _ => None,
    };
    if finding.quote.is_none() && number.is_some() && finding.message == number {
        finding.quote = Subject::of(event);
    }
}
