//! The report: a page that is whole and sound whatever was captured, says what it leaves out, and leads where it says.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::hostile::hostile;
use rtmp_inspect::book::{Loader, Options};
use rtmp_inspect::export::report::{Asked, html, limits};
use rtmp_inspect::filter::Filter;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::synth::{Amf, Connection, Conversation, Link, Packet, pcap, sample};
use rtmp_inspect::wire::{Side, Time};
use tempfile::NamedTempFile;

/// A capture's page, as the program writes it.
fn page_of(captures: &[PathBuf], asked: Asked) -> String {
    page_with(captures, asked, false)
}

fn page_with(captures: &[PathBuf], asked: Asked, show_secrets: bool) -> String {
    let options = Options { show_secrets, ..Options::default() };
    let (mut loader, mut book) = Loader::open_under(captures, &options, &limits(&asked.limits)).unwrap();
    let mut asked = Asked { files: captures.to_vec(), ..asked };
    loop {
        let batch = loader.read();
        book.begin(batch.progress.start);
        asked.start = batch.progress.start;
        asked.packets = batch.progress.packets;
        for item in batch.items {
            book.take(item);
        }
        if batch.progress.done {
            asked.complaints.extend(batch.progress.complaints);
            break;
        }
    }
    let mut page = Vec::new();
    html(&mut page, &book, &asked).unwrap();
    String::from_utf8(page).unwrap()
}

fn file(packets: &[Packet]) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".pcap").unwrap();
    let mut bytes = Vec::new();
    pcap::write(&mut bytes, packets).unwrap();
    file.write_all(&bytes).unwrap();
    file
}

fn page_under(packets: &[Packet], limits: Limits) -> String {
    let capture = file(packets);
    page_of(&[capture.path().to_owned()], Asked { limits, ..Asked::default() })
}

fn page(packets: &[Packet]) -> String {
    page_under(packets, Limits::default())
}

fn of(conversation: &Conversation) -> String {
    page(&Link::v4().packets(conversation))
}

fn small(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// A capture's page by its name.
fn captured(name: &str) -> String {
    page_of(&[common::capture(name)], Asked::default())
}

/// The page without its style and script.
fn main_of(page: &str) -> &str {
    let (_, main) = page.split_once("<main").unwrap();
    main.rsplit_once("</main>").unwrap().0
}

/// A tag of a page: whether it ends an element, its name, its attributes.
struct Tag {
    is_end: bool,
    name: String,
    attributes: BTreeMap<String, String>,
}

/// Reads a page strictly: each tag has the form that the program writes, and nothing else does.
fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a loose > in {:?}", &rest[..start]);
        let (tag, behind) = rest[start + 1..].split_once('>').unwrap();
        rest = behind;
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let (name, mut said) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{tag}");
        let mut attributes = BTreeMap::new();
        while !said.is_empty() {
            let end = said.find(['=', ' ']).unwrap_or(said.len());
            let (key, after) = said.split_at(end);
            assert!(!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{tag}");
            let (value, after) = match after.strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').unwrap(),
                None => ("", after),
            };
            said = after.strip_prefix(' ').unwrap_or(after);
            assert!(attributes.insert(key.to_owned(), value.to_owned()).is_none(), "{key} twice in {tag}");
        }
        tags.push(Tag { is_end, name: name.to_owned(), attributes });
    }
    tags
}

