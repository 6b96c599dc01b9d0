//! The program's state: what screens share, the stack of screens and popups, and the work under way.
//!
//! A key becomes an [`Action`], which the program or the topmost screen does ([`App::update`]); what that screen wants beside, it
//! gives back as effects. [`App::prepare`] then lets screens read from the capture what they are about to show;
//! [`draw`](super::draw()) only draws.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::Rect;

use super::Options;
use super::action::{Action, Group};
use super::keymap::{Context, Found, Key};
use super::mouse::{Clicks, Mouse};
use super::popup::help::Help;
use super::popup::palette::Palette;
use super::screen::browse::Browse;
use super::screen::job::{Job, Progress};
use super::screen::{Effect, Room, Screen};
use super::shared::Shared;
use super::state::{Place, State};
use super::times::Target;
use super::wrap::told;
use crate::book::{Batch, Book};

fn digit(key: Key) -> Option<usize> {
    match key.code {
        KeyCode::Char(letter) if !key.ctrl => letter.to_digit(10).map(|digit| digit as usize),
        _ => None,
    }
}

/// Below this nothing can be shown.
pub(super) const LEAST: (u16, u16) = (40, 10);

/// The largest number before a key.
const MOST_TIMES: usize = 1_000_000;

/// The whole state.
pub struct App {
    pub(super) shared: Shared,
    /// Never empty: the first one stays.
    pub(super) screens: Vec<Box<dyn Screen>>,
    pub(super) room: Room,
    /// Keys that began something.
    pub(super) pending: Vec<Key>,
    /// How often, or where: the number written before a key.
    pub(super) count: Option<usize>,
    job: Option<Box<dyn Job>>,
    /// What the last action has to say.
    pub(super) message: String,
    pub(super) asked: Asked,
    clicks: Clicks,
    /// Whether the mouse is the screen's.
    pub(super) has_mouse: bool,
}

/// What only the terminal's owner can do.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) quit: bool,
    pub(super) redraw: bool,
    pub(super) suspend: bool,
    /// Text for the clipboard.
    pub(super) copy: Option<String>,
}

impl App {
    pub fn new(book: Book, captures: &[PathBuf], options: &Options) -> Self {
        App {
            shared: Shared::new(book, captures, options),
            screens: vec![Box::new(Browse::new(options.session, &options.state.place))],
            room: Room::default(),
            pending: Vec::new(),
            count: None,
            job: None,
            message: options.config.complaint(),
            asked: Asked::default(),
            clicks: Clicks::default(),
            has_mouse: options.config.mouse,
        }
    }

    /// Takes what was read. Whether anything on the screen may be different now.
    pub fn take(&mut self, batch: Batch) -> bool {
        self.shared.take(batch)
    }

    /// Takes a key.
    pub fn key(&mut self, event: KeyEvent) {
        let contexts = self.context().chain();
        let Some(key) = Key::of(event) else { return };
        if contexts.contains(&Context::List) && self.pending.is_empty() && self.count_on(key) {
            return;
        }
        self.pending.push(key);
        let mut found = self.shared.keys.find(contexts, &self.pending);
        if found == Found::Nothing && self.pending.len() > 1 {
            // What was begun is not gone on with.
            self.pending = vec![key];
            found = self.shared.keys.find(contexts, &self.pending);
        }
        match found {
            Found::Begun => {}
            Found::Action(action) => {
                self.pending.clear();
                match self.count.take() {
                    Some(count) => self.repeat(action, count),
                    None => self.update(action),
                }
            }
            Found::Nothing => {
                self.pending.clear();
                self.count = None;
                let Some(top) = self.screens.last_mut() else { return };
                top.write(event, &mut self.shared);
            }
        }
    }

    /// Takes a digit of a number before a key; whether it is one.
    fn count_on(&mut self, key: Key) -> bool {
        let Some(digit) = digit(key).filter(|digit| *digit > 0 || self.count.is_some()) else { return false };
        self.count = Some((self.count.unwrap_or_default() * 10 + digit).min(MOST_TIMES));
        true
    }

    /// Does what moves so often; to go to either end is to go to that line, or to the message of that number.
    fn repeat(&mut self, action: Action, count: usize) {
        let is_browsing = self.context().chain().contains(&Context::Browse) && self.context() != Context::Sessions;
        match action {
            Action::First | Action::Last if is_browsing => {
                self.update(action);
                let target = Target::Message(count as u64);
                let told = match self.shared.row_of(target) {
                    Some(row) => Effect::GoTo(row),
                    None => Effect::Say(format!("there is no {}", target.name())),
                };
                self.apply(vec![told]);
            }
            Action::First | Action::Last => {
                self.update(Action::First);
                (1..count).for_each(|_| self.update(Action::Down));
            }
            _ if !matches!(action.command().group, Group::Moving) && !action.is_step() => self.update(action),
            _ => (0..count).for_each(|_| self.update(action)),
        }
    }

    /// Takes text that was pasted: into what is being written, and nowhere else. It never does what its letters are bound to.
    pub fn paste(&mut self, text: &str) {
        self.pending.clear();
        self.count = None;
        if let Some(top) = self.screens.last_mut() {
            top.paste(text);
        }
    }

    /// Takes what the mouse does.
    pub fn mouse(&mut self, event: MouseEvent) {
        if !self.has_mouse || self.is_too_small() {
            return;
        }
        let Some((mouse, at)) = self.clicks.read(event, Instant::now()) else { return };
        self.pending.clear();
        if mouse == Mouse::Press {
            self.message.clear();
            // As any other way to go somewhere.
            self.job.take_if(|job| !job.is_background());
        }
        if let Some(top) = self.screens.last_mut() {
            let effects = top.mouse(mouse, at, &mut self.shared);
            self.apply(effects);
        }
    }

