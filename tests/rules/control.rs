//! Cases of the CTL rules.

use rtmp_inspect::synth::{Conversation, Link, Message, Peer, sample, transform};
use rtmp_inspect::wire::Side;

use crate::common::{Story, capture};
use crate::{Case, case, large};

pub(super) fn cases() -> Vec<Case> {
    // A window of 1000 bytes on the side that sends media.
    let windowed = |acknowledge: bool, milliseconds: i64| {
        let mut conversation = sample::publishing().client(|c| c.window_acknowledgement_size(1000).message(&large(40)));
        if acknowledge {
            conversation = conversation.server(|s| s.acknowledgement(9000));
        }
        conversation.client(|c| c.message(&large(80))).wait_ms(milliseconds).client(|c| c.delete_stream(1))
    };
    let cases = vec![
        case("CTL001", "on chunk stream 2", &sample::publish(3), &[]),
        case(
            "CTL001",
            "a window on chunk stream 3",
            &sample::publishing().server(|s| s.message(&Message::new(3, 5, 0, 0, vec![0, 1, 0, 0]))),
            &["the server sends window_acknowledgement_size on chunk stream 3, not 2"],
        ),
        case(
            "CTL001",
            "user control is another rule's",
            &sample::publishing().server(|s| s.message(&Message::new(3, 4, 0, 0, vec![0, 0, 0, 0, 0, 1]))),
            &[],
        ),
        case("CTL002", "on message stream 0", &sample::publish(3), &[]),
        case(
            "CTL002",
            "an acknowledgement on message stream 1",
            &sample::publishing().server(|s| s.message(&Message::new(2, 3, 1, 0, vec![0, 0, 1, 0]))),
            &["the server sends acknowledgement on message stream 1, not 0"],
        ),
        case("CTL006", "acknowledged", &windowed(true, 1500), &[]),
        case(
            "CTL006",
            "never acknowledged",
            &windowed(false, 1500),
            &["the server never acknowledged 10060 bytes of the client under a window of 1000"],
        ),
        case("CTL006", "the session is over in less than a second", &windowed(false, 900), &[]),
        Case {
            code: "CTL006",
            what: "a round trip takes longer than that",
            story: far(&windowed(false, 1500)),
            expected: &[],
        },
        case("CTL006", "less than two windows", &sample::publish(20), &[]),
    ];
    [cases, places_and_forms(), events(), windows(), counts(), flow(), pings(), streams(), chunks(), real()]
        .into_iter()
        .flatten()
        .collect()
}

/// The same conversation over a way of three seconds.
fn far(conversation: &Conversation) -> Story {
    let mut packets = Link::v4().packets(conversation);
    let c2 =
        packets.iter().filter(|packet| packet.from == Side::Client && packet.payload.len() > 1).nth(2).unwrap().time;
    for packet in packets.iter_mut().filter(|packet| packet.time >= c2) {
        packet.time.0 += 3_000_000_000;
    }
    Story::of_packets(&packets)
}

/// What the server says while a client publishes.
fn server(say: impl FnOnce(&mut Peer) -> &mut Peer) -> Conversation {
    sample::publishing().server(say)
}

/// A message of the server as it is.
fn message(message: &Message) -> Conversation {
    server(|s| s.message(message))
}

