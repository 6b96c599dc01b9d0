//! Search through the rows of the timeline, a little at a time, so that keys are answered meanwhile.

use std::time::{Duration, Instant};

use super::App;
use crate::tui::layout::Pane;
use crate::tui::seek::Seek;

impl App {
    pub(super) fn search(&mut self, forward: bool) {
        if self.query.is_none() {
            self.say("nothing to search for: / asks what");
            return;
        }
        self.following = false;
        if self.focus == Pane::Sessions {
            self.focus = Pane::Timeline;
        }
        self.seek = Some(Seek::new(self.timeline.selected, forward));
    }

    pub fn is_seeking(&self) -> bool {
        self.seek.is_some()
    }

    /// Goes on searching, for about so long.
    pub fn seek(&mut self, time: Duration) {
        let (Some(mut seek), Some(query)) = (self.seek.take(), self.query.clone()) else { return };
        let since = Instant::now();
        let length = self.len();
        loop {
            let Some((place, wrapped)) = seek.next(length) else {
                self.message = format!("not found: {}", crate::wire::escape(query.text()));
                return;
            };
            let Some(row) = self.row_at(place) else { return };
            let text = self.book.text(row);
            if query.matches(&text.what) || query.matches(&text.kind) {
                self.center(place);
                if wrapped {
                    self.say("search went on from the other end");
                }
                return;
            }
            if since.elapsed() >= time {
                self.message = format!("searching, {} %; Esc stops", seek.percent(length));
                self.seek = Some(seek);
                return;
            }
        }
    }
}
