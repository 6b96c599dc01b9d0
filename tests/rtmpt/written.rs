//! Conversations that were written for the purpose.

use std::net::SocketAddr;

use rtmp_inspect::net::{Delivery, How, Kept, Start};
use rtmp_inspect::proto::rtmpt::{Problem, Request};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

use crate::carried::{Session, Told, sessions};

pub(crate) const C: Side = Side::Client;
pub(crate) const S: Side = Side::Server;

/// Connections' words, a packet each, a millisecond from one to the next.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) told: Vec<Told>,
    offsets: std::collections::BTreeMap<(u64, Side), u64>,
}

impl Script {
    /// A packet's moment.
    fn now(&self) -> Moment {
        let packet = self.told.len() as u64 + 1;
        Moment { packet: PacketNo(packet), time: Time(packet as i64 * 1_000_000) }
    }

    pub(crate) fn kept(mut self, connection: u64, from: Side, kept: Kept) -> Script {
        let address = |last: u8, port: u16| SocketAddr::from(([10, 0, 0, last], port));
        let (client, server) = (address(1, 40_000 + connection as u16), address(2, 80));
        self.told.push(Told { connection, client, server, from, kept });
        self
    }

    pub(crate) fn bytes(mut self, connection: u64, from: Side, bytes: &[u8]) -> Script {
        let at = self.now();
        let offset = self.offsets.entry((connection, from)).or_default();
        let place = Some(Place { file: 0, offset: *offset });
        let kept = Kept::of(&Delivery::Bytes { offset: *offset, bytes, at, place });
        *offset += bytes.len() as u64;
        self.kept(connection, from, kept)
    }

    pub(crate) fn gap(mut self, connection: u64, from: Side, missing: u64) -> Script {
        let at = self.now();
        let offset = self.offsets.entry((connection, from)).or_default();
        let kept = Kept::Gap { offset: *offset, missing, exact: true, captured: false, at };
        *offset += missing;
        self.kept(connection, from, kept)
    }

    pub(crate) fn close(self, connection: u64, from: Side) -> Script {
        let at = self.now();
        self.kept(connection, from, Kept::Close { how: How::Fin, at, tcp: None })
    }

    pub(crate) fn closed(self, connection: u64) -> Script {
        self.close(connection, C).close(connection, S)
    }

    pub(crate) fn ask(self, connection: u64, path: &str, body: &str) -> Script {
        self.bytes(connection, C, request(path, body).as_bytes())
    }

    pub(crate) fn answer(self, connection: u64, body: &str) -> Script {
        self.bytes(connection, S, response(body).as_bytes())
    }

    /// A session `ID` on connection 0.
    pub(crate) fn opened() -> Script {
        Script::default().ask(0, "/open/1", "\0").answer(0, "ID\n")
    }

    pub(crate) fn sessions(&self) -> Vec<Session> {
        sessions(&self.told)
    }

    pub(crate) fn session(&self) -> Session {
        let mut sessions = self.sessions();
        assert_eq!(sessions.len(), 1);
        sessions.remove(0)
    }
}

pub(crate) fn request(path: &str, body: &str) -> String {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nContent-Type: application/x-fcs\r\nContent-Length: {length}\r\n\r\n{body}")
}

pub(crate) fn response(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\nContent-Length: {length}\r\n\r\n{body}")
}