/// CTL003 to CTL005: where control messages stand, and how long they are.
fn places_and_forms() -> Vec<Case> {
    let begin = vec![0, 0, 0, 0, 0, 1];
    let control = |kind, payload: &[u8]| message(&Message::control(kind, payload.into()));
    vec![
        case("CTL003", "on chunk stream 2, message stream 0", &sample::play(1), &[]),
        case(
            "CTL003",
            "on chunk stream 3",
            &message(&Message::new(3, 4, 0, 0, begin.clone())),
            &["the server sends user_control on chunk stream 3, not 2"],
        ),
        case(
            "CTL003",
            "on message stream 1",
            &message(&Message::new(2, 4, 1, 0, begin.clone())),
            &["the server sends user_control on message stream 1, not 0"],
        ),
        case(
            "CTL003",
            "both",
            &message(&Message::new(3, 4, 1, 0, begin.clone())),
            &["the server sends user_control on chunk stream 3, not 2, and message stream 1, not 0"],
        ),
        case("CTL003", "a window is another rule's", &message(&Message::new(3, 5, 1, 0, vec![0, 1, 0, 0])), &[]),
        case("CTL004", "without", &sample::publish(3), &[]),
        case(
            "CTL004",
            "an acknowledgement with the time",
            &message(&Message::new(2, 3, 0, 16_275_007, vec![0, 0, 12, 1])),
            &["the server sends acknowledgement with the timestamp 16275007, not 0"],
        ),
        case(
            "CTL004",
            "a ping with the time",
            &message(&Message::new(2, 4, 0, 1, vec![0, 6, 0, 0, 0, 9])),
            &["the server sends user_control with the timestamp 1, not 0"],
        ),
        case("CTL004", "a picture has one", &sample::publishing().client(|c| c.message(&large(40))), &[]),
        case("CTL005", "as long as they should be", &sample::play(1), &[]),
        case(
            "CTL005",
            "a window of three bytes",
            &control(5, &[0, 1, 0]),
            &["the server sends window_acknowledgement_size with 3 bytes of data, not 4"],
        ),
        case(
            "CTL005",
            "a window of five bytes",
            &control(5, &[0, 1, 0, 0, 2]),
            &["the server sends window_acknowledgement_size with 5 bytes of data, not 4"],
        ),
        case(
            "CTL005",
            "no limit type",
            &control(6, &[0, 1, 0, 0]),
            &["the server sends set_peer_bandwidth with 4 bytes of data, not 5: the limit type is missing"],
        ),
        case(
            "CTL005",
            "an abort of nothing at all",
            &control(2, &[]),
            &["the server sends abort with 0 bytes of data, not 4"],
        ),
        case(
            "CTL005",
            "half an event",
            &control(4, &[0]),
            &["the server sends user_control with 1 byte of data, not 2"],
        ),
        case(
            "CTL005",
            "a buffer without its length",
            &control(4, &[0, 3, 0, 0, 0, 1]),
            &["the server sends set_buffer_length with 4 bytes of data, not 8"],
        ),
        case(
            "CTL005",
            "a ping with too much",
            &control(4, &[0, 6, 0, 0, 0, 1, 0, 0, 0, 0]),
            &["the server sends ping_request with 8 bytes of data, not 4"],
        ),
        case("CTL005", "an event that nobody knows", &control(4, &[0, 99, 1]), &[]),
    ]
}

/// CTL014 and CTL018: which user control events there are, and whose they are.
fn events() -> Vec<Case> {
    vec![
        case("CTL014", "one that FMS sends", &server(|s| s.user_control(31, &[0, 0, 0, 1])), &[]),
        case(
            "CTL014",
            "one that nobody sends",
            &server(|s| s.user_control(99, &[])),
            &["the server sends user control event 99, which nobody is known to send"],
        ),
        case("CTL018", "each side its own", &sample::play(1), &[]),
        case(
            "CTL018",
            "a client begins a stream",
            &sample::publishing().client(|c| c.stream_begin(1)),
            &["the client sends stream_begin, which is for the server to send"],
        ),
        case("CTL018", "a server answers", &server(|s| s.ping_response(7)), &[]),
        case(
            "CTL018",
            "a server sets a buffer",
            &server(|s| s.set_buffer_length(1, 3000)),
            &["the server sends set_buffer_length, which is for the client to send"],
        ),
    ]
}

/// CTL010 to CTL012: windows and limits.
fn windows() -> Vec<Case> {
    let limited = |window, limit| server(|s| s.set_peer_bandwidth(window, limit));
    vec![
        case("CTL010", "a window", &sample::publish(1), &[]),
        case(
            "CTL010",
            "none in its place",
            &server(|s| s.window_acknowledgement_size(0)),
            &["the server announces a window of 0 bytes by window_acknowledgement_size"],
        ),
        case(
            "CTL010",
            "no bandwidth",
            &limited(0, 0),
            &["the server announces a window of 0 bytes by set_peer_bandwidth"],
        ),
        case(
            "CTL011",
            "answered",
            &limited(9000, 0).client(|c| c.window_acknowledgement_size(9000).delete_stream(1)),
            &[],
        ),
        case(
            "CTL011",
            "ignored",
            &limited(9000, 0).client(|c| c.delete_stream(1)),
            &["the client never answered set_peer_bandwidth of 9000 with its window"],
        ),
        case("CTL011", "the window that it has", &limited(5_000_000, 0).client(|c| c.delete_stream(1)), &[]),
        case("CTL011", "dynamic, after no hard one", &limited(9000, 2).client(|c| c.delete_stream(1)), &[]),
        case(
            "CTL011",
            "dynamic, after a hard one",
            &limited(5_000_000, 0).server(|s| s.set_peer_bandwidth(9000, 2)).client(|c| c.delete_stream(1)),
            &["the client never answered set_peer_bandwidth of 9000 with its window"],
        ),
        case("CTL011", "no time to answer", &limited(9000, 0), &[]),
        case("CTL012", "dynamic", &limited(9000, 2), &[]),
        case(
            "CTL012",
            "unheard of",
            &limited(9000, 3),
            &["the server sends set_peer_bandwidth with the limit type 3, which does not exist: 0, 1 and 2 do"],
        ),
    ]
}

