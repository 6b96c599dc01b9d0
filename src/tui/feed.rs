//! Reads the captures in a thread of its own.
//!
//! The reading side never runs far ahead: it waits while the screen has not taken what lies ready. The screen never
//! waits: it takes what is there. A packet from a live pipe is handed over before the next one is waited for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::book::{Batch, Loader};

/// The thread's name.
pub(super) const READER: &str = "reader";
/// Packets of a file between hand-overs.
const STRIDE: u64 = 64;

/// Where the screen gets what was read.
pub(super) struct Feed {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    ready: Mutex<Batch>,
    room: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    /// Reads everything in a thread of its own.
    pub(super) fn spawn(mut loader: Loader) -> std::io::Result<Feed> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name(READER.to_owned()).spawn(move || run(&mut loader, &theirs))?;
        Ok(Feed { shared, thread })
    }

    /// What was read since it was asked last; nothing where the thread came to grief.
    pub(super) fn take(&self) -> Option<Batch> {
        // Looked at first, so that nothing that the thread said at its end is missed.
        let ended = self.thread.is_finished();
        let batch = self.shared.lock().take();
        self.shared.room.notify_one();
        (batch.progress.done || !ended).then_some(batch)
    }

    /// What came of a thread that ended.
    pub(super) fn end(self) -> thread::Result<()> {
        self.thread.join()
    }
}

fn run(loader: &mut Loader, shared: &Shared) {
    // What a pipe gave must not wait for what it may give later.
    let stride = if loader.size().is_some() { STRIDE } else { 1 };
    #[cfg(debug_assertions)]
    if super::is_to_panic(READER) {
        // The screen is to be there by then.
        thread::sleep(std::time::Duration::from_secs(1));
        panic!("forced by a test");
    }
    loop {
        let batch = loader.read_packets(stride);
        let done = batch.progress.done;
        let mut ready = shared.lock();
        ready.append(batch);
        if done {
            return;
        }
        while ready.is_full(loader.limits()) {
            ready = shared.room.wait(ready).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