#[test]
fn a_session_is_told_request_by_request() {
    let session = Script::default()
        .ask(0, "/fcs/ident2", "\0")
        .answer(0, "10.0.0.2")
        .ask(0, "/open/1", "\0")
        .answer(0, "ID\n")
        .ask(0, "/send/ID/0", "abc")
        .answer(0, "\x01xy")
        .ask(0, "/idle/ID/1", "\0")
        .answer(0, "\x03z")
        .ask(0, "/close/ID/2", "\0")
        .answer(0, "\0")
        .closed(0)
        .session();
    assert_eq!((session.id.as_str(), session.start), ("ID", Some(Start::Syn)));
    assert_eq!((session.text(C), session.text(S)), ("abc".to_owned(), "xyz".to_owned()));
    let kinds: Vec<_> = session.exchanges.iter().map(|it| (it.request.unwrap().name(), it.number)).collect();
    let wanted = [("ident", None), ("open", None), ("send", Some(0)), ("idle", Some(1)), ("close", Some(2))];
    assert_eq!(kinds, wanted);
    let idle = session.exchange(1);
    assert_eq!((idle.packets.0.0, idle.packets.1.0), (7, 8));
    assert_eq!((idle.bytes_up, idle.bytes_down, idle.polling_interval, idle.status), (1, 2, Some(3), Some(200)));
    assert_eq!((idle.latency, idle.waited), (Some(1_000_000), Some(1_000_000)));
    assert_eq!(idle.content_type[1].as_deref(), Some("application/x-fcs"));
    assert!(session.exchanges.iter().all(|it| it.problems.is_empty() && it.certain));
    let heard: Vec<_> = session.told.iter().filter(|(_, kept)| matches!(kept, Kept::Heard)).map(|it| it.0).collect();
    assert_eq!(heard, [S], "the client sent nothing after the first answer");
}

#[test]
fn bytes_say_which_packet_and_place_they_are_from() {
    let head = request("/send/ID/0", "abcdef");
    let (first, second) = head.split_at(head.len() - 4);
    let session = Script::opened().bytes(0, C, first.as_bytes()).bytes(0, C, second.as_bytes()).closed(0).session();
    let found: Vec<_> = session
        .told
        .iter()
        .filter_map(|(_, kept)| match kept {
            Kept::Bytes { offset, bytes, at, place } => {
                Some((*offset, bytes.to_vec(), at.packet.0, place.unwrap().offset))
            }
            _ => None,
        })
        .collect();
    let open = request("/open/1", "\0").len() as u64;
    let end = open + head.len() as u64;
    assert_eq!(found, [(0, b"ab".to_vec(), 3, end - 6), (2, b"cdef".to_vec(), 4, end - 4)]);
}

#[test]
fn chunked_bodies_and_those_that_end_with_the_connection_are_read() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let session = Script::opened()
        .bytes(
            0,
            C,
            b"POST /send/ID/0 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        )
        .bytes(0, S, format!("{head}1\r\n\x01\r\n00003\r\nxyz\r\n0\r\nTrailer: 1\r\n\r\n").as_bytes())
        .ask(0, "/send/ID/1", "f")
        .bytes(0, S, b"HTTP/1.0 200 OK\r\n\r\n\x01un")
        .bytes(0, S, b"til")
        .closed(0)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("abcdef".to_owned(), "xyzuntil".to_owned()));
    assert_eq!(session.exchange(0).bytes_down, 4);
}