/// What is so of every page.
fn assert_sound(page: &str) {
    let main = format!("<main{}</main>", main_of(page));
    let tags = tags(&main);
    let mut open: Vec<&str> = Vec::new();
    let (mut ids, mut targets, mut level) = (BTreeSet::new(), BTreeSet::new(), 0);
    for Tag { is_end, name, attributes } in &tags {
        let is_void = ["br", "wbr", "input"].contains(&name.as_str());
        match is_end {
            true => assert_eq!(open.pop(), Some(name.as_str())),
            false if !is_void => open.push(name),
            false => {}
        }
        if let Some(heading) = name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()).filter(|_| !is_end) {
            assert!(heading <= level + 1, "h{heading} below h{level}");
            level = heading;
        }
        assert!(!["script", "style", "img", "link", "iframe", "object", "base", "meta"].contains(&name.as_str()));
        for (key, value) in attributes {
            assert!(
                !key.starts_with("on") && !["src", "srcdoc", "action", "formaction"].contains(&key.as_str()),
                "{key}"
            );
            match key.as_str() {
                "id" => assert!(ids.insert(value.clone()), "{value} twice"),
                "href" => drop(targets.insert(value.strip_prefix('#').unwrap().to_owned())),
                "aria-labelledby" | "for" => drop(targets.insert(value.clone())),
                "style" => panic!("{value}"),
                _ => {}
            }
        }
        if *name == "th" && !is_end {
            assert!(attributes.contains_key("scope"));
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let lost: Vec<_> = targets.difference(&ids).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(main.matches("<h1").count(), 1);
}

/// The text of a page, a line an element that breaks lines.
fn text_of(page: &str) -> String {
    let mut text = String::new();
    for part in main_of(page).split('<').skip(1) {
        let (tag, said) = part.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        let breaks = ["h1", "h2", "h3", "h4", "p", "tr", "li", "dt", "figcaption", "summary", "caption", "g", "option"];
        if breaks.contains(&name) && !text.ends_with('\n') {
            text.push('\n');
        } else if ["td", "th", "dd", "span", "text", "title"].contains(&name) && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
        text.push_str(said.trim_matches('\n'));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).output().unwrap()
}

#[test]
fn the_page_of_every_capture_is_sound() {
    for capture in common::captures() {
        assert_sound(&page_of(&[capture], Asked::default()));
    }
    assert_sound(&page_of(
        &[common::capture("srs/edge-publish.pcapng"), common::capture("ftl/janus-publish.pcap")],
        Asked::default(),
    ));
}

#[test]
fn a_page_says_what_happened() {
    let page = captured("nginx-rtmp/rtmpdump-play-denied.pcap").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(text_of(&page));
}

#[test]
fn no_text_from_the_wire_is_markup() {
    let capture = file(&Link::v4().packets(&hostile()));
    let captures = [capture.path().to_owned()];
    let asked = Asked {
        filter: Some(("name == \"<script>alert(2)</script>\u{202e}".to_owned(), Filter::parse("!video").unwrap())),
        complaints: vec!["<script>alert(3)</script>\u{1b}[2J\n\u{202e}".to_owned()],
        ..Asked::default()
    };
    // Its stream is called so too: masked, little of the text is left.
    let masked = page_of(&captures, asked.clone());
    let shown = page_with(&captures, asked, true);
    assert!(shown.matches("&lt;script&gt;alert(1)").count() > 10);
    for page in [masked, shown] {
        assert_sound(&page);
        let (head, _) = page.split_once("<main").unwrap();
        assert!(head.contains("default-src 'none'") && head.contains("script-src 'sha256-") && !head.contains("alert"));
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("&lt;script&gt;alert(2)") && page.contains("&lt;script&gt;alert(3)"));
        common::acting::assert_plain(&page.replace('\n', " "));
    }
}

/// The policy lets the page's own script run, and that is the one it has.
#[test]
fn the_policy_names_the_script_by_its_hash() {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};

    let page = of(&sample::publishing());
    let (_, script) = page.split_once("<script>").unwrap();
    let (script, _) = script.split_once("</script>").unwrap();
    let hash = base64::prelude::BASE64_STANDARD.encode(Sha256::digest(script));
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")));
    assert!(!script.contains('<') || !script.contains("</"), "nothing in it ends it");
}

