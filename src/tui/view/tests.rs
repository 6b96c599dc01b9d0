//! Views over rows that a test makes up: what is shown where, and that growing them in pieces changes nothing.

use proptest::prelude::*;

use super::*;

/// Rows of which each has its session, and may be media.
#[derive(Default)]
struct List {
    rows: Vec<(u32, bool)>,
    sessions: Vec<Blocks<u32>>,
}

impl List {
    fn push(&mut self, session: u32, is_media: bool) {
        while self.sessions.len() <= session as usize {
            self.sessions.push(Blocks::default());
        }
        self.sessions[session as usize].push(self.rows.len() as u32);
        self.rows.push((session, is_media));
    }
}

impl Rows for List {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn session_of(&self, row: u32) -> Option<u32> {
        self.rows.get(row as usize).map(|row| row.0)
    }

    fn of_session(&self, session: u32) -> Option<&Blocks<u32>> {
        self.sessions.get(session as usize)
    }

    fn media(&self, row: u32) -> Option<Media> {
        let is_media = self.rows.get(row as usize)?.1;
        is_media.then_some(Media { video: 1, bytes: u64::from(row), ..Media::default() })
    }
}

fn list(text: &str) -> List {
    let mut list = List::default();
    for letter in text.chars() {
        list.push(u32::from(letter.is_ascii_uppercase()), letter.eq_ignore_ascii_case(&'m'));
    }
    list
}

fn items<R: Rows>(view: &View<R>, rows: &R) -> Vec<Item> {
    (0..view.len(rows)).map(|place| view.item(rows, place).unwrap()).collect()
}

/// A row by its number, a run by its first and last.
fn shown<R: Rows>(view: &View<R>, rows: &R) -> String {
    let one = |item: &Item| match item {
        Item::Row(row) => row.to_string(),
        Item::Run(run) => format!("{}{}-{}", if run.is_open { "o" } else { "" }, run.first, run.last),
    };
    items(view, rows).iter().map(one).collect::<Vec<_>>().join(" ")
}

fn view(rows: &List, chosen: Chosen, folds: bool) -> View<List> {
    let mut view = View::new(chosen, folds, None);
    assert!(view.grow(rows, || false));
    view
}

#[test]
fn runs_of_media_are_one_item_and_open() {
    let rows = list("ammmmabmam");
    let mut view = view(&rows, Chosen::All, true);
    assert_eq!(shown(&view, &rows), "0 1-4 5 6 7 8 9");
    assert!(view.toggle(1) && !view.toggle(2));
    assert_eq!(shown(&view, &rows), "0 o1-4 1 2 3 4 5 6 7 8 9");
    assert!(view.toggle(1));
    assert_eq!(shown(&view, &rows), "0 1-4 5 6 7 8 9");
}

#[test]
fn a_session_and_some_sessions() {
    let rows = list("aMmMbC");
    assert_eq!(shown(&view(&rows, Chosen::Session(1), false), &rows), "1 3 5");
    assert_eq!(shown(&view(&rows, Chosen::Session(1), true), &rows), "1-3 5");
    assert_eq!(shown(&view(&rows, Chosen::Sessions([0].into()), false), &rows), "0 2 4");
    assert_eq!(shown(&view(&rows, Chosen::Sessions([0, 1].into()), true), &rows), "0 1-3 4 5");
    assert_eq!(shown(&view(&rows, Chosen::Session(7), true), &rows), "");
}

#[test]
fn the_view_of_everything_keeps_nothing() {
    let rows = list("ammmam");
    let view = view(&rows, Chosen::All, false);
    assert_eq!((view.runs.len(), view.own.is_none(), view.seen), (0, true, 0));
    assert_eq!(size_of::<Folded>(), 40);
}

