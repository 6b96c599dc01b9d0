//! What both sides of some connections say → the sessions of RTMPT in it, and the same in other pieces.
//!
//! The first byte has [flags](LITTLE_ROOM), the second says how many sizes of pieces follow, a byte each. The rest is [`Step`]s of four bytes,
//! some with bytes behind them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use arbitrary::{Result, Unstructured};
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::net::{Delivery, How};
use rtmp_inspect::proto::rtmpt::{Tunneled, Tunnels};
use rtmp_inspect::wire::{Moment, PacketNo, Side, Time};

/// Bits of the first byte.
pub const LITTLE_ROOM: u8 = 1;
/// The connections were joined in the middle.
pub const MIDSTREAM: u8 = 2;
/// A session is open already.
pub const OPENED: u8 = 4;
/// Seconds pass from one step to the next.
pub const SLOW: u8 = 8;

const CONNECTIONS: usize = 4;

/// What a side of a connection does.
enum Step {
    Bytes(Vec<u8>),
    /// So many bytes are missing, and whether that is known.
    Gap(u64, bool),
    Close,
}

/// In the first line of every head.
const HEAD: &[u8] = b"HTTP/1.";

struct Case {
    flags: u8,
    sizes: Vec<usize>,
    /// Each body is as long as its head says, and none holds a head: where a piece begins with one, the length before it is taken for a
    /// lie. Bytes behind a body's end are its request's only until that is over, which a piece may be early for.
    is_honest: bool,
    steps: Vec<(usize, Side, Step)>,
}

