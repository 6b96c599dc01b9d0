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

const NGINX: &str = "nginx-rtmp/ffmpeg-publish-flvflags.pcap";

/// Two servers, each from a capture of its own.
#[test]
fn a_comparison() {
    snapshots("comparison", &[NGINX, DENIED], "Dno");
}

/// Two rows, which were marked.
#[test]
fn a_comparison_of_two_rows() {
    let mut screen = Screen::new(&[DENIED], 80, 24);
    insta::assert_snapshot!(screen.keys("/set_chunk_size\nmnmD").text(true));
}

/// The walk of docs/tui.md, from the first screen on: which field differs between the answers of two servers to connect.
#[test]
fn a_field_that_differs_between_two_servers_is_found() {
    let mut screen = Screen::new(&[NGINX, DENIED], 80, 24);
    let text = screen.keys("Dno").text(false);
    assert!(text.lines().any(|line| line.starts_with("›≠ ← _result of connect")), "{text}");
    let field = text.lines().find(|line| line.contains("fmsVer")).unwrap();
    assert!(field.contains('≠') && field.contains("FMS/3,0,1,123") && field.contains("FMS/3,5,3,888"), "{text}");
    // And how long it took is not among what differs.
    screen.resize(200, 50);
    let text = screen.text(false);
    assert!(text.lines().any(|line| line.contains('≈') && line.contains("latency")), "{text}");
}

/// From difference to difference, to the last one, and back to the first.
#[test]
fn a_comparison_is_gone_through() {
    let mut screen = Screen::new(&[NGINX, DENIED], 120, 35);
    let first = screen.keys("D").text(false);
    let mut steps = 1;
    while !screen.keys("n").text(false).contains("no difference below") {
        steps += 1;
    }
    assert!(first.contains(&format!("steps that differ: {steps} of ")), "{steps}: {first}");
    for _ in 1..steps {
        screen.keys("N");
    }
    assert_eq!(screen.text(false), first);
    // The selected field stays when those that are the same are shown.
    let field = |screen: &Screen| screen.text(false).lines().last().map(str::to_owned);
    let before = field(&screen);
    assert!(screen.keys("a").text(false).contains("step/session") && field(&screen) == before);
}

#[test]
fn what_is_to_be_compared_is_asked_for() {
    let mut screen = Screen::new(&[DENIED], 80, 24);
    assert!(
        screen.keys("D").text(false).contains("nothing to compare: m marks two sessions"),
        "{}",
        screen.text(false)
    );
    screen.keys("mjD");
    assert!(screen.text(false).contains("compared"), "{}", screen.text(false));
    // The first and the last of three sessions, which are marked.
    let mut screen = Screen::new(&["node-media-server/ffmpeg-publish-bad-sign.pcap", DENIED], 120, 35);
    assert!(screen.keys("D").text(false).contains("nothing to compare"));
    let text = screen.keys("\tjmjjmD").text(false);
    assert!(text.contains(" 1: ffmpeg-publish") && text.contains(" 3: ffmpeg-publish"), "{text}");
    assert!(text.matches(" → 127.0.0.1:1935").count() == 2, "{text}");
}

#[test]
fn plots() {
    snapshots("plots", &[RELAYED], "\tjP→→→→→→→→→→");
}

/// Zooming in keeps the cursor where it is, and Enter goes to its message.
#[test]
fn plots_are_zoomed_and_lead_to_rows() {
    let mut screen = Screen::new(&[RELAYED], 120, 35);
    let all = screen.keys("\tjP").text(false);
    assert!(all.contains("8.194 s"), "{all}");
    for _ in 0..60 {
        screen.keys("→");
    }
    let at = |screen: &Screen| {
        let text = screen.text(false);
        let times = text.lines().find(|line| line.starts_with("         ") && line.ends_with(" s")).unwrap_or_default();
        times.split(" s").map(|time| time.trim().to_owned()).filter(|time| !time.is_empty()).collect::<Vec<_>>()
    };
    let before = at(&screen);
    assert_eq!(before.len(), 3, "{}", screen.text(false));
    screen.keys("+++");
    let zoomed = at(&screen);
    assert_eq!(zoomed[1], before[1], "{}", screen.text(false));
    assert!(zoomed[0] > before[0] && zoomed[2] < before[2], "{zoomed:?}");
    assert_eq!(at(screen.keys("---")), before);
    let cursor: f64 = before[1].parse().unwrap();
    screen.keys("\n");
    let text = screen.text(false);
    let is_media = |line: &&str| line.starts_with('›') && (line.contains(" audio ") || line.contains(" video "));
    let row = text.lines().find(is_media).unwrap_or_default();
    let time = row.split_whitespace().find_map(|word| word.parse::<f64>().ok().filter(|_| word.contains('.')));
    assert!(time.is_some_and(|time| (time - cursor).abs() < 0.2), "{cursor}: {text}");
}

/// Without a session there is nothing to show, and that is said.
#[test]
fn nothing_to_show() {
    let mut screen = Screen::new(&["nginx-rtmp/not-rtmp-http-and-tls.pcap"], 80, 24);
    assert!(screen.keys("P").text(false).contains("there is no session"));
    assert!(screen.keys("L").text(false).contains("there is no session"));
    // Nothing that is offered leads nowhere.
    let text = screen.keys("\t⇥").text(false);
    assert!(text.lines().last().is_some_and(|keys| keys.contains("? help") && !keys.contains("why")), "{text}");
}

/// The walk of docs/tui.md: a stream that stops before its session ends shows where.
#[test]
fn a_stall_is_seen() {
    let mut screen = Screen::new(&["cases/stall-to-end-fin.pcap"], 80, 24);
    let rate = |screen: &Screen| {
        let text = screen.text(false);
        text.lines().find(|line| line.contains("frame rate, ")).unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    screen.keys("P");
    assert_ne!(rate(&screen), "0");
    screen.keys("G");
    assert_eq!(rate(&screen), "0", "{}", screen.text(false));
}