#[test]
fn a_response_of_another_status_carries_nothing() {
    let session = Script::opened()
        .ask(0, "/send/ID/0", "abc")
        .bytes(0, S, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")
        .ask(0, "/send/ID/1", "def")
        .bytes(0, S, b"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n")
        .ask(0, "/idle/ID/2", "\0")
        .bytes(0, S, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")
        .closed(0)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("abcdef".to_owned(), String::new()));
    assert_eq!([0, 1, 2].map(|number| session.exchange(number).status), [Some(404), Some(204), Some(200)]);
    assert_eq!(session.exchange(2).problems, [Problem::NoPollingByte]);
    assert_eq!(session.exchange(2).content_type[1].as_deref(), Some("text/html"));
}

#[test]
fn pipelined_responses_answer_in_order() {
    let asked = request("/send/ID/0", "a") + &request("/send/ID/1", "b") + &request("/idle/ID/2", "\0");
    let answered = response("\x01x") + &response("\x02y") + &response("\x03z");
    let session = Script::opened().bytes(0, C, asked.as_bytes()).bytes(0, S, answered.as_bytes()).closed(0).session();
    assert_eq!((session.text(C), session.text(S)), ("ab".to_owned(), "xyz".to_owned()));
    assert_eq!([0, 1, 2].map(|number| session.exchange(number).polling_interval), [Some(1), Some(2), Some(3)]);
}

#[test]
fn several_connections_carry_one_session_in_the_order_of_its_numbers() {
    let script = Script::opened()
        .ask(0, "/send/ID/0", "a")
        .answer(0, "\x01u")
        .ask(1, "/send/ID/2", "c")
        .answer(1, "\x01w")
        .ask(0, "/send/ID/1", "b")
        .ask(1, "/send/ID/3", "d")
        .answer(1, "\x01x")
        .answer(0, "\x01v")
        .closed(0)
        .closed(1);
    let session = script.session();
    assert_eq!((session.text(C), session.text(S)), ("abcd".to_owned(), "uvwx".to_owned()));
    assert_eq!(session.joined, [1]);
    let numbers: Vec<_> = session.exchanges.iter().filter_map(|it| it.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert!(session.exchanges.iter().all(|it| it.problems.is_empty()));
}

#[test]
fn a_connection_for_each_request_is_one_session() {
    let session = Script::opened()
        .closed(0)
        .ask(1, "/send/ID/1", "a")
        .answer(1, "\x01x")
        .closed(1)
        .ask(2, "/send/ID/2", "b")
        .answer(2, "\x01y")
        .closed(2)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("ab".to_owned(), "xy".to_owned()));
    assert_eq!(session.joined, [1, 2]);
    let how = |kept: &Kept| if let Kept::Close { how, at, .. } = kept { Some((*how, at.packet.0)) } else { None };
    let ends: Vec<_> = session.told.iter().filter_map(|(_, kept)| how(kept)).collect();
    assert_eq!(ends, [(How::Fin, 11), (How::Fin, 12)], "those of the last connection");
}

#[test]
fn a_number_that_jumps_on_the_one_connection_is_the_clients() {
    let session = Script::opened()
        .ask(0, "/send/ID/5", "abcd")
        .answer(0, "\x01x")
        .ask(0, "/send/ID/8", "e")
        .answer(0, "\x01y")
        .closed(0)
        .session();
    // All of the connection is there: nothing is missing.
    assert_eq!((session.text(C), session.text(S)), ("abcde".to_owned(), "xy".to_owned()));
    assert_eq!(session.exchange(8).problems, [Problem::Jumped { expected: 6, left_out: true }]);
    assert!(session.exchange(5).problems.is_empty(), "the first number is the client's choice");
}

/// What a body claims to have beyond the next request's head is none of it; and what is no length is said.
#[test]
fn a_length_that_lies_hides_no_request() {
    let long = |claimed: &str| {
        let whole = request("/send/ID/0", "abcd");
        let claims = whole.replacen("Content-Length: 4", &format!("Content-Length: {claimed}"), 1);
        assert_ne!(whole, claims);
        Script::opened()
            .bytes(0, C, claims.as_bytes())
            .answer(0, "\x01x")
            .ask(0, "/send/ID/1", "e")
            .answer(0, "\x01y")
            .closed(0)
            .session()
    };
    for (claimed, problem) in [
        ("8", Problem::HoldsRequest),
        ("300", Problem::HoldsRequest),
        ("-4", Problem::NoLength { from: C }),
        ("4\r\nContent-Length: 5", Problem::NoLength { from: C }),
    ] {
        let session = long(claimed);
        assert_eq!((session.text(C), session.text(S)), ("abcde".to_owned(), "xy".to_owned()), "{claimed}");
        assert_eq!(session.exchange(0).problems, [problem], "{claimed}");
        assert!(session.exchange(1).problems.is_empty() && session.exchange(1).certain, "{claimed}");
    }
}

#[test]
fn a_missing_number_is_waited_for_while_another_connection_may_bring_it() {
    let before = Script::opened()
        .ask(0, "/send/ID/0", "a")
        .answer(0, "\x01")
        .ask(1, "/idle/ID/1", "\0")
        .answer(1, "\x01")
        .ask(0, "/send/ID/3", "d")
        .answer(0, "\x01");
    let came = before.ask(1, "/send/ID/2", "c").answer(1, "\x01").closed(0).closed(1).session();
    assert_eq!(came.text(C), "acd");
    let missing = Script::opened()
        .ask(0, "/send/ID/0", "a")
        .answer(0, "\x01")
        .ask(1, "/idle/ID/1", "\0")
        .answer(1, "\x01")
        .ask(0, "/send/ID/3", "d")
        .answer(0, "\x01")
        .ask(1, "/send/ID/4", "e")
        .answer(1, "\x01")
        .closed(0)
        .closed(1)
        .session();
    assert_eq!(missing.text(C), "a*de");
    assert_eq!(missing.exchange(3).problems, [Problem::Jumped { expected: 2, left_out: false }]);
}

#[test]
fn a_request_that_is_sent_again_is_taken_once() {
    let session = Script::opened()
        .ask(0, "/send/ID/0", "a")
        .answer(0, "\x01")
        .ask(0, "/send/ID/1", "b")
        .closed(0)
        .ask(1, "/send/ID/1", "b")
        .answer(1, "\x01x")
        .ask(1, "/send/ID/2", "c")
        .answer(1, "\x01y")
        .closed(1)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("abc".to_owned(), "xy".to_owned()));
    let of_one: Vec<_> = session.exchanges.iter().filter(|it| it.number == Some(1)).collect();
    assert_eq!(of_one[0].problems, [Problem::Unanswered]);
    assert!(of_one[0].certain);
    assert_eq!(of_one[1].problems, [Problem::SentAgain]);
}