#[test]
fn growing_stops_when_time_is_up() {
    let rows = list(&"amm".repeat(1000));
    let mut view: View<List> = View::new(Chosen::All, true, None);
    assert!(!view.grow(&rows, || true));
    assert!(view.is_behind(&rows) && view.len(&rows) < 2 * STRIDE);
    assert!(view.grow(&rows, || false) && !view.is_behind(&rows));
    assert_eq!(view.len(&rows), 2000);
}

fn any_chosen() -> impl Strategy<Value = Chosen> {
    prop_oneof![
        Just(Chosen::All),
        (0_u32..4).prop_map(Chosen::Session),
        prop::collection::btree_set(0_u32..4, 0..4).prop_map(Chosen::Sessions),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn places_and_rows_agree_and_pieces_make_the_whole(
        all in prop::collection::vec((0_u32..3, prop::bool::weighted(0.7)), 0..200),
        pieces in prop::collection::vec(1_usize..40, 1..20),
        chosen in any_chosen(),
        folds: bool,
        filter in prop::option::of(1_u32..4),
        opened in prop::collection::vec(0_usize..60, 0..4),
    ) {
        let make = || -> View<List> {
            let keep = filter.map(|step| Box::new(move |_: &List, row: u32| row.is_multiple_of(step)) as Keep<List>);
            View::new(chosen.clone(), folds, keep)
        };
        let mut rows = List::default();
        let mut grown = make();
        let mut rest = all.iter();
        for piece in pieces.iter().cycle().take(all.len() + 1) {
            rest.by_ref().take(*piece).for_each(|(session, is_media)| rows.push(*session, *is_media));
            let before = grown.len(&rows);
            grown.grow(&rows, || false);
            prop_assert!(grown.len(&rows) >= before, "a list never becomes shorter");
        }
        let mut whole = make();
        whole.grow(&rows, || false);
        prop_assert_eq!(items(&grown, &rows), items(&whole, &rows));

        // Each chosen row is shown or folded, in order, and none twice.
        let is_chosen = |row: &u32| match &chosen {
            Chosen::All => true,
            Chosen::Session(session) => rows.session_of(*row) == Some(*session),
            Chosen::Sessions(sessions) => sessions.contains(&rows.session_of(*row).unwrap()),
        };
        let keeps = |row: &u32| filter.is_none_or(|step| row.is_multiple_of(step));
        let wanted: Vec<_> = (0..rows.len() as u32).filter(|row| is_chosen(row) && keeps(row)).collect();
        let mut told = Vec::new();
        for item in items(&whole, &rows) {
            match item {
                Item::Row(row) => told.push(row),
                Item::Run(run) => {
                    let inside = wanted.iter().filter(|row| (run.first..=run.last).contains(row));
                    let before = told.len();
                    told.extend(inside);
                    prop_assert_eq!(run.media.messages() as usize, told.len() - before);
                }
            }
        }
        prop_assert_eq!(&told, &wanted);
        for place in 0..whole.len(&rows) {
            prop_assert_eq!(whole.place_of(&rows, whole.row_at(&rows, place).unwrap()), place);
        }

        for place in opened {
            whole.toggle(place);
        }
        for row in 0..rows.len() as u32 {
            let place = whole.place_of(&rows, row);
            prop_assert_eq!(whole.holds(&rows, row), wanted.contains(&row));
            if whole.holds(&rows, row) {
                let is_there = match whole.item(&rows, place).unwrap() {
                    Item::Row(at) => at == row,
                    Item::Run(run) => !run.is_open && (run.first..=run.last).contains(&row),
                };
                prop_assert!(is_there, "{row} at {place}");
            }
        }
        let is_open = |item: &Item| matches!(item, Item::Run(run) if run.is_open);
        for (place, item) in items(&whole, &rows).iter().enumerate() {
            prop_assert_eq!(
                whole.place_of(&rows, whole.row_at(&rows, place).unwrap()),
                place + usize::from(is_open(item))
            );
        }
        prop_assert_eq!(whole.item(&rows, whole.len(&rows)), None);
    }
}
