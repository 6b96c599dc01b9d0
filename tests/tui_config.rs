//! The screen as a user configured it.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use crossterm::event::KeyCode;
use ratatui::style::Color;
use screen::Screen;

use rtmp_inspect::limits::Limits;
use rtmp_inspect::synth::{Link, pcap, sample};
use rtmp_inspect::tui::{Config, Depth, Look, Options, Scheme};

const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const MEDIA: &str = "nginx-rtmp/obs-publish.pcap";

fn screen(capture: &str, config: &str) -> Screen {
    let look = Look { scheme: Scheme::Dark, depth: Depth::True };
    Screen::with(capture, 100, 30, &Options { look, config: Config::parse(config), ..Options::default() })
}

#[test]
fn keys_are_what_was_chosen_wherever_they_are_named() {
    let mut screen =
        screen(DENIED, "[keys]\nfilter = [\"e\", \"^E\"]\nback = \"F4\"\n[keys.timeline]\nright = \"x\"\n");
    screen.keys("\\");
    screen.has_not(" filter:");
    screen.keys("e");
    screen.has(" filter:");
    screen.keys("no.such").press(KeyCode::Esc);
    screen.keys("esession == 7\n");
    screen.has("F4 drops it");
    screen.press(KeyCode::F(4));
    screen.has_not("shown ");
    screen.keys("?");
    for _ in 0..40 {
        if !screen.text(false).contains("e ^E") {
            screen.keys("j");
        }
    }
    screen.has("e ^E");
}

#[test]
fn what_is_wrong_is_said_and_the_screen_opens() {
    let mut screen = screen(DENIED, "[keys]\nfiltr = \"x\"\nplot = \"y\"\n");
    screen.has(" config.toml, line 2: there is no action `filtr`; did you mean `filter`? (and 1 more)");
    screen.has("connect(1)");
    screen.keys("j");
    screen.has_not("config.toml");
}

#[test]
fn it_begins_as_was_chosen() {
    let screen = screen(MEDIA, "folded = true\ntimes = \"clock\"\n");
    screen.has(" 1/30");
    screen.has(" UTC ");
    let mut second = self::screen(MEDIA, "folded = true\n");
    second.keys("M");
    second.has_not(" 1/30");
    second.has(" time ");
}

#[test]
fn colours_are_what_was_chosen_where_there_are_any() {
    let config = "theme = \"light\"\n[colors]\nclient = \"#010203\"\nstatus = \"bold white on #040506\"\n";
    let has =
        |screen: &Screen, color: Color| screen.buffer().content.iter().any(|cell| cell.fg == color || cell.bg == color);
    let chosen = screen(DENIED, config);
    assert!(has(&chosen, Color::Rgb(1, 2, 3)) && has(&chosen, Color::Rgb(4, 5, 6)));
    // The light scheme's red.
    assert!(has(&chosen, Color::Rgb(0xc0, 0x1c, 0x28)));
    let options = Options { config: Config::parse(config), ..Options::default() };
    let plain = Screen::with(DENIED, 100, 30, &options);
    assert!(plain.buffer().content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

/// What the manual shows can be used as it is.
#[test]
fn the_manual_s_example_is_right() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tui.md")).unwrap();
    let example = manual.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(example.contains("[keys]") && example.contains("[filters]"), "{example}");
    assert_eq!(Config::parse(example).complaints, Vec::<String>::new());
}

/// Of sessions that are longer than what is compared, the beginning is.
#[test]
fn two_sessions_without_end_are_compared_so_far() {
    let most = Limits::DEFAULT.compared_on_screen;
    let mut packets = Vec::new();
    for port in [40_001, 40_002] {
        let pings = |peer: &mut rtmp_inspect::synth::Peer| {
            (0..most as u32 + 200).for_each(|at| {
                peer.ping_request(at);
            });
        };
        let conversation = sample::publish(3).server(|peer| {
            pings(peer);
            peer
        });
        let link = Link { client: std::net::SocketAddr::from(([10, 0, 0, 1], port)), ..Link::v4() };
        packets.extend(link.packets(&conversation));
    }
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("endless.pcap");
    pcap::write(std::fs::File::create(&path).unwrap(), &packets).unwrap();
    let mut screen = Screen::one(path.to_str().unwrap(), 120, 35);
    screen.keys("D");
    screen.has(&format!(" of {most}, not to the end"));
}

/// Filters with names are written by these, and stand behind what was written before.
#[test]
fn filters_have_names() {
    let mut screen = screen(DENIED, "[filters]\ncalls = 'command.transaction_id > 3'\n");
    screen.keys("\\calls");
    screen.has(" Enter applies command.transaction_id > 3");
    screen.keys("\n");
    screen.has("command.transaction_id > 3");
    screen.press(KeyCode::Esc).keys("\\").press(KeyCode::Up);
    screen.has(" filter: command.transaction_id > 3");
}