#[test]
fn a_request_that_was_cut_goes_on_where_it_is_sent_again() {
    let cut = request("/send/ID/0", "abcdef");
    let session = Script::opened()
        .bytes(0, C, &cut.as_bytes()[..cut.len() - 3])
        .closed(0)
        .ask(1, "/send/ID/0", "abcdef")
        .answer(1, "\x01x")
        .closed(1)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("abcdef".to_owned(), "x".to_owned()));
    let left = Script::opened()
        .bytes(0, C, &cut.as_bytes()[..cut.len() - 3])
        .closed(0)
        .ask(1, "/send/ID/1", "g")
        .answer(1, "\x01x")
        .closed(1)
        .session();
    assert_eq!(left.text(C), "abc*g");
    assert_eq!(left.exchange(0).problems, [Problem::Cut { from: C, bytes: 3 }, Problem::Unanswered]);
}

#[test]
fn numbers_that_were_answered_and_come_again_are_new_requests() {
    let session = Script::opened()
        .ask(0, "/send/ID/4", "a")
        .answer(0, "\x01")
        .ask(0, "/send/ID/4", "b")
        .answer(0, "\x01")
        .ask(0, "/send/ID/2", "c")
        .answer(0, "\x01")
        .ask(0, "/send/ID", "d")
        .answer(0, "\x01")
        .closed(0)
        .session();
    assert_eq!(session.text(C), "abcd");
    let problems: Vec<_> = session.exchanges.iter().flat_map(|it| it.problems.clone()).collect();
    let wanted = [Problem::Repeated { expected: 5 }, Problem::WentBack { expected: 5 }, Problem::NoNumber];
    assert_eq!(problems, wanted);
}

#[test]
fn a_session_joined_in_the_middle_has_the_id_of_its_path() {
    let middle = Script::default().kept(0, C, Kept::Joined).kept(0, S, Kept::Joined);
    let session = middle
        .bytes(0, S, b"rest of a body")
        .bytes(0, C, b"\x03body")
        .ask(0, "/send/ID/70", "a")
        .answer(0, "\x01x")
        .ask(0, "/idle/ID/71", "\0")
        .answer(0, "\x01y")
        .closed(0)
        .session();
    assert_eq!((session.id.as_str(), session.start), ("ID", Some(Start::Midstream)));
    assert_eq!((session.text(C), session.text(S)), ("a".to_owned(), "xy".to_owned()));
    let joined = session.told.iter().filter(|(_, kept)| matches!(kept, Kept::Joined)).count();
    assert_eq!(joined, 2);
}

#[test]
fn where_the_answer_to_open_is_missing_the_next_path_has_the_id() {
    let answer = response("ID\n").len() as u64;
    let session = Script::default()
        .ask(0, "/open/1", "\0")
        .gap(0, S, answer)
        .ask(0, "/send/ID/0", "a")
        .answer(0, "\x01x")
        .closed(0)
        .session();
    assert_eq!((session.id.as_str(), session.start), ("ID", Some(Start::Syn)));
    assert_eq!((session.text(C), session.text(S)), ("a".to_owned(), "x".to_owned()));
    assert_eq!(session.exchanges[0].request, Some(Request::Open));
    assert!(!session.exchanges[0].certain);
}

