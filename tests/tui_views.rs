//! The screens that show sessions in other ways than as rows: ladder, comparison, plots.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use screen::Screen;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 35), (200, 50)];
const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const RELAYED: &str = "node-media-server/ffmpeg-publish-and-play.pcap";

/// A snapshot at every size.
fn snapshots(name: &str, captures: &[&str], keys: &str) {
    for (width, height) in SIZES {
        let mut screen = Screen::new(captures, width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.keys(keys).text(true));
    }
}

/// A session: handshake, calls with their answers, media as arrows that count it.
#[test]
fn a_ladder() {
    snapshots("ladder", &[RELAYED], "\tj\nLjjjjjjjjjjj");
}

/// Two sessions: the server's lifeline is in the middle.
#[test]
fn a_ladder_of_two_sessions() {
    snapshots("ladder_of_two", &[RELAYED], "LG");
}

/// More parties than lifelines have room for.
#[test]
fn a_ladder_of_clients_and_servers() {
    let mut screen = Screen::new(&[RELAYED, DENIED, "node-media-server/ffmpeg-publish-bad-sign.pcap"], 80, 24);
    insta::assert_snapshot!(screen.keys("LG").text(true));
}

fn selected(screen: &Screen) -> String {
    let text = screen.text(false);
    text.lines().find(|line| line.starts_with('›')).unwrap_or_default().to_owned()
}

/// From a row to its arrow, from a call to its answer, and back to the row.
#[test]
fn a_ladder_leads_to_rows_and_back() {
    let mut screen = Screen::new(&[RELAYED], 120, 40);
    screen.keys("\tj\n/connect(1)\nL");
    assert!(selected(&screen).contains("connect(1)"), "{}", screen.text(false));
    screen.keys("o");
    assert!(selected(&screen).contains("_result(1)"), "{}", screen.text(false));
    screen.keys("\n");
    let is_at = |screen: &Screen, what: &[&str]| {
        let text = screen.text(false);
        text.lines().any(|line| line.starts_with('›') && what.iter().any(|what| line.contains(what)))
    };
    assert!(is_at(&screen, &[" _result(1)"]), "{}", screen.text(false));
    assert!(screen.text(false).contains("session 1: "));
    // Media is one arrow, from whose first message the timeline goes on.
    screen.keys("LG");
    for _ in 0..100 {
        if selected(&screen).contains('═') {
            break;
        }
        screen.keys("k");
    }
    assert!(selected(&screen).contains(" ×, "), "{}", screen.text(false));
    screen.keys("\n");
    assert!(is_at(&screen, &[" audio ", " video "]), "{}", screen.text(false));
}