    /// Does what the user asks for.
    pub fn update(&mut self, action: Action) {
        self.message.clear();
        let stops = |job: &mut Box<dyn Job>| action == Action::Back || !job.is_background();
        if self.job.take_if(stops).is_some() && action == Action::Back {
            return;
        }
        match action {
            Action::Quit => self.asked.quit = true,
            Action::Redraw => self.asked.redraw = true,
            Action::Suspend => self.asked.suspend = true,
            Action::Help => self.screens.push(Box::new(Help::new(self.context()))),
            Action::Palette | Action::GoTo => self.screens.push(Box::new(Palette::new(self.context()))),
            _ => {
                let Some(top) = self.screens.last_mut() else { return };
                let effects = top.update(action, &mut self.shared);
                self.apply(effects);
            }
        }
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::GoTo(row) => {
                    let screen = self.screens.iter_mut().rev().find(|screen| !screen.is_popup());
                    if let Some(screen) = screen {
                        screen.go_to(row, &mut self.shared);
                    }
                    let Shared { view, book, .. } = &self.shared;
                    if self.shared.filter.is_some() && !view.is_behind(book) && !view.holds(book, row) {
                        let key = self.shared.keys.first(Context::Browse, Action::Back);
                        self.message = format!("the filter leaves that row out; {key} drops it");
                    }
                }
                Effect::Show(spot) => {
                    let screen = self.screens.iter_mut().rev().find(|screen| !screen.is_popup());
                    if let Some(screen) = screen {
                        screen.show(spot, &mut self.shared);
                    }
                }
                Effect::Filter(filter) => {
                    self.shared.filter(filter);
                    let screen = self.screens.iter_mut().rev().find(|screen| !screen.is_popup());
                    if let Some(screen) = screen {
                        screen.filtered(&mut self.shared);
                    }
                }
                Effect::Open(screen) => self.screens.push(screen),
                Effect::Close => {
                    if self.screens.len() > 1 {
                        self.screens.pop();
                    }
                }
                Effect::Do(action) => self.update(action),
                Effect::Start(job) => self.job = Some(job),
                Effect::Copy(text) => {
                    self.shared.copied.clone_from(&text);
                    self.asked.copy = Some(text);
                }
                Effect::Say(what) => self.message = what,
            }
        }
    }

    /// Whether an action leads anywhere just now.
    pub(super) fn offers(&self, action: Action) -> bool {
        self.screens.last().is_some_and(|top| top.offers(action, &self.shared))
    }

    /// Where keys are bound just now.
    pub(super) fn context(&self) -> Context {
        self.screens.last().map_or(Context::Global, |top| top.context())
    }

    /// Whether there is more to do than keys and what is read ask for.
    pub fn is_working(&self) -> bool {
        let top = self.screens.last();
        self.job.is_some()
            || self.shared.view.is_behind(&self.shared.book)
            || top.is_some_and(|top| top.is_behind(&self.shared))
    }

    /// Goes on with what is under way, for about so long.
    pub fn work(&mut self, time: Duration) {
        let deadline = Instant::now().checked_add(time);
        if self.shared.view.is_behind(&self.shared.book) {
            self.shared.grow(time);
        }
        if let Some(top) = self.screens.last_mut() {
            top.grow(&self.shared, time);
        }
        let Some(mut job) = self.job.take() else { return };
        // So long that no clock tells is as long as it takes.
        let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(u64::from(u32::MAX)));
        match job.step(&self.shared, deadline) {
            Progress::More(percent) => {
                let key = self.shared.keys.first(Context::Browse, Action::Back);
                self.message = format!("{}, {percent} %; {key} stops", job.name());
                self.job = Some(job);
            }
            Progress::Done(effects) => {
                self.message.clear();
                self.apply(effects);
            }
        }
    }

    /// Lays out a screen of this size and reads what it will show.
    pub fn prepare(&mut self, screen: Rect) {
        let is_popup = self.screens.last().is_some_and(|top| top.is_popup());
        let lines = if is_popup { 1 } else { told(&self.message, screen.width).len() };
        self.room = Room::new(screen, lines as u16);
        for index in self.first_seen()..self.screens.len() {
            self.screens[index].prepare(self.room, &mut self.shared);
        }
    }

    pub(super) fn is_too_small(&self) -> bool {
        self.room.whole.width < LEAST.0 || self.room.whole.height < LEAST.1
    }

    /// The lowest screen that is to be seen.
    pub(super) fn first_seen(&self) -> usize {
        self.screens.iter().rposition(|screen| !screen.is_popup()).unwrap_or_default()
    }

    /// What was copied last.
    pub fn copied(&self) -> &str {
        &self.shared.copied
    }

    /// Writes down where the user is, where that is wanted.
    pub(super) fn remember(&self, state: &State) {
        let mut place = Place::default();
        if let Some(first) = self.screens.first() {
            first.place(&mut place, &self.shared);
        }
        state.save(place, &self.shared.filters);
    }

    /// Whether the user wants to leave.
    pub fn is_over(&self) -> bool {
        self.asked.quit
    }

    /// Whether all was read.
    pub(super) fn is_read(&self) -> bool {
        self.shared.progress.done
    }

    /// What could not be read.
    pub(super) fn complaints(&self) -> &[String] {
        &self.shared.progress.complaints
    }

    /// Messages read so far.
    pub fn messages(&self) -> u64 {
        self.shared.book.messages()
    }

    /// Bytes of memory that the index takes: rows and sessions, and where the bytes lie.
    pub fn memory(&self) -> (usize, usize) {
        self.shared.book.memory()
    }
}