#[test]
fn an_open_that_is_refused_is_a_session_without_an_id() {
    let refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let session = Script::default().ask(0, "/open/1", "\0").bytes(0, S, refused).closed(0).session();
    assert_eq!((session.id.as_str(), session.exchanges[0].status), ("", Some(404)));
    let silent = Script::default().ask(0, "/open/1", "\0").closed(0).session();
    assert_eq!(silent.exchanges[0].problems, [Problem::Unanswered]);
    let again = Script::default()
        .ask(0, "/open/1", "\0")
        .bytes(0, S, refused)
        .ask(0, "/open/1", "\0")
        .answer(0, "ID\n")
        .ask(0, "/close/ID/0", "\0")
        .answer(0, "\0")
        .ask(0, "/open/1", "\0")
        .answer(0, "ID2\n")
        .closed(0)
        .sessions();
    let ids: Vec<_> = again.iter().map(|session| session.id.as_str()).collect();
    assert_eq!(ids, ["", "ID", "ID2"]);
}

#[test]
fn bytes_behind_a_bodys_end_are_its_excess() {
    let mut short = request("/send/ID/0", "abc").into_bytes();
    short.extend(b"DEF");
    let session = Script::opened()
        .bytes(0, C, &short)
        .answer(0, "\x01x")
        .ask(0, "/send/ID/1", "g")
        .answer(0, "\x01y")
        .closed(0)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("abcDEFg".to_owned(), "xy".to_owned()));
    assert_eq!(session.exchange(0).problems, [Problem::Excess { from: C, bytes: 3 }]);
}

#[test]
fn a_length_that_is_too_large_ends_where_the_next_request_begins() {
    let next = request("/send/ID/1", "x");
    let swallowed = next.len() + 3;
    let head = format!("POST /send/ID/0 HTTP/1.1\r\nContent-Length: {swallowed}\r\n\r\nabc");
    let script = Script::opened().bytes(0, C, head.as_bytes()).bytes(0, C, next.as_bytes());
    let session = script.answer(0, "\x01x").closed(0).session();
    assert_eq!(session.exchange(0).problems, [Problem::HoldsRequest]);
    assert_eq!((session.exchange(0).bytes_up, session.text(C)), (3, "abcx".to_owned()));
}

#[test]
fn a_hole_in_a_body_has_its_length() {
    let (up, down) = (request("/send/ID/0", "abcdef"), response("\x01uvwxyz"));
    let session = Script::opened()
        .bytes(0, C, &up.as_bytes()[..up.len() - 4])
        .gap(0, C, 2)
        .bytes(0, C, b"ef")
        .bytes(0, S, &down.as_bytes()[..down.len() - 7])
        .gap(0, S, 3)
        .bytes(0, S, b"wxyz")
        .ask(0, "/send/ID/1", "g")
        .answer(0, "\x01!")
        .closed(0)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("ab??efg".to_owned(), "??wxyz!".to_owned()));
    assert!(!session.exchange(0).certain && session.exchange(1).certain);
}

#[test]
fn behind_a_hole_over_heads_the_next_one_is_found() {
    let (up, down) = (request("/send/ID/1", "cdefgh"), response("\x01vwxyz"));
    let (up_lost, down_lost) = (up.len() - 4, down.len() - 2);
    let session = Script::opened()
        .ask(0, "/send/ID/0", "ab")
        .answer(0, "\x01u")
        .gap(0, C, up_lost as u64)
        .bytes(0, C, &up.as_bytes()[up_lost..])
        .gap(0, S, down_lost as u64)
        .bytes(0, S, &down.as_bytes()[down_lost..])
        .ask(0, "/send/ID/2", "i")
        .answer(0, "\x01!")
        .closed(0)
        .session();
    assert_eq!((session.text(C), session.text(S)), ("ab*efghi".to_owned(), "u*yz!".to_owned()));
    let after = session.exchange(2);
    assert_eq!(
        (after.problems.as_slice(), after.latency),
        (&[Problem::Jumped { expected: 1, left_out: false }][..], Some(1_000_000))
    );
    assert!(!after.certain);
}

