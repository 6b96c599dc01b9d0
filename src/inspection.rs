//! Captures in, what happened out: the program's one way from files to events and findings, and the library's front door.
//!
//! An [`Inspection`] owns what stands in that way: the input, the analyzer, the rules and the masks. It reads one packet at a
//! time ([`Inspection::read`]) and tells what followed from it ([`Inspection::told`]); who needs no more than the
//! events asks for the [next](Inspection::next) one. What an event is told with, its findings and the masks for showing it,
//! comes as one [`Told`]. A capture that cannot be read on is an error among these and ends nothing: what was under way is
//! told behind it.
//!
//! Here is no output, no terminal and no signal: who wants to stop the reading sets [`Options::stop`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::analyzer::{self, Analyzer, Reason, Totals};
use crate::capture::{CaptureError, Input, Tail};
use crate::limits::{Limits, Reached};
use crate::net::Unread;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::{Event, Keys};
use crate::rules::{Engine, Finding};
use crate::story::{Stories, Story};
use crate::wire::Time;
use crate::wire::words::{count, plural};

/// The kind of secrets that is a TLS key log (pcapng draft §4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Connections that are named where there is no session.
const COMPLAINED: usize = 5;

/// How captures are inspected. The default reads them to their end, judges them, and masks secrets.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub limits: Limits,
    /// Where the capture ends, wait for what another program still writes to it, until [`Options::stop`] is set.
    pub follow: bool,
    /// Ends the reading when it is set. What is known by then is still told. Pipes and captures that are followed give
    /// what is in them first.
    pub stop: Arc<AtomicBool>,
    /// Also tell where every session's bytes lie in the capture ([`Event::Piece`]).
    pub evidence: bool,
    /// Leave the rules out: there are no findings.
    pub unjudged: bool,
    /// Mask nothing.
    pub show_secrets: bool,
    /// Secrets that are known beside the captures: to judge signatures by, and to see inside of what is enciphered.
    pub keys: Arc<Keys>,
}

/// What came of reading on.
#[derive(Debug)]
pub enum Read {
    Packet,
    /// A capture could not be read on. What the others give follows.
    Failed(CaptureError),
    /// No packet follows.
    End,
}

/// An event, and what is known with it.
#[derive(Debug)]
pub struct Told<'i> {
    pub event: &'i Event,
    /// What the rules found at this event, in the order of the catalogue. They may be about earlier ones.
    pub findings: Vec<Finding>,
    /// What the session did so far, this event included.
    pub story: &'i Story,
    /// What may be shown of the event and the findings.
    pub masks: &'i Masks,
    /// The first packet's time: times count from it.
    pub start: Time,
}

/// How far the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read; of compressed captures, compressed bytes.
    pub read: u64,
    /// Bytes of all captures; `None` where that cannot be known.
    pub size: Option<u64>,
    pub packets: u64,
    /// The first packet's time.
    pub start: Option<Time>,
}

/// Captures that are being read.
pub struct Inspection {
    input: Input,
    analyzer: Analyzer,
    engine: Option<Engine>,
    /// Where nothing is judged; otherwise the rules keep them.
    stories: Stories,
    masks: Masks,
    stop: Arc<AtomicBool>,
    ended: bool,
    /// There was more when the reading was to stop.
    interrupted: bool,
    /// The event at the analyzer's front was told: it goes before the next one is.
    is_told: bool,
    /// Comments, names and secrets of the captures that were left out.
    missed_notes: u64,
    /// Secrets of the captures that the analyzer knows.
    secrets: usize,
    /// Where what is read is live, the key logs that may grow meanwhile.
    logs: Vec<Tail>,
}

impl Inspection {
    /// Opens captures, to be read as one in the order of their packets' times. `-` is standard input.
    pub fn open(captures: &[PathBuf], limits: &Limits) -> Result<Inspection, CaptureError> {
        Inspection::open_with(captures, &Options { limits: limits.clone(), ..Options::default() })
    }

    pub fn open_with(captures: &[PathBuf], options: &Options) -> Result<Inspection, CaptureError> {
        let input = if options.follow {
            Input::follow(captures, &options.stop)?
        } else {
            Input::open_until(captures, &options.stop)?
        };
        Ok(Inspection::of(input, options))
    }

    /// Inspects an input that is open already.
    pub fn of(input: Input, options: &Options) -> Inspection {
        let limits = &options.limits;
        let told = analyzer::Options { evidence: options.evidence, keys: Arc::clone(&options.keys) };
        let mut analyzer = Analyzer::new(limits, told);
        let growing = if input.is_live() { &options.keys.growing[..] } else { &[] };
        let logs: Vec<Tail> = growing.iter().map(|(path, read)| Tail::new(path.clone(), *read)).collect();
        analyzer.expect_secrets(input.may_bring_secrets() || !logs.is_empty());
        Inspection {
            input,
            analyzer,
            engine: (!options.unjudged).then(|| Engine::under(limits)),
            stories: Stories::under(limits),
            masks: Masks::new(options.show_secrets, limits),
            stop: Arc::clone(&options.stop),
            ended: false,
            interrupted: false,
            is_told: false,
            missed_notes: 0,
            secrets: 0,
            logs,
        }
    }

    /// Reads one packet, or what stands in its place. What followed from it is then [told](Inspection::told); behind the end
    /// too something is.
    pub fn read(&mut self) -> Read {
        if self.ended {
            return Read::End;
        }
        // What is live was told to stop by itself: what its writer still gives is read.
        let stops = self.stop.load(Ordering::Relaxed) && !self.input.is_live();
        match self.input.next() {
            Some(Ok(_)) if stops => {
                self.interrupted = true;
                self.end()
            }
            Some(Ok(packet)) => {
                self.analyzer.push(&packet);
                self.take_secrets();
                for log in &mut self.logs {
                    if let Some(lines) = log.more() {
                        self.analyzer.add_secrets(&lines);
                    }
                }
                Read::Packet
            }
            Some(Err(error)) => Read::Failed(error),
            None => self.end(),
        }
    }

