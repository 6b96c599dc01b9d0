//! Reads captures for a command: progress and complaints on standard error, and an end when the user wants one.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::{Outcome, complain};
use crate::inspection::{self, Inspection, Read, Told};
use crate::tui::signals;
use crate::wire::Time;

/// Packets between looks at the clock.
const STRIDE: u64 = 4096;
/// Work that takes no longer shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);

/// Who is told what is in the captures.
pub(super) trait Consumer {
    /// Once, before anything else. `start` is the first packet's time.
    fn begin(&mut self, _start: Option<Time>) -> io::Result<()> {
        Ok(())
    }
    fn take(&mut self, told: Told<'_>) -> io::Result<()>;
    /// Passes on what is buffered: something is said on standard error.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads to the end, or until the user ends it. Captures that could not be read on are complained of, and fail.
pub(super) fn read(
    inspection: &mut Inspection,
    progress: &mut Progress,
    consumer: &mut impl Consumer,
    outcome: &mut Outcome,
) -> io::Result<()> {
    let mut begun = false;
    loop {
        let read = inspection.read();
        if !begun && !matches!(read, Read::Failed(_)) {
            begun = true;
            consumer.begin(inspection.start())?;
        }
        while let Some(told) = inspection.told() {
            consumer.take(told)?;
        }
        match read {
            Read::Packet => {}
            Read::Failed(error) => {
                // What was readable comes first.
                consumer.flush()?;
                progress.clear();
                complain(error);
                *outcome = Outcome::Failed;
            }
            Read::End => break,
        }
        progress.step(inspection);
    }
    progress.clear();
    Ok(())
}

/// Complains of what the captures as a whole did not give, and of what was not read of them.
pub(super) fn conclude(inspection: &Inspection, mut outcome: Outcome) -> Outcome {
    for what in [inspection.interrupted(), inspection.unknown_link()].into_iter().flatten() {
        complain(what);
        outcome = Outcome::Failed;
    }
    if outcome == Outcome::Done
        && let Some(what) = inspection.no_session()
    {
        complain(what);
    }
    outcome
}

/// Complains that there is no session of this number, where there are others.
pub(super) fn no_such_session(inspection: &Inspection, session: u32) {
    let range = match inspection.totals().sessions {
        0 => return,
        1 => "is session 1 alone".to_owned(),
        sessions => format!("are sessions 1 to {sessions}"),
    };
    complain(format_args!("--session {session}: there is no such session; there {range}"));
}

/// Says when the reading is to end, and what ended it.
#[derive(Default)]
pub(super) struct Stop {
    pub(super) asked: Arc<AtomicBool>,
    /// The signal that ends the program when all is written; 0 for none.
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// Lets the first Ctrl-C, or the first request to end, end the reading, so that what is known by then, the summary and the
    /// end of a document too, still comes. A second one ends the program. Ctrl-C is how a user ends what is live; behind
    /// the others the program ends as if by the signal.
    pub(super) fn listen(&self) -> io::Result<()> {
        for &number in signals::ending() {
            let interrupted = Arc::new(AtomicBool::new(false));
            flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&interrupted))?;
            flag::register(number, interrupted)?;
            flag::register(number, Arc::clone(&self.asked))?;
            if number != SIGINT {
                flag::register_usize(number, Arc::clone(&self.signal), number as usize)?;
            }
        }
        Ok(())
    }

    /// The signal that ended the reading.
    pub(super) fn signal(&self) -> Option<u8> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            number => Some(number as u8),
        }
    }
}

/// How far it is, on standard error, where a person looks and the work is long.
pub(super) struct Progress {
    since: Option<Instant>,
    bar: Option<ProgressBar>,
    steps: u64,
}

impl Progress {
    /// Not `wanted` where it would stand among the lines of the output.
    pub(super) fn new(wanted: bool) -> Self {
        Progress { since: (wanted && io::stderr().is_terminal()).then(Instant::now), bar: None, steps: 0 }
    }

    /// Something was read: from time to time that is shown.
    pub(super) fn step(&mut self, inspection: &Inspection) {
        self.steps += 1;
        if self.steps.is_multiple_of(STRIDE) {
            self.show(inspection);
        }
    }

    /// How far it is, now.
    pub(super) fn show(&mut self, inspection: &Inspection) {
        let Some(since) = self.since.filter(|since| since.elapsed() >= PATIENCE) else { return };
        let inspection::Progress { read, size, .. } = inspection.progress();
        let bar = self.bar.get_or_insert_with(|| bar(size, since));
        // What is followed grows.
        bar.set_length(size.unwrap_or_default().max(read));
        bar.set_position(read);
    }

    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Bytes of all where that is known, else bytes alone.
fn bar(size: Option<u64>, since: Instant) -> ProgressBar {
    let form = if size.is_some() {
        "{percent:3} % of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} to go"
    } else {
        "{decimal_bytes} read, {decimal_bytes_per_sec}"
    };
    let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr_with_hz(5)).with_elapsed(since.elapsed());
    // The forms are fixed: a wrong one would be seen at once.
    if let Ok(style) = ProgressStyle::with_template(form) { bar.with_style(style) } else { bar }
}
