//! What all screens have in common: the book, how far it is read, what of it is shown, and where the user is in it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Options;
use super::query::Query;
use super::theme::Theme;
use super::view::{Chosen, View};
use crate::book::{Batch, Book, Progress, RowText};
use crate::wire::escape;

/// Texts of rows that need not be made again while the screen moves: some screens full.
const TEXTS: usize = 2048;
/// How long a new view may take before something is shown of it. It grows on between keys.
const FIRST: Duration = Duration::from_millis(10);

/// What screens share. They read all of it, and change `view`, `row` and `query` alone.
pub(super) struct Shared {
    pub(super) book: Book,
    pub(super) progress: Progress,
    pub(super) theme: Theme,
    /// The rows that are shown, wherever rows are.
    pub(super) view: View<Book>,
    /// The row that the user is at.
    pub(super) row: Option<u32>,
    /// What was searched for last.
    pub(super) query: Option<Query>,
    /// The names of the captures' files.
    pub(super) files: String,
    /// The same, as errors name them.
    pub(super) paths: Vec<String>,
    /// How often it became known that what was shown may be secret: what is remembered of rows holds for one number.
    pub(super) learned: u64,
    texts: HashMap<u32, RowText>,
}

impl Shared {
    pub(super) fn new(book: Book, captures: &[PathBuf], options: &Options) -> Self {
        let name = |path: &PathBuf| match path.file_name() {
            _ if path.as_os_str() == "-" => "standard input".to_owned(),
            Some(name) => name.to_string_lossy().into_owned(),
            None => path.to_string_lossy().into_owned(),
        };
        let files = captures.iter().map(name).collect::<Vec<_>>().join(", ");
        Shared {
            book,
            progress: Progress::default(),
            theme: Theme::new(options.look),
            view: View::new(options.session.map_or(Chosen::All, Chosen::Session), false, None),
            row: None,
            query: None,
            files: escape(&files),
            paths: captures.iter().map(|path| path.display().to_string()).collect(),
            learned: 0,
            texts: HashMap::new(),
        }
    }

    /// Takes what was read. Whether anything on the screen may be different now.
    pub(super) fn take(&mut self, batch: Batch) -> bool {
        let changed = !batch.items.is_empty() || batch.progress.done != self.progress.done;
        let mut learned = false;
        for item in batch.items {
            learned |= self.book.take(item);
        }
        if learned {
            self.texts.clear();
            self.learned += 1;
        }
        let moved = batch.progress.read != self.progress.read;
        self.progress = batch.progress;
        changed || moved
    }

    /// Shows other rows.
    pub(super) fn choose(&mut self, chosen: Chosen, folds: bool) {
        self.view = View::new(chosen, folds, None);
        self.grow(FIRST);
    }

    /// Lets the view take in what came since, for about so long.
    pub(super) fn grow(&mut self, time: Duration) {
        let since = Instant::now();
        self.view.grow(&self.book, || since.elapsed() >= time);
    }

    /// Places in the view.
    pub(super) fn len(&self) -> usize {
        self.view.len(&self.book)
    }

    /// A row in words, if it was prepared.
    pub(super) fn text(&self, row: u32) -> Option<&RowText> {
        self.texts.get(&row)
    }

    /// Reads rows' words, which [`Shared::text`] then has.
    pub(super) fn prepare_texts(&mut self, rows: impl Iterator<Item = u32>) {
        if self.texts.len() > TEXTS {
            self.texts.clear();
        }
        for row in rows {
            self.texts.entry(row).or_insert_with(|| self.book.text(row));
        }
    }
}
