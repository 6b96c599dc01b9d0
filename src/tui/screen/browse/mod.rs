//! The screen of sessions, timeline, fields and bytes: what happened, and for the selected row what it says and its bytes.
//!
//! Each pane owns its list and draws itself. Here is what ties them: the session chosen in one is what the next shows, the
//! selected row is what the last two are about, and a field and its bytes choose each other.

mod attention;
mod bytes;
mod copy;
mod fields;
mod layout;
mod nothing;
mod plate;
mod seek;
mod sessions;
mod timeline;
mod tree;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::ladder::Ladder;
use super::{Effect, NO_SESSION, Room, Screen, Spot, diff, plots};
use crate::book::Book;
use crate::rules::Severity;
use crate::tui::action::Action;
use crate::tui::filtering::{self, Join};
use crate::tui::keymap::Context;
use crate::tui::marks::Marked;
use crate::tui::mouse::Mouse;
use crate::tui::popup::file::FileLine;
use crate::tui::popup::filter::FilterLine;
use crate::tui::popup::search::SearchLine;
use crate::tui::screen::findings::Findings;
use crate::tui::search::From;
use crate::tui::shared::Shared;
use crate::tui::state::Place;
use crate::tui::view::Chosen;
use bytes::Bytes;
use fields::Fields;
use layout::{Areas, Pane, Split, Splits, lay_out};
use sessions::Sessions;
use timeline::Timeline;

/// The screen; see the module.
///
/// On a wide terminal, lists and details stand side by side:
///
/// ```text
/// ┌ sessions ─────────────────────────┬ fields ───────────────────────────┐
/// │ all, then one a line              │ ▸ message, ▸ header,              │
/// ├ timeline ─────────────────────────┤ ▾ what the payload says           │
/// │ handshakes, messages, holes, ends │                                   │
/// │   └ findings under what they are  ├ what the selected field is ───────┤
/// │     about                         ├ bytes ────────────────────────────┤
/// │                                   │ hex and text, the field's marked  │
/// └───────────────────────────────────┴───────────────────────────────────┘
/// ```
///
/// On a narrow one sessions, timeline and details stand below one another, fields and bytes side by side; details
/// grow when they have the keys.
pub(in crate::tui) struct Browse {
    focus: Pane,
    zoomed: bool,
    areas: Areas,
    /// Where the user put the borders, and which one is being dragged.
    splits: Splits,
    dragged: Option<Split>,
    sessions: Sessions,
    timeline: Timeline,
    fields: Fields,
    bytes: Bytes,
}

impl Browse {
    /// Begins with all sessions, or with one alone.
    pub(in crate::tui) fn new(session: Option<u32>, place: &Place) -> Self {
        let mut splits = Splits::default();
        for (name, share) in &place.splits {
            if let Some((_, split)) = Split::ALL.iter().find(|(own, _)| own == name) {
                splits.set(*split, *share);
            }
        }
        let row = place.row.filter(|_| session.is_none() || session == place.session);
        Browse {
            focus: Pane::default(),
            zoomed: false,
            areas: Areas::default(),
            splits,
            dragged: None,
            sessions: Sessions::new(session.or(place.session)),
            timeline: Timeline::at(row),
            fields: Fields::default(),
            bytes: Bytes::default(),
        }
    }