/// A head with a body of these bytes. It says how long that is, in one of some ways, right or not.
fn message(first: &str, how: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let (fields, body) = match how % 8 {
        0..=2 => (format!("Content-Length: {length}"), body.to_vec()),
        3 => (format!("Content-Length: {}", length + 3), body.to_vec()),
        4 => (format!("Content-Length: {}", length.saturating_sub(2)), body.to_vec()),
        5 => ("Transfer-Encoding: chunked".to_owned(), {
            // An empty chunk would be the last one.
            let chunk = |bytes: &[u8]| match bytes {
                [] => Vec::new(),
                _ => [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat(),
            };
            let (one, two) = body.split_at(length / 2);
            [chunk(one), chunk(two), b"0\r\n\r\n".to_vec()].concat()
        }),
        6 => ("Content-Length: 18446744073709551615".to_owned(), body.to_vec()),
        _ => ("Transfer-Encoding: chunked\r\nConnection: close".to_owned(), [b"8000000000000000\r\n", body].concat()),
    };
    [format!("{first}\r\nContent-Type: application/x-fcs\r\n{fields}\r\n\r\n").as_bytes(), &body].concat()
}

fn request(kind: u8, number: u8, how: u8, body: &[u8]) -> Vec<u8> {
    let id = kind >> 6;
    let number = if number == 255 { u64::MAX } else { number.into() };
    let path = match kind & 7 {
        0 => "/open/1".to_owned(),
        1 => "/fcs/ident2".to_owned(),
        2 | 3 => format!("/idle/ID{id}/{number}"),
        4 => format!("/close/ID{id}/{number}"),
        _ => format!("/send/ID{id}/{number}"),
    };
    message(&format!("POST {path} HTTP/1.1"), how, body)
}

impl Case {
    fn read(bytes: &[u8]) -> Result<Case> {
        let mut u = Unstructured::new(bytes);
        let flags: u8 = u.arbitrary()?;
        let count = usize::from(u.arbitrary::<u8>()? % 16);
        let sizes = u.bytes(count)?.iter().map(|size| 1 + usize::from(*size)).collect();
        let (mut steps, mut is_honest) = (Vec::new(), true);
        if flags & OPENED != 0 {
            steps.push((0, Side::Client, Step::Bytes(request(0, 0, 0, b"\0"))));
            steps.push((0, Side::Server, Step::Bytes(message("HTTP/1.1 200 OK", 0, b"ID0\n"))));
        }
        while !u.is_empty() {
            let Ok([what, kind, number, length]) = u.arbitrary::<[u8; 4]>() else { break };
            let connection = usize::from(what >> 6) % CONNECTIONS;
            let Ok(said) = u.bytes(usize::from(length).min(u.len())) else { break };
            let how = if what & 15 <= 4 { what >> 4 | kind >> 3 } else { kind >> 3 } % 8;
            is_honest &= matches!((what & 15, how), (0..=8, 0..=2 | 5) | (11.., _));
            is_honest &= !said.windows(HEAD.len()).any(|bytes| bytes == HEAD);
            let (from, step) = match what & 15 {
                0..=4 => (Side::Client, Step::Bytes(request(kind, number, how, said))),
                5..=8 => {
                    let status = if kind & 7 == 7 { 404 } else { 200 };
                    let first = format!("HTTP/1.1 {status} OK");
                    let body = if kind & 7 == 6 { format!("ID{}\n", number & 3).into_bytes() } else { said.to_vec() };
                    (Side::Server, Step::Bytes(message(&first, how, &body)))
                }
                9 => (Side::Client, Step::Bytes(said.to_vec())),
                10 => (Side::Server, Step::Bytes(said.to_vec())),
                11 | 12 => {
                    let missing = if number == 255 { 1 << 31 } else { u64::from(kind) + 1 };
                    (Side::BOTH[usize::from(what & 1)], Step::Gap(missing, number & 1 == 0))
                }
                _ => (Side::BOTH[usize::from(kind & 1)], Step::Close),
            };
            steps.push((connection, from, step));
        }
        Ok(Case { flags, sizes, is_honest, steps })
    }
}

/// What a direction of a session told.
#[derive(Default, PartialEq, Eq, Debug)]
struct Given {
    bytes: Vec<u8>,
    /// Where in these something is missing, and how much.
    holes: Vec<(usize, u64)>,
    next: u64,
    is_closed: bool,
}

#[derive(Default)]
struct Check {
    sessions: BTreeMap<u32, (String, [Given; 2])>,
    exchanges: usize,
}

impl Check {
    fn take(&mut self, told: &Tunneled<'_>) {
        match *told {
            Tunneled::Opened { tunnel, id, .. } => {
                assert_eq!(tunnel as usize, self.sessions.len());
                self.sessions.insert(tunnel, (id.to_owned(), Default::default()));
            }
            Tunneled::Joined { tunnel, .. } => assert!(!self.session(tunnel).iter().all(|given| given.is_closed)),
            Tunneled::Stream { tunnel, from, delivery } => {
                let given = &mut self.session(tunnel)[from.index()];
                assert!(!given.is_closed, "{delivery:?} behind the end");
                match delivery {
                    Delivery::Joined => assert_eq!(given.next, 0),
                    Delivery::Heard => {}
                    Delivery::Bytes { offset, bytes, .. } => {
                        assert!(offset == given.next && !bytes.is_empty());
                        given.next += bytes.len() as u64;
                        given.bytes.extend_from_slice(bytes);
                    }
                    Delivery::Gap { offset, missing, .. } => {
                        assert!(offset == given.next && missing > 0);
                        given.next = given.next.checked_add(missing).unwrap();
                        given.holes.push((given.bytes.len(), missing));
                    }
                    Delivery::Close { .. } => given.is_closed = true,
                }
            }
            Tunneled::Exchange { tunnel, exchange } => {
                assert!(self.sessions.contains_key(&tunnel));
                assert!(!exchange.describe().is_empty());
                self.exchanges += 1;
            }
        }
    }

    fn session(&mut self, tunnel: u32) -> &mut [Given; 2] {
        &mut self.sessions.get_mut(&tunnel).unwrap().1
    }
}

/// The sessions of all steps, whose bytes come in pieces of these sizes, round and round.
fn sessions(case: &Case, sizes: &[usize]) -> Check {
    let limits = if case.flags & LITTLE_ROOM != 0 {
        Limits {
            http_head_bytes: 200,
            http_pipelined: 3,
            http_waiting_bytes: 400,
            tunnels: 2,
            tunnel_requests: 3,
            tunnel_bytes: 600,
            tunnel_bytes_total: 900,
            ..Limits::default()
        }
    } else {
        Limits::default()
    };
    let address = |last: u8, port: usize| SocketAddr::from(([10, 0, 0, last], port as u16));
    let mut tunnels = Tunnels::new(&limits);
    let mut check = Check::default();
    let mut sizes = sizes.iter().cycle();
    let (mut offsets, mut closed) = ([[0_u64; 2]; CONNECTIONS], [[false; 2]; CONNECTIONS]);
    let mut came = [0; 2];
    let tell = |tunnels: &mut Tunnels, check: &mut Check, connection: usize, from, delivery: &Delivery<'_>| {
        let (server, client) = (address(2, 80), address(1, 40_000 + connection));
        tunnels.take(connection as u64, server, client, from, delivery, &mut |told| check.take(&told));
    };
    if case.flags & MIDSTREAM != 0 {
        for connection in 0..CONNECTIONS {
            for from in Side::BOTH {
                tell(&mut tunnels, &mut check, connection, from, &Delivery::Joined);
            }
        }
    }
    let mut at = Moment::default();
    for (number, (connection, from, step)) in case.steps.iter().enumerate() {
        let pace = if case.flags & SLOW != 0 { 8_000_000_000 } else { 1000 };
        at = Moment { packet: PacketNo(number as u64 + 1), time: Time(number as i64 * pace) };
        let (connection, from, side) = (*connection, *from, from.index());
        if closed[connection][side] {
            continue;
        }
        let place = &mut offsets[connection][side];
        match step {
            Step::Bytes(bytes) => {
                came[side] += bytes.len();
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let size = sizes.next().map_or(rest.len(), |size| (*size).min(rest.len()));
                    let (piece, behind) = rest.split_at(size);
                    let delivery = Delivery::Bytes { offset: *place, bytes: piece, at, place: None };
                    tell(&mut tunnels, &mut check, connection, from, &delivery);
                    *place += size as u64;
                    rest = behind;
                }
            }
            Step::Gap(missing, exact) => {
                let (missing, exact) = (*missing, *exact);
                tell(
                    &mut tunnels,
                    &mut check,
                    connection,
                    from,
                    &Delivery::Gap { offset: *place, missing, exact, captured: false, at },
                );
                *place += missing;
            }
            Step::Close => {
                closed[connection][side] = true;
                tell(&mut tunnels, &mut check, connection, from, &Delivery::Close { how: How::Fin, at, tcp: None });
            }
        }
        if case.flags & LITTLE_ROOM != 0 {
            // A step at hand, and for each connection what its lists have grown to.
            assert!(tunnels.held() < 16 << 10, "{} bytes are held", tunnels.held());
            assert!(tunnels.own() < 64 << 10, "it takes {} bytes", tunnels.own());
            assert!(tunnels.len() <= 2);
        }
    }
    for (connection, closed) in closed.iter().enumerate() {
        for from in Side::BOTH.into_iter().filter(|from| !closed[from.index()]) {
            tell(
                &mut tunnels,
                &mut check,
                connection,
                from,
                &Delivery::Close { how: How::EndOfCapture, at, tcp: None },
            );
        }
    }
    tunnels.finish(at, &mut |told| check.take(&told));
    assert_eq!((tunnels.held(), tunnels.len()), (0, 0));
    let mut told = [0; 2];
    for (_, given) in check.sessions.values() {
        for (given, told) in given.iter().zip(&mut told) {
            assert!(given.is_closed);
            *told += given.bytes.len();
        }
    }
    // No byte is there twice.
    assert!(told[0] <= came[0] && told[1] <= came[1], "{told:?} bytes of {came:?}");
    check
}

pub fn run(bytes: &[u8]) {
    let Ok(case) = Case::read(bytes) else { return };
    let one = sessions(&case, &[]);
    let other = sessions(&case, &case.sizes);
    // What has little room may be given up elsewhere.
    if case.flags & LITTLE_ROOM == 0 && case.is_honest && !case.sizes.is_empty() {
        assert_eq!(one.sessions, other.sessions, "in other pieces they say something else");
        assert_eq!(one.exchanges, other.exchanges);
    }
}