#[test]
fn a_finding_and_its_message_lead_to_each_other() {
    let page = captured("nginx-rtmp/gst-librtmp-publish-rejected-key.pcap");
    let tags = tags(&format!("<main{}</main>", main_of(&page)));
    let links: BTreeSet<&String> = tags.iter().filter_map(|tag| tag.attributes.get("href")).collect();
    let places = tags.iter().filter_map(|tag| tag.attributes.get("id")?.strip_prefix("finding-").map(str::to_owned));
    let places: Vec<String> = places.collect();
    assert!(places.len() > 5, "{places:?}");
    for finding in places {
        assert!(links.contains(&format!("#finding-{finding}")), "nothing leads to finding {finding}");
        assert!(links.contains(&format!("#row-{finding}")), "finding {finding} leads nowhere");
    }
    // The bytes of publish, with nothing of its name.
    assert!(page.contains("publish-unanswered") && page.contains("Bytes of message 10"));
    assert!(page.contains("000010</span>  75 62 6c 69 73 68 00 "), "{page}");
}

#[test]
fn the_marked_bytes_are_the_fault_s() {
    // A data message in which a value of an unknown type stands behind its name.
    let page = captured("cases/window-with-short-header.pcap");
    let marked: Vec<&str> = page.split("<mark>").skip(1).map(|rest| rest.split("</mark>").next().unwrap()).collect();
    assert!(!marked.is_empty());
    for digits in marked.iter().step_by(2) {
        assert!(digits.split(' ').all(|byte| byte.len() == 2 && u8::from_str_radix(byte, 16).is_ok()), "{digits}");
    }
}

#[test]
fn the_summary_comes_first_and_says_why() {
    let summary = |page: &str| {
        let (_, rest) = page.split_once("<p class=\"summary ").unwrap();
        rest.split("</p>").next().unwrap().to_owned()
    };
    let is = |page: &str, words: &str| assert!(summary(page).contains(words), "{}", summary(page));
    is(
        &captured("nginx-rtmp/gst-librtmp-publish-rejected-key.pcap"),
        "refused\">The session was refused: publish, hung up",
    );
    is(&captured("nginx-rtmp/ffmpeg-publish-and-play.pcapng"), "well\">Both sessions went well. No error or warning");
    is(&captured("nginx-rtmp/not-rtmp-http-and-tls.pcap"), "dark\">No session was found.");
    let asked = Asked { session: Some(9), ..Asked::default() };
    is(&page_of(&[common::capture("nginx-rtmp/obs-publish.pcap")], asked), "There is no session 9");
}

#[test]
fn what_a_filter_and_a_session_leave_is_shown_alone() {
    let captures = [common::capture("node-media-server/ffmpeg-publish-and-play.pcap")];
    let filter = Some(("type == 20".to_owned(), Filter::parse("type == 20").unwrap()));
    let all = page_of(&captures, Asked { filter, ..Asked::default() });
    assert!(all.contains("command_amf0") && !all.contains("data-k=\"media\"") && !all.contains("window_ack"));
    let one = page_of(&captures, Asked { session: Some(2), ..Asked::default() });
    assert!(one.contains("id=\"session-2\"") && !one.contains("id=\"session-1\"") && !one.contains("data-s=\"1\""));
    for page in [all, one] {
        assert_sound(&page);
    }
    let filter = Some(("x".to_owned(), Filter::parse("command.name == \"nothing\"").unwrap()));
    assert!(page_of(&captures, Asked { filter, ..Asked::default() }).contains("The filter lets nothing through."));
}

#[test]
fn several_captures_are_sections_of_their_own() {
    let page = page_of(
        &[common::capture("srs/ffmpeg-publish-denied.pcap"), common::capture("srs/ffmpeg-publish-busy.pcap")],
        Asked::default(),
    );
    let titles: Vec<&str> = page.split("<h2").skip(1).map(|rest| rest.split(['>', '<']).nth(1).unwrap()).collect();
    assert_eq!(
        titles,
        ["Capture ffmpeg-publish-denied.pcap", "Capture ffmpeg-publish-busy.pcap", "Findings", "Timeline"]
    );
    let (first, second) = page.split_once("id=\"capture-2-title\"").unwrap();
    assert!(first.contains("<section class=\"session\"") && second.contains("<section class=\"session\""));
}

