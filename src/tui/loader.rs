//! Reads the captures, in a thread of its own or step by step, and hands over what they say.
//!
//! The reading side never runs far ahead: it waits while the screen has not taken what lies ready. The screen never
//! waits: it takes what is there. A packet from a live pipe is handed over before the next one is waited for.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::book::{Book, Item, strip_media};
use crate::analyzer::Other;
use crate::evidence::{Evidence, Purpose};
use crate::inspection::{self, Inspection, Read};
use crate::limits::Limits;
use crate::tui;
use crate::wire::Time;

/// Why what can be read only once is copied.
const COPIED: Purpose = Purpose { is: "for the screen", instead: ", or use --text" };

/// Packets of a file between hand-overs.
const STRIDE: u64 = 64;

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
    progress: Progress,
    /// Bytes of memory that the book takes for all items so far, about.
    cost: usize,
}

impl Loader {
    /// Opens the captures: for reading now, and for looking again at what was read.
    pub fn open(captures: &[PathBuf], options: &tui::Options) -> anyhow::Result<(Loader, Book)> {
        Loader::open_under(captures, options, &Limits::default())
    }

    /// Opens the captures, with these limits instead of the usual ones.
    pub fn open_under(captures: &[PathBuf], options: &tui::Options, limits: &Limits) -> anyhow::Result<(Loader, Book)> {
        let (input, evidence) = Evidence::open(captures, options.follow, &Arc::default(), COPIED)?;
        let book = Book::over(evidence, options.show_secrets);
        // The book has masks of its own.
        let show_secrets = true;
        let told = inspection::Options {
            limits: limits.clone(),
            evidence: true,
            show_secrets,
            keys: Arc::clone(&options.keys),
            ..Default::default()
        };
        let inspection = Inspection::of(input, &told);
        let progress = Progress { size: inspection.progress().size, ..Progress::default() };
        Ok((Loader { limits: limits.clone(), inspection, progress, cost: 0 }, book))
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
            let Some(mut event) = self.inspection.keep() else { break };
            strip_media(&mut event);
            let first = items.len();
            items.push(Item::Event(event));
            items.extend(findings.into_iter().map(Item::Finding));
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
            self.progress.others = self.inspection.totals().others;
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
        let (mut items, before) = (Vec::new(), self.cost);
        while items.len() < self.limits.ready_items
            && self.cost - before < self.limits.ready_bytes
            && self.step(&mut items)
        {}
        Batch { items, cost: self.cost - before, progress: self.progress().clone() }
    }

    /// Reads everything in a thread of its own.
    pub fn spawn(mut self) -> std::io::Result<Feed> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("reader".to_owned()).spawn(move || self.run(&theirs))?;
        Ok(Feed { shared, thread })
    }

    fn run(&mut self, shared: &Shared) {
        // What a pipe gave must not wait for what it may give later.
        let stride = if self.progress.size.is_some() { STRIDE } else { 1 };
        let mut items = Vec::new();
        loop {
            let before = self.cost;
            let more = (0..stride).all(|_| self.cost - before < self.limits.ready_bytes && self.step(&mut items))
                || !self.progress.done;
            let cost = self.cost - before;
            let progress = self.progress();
            let mut ready = shared.lock();
            ready.items.append(&mut items);
            ready.cost += cost;
            ready.progress.clone_from(progress);
            if !more {
                return;
            }
            while ready.items.len() >= self.limits.ready_items || ready.cost >= self.limits.ready_bytes {
                ready = shared.room.wait(ready).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

#[derive(Default)]
struct Shared {
    ready: Mutex<Batch>,
    room: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the screen gets what was read.
pub struct Feed {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

impl Feed {
    /// What was read since it was asked last.
    pub fn take(&self) -> Batch {
        // Looked at first, so that nothing that the thread said at its end is missed.
        let ended = self.thread.is_finished();
        let mut ready = self.shared.lock();
        let items = std::mem::take(&mut ready.items);
        let cost = std::mem::take(&mut ready.cost);
        let mut progress = ready.progress.clone();
        self.shared.room.notify_one();
        if ended && !progress.done {
            progress.done = true;
            progress.complaints.push("reading stopped by a fault of this program".to_owned());
        }
        Batch { items, progress, cost }
    }
}
