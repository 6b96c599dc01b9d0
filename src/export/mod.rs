//! Events → what leaves the program: [`text`] for people, [`json`] for programs, [reports](report) of findings, [`stats`], and a
//! [comparison](compare) in several forms.
//!
//! The timeline's writers write each line as soon as it is known and keep nothing of it. They are given messages that are
//! already masked.

pub mod compare;
mod html;
pub mod json;
mod notes;
mod page;
pub mod report;
pub mod stats;
pub mod text;
mod time;
mod tree_json;

use std::io;
use std::path::PathBuf;

use crate::analyzer::Totals;
use crate::proto::Event;
use crate::proto::rtmp::secrets::Masks;
use crate::rules::{Finding, Severity};
use crate::story::Story;
use crate::wire::Time;
pub use page::Page;

/// How many findings there were, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub errors: u64,
    pub warnings: u64,
    pub notes: u64,
}

impl Counts {
    /// The closing report of a repeated fault is not another finding.
    pub fn add(&mut self, finding: &Finding) {
        if finding.again {
            return;
        }
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }
}

/// A form of output.
pub trait Writer {
    /// Once, before anything else. `files` are the inputs as the user named them, `start` the first packet's time.
    fn begin(&mut self, files: &[PathBuf], start: Option<Time>) -> io::Result<()>;
    /// `story` is that of the event's session, with the event.
    fn event(&mut self, event: &Event, story: &Story, masks: &Masks) -> io::Result<()>;
    fn finding(&mut self, finding: &Finding, masks: &Masks) -> io::Result<()>;
    /// After the last finding of a session that has ended.
    fn over(&mut self, _session: u32) -> io::Result<()> {
        Ok(())
    }
    /// Once, when no event follows: writes what was kept back.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
    /// Once, after everything else: the summary.
    fn end(&mut self, totals: &Totals, counts: Counts) -> io::Result<()>;
    /// Passes on what is buffered.
    fn flush(&mut self) -> io::Result<()>;
}
