//! The signals that end or stop the program from outside, and what becomes of the terminal then.

use std::backtrace::Backtrace;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::DefaultTerminal;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::feed::READER;
use crate::wire::clean_lines;

/// Between looks at whether the program is told to end, or its terminal is gone.
const LOOK: Duration = Duration::from_millis(100);
/// How long the screen may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// The signals that ask the program to end. A hang-up is not among them where the user said, as with `nohup`, that it is to be
/// ignored.
#[cfg(unix)]
pub fn ending() -> &'static [i32] {
    use signal_hook::consts::{SIGHUP, SIGQUIT};
    if is_ignored(SIGHUP) { &[SIGINT, SIGTERM, SIGQUIT] } else { &[SIGINT, SIGTERM, SIGQUIT, SIGHUP] }
}

/// The signals that ask the program to end.
#[cfg(not(unix))]
pub fn ending() -> &'static [i32] {
    &[SIGINT, SIGTERM]
}

/// Whether a signal is ignored since before the program began. Where the system does not tell, it is not.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// What the program was told from outside.
#[derive(Clone, Default)]
pub(super) struct Told {
    /// The number of the signal that ends it; 0 for none.
    ended: Arc<AtomicUsize>,
    /// It is to stop until it is told to go on.
    stopped: Arc<AtomicBool>,
    /// It was stopped, in whatever way, and goes on.
    continued: Arc<AtomicBool>,
}

impl Told {
    /// The number of the signal that ends the program.
    pub(super) fn signal(&self) -> Option<u8> {
        match self.ended.load(Ordering::Relaxed) {
            0 => None,
            number => Some(number as u8),
        }
    }

    /// Looks whether the terminal is gone, which is a hang-up.
    pub(super) fn look(&self) {
        if is_gone() {
            let _ = self.ended.compare_exchange(0, HANG_UP, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The user asks to stop, by a key that does not come as a signal.
    pub(super) fn ask_to_stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Stops where that was asked for, with the terminal as it was before, and makes it the screen's again when the program goes
    /// on. Whether the screen must be drawn anew.
    pub(super) fn pause(&self, terminal: &mut DefaultTerminal, mouse: bool) -> io::Result<bool> {
        if self.stopped.swap(false, Ordering::Relaxed) {
            restore();
            stop()?;
        } else if !self.continued.load(Ordering::Relaxed) {
            return Ok(false);
        }
        self.continued.store(false, Ordering::Relaxed);
        // A shell may have changed the terminal meanwhile.
        disable_raw_mode()?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        take_mouse(mouse)?;
        renew(terminal)?;
        Ok(true)
    }
}

/// Clears the terminal, so that all is drawn anew.
pub(super) fn renew(terminal: &mut DefaultTerminal) -> io::Result<()> {
    execute!(io::stdout(), Clear(ClearType::All))?;
    // What was drawn is not there any more, neither on this buffer nor on the other. The terminal's own way asks it for the
    // cursor, and fails where it does not answer.
    terminal.swap_buffers();
    terminal.swap_buffers();
    Ok(())
}

/// Puts text on the clipboard, where the terminal does so when it is asked (OSC 52). Base64 lets nothing in the text act on it.
pub(super) fn copy(text: &str) -> io::Result<()> {
    let coded = base64::engine::general_purpose::STANDARD.encode(text);
    let mut out = io::stdout();
    write!(out, "\x1b]52;c;{coded}\x07")?;
    out.flush()
}

/// Stops the program until a signal lets it go on.
#[cfg(unix)]
fn stop() -> io::Result<()> {
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
}

#[cfg(not(unix))]
fn stop() -> io::Result<()> {
    Ok(())
}

/// Watches for signals, those that stop the program too, and for a terminal that is gone: that is a hang-up, whether its signal
/// comes or not.
///
/// Of a terminal that is gone, reading keys never comes back. So where the screen does not end by itself the watch
/// leaves the terminal as it was and ends the program.
pub(super) fn watch() -> io::Result<Told> {
    let told = Told::default();
    for &number in ending() {
        flag::register_usize(number, Arc::clone(&told.ended), number as usize)?;
    }
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGCONT, SIGTSTP};
        if !is_ignored(SIGTSTP) {
            flag::register(SIGTSTP, Arc::clone(&told.stopped))?;
        }
        flag::register(SIGCONT, Arc::clone(&told.continued))?;
    }
    let theirs = told.clone();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut since: Option<Instant> = None;
        loop {
            thread::sleep(LOOK);
            theirs.look();
            if let Some(number) = theirs.signal()
                && since.get_or_insert_with(Instant::now).elapsed() > GRACE
            {
                // What blocks the screen may block this too: a terminal that its user has stopped.
                let restoring = thread::spawn(restore);
                let since = Instant::now();
                while !restoring.is_finished() && since.elapsed() < GRACE {
                    thread::sleep(LOOK / 4);
                }
                std::process::exit(128 + i32::from(number));
            }
        }
    })?;
    Ok(told)
}

/// Why the thread that reads came to grief: its message, to be said when the screen has gone.
pub(super) type Fault = Arc<OnceLock<String>>;

/// Makes the terminal the screen's: raw, on its other buffer, telling pasted text from keys. A panic leaves it as it was; one of the
/// thread that reads leaves that to the screen, which would draw on.
pub(super) fn begin(mouse: bool) -> io::Result<(DefaultTerminal, Fault)> {
    let hook = std::panic::take_hook();
    // What is set below runs first, and knows nothing of pasting.
    std::panic::set_hook(Box::new(move |info| {
        let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste, Show);
        hook(info);
    }));
    let terminal = ratatui::try_init()?;
    let (hook, fault) = (std::panic::take_hook(), Fault::default());
    let theirs = Arc::clone(&fault);
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().name() == Some(READER) {
            // With where it came from, where `RUST_BACKTRACE` asks for that.
            let _ = theirs.set(format!("thread '{READER}' {info}\n{}\n", Backtrace::capture()));
        } else {
            hook(info);
        }
    }));
    execute!(io::stdout(), EnableBracketedPaste)?;
    take_mouse(mouse)?;
    Ok((terminal, fault))
}

/// Says something on standard error, where that is possible.
pub(super) fn say(text: &str) {
    let _ = io::stderr().write_all(clean_lines(text).as_bytes());
}

/// Asks the terminal for presses, drags and the wheel, with places beyond column 223. Not for every movement: that would keep an idle screen
/// busy.
fn take_mouse(mouse: bool) -> io::Result<()> {
    let mut out = io::stdout();
    if mouse {
        out.write_all(b"\x1b[?1000h\x1b[?1002h\x1b[?1006h")?;
    }
    out.flush()
}

/// Leaves the terminal as it was. On one that is gone there is nothing to restore.
pub(super) fn restore() {
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste);
    let _ = ratatui::try_restore();
    let _ = execute!(io::stdout(), Show);
}

/// The number of SIGHUP, which POSIX fixes.
const HANG_UP: usize = 1;

/// Whether the terminal behind standard output has been closed.
#[cfg(unix)]
fn is_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let out = io::stdout();
    let mut asked = [PollFd::new(&out, PollFlags::empty())];
    poll(&mut asked, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
        && asked[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Elsewhere drawing tells.
#[cfg(not(unix))]
fn is_gone() -> bool {
    false
}
