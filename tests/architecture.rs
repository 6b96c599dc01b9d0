//! Who may import whom, and where IO, threads and clocks may be: the rules of docs/architecture.md.
#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use rtmp_inspect::proto::rtmp::procedure;
use source::{Import, Source};

/// For each top-level module, the modules of this crate that it may name.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("limits", &[]),
    ("capture", &["wire", "limits"]),
    ("net", &["wire", "limits", "capture"]),
    ("proto", &["wire", "limits", "net"]),
    ("analyzer", &["wire", "limits", "capture", "net", "proto"]),
    ("story", &["wire", "limits", "net", "proto"]),
    ("rules", &["wire", "limits", "net", "proto", "story"]),
    ("inspection", &["wire", "limits", "capture", "net", "proto", "analyzer", "story", "rules"]),
    ("registry", &["wire", "net", "proto", "story", "rules"]),
    ("filter", &["wire", "limits", "net", "proto", "rules", "registry"]),
    ("evidence", &["wire", "capture", "proto"]),
    ("book", &["wire", "limits", "net", "proto", "analyzer", "story", "rules", "registry", "inspection", "evidence"]),
    ("series", &["wire", "limits", "book"]),
    ("extract", &["wire", "limits", "capture", "net", "proto", "story", "evidence", "export"]),
    ("compare", &["wire", "limits", "net", "proto", "story"]),
    ("stats", &["wire", "limits", "net", "proto", "story"]),
    (
        "export",
        &[
            "wire", "limits", "net", "proto", "story", "analyzer", "rules", "registry", "filter", "book", "series",
            "compare", "stats",
        ],
    ),
    ("tui", &["wire", "limits", "evidence", "rules", "registry", "filter", "inspection", "book", "series"]),
    ("synth", &["wire"]),
];

/// What of `net` others than the analyzer may name: its plain types.
const PLAIN: &[&str] = &["net", "net::datagrams", "net::facts", "net::stream", "net::tunnel"];

/// For parts of a top-level module, what else they may name inside it. A folder stands for all that is in it, except where it
/// is around the part itself: then for its `mod.rs` alone.
const INSIDE: &[(&str, &[&str])] = &[
    ("capture::record", &["capture"]),
    ("capture::buffer", &["capture"]),
    ("capture::notes", &["capture"]),
    ("capture::compressed", &["capture", "capture::live"]),
    ("capture::pcap", &["capture", "capture::buffer", "capture::error", "capture::record", "capture::sniff"]),
    ("capture::pcapng", &["capture", "capture::buffer", "capture::error", "capture::notes", "capture::record"]),
    ("net::tunnel", &[]),
    ("net::rest", &["net"]),
    ("net::layer", &["net::rest"]),
    ("net::ethernet", LAYER),
    ("net::gre", LAYER),
    ("net::icmp", LAYER),
    ("net::ip", LAYER),
    ("net::link", LAYER),
    ("net::mpls", LAYER),
    ("net::ppp", LAYER),
    ("net::srt", LAYER),
    ("net::udp", LAYER),
    ("net::wireless", LAYER),
    ("net::tcp", &["net", "net::health", "net::ip", "net::rest"]),
    ("net::unpack", UNPACK),
    ("net::fragments", &["net", "net::ip", "net::rest", "net::waiting"]),
    ("net::waiting", &[]),
    ("net::recent", &[]),
    ("net::reassembly", &["net", "net::stream", "net::waiting"]),
    ("proto::amf", &[]),
    ("proto::flv", &["proto::amf"]),
    ("proto::flv::facts", &[]),
    ("proto::flv::codec", &["proto::amf", "proto::flv::facts"]),
    ("proto::flv::enhanced", &["proto::flv::facts"]),
    ("proto::flv::audio", &["proto::flv::codec", "proto::flv::enhanced", "proto::flv::facts"]),
    ("proto::flv::video", &["proto::flv::codec", "proto::flv::enhanced", "proto::flv::facts"]),
    // An event is what a protocol gives, in words that it knows.
    ("proto::rtmp", &["proto::amf", "proto::flv", "proto::answer", "proto::event", "proto::opening", "proto::stream"]),
    // Carriers know what they carry only as streams.
    ("proto::http", &[]),
    ("proto::rtmpt", &["proto::http", "proto::opening"]),
    ("proto::rtmp::edges", &[]),
    ("proto::rtmp::command", CONTENT),
    ("proto::rtmp::data", CONTENT),
    ("proto::rtmp::shared_object", CONTENT),
    ("proto::rtmp::resync", &["proto", "proto::rtmp::header", "proto::rtmp::message", "proto::flv", "proto::amf"]),
];