/// Rows of the timeline.
fn rows(page: &str) -> usize {
    page.matches("<tr id=\"row-").count()
}

#[test]
fn a_long_timeline_is_sampled() {
    let packets = Link::v4().packets(&sample::publish(500));
    let all = page(&packets);
    let whole = rows(&all);
    assert!(whole > 500 && !all.contains(" are shown:"));
    let telling = whole - all.matches("data-k=\"media\"").count();
    for most in [telling + 50, 7] {
        let page = page_under(&packets, small(|limits| limits.page_rows = most));
        assert_eq!(rows(&page), most);
        assert!(page.contains(&format!("{most} of {whole} rows are shown:")), "{}", text_of(&page));
        assert_sound(&page);
        if most > telling {
            assert_eq!(page.matches("data-k=\"media\"").count(), 50);
            // They are from all of the stream.
            let last = page.rsplit("<tr id=\"row-").find(|row| row.contains("data-k=\"media\"")).unwrap();
            let last: usize = last.split('"').next().unwrap().parse().unwrap();
            assert!(last > whole - 30, "{last} of {whole}");
        }
    }
}

/// Sessions one behind the other; the server ends those that it refuses without an answer.
fn many(sessions: u16, refused: &[u16]) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut start = Time(1_780_000_000_000_000_000);
    for number in 0..sessions {
        let mut link = Link::v4();
        link.client.set_port(40_000 + number);
        let mut connection = Connection::open(link, start, &mut packets);
        let is_refused = refused.contains(&number);
        let conversation = sample::connected();
        let conversation = if is_refused {
            conversation.client(|c| c.create_stream(2).publish(1, 3, "s"))
        } else {
            sample::publishing()
        };
        let shift = start.0 + 1_000_000 - conversation.writes()[0].time.0;
        for write in conversation.writes() {
            let mut write = write.clone();
            write.time = Time(write.time.0 + shift);
            connection.write(&write, &mut packets);
        }
        let by = if is_refused { Side::Server } else { Side::Client };
        connection.close(by, Time(connection.now().0 + 1_000_000), &mut packets);
        start = Time(connection.now().0 + 1_000_000_000);
    }
    packets
}

#[test]
fn of_many_sessions_those_that_failed_are_shown() {
    let packets = many(12, &[7, 10]);
    let all = page(&packets);
    assert!(all.contains("Of 12 sessions 2 were refused and 10 went well. Session 8 was refused"), "{}", text_of(&all));
    let page = page_under(&packets, small(|limits| (limits.page_sessions, limits.page_details) = (5, 2)));
    assert_sound(&page);
    let detailed: Vec<&str> = page.split("<section class=\"session\" id=\"session-").skip(1).collect();
    let detailed: Vec<&str> = detailed.iter().map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(detailed, ["8", "11"]);
    assert!(
        page.contains("2 of 12 sessions are shown by themselves")
            && page.contains("5 of 12 sessions are shown in the list")
    );
    assert_eq!(page.matches("<span class=\"fate\">").count(), 5);
}

#[test]
fn of_many_findings_the_worst_are_told() {
    // To leave these without an answer is a note, and the last one's a warning.
    let conversation = sample::connected().client(|c| {
        for n in 10..40 {
            c.command(if n < 39 { "releaseStream" } else { "lab.method" }, n, &[Amf::Null]);
        }
        c
    });
    let packets = Link::v4().packets(&conversation.wait_ms(5000).client(|c| c.create_stream(90)));
    let page = page_under(&packets, small(|limits| limits.page_places = 3));
    assert_sound(&page);
    let rule = page.split("<section id=\"rule-").find(|rule| rule.starts_with("CMD006")).unwrap();
    let rule = rule.split("</section>").next().unwrap();
    assert_eq!(rule.matches("<li id=\"finding-").count(), 3);
    assert!(rule.contains("; 3 of 30 findings are shown here"), "{rule}");
    assert!(rule.contains("lab.method") && rule.matches("releaseStream(").count() == 2, "{rule}");
}