    /// Secrets that stand in front of a packet come with it, and those behind the last one at the end.
    fn take_secrets(&mut self) {
        for secrets in self.input.secrets(self.secrets) {
            self.secrets += 1;
            if secrets.kind == TLS_KEY_LOG {
                self.analyzer.add_secrets(&secrets.bytes);
            }
        }
    }

    fn end(&mut self) -> Read {
        self.ended = true;
        // Those behind the last packet are given by this.
        self.missed_notes = self.input.notes().missed;
        self.take_secrets();
        for log in &mut self.logs {
            while let Some(lines) = log.rest() {
                self.analyzer.add_secrets(&lines);
            }
        }
        self.analyzer.finish();
        Read::End
    }

    /// The next event that follows from what was read. All are to be taken before reading on.
    #[inline]
    pub fn told(&mut self) -> Option<Told<'_>> {
        if self.is_ready() { self.tell() } else { None }
    }

    fn tell(&mut self) -> Option<Told<'_>> {
        self.is_told = true;
        let event = self.analyzer.front()?;
        let (findings, story) = match &mut self.engine {
            Some(engine) => {
                let findings = engine.observe(event);
                (findings, engine.story())
            }
            None => (Vec::new(), self.stories.learn(event)),
        };
        self.masks.observe(event);
        let start = self.analyzer.totals().first.map(|at| at.time).unwrap_or_default();
        Some(Told { event, findings, story, masks: &self.masks, start })
    }

    /// The next event, or the next error of the captures; reads as far as it must.
    #[allow(clippy::should_implement_trait)] // It lends; an `Iterator` cannot.
    pub fn next(&mut self) -> Option<Result<Told<'_>, CaptureError>> {
        while !self.is_ready() {
            match self.read() {
                Read::Packet => {}
                Read::Failed(error) => return Some(Err(error)),
                Read::End if self.is_ready() => {}
                Read::End => return None,
            }
        }
        self.told().map(Ok)
    }

    /// Gives away the event that was told last, to who keeps it.
    pub fn keep(&mut self) -> Option<Event> {
        if !std::mem::take(&mut self.is_told) {
            return None;
        }
        let event = self.analyzer.poll()?;
        if let Event::Close(close) = &event
            && close.last
        {
            self.masks.end(close.session);
        }
        Some(event)
    }

    /// Looks whether an event is there to be told; lets go of the one that was told.
    #[inline]
    fn is_ready(&mut self) -> bool {
        if self.is_told {
            self.keep();
        }
        self.analyzer.is_ready()
    }

    pub fn progress(&self) -> Progress {
        Progress {
            read: self.input.bytes_read(),
            size: self.input.size(),
            packets: self.analyzer.totals().packets,
            start: self.start(),
        }
    }

    /// The first packet's time.
    pub fn start(&self) -> Option<Time> {
        self.analyzer.totals().first.map(|at| at.time)
    }

    /// Totals over what was read, with the limits that were reached in reading, decoding, judging and masking.
    pub fn totals(&self) -> Totals {
        let mut totals = self.analyzer.totals().clone();
        totals.reached.add(&Reached { note_bytes: self.missed_notes, ..Reached::default() });
        totals.reached.add(self.masks.reached());
        totals.reached.add(self.stories.reached());
        if let Some(engine) = &self.engine {
            totals.reached.add(&engine.reached());
        }
        totals
    }

    /// The secrets that were given beside the captures.
    pub fn keys(&self) -> &Keys {
        self.analyzer.keys()
    }

    /// What is to be said of captures that were not read to their end because the reading was to stop; a sentence that names
    /// them. To end a pipe or a capture that is followed is no interruption.
    pub fn interrupted(&self) -> Option<String> {
        let after = match self.analyzer.totals().last {
            Some(at) => format!("after packet {}", at.packet),
            None => "before the first packet".to_owned(),
        };
        self.interrupted.then(|| format!("{}: interrupted {after}: the rest was not read", self.names()))
    }

    /// What is to be said of captures of which nothing could be read because their link type is not known; a sentence that
    /// names them.
    pub fn unknown_link(&self) -> Option<String> {
        let is_link = |(reason, _): &&(Reason, _)| matches!(reason, Reason::Packet(Unread::LinkType(_)));
        let (reason, tally) = self.analyzer.totals().unread.iter().find(is_link)?;
        Some(format!(
            "{}: {} of {reason} {} not read",
            self.names(),
            count(tally.packets, "packet"),
            plural(tally.packets, "was", "were")
        ))
    }

    /// What is to be said of captures without a session: what they hold instead, and what to do about it; text that names them.
    pub fn no_session(&self) -> Option<String> {
        let totals = self.analyzer.totals();
        if totals.sessions > 0 {
            return None;
        }
        let mut text = format!("{}: no RTMP in {}", self.names(), count(totals.packets, "packet"));
        let mut advice = Vec::new();
        for other in totals.others.iter().take(COMPLAINED) {
            text += &format!("\n  {}", other.clause());
            if !advice.contains(&other.advice()) {
                advice.push(other.advice());
            }
        }
        if let Some(more @ 1..) = totals.others.len().checked_sub(COMPLAINED) {
            text += &format!("\n  and {more} more of other kinds");
        }
        for advice in advice {
            text += &format!("\n  {advice}");
        }
        Some(text)
    }

    /// The captures, as messages name them.
    pub fn names(&self) -> String {
        self.input.names()
    }
}
