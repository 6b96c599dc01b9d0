//! Requests in which no RTMP was found: a server that refuses RTMPT, and other programs that have such paths.

use rtmp_inspect::analyzer::{Analyzer, Limits, Options, Other};
use rtmp_inspect::capture;
use rtmp_inspect::synth::{Conversation, Link};
use rtmp_inspect::wire::{Moment, PacketNo, Place};

/// A client's requests, and the server's answers to them.
fn others(exchanges: &[(&str, &str)]) -> (Vec<Other>, Vec<String>) {
    let talk = exchanges.iter().fold(Conversation::new(), |talk, (request, response)| {
        talk.client(|c| c.raw(request.as_bytes())).server(|s| s.raw(response.as_bytes()))
    });
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    for (index, packet) in Link::v4().packets(&talk).iter().enumerate() {
        let frame = packet.frame();
        analyzer.push(&capture::Packet {
            at: Moment { packet: PacketNo(index as u64 + 1), time: packet.time },
            link: capture::LinkType(1),
            data: &frame,
            wire_length: frame.len() as u32,
            place: Place::default(),
        });
        while analyzer.poll().is_some() {}
    }
    analyzer.finish();
    let totals = analyzer.totals();
    (totals.others.clone(), totals.unread.iter().map(|(why, tally)| format!("{why}: {}", tally.bytes)).collect())
}

fn post(path: &str, kind: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

const FCS: &str = "Content-Type: application/x-fcs\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

fn told(exchanges: &[(String, String)]) -> (String, &'static str, Vec<String>) {
    let exchanges: Vec<_> = exchanges.iter().map(|(request, response)| (&**request, &**response)).collect();
    let (others, unread) = others(&exchanges);
    assert_eq!(others.len(), 1, "{others:?}");
    (others[0].clause(), others[0].advice(), unread)
}

#[test]
fn a_refused_open_says_with_which_status() {
    for (status, number, advice) in [("404 Not Found", 404, "nothing there"), ("403 Forbidden", 403, "refuses")] {
        let (clause, what, unread) = told(&[(post("/open/1", FCS, "\0"), answer(status, "", "no"))]);
        assert!(clause.contains(" speaks RTMPT to "), "{clause}");
        assert!(clause.contains(&format!(", which answers open with status {number} (packet ")), "{clause}");
        assert!(what.contains(advice), "{what}");
        assert_eq!(unread, ["TCP that is not RTMP but RTMPT: 3"]);
    }
}

#[test]
fn paths_alone_are_not_rtmpt() {
    let send = |number: u32| post(&format!("/send/message/{number}"), JSON, "{\"a\":1}");
    let cases = [
        vec![(send(1), answer("200 OK", JSON, "ok")), (send(2), answer("200 OK", JSON, "ok"))],
        vec![(post("/idle/user/1", "", ""), answer("204 No Content", "", "")); 3],
        vec![(post("/open/1", JSON, "{}"), answer("200 OK", JSON, "{\"door\":1}"))],
        vec![(post("/open/1", JSON, "{}"), answer("404 Not Found", "", ""))],
    ];
    for case in cases {
        let (clause, _, unread) = told(&case);
        assert!(clause.contains(" speaks HTTP to "), "{clause}");
        assert!(!clause.contains("status"), "{clause}");
        let bytes: usize = case
            .iter()
            .flat_map(|(ask, answer)| [ask, answer])
            .map(|text| text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len()))
            .sum();
        let expected: Vec<_> =
            (bytes > 0).then(|| format!("TCP that is not RTMP but HTTP: {bytes}")).into_iter().collect();
        assert_eq!(unread, expected);
    }
}

/// One without a type: a session's id was given and used, or an interval was sent.
#[test]
fn what_is_rtmpt_by_its_words_is() {
    let opened = (post("/open/1", "", "\0"), answer("200 OK", "", "ID\n"));
    let idle = (post("/idle/ID/0", "", "\0"), answer("200 OK", "", "\u{1}"));
    for case in [vec![opened.clone(), (idle.0.clone(), answer("404 Not Found", "", ""))], vec![idle]] {
        let (clause, ..) = told(&case);
        assert!(clause.contains(" speaks RTMPT to "), "{clause}");
    }
}