/// A client that announces a window of 10000, and its bytes up to there.
fn begun() -> (Conversation, u32) {
    let begun = sample::publishing().client(|c| c.window_acknowledgement_size(10_000));
    let sent = begun.bytes(Side::Client).len() as u32;
    (begun, sent)
}

/// CTL007 and CTL008: what the server counts.
fn counts() -> Vec<Case> {
    let (begun, start) = begun();
    let sent = (1..6).fold(begun.clone(), |story, n| story.client(|c| c.message(&large(40 * n))));
    let at_once = |number| sent.clone().server(|s| s.acknowledgement(number));
    let acknowledged = |number| sent.clone().wait_ms(1000).server(|s| s.acknowledgement(number));
    let again = |number| acknowledged(start + 9000).server(|s| s.acknowledgement(number));
    // The server acknowledges what `number` makes of the conversation so far, `times` times; packets in plenty between.
    let counted = |times, number: &dyn Fn(&Conversation) -> u32| {
        (0..times).fold(begun.clone(), |story, time| {
            let sounds = 100 * time..100 * (time + 1);
            let story =
                sounds.fold(story, |story, n| story.client(|c| c.audio(1, 23 * n, vec![0xaf; 80 + n as usize])));
            let number = number(&story);
            story.server(|s| s.acknowledgement(number))
        })
    };
    let bytes = |story: &Conversation| story.bytes(Side::Client).len() as u32;
    let payload = |story: &Conversation| {
        let story = Story::of(story);
        story.messages_from(Side::Client).iter().map(|message| message.head.length).sum()
    };
    let unannounced =
        Conversation::new().handshake().client(|c| c.connect("live")).server(|s| s.acknowledgement(2_500_000));
    vec![
        case("CTL007", "after one and a half windows", &acknowledged(start + 15_000), &[]),
        case(
            "CTL007",
            "after more",
            &acknowledged(start + 15_001),
            &["the server acknowledges after 15001 bytes under a window of 10000"],
        ),
        case("CTL007", "after more, as soon as it had come", &at_once(start + 15_001), &[]),
        case("CTL007", "twice in time", &again(start + 24_000), &[]),
        case(
            "CTL007",
            "in time, then late",
            &again(start + 24_001),
            &["the server acknowledges after 15001 bytes under a window of 10000"],
        ),
        case("CTL007", "more than was sent is another rule's", &acknowledged(9_000_000), &[]),
        case("CTL008", "all bytes", &counted(4, &bytes), &[]),
        case("CTL008", "all bytes, some still on their way", &counted(4, &|story| bytes(story) - 1000), &[]),
        case("CTL008", "the same, while nothing is sent", &again(start + 9000), &[]),
        case(
            "CTL008",
            "more than was sent",
            &acknowledged(9_000_000),
            &["the server acknowledges 9000000 bytes, the client had sent 28364 at most"],
        ),
        case(
            "CTL008",
            "a window",
            &unannounced,
            &[
                "the server acknowledges 2500000 bytes, the client had sent 3224 at most: a Window Acknowledgement Size may be meant",
            ],
        ),
        case(
            "CTL008",
            "since the last time",
            &again(8000),
            &["the server acknowledges 8000 bytes after 12340: the bytes since the last time, not all received"],
        ),
        case(
            "CTL008",
            "backwards",
            &acknowledged(start + 20_000).server(|s| s.acknowledgement(start + 19_999)),
            &["the server acknowledges 23339 bytes after 23340: the count goes back"],
        ),
        case(
            "CTL008",
            "a fixed step",
            &counted(4, &|_| 10_000),
            &["the server acknowledges 10000 bytes time and again: a fixed step, not all bytes received"],
        ),
        case(
            "CTL008",
            "without the handshake",
            &counted(4, &|story| bytes(story) - 3073),
            &["the server leaves the 3073 bytes of the handshake out of the bytes that it acknowledges"],
        ),
        case(
            "CTL008",
            "without chunk headers",
            &counted(4, &payload),
            &["the server leaves the chunk headers out of the bytes that it acknowledges"],
        ),
        case("CTL008", "twice is no proof", &counted(2, &|story| bytes(story) - 3073), &[]),
    ]
}

