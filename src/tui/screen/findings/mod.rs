//! All findings: in groups, the worst first, notes folded until they are asked for; what the selected one is about, why that matters and what
//! to change stands beside, or below where there is no room.

mod groups;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Effect, Room, Screen};
use crate::tui::action::Action;
use crate::tui::columns::{self, Align, Column};
use crate::tui::keymap::Context;
use crate::tui::list::{List, motion};
use crate::tui::paint::{below, beside, column, heading, lines, put, wrap};
use crate::tui::shared::Shared;
use crate::wire::Time;
use crate::wire::words::{self, count, counted};
use groups::{Groups, Key, Place};

/// From this width on the explanation stands beside the list.
const WIDE: u16 = 120;

/// In front of a time: that of the last row before.
const ABOUT: &str = "~";

/// The screen; see the module.
pub(in crate::tui) struct Findings {
    groups: Groups,
    list: List,
    /// The finding to go to once it is there.
    wanted: Option<u32>,
    area: Rect,
    beside: Rect,
}

impl Findings {
    /// At what was found about the row that the user is at, and otherwise at the worst.
    pub(in crate::tui) fn new(shared: &Shared) -> Self {
        let is_finding = |row: &u32| shared.book.finding(*row).is_some();
        let worst = |row: u32| {
            let severity =
                |row: &u32| shared.book.finding(*row).map(|finding| (finding.rule.rejects(), finding.severity));
            shared.book.about(row).max_by_key(severity)
        };
        Findings {
            groups: Groups::new(false, false),
            // The first finding in the first group.
            list: List { selected: 1, ..List::default() },
            wanted: shared.row.and_then(|row| Some(row).filter(is_finding).or_else(|| worst(row))),
            area: Rect::ZERO,
            beside: Rect::ZERO,
        }
    }

    fn selected(&self) -> Option<Place> {
        self.groups.get(self.list.selected)
    }

    fn lines(&self) -> usize {
        usize::from(self.area.height.saturating_sub(1))
    }

    /// The groups are other ones; what is selected stays so, where it is still there.
    fn regroup(&mut self, by_session: bool, notes: bool, shared: &Shared) {
        let selected = match self.selected() {
            Some(Place::Finding(_, row)) => Some(row),
            _ => None,
        };
        self.groups = Groups::new(by_session, notes);
        self.groups.grow(&shared.book);
        let is_kept = |row: &u32| {
            let finding = shared.book.finding(*row);
            notes || finding.is_some_and(|finding| finding.rule.rejects() || !finding.is_background())
        };
        let place = selected.filter(is_kept).and_then(|row| self.groups.place_of(row));
        self.list = List { selected: place.unwrap_or(1), ..List::default() };
    }

    /// Opens or closes the selected group; closing goes from a finding to its group.
    fn fold(&mut self, is_open: bool, shared: &Shared) {
        match self.selected() {
            Some(Place::Head(at)) => self.groups.open(at, is_open),
            Some(Place::Finding(at, _)) if !is_open => {
                self.list.selected = self.groups.place_of_head(at).unwrap_or_default();
            }
            Some(Place::Notes(_)) if is_open => self.show_notes(shared),
            _ => {}
        }
    }

    /// Shows notes too; the selection stays where it is, which is at the first of them if it was at what stood for them.
    fn show_notes(&mut self, shared: &Shared) {
        let selected = self.list.selected;
        self.regroup(self.groups.by_session, true, shared);
        self.list.selected = selected;
    }

    fn open(&mut self, shared: &Shared) -> Vec<Effect> {
        match self.selected() {
            Some(Place::Finding(_, row)) => {
                let place = shared.book.stand(row).map_or(row, |stand| stand.row);
                return vec![Effect::Close, Effect::GoTo(place)];
            }
            Some(Place::Head(at)) => {
                let is_open = self.groups.group(at).is_some_and(|group| group.is_open);
                self.groups.open(at, !is_open);
            }
            Some(Place::Notes(_)) => self.show_notes(shared),
            None => {}
        }
        Vec::new()
    }

