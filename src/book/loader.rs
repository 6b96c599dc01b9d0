//! Reads the captures step by step, and hands over what they say.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Book;
use super::card::Cards;
use super::item::{Item, is_key_frame, strip_media};
use crate::analyzer;
use crate::evidence::{Evidence, Purpose};
use crate::inspection::{self, Inspection, Read};
use crate::limits::Limits;
use crate::proto::{Answer, Event, Keys};
use crate::story::Story;
use crate::wire::Time;

/// How captures are read for looking at them.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub show_secrets: bool,
    /// Go on reading the capture, which another program still writes.
    pub follow: bool,
    /// Secrets that are known beside the captures.
    pub keys: Arc<Keys>,
    /// Pipes end when it is set, and nothing else is read on.
    pub stop: Arc<AtomicBool>,
}

/// Why what can be read only once is copied.
const COPIED: Purpose = Purpose { is: "for the screen", instead: ", or use --text" };

/// How far reading is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Bytes read.
    pub read: u64,
    /// Bytes of all captures; `None` for a pipe.
    pub size: Option<u64>,
    pub packets: u64,
    /// The first packet's time.
    pub start: Option<Time>,
    pub done: bool,
    /// What could not be read.
    pub complaints: Vec<String>,
    /// Connections that are no session, once it is done.
    pub others: Vec<Other>,
}

/// What is no session: connections of another protocol, or that never came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Who does what to whom; a clause.
    pub what: String,
    /// What to do about it; a sentence.
    pub advice: String,
}

/// What was read since the last hand-over.
#[derive(Debug, Default)]
pub struct Batch {
    pub items: Vec<Item>,
    pub progress: Progress,
    /// Bytes of memory that the book will take for the items, about.
    cost: usize,
}

/// A capture being read.
pub struct Loader {
    limits: Limits,
    inspection: Inspection,
    cards: Cards,
    progress: Progress,
    /// Bytes of memory that the book takes for all items so far, about.
    cost: usize,
}

impl Loader {
    /// Opens the captures: for reading now, and for looking again at what was read.
    pub fn open(captures: &[PathBuf], options: &Options) -> anyhow::Result<(Loader, Book)> {
        Loader::open_under(captures, options, &Limits::default())
    }

    /// Opens the captures, with these limits instead of the usual ones.
    pub fn open_under(captures: &[PathBuf], options: &Options, limits: &Limits) -> anyhow::Result<(Loader, Book)> {
        Loader::open_for(captures, options, limits, COPIED)
    }

    /// The same, where what can be read only once is copied for another reason.
    pub fn open_for(
        captures: &[PathBuf],
        options: &Options,
        limits: &Limits,
        copied: Purpose,
    ) -> anyhow::Result<(Loader, Book)> {
        let (input, evidence) = Evidence::open(captures, options.follow, &options.stop, copied)?;
        let book = Book::over(evidence, options.show_secrets);
        // The book has masks of its own.
        let show_secrets = true;
        let told = inspection::Options {
            limits: limits.clone(),
            evidence: true,
            show_secrets,
            keys: Arc::clone(&options.keys),
            stop: Arc::clone(&options.stop),
            ..Default::default()
        };
        let inspection = Inspection::of(input, &told);
        let progress = Progress { size: inspection.progress().size, ..Progress::default() };
        Ok((Loader { limits: limits.clone(), inspection, cards: Cards::default(), progress, cost: 0 }, book))
    }

    /// Reads one packet and appends what follows from it. False when it was the end.
    fn step(&mut self, items: &mut Vec<Item>) -> bool {
        match self.inspection.read() {
            Read::Packet => {}
            Read::Failed(error) => self.progress.complaints.push(error.to_string()),
            Read::End => self.progress.done = true,
        }
        while let Some(told) = self.inspection.told() {
            let findings = told.findings;
            let card = self.cards.of(told.event, told.story);
            let answer = of_status(told.event, told.story);
            let Some(mut event) = self.inspection.keep() else { break };
            let is_key = is_key_frame(&event);
            strip_media(&mut event);
            let first = items.len();
            items.extend(answer.map(Item::Told));
            items.push(if is_key { Item::KeyFrame(event) } else { Item::Event(event) });
            items.extend(findings.into_iter().map(Item::Finding));
            items.extend(card.map(|card| Item::Card(card.into())));
            self.cost += items[first..].iter().map(Item::cost).sum::<usize>();
        }
        if !self.progress.done && self.is_full() {
            self.progress.done = true;
            let (cost, read) = (self.cost >> 20, self.inspection.progress().read >> 20);
            let names = self.inspection.names();
            let what = format!("{names}: reading stopped: the list takes {cost} MiB for {read} MiB of capture");
            self.progress.complaints.push(what);
        }
        if self.progress.done {
            let others = self.inspection.totals().others;
            let other = |other: analyzer::Other| Other { what: other.clause(), advice: other.advice().to_string() };
            self.progress.others = others.into_iter().map(other).collect();
            self.progress.complaints.extend(self.inspection.unknown_link());
        }
        !self.progress.done
    }

    /// Whether the book takes more than it may for as much capture.
    fn is_full(&self) -> bool {
        let share = self.inspection.progress().read * self.limits.index_share / 100;
        self.cost > self.limits.index_bytes + share as usize
    }

    fn progress(&mut self) -> &Progress {
        let inspection::Progress { read, packets, start, .. } = self.inspection.progress();
        (self.progress.read, self.progress.packets, self.progress.start) = (read, packets, start);
        &self.progress
    }

    /// Reads on, as far as one hand-over goes.
    pub fn read(&mut self) -> Batch {
        self.read_packets(u64::MAX)
    }

    /// Reads at most so many packets, and no more than one hand-over.
    pub fn read_packets(&mut self, most: u64) -> Batch {
        let (mut batch, before) = (Batch::default(), self.cost);
        for _ in 0..most {
            let more = self.step(&mut batch.items);
            batch.cost = self.cost - before;
            if !more || batch.is_full(&self.limits) {
                break;
            }
        }
        batch.progress.clone_from(self.progress());
        batch
    }

    /// Bytes of all captures; none of a pipe.
    pub fn size(&self) -> Option<u64> {
        self.progress.size
    }

    /// What reads: it knows what is to be said of the captures as a whole.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// The request that a message is a status about.
fn of_status(event: &Event, story: &Story) -> Option<Answer> {
    let Event::Message(message) = event else { return None };
    if message.answers.is_some() {
        return None;
    }
    let request = story.requests.last_answered()?;
    Some(Answer { n: request.n, latency: message.head.last.time.since(request.at.time) })
}

impl Batch {
    /// Whether it is to be handed over before more is read.
    pub fn is_full(&self, limits: &Limits) -> bool {
        self.items.len() >= limits.ready_items || self.cost >= limits.ready_bytes
    }

    /// Goes on with what was read next.
    pub fn append(&mut self, mut next: Batch) {
        self.items.append(&mut next.items);
        self.cost += next.cost;
        self.progress = next.progress;
    }

    /// Hands over what was read; how far reading is stays known.
    #[must_use]
    pub fn take(&mut self) -> Batch {
        Batch {
            items: std::mem::take(&mut self.items),
            cost: std::mem::take(&mut self.cost),
            progress: self.progress.clone(),
        }
    }
}
