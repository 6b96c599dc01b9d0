//! What all screens have in common: the book, how far it is read, what of it is shown, and where the user is in it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Options;
use super::filtering::Filtering;
use super::keymap::Keymap;
use super::marks::Marks;
use super::query::{Case, Form, Query};
use super::saving::Saver;
use super::theme::Theme;
use super::times::{Target, Times};
use super::view::{Chosen, View};
use crate::book::{Batch, Book, Progress, RowText};
use crate::filter::FilterError;
use crate::limits::Limits;
use crate::wire::escape;

/// Texts of rows that need not be made again while the screen moves: some screens full.
const TEXTS: usize = 2048;
/// How long a new view may take before something is shown of it. It grows on between keys.
const FIRST: Duration = Duration::from_millis(10);

/// Filters that are remembered.
const FILTERS: usize = Limits::DEFAULT.remembered_filters;

/// What screens share. They read all of it, and change `view`, `row`, `marks` and `query` alone.
pub(super) struct Shared {
    pub(super) book: Book,
    pub(super) progress: Progress,
    pub(super) theme: Theme,
    /// Which keys do what.
    pub(super) keys: Keymap,
    /// The rows that are shown, wherever rows are.
    pub(super) view: View<Book>,
    /// The row that the user is at.
    pub(super) row: Option<u32>,
    pub(super) marks: Marks,
    /// What lets the rows of the view through.
    pub(super) filter: Option<Filtering>,
    /// Filters that there were, the last one last.
    pub(super) filters: Vec<String>,
    /// Which times are shown.
    pub(super) times: Times,
    /// What was searched for last.
    pub(super) query: Option<Query>,
    /// How that was written, and what was before it, the last one last.
    pub(super) searching: (Form, Case),
    pub(super) searches: Vec<String>,
    /// Filters that the configuration has by name.
    pub(super) named: Vec<(String, String)>,
    /// Who saves what is shown.
    pub(super) saver: Option<Saver>,
    /// What was copied last.
    pub(super) copied: String,
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
        let filter = options.filter.as_deref().and_then(|text| Filtering::parse(text).ok());
        let chosen = options.session.or(options.state.place.session).map_or(Chosen::All, Chosen::Session);
        Shared {
            book,
            progress: Progress::default(),
            theme: Theme::with(options.config.look(options.look), &options.config.colors),
            keys: options.config.keys.clone(),
            view: View::new(
                chosen,
                options.config.folded || options.state.place.folded,
                filter.as_ref().map(Filtering::keep),
            ),
            row: None,
            marks: Marks::default(),
            filters: history(options, filter.as_ref()),
            named: options.config.filters.clone(),
            saver: options.saver.clone(),
            filter,
            times: options.config.times(),
            query: None,
            searching: Default::default(),
            searches: Vec::new(),
            copied: String::new(),
            files: escape(&files),
            paths: captures.iter().map(|path| path.display().to_string()).collect(),
            learned: 0,
            texts: HashMap::new(),
        }
    }

    /// Takes what was read. Whether anything on the screen may be different now.
    pub(super) fn take(&mut self, batch: Batch) -> bool {
        let changed = !batch.items.is_empty() || batch.progress.done != self.progress.done;
        self.book.begin(batch.progress.start);
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
        self.view = View::new(chosen, folds, self.filter.as_ref().map(Filtering::keep));
        self.grow(FIRST);
    }

    /// Takes another filter, which the next view has.
    pub(super) fn filter(&mut self, filter: Option<Filtering>) {
        if let Some(filter) = &filter {
            self.filters.retain(|other| other != filter.text());
            if self.filters.len() >= FILTERS {
                self.filters.remove(0);
            }
            self.filters.push(filter.text().to_owned());
        }
        self.filter = filter;
    }

    /// Lets the view take in what came since, for about so long.
    pub(super) fn grow(&mut self, time: Duration) {
        let since = Instant::now();
        self.view.grow(&self.book, || since.elapsed() >= time);
    }

    /// The filter that is written, or that the configuration calls so.
    pub(super) fn filter_named(&self, text: &str) -> Result<Filtering, FilterError> {
        let named = self.named.iter().find(|(name, _)| name == text.trim());
        Filtering::parse(named.map_or(text, |(_, filter)| filter))
    }

    /// The row of a message, or the first of those shown from a time on.
    pub(super) fn row_of(&self, target: Target) -> Option<u32> {
        let (book, view) = (&self.book, &self.view);
        match target {
            Target::Message(n) => book.row_of(n),
            Target::Time(since) => {
                let start = self.progress.start?;
                let rows = (0..view.rows(book)).filter_map(|index| view.row(book, index));
                rows.into_iter().find(|row| book.time(*row).is_some_and(|at| at.since(start) >= since))
            }
        }
    }

    /// The name of a capture's file, by its number from 0.
    pub(super) fn name_of(&self, capture: u32) -> Option<String> {
        let path = std::path::Path::new(self.paths.get(capture as usize)?);
        let name = path.file_name().unwrap_or(path.as_os_str());
        Some(escape(&name.to_string_lossy()))
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

/// Filters that can be gone back to: those with names, those of other times, and the one that is there.
fn history(options: &Options, filter: Option<&Filtering>) -> Vec<String> {
    let named = options.config.filters.iter().map(|(_, filter)| filter.clone());
    let now = filter.map(|filter| filter.text().to_owned());
    let mut all: Vec<String> = Vec::new();
    for filter in named.chain(options.state.filters.iter().cloned()).chain(now) {
        all.retain(|other| *other != filter);
        all.push(filter);
    }
    all
}