#[test]
fn a_long_ladder_is_cut_in_its_middle() {
    let conversation = sample::publishing().client(|c| {
        for n in 0..300 {
            c.command(if n % 2 == 0 { "even" } else { "odd" }, n + 10, &[]);
        }
        c
    });
    let page = page_under(&Link::v4().packets(&conversation), small(|limits| limits.page_arrows = 40));
    assert_sound(&page);
    let ladder = page.split("<figure class=\"ladder\"").nth(1).unwrap().split("</figure>").next().unwrap();
    let shown = ladder.matches("<g>").count();
    assert!((40..=42).contains(&shown), "{shown}");
    let all: usize = ladder.split("<figcaption>").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(
        all > 300 && ladder.contains(&format!("{} arrows are left out", all + 1 - shown)),
        "{all} {shown} {ladder}"
    );
}

#[test]
fn what_a_report_keeps_is_bounded() {
    let bytes = [&[4, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 0xaf][..], &[0xc4, 0xaf].repeat(60_000)].concat();
    let packets = Link::v4().mtu(1500).packets(&sample::publishing().client(|c| c.raw(&bytes)));
    let page = page_under(&packets, small(|limits| (limits.page_index_bytes, limits.page_index_share) = (1 << 20, 0)));
    assert!(page.contains("reading stopped: the list takes 1 MiB"));
    assert_sound(&page);
}

#[test]
fn a_file_is_written_whole_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let capture = common::capture("nginx-rtmp/rtmpdump-play-denied.pcap");
    let (capture, out) = (capture.to_str().unwrap(), folder.path().join("report.html"));
    let out = out.to_str().unwrap();
    let first = run(&["report", "-o", out, capture]);
    assert!(first.status.success() && first.stdout.is_empty());
    let written = std::fs::read_to_string(out).unwrap();
    assert!(written.starts_with("<!DOCTYPE html>") && written.ends_with("</html>\n"), "{}", &written[..40]);
    // The same bytes on every run, and on standard output.
    for arguments in [&["report", capture][..], &["report", "-o", "-", "-q", capture]] {
        assert_eq!(String::from_utf8(run(arguments).stdout).unwrap(), written);
    }
    let again = run(&["report", "-o", out, capture]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"));
    assert!(run(&["report", "--force", "-o", out, capture]).status.success());
    let over = run(&["report", "--force", "-o", capture, capture]);
    assert!(String::from_utf8_lossy(&over.stderr).contains("one of the captures"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_read_is_said_on_the_page_and_by_the_status() {
    let whole = std::fs::read(common::capture("nginx-rtmp/obs-publish.pcap")).unwrap();
    let mut cut = NamedTempFile::with_suffix(".pcap").unwrap();
    cut.write_all(&whole[..whole.len() - 100]).unwrap();
    let output = run(&["report", cut.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let page = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let name = Path::new(cut.path()).file_name().unwrap().to_str().unwrap();
    assert!(said.contains(name) && page.contains("role=\"note\"") && page.ends_with("</html>\n"), "{said}");
    let nothing = run(&["report", common::capture("nginx-rtmp/not-rtmp-http-and-tls.pcap").to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&nothing.stdout).contains("no RTMP in"));
}

#[test]
fn a_pipe_is_read_too() {
    let capture = common::capture("nginx-rtmp/rtmpdump-play-denied.pcap");
    let output = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
        .args(["report", "-"])
        .stdin(std::fs::File::open(capture).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success());
    let page = String::from_utf8(output.stdout).unwrap();
    assert_sound(&page);
    assert!(page.contains("Bytes of message"));
}
