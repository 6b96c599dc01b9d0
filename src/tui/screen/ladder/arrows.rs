//! What a ladder is made of: an arrow for each row, one for each run of media of a side, and pauses between them.
//!
//! The list only grows, as the book does. A run is one side's of one session: that of another session, or of the other side, goes on
//! beside it; all runs end with the next arrow that is no media, and where nothing came for a while.

use std::collections::BTreeMap;

use crate::book::{Book, Entry, Kind, Media};
use crate::evidence::Blocks;
use crate::rules::Severity;
use crate::tui::view::{Chosen, Keep};
use crate::wire::{Side, Time};

/// Nanoseconds without anything that are drawn as a pause.
const PAUSE: i64 = 1_000_000_000;
/// Rows between looks at whether time is up.
const STRIDE: usize = 256;

/// An arrow, or what stands between arrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui::screen) enum Arrow {
    Row(u32),
    Run(Run),
    /// Nothing for so many nanoseconds, before a row.
    Pause(i64, u32),
}

/// Media of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui::screen) struct Run {
    pub(in crate::tui::screen) first: u32,
    pub(in crate::tui::screen) last: u32,
    pub(in crate::tui::screen) session: u32,
    pub(in crate::tui::screen) from: Option<Side>,
    pub(in crate::tui::screen) media: Media,
    /// The worst finding about one of its messages.
    pub(in crate::tui::screen) worst: Option<Severity>,
}

impl Run {
    fn holds(&self, row: u32, session: u32, from: Option<Side>) -> bool {
        (self.first..=self.last).contains(&row) && (self.session, self.from) == (session, from)
    }
}

impl Arrow {
    /// The row that it begins with.
    pub(in crate::tui::screen) fn row(self) -> u32 {
        match self {
            Arrow::Row(row) | Arrow::Pause(_, row) => row,
            Arrow::Run(run) => run.first,
        }
    }

    pub(in crate::tui::screen) fn is_pause(self) -> bool {
        matches!(self, Arrow::Pause(..))
    }
}

/// The arrows of the chosen sessions; see the module.
#[derive(Default)]
pub(in crate::tui::screen) struct Arrows {
    chosen: Chosen,
    /// Which of their rows are shown; all without it.
    keep: Option<Keep<Book>>,
    /// How many of the rows that could be chosen were looked at.
    seen: usize,
    list: Blocks<Arrow>,
    /// Places of the runs that may go on.
    open: Vec<usize>,
    latest: Option<Time>,
    /// By the rows of calls: the row of the first answer, and how many calls were answered before.
    answers: BTreeMap<u32, (u32, usize)>,
    /// Findings by the rows that they are about.
    findings: BTreeMap<u32, Vec<u32>>,
}

impl Arrows {
    pub(in crate::tui::screen) fn new(chosen: Chosen, keep: Option<Keep<Book>>) -> Self {
        Arrows { chosen, keep, ..Arrows::default() }
    }

    pub(in crate::tui::screen) fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    pub(in crate::tui::screen) fn len(&self) -> usize {
        self.list.len()
    }

    pub(in crate::tui::screen) fn get(&self, place: usize) -> Option<Arrow> {
        self.list.get(place).copied()
    }

    pub(in crate::tui::screen) fn is_behind(&self, book: &Book) -> bool {
        self.seen < self.candidates(book)
    }

    /// Takes in the rows that came since, until time is up.
    pub(in crate::tui::screen) fn grow(&mut self, book: &Book, mut is_up: impl FnMut() -> bool) {
        let end = self.candidates(book);
        while self.seen < end {
            let row = match self.chosen {
                Chosen::Session(number) => {
                    book.session(number).and_then(|session| session.rows.get(self.seen).copied())
                }
                _ => Some(self.seen as u32),
            };
            self.seen += 1;
            if let Some(row) = row {
                self.take(book, row);
            }
            if self.seen.is_multiple_of(STRIDE) && is_up() {
                return;
            }
        }
    }

    fn candidates(&self, book: &Book) -> usize {
        match self.chosen {
            Chosen::Session(number) => book.session(number).map_or(0, |session| session.rows.len()),
            Chosen::All | Chosen::Sessions(_) => book.len(),
        }
    }

