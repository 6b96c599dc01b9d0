//! What is shown is saved: a job between keys.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use crate::tui::filtering::Filtering;
use crate::tui::saving::{Saved, Saving, Wanted};
use crate::tui::screen::Effect;
use crate::tui::screen::job::{Job, Progress};
use crate::tui::shared::Shared;
use crate::tui::view::Chosen;
use crate::wire::escape;

/// Begins to save what is shown.
pub(in crate::tui) fn begin(path: &str, shared: &Shared) -> Effect {
    let Some(saver) = &shared.saver else { return Effect::Say("there is nothing that could save".to_owned()) };
    if !shared.progress.done {
        return Effect::Say("the capture is still read: what is to come would be missing".to_owned());
    }
    let (book, view) = (&shared.book, &shared.view);
    if view.is_behind(book) {
        return Effect::Say("the filter is still at work: what is to come would be missing".to_owned());
    }
    let seen = (0..view.rows(book)).filter_map(|index| book.session_of(view.row(book, index)?));
    let wanted = Wanted {
        path: PathBuf::from(path),
        sessions: match view.chosen() {
            Chosen::All => None,
            Chosen::Session(number) => Some(BTreeSet::from([*number])),
            Chosen::Sessions(numbers) => Some(numbers.clone()),
        },
        filter: shared.filter.as_ref().map(|filter| Filtering::text(filter).to_owned()),
        seen: seen.collect(),
    };
    match saver.begin(&wanted) {
        Ok(saving) => Effect::Start(Box::new(Writing { path: path.to_owned(), saving })),
        Err(error) => Effect::Say(escape(&format!("{error:#}"))),
    }
}

/// Writes the file, between keys.
struct Writing {
    path: String,
    saving: Box<dyn Saving>,
}

impl Job for Writing {
    fn name(&self) -> &'static str {
        "saving"
    }

    fn step(&mut self, _shared: &Shared, deadline: Instant) -> Progress {
        match self.saving.step(deadline) {
            Ok(Saved::More(percent)) => Progress::More(percent),
            Ok(Saved::Done(what)) => Progress::Done(vec![Effect::Say(escape(&format!("{}: {what}", self.path)))]),
            Err(error) => Progress::Done(vec![Effect::Say(escape(&format!("{error:#}")))]),
        }
    }

    fn is_background(&self) -> bool {
        true
    }
}
