//! `check`, `stats` and `compare` tell one story: over every capture they agree on what answered each request, and when.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rtmp_inspect::compare::{Comparison, Observer, Profile, Scenarios};
use rtmp_inspect::export;
use rtmp_inspect::inspection::{Inspection, Options};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::net::Start;
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::rules::Finding;
use rtmp_inspect::stats::{SessionStats, Stats};
use rtmp_inspect::story::Stories;
use serde_json::Value;

/// The captures of this repository, and those below the folder that `CAPTURES` names.
fn captures() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut all = Vec::new();
    for folder in [Some(own), std::env::var_os("CAPTURES").map(PathBuf::from)].into_iter().flatten() {
        files(&folder, &mut all);
    }
    all.sort();
    all
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            found.push(path);
        }
    }
}

/// A request as the story has it at the end of its session.
struct Asked {
    name: String,
    is_use: bool,
    expects_reply: bool,
    /// The message that answered it, and nanoseconds from its last packet to that one's.
    answer: Option<(u64, i64)>,
    is_replied: bool,
    is_settled: bool,
}

/// What everybody says of one session.
#[derive(Default)]
struct Session {
    events: Vec<Event>,
    findings: Vec<Finding>,
    /// By `n`.
    asked: BTreeMap<u64, Asked>,
    stats: Option<Box<SessionStats>>,
}

fn sessions(path: &Path) -> BTreeMap<u32, Session> {
    let limits = Limits::default();
    let mut sessions: BTreeMap<u32, Session> = BTreeMap::new();
    let mut stats = Stats::new(&limits);
    let open = Options { show_secrets: true, ..Options::default() };
    let mut inspection = Inspection::open_with(&[path.to_owned()], &open).unwrap();
    while let Some(told) = inspection.next() {
        let Ok(told) = told else { continue };
        let session = sessions.entry(told.event.session()).or_default();
        session.findings.extend(told.findings);
        stats.observe(told.event, told.story);
        if let Some(over) = stats.take(told.event, told.story, told.masks) {
            session.stats = Some(over);
            session.asked = told.story.requests.iter().map(|request| (request.n, asked(request))).collect();
        }
        session.events.push(told.event.clone());
    }
    sessions
}

fn asked(request: &rtmp_inspect::story::Request) -> Asked {
    let since = |at: rtmp_inspect::wire::Moment| at.time.since(request.at.time);
    let reply = request.reply.as_ref().map(|reply| (reply.n, since(reply.at)));
    let outcome = request.outcome.as_ref().map(|outcome| (outcome.n, since(outcome.at)));
    let is_use = request.purpose().is_some();
    Asked {
        name: request.name.clone(),
        is_use,
        expects_reply: request.expects_reply(),
        answer: if request.expects_reply() { reply } else { outcome },
        is_replied: reply.is_some(),
        is_settled: outcome.is_some(),
    }
}

/// What `compare` says of a session alone: by the name of a request, how many were answered, the longest latency, and the
/// message that ended that.
fn compared(session: &Session) -> BTreeMap<String, (u64, f64, u64)> {
    let limits = Limits::default();
    let (mut stories, mut masks, mut profile) =
        (Stories::under(&limits), Masks::new(true, &limits), Profile::default());
    let mut observer = Observer::new(0, "capture", &Scenarios::default());
    profile.captures.push(0);
    for event in &session.events {
        masks.observe(event);
        observer.observe(event, stories.learn(event), &masks, &mut profile);
    }
    let comparison = Comparison::new(vec![("it".to_owned(), profile)], vec!["capture".to_owned()], 0);
    let json: Value = serde_json::from_str(&export::compare::json(&comparison)).unwrap();
    let rows = json["behaviour"].as_array().unwrap().iter();
    rows.filter_map(|row| {
        let name = row["key"].as_str()?.strip_prefix("latency.")?;
        let cell = &row["cells"]["it"];
        let value = cell["value"].as_str()?;
        let (_, worst) = value.split_once("worst ")?;
        let (worst, count) = worst.split_once(" ms, of ")?;
        let n = cell["evidence"][0]["n"].as_u64()?;
        Some((name.to_owned(), (count.parse().ok()?, worst.parse().ok()?, n)))
    })
    .collect()
}

