//! Connections that are joined in their middle and speak another protocol: RTMPT's bodies are pieces of a chunk stream, and
//! must not be taken for one.
#![allow(clippy::unwrap_used)]

use rtmp_inspect::analyzer::{Analyzer, Fate, Limits, Options, Other};
use rtmp_inspect::capture::{self, LinkType};
use rtmp_inspect::proto::rtmp::detect::Foreign;
use rtmp_inspect::synth::{Connection, Conversation, Link, Packet, Random, sample};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

/// What is told of the packets: how many sessions, and the connections that are none.
fn told(packets: &[Packet]) -> (u32, Vec<Other>) {
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    for (index, packet) in packets.iter().enumerate() {
        let frame = packet.frame();
        analyzer.push(&capture::Packet {
            at: Moment { packet: PacketNo(index as u64 + 1), time: packet.time },
            link: LinkType(1),
            data: &frame,
            wire_length: frame.len() as u32,
            place: Place::default(),
        });
        while analyzer.poll().is_some() {}
    }
    analyzer.finish();
    while analyzer.poll().is_some() {}
    (analyzer.totals().sessions, analyzer.totals().others.clone())
}

/// A publisher's session in RTMPT: every write is a request or an answer, its head in a packet of its own.
fn rtmpt() -> Conversation {
    let mut conversation = Conversation::new();
    for (n, write) in sample::publish(20).writes().iter().enumerate() {
        let length = write.bytes.len();
        let head = match write.from {
            Side::Client => format!(
                "POST /send/1234/{n} HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/x-fcs\r\nContent-Length: {length}\r\n\r\n"
            ),
            Side::Server => {
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\nContent-Length: {length}\r\n\r\n")
            }
        };
        conversation =
            conversation.side(write.from, |c| c.raw(head.as_bytes())).side(write.from, |c| c.raw(&write.bytes));
    }
    conversation
}

fn tls() -> Conversation {
    let mut conversation = Conversation::new();
    let mut random = Random::new(3);
    for n in 0..40 {
        let from = if n % 3 == 0 { Side::Server } else { Side::Client };
        let length = random.between(40, 9000) as usize;
        let body = random.bytes(length);
        let head = [23, 3, 3, (length >> 8) as u8, length as u8];
        conversation = conversation.side(from, |c| c.raw(&head).raw(&body));
    }
    conversation
}

/// Every beginning is cut away, of both sides and of each alone.
fn is_told_as(conversation: &Conversation, foreign: Foreign, cuts: impl Iterator<Item = usize>, carries: &[&[Side]]) {
    let packets = Link::v4().packets(conversation);
    for cut in cuts {
        for sides in [&Side::BOTH[..], &[Side::Client], &[Side::Server]] {
            let rest: Vec<_> = packets[cut..].iter().filter(|packet| sides.contains(&packet.from)).cloned().collect();
            let (sessions, others) = told(&rest);
            let fates: Vec<_> = others.iter().map(|other| other.fate).collect();
            // What carries RTMP is a session of it, where one can be told.
            let is_session = sessions == 1 && fates.is_empty() && carries.contains(&sides);
            let is_other = sessions == 0 && fates == [Fate::Speaks(Side::Client, foreign)];
            assert!(is_session || is_other && !carries.contains(&sides), "{cut} {sides:?}: {sessions} {fates:?}");
        }
    }
}

#[test]
fn rtmpt_is_told_by_any_later_line() {
    is_told_as(&rtmpt(), Foreign::Rtmpt, 3..60, &[&Side::BOTH, &[Side::Client]]);
}

#[test]
fn tls_is_told_by_its_records() {
    // To a port of RTMP's.
    is_told_as(&tls(), Foreign::Tls, 3..30, &[&Side::BOTH, &[Side::Client], &[Side::Server]]);
}

#[test]
fn http_is_no_rtmp() {
    let mut conversation = Conversation::new();
    for n in 0..9 {
        let request = format!("GET /live/{n}.ts HTTP/1.1\r\nHost: a.example\r\n\r\n");
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: 900\r\n\r\n";
        conversation = conversation
            .client(|c| c.raw(request.as_bytes()))
            .server(|s| s.raw(answer).raw(&Random::new(n).bytes(900)));
    }
    is_told_as(&conversation, Foreign::Http, 3..12, &[]);
}

#[test]
fn rtmp_that_is_joined_is_still_rtmp() {
    let packets = Link::v4().packets(&sample::publish(60));
    for cut in [3, 5, 20, 40, 60] {
        assert_eq!(told(&packets[cut..]).0, 1, "{cut}");
    }
}

/// Too little for any protocol: what there was is told.
#[test]
fn what_says_less_than_c0_and_c1_is_told() {
    let version = Conversation::new().client(|c| c.raw(&[3]));
    let answered = version.clone().server(|s| s.raw(&[3; 40]));
    let most = Conversation::new().client(|c| c.raw(&[3; 1536]));
    let cases = [
        (Link::v4().packets(&version), Fate::Short(1, 0)),
        (Link::v4().packets(&answered), Fate::Short(1, 40)),
        (Link::v4().packets(&most), Fate::Short(1536, 0)),
    ];
    for (packets, fate) in cases {
        let (sessions, others) = told(&packets);
        assert_eq!((sessions, others.iter().map(|other| other.fate).collect::<Vec<_>>()), (0, vec![fate]));
        assert!(others[0].clause().contains("of C0's and C1's 1537"), "{}", others[0].clause());
    }
    let mut nothing = Vec::new();
    let mut connection = Connection::open(Link::v4(), Time::default(), &mut nothing);
    let end = connection.now();
    connection.close(Side::Client, end, &mut nothing);
    let (sessions, others) = told(&nothing);
    assert_eq!((sessions, others.len()), (0, 1));
    assert_eq!((others[0].fate, others[0].packet), (Fate::Silent, PacketNo(1)));
}