#[test]
fn responses_whose_request_waits_behind_a_hole_wait_for_it() {
    // Reassembly gives the client's bytes late: the answers are there before.
    let lost = request("/send/ID/1", "bbbbbbbb").len() as u64;
    let mut script = Script::opened().ask(0, "/send/ID/0", "a").answer(0, "\x01x");
    script = script.answer(0, "\x01y").answer(0, "\x01z").gap(0, C, lost);
    let session = script.ask(0, "/send/ID/2", "c").closed(0).session();
    assert_eq!(session.text(C), "a*c");
    assert_eq!(session.text(S), "xyz");
}

#[test]
fn a_lost_idle_request_is_no_hole_in_the_stream() {
    let lost = request("/idle/ID/1", "\0").len() as u64;
    let script = Script::opened().ask(0, "/send/ID/0", "a").answer(0, "\x01x").gap(0, C, lost).answer(0, "\x01y");
    let session = script.ask(0, "/send/ID/2", "c").answer(0, "\x01z").closed(0).session();
    assert_eq!((session.text(C), session.text(S)), ("ac".to_owned(), "xyz".to_owned()));
    assert!(!session.exchange(2).certain, "that its number jumps is the capture's");
}

#[test]
fn an_answer_that_is_missing_does_not_move_those_behind_it() {
    let lost = response("\x01y").len() as u64;
    let session = Script::opened()
        .ask(0, "/send/ID/0", "a")
        .answer(0, "\x01x")
        .ask(0, "/send/ID/1", "b")
        .gap(0, S, 2 * lost)
        .ask(0, "/send/ID/2", "c")
        .ask(0, "/send/ID/3", "d")
        .answer(0, "\x04z")
        .closed(0)
        .session();
    // Two responses are missing, and each leaves a hole.
    assert_eq!(session.text(S), "x**z");
    assert_eq!(session.exchange(3).polling_interval, Some(4));
    assert_eq!(session.exchange(2).problems, [Problem::Unanswered]);
    assert!(!session.exchange(2).certain);
}

#[test]
fn http_of_others_is_left_alone() {
    let mut script = Script::default();
    for _ in 0..20 {
        script = script.bytes(0, C, b"GET / HTTP/1.1\r\n\r\n").answer(0, "hello");
    }
    assert!(script.ask(0, "/send/ID/0", "a").closed(0).sessions().is_empty());
    assert!(
        Script::default().bytes(0, C, b"\x03\0\0\0binary").bytes(0, S, b"\x03\xff").closed(0).sessions().is_empty()
    );
}

#[test]
fn a_response_to_a_request_that_was_missed_leaves_the_next_request_its_own() {
    let script = Script::default()
        .kept(0, C, Kept::Joined)
        .kept(0, S, Kept::Joined)
        .ask(0, "/send/ID/0", "a")
        .answer(0, "\x01b")
        .gap(0, C, 200)
        .answer(0, "\x01c")
        .bytes(0, C, &request("/send/ID/2", "def").as_bytes()[..81])
        .answer(0, "\x01g")
        .bytes(0, C, &request("/send/ID/2", "def").as_bytes()[81..])
        .answer(0, "\x01h");
    let session = script.closed(0).session();
    assert!(session.text(C).ends_with("def"), "{}", session.text(C));
    assert!(session.text(S).ends_with('h'), "{}", session.text(S));
}

#[test]
fn a_request_goes_on_behind_its_servers_end() {
    let script = Script::opened().ask(0, "/send/ID/0", "a").answer(0, "\x01b");
    let long = request("/send/ID/1", "cdefgh");
    let (one, two) = long.as_bytes().split_at(long.len() - 4);
    let script = script.bytes(0, C, one).close(0, S).bytes(0, C, two).close(0, C);
    let session = script.session();
    assert_eq!((session.text(C), session.text(S)), ("acdefgh".to_owned(), "b".to_owned()));
    let last = session.exchanges.last().unwrap();
    assert_eq!((last.number, last.bytes_up, &last.problems[..]), (Some(1), 6, &[Problem::Unanswered][..]));
}