/// What a layer of a packet may name in `net`: plain types and other layers, not what calls it.
const LAYER: &[&str] =
    &["net", "net::ethernet", "net::ip", "net::layer", "net::ppp", "net::rest", "net::tunnel", "net::wireless"];
/// What takes packets apart knows the layers, not the connections.
const UNPACK: &[&str] = &[
    "net",
    "net::datagrams",
    "net::ethernet",
    "net::fragments",
    "net::gre",
    "net::icmp",
    "net::ip",
    "net::layer",
    "net::link",
    "net::mpls",
    "net::ppp",
    "net::rest",
    "net::srt",
    "net::tcp",
    "net::tunnel",
    "net::udp",
    "net::wireless",
];
/// What a payload's content may name: values and what is around it, not the body that it is part of.
const CONTENT: &[&str] = &["proto::amf", "proto::rtmp::connect", "proto::rtmp::edges", "proto::rtmp::encoding"];

/// Modules that import each other although neither contains the other. The list can only shrink.
const KNOTS: &[(&str, &str, &str)] = &[
    ("filter::lexer", "filter::literal", "a literal is a lexeme"),
    ("proto::flv::codec::av1", "proto::flv::codec::av1_sequence", "the names of a codec stand with its record"),
    ("proto::flv::codec::avc", "proto::flv::codec::avc_sps", "the names of a codec stand with its record"),
    ("proto::flv::codec::hevc", "proto::flv::codec::hevc_sps", "the names of a codec stand with its record"),
    ("proto::rtmp::aggregate", "proto::rtmp::body", "an aggregate holds messages, whose bodies are read like others"),
    ("proto::rtmp::body", "proto::rtmp::message", "a body is read by its message's type"),
    ("proto::rtmp::command", "proto::rtmp::connect", "connect is a command, and is described while it is read"),
    ("proto::rtmp::digest", "proto::rtmp::handshake", "a digest has one of the handshake's schemes"),
    ("proto::rtmp::fingerprint", "proto::rtmp::handshake", "a fingerprint tells one of the handshake's schemes"),
    ("proto::rtmp::resync::chain", "proto::rtmp::resync::headers", "a chain grows by headers, which close it"),
    ("proto::rtmp::resync::chain", "proto::rtmp::resync::size", "a chain searches its chunk size, by chains"),
];

/// What the screen names of the rules: it shows what they found, and judges nothing.
const JUDGED: &[&str] = &["Severity", "Finding"];

/// What only the edges may touch.
const OUTSIDE: &[&str] =
    &["std::fs", "std::thread", "std::time::Instant", "std::time::SystemTime", "std::env", "std::net::Tcp"];
const OUTSIDE_NAMES: &[&[&str]] =
    &[&["println", "!"], &["eprintln", "!"], &["print", "!"], &["dbg", "!"], &["Instant", "::", "now"]];
const EDGES: &[&str] = &["capture", "evidence", "tui", "cli"];