    fn turn(&mut self, by: usize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.focus).unwrap_or_default();
        self.focus = Pane::ALL[(at + by) % Pane::ALL.len()];
    }

    fn back(&mut self, shared: &mut Shared) {
        if self.zoomed {
            self.zoomed = false;
        } else if self.focus != Pane::Timeline {
            self.focus = Pane::Timeline;
        } else if shared.filter.is_some() {
            shared.filter(None);
            self.timeline.filtered(shared);
        } else if *shared.view.chosen() != Chosen::All {
            self.sessions.choose_all(shared);
            self.timeline.show(Chosen::All, shared);
        }
    }

    fn open(&mut self, shared: &mut Shared) -> Vec<Effect> {
        match self.focus {
            Pane::Sessions => self.focus = Pane::Timeline,
            Pane::Timeline if self.timeline.toggle(shared) => {}
            Pane::Timeline if self.timeline.row(shared).is_some() => self.focus = Pane::Fields,
            Pane::Fields if self.fields.is_cut() => return self.fields.read(),
            Pane::Fields => self.fields.toggle(),
            Pane::Timeline | Pane::Bytes => {}
        }
        Vec::new()
    }

    /// What concerns the rows of the timeline, wherever the keys are.
    fn seek(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        let found = match action {
            Action::NextMatch | Action::PreviousMatch => {
                let from = match self.focus {
                    Pane::Fields => From::Field(self.fields.path()),
                    Pane::Bytes => From::Byte(self.bytes.byte()),
                    Pane::Sessions | Pane::Timeline => From::Row,
                };
                return self.timeline.search(action == Action::NextMatch, from, shared);
            }
            Action::NextFinding => self.timeline.finding(true, shared).ok_or("no finding below"),
            Action::PreviousFinding => self.timeline.finding(false, shared).ok_or("no finding above"),
            Action::Why => self.timeline.why(shared).ok_or("there is no finding about this row"),
            Action::NextError => self.timeline.severe(true, Severity::Error, shared).ok_or("no error below"),
            Action::PreviousError => self.timeline.severe(false, Severity::Error, shared).ok_or("no error above"),
            Action::NextWarning => self.timeline.severe(true, Severity::Warning, shared).ok_or("no warning below"),
            Action::PreviousWarning => self.timeline.severe(false, Severity::Warning, shared).ok_or("no warning above"),
            Action::NextHole => self.timeline.seek(true, Book::is_hole, shared).ok_or("no hole below"),
            Action::PreviousHole => self.timeline.seek(false, Book::is_hole, shared).ok_or("no hole above"),
            Action::NextKeyFrame => self.timeline.seek(true, Book::is_key_frame, shared).ok_or("no key frame below"),
            Action::PreviousKeyFrame => {
                self.timeline.seek(false, Book::is_key_frame, shared).ok_or("no key frame above")
            }
            _ => self.timeline.reference(shared).ok_or("this row refers to no other"),
        };
        match found {
            Ok(row) => vec![Effect::GoTo(row)],
            Err(what) => vec![Effect::Say(what.to_owned())],
        }
    }

    /// Filters by what is selected.
    fn narrow(&self, action: Action, shared: &Shared) -> Vec<Effect> {
        let join = match action {
            Action::FilterAnd => Join::And,
            Action::FilterNot => Join::AndNot,
            _ => Join::Instead,
        };
        let ways = match (self.focus, shared.row) {
            (Pane::Fields | Pane::Bytes, _) => self.fields.ways(),
            (Pane::Sessions, _) => self.sessions.ways(),
            (Pane::Timeline, Some(row)) => shared.book.ways(row),
            (Pane::Timeline, None) => Vec::new(),
        };
        let row = if self.focus == Pane::Sessions { self.sessions.row(shared) } else { shared.row };
        let found = row.and_then(|row| filtering::narrow(&shared.book, row, &ways, join, shared.filter.as_ref()));
        match found {
            Some(filter) => vec![Effect::Filter(Some(filter))],
            None => vec![Effect::Say("no filter asks for that".to_owned())],
        }
    }

    /// Takes the keys to a pane, and chooses what is at a place of it.
    fn click(&mut self, pane: Pane, at: Position, shared: &mut Shared) {
        self.focus = pane;
        match pane {
            Pane::Sessions => {
                self.sessions.click(at, shared);
                self.timeline.show(self.sessions.chosen(shared), shared);
            }
            Pane::Timeline => self.timeline.click(at, shared),
            Pane::Fields => {
                self.fields.click(at);
                if let Some(span) = self.fields.span() {
                    self.bytes.show(span);
                }
            }
            Pane::Bytes => {
                if let Some(byte) = self.bytes.click(at) {
                    self.fields.choose_byte(byte);
                }
            }
        }
    }

    /// What the pane with the keys does.
    fn update_pane(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match self.focus {
            Pane::Sessions => {
                let effects = self.sessions.update(action, shared);
                self.timeline.show(self.sessions.chosen(shared), shared);
                return effects;
            }
            Pane::Timeline if action == Action::Mark => {
                if let Some(row) = self.timeline.row(shared) {
                    shared.marks.toggle(Marked::Row(row));
                }
            }
            Pane::Timeline => match action {
                Action::Right => self.timeline.unfold(true, shared),
                Action::Left => self.timeline.unfold(false, shared),
                _ => self.timeline.update(action, shared),
            },
            Pane::Fields => {
                let effects = self.fields.update(action);
                if let Some(span) = self.fields.span() {
                    self.bytes.show(span);
                }
                return effects;
            }
            Pane::Bytes => {
                if let Some(byte) = self.bytes.update(action) {
                    self.fields.choose_byte(byte);
                }
            }
        }
        Vec::new()
    }
}