    fn take(&mut self, book: &Book, row: u32) {
        let Some(entry) = book.entry(row) else { return };
        if let Chosen::Sessions(numbers) = &self.chosen
            && !numbers.contains(&entry.session)
        {
            return;
        }
        if let Some(keep) = &mut self.keep
            && !keep(book, row)
        {
            return;
        }
        if let Kind::Finding(severity) = entry.kind
            && let Some(about) = self.about(book, row, severity)
        {
            self.findings.entry(about).or_default().push(row);
            let place = self.place_of(book, about);
            if let Some(Arrow::Run(run)) = self.list.get_mut(place) {
                run.worst = run.worst.max(Some(severity));
            }
            return;
        }
        if let Some(at) = entry.at {
            let pause = self.latest.map_or(0, |latest| at.since(latest));
            if pause >= PAUSE {
                self.open.clear();
                self.list.push(Arrow::Pause(pause, row));
            }
            self.latest = self.latest.max(Some(at));
        }
        let Some(media) = book.media(row) else {
            self.open.clear();
            if let Some((call, _)) = book.answered(row) {
                let number = self.answers.len();
                self.answers.entry(call).or_insert((row, number));
            }
            self.list.push(Arrow::Row(row));
            return;
        };
        for place in &self.open {
            if let Some(Arrow::Run(run)) = self.list.get_mut(*place)
                && (run.session, run.from) == (entry.session, entry.from)
            {
                run.last = row;
                run.media.add(media);
                return;
            }
        }
        self.open.push(self.list.len());
        let Entry { session, from, .. } = entry;
        self.list.push(Arrow::Run(Run { first: row, last: row, session, from, media, worst: None }));
    }

    /// The row that a finding is a mark of: that of its message. A note about none stands at what was told before; anything worse is a line of
    /// its own.
    fn about(&self, book: &Book, finding: u32, severity: Severity) -> Option<u32> {
        if let Some(n) = book.reference(finding) {
            return book.row_of(n);
        }
        match self.list.last()? {
            Arrow::Row(row) if severity == Severity::Note && book.session_of(*row) == book.session_of(finding) => {
                Some(*row)
            }
            _ => None,
        }
    }

    /// The place of a row, or of the run that it is in; of the one before where it has none.
    pub(in crate::tui::screen) fn place_of(&self, book: &Book, row: u32) -> usize {
        let Some(entry) = book.entry(row) else { return 0 };
        // A finding stands at what it is about.
        let about = severity(book, row).and_then(|_| book.reference(row));
        if let Some(about) = about.and_then(|n| book.row_of(n)).filter(|about| *about != row) {
            return self.place_of(book, about);
        }
        let last = self.list.partition_point(|arrow| arrow.row() <= row).saturating_sub(1);
        for place in (0..=last).rev() {
            match self.get(place) {
                Some(Arrow::Run(run)) if run.holds(row, entry.session, entry.from) => return place,
                // Runs beside one another stand together.
                Some(Arrow::Run(_)) => {}
                _ => break,
            }
        }
        last
    }

    /// Where the other end of a call stands: its answer, or the call that is answered.
    pub(in crate::tui::screen) fn partner(&self, book: &Book, place: usize) -> Option<usize> {
        let Some(Arrow::Row(row)) = self.get(place) else { return None };
        let other =
            book.answered(row).map(|(call, _)| call).or_else(|| self.answers.get(&row).map(|(answer, _)| *answer))?;
        let place = self.place_of(book, other);
        (self.get(place) == Some(Arrow::Row(other))).then_some(place)
    }

    /// Whether a row is a call that was answered.
    pub(in crate::tui::screen) fn is_answered(&self, row: u32) -> bool {
        self.answers.contains_key(&row)
    }

    /// The number of an answered call among these, from 0, in the order of their answers.
    pub(in crate::tui::screen) fn number_of_call(&self, call: u32) -> Option<usize> {
        self.answers.get(&call).map(|(_, number)| *number)
    }

    /// The worst finding about what an arrow stands for.
    pub(in crate::tui::screen) fn mark(&self, book: &Book, arrow: Arrow) -> Option<Severity> {
        match arrow {
            Arrow::Row(row) => {
                let about = self.findings.get(&row).into_iter().flatten().copied();
                about.chain([row]).filter_map(|row| severity(book, row)).max()
            }
            Arrow::Run(run) => run.worst,
            Arrow::Pause(..) => None,
        }
    }

    /// The rows of the findings about what an arrow stands for, at most so many.
    pub(in crate::tui::screen) fn findings(&self, book: &Book, arrow: Arrow, most: usize) -> Vec<u32> {
        let rows = match arrow {
            Arrow::Row(row) => row..=row,
            Arrow::Run(run) => run.first..=run.last,
            Arrow::Pause(..) => return Vec::new(),
        };
        let is_own = |row: u32| match arrow {
            Arrow::Run(run) => book.entry(row).is_some_and(|entry| run.holds(row, entry.session, entry.from)),
            _ => true,
        };
        let found = self.findings.range(rows).filter(|(row, _)| is_own(**row));
        found.flat_map(|(_, findings)| findings).copied().take(most).collect()
    }
}

