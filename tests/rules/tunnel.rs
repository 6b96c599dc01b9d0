//! Cases of the TUN rules.

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::rules::Engine;
use rtmp_inspect::synth::{Connection, Conversation, Link, echo, opening};
use rtmp_inspect::wire::{Side, Time};

use crate::common::{Story, capture};
use crate::{Case, case};

const TYPE: &str = "Content-Type: application/x-fcs\r\n";

fn request(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    [format!("POST {path} HTTP/1.1\r\n{kind}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

fn response(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n{kind}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// A conversation in HTTP.
struct Http(Conversation);

impl Http {
    /// A session `ID`, up to the end of RTMP's handshake: requests 0 and 1.
    fn opened() -> Http {
        let (c1, s1) = (opening(0, 1), opening(5000, 2));
        Http(Conversation::new())
            .ask("/open/1", b"\0")
            .answer(b"ID\n")
            .ask("/send/ID/0", &[&[3][..], &c1].concat())
            .answer(&[&[1, 3][..], &s1, &echo(&c1, 5001)].concat())
            .ask("/send/ID/1", &echo(&s1, 1))
            .answer(&[1])
    }

    fn client(self, bytes: &[u8]) -> Http {
        Http(self.0.client(|c| c.raw(bytes)))
    }

    fn server(self, bytes: &[u8]) -> Http {
        Http(self.0.server(|s| s.raw(bytes)))
    }

    fn ask(self, path: &str, body: &[u8]) -> Http {
        self.client(&request(path, TYPE, body))
    }

    fn answer(self, body: &[u8]) -> Http {
        self.server(&response("200 OK", TYPE, body))
    }

    fn wait_ms(self, ms: i64) -> Http {
        Http(self.0.wait_ms(ms))
    }
}

pub(super) fn cases() -> Vec<Case> {
    let of = |code, what, http: Http, expected| case(code, what, &http.0, expected);
    let real = |code| Case {
        code,
        what: "FFmpeg's session",
        story: Story::of_file(&capture("rtmpt/rtmpt-ffmpeg-play.pcap")),
        expected: &[],
    };
    let idle = |http: Http, number: u32| http.ask(&format!("/idle/ID/{number}"), b"\0").answer(&[1]);
    let mut cases: Vec<_> = ["TUN001", "TUN002", "TUN003", "TUN004", "TUN005", "TUN006"].map(real).into();
    cases.extend([
        of(
            "TUN001",
            "one left out",
            idle(idle(Http::opened(), 2), 5),
            &["idle 5 comes where 3 was due: the client leaves 2 numbers out"],
        ),
        of(
            "TUN001",
            "one again, that was answered",
            idle(idle(Http::opened(), 2), 2),
            &["idle 2 comes again, although it was answered, where 3 was due"],
        ),
        of(
            "TUN001",
            "no number",
            Http::opened().ask("/idle/ID/next", b"\0").answer(&[1]),
            &["idle has no number that can be read in its path"],
        ),
        of(
            "TUN002",
            "an empty body",
            Http::opened().ask("/idle/ID/2", b"\0").answer(b""),
            &["the response to idle 2 is empty, without the polling interval"],
        ),
        of(
            "TUN003",
            "another type, and none",
            Http::opened()
                .client(&request("/idle/ID/2", "Content-Type: text/plain\r\n", b"\0"))
                .server(&response("200 OK", "", &[1])),
            &[
                "idle 2 has the Content-Type text/plain, not application/x-fcs",
                "the response to idle 2 has no Content-Type; it should be application/x-fcs",
            ],
        ),
        of(
            "TUN003",
            "the right type, with a parameter",
            Http::opened()
                .client(&request("/idle/ID/2", "Content-Type: application/X-FCS; charset=x\r\n", b"\0"))
                .server(&response("200 OK", TYPE, &[1])),
            &[],
        ),
        of(
            "TUN004",
            "a client that stops",
            idle(idle(Http::opened(), 2).wait_ms(2999), 3),
            &["the client asked again, with idle 3, only 3 seconds after the last response, which had asked for a polling interval of 1: \
               what the server had to say waited as long"],
        ),
        of(
            "TUN004",
            "a server that asks for a pause",
            idle(Http::opened().ask("/idle/ID/2", b"\0").answer(&[33]).wait_ms(2999), 3),
            &[],
        ),
        of(
            "TUN005",
            "a session that is not known",
            Http::opened().ask("/idle/ID/2", b"\0").server(&response("404 Not Found", "", b"")),
            &["the response to idle 2 has status 404, not 200: the server does not know the session, or no such request"],
        ),
        of("TUN006", "a length that is right", idle(Http::opened(), 2), &[]),
        of(
            "TUN006",
            "a length that is too small",
            idle(Http::opened().client(&[&request("/send/ID/2", TYPE, &[2])[..], &[0, 0, 9]].concat()).answer(&[1]), 3),
            &["3 bytes stand behind the end of the body of send 2: its Content-Length is too small"],
        ),
    ]);
    cases.extend(unanswered());
    cases
}

/// TUN005: by who hung up.
fn unanswered() -> Vec<Case> {
    let asked = Http::opened().ask("/send/ID/2", b"\0").0;
    let ended_by = |side: Side| {
        let (mut packets, writes) = (Vec::new(), asked.writes());
        let mut connection = Connection::open(Link::v4(), Time(writes[0].time.0 - 1_000_000), &mut packets);
        for write in writes {
            connection.write(write, &mut packets);
        }
        connection.close(side, Time(connection.now().0 + 1_000_000), &mut packets);
        Story::of_packets(&packets)
    };
    let of = |what, story, expected| Case { code: "TUN005", what, story, expected };
    vec![
        of("a client that leaves", ended_by(Side::Client), &[]),
        of(
            "a server that hangs up",
            ended_by(Side::Server),
            &["no response came to send 2 before its connection ended"],
        ),
    ]
}

/// What the capture misses is no fault of a peer: of the real sessions every packet with a payload is left out once, and so is a run of
/// them.
#[test]
fn lost_packets_are_blamed_on_nobody() {
    for name in ["rtmpt/rtmpt-ffmpeg-play.pcap", "rtmpt/rtmpt-ffmpeg-publish.pcap"] {
        for first in (4..280).step_by(7) {
            for length in [1, 5] {
                let story = without(name, first..first + length);
                let blamed: Vec<_> = story.findings.iter().filter(|it| it.rule.code.starts_with("TUN")).collect();
                assert!(blamed.is_empty(), "{name} without {length} from {first} on: {blamed:?}");
            }
        }
    }
}

/// A capture without some of its packets.
fn without(name: &str, lost: std::ops::Range<u64>) -> Story {
    let mut input = Input::open(&[capture(name)]).unwrap();
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    let (mut engine, mut story) = (Engine::default(), Story::default());
    while let Some(packet) = input.next() {
        let packet = packet.unwrap();
        if !lost.contains(&packet.at.packet.0) {
            analyzer.push(&packet);
        }
    }
    analyzer.finish();
    while let Some(event) = analyzer.poll() {
        story.findings.extend(engine.observe(&event));
    }
    story
}
