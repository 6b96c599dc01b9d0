//! Cut and pipelined otherwise, the same requests give the same streams; and whatever the bytes are, nothing panics and little is kept.

use proptest::prelude::*;
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::net::{Delivery, Kept};
use rtmp_inspect::proto::rtmpt::{Exchange, Tunneled, Tunnels};
use rtmp_inspect::wire::{Moment, Side};

use crate::carried::{Session, Told, carriers, sessions, sessions_under, told};
use crate::common::capture;
use crate::written::{C, S, Script, request, response};

/// What each side of each session said, and its exchanges without what depends on packets.
fn meaning(sessions: &[Session]) -> Vec<(String, [Vec<u8>; 2], Vec<Exchange>)> {
    let plain = |exchange: &Exchange| Exchange {
        at: Moment::default(),
        packets: Default::default(),
        latency: None,
        waited: None,
        ..exchange.clone()
    };
    let exchanges = |session: &Session| session.exchanges.iter().map(plain).collect();
    sessions.iter().map(|it| (it.id.clone(), [it.bytes(C), it.bytes(S)], exchanges(it))).collect()
}

/// The same told in pieces of these lengths, in turn.
fn cut(told: &[Told], lengths: &[usize]) -> Vec<Told> {
    let mut lengths = lengths.iter().cycle();
    let mut all = Vec::new();
    for Told { connection, client, server, from, kept } in told {
        let mut add = |delivery: &Delivery<'_>| {
            let (connection, client, server, from) = (*connection, *client, *server, *from);
            all.push(Told { connection, client, server, from, kept: Kept::of(delivery) });
        };
        let Delivery::Bytes { mut offset, mut bytes, at, place } = kept.lend() else {
            add(&kept.lend());
            continue;
        };
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(*lengths.next().unwrap()));
            add(&Delivery::Bytes { offset, bytes: piece, at, place });
            offset += piece.len() as u64;
            bytes = rest;
        }
    }
    all
}

/// A request of a random session.
#[derive(Clone, Debug)]
struct Ask {
    body: String,
    answer: String,
    is_chunked: bool,
    is_idle: bool,
}

fn ask() -> impl Strategy<Value = Ask> {
    // Bodies of what heads are made of, too.
    let body = || prop_oneof!["[a-z]{0,40}", "(POST /|HTTP/1\\.1 200 OK\r\n|\r\n|0\r\n){1,4}"];
    (body(), body(), any::<bool>(), any::<bool>()).prop_map(|(body, answer, is_chunked, is_idle)| Ask {
        body,
        answer,
        is_chunked,
        is_idle,
    })
}