/// CTL009: what the client sends unacknowledged.
fn flow() -> Vec<Case> {
    let (begun, start) = begun();
    let sending = |story: Conversation, pictures: u32| {
        (1..=pictures).fold(story, |story, n| story.client(|c| c.message(&large(40 * n))))
    };
    // The first two pictures are a window.
    let slowly = |story: Conversation, last: i64| sending(sending(story, 3).wait_ms(last), 2);
    let acknowledge = |story: Conversation| story.server(|s| s.acknowledgement(start));
    vec![
        case(
            "CTL009",
            "under two windows at a time",
            &acknowledge(sending(acknowledge(sending(begun.clone(), 3)), 3)),
            &[],
        ),
        case(
            "CTL009",
            "five pictures after an acknowledgement",
            &acknowledge(slowly(acknowledge(begun.clone()), 1000)),
            &["the client sent 20033 bytes unacknowledged under a window of 10000"],
        ),
        case(
            "CTL009",
            "before the first acknowledgement",
            &acknowledge(slowly(begun.clone(), 1000)),
            &["the client sent 20033 bytes unacknowledged under a window of 10000"],
        ),
        case("CTL009", "in less than a second", &acknowledge(slowly(begun.clone(), 990)), &[]),
        case("CTL009", "all at once", &acknowledge(sending(begun.clone(), 5)), &[]),
        case(
            "CTL009",
            "under the server's limit",
            &acknowledge(slowly(begun.clone().server(|s| s.set_peer_bandwidth(1000, 0)), 1000)),
            &["the client sent 20033 bytes unacknowledged under a window of 1000"],
        ),
        case("CTL009", "never acknowledged is another rule's", &slowly(begun, 1000), &[]),
    ]
}

/// CTL013: pings.
fn pings() -> Vec<Case> {
    let asked = || server(|s| s.ping_request(77));
    let answered = |milliseconds| asked().wait_ms(milliseconds).client(|c| c.ping_response(77));
    vec![
        case("CTL013", "answered at once", &answered(0), &[]),
        case("CTL013", "answered after 10 s", &answered(9_999), &[]),
        case(
            "CTL013",
            "answered later",
            &answered(12_000),
            &["the client took 12 s to answer the ping 77 (message 13)"],
        ),
        case(
            "CTL013",
            "never answered",
            &asked().wait_ms(10_001).client(|c| c.delete_stream(1)),
            &["the client never answered the ping 77"],
        ),
        case("CTL013", "the end came first", &asked().wait_ms(3000).client(|c| c.delete_stream(1)), &[]),
        case(
            "CTL013",
            "answered with something else",
            &asked().client(|c| c.ping_response(78)),
            &["the client answers the ping 77 (message 13) with 78"],
        ),
        case(
            "CTL013",
            "two at a time, answered in another order",
            &asked().server(|s| s.ping_request(78)).client(|c| c.ping_response(78).ping_response(77)),
            &[],
        ),
    ]
}

/// CTL015: Stream Begin.
fn streams() -> Vec<Case> {
    vec![
        case("CTL015", "for all", &server(|s| s.stream_begin(0)), &[]),
        case(
            "CTL015",
            "none for connect",
            &sample::publish(1),
            &["the server sends no stream_begin for connect (stream 0)"],
        ),
        case(
            "CTL015",
            "none for publish, which was deleted",
            &sample::connected()
                .server(|s| s.stream_begin(0))
                .client(|c| c.create_stream(2))
                .server(|s| s.create_stream_result(2, 1))
                .client(|c| c.publish(1, 3, "s"))
                .server(|s| s.on_status(1, "status", "NetStream.Publish.Start", "Go."))
                .client(|c| c.delete_stream(1)),
            &["the server sends no stream_begin for publish (stream 1)"],
        ),
        case(
            "CTL015",
            "rejected",
            &Conversation::new()
                .handshake()
                .client(|c| c.connect("live"))
                .server(|s| s.error(1, "NetConnection.Connect.Rejected", "No such app.")),
            &[],
        ),
    ]
}