    fn draw_line(&self, buffer: &mut Buffer, line: Rect, shared: &Shared, place: Place) {
        let (theme, book) = (&shared.theme, &shared.book);
        match place {
            Place::Head(at) => {
                let Some(group) = self.groups.group(at) else { return };
                let at = put(buffer, line, if group.is_open { " ▾ " } else { " ▸ " }, theme.quiet());
                match group.key {
                    Key::Rule(..) => {
                        let Some(finding) = book.finding(group.first) else { return };
                        let at = column(buffer, at, 8, finding.severity.name(), theme.severity(finding.severity));
                        let at =
                            put(buffer, at, &format!("{} {}", finding.rule.code, finding.rule.name), theme.strong());
                        let times = times(group.times, group.sessions.len());
                        put(buffer, at, &format!("  {times}"), theme.quiet());
                    }
                    Key::Session(number) => {
                        let Some(session) = book.session(number) else { return };
                        let at = put(buffer, at, &format!("session {number}  "), theme.strong());
                        let at = put(buffer, at, &book.outcome(session), theme.fate(session.fate()));
                        put(buffer, at, &format!("  {}", count(group.findings, "finding")), theme.quiet());
                    }
                }
            }
            Place::Finding(_, row) => self.draw_finding(buffer, line, shared, row),
            Place::Notes(folded) => {
                let are = words::plural(folded, "is", "are");
                let key = shared.keys.first(Context::Findings, Action::Notes);
                let text = format!(" ▸ {} {are} folded: {key} shows them", count(folded, "note"));
                put(buffer, line, &text, theme.quiet());
            }
        }
    }

    /// The columns of a finding's line.
    fn columns(&self, shared: &Shared) -> [Column<char>; 7] {
        let book = &shared.book;
        let digits = |number: u64| number.max(1).ilog10() as u16 + 1;
        let sessions = book.sessions().len() as u64;
        let seconds = book.widest().last.zip(shared.progress.start).map_or(0, |(last, start)| last.since(start));
        let seconds = digits((seconds / 1_000_000_000).unsigned_abs()).max(3);
        [
            Column { gap: 0, ..Column::new('m', "", 4, Align::Left) },
            Column::new('n', "n", digits(book.messages()).max(3), Align::Right),
            Column::new('t', "time", seconds + 5, Align::Right),
            Column { rank: 1, ..Column::new('p', "packet", digits(shared.progress.packets).max(6), Align::Right) },
            Column {
                visible: sessions > 1 && !self.groups.by_session,
                ..Column::new('s', "ses", digits(sessions).max(3), Align::Right)
            },
            Column { visible: self.groups.by_session, ..Column::new('r', "rule", 7, Align::Left) },
            Column { grows: true, gap: 0, ..Column::new('w', "what", 20, Align::Left) },
        ]
    }