fn chunked(start: &str, body: &str) -> String {
    let (one, two) = body.split_at(body.len() / 2);
    let chunk = |part: &str| if part.is_empty() { String::new() } else { format!("{:x}\r\n{part}\r\n", part.len()) };
    format!("{start}\r\nTransfer-Encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunk(one), chunk(two))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_pipelining_and_any_cut_give_the_same_streams(
        asks in prop::collection::vec(ask(), 1..12),
        depth in 1usize..6,
        connections in 1u64..4,
        lengths in prop::collection::vec(1usize..90, 1..6),
    ) {
        let mut script = Script::opened();
        let numbered: Vec<_> = asks.iter().enumerate().collect();
        for (turn, batch) in numbered.chunks(depth).enumerate() {
            let connection = turn as u64 % connections;
            for (number, ask) in batch {
                let (path, body) = if ask.is_idle { ("idle", "\0") } else { ("send", ask.body.as_str()) };
                let text = if ask.is_chunked {
                    chunked(&format!("POST /{path}/ID/{number} HTTP/1.1"), body)
                } else {
                    request(&format!("/{path}/ID/{number}"), body)
                };
                script = script.bytes(connection, C, text.as_bytes());
            }
            for (_, ask) in batch {
                let body = format!("\x05{}", ask.answer);
                let text = if ask.is_chunked { chunked("HTTP/1.1 200 OK", &body) } else { response(&body) };
                script = script.bytes(connection, S, text.as_bytes());
            }
        }
        for connection in 0..connections.min(asks.len().div_ceil(depth) as u64) {
            script = script.closed(connection);
        }
        let found = sessions(&cut(&script.told, &lengths));
        prop_assert_eq!(found.len(), 1);
        let up: String = asks.iter().filter(|ask| !ask.is_idle).map(|ask| ask.body.as_str()).collect();
        let down: String = asks.iter().map(|ask| ask.answer.as_str()).collect();
        prop_assert_eq!((found[0].text(C), found[0].text(S)), (up, down));
        prop_assert!(found[0].exchanges.iter().all(|it| it.certain && it.problems.is_empty()));
        prop_assert_eq!(found[0].exchanges.len(), asks.len() + 1);
    }

    #[test]
    fn whatever_comes_nothing_panics_and_little_is_kept(
        steps in prop::collection::vec((0u64..4, any::<bool>(), 0u8..12, any::<u8>(), 0u64..200), 1..120),
    ) {
        let mut script = Script::default();
        for (connection, is_client, kind, byte, length) in steps {
            let from = if is_client { C } else { S };
            let number = length % 9;
            script = match kind {
                0 => script.gap(connection, from, length + 1),
                1 => script.bytes(connection, from, &vec![byte; length as usize + 1]),
                2 => script.bytes(connection, from, b"POST /send/ID/1 HTTP/1.1\r\nContent-Length: 99\r\n"),
                3 => script.ask(connection, "/open/1", "\0"),
                4 => script.ask(connection, &format!("/send/ID/{number}"), "body"),
                5 => script.ask(connection, &format!("/idle/ID{}/{number}", byte % 2), "\0"),
                6 => script.ask(connection, &format!("/close/ID/{number}"), "\0"),
                7 => script.answer(connection, "ID\n"),
                8 => script.answer(connection, "\x01body"),
                9 => script.bytes(connection, from, chunked("HTTP/1.1 200 OK", "chunks").as_bytes()),
                10 => script.bytes(connection, S, b"HTTP/1.1 200 OK\r\n\r\n"),
                _ => script.bytes(connection, C, b"POST /send/ID/2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n"),
            };
        }
        let limits = Limits {
            tunnel_requests: 4,
            tunnel_bytes: 2048,
            tunnel_bytes_total: 4096,
            http_waiting_bytes: 2048,
            http_head_bytes: 512,
            http_pipelined: 8,
            tunnels: 2,
            ..Limits::default()
        };
        let mut tunnels = Tunnels::new(&limits);
        for it in &script.told {
            tunnels.take(it.connection, it.server, it.client, it.from, &it.kept.lend(), &mut |_| {});
            prop_assert!(tunnels.held() < 32 << 10, "{}", tunnels.held());
            prop_assert!(tunnels.len() <= 2);
        }
        for connection in 0..4 {
            script = script.closed(connection);
        }
        sessions_under(&script.told, &limits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_real_session_may_be_cut_anywhere(lengths in prop::collection::vec(1usize..3000, 1..8)) {
        let told = carriers(told(&capture("rtmpt/rtmpt-ffmpeg-publish.pcap")));
        prop_assert_eq!(meaning(&sessions(&cut(&told, &lengths))), meaning(&sessions(&told)));
    }
}

/// The most that is kept while something is told over and over, on one connection.
fn most_kept(limits: &Limits, times: u64, step: impl Fn(Script, u64) -> Script) -> (usize, Vec<(&'static str, u64)>) {
    let (mut tunnels, mut most, mut ends) = (Tunnels::new(limits), 0, 0);
    let mut give = |tunneled: Tunneled<'_>| {
        ends += usize::from(matches!(tunneled, Tunneled::Stream { delivery: Delivery::Close { .. }, .. }));
    };
    for time in 0..times {
        for it in step(Script::default(), time).told {
            tunnels.take(it.connection, it.server, it.client, it.from, &it.kept.lend(), &mut give);
            most = most.max(tunnels.held() + tunnels.own());
        }
    }
    tunnels.finish(Moment::default(), &mut give);
    (most, tunnels.reached().list())
}

#[test]
fn opens_without_end_are_bounded() {
    let limits = Limits { tunnels: 16, ..Limits::default() };
    let (most, reached) =
        most_kept(&limits, 20_000, |script, time| script.ask(0, "/open/1", "\0").answer(0, &format!("ID{time}\n")));
    assert_eq!(reached, [("tunnels", 20_000 - 16)]);
    assert!(most < 64 << 10, "{most}");
    // Each with a connection of its own, and without an answer.
    let (most, reached) =
        most_kept(&limits, 20_000, |script, time| script.ask(time, "/open/1", "\0").close(time, S).close(time, C));
    assert!(most < 64 << 10 && reached.is_empty(), "{most}");
    // Sessions that nobody closes linger, so many.
    let (most, reached) =
        most_kept(&limits, 20_000, |script, time| script.ask(time, &format!("/send/{time}/0"), "x").closed(time));
    assert_eq!(reached, [("tunnels", 20_000 - 16)]);
    assert!(most < 64 << 10, "{most}");
}

#[test]
fn heads_without_end_are_bounded() {
    for from in [C, S] {
        let (most, _) = most_kept(&Limits::default(), 20_000, |script, time| {
            let start = if from == C { "POST /send/ID/0 HTTP/1.1\r\nA: " } else { "HTTP/1.1 200 OK\r\nA: " };
            script.bytes(0, from, if time == 0 { start.as_bytes() } else { &[b'a'; 100] })
        });
        // What a server says before it was asked waits, so much.
        assert!(most < (2 << 20) + (64 << 10), "{most}");
    }
}

#[test]
fn heads_on_many_connections_are_bounded_together() {
    let limits = Limits { tunnel_bytes_total: 64 << 10, ..Limits::default() };
    let mut tunnels = Tunnels::new(&limits);
    let mut script = Script::default();
    for connection in 0..40 {
        script = script.ask(connection, "/send/ID/0", "x").bytes(connection, C, b"POST /send/ID/1 HTTP/1.1\r\nA: ");
    }
    for _ in 0..30 {
        for connection in 0..40 {
            script = script.bytes(connection, C, &[b'a'; 200]);
        }
    }
    for it in &script.told {
        tunnels.take(it.connection, it.server, it.client, it.from, &it.kept.lend(), &mut |_| {});
        assert!(tunnels.held() <= (64 << 10) + 512, "{}", tunnels.held());
    }
    assert!(tunnels.reached().list().iter().any(|(name, _)| *name == "tunnel_bytes_total"));
}

#[test]
fn responses_that_nobody_asked_for_are_bounded() {
    let limits = Limits { http_waiting_bytes: 4096, ..Limits::default() };
    let (most, reached) = most_kept(&limits, 20_000, |script, time| match time {
        0 => script.bytes(0, C, b"POST /send/ID/0 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"),
        _ => script.answer(0, ""),
    });
    assert!(reached.iter().any(|(name, times)| *name == "tunnel_requests" && *times == 1), "{reached:?}");
    assert!(most < 64 << 10, "{most}");
}

#[test]
fn a_connection_for_each_request_leaves_nothing_behind() {
    let start = std::time::Instant::now();
    let (most, _) = most_kept(&Limits { tunnels: 4, ..Limits::default() }, 20_000, |script, time| {
        script.ask(time, &format!("/idle/ID/{time}"), "\0").answer(time, "\x01").closed(time)
    });
    assert!(most < 16 << 10, "{most}");
    // It took minutes when each of them was looked at again with each.
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn what_is_missing_has_an_end() {
    // Numbers, and lengths, as large as they can be, again and again.
    let mut script = Script::opened().ask(0, "/send/ID/0", "abc").answer(0, "\x01");
    for _ in 0..4 {
        script = script.ask(0, "/send/ID/18446744073709551615", "d").answer(0, "\x01e").ask(0, "/send/ID/1", "f");
    }
    let huge = "POST /send/ID/18446744073709551615 HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\ng";
    script = script
        .bytes(0, C, huge.as_bytes())
        .close(0, C)
        .ask(1, "/send/ID/18446744073709551615", "gh")
        .closed(1)
        .close(0, S);
    let session = script.session();
    assert!(session.text(C).ends_with('h'), "{}", session.text(C));
}

#[test]
fn requests_without_answers_are_bounded() {
    let (most, reached) = most_kept(&Limits { http_pipelined: 16, ..Limits::default() }, 20_000, |script, time| {
        script.ask(0, &format!("/send/ID/{time}"), "body")
    });
    assert_eq!(reached, [("http_pipelined", 20_000 - 16)]);
    assert!(most < 64 << 10, "{most}");
    let (most, reached) = most_kept(&Limits { tunnel_requests: 4, ..Limits::default() }, 20_000, |script, time| {
        script.ask(0, &format!("/send/ID/{time}"), "body")
    });
    assert!(reached.contains(&("tunnel_requests", 20_000 - 4)), "{reached:?}");
    assert!(most < 64 << 10, "{most}");
}

#[test]
fn what_a_server_says_before_it_was_asked_waits_so_long() {
    let (most, reached) = most_kept(&Limits { http_waiting_bytes: 4096, ..Limits::default() }, 2_000, |script, _| {
        script.bytes(0, S, response(&"x".repeat(100)).as_bytes())
    });
    assert!(reached.iter().any(|(name, times)| *name == "http_waiting_bytes" && *times > 10));
    assert!(most < 16 << 10, "{most}");
}

#[test]
fn bodies_that_wait_for_an_earlier_request_are_bounded() {
    let ahead = |script: Script, time: u64| match time {
        0 => script.ask(0, "/send/ID/0", "x").ask(1, "/idle/ID/1", "\0"),
        // Number 2 may come on the other connection.
        _ => script.ask(0, &format!("/send/ID/{}", time + 2), &"x".repeat(1000)),
    };
    let limits = Limits { tunnel_requests: 1000, tunnel_bytes: 8192, ..Limits::default() };
    // The two that are not answered are given up, and then the number.
    let (most, reached) = most_kept(&limits, 30, ahead);
    assert!(reached.contains(&("tunnel_bytes", 3)), "{reached:?}");
    assert!(most < 64 << 10, "{most}");
    let limits = Limits { tunnel_requests: 1000, tunnel_bytes_total: 8192, ..Limits::default() };
    let (most, reached) = most_kept(&limits, 30, ahead);
    assert!(reached.iter().any(|(name, _)| *name == "tunnel_bytes_total"), "{reached:?}");
    assert!(most < 64 << 10, "{most}");
}

#[test]
fn a_session_that_nobody_ends_is_over_some_time_after_its_last_connection() {
    let limits = Limits { tunnel_linger_ns: 10_000_000, ..Limits::default() };
    let mut script = Script::opened().ask(0, "/send/ID/0", "a").closed(0);
    for _ in 0..20 {
        script = script.ask(1, "/fcs/ident2", "\0").answer(1, "x");
    }
    script = script.ask(2, "/send/ID/1", "b").answer(2, "\x01").closed(2).closed(1);
    let (found, _) = sessions_under(&script.told, &limits);
    let texts: Vec<_> = found.iter().map(|it| it.text(Side::Client)).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn a_chunk_of_any_size_allocates_nothing() {
    let huge = b"POST /send/ID/0 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\n";
    let script = Script::opened().bytes(0, C, huge).bytes(0, C, b"abc").gap(0, C, u64::MAX / 2).bytes(0, C, b"def");
    let session = script.closed(0).sessions();
    assert_eq!(session.len(), 1);
    let longer = b"POST /send/ID/0 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nabc";
    let session = Script::opened().bytes(0, C, longer).ask(0, "/send/ID/1", "d").closed(0).session();
    assert!(session.text(C).ends_with('d'));
}
