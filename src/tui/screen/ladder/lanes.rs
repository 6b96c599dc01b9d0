//! The lifelines of a ladder: one a party, side by side, and where each stands.

use std::net::SocketAddr;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::book::{Book, Session};
use crate::tui::paint::put;
use crate::tui::view::Chosen;
use crate::wire::{Side, words};

/// Columns between two lifelines at least: room for an arrow with a name.
const APART: u16 = 24;
/// More sessions than that have no lifelines of their own, whatever room there is.
const MOST: usize = 16;

/// Lifelines on a line of some width.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    names: Vec<String>,
    /// Each one's column from the beginning.
    at: Vec<u16>,
    /// By number, from 0: the lifelines of a session's client and server. Where it is not here, they are the first and the last.
    sessions: Vec<(u32, [usize; 2])>,
    /// All clients are one lifeline and all servers another.
    pub(super) is_summed: bool,
}

impl Lanes {
    pub(super) fn new(book: &Book, chosen: &Chosen, width: u16) -> Self {
        let mut lanes = Lanes::default();
        let sessions: Vec<&Session> = match chosen {
            Chosen::All => book.sessions().iter().take(MOST + 1).collect(),
            Chosen::Session(number) => book.session(*number).into_iter().collect(),
            Chosen::Sessions(numbers) => {
                numbers.iter().take(MOST + 1).filter_map(|number| book.session(*number)).collect()
            }
        };
        lanes.by_party(&sessions);
        let room = usize::from(width / APART) + 1;
        if sessions.len() > MOST || lanes.names.len() > room.max(2) {
            let of = |what: &str| what.to_owned();
            lanes = Lanes { names: vec![of("clients"), of("servers")], is_summed: true, ..Lanes::default() };
        }
        let count = lanes.names.len() as u16;
        let last = width.saturating_sub(2);
        lanes.at = (0..count).map(|index| 1 + (last.saturating_sub(1)) * index / (count - 1).max(1)).collect();
        lanes
    }

    /// A host that is the client of one session and the server of another is one lifeline, unless sessions are inside of one host.
    fn by_party(&mut self, sessions: &[&Session]) {
        let is_inside = |session: &&Session| session.party(Side::Client).ip() == session.party(Side::Server).ip();
        let by_host = sessions.len() > 1 && !sessions.iter().any(is_inside);
        let name = |address: SocketAddr| if by_host { address.ip().to_string() } else { address.to_string() };
        for session in sessions {
            let own = [Side::Client, Side::Server].map(|side| {
                let name = name(session.party(side));
                self.names.iter().position(|other| *other == name).unwrap_or_else(|| {
                    self.names.push(name);
                    self.names.len() - 1
                })
            });
            self.sessions.push((session.number(), own));
        }
    }

    /// The lifelines of a session's client and server.
    fn of(&self, session: u32) -> [usize; 2] {
        let own = self.sessions.iter().find(|(number, _)| *number == session);
        own.map_or([0, self.names.len().saturating_sub(1)], |(_, own)| *own)
    }

    /// Their names over them.
    pub(super) fn draw_names(&self, buffer: &mut Buffer, line: Rect, style: Style) {
        let last = self.names.len().saturating_sub(1);
        for (index, (name, at)) in self.names.iter().zip(&self.at).enumerate() {
            // Half of the way to the next one is its own.
            let before =
                index.checked_sub(1).and_then(|before| self.at.get(before)).map_or(0, |other| (other + at) / 2);
            let behind = self.at.get(index + 1).map_or(line.width, |other| (other + at) / 2);
            let room = behind.saturating_sub(before).saturating_sub(1);
            let width = (words::width(name) as u16).min(room);
            let start = match index {
                0 => 0,
                _ if index == last => line.width.saturating_sub(width),
                _ => at.saturating_sub(width / 2).max(before),
            };
            put(buffer, Rect { x: line.x + start, width, ..line }, name, style);
        }
    }

    /// The lifelines alone, and words across them.
    pub(super) fn draw_lines(&self, buffer: &mut Buffer, line: Rect, bar: &str, text: &str, styles: (Style, Style)) {
        for at in self.at.iter().filter(|at| **at < line.width) {
            buffer.set_string(line.x + at, line.y, bar, styles.0);
        }
        if text.is_empty() || line.width < 8 {
            return;
        }
        let room = line.width - 6;
        let text = format!(" {} ", words::fit(text, usize::from(room) - 2));
        let width = words::width(&text) as u16;
        put(buffer, Rect { x: line.x + 3 + (room - width.min(room)) / 2, width, ..line }, &text, styles.1);
    }

    /// An arrow from one side of a session to the other, with words on it.
    pub(super) fn draw_arrow(&self, buffer: &mut Buffer, line: Rect, arrow: &Drawn<'_>) {
        self.draw_lines(buffer, line, "│", "", (arrow.quiet, arrow.quiet));
        let [client, server] = self.of(arrow.session).map(|lane| self.at.get(lane).copied().unwrap_or_default());
        let (left, right) = (client.min(server), client.max(server).min(line.width.saturating_sub(1)));
        let to_right = (arrow.from == Side::Client) == (client <= server);
        let (first, end) = (left + 1, right);
        for x in first..end {
            let is_crossed = self.at.contains(&x);
            buffer.set_string(line.x + x, line.y, if is_crossed { "┼" } else { arrow.stroke }, arrow.style);
        }
        if end <= first {
            return;
        }
        let (head, at) = if to_right { ("▶", end - 1) } else { ("◀", first) };
        buffer.set_string(line.x + at, line.y, head, arrow.style);
        let room = (end - first).saturating_sub(5);
        if room < 4 || arrow.text.is_empty() {
            return;
        }
        let fits = words::width(arrow.text) + 2 <= usize::from(room);
        let text = if fits || arrow.short.is_empty() { arrow.text } else { arrow.short };
        let text = format!(" {} ", words::fit(text, usize::from(room) - 2));
        let width = words::width(&text) as u16;
        let x = line.x + first + 2 + (room - width.min(room)) / 2;
        put(buffer, Rect { x, width, ..line }, &text, arrow.text_style);
    }
}

/// How an arrow is drawn.
pub(super) struct Drawn<'a> {
    pub(super) session: u32,
    pub(super) from: Side,
    pub(super) text: &'a str,
    /// What of it says most, for where it has no room.
    pub(super) short: &'a str,
    pub(super) stroke: &'static str,
    pub(super) style: Style,
    pub(super) text_style: Style,
    pub(super) quiet: Style,
}
