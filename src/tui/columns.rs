//! Columns of a list as data: what each is called, how wide it is and may be, and which go first where there is no room.
//!
//! A list says what columns it has; [`fit`] says where they stand on a line. Titles and cells are then written by the same places, so that they
//! cannot be out of line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::put;
use crate::wire::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Which items stand first when a list is sorted by a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Smallest,
    Largest,
}

impl First {
    fn arrow(self) -> &'static str {
        match self {
            First::Smallest => "↑",
            First::Largest => "↓",
        }
    }
}

/// A column of a list. `Id` tells a list's columns apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<Id> {
    pub(super) id: Id,
    pub(super) title: &'static str,
    /// The title where the other one has no room.
    pub(super) short: &'static str,
    /// Columns of the terminal that it takes, and at least needs; the gap behind it not counted.
    pub(super) ideal: u16,
    pub(super) min: u16,
    /// Between it and the next one.
    pub(super) gap: u16,
    pub(super) align: Align,
    /// Whether it takes what the others leave. One does.
    pub(super) grows: bool,
    pub(super) visible: bool,
    /// Where there is no room, those of the highest rank go first; those of rank 0 stay.
    pub(super) rank: u8,
    /// Whether the list can be sorted by it, and how it is then at first.
    pub(super) sort: Option<First>,
}

impl<Id> Column<Id> {
    /// A column that is as wide as it is, and stays.
    pub(super) const fn new(id: Id, title: &'static str, width: u16, align: Align) -> Self {
        Column {
            id,
            title,
            short: title,
            ideal: width,
            min: width,
            gap: 1,
            align,
            grows: false,
            visible: true,
            rank: 0,
            sort: None,
        }
    }
}

/// What a list is sorted by: a column, and which items stand first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order<Id> {
    pub(super) id: Id,
    pub(super) first: First,
}

impl<Id: Copy + PartialEq> Order<Id> {
    /// The order by the column behind this one's; the list's own behind the last.
    pub(super) fn next(order: Option<Self>, columns: &[Column<Id>]) -> Option<Self> {
        let mut sorts = columns.iter().filter_map(|column| Some(Order { id: column.id, first: column.sort? }));
        match order {
            None => sorts.next(),
            Some(order) => sorts.skip_while(|other| other.id != order.id).nth(1),
        }
    }

    pub(super) fn reversed(self) -> Self {
        let first = match self.first {
            First::Smallest => First::Largest,
            First::Largest => First::Smallest,
        };
        Order { first, ..self }
    }

    /// As a heading has it: `by messages ↓`.
    pub(super) fn name(self, columns: &[Column<Id>]) -> String {
        let title = columns.iter().find(|column| column.id == self.id).map_or("", |column| column.title);
        format!("by {title} {}", self.first.arrow())
    }
}

/// Where a column stands on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<Id> {
    pub(super) id: Id,
    title: &'static str,
    /// From the line's beginning.
    pub(super) at: u16,
    pub(super) width: u16,
    align: Align,
}

/// Where the columns stand on a line that is so wide. Those that are not visible, or have no room, are not among them.
pub(super) fn fit<Id: Copy>(columns: &[Column<Id>], width: u16) -> Vec<Place<Id>> {
    let mut shown: Vec<_> = columns.iter().filter(|column| column.visible).collect();
    let taken = |shown: &[&Column<Id>], is_min: bool| -> u16 {
        let own = |column: &&Column<Id>| column.gap + if is_min || column.grows { column.min } else { column.ideal };
        shown.iter().map(own).fold(0, u16::saturating_add)
    };
    let mut is_min = taken(&shown, false) > width;
    while is_min && taken(&shown, true) > width {
        let Some(last) = shown.iter().map(|column| column.rank).max().filter(|rank| *rank > 0) else { break };
        shown.retain(|column| column.rank != last);
        // There may be room for more than the least again.
        is_min = taken(&shown, false) > width;
    }
    let rest = width.saturating_sub(taken(&shown, is_min));
    let mut at = 0;
    let mut places = Vec::new();
    for column in shown {
        let own = match (column.grows, is_min) {
            (true, _) => column.min + rest,
            (false, true) => column.min,
            (false, false) => column.ideal,
        };
        let title = if words::width(column.title) > usize::from(own) { column.short } else { column.title };
        places.push(Place { id: column.id, title, at, width: own, align: column.align });
        at = at.saturating_add(own).saturating_add(column.gap);
    }
    places
}