/// CTL016 and CTL017: what goes before a Set Chunk Size, and Abort.
fn chunks() -> Vec<Case> {
    let begun = || Conversation::new().handshake().client(|c| c.connect("live"));
    let unfinished = |chunks: &mut rtmp_inspect::synth::ChunkWriter| {
        chunks.raw(&[9, 0, 0, 0, 0, 32, 0, 9, 1, 0, 0, 0]);
        chunks.raw(&[0x27; 4096]);
    };
    vec![
        case("CTL016", "set before", &sample::publish(1), &[]),
        case(
            "CTL016",
            "set after",
            &begun().server(|s| s.connect_result().set_chunk_size(4096)),
            &["the server's _result of 190 bytes goes out before any Set Chunk Size, while 128 is in force"],
        ),
        case(
            "CTL016",
            "never set",
            &begun().server(|s| s.connect_result()),
            &["the server's _result of 190 bytes goes out before any Set Chunk Size, while 128 is in force"],
        ),
        case("CTL016", "a small answer", &begun().server(|s| s.result(1, &[])), &[]),
        case(
            "CTL017",
            "of a picture under way",
            &sample::publishing().client(|c| c.chunk_layer(unfinished).abort(9)),
            &[],
        ),
        case(
            "CTL017",
            "of another chunk stream than the one under way",
            &sample::publishing().client(|c| c.chunk_layer(unfinished).abort(6)),
            &["the client aborts chunk stream 6, on which no message of it is under way"],
        ),
        case(
            "CTL017",
            "of a picture that was sent whole",
            &sample::publishing().client(|c| c.message(&large(40)).abort(6).message(&large(80))),
            &["the client aborts chunk stream 6, on which no message of it is under way"],
        ),
    ]
}

/// What real programs do.
fn real() -> Vec<Case> {
    let of = |code, name: &str, expected| Case { code, what: "real", story: Story::of_file(&capture(name)), expected };
    let xiu = "xiu/ffmpeg-extended-timestamp.pcap";
    let calls = "nginx-rtmp/rtmpclient-rpc.pcap";
    vec![
        of("CTL004", calls, &["the client sends user_control with the timestamp 85, not 0"]),
        // It acknowledges after 8192 bytes under a window of 4096, which are there in some milliseconds.
        of("CTL007", xiu, &[]),
        of("CTL008", xiu, &["the client leaves the 3073 bytes of the handshake out of the bytes that it acknowledges"]),
        of("CTL009", xiu, &[]),
        of("CTL009", "nginx-rtmp/obs-publish.pcap", &[]),
        of(
            "CTL016",
            "rtmplite3/rtmpclient-amf3.pcap",
            &["the server's _result of 174 bytes goes out before any Set Chunk Size, while 128 is in force"],
        ),
        of("CTL016", "srs/ffmpeg-publish-busy.pcap", &[]),
        of("CTL018", calls, &["the client sends ping_request, which is for the server to send"]),
    ]
}

/// Packets that come late are no bytes that were never sent, and no acknowledgement that never came.
#[test]
fn a_capture_that_reorders_blames_nobody() {
    let (mut story, _) = begun();
    for n in 0..600 {
        story = story.client(|c| c.audio(1, 23 * n, vec![0xaf; 80 + n as usize]));
        if n % 20 == 19 {
            let number = story.bytes(Side::Client).len() as u32;
            story = story.server(|s| s.acknowledgement(number));
        }
    }
    let packets = Link::v4().packets(&story.client(|c| c.delete_stream(1)));
    for seed in 0..20 {
        let story = Story::of_packets(&transform::reorder(&packets, 40, seed));
        for finding in &story.findings {
            let is_flow = ["CTL006", "CTL007", "CTL008"].contains(&finding.rule.code);
            assert!(!is_flow, "seed {seed}: {} {}", finding.rule.code, finding.text);
        }
    }
}
