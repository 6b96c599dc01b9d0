//! Where keys lead: from findings to their places, from calls to answers, along counts; and what the screens say of it.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use std::path::Path;

use rtmp_inspect::book::{self, Book, Loader};
use rtmp_inspect::rules::Severity;
use screen::Screen;

const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const FLVFLAGS: &str = "nginx-rtmp/ffmpeg-publish-flvflags.pcap";
const STALLED: &str = "nginx-rtmp/ffmpeg-drop-idle-publisher.pcap";
const RELAYED: &str = "node-media-server/ffmpeg-publish-and-play.pcap";
const HOLES: &str = "transport/format-snaplen-1000.pcap";
const CRTMP: &str = "crtmpserver/ffmpeg-adobe-auth-bad-password.pcap";

/// The selected line of the screen's list.
fn selected(screen: &Screen) -> String {
    let text = screen.text(false);
    text.lines().find(|line| line.starts_with('›')).unwrap_or_default().to_owned()
}

fn flat(screen: &Screen) -> String {
    screen.text(false).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read(capture: &str) -> Book {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(capture);
    let (mut loader, mut book) = Loader::open(&[path], &book::Options::default()).unwrap();
    let mut done = false;
    while !done {
        let batch = loader.read();
        done = batch.progress.done;
        for item in batch.items {
            book.take(item);
        }
    }
    book
}

/// A stall until the end is about no message: it has a time and a packet all the same, and leads to the last frame before it.
#[test]
fn a_finding_about_no_message_has_its_place() {
    for (width, height) in [(80, 24), (120, 35), (200, 50)] {
        let mut screen = Screen::new(&[STALLED], width, height);
        screen.keys("Fjj");
        let line = selected(&screen);
        assert!(line.contains(" 1.960 ") && line.contains(" 364 ") && line.contains("no media"), "{line}");
        assert!(flat(&screen).contains("packets 364 to 369, 1.960 to 7.968"), "{}", screen.text(false));
        screen.keys("\n");
        assert!(screen.line().starts_with("› 139 ") && screen.line().contains(" video "), "{}", screen.text(false));
    }
}

/// Every finding about no message leads to a row of its session, which is none of the findings.
#[test]
fn every_finding_leads_somewhere() {
    let mut exact = 0;
    for capture in
        [STALLED, HOLES, CRTMP, RELAYED, "transport/derived-retransmissions.pcap", "cases/rtmp-to-tls-port.pcap"]
    {
        let book = read(capture);
        for at in 0..book.findings().len() {
            let row = *book.findings().get(at).unwrap();
            let finding = book.finding(row).unwrap();
            let stand = book.stand(row).unwrap_or_else(|| panic!("{capture}: {} leads nowhere", finding.rule.code));
            assert!(book.finding(stand.row).is_none() && book.session_of(stand.row) == Some(finding.session));
            assert_eq!(finding.message.is_some(), book.reference(row).is_some());
            exact += usize::from(finding.message.is_none() && stand.is_exact);
        }
    }
    assert!(exact > 50, "{exact}");
}

/// What is without an answer is what the rules find so.
#[test]
fn calls_without_an_answer_are_those_of_the_rules() {
    let mut all = 0;
    for capture in [DENIED, STALLED, "srs/ffmpeg-publish-busy.pcap", "cases/silent-after-connect.pcap", RELAYED] {
        let book = read(capture);
        let mut found: Vec<u32> = (0..book.findings().len())
            .filter_map(|at| book.finding(*book.findings().get(at)?))
            .filter(|finding| finding.rule.name.ends_with("-unanswered") && finding.judged > Severity::Note)
            .filter(|finding| ["CMD006", "CMD017", "CMD018"].contains(&finding.rule.code))
            .filter_map(|finding| book.row_of(finding.message?))
            .collect();
        found.sort_unstable();
        found.dedup();
        let told: Vec<u32> = book.sessions().iter().flat_map(|session| book.unanswered(session).to_vec()).collect();
        assert_eq!(told, found, "{capture}");
        all += found.len();
    }
    assert!(all >= 2, "{all}");
}

/// What `!` says is not cut where it matters, and a hole is named.
#[test]
fn reasons_are_told_whole() {
    let mut screen = Screen::new(&[DENIED], 80, 24);
    screen.keys("!");
    assert!(flat(&screen).contains("createStream(4); the server closed the connection 0.547 ms later"));
    let mut screen = Screen::new(&[HOLES], 80, 24);
    screen.keys("!");
    assert!(flat(&screen).contains("gap of the client: 514 bytes are missing at offset 934"), "{}", screen.text(false));
}

/// The list of sessions shows the one that the selected row is of.
#[test]
fn the_list_of_sessions_follows() {
    let mut screen = Screen::new(&[CRTMP], 80, 24);
    screen.keys("!");
    let text = screen.text(false);
    assert!(text.lines().any(|line| line.starts_with("▸3 ")), "{text}");
}

#[test]
fn a_comparison_says_which_side_has_no_answer() {
    let mut screen = Screen::new(&[DENIED, FLVFLAGS], 80, 24);
    let text = screen.keys("D").text(false);
    // As the captures were given.
    let head = text.lines().nth(1).unwrap();
    assert!(head.find("ffmpeg-publish-denied").unwrap() < head.find("ffmpeg-publish-flvflags").unwrap(), "{text}");
    for _ in 0..30 {
        if !selected(&screen).contains("→ createStream") {
            screen.keys("j");
        }
    }
    assert!(selected(&screen).matches("createStream").count() == 2, "{}", screen.text(false));
    screen.keys("o");
    assert!(screen.text(false).contains(" session 2: no answer"), "{}", screen.text(false));
    assert!(selected(&screen).contains("_result of createStream"), "{}", screen.text(false));
}

/// A reset comes from who reset; a status has the letter of what it is about, and leads there.
#[test]
fn arrows_come_from_their_senders() {
    let mut screen = Screen::new(&[STALLED], 80, 24);
    screen.keys("LG");
    assert!(selected(&screen).contains('◀') && selected(&screen).contains("reset by the server"));
    for _ in 0..40 {
        if !selected(&screen).contains("publish(5)") {
            screen.keys("k");
        }
    }
    let letter = selected(&screen).split_whitespace().nth(2).unwrap().chars().next().unwrap();
    screen.keys("o");
    let line = selected(&screen);
    assert!(
        line.contains("onStatus") && line.contains(&format!(" {letter}")),
        "{letter}: {line}\n{}",
        screen.text(false)
    );
    screen.keys("\no");
    assert!(screen.line().contains("publish(5)"), "{}", screen.text(false));
}

/// Ladder, comparison and figures are of what the filter lets through, and say so.
#[test]
fn other_screens_follow_the_filter() {
    let mut screen = Screen::new(&[RELAYED], 120, 35);
    screen.keys("\\type == \"command_amf0\"\nL");
    let text = screen.text(false);
    assert!(text.contains("where type == \"command_amf0\"") && !text.contains('═'), "{text}");
    screen.keys("\u{1b}P");
    let text = screen.text(false);
    assert!(text.contains("where type == \"command_amf0\"") && text.contains("nothing of: frame rate"), "{text}");
    screen.keys("\u{1b}D");
    let text = screen.text(false);
    assert!(text.contains(" compared, where type == ") && !text.contains("window_acknowledgement_size"), "{text}");
}

/// Numbers before keys, as vim has them, and its ways to leave.
#[test]
fn numbers_count() {
    let mut screen = Screen::new(&[RELAYED], 120, 35);
    let place = |screen: &Screen| {
        let text = screen.text(false);
        let heading = text.lines().find(|line| line.contains(" what ")).unwrap().trim_end().to_owned();
        heading.rsplit(' ').next().unwrap().split('/').next().unwrap().parse::<usize>().unwrap()
    };
    let first = place(&screen);
    assert!(screen.keys("12").text(false).lines().last().unwrap().contains(" 12…"));
    screen.keys("j");
    assert_eq!(place(&screen), first + 12);
    screen.keys("3k");
    assert_eq!(place(&screen), first + 9);
    screen.keys("10G");
    assert!(screen.line().trim_start_matches('›').trim_start().starts_with("10 "), "{}", screen.text(false));
    // A digit that is written stays one.
    screen.keys("/5");
    let text = screen.text(false);
    assert!(!text.contains("5…") && text.lines().rev().take(2).any(|line| line.contains('5')), "{text}");
    screen.keys("\u{1b}");
    assert!(!screen.app.is_over());
    screen.keys(":wq\n");
    assert!(screen.app.is_over());
}

/// Bytes as the payload alone, and as they came, with all chunk headers.
#[test]
fn bytes_are_shown_in_three_ways() {
    let mut screen = Screen::new(&[DENIED], 120, 35);
    screen.keys("/connect(1)\n⇥⇥");
    assert!(screen.text(false).contains(" chunk header, masked payload "), "{}", screen.text(false));
    screen.keys("B");
    assert!(screen.text(false).contains(" masked payload "), "{}", screen.text(false));
    assert!(screen.text(false).contains("00000  02 00 07 63 6f 6e 6e 65"), "{}", screen.text(false));
    screen.keys("B");
    let text = screen.text(false);
    assert!(text.contains(" wire, 2 chunks, │ packet "), "{text}");
    // Behind 128 bytes of payload the second chunk's header.
    assert!(text.lines().any(|line| line.contains("00080 ") && line.contains(" c3 ")), "{text}");
    screen.keys("B");
    assert!(screen.text(false).contains(" chunk header, masked payload "));
}

/// Nowhere without something to see.
#[test]
fn plots_have_room_everywhere() {
    for (width, height) in [(40, 10), (60, 15), (80, 24)] {
        let mut screen = Screen::new(&[RELAYED], width, height);
        let text = screen.keys("P").text(false);
        assert!(text.contains("bit rate, kbit/s") && text.contains('⣿'), "{text}");
    }
    let mut screen = Screen::new(&["transport/derived-retransmissions.pcap"], 120, 50);
    let text = screen.keys("P8j").text(false);
    assert!(text.lines().any(|line| line.contains("retransmissions, segments/s")), "{text}");
}

/// The mark of the order stands at the title, and covers none.
#[test]
fn the_order_is_marked_at_its_column() {
    let mut screen = Screen::new(&[CRTMP], 80, 24);
    let before = screen.keys("\t").text(false).lines().next().unwrap().to_owned();
    for _ in 0..14 {
        screen.keys("s");
        let line = screen.text(false).lines().next().unwrap().to_owned();
        let words =
            |line: &str| line.replace(['↑', '↓'], " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&line), words(&before));
    }
}