impl Screen for Browse {
    fn context(&self) -> Context {
        match self.focus {
            Pane::Sessions => Context::Sessions,
            Pane::Timeline => Context::Timeline,
            Pane::Fields => Context::Fields,
            Pane::Bytes => Context::Bytes,
        }
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        let mut effects = Vec::new();
        match action {
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(Pane::ALL.len() - 1),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::Back => self.back(shared),
            Action::Open => effects = self.open(shared),
            Action::CopyValue | Action::CopyPath | Action::CopyHex | Action::CopyJson => {
                effects = self.fields.copy(action, !self.focus.is_detail(), shared);
            }
            Action::WriteCopied if shared.copied.is_empty() => {
                effects.push(Effect::Say("nothing was copied".to_owned()));
            }
            Action::WriteCopied => effects.push(Effect::Open(Box::<FileLine>::default())),
            Action::Save => effects.push(Effect::Open(Box::new(FileLine::to_save()))),
            Action::Plots => effects.push(plots::begin(shared)),
            Action::Diff => effects.push(diff::begin(shared, self.sessions.selected())),
            Action::Ladder if shared.book.is_empty() => effects.push(Effect::Say(NO_SESSION.to_owned())),
            Action::Ladder => effects.push(Effect::Open(Box::new(Ladder::new(shared)))),
            Action::Findings => effects.push(Effect::Open(Box::new(Findings::new(shared)))),
            Action::ByteView => effects.push(Effect::Say(self.bytes.turn())),
            Action::FoldMedia => self.timeline.fold_media(shared),
            Action::Filter => effects.push(Effect::Open(Box::new(FilterLine::new(shared)))),
            Action::FilterBy | Action::FilterAnd | Action::FilterNot => effects = self.narrow(action, shared),
            Action::Search => effects.push(Effect::Open(Box::new(SearchLine::new(shared)))),
            Action::Attention => effects = attention::first(shared),
            Action::NextUnanswered => effects = attention::unanswered(shared),
            Action::NextMatch | Action::PreviousMatch => {
                if self.focus == Pane::Sessions && shared.query.is_some() {
                    self.focus = Pane::Timeline;
                }
                effects = self.seek(action, shared);
            }
            Action::NextFinding
            | Action::PreviousFinding
            | Action::Reference
            | Action::Why
            | Action::NextError
            | Action::PreviousError
            | Action::NextWarning
            | Action::PreviousWarning
            | Action::NextHole
            | Action::PreviousHole
            | Action::NextKeyFrame
            | Action::PreviousKeyFrame => effects = self.seek(action, shared),
            Action::Times => {
                shared.times.turn();
                effects.push(Effect::Say(shared.times.about()));
            }
            Action::TimeZero => effects.push(Effect::Say(self.timeline.time_zero(shared))),
            _ => effects = self.update_pane(action, shared),
        }
        shared.row = self.timeline.row(shared);
        effects
    }

