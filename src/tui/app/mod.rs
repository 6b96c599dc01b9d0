//! The state of the screen, and what an [`Action`] does to it.
//!
//! [`App::update`] changes the state and nothing else. [`App::prepare`] then reads from the capture what the screen is
//! about to show, and no more than that; [`draw`](super::draw) only draws.

mod prepare;
mod search;

use std::collections::HashMap;
use std::path::PathBuf;

use ratatui::crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::Options;
use super::action::Action;
use super::keymap;
use super::layout::{Areas, Pane};
use super::list::List;
use super::seek::{Query, Seek};
use super::theme::Theme;
use super::tree::{Folds, Tree, is_folded};
use crate::book::{Batch, Book, Progress, RowText};

/// The whole state.
pub struct App {
    pub(super) book: Book,
    pub(super) progress: Progress,
    pub(super) theme: Theme,
    /// The names of the captures' files.
    pub(super) files: String,
    /// The same, as errors name them.
    pub(super) paths: Vec<String>,
    pub(super) areas: Areas,
    pub(super) focus: Pane,
    pub(super) zoomed: bool,
    pub(super) help: bool,
    pub(super) quit: bool,
    /// The session that alone is shown.
    pub(super) filter: Option<u32>,
    /// The list of sessions: all of them first.
    pub(super) sessions: List,
    /// Places in the view.
    pub(super) timeline: List,
    /// Stay at the end while more is read.
    pub(super) following: bool,
    pub(super) detail: Option<Tree>,
    /// Places among the shown lines of the detail.
    pub(super) fields: List,
    /// What the user folded and unfolded.
    pub(super) folds: Folds,
    /// The path of the field that the user went to last.
    wanted: String,
    /// The byte under the cursor, and the first line of bytes on the screen.
    pub(super) byte: usize,
    pub(super) hex_top: usize,
    /// The line in which a search is being written.
    pub(super) prompt: Option<Input>,
    pub(super) query: Option<Query>,
    seek: Option<Seek>,
    /// What the last action has to say.
    pub(super) message: String,
    texts: HashMap<u32, RowText>,
    /// The detail may show what is now known to be secret.
    stale: bool,
}

impl App {
    pub fn new(book: Book, captures: &[PathBuf], options: &Options) -> Self {
        let name = |path: &PathBuf| match path.file_name() {
            _ if path.as_os_str() == "-" => "standard input".to_owned(),
            Some(name) => name.to_string_lossy().into_owned(),
            None => path.to_string_lossy().into_owned(),
        };
        let files = captures.iter().map(name).collect::<Vec<_>>().join(", ");
        App {
            book,
            progress: Progress::default(),
            theme: Theme { color: options.color },
            files: crate::wire::escape(&files),
            paths: captures.iter().map(|path| path.display().to_string()).collect(),
            areas: Areas::default(),
            focus: Pane::default(),
            zoomed: false,
            help: false,
            quit: false,
            filter: options.session,
            sessions: List { selected: options.session.unwrap_or_default() as usize, top: 0 },
            timeline: List::default(),
            following: false,
            detail: None,
            fields: List::default(),
            folds: Folds::new(),
            wanted: String::new(),
            byte: 0,
            hex_top: 0,
            prompt: None,
            query: None,
            seek: None,
            message: String::new(),
            texts: HashMap::new(),
            stale: false,
        }
    }

    /// Takes what was read. Whether anything on the screen may be different now.
    pub fn take(&mut self, batch: Batch) -> bool {
        let changed = !batch.items.is_empty() || batch.progress.done != self.progress.done;
        let mut learned = false;
        for item in batch.items {
            learned |= self.book.take(item);
        }
        if learned {
            // What is remembered may show what is now known to be secret.
            self.texts.clear();
            self.stale = true;
        }
        let moved = batch.progress.read != self.progress.read;
        self.progress = batch.progress;
        if self.following {
            self.timeline.select(usize::MAX, self.len());
        }
        changed || moved
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) {
        if let Some(prompt) = &mut self.prompt {
            match key.code {
                KeyCode::Esc => self.prompt = None,
                KeyCode::Enter => {
                    let text = prompt.value().to_owned();
                    self.prompt = None;
                    if let Some(query) = Query::new(&text) {
                        self.query = Some(query);
                    }
                    self.search(true);
                }
                _ if keymap::action(key) == Some(Action::Quit) && key.code != KeyCode::Char('q') => self.quit = true,
                _ => {
                    prompt.handle_event(&TerminalEvent::Key(key));
                }
            }
        } else if let Some(action) = keymap::action(key) {
            self.update(action);
        }
    }