    fn draw_finding(&self, buffer: &mut Buffer, line: Rect, shared: &Shared, row: u32) {
        let (theme, book) = (&shared.theme, &shared.book);
        let Some(finding) = book.finding(row) else { return };
        let columns = self.columns(shared);
        let stand = book.stand(row);
        let start = shared.progress.start;
        let time = stand.map(|stand| {
            let about = if stand.is_exact { "" } else { ABOUT };
            format!("{about}{}", words::seconds(stand.at.since(start.unwrap_or(stand.at)), 3))
        });
        let packet = stand.map(|stand| stand.packet.to_string()).unwrap_or_default();
        let what = shared.text(row).map_or("", |text| text.what.as_str());
        // The rule's name stands above it.
        let what = what.strip_prefix(finding.rule.name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(what);
        for place in columns::fit(&columns, line.width) {
            let (text, style) = match place.id {
                'n' => (finding.message.map(|n| n.to_string()).unwrap_or_default(), Style::new()),
                't' => (time.clone().unwrap_or_default(), theme.quiet()),
                'p' => (packet.clone(), theme.quiet()),
                's' => (finding.session.to_string(), theme.quiet()),
                'r' => (finding.rule.code.to_owned(), theme.severity(finding.severity)),
                'w' => (what.to_owned(), Style::new()),
                _ => continue,
            };
            place.put(buffer, line, &text, style);
        }
    }

    /// What the selected line is about: the finding whole, then what to change, why, and what the rule checks.
    fn explanation(&self, shared: &Shared) -> Vec<(String, Style)> {
        let (book, theme) = (&shared.book, &shared.theme);
        let mut told = Vec::new();
        match self.selected() {
            Some(Place::Finding(_, row)) => {
                let Some(finding) = book.finding(row) else { return told };
                let text = shared.text(row).map_or("", |text| text.what.as_str());
                told.push((text.to_owned(), theme.severity(finding.severity)));
                let message = finding.message.map(|n| format!(", message {n}")).unwrap_or_default();
                let (first, last) = finding.packets;
                let packets =
                    if first == last { format!("packet {first}") } else { format!("packets {first} to {last}") };
                let since = |at: Time| words::seconds(at.since(shared.progress.start.unwrap_or(at)), 3);
                let from = book.stand(row).filter(|stand| stand.is_exact).map(|stand| stand.at);
                let until = book.stands_until(row).filter(|_| first != last);
                let when = match (from, until) {
                    (Some(from), Some(until)) if from < until => format!(", {} to {} s", since(from), since(until)),
                    (Some(at), _) | (None, Some(at)) => format!(", {} s", since(at)),
                    (None, None) => String::new(),
                };
                told.push((format!("session {}{message}, {packets}{when}", finding.session), theme.quiet()));
                explain(row, shared, &mut told);
            }
            Some(Place::Head(at)) => match self.groups.group(at).map(|group| (group.first, group.key)) {
                Some((first, Key::Rule(..))) => {
                    let Some(finding) = book.finding(first) else { return told };
                    let title = format!("{} {}", finding.rule.code, finding.rule.name);
                    told.push((title, theme.severity(finding.severity)));
                    explain(first, shared, &mut told);
                }
                Some((_, Key::Session(number))) => {
                    let Some(session) = book.session(number) else { return told };
                    told.push((session.parties(), theme.strong()));
                    let first = book.first(session);
                    let outcome = first.map_or_else(|| book.outcome(session), |first| book.reason(session, first.row));
                    told.push((outcome, theme.fate(session.fate())));
                }
                None => {}
            },
            Some(Place::Notes(_)) => {
                let what = "These say how a peer does things: legal, and seen on session after session.";
                told.push((what.to_owned(), Style::new()));
            }
            None => {}
        }
        told
    }
}

/// What the rule of a finding says.
fn explain(row: u32, shared: &Shared, told: &mut Vec<(String, Style)>) {
    told.push((String::new(), Style::new()));
    told.extend(shared.book.explain(row).into_iter().map(|text| (text, Style::new())));
}

/// `3 times in 2 sessions`.
fn times(times: u64, sessions: usize) -> String {
    format!("{} in {}", count(times, "time"), counted(sessions, "session", "sessions"))
}

impl Screen for Findings {
    fn context(&self) -> Context {
        Context::Findings
    }

    fn offers(&self, action: Action, _shared: &Shared) -> bool {
        match action {
            Action::Open => self.selected().is_some(),
            Action::GroupFindings => self.groups.total() > 0,
            Action::Notes => self.groups.notes || self.groups.folded() > 0,
            _ => true,
        }
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        self.wanted = None;
        match action {
            Action::Back => return vec![Effect::Close],
            Action::Open => return self.open(shared),
            Action::Right => self.fold(true, shared),
            Action::Left => self.fold(false, shared),
            Action::GroupFindings => self.regroup(!self.groups.by_session, self.groups.notes, shared),
            Action::Notes => self.regroup(self.groups.by_session, !self.groups.notes, shared),
            _ => {
                if let Some(by) = motion(action, self.lines()) {
                    self.list.step(by, self.groups.len());
                }
            }
        }
        Vec::new()
    }

