//! Standard output: buffered, but never so that a person waits for what is already known.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a line may stay in the buffer while a live capture is silent.
const DELAY: Duration = Duration::from_millis(100);
const BUFFER: usize = 1 << 16;

/// Whether a capture may be silent while it is read. A file is read without a pause.
pub(super) fn is_live(capture: &Path) -> bool {
    capture.as_os_str() == "-" || std::fs::metadata(capture).is_ok_and(|meta| !meta.is_file())
}

/// Standard output for what captures give, some of which may be `live`. `stop` is set when nobody reads it any more.
pub(super) fn stdout(live: bool, stop: &Arc<AtomicBool>) -> Box<dyn Write> {
    if live || io::stdout().is_terminal() {
        Box::new(Prompt::new(stop))
    } else {
        Box::new(Named(BufWriter::with_capacity(BUFFER, io::stdout().lock())))
    }
}

/// Errors say what could not be written.
struct Named<W>(W);

impl<W: Write> Write for Named<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

/// The error, with what it is about.
pub(super) fn named(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::BrokenPipe => error,
        kind => io::Error::new(kind, format!("standard output: {error}")),
    }
}

/// A buffer that a thread empties every [`DELAY`].
struct Prompt {
    out: Arc<Mutex<BufWriter<io::Stdout>>>,
    /// Nobody reads what is written.
    gone: Arc<AtomicBool>,
}

impl Prompt {
    fn new(stop: &Arc<AtomicBool>) -> Self {
        let out = Arc::new(Mutex::new(BufWriter::with_capacity(BUFFER, io::stdout())));
        let gone = Arc::new(AtomicBool::new(false));
        let (shared, theirs, stop) = (Arc::downgrade(&out), Arc::clone(&gone), Arc::clone(stop));
        thread::spawn(move || {
            while let Some(out) = shared.upgrade() {
                let flushed = out.lock().unwrap_or_else(PoisonError::into_inner).flush();
                drop(out);
                // Any other error is met again by the writer, who knows what to do about it.
                if flushed.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) || is_closed() {
                    // What is read may be silent for hours, and what follows from it may fit the buffer.
                    theirs.store(true, Ordering::Relaxed);
                    stop.store(true, Ordering::Relaxed);
                    return;
                }
                thread::sleep(DELAY);
            }
        });
        Prompt { out, gone }
    }

    fn out(&mut self) -> io::Result<std::sync::MutexGuard<'_, BufWriter<io::Stdout>>> {
        if self.gone.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(self.out.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Prompt {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out()?.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out()?.flush().map_err(named)
    }
}

/// Whether standard output is a pipe whose reader has closed it.
#[cfg(unix)]
fn is_closed() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let out = io::stdout();
    let mut asked = [PollFd::new(&out, PollFlags::empty())];
    poll(&mut asked, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
        && asked[0].revents().contains(PollFlags::ERR)
}

/// Elsewhere writing itself tells.
#[cfg(not(unix))]
fn is_closed() -> bool {
    false
}
