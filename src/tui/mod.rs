//! The terminal interface: one more reader of the same events.
//!
//! A thread reads the capture (`feed`); [`App`] asks the [`book`] for what is looked at and says what each
//! [`Action`] changes; [`draw()`] draws. Nothing here knows a protocol: rows, fields and their words come from the book.

mod action;
mod app;
mod columns;
mod config;
mod draw;
mod feed;
mod filtering;
mod keymap;
mod list;
mod marks;
mod mouse;
mod paint;
mod popup;
mod query;
mod saving;
mod screen;
mod search;
mod shared;
pub mod signals;
mod state;
mod status;
mod theme;
mod times;
mod view;
mod wrap;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{self, Event, KeyEventKind};
use ratatui::DefaultTerminal;

pub use action::{Action, COMMANDS, Command, Group};
pub use app::App;
pub use config::Config;
pub use draw::draw;
pub use keymap::{BINDINGS, Binding, Context, Key, Keymap, markdown};
pub use saving::{Saved, Saver, Saving, Wanted};
use signals::Told;
pub use state::State;
pub use theme::{Depth, Look, Scheme};

use crate::book::{self, Loader};
use feed::Feed;

/// Between looks at what was read.
const READING: Duration = Duration::from_millis(30);
/// Between looks at whether the program is told to end.
const IDLE: Duration = Duration::from_millis(250);
/// The time that work under way may take of the screen.
const WORKING: Duration = Duration::from_millis(8);

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub reading: book::Options,
    pub look: Look,
    /// What the user configured.
    pub config: Config,
    /// What is remembered of these captures.
    pub state: State,
    /// Who saves what is shown.
    pub saver: Option<Saver>,
    /// Begin with this session alone.
    pub session: Option<u32>,
    /// Begin with the rows that this filter lets through. What is none lets all through.
    pub filter: Option<String>,
}

/// How the screen ended.
#[derive(Debug)]
pub struct Ended {
    /// What could not be read.
    pub complaints: Vec<String>,
    /// What is wrong with the configuration. Nothing fails for that.
    pub remarks: Vec<String>,
    /// The signal that ended it.
    pub signal: Option<u8>,
}

/// Shows captures on the terminal until the user quits, or a signal ends it. The terminal is then as it was.
pub fn run(captures: &[PathBuf], options: &Options) -> anyhow::Result<Ended> {
    // What cannot be opened is said on the plain terminal.
    let (loader, book) = Loader::open(captures, &options.reading)?;
    let mut app = App::new(book, captures, options);
    let told = signals::watch()?;
    let (mut terminal, fault) = signals::begin(options.config.mouse)?;
    let feed = Feed::spawn(loader)?;
    let result = show(&mut terminal, &mut app, &feed, &told);
    signals::restore();
    if let Some(fault) = fault.get() {
        signals::say(fault);
        if let Err(panic) = feed.end() {
            // The program ends as by any panic.
            std::panic::resume_unwind(panic);
        }
    }
    app.remember(&options.state);
    // To drop it would print on standard error where it fails, which panics where that is gone too.
    std::mem::forget(terminal);
    if result.is_err() {
        told.look();
    }
    let signal = told.signal();
    // What fails on a terminal that is going away follows from that.
    if signal.is_none() {
        result?;
    }
    Ok(Ended { complaints: app.complaints().to_vec(), remarks: options.config.complaints.clone(), signal })
}

/// Whether a test asks for a thread's panic. No program but those that are built for tests listens.
#[cfg(debug_assertions)]
fn is_to_panic(thread: &str) -> bool {
    std::env::var_os("RTMP_INSPECT_TEST_PANIC").is_some_and(|name| name == thread)
}

fn show(terminal: &mut DefaultTerminal, app: &mut App, feed: &Feed, told: &Told) -> io::Result<()> {
    let mut changed = true;
    while !app.is_over() && told.signal().is_none() {
        if std::mem::take(&mut app.asked.suspend) {
            told.ask_to_stop();
        }
        changed |= told.pause(terminal, app.has_mouse)?;
        if std::mem::take(&mut app.asked.redraw) {
            signals::renew(terminal)?;
        }
        if let Some(text) = app.asked.copy.take() {
            signals::copy(&text)?;
        }
        let is_read = app.is_read();
        if !is_read {
            let Some(batch) = feed.take() else { return Ok(()) };
            changed |= app.take(batch);
        }
        if app.is_working() {
            app.work(WORKING);
            changed = true;
        }
        if std::mem::take(&mut changed) {
            terminal.draw(|frame| {
                app.prepare(frame.area());
                draw(frame, app);
            })?;
        }
        let mut wait = match (app.is_working(), is_read) {
            (true, _) => Duration::ZERO,
            (_, false) => READING,
            (_, true) => IDLE,
        };
        while event::poll(wait)? {
            wait = Duration::ZERO;
            #[cfg(debug_assertions)]
            assert!(!is_to_panic("screen"), "forced by a test");
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => app.key(key),
                Event::Paste(text) => app.paste(&text),
                Event::Mouse(mouse) => app.mouse(mouse),
                _ => {}
            }
            changed = true;
        }
    }
    Ok(())
}