#[test]
fn everybody_agrees_on_what_answered_each_request() {
    let (mut told, mut rows) = (0, 0);
    for path in captures() {
        for (number, session) in sessions(&path) {
            let what = format!("{}, session {number}", path.display());
            let Some(stats) = &session.stats else { continue };
            // Statistics tell each publish and play, answered by whom the story says.
            for request in &stats.requests {
                let asked = &session.asked[&request.n];
                let settled = request.settled.as_ref().map(|it| (it.n, it.at.time.since(request.at.time)));
                assert!(asked.is_use && asked.name == request.command, "{what}: {}", request.n);
                assert_eq!(settled.is_some(), asked.is_settled, "{what}: {}", request.n);
                assert!(settled.is_none() || settled == asked.answer, "{what}: {}", request.n);
                told += 1;
            }
            let uses = session.asked.values().filter(|asked| asked.is_use).count() as u64;
            assert_eq!(stats.requests.len() as u64 + stats.more_requests, uses, "{what}");
            // ... and as many calls answered as the story has.
            for (side, name, procedure) in stats.calls.iter() {
                let answered = session.asked.values().filter(|asked| asked.name == name && asked.is_replied).count();
                let asks = session.asked.values().filter(|asked| asked.name == name && asked.expects_reply).count();
                if session.asked.len() < 700 {
                    assert_eq!(
                        (procedure.asked, procedure.answered),
                        (asks as u64, answered as u64),
                        "{what}: {side:?} {name}"
                    );
                }
            }
            // Nobody is blamed for an answer that was given.
            for finding in &session.findings {
                let Some(asked) = finding.message.and_then(|n| session.asked.get(&n)) else { continue };
                let is_wrong = match finding.rule.code {
                    "CMD006" => asked.is_replied || !asked.expects_reply,
                    "CMD017" | "CMD018" => asked.is_settled,
                    _ => false,
                };
                assert!(!is_wrong, "{what}: {} {}", finding.rule.code, finding.text);
            }
            // A comparison follows sessions that were captured whole.
            let is_whole = session.events.iter().all(|event| match event {
                Event::Session(opened) => opened.start == Start::Syn && opened.protocol == "rtmp",
                event => !matches!(event, Event::Gap(_) | Event::Undecodable(_)),
            });
            if !is_whole || session.asked.len() > 200 {
                continue;
            }
            for (name, (count, worst, n)) in compared(&session) {
                let of_name = || session.asked.values().filter(|asked| asked.name == name);
                if name == "picture" || of_name().any(|asked| asked.answer.is_none()) {
                    continue;
                }
                assert_eq!(count, of_name().count() as u64, "{what}: {name}");
                let (latest, by) = of_name().filter_map(|asked| asked.answer).map(|(n, ns)| (ns, n)).max().unwrap();
                assert!((worst - latest as f64 / 1e6).abs() < 0.006, "{what}: {name}: {worst} ms, {latest} ns");
                let is_its = of_name().any(|asked| asked.answer.is_some_and(|(its, ns)| its == n && ns == latest));
                assert!(is_its, "{what}: {name}: message {n}, not {by}");
                rows += 1;
            }
        }
    }
    assert!(told > 40 && rows > 100, "{told} requests, {rows} rows");
}

/// How sessions came out, as a person would say it who looked at their messages.
#[test]
fn a_session_comes_out_as_its_messages_say() {
    let expected: &[(&str, &[&str])] = &[
        ("srs/ffmpeg-publish-denied.pcap", &["rejected: createStream, hung up without an answer"]),
        ("nginx-rtmp/gst-librtmp-publish-rejected-key.pcap", &["rejected: publish, hung up without an answer"]),
        ("ffmpeg-listen/ffmpeg-publish.pcap", &["published"]),
        ("ftl/own-rejected-405.pcap", &["rejected: CONNECT 405"]),
        ("ftl/janus-bad-key.pcap", &["rejected: CONNECT, hung up without an answer"]),
        ("ftl/janus-publish.pcap", &["publishing"]),
        ("rtmpe/crtmp-rtmpdump-play.pcap", &["encrypted"]),
    ];
    for (name, phrases) in expected {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
        let told: Vec<String> = standings(&path).into_iter().map(|(_, standing)| standing).collect();
        assert_eq!(told, *phrases, "{name}");
    }
}

/// By session, in the order of their ends.
fn standings(path: &Path) -> Vec<(u32, String)> {
    let mut inspection = Inspection::open_with(&[path.to_owned()], &Options::default()).unwrap();
    let mut standings = Vec::new();
    while let Some(told) = inspection.next() {
        let Ok(told) = told else { break };
        if matches!(told.event, Event::Close(close) if close.last) {
            standings.push((told.event.session(), told.story.standing().phrase().to_string()));
        }
    }
    standings
}