fn source() -> Source {
    Source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The imports of the crate's modules as `a::b`; those of the root are macros.
fn imports(source: &Source) -> Vec<(String, String, String)> {
    let texts = |Import { from, to, item }: Import| (from.join("::"), to.join("::"), item);
    let imports: Vec<_> = source
        .imports()
        .into_iter()
        .map(texts)
        .filter(|(from, to, _)| from != "main" && !from.is_empty() && !to.is_empty())
        .collect();
    assert!(imports.len() > 1000, "{}", imports.len());
    imports
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// Whether a module is `part` or lies in it.
fn is_in(module: &str, part: &str) -> bool {
    module.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// All that a test found, at once.
fn none(found: &BTreeSet<String>) {
    assert!(found.is_empty(), "\n{}", found.iter().cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn modules_import_only_what_is_below_them() {
    let source = source();
    let mut found = BTreeSet::new();
    for file in &source.files {
        let Some(first) = file.module.first() else { continue };
        let is_known = ["cli", "main"].contains(&first.as_str()) || MAY_IMPORT.iter().any(|(name, _)| name == first);
        assert!(is_known, "{first} is not in docs/architecture.md");
    }
    for (from, to, item) in imports(&source) {
        // Who takes packets out of captures takes them apart as the analyzer does.
        let takes_apart = ["net", "analyzer", "extract"];
        let is_plain = top(&to) != "net" || takes_apart.contains(&top(&from)) || PLAIN.contains(&to.as_str());
        let may = match MAY_IMPORT.iter().find(|(name, _)| *name == top(&from)) {
            Some((_, allowed)) => top(&to) == top(&from) || allowed.contains(&top(&to)),
            None => top(&to) != "synth",
        };
        if !may || !is_plain {
            found.insert(format!("{from} imports {to}::{item}"));
        }
    }
    none(&found);
}

#[test]
fn parts_import_only_what_is_below_them() {
    let source = source();
    let all = imports(&source);
    let mut found = BTreeSet::new();
    for (part, allowed) in INSIDE {
        assert!(all.iter().any(|(from, to, _)| is_in(from, part) || is_in(to, part)), "{part} is no module");
        let may = |to: &str| {
            allowed.iter().any(|allowed| if is_in(part, allowed) { to == *allowed } else { is_in(to, allowed) })
        };
        for (from, to, item) in &all {
            if is_in(from, part) && !is_in(to, part) && top(from) == top(to) && !may(to) {
                found.insert(format!("{from} imports {to}::{item}"));
            }
        }
    }
    none(&found);
}

#[test]
fn modules_do_not_import_each_other() {
    let source = source();
    let all: BTreeSet<_> = imports(&source).into_iter().map(|(from, to, _)| (from, to)).collect();
    let mut found = BTreeSet::new();
    for (from, to) in &all {
        let is_knot = from < to && !is_in(to, from) && all.contains(&(to.clone(), from.clone()));
        let is_listed = KNOTS.iter().any(|(one, other, _)| one == from && other == to);
        if is_knot && !is_listed {
            found.insert(format!("{from} and {to} import each other"));
        }
    }
    for (one, other, why) in KNOTS {
        let (one, other) = ((*one).to_owned(), (*other).to_owned());
        if why.is_empty()
            || !all.contains(&(one.clone(), other.clone()))
            || !all.contains(&(other.clone(), one.clone()))
        {
            found.insert(format!("{one} and {other} are no knot any more: strike them"));
        }
    }
    none(&found);
}

/// Rows, fields and words come from the book: nothing on the screen knows what a message, a connection or a handshake is.
#[test]
fn the_screen_knows_no_protocol() {
    let source = source();
    let mut found = BTreeSet::new();
    let mut asks_the_book = false;
    for (from, to, item) in imports(&source).into_iter().filter(|(from, ..)| top(from) == "tui") {
        asks_the_book |= top(&to) == "book";
        let is_protocol = ["proto", "net", "analyzer", "story", "capture"].contains(&top(&to));
        let is_rule = top(&to) == "rules" && !JUDGED.contains(&item.as_str());
        if is_protocol || is_rule {
            found.insert(format!("{from} names {to}::{item}"));
        }
    }
    assert!(asks_the_book);
    none(&found);
}

/// What is known of procedures stands in their table, and which answer is whose in the story: figures and comparisons look both up.
#[test]
fn figures_and_comparisons_leave_procedures_and_their_answers_to_the_story() {
    let source = source();
    let is_held = |module: &str| ["stats", "compare"].contains(&module);
    let mut found = BTreeSet::new();
    for file in source.files.iter().filter(|file| file.module.first().is_some_and(|first| is_held(first))) {
        let names = file.texts().filter(|text| procedure::find(text).is_some());
        found.extend(names.map(|name| format!("{} names {name}", file.path.display())));
        if file.says(&[".", "answers"]) {
            found.insert(format!("{} pairs calls and answers", file.path.display()));
        }
    }
    let is_pair = |to: &str, item: &str| to == "proto::answer" && item == "Answer";
    let pairs = imports(&source).into_iter().filter(|(from, to, item)| is_held(top(from)) && is_pair(to, item));
    found.extend(pairs.map(|(from, ..)| format!("{from} imports what the decoder paired")));
    none(&found);
}

#[test]
fn only_the_edges_touch_what_is_outside() {
    let mut found = BTreeSet::new();
    for file in &source().files {
        if file.module.first().is_none_or(|first| first == "main" || EDGES.contains(&first.as_str())) {
            continue;
        }
        let paths = file.of_std().into_iter().filter(|path| OUTSIDE.iter().any(|outside| path.starts_with(outside)));
        found.extend(paths.map(|path| format!("{} uses {path}", file.path.display())));
        let names = OUTSIDE_NAMES.iter().filter(|names| file.says(names));
        found.extend(names.map(|names| format!("{} uses {}", file.path.display(), names.concat())));
    }
    none(&found);
}

/// What a module owns, and what not, stands at its head. A rule's text does that for its file; files of tests need none.
#[test]
fn modules_begin_with_prose() {
    let source = source();
    let mut found = BTreeSet::new();
    for file in &source.files {
        let prose = file.text.lines().map_while(|line| line.strip_prefix("//! ")).map(str::len).sum::<usize>();
        let is_missing = prose == 0 && !file.says(&["rule", "!", "{"]);
        if is_missing {
            found.insert(format!("{} has no text at its head", file.path.display()));
        }
    }
    none(&found);
}
