//! What is shown goes to a file. What forms files have is not known here: the command line brings that along.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

/// What is to be saved, and where.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// A new file; its name's end says which form it has.
    pub path: PathBuf,
    /// The sessions that are shown; all without.
    pub sessions: Option<BTreeSet<u32>>,
    /// What is shown of them.
    pub filter: Option<String>,
    /// The sessions of which there are rows to be seen.
    pub seen: BTreeSet<u32>,
}

/// How far it is.
pub enum Saved {
    /// So many percent.
    More(usize),
    /// The file is there. What it has in it, in a clause.
    Done(String),
}

/// A file that is being written. One that is let go before it is done is not there.
pub trait Saving {
    /// Goes on until about `deadline`.
    fn step(&mut self, deadline: Instant) -> anyhow::Result<Saved>;
}

type Begin = dyn Fn(&Wanted) -> anyhow::Result<Box<dyn Saving>>;

/// Who can save.
#[derive(Clone)]
pub struct Saver(Rc<Begin>);

impl Saver {
    pub fn new(begin: impl Fn(&Wanted) -> anyhow::Result<Box<dyn Saving>> + 'static) -> Saver {
        Saver(Rc::new(begin))
    }

    /// Begins, where the name and the captures allow it.
    pub(super) fn begin(&self, wanted: &Wanted) -> anyhow::Result<Box<dyn Saving>> {
        self.0(wanted)
    }
}

impl fmt::Debug for Saver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Saver")
    }
}
