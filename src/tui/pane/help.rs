//! The window of keys, over everything else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use super::{column, put};
use crate::tui::app::App;
use crate::tui::keymap::BINDINGS;

/// Columns of the keys, and of the whole.
const KEYS: u16 = 14;
const WIDTH: u16 = 72;

/// The keys, made from their table.
pub(super) fn draw(buffer: &mut Buffer, screen: Rect, app: &App) {
    let (width, height) = (WIDTH.min(screen.width), (BINDINGS.len() as u16 + 2).min(screen.height));
    let area =
        Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height };
    Clear.render(area, buffer);
    let block =
        Block::bordered().title(" keys ").title_bottom(" → client to server  ← server to client  ~ read otherwise ");
    let inside = block.inner(area);
    block.render(area, buffer);
    for (binding, line) in BINDINGS.iter().zip(super::lines(inside)) {
        let keys = binding.keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(" ");
        let at = column(buffer, line, 1, "", app.theme.quiet());
        let at = column(buffer, at, KEYS, &keys, app.theme.strong());
        put(buffer, at, binding.help, app.theme.quiet());
    }
}
