//! Any keys, on a screen of any size.
#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use crossterm::event::{KeyCode, KeyEvent};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use screen::Screen;

use rtmp_inspect::tui::BINDINGS;

const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const TWO_SESSIONS: &str = "node-media-server/ffmpeg-publish-bad-sign.pcap";

/// Keys as fingers hit them: most do something.
fn any_key() -> impl Strategy<Value = KeyEvent> {
    let known: Vec<_> = BINDINGS.iter().flat_map(|binding| &binding.keys).map(|key| key.event()).collect();
    let known = prop::sample::select(known);
    prop_oneof![
        8 => known,
        1 => any::<char>().prop_map(|letter| KeyEvent::from(KeyCode::Char(letter))),
        1 => prop::sample::select(vec![KeyCode::Backspace, KeyCode::Delete, KeyCode::F(1)]).prop_map(KeyEvent::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_at_any_size_panic(
        capture in prop::sample::select(vec![
            DENIED,
            TWO_SESSIONS,
            "transport/format-snaplen-1000.pcap",
            "nginx-rtmp/not-rtmp-http-and-tls.pcap",
        ]),
        keys in prop::collection::vec(any_key(), 1..60),
        sizes in prop::collection::vec((1_u16..230, 1_u16..70), 1..6),
    ) {
        // Some of them write files.
        std::env::set_current_dir(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut screen = Screen::one(capture, 80, 24);
        for (index, key) in keys.iter().enumerate() {
            if index % 10 == 0 {
                let (width, height) = sizes[index / 10 % sizes.len()];
                screen.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            }
            screen.app.key(*key);
            screen.show();
        }
    }
}