impl<Id: Copy + PartialEq> Place<Id> {
    /// Its part of a line; nothing where the line ends before.
    pub(super) fn area(&self, line: Rect) -> Rect {
        let at = self.at.min(line.width);
        Rect { x: line.x + at, width: self.width.min(line.width - at), ..line }
    }

    /// Writes a cell; gives what is left of it.
    pub(super) fn put(&self, buffer: &mut Buffer, line: Rect, text: &str, style: impl Into<Style>) -> Rect {
        let mut area = self.area(line);
        if self.align == Align::Right {
            let empty = area.width.saturating_sub(words::width(text).min(usize::from(u16::MAX)) as u16);
            area = Rect { x: area.x + empty, width: area.width - empty, ..area };
        }
        put(buffer, area, text, style)
    }
}

/// A column's part of a line, with all behind it.
pub(super) fn from<Id: Copy + PartialEq>(places: &[Place<Id>], id: Id, line: Rect) -> Option<Rect> {
    let area = places.iter().find(|place| place.id == id)?.area(line);
    Some(Rect { width: line.right() - area.x, ..area })
}

/// The titles of columns as one line, with an arrow behind the one that the list is sorted by.
pub(super) fn titles<Id: Copy + PartialEq>(places: &[Place<Id>], order: Option<Order<Id>>) -> String {
    let mut text = String::new();
    for place in places {
        let (at, width) = (usize::from(place.at), usize::from(place.width));
        let arrow = order.filter(|order| order.id == place.id).map_or("", |order| order.first.arrow());
        let room = width.saturating_sub(words::width(arrow));
        let title = format!("{}{arrow}", words::fit(place.title, room));
        text = words::pad(&text, at);
        if place.align == Align::Right {
            text = words::pad(&text, at + width.saturating_sub(words::width(&title)));
        }
        text += &words::fit(&title, width);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> [Column<char>; 4] {
        [
            Column { short: "n", ..Column::new('n', "number", 4, Align::Right) },
            Column { rank: 1, ..Column::new('t', "time", 6, Align::Left) },
            Column { rank: 2, min: 3, ..Column::new('k', "kind", 8, Align::Left) },
            Column { grows: true, min: 5, gap: 0, ..Column::new('w', "what", 0, Align::Left) },
        ]
    }

    fn widths(width: u16) -> String {
        let one = |place: &Place<char>| format!("{}{}@{}", place.id, place.width, place.at);
        fit(&columns(), width).iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn columns_shrink_and_then_go_by_rank() {
        assert_eq!(widths(40), "n4@0 t6@5 k8@12 w19@21");
        assert_eq!(widths(26), "n4@0 t6@5 k8@12 w5@21");
        assert_eq!(widths(25), "n4@0 t6@5 k3@12 w9@16");
        assert_eq!(widths(20), "n4@0 t6@5 w8@12");
        assert_eq!(widths(16), "n4@0 w11@5");
        assert_eq!(widths(3), "n4@0 w5@5");
    }

    #[test]
    fn orders_go_around() {
        let mut columns = columns();
        (columns[0].sort, columns[2].sort) = (Some(First::Largest), Some(First::Smallest));
        let by = |order: Option<Order<char>>| order.map(|order| order.name(&columns));
        let first = Order::next(None, &columns);
        let second = Order::next(first, &columns);
        assert_eq!([by(first), by(second)], [Some("by number ↓".to_owned()), Some("by kind ↑".to_owned())]);
        assert_eq!(by(second.map(Order::reversed)).as_deref(), Some("by kind ↓"));
        assert_eq!(Order::next(second, &columns), None);
    }

    #[test]
    fn titles_stand_over_their_cells() {
        assert_eq!(titles(&fit(&columns(), 40), None), "   n time   kind     what");
        let order = Some(Order { id: 't', first: First::Largest });
        assert_eq!(titles(&fit(&columns(), 40), order), "   n time↓  kind     what");
        let mut hidden = columns();
        hidden[1].visible = false;
        assert_eq!(titles(&fit(&hidden, 40), None), "   n kind     what");
    }

    #[test]
    fn cells_are_aligned_and_cut() {
        let line = Rect::new(0, 0, 12, 1);
        let mut buffer = Buffer::empty(line);
        for place in fit(&columns(), line.width) {
            place.put(&mut buffer, line, if place.id == 'n' { "7" } else { "abcdefgh" }, Style::new());
        }
        assert_eq!(buffer, Buffer::with_lines(["   7 abcdef…"]));
    }
}
