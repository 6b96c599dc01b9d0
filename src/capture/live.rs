//! Pipes: what comes of them is waited for without being caught in the wait.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between looks at whether it is told to stop.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a source that is told to stop may be silent, and how long it may go on. Ctrl-C reaches both ends of a pipe, and
/// its writer gives what it still holds back then.
const SILENCE: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_secs(2);

/// Whether to read on, and for how long.
#[derive(Debug)]
pub(super) struct Stop {
    told: Arc<AtomicBool>,
    since: Option<Instant>,
}

impl Stop {
    pub(super) fn new(told: Arc<AtomicBool>) -> Self {
        Stop { told, since: None }
    }

    /// Whether it is told to stop, and how much time is left then.
    pub(super) fn left(&mut self) -> Option<Duration> {
        if !self.told.load(Ordering::Relaxed) {
            return None;
        }
        let since = self.since.get_or_insert_with(Instant::now);
        Some(GRACE.saturating_sub(since.elapsed()))
    }
}

/// Reads a pipe until it ends or, once it is told to stop, is silent.
pub(super) struct Pipe {
    file: File,
    stop: Stop,
}

impl Pipe {
    pub(super) fn new(file: File, told: Arc<AtomicBool>) -> Self {
        Pipe { file, stop: Stop::new(told) }
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.stop.left();
            if left == Some(Duration::ZERO) {
                return Ok(0);
            }
            if is_ready(&self.file, left.map_or(PAUSE, |left| left.min(SILENCE)))? {
                return self.file.read(into);
            }
            if left.is_some() {
                return Ok(0);
            }
        }
    }
}

/// Whether reading gives something within this time, be it the end.
#[cfg(unix)]
fn is_ready(file: &File, wait: Duration) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let wait = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos().into() };
    match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&wait)) {
        Ok(ready) => Ok(ready > 0),
        // A signal, perhaps the one that tells to stop.
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere reading itself waits.
#[cfg(not(unix))]
fn is_ready(_: &File, _: Duration) -> io::Result<bool> {
    Ok(true)
}

/// Standard input, without a buffer of its own in which bytes could hide.
#[cfg(unix)]
pub(super) fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
pub(super) fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}
