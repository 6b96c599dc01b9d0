//! Standard output: buffered, but never so that a person waits for what is already known.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::arguments::InputArguments;

/// How long a line may stay in the buffer while a live capture is silent.
const DELAY: Duration = Duration::from_millis(100);
const BUFFER: usize = 1 << 16;

/// Standard output for what these inputs give.
pub(super) fn stdout(input: &InputArguments) -> Box<dyn Write> {
    // A file is read without a pause: its buffer fills or it ends. A pipe may be silent for hours.
    let live = input.follow || input.captures.iter().any(|path| path.as_os_str() == "-");
    if live || io::stdout().is_terminal() {
        Box::new(Prompt::new())
    } else {
        Box::new(BufWriter::with_capacity(BUFFER, io::stdout().lock()))
    }
}

/// A buffer that a thread empties every [`DELAY`].
struct Prompt {
    out: Arc<Mutex<BufWriter<io::Stdout>>>,
}

impl Prompt {
    fn new() -> Self {
        let out = Arc::new(Mutex::new(BufWriter::with_capacity(BUFFER, io::stdout())));
        let shared = Arc::downgrade(&out);
        thread::spawn(move || {
            while let Some(out) = shared.upgrade() {
                // The writer itself meets the same error, and knows what to do about it.
                let _ = out.lock().unwrap_or_else(PoisonError::into_inner).flush();
                drop(out);
                thread::sleep(DELAY);
            }
        });
        Prompt { out }
    }
}

impl Write for Prompt {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}