/// How bad a finding is, if the row is one.
pub(in crate::tui::screen) fn severity(book: &Book, row: u32) -> Option<Severity> {
    match book.entry(row)?.kind {
        Kind::Finding(severity) => Some(severity),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::book::{Batch, Loader, Options};

    fn captured(capture: &str) -> (Vec<Batch>, Book) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures").join(capture);
        let (mut loader, book) = Loader::open(&[path], &Options::default()).unwrap();
        let mut batches = Vec::new();
        while batches.last().is_none_or(|batch: &Batch| !batch.progress.done) {
            batches.push(loader.read_packets(7));
        }
        (batches, book)
    }

    fn all(arrows: &Arrows) -> Vec<Arrow> {
        (0..arrows.len()).filter_map(|place| arrows.get(place)).collect()
    }

    const CAPTURES: [&str; 3] = [
        "node-media-server/ffmpeg-publish-and-play.pcap",
        "nginx-rtmp/ffmpeg-publish-and-play.pcapng",
        "transport/format-snaplen-1000.pcap",
    ];

    #[test]
    fn grown_in_pieces_or_at_once_is_the_same() {
        for capture in CAPTURES {
            for chosen in [Chosen::All, Chosen::Session(1), Chosen::Sessions([1, 2].into())] {
                let (batches, mut book) = captured(capture);
                let mut grown = Arrows::new(chosen.clone(), None);
                for item in batches.into_iter().flat_map(|batch| batch.items) {
                    book.take(item);
                    grown.grow(&book, || false);
                }
                let mut whole = Arrows::new(chosen.clone(), None);
                while whole.is_behind(&book) {
                    whole.grow(&book, || true);
                }
                assert_eq!(all(&grown), all(&whole), "{capture} {chosen:?}");
                assert!(grown.len() > 10 && grown.len() < book.len() / 2, "{} of {}", grown.len(), book.len());
            }
        }
    }

    #[test]
    fn every_row_has_its_place() {
        for capture in CAPTURES {
            let (batches, mut book) = captured(capture);
            for item in batches.into_iter().flat_map(|batch| batch.items) {
                book.take(item);
            }
            let mut arrows = Arrows::new(Chosen::All, None);
            arrows.grow(&book, || false);
            let mut counted = 0;
            for row in 0..book.len() as u32 {
                let entry = book.entry(row).unwrap();
                let arrow = arrows.get(arrows.place_of(&book, row)).unwrap();
                if severity(&book, row) == Some(Severity::Note) && book.reference(row).is_none() {
                    assert!(arrows.findings(&book, arrow, usize::MAX).contains(&row));
                    continue;
                }
                if let Some(about) = book.reference(row).filter(|_| matches!(entry.kind, Kind::Finding(_))) {
                    let about = book.row_of(about).unwrap();
                    assert_eq!(arrow, arrows.get(arrows.place_of(&book, about)).unwrap());
                    assert!(arrows.findings(&book, arrow, usize::MAX).contains(&row));
                    continue;
                }
                match arrow {
                    Arrow::Row(other) => assert_eq!(row, other),
                    Arrow::Run(run) => {
                        assert!(run.holds(row, entry.session, entry.from));
                        counted += 1;
                    }
                    Arrow::Pause(..) => panic!("row {row} at a pause"),
                }
            }
            let runs: u32 = all(&arrows)
                .into_iter()
                .map(|arrow| if let Arrow::Run(run) = arrow { run.media.messages() } else { 0 })
                .sum();
            assert_eq!(runs, counted);
        }
    }

    #[test]
    fn calls_and_answers_lead_to_each_other() {
        let (batches, mut book) = captured(CAPTURES[0]);
        for item in batches.into_iter().flat_map(|batch| batch.items) {
            book.take(item);
        }
        let mut arrows = Arrows::new(Chosen::Session(1), None);
        arrows.grow(&book, || false);
        let pairs: Vec<_> =
            (0..arrows.len()).filter_map(|place| Some((place, arrows.partner(&book, place)?))).collect();
        // connect, createStream and publish, whose answer is a status, from either end.
        assert_eq!(pairs.len(), 6, "{pairs:?}");
        assert!(pairs.iter().all(|(one, other)| pairs.contains(&(*other, *one))), "{pairs:?}");
    }
}