    /// Does what the user asks for.
    pub fn update(&mut self, action: Action) {
        self.message.clear();
        let searching = self.seek.take().is_some();
        match action {
            Action::Quit => self.quit = true,
            Action::Help => self.help = !self.help,
            _ if self.help => self.help = false,
            Action::Back if searching => {}
            Action::Back => self.back(),
            Action::Search => self.prompt = Some(Input::default()),
            Action::NextMatch => self.search(true),
            Action::PreviousMatch => self.search(false),
            Action::NextFinding => self.finding(true),
            Action::PreviousFinding => self.finding(false),
            Action::Reference => self.reference(),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(Pane::ALL.len() - 1),
            Action::Enter => self.enter(),
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::PageUp => self.step(-self.page()),
            Action::PageDown => self.step(self.page()),
            Action::First => self.step(isize::MIN),
            Action::Last => {
                self.step(isize::MAX);
                self.following = self.focus == Pane::Timeline && !self.progress.done;
            }
            Action::Left => self.sideways(false),
            Action::Right => self.sideways(true),
        }
    }

    /// Rows in the view.
    pub(super) fn len(&self) -> usize {
        match self.filter {
            None => self.book.len(),
            Some(session) => self.book.session(session).map_or(0, |session| session.rows.len()),
        }
    }

    /// The row at a place of the view.
    pub(super) fn row_at(&self, place: usize) -> Option<u32> {
        match self.filter {
            None => (place < self.book.len()).then_some(place as u32),
            Some(session) => self.book.session(session)?.rows.get(place).copied(),
        }
    }

    /// The place in the view of a row, or of the next one behind it.
    fn place_of(&self, row: u32) -> usize {
        match self.filter.map(|session| self.book.session(session)) {
            None => row as usize,
            Some(None) => 0,
            Some(Some(session)) => session.rows.partition_point(|other| *other < row),
        }
    }

    pub(super) fn selected_row(&self) -> Option<u32> {
        self.row_at(self.timeline.selected)
    }

    /// A row in words, if it was prepared.
    pub(super) fn text(&self, row: u32) -> Option<&RowText> {
        self.texts.get(&row)
    }

    fn say(&mut self, what: &str) {
        what.clone_into(&mut self.message);
    }

    fn page(&self) -> isize {
        self.areas.lines(self.focus).saturating_sub(1).max(1) as isize
    }

    fn step(&mut self, by: isize) {
        match self.focus {
            Pane::Sessions => {
                self.sessions.step(by, self.book.sessions().len() + 1);
                self.show_session(u32::try_from(self.sessions.selected).ok().filter(|number| *number > 0));
            }
            Pane::Timeline => {
                self.following = false;
                let length = self.len();
                self.timeline.step(by, length);
            }
            Pane::Fields => {
                let length = self.detail.as_ref().map_or(0, Tree::len);
                self.fields.step(by, length);
                self.field_chosen();
            }
            Pane::Hex => self.move_byte(by.saturating_mul(self.areas.bytes_a_line() as isize)),
        }
    }

    fn sideways(&mut self, right: bool) {
        match self.focus {
            Pane::Hex => self.move_byte(if right { 1 } else { -1 }),
            Pane::Fields => self.unfold(right),
            Pane::Sessions | Pane::Timeline => {}
        }
    }

    fn enter(&mut self) {
        match self.focus {
            Pane::Sessions => self.focus = Pane::Timeline,
            Pane::Timeline if self.selected_row().is_some() => self.focus = Pane::Fields,
            Pane::Fields => {
                let line = self.detail.as_ref().and_then(|detail| detail.line(self.fields.selected));
                if let Some(line) = line.filter(|line| line.end.is_some()) {
                    let unfold = is_folded(line, &self.folds);
                    self.unfold(unfold);
                }
            }
            Pane::Timeline | Pane::Hex => {}
        }
    }

    fn back(&mut self) {
        if self.zoomed {
            self.zoomed = false;
        } else if self.focus != Pane::Timeline {
            self.focus = Pane::Timeline;
        } else if self.filter.is_some() {
            self.sessions.selected = 0;
            self.show_session(None);
        }
    }