    fn mouse(&mut self, mouse: Mouse, at: Position, shared: &mut Shared) -> Vec<Effect> {
        let pane = self.areas.pane_at(at);
        match (mouse, pane) {
            (Mouse::Wheel(by), Some(pane)) => match pane {
                Pane::Sessions => self.sessions.scroll(by, shared),
                Pane::Timeline => self.timeline.scroll(by, shared),
                Pane::Fields => self.fields.scroll(by),
                Pane::Bytes => self.bytes.scroll(by),
            },
            (Mouse::Press, _) => {
                self.dragged = self.areas.split_at(at);
                if let Some(pane) = pane {
                    self.click(pane, at, shared);
                }
            }
            // The first press has chosen what Enter acts on.
            (Mouse::Again, Some(pane)) if at.y > self.areas.of(pane).y => return vec![Effect::Do(Action::Open)],
            (Mouse::Drag, _) => {
                if let Some(split) = self.dragged {
                    self.splits.drag(split, at, &self.areas);
                }
            }
            (Mouse::Release, _) => self.dragged = None,
            _ => {}
        }
        shared.row = self.timeline.row(shared);
        Vec::new()
    }

    fn offers(&self, action: Action, shared: &Shared) -> bool {
        let book = &shared.book;
        match action {
            Action::Back => {
                let is_all = *shared.view.chosen() == Chosen::All && shared.filter.is_none();
                self.zoomed || self.focus != Pane::Timeline || !is_all
            }
            Action::Open => match self.focus {
                Pane::Sessions | Pane::Timeline => shared.row.is_some(),
                Pane::Fields => self.fields.is_cut() || self.fields.is_group(),
                Pane::Bytes => false,
            },
            Action::Filter | Action::Search => !book.is_empty(),
            Action::Attention => attention::is_there(shared),
            Action::Findings => !book.findings().is_empty(),
            Action::Reference => self.timeline.reference(shared).is_some(),
            _ => true,
        }
    }

    fn go_to(&mut self, row: u32, shared: &mut Shared) {
        if !shared.view.holds(&shared.book, row) {
            self.sessions.choose_all(shared);
        }
        self.timeline.go_to(row, shared);
        shared.row = self.timeline.row(shared);
        if self.focus == Pane::Sessions {
            self.focus = Pane::Timeline;
        }
    }

    fn show(&mut self, spot: Spot, shared: &mut Shared) {
        // The fields of the row come when they are prepared.
        shared.row = self.timeline.row(shared);
        self.fields.prepare(self.areas.fields, shared);
        match spot {
            Spot::Field(path) => {
                self.fields.choose(&path);
                self.bytes.begin(self.fields.span().unwrap_or_default());
                self.focus = Pane::Fields;
            }
            Spot::Bytes(span) => {
                self.fields.choose_byte(span.start);
                self.bytes.begin(span);
                self.focus = Pane::Bytes;
            }
        }
    }

    fn place(&self, place: &mut Place, shared: &Shared) {
        place.row = self.timeline.row(shared).filter(|row| *row > 0);
        place.session = match shared.view.chosen() {
            Chosen::Session(number) => Some(*number),
            _ => None,
        };
        place.folded = shared.view.folds();
        let splits = Split::ALL.iter().filter_map(|(name, split)| Some(((*name).to_owned(), self.splits.get(*split)?)));
        place.splits = splits.collect();
    }

    fn filtered(&mut self, shared: &mut Shared) {
        self.timeline.filtered(shared);
        shared.row = self.timeline.row(shared);
    }

    fn prepare(&mut self, room: Room, shared: &mut Shared) {
        let sessions = sessions::lines(shared);
        self.areas = lay_out(room.body, self.focus, self.zoomed, sessions, &self.splits);
        self.timeline.prepare(self.areas.timeline, shared);
        shared.row = self.timeline.row(shared);
        self.sessions.prepare(self.areas.sessions, shared, self.focus == Pane::Sessions);
        let is_other = self.fields.prepare(self.areas.fields, shared);
        if is_other {
            self.bytes.begin(self.fields.span().unwrap_or_default());
        }
        self.bytes.prepare(&self.areas, &self.fields, shared, self.focus == Pane::Bytes);
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        self.sessions.draw(buffer, shared, self.focus == Pane::Sessions);
        self.timeline.draw(buffer, shared, self.focus == Pane::Timeline);
        self.fields.draw(buffer, shared, self.areas.about, self.focus == Pane::Fields);
        self.bytes.draw(buffer, shared, &self.fields, self.focus == Pane::Bytes);
        for y in self.areas.rule.top()..self.areas.rule.bottom() {
            buffer.set_string(self.areas.rule.x, y, "│", shared.theme.quiet());
        }
    }
}
