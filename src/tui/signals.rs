//! The signals that end the program from outside, and what becomes of the terminal then.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

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

/// Says which signal told the program to end.
pub(super) struct Told(Arc<AtomicUsize>);

impl Told {
    /// The signal's number.
    pub(super) fn signal(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            number => Some(number as u8),
        }
    }

    /// Looks whether the terminal is gone, which is a hang-up.
    pub(super) fn look(&self) {
        if is_gone() {
            let _ = self.0.compare_exchange(0, HANG_UP, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// Watches for signals, and for a terminal that is gone: that is a hang-up, whether its signal comes or not.
///
/// Of a terminal that is gone, reading keys never comes back. So where the screen does not end by itself the watch
/// leaves the terminal as it was and ends the program.
pub(super) fn watch() -> io::Result<Told> {
    let told = Told(Arc::new(AtomicUsize::new(0)));
    for &number in ending() {
        flag::register_usize(number, Arc::clone(&told.0), number as usize)?;
    }
    let theirs = Told(Arc::clone(&told.0));
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

/// Leaves the terminal as it was. On one that is gone there is nothing to restore.
pub(super) fn restore() {
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