    fn turn(&mut self, by: usize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.focus).unwrap_or_default();
        self.focus = Pane::ALL[(at + by) % Pane::ALL.len()];
    }

    /// Shows one session, or all. The selected row stays, or the next one that is shown is.
    fn show_session(&mut self, session: Option<u32>) {
        if self.filter == session {
            return;
        }
        let row = self.selected_row();
        self.filter = session;
        let length = self.len();
        self.timeline.select(row.map_or(0, |row| self.place_of(row)), length);
    }

    /// Goes to a row, wherever it is.
    fn go_to(&mut self, row: u32) {
        self.following = false;
        let place = self.place_of(row);
        if self.row_at(place) == Some(row) {
            self.center(place);
        } else {
            self.sessions.selected = 0;
            self.filter = None;
            self.center(row as usize);
        }
        if self.focus == Pane::Sessions {
            self.focus = Pane::Timeline;
        }
    }

    /// Selects a place; one that is not on the screen comes to its middle, where it can be seen among its neighbours.
    fn center(&mut self, place: usize) {
        let lines = self.areas.lines(Pane::Timeline);
        if !(self.timeline.top..self.timeline.top + lines).contains(&place) {
            self.timeline.top = place.saturating_sub(lines / 2);
        }
        self.timeline.selected = place;
    }

    fn finding(&mut self, forward: bool) {
        let findings = self.book.findings();
        let row = self.selected_row().unwrap_or_default();
        let shown = |row: u32| self.filter.is_none_or(|session| self.book.session_of(row) == Some(session));
        let found = if forward {
            let first = findings.partition_point(|finding| *finding <= row);
            (first..findings.len()).filter_map(|at| findings.get(at).copied()).find(|row| shown(*row))
        } else {
            let end = findings.partition_point(|finding| *finding < row);
            (0..end).rev().filter_map(|at| findings.get(at).copied()).find(|row| shown(*row))
        };
        match found {
            Some(row) => self.go_to(row),
            None if forward => self.say("no finding below"),
            None => self.say("no finding above"),
        }
    }

    fn reference(&mut self) {
        let n = self.selected_row().and_then(|row| self.book.reference(row));
        match n.and_then(|n| self.book.row_of(n)) {
            Some(row) => self.go_to(row),
            None => self.say("this row refers to no other"),
        }
    }

    /// Folds or unfolds a group; on what is no group, folding goes to the group around it.
    fn unfold(&mut self, unfold: bool) {
        let Some(detail) = &mut self.detail else { return };
        let Some(line) = detail.line(self.fields.selected) else { return };
        if line.end.is_some() && is_folded(line, &self.folds) == unfold {
            self.folds.insert(line.path.clone(), !unfold);
            detail.fold(&self.folds);
        } else if !unfold {
            let parent = detail.parent(self.fields.selected);
            if let Some(parent) = parent {
                self.fields.selected = parent;
            }
        }
        self.field_chosen();
    }

    /// The cursor of the bytes goes where the selected field is.
    fn field_chosen(&mut self) {
        let Some(line) = self.detail.as_ref().and_then(|detail| detail.line(self.fields.selected)) else { return };
        self.wanted.clone_from(&line.path);
        if let Some(span) = line.span.clone() {
            self.byte = span.start;
            self.reveal_bytes(span.start, span.end);
        }
    }

    fn move_byte(&mut self, by: isize) {
        let Some(detail) = &self.detail else { return };
        let end = detail.detail.bytes.len();
        self.byte = self.byte.saturating_add_signed(by).min(end.saturating_sub(1));
        if let Some(place) = detail.place_of_byte(self.byte) {
            self.fields.selected = place;
            if let Some(line) = detail.line(place) {
                self.wanted.clone_from(&line.path);
            }
        }
        self.reveal_bytes(self.byte, self.byte + 1);
    }

    /// Scrolls so that these bytes are on the screen, from the first on.
    fn reveal_bytes(&mut self, start: usize, end: usize) {
        let width = self.areas.bytes_a_line();
        let lines = self.areas.lines(Pane::Hex);
        if lines == 0 {
            return;
        }
        let (first, last) = (start / width, end.saturating_sub(1).max(start) / width);
        if last >= self.hex_top + lines {
            self.hex_top = last + 1 - lines;
        }
        if first < self.hex_top || last - first >= lines {
            self.hex_top = first;
        }
    }

    /// Messages read so far.
    pub fn messages(&self) -> u64 {
        self.book.messages()
    }

    /// Bytes of memory that the index takes: rows and sessions, and where the bytes lie.
    pub fn memory(&self) -> (usize, usize) {
        self.book.memory()
    }

    /// The bytes of the selected field.
    pub(super) fn selected_span(&self) -> Option<std::ops::Range<usize>> {
        self.detail.as_ref()?.line(self.fields.selected)?.span.clone()
    }
}