    fn list(&mut self) -> Option<(&mut List, Rect, usize)> {
        self.wanted = None;
        let length = self.groups.len();
        Some((&mut self.list, below(self.area), length))
    }

    fn prepare(&mut self, room: Room, shared: &mut Shared) {
        let body = room.body;
        if body.width >= WIDE {
            let width = body.width * 3 / 5;
            self.area = Rect { width, ..body };
            self.beside = Rect { x: body.x + width + 1, width: body.width - width - 1, ..body };
        } else {
            let height = body.height / 2;
            self.area = Rect { height: body.height - height, ..body };
            self.beside = Rect { y: body.y + self.area.height, height, ..body };
        }
        let selected = match self.selected() {
            Some(Place::Finding(_, row)) => Some(row),
            _ => None,
        };
        if self.groups.grow(&shared.book)
            && let Some(place) = self.wanted.or(selected).and_then(|row| self.groups.place_of(row))
        {
            self.list.selected = place;
        }
        self.list.reveal(self.lines(), self.groups.len());
        if self.list.selected == 1 {
            self.list.top = 0;
        }
        let shown = (self.list.top..self.list.top + self.lines()).filter_map(|place| self.groups.get(place));
        let rows: Vec<_> = shown
            .filter_map(|place| match place {
                Place::Finding(_, row) => Some(row),
                _ => None,
            })
            .collect();
        shared.prepare_texts(rows.into_iter());
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        let order = if self.groups.by_session { "findings by session" } else { "findings by rule" };
        let right = match (self.groups.total(), shared.progress.done) {
            (0, true) => "nothing was found".to_owned(),
            (0, false) => "nothing was found yet".to_owned(),
            _ => format!("{order} {}/{}", self.list.selected + 1, self.groups.len()),
        };
        let titles = columns::titles(&columns::fit(&self.columns(shared), self.area.width), None);
        let body = heading(buffer, self.area, theme, true, &beside(&titles, &right, self.area.width), &right);
        for (place, line) in (self.list.top..self.groups.len()).zip(lines(body)) {
            if let Some(place) = self.groups.get(place) {
                self.draw_line(buffer, line, shared, place);
            }
            if place == self.list.selected {
                put(buffer, line, "›", theme.strong());
                buffer.set_style(line, theme.selection(true));
            }
        }
        if self.beside.x > self.area.x {
            for y in self.area.top()..self.area.bottom() {
                buffer.set_string(self.area.right(), y, "│", theme.quiet());
            }
        }
        let key = shared.keys.first(Context::Findings, Action::Open);
        let hint = match self.selected() {
            Some(Place::Finding(..)) => format!("{key} goes there"),
            _ => String::new(),
        };
        let body = heading(buffer, self.beside, theme, false, " what it is", &hint);
        draw_text(buffer, body, &self.explanation(shared));
    }
}

/// Paragraphs in an area; where they have no room, the last line says so.
fn draw_text(buffer: &mut Buffer, area: Rect, paragraphs: &[(String, Style)]) {
    let width = usize::from(area.width.saturating_sub(2));
    let all: Vec<(String, Style)> =
        paragraphs.iter().flat_map(|(text, style)| wrap(text, width).into_iter().map(|line| (line, *style))).collect();
    let room = usize::from(area.height);
    for (index, ((text, style), line)) in all.iter().zip(lines(area)).enumerate() {
        let is_cut = index + 1 == room && all.len() > room;
        let line = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
        let text = if is_cut { format!("{text}…") } else { text.clone() };
        put(buffer, line, &text, *style);
    }
}
