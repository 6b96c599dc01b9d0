//! Attacks by what carries sessions: TLS, RTMPT and RTMPE.

use std::io;

use rtmp_inspect::synth::{opening, tcp};
use rtmp_inspect::wire::Side;

use super::{Ends, Wire};

/// A session of RTMPE that everybody has the secret of: what `--rtmpe-keys` takes.
pub(super) fn rtmpe_secret() -> String {
    format!("RTMPE client_pub={} server_pub={} secret=5ec7e7\n", "c1".repeat(128), "51".repeat(128))
}

/// Bytes behind their number, which has `width` bytes.
fn vector(width: usize, bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_be_bytes()[8 - width..], bytes].concat()
}

fn extension(kind: u16, value: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(2, value)].concat()
}

/// A record.
fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &vector(2, body)].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    record(22, &[&[kind][..], &vector(3, body)].concat())
}

/// The client's random of a connection.
fn random(number: u32) -> [u8; 32] {
    let mut random = [b'r'; 32];
    random[..4].copy_from_slice(&number.to_be_bytes());
    random
}

/// With a name and protocols as long as they may be.
fn client_hello(number: u32) -> Vec<u8> {
    let name = [&[0][..], &vector(2, &[b'n'; 250])].concat();
    let protocols = vector(1, &[b'p'; 250]).repeat(8);
    let extensions =
        [extension(0, &vector(2, &name)), extension(16, &vector(2, &protocols)), extension(43, &[2, 3, 4])].concat();
    let body = [&[3, 3][..], &random(number), &[32], &[b's'; 32], &[0, 2, 0x13, 1, 1, 0], &vector(2, &extensions)];
    handshake(1, &body.concat())
}

fn short_client_hello(number: u32) -> Vec<u8> {
    let extensions = extension(43, &[2, 3, 4]);
    handshake(1, &[&[3, 3][..], &random(number), &[0], &[0, 2, 0x13, 1, 1, 0], &vector(2, &extensions)].concat())
}

/// Of TLS 1.3 and a suite of AES-128.
fn server_hello() -> Vec<u8> {
    let extensions = extension(43, &[3, 4]);
    handshake(2, &[&[3, 3][..], &[b'S'; 32], &[0], &[0x13, 1, 0], &vector(2, &extensions)].concat())
}

impl Wire<'_> {
    /// A connection to the beginning of its first byte.
    fn connected(&mut self) -> io::Result<Ends> {
        let mut ends = self.connection();
        self.send(&mut ends, Side::Client, tcp::SYN, &[])?;
        self.send(&mut ends, Side::Server, tcp::SYN | tcp::ACK, &[])?;
        Ok(ends)
    }

    /// TLS 1.3 up to where everything is protected.
    fn tls(&mut self) -> io::Result<Ends> {
        let mut ends = self.connected()?;
        let hello = short_client_hello(ends.number);
        self.say(&mut ends, &hello)?;
        self.send(&mut ends, Side::Server, tcp::ACK, &server_hello())?;
        Ok(ends)
    }

    fn reply(&mut self, ends: &mut Ends, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(1460).try_for_each(|payload| self.send(ends, Side::Server, tcp::ACK, payload))
    }

    fn close(&mut self, ends: &mut Ends) -> io::Result<()> {
        self.send(ends, Side::Client, tcp::FIN | tcp::ACK, &[])?;
        self.send(ends, Side::Server, tcp::FIN | tcp::ACK, &[])
    }

    /// A block with all of TLS 1.3's secrets of the connections from `first` on.
    fn secrets(&mut self, first: u32, count: u32) -> io::Result<()> {
        let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let mut log = String::new();
        for number in first..first + count {
            for label in ["CLIENT_HANDSHAKE_TRAFFIC", "SERVER_HANDSHAKE_TRAFFIC", "CLIENT_TRAFFIC", "SERVER_TRAFFIC"] {
                let end = if label.contains("HANDSHAKE") { "" } else { "_0" };
                log += &format!("{label}_SECRET{end} {} {}\n", hex(&random(number)), "5e".repeat(32));
            }
        }
        let padding = log.len().next_multiple_of(4) - log.len();
        let body = [&b"KSLT"[..], &(log.len() as u32).to_le_bytes(), log.as_bytes(), &vec![0; padding]].concat();
        self.written += 12 + body.len() as u64;
        self.out.block(10, &body)
    }
}

/// ClientHellos that nobody answers.
pub(super) fn tls_hellos(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.connected()?;
        let hello = client_hello(ends.number);
        wire.say(&mut ends, &hello)?;
    }
    Ok(())
}

/// Records on many connections that wait for secrets, some short ones and some long.
pub(super) fn tls_waiting(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut some = Vec::new();
        for _ in 0..100 {
            some.push(wire.tls()?);
        }
        for turn in 0..200 {
            let bytes = if turn % 2 == 0 { record(23, &[0; 1000]) } else { record(23, &[0; 20]).repeat(40) };
            for ends in &mut some {
                wire.say(ends, &bytes)?;
                if wire.written >= end {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Handshake messages, and records, that never end, and some that are too long.
pub(super) fn tls_endless(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut turn = 0;
    while wire.written < end {
        turn += 1;
        let mut ends = wire.connected()?;
        wire.reply(&mut ends, &server_hello())?;
        let length = if turn % 2 == 0 { 60_000 } else { 0xff_ffff };
        let start = [&[1][..], &u32::to_be_bytes(length)[1..]].concat();
        wire.say(&mut ends, &record(22, &start))?;
        for _ in 0..59 {
            wire.say(&mut ends, &record(22, &[0; 1000]))?;
        }
        // A record of which not all comes.
        let rest = record(22, &[0; 16_000]);
        wire.say(&mut ends, &rest[..15_000])?;
    }
    Ok(())
}

/// Connections whose secrets are there, each with a hole behind which nothing authenticates.
pub(super) fn tls_trials(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        wire.secrets(wire.next + 1, 50)?;
        for _ in 0..50 {
            let mut ends = wire.tls()?;
            ends.next[0] = ends.next[0].wrapping_add(1_000_000);
            wire.say(&mut ends, &record(23, &[7; 40]).repeat(4))?;
            wire.close(&mut ends)?;
        }
    }
    Ok(())
}

/// The same of connections joined in the middle, which may be any of the sessions whose secrets there are.
pub(super) fn tls_guesses(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    wire.secrets(1 << 30, 60)?;
    while wire.written < end {
        let mut ends = wire.connection();
        wire.say(&mut ends, &record(23, &[7; 100]).repeat(4))?;
        wire.reply(&mut ends, &record(23, &[7; 100]).repeat(4))?;
        wire.close(&mut ends)?;
    }
    Ok(())
}

/// Behind a hole, headers of records at all places where there can be one.
pub(super) fn tls_headers(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    wire.secrets(wire.next + 1, 1000)?;
    let patterns: [&[u8]; 3] = [&[23, 3, 3, 0, 1], &[23, 3, 3, 0, 40], &[23, 3, 3, 0x40, 0]];
    let mut turn = 0;
    while wire.written < end {
        turn += 1;
        let mut ends = wire.tls()?;
        ends.next[0] = ends.next[0].wrapping_add(1_000_000);
        let bytes: Vec<u8> = patterns[turn % 3].iter().copied().cycle().take(60_000).collect();
        wire.say(&mut ends, &bytes)?;
        wire.close(&mut ends)?;
    }
    Ok(())
}

/// Alerts without end, and other reasons again and again why nothing is decrypted.
pub(super) fn tls_alerts(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.connected()?;
        let hello = client_hello(ends.number);
        wire.say(&mut ends, &hello)?;
        wire.reply(&mut ends, &server_hello())?;
        for number in 0..400_u32 {
            let alert = record(21, &[1, number as u8]);
            wire.say(&mut ends, &alert.repeat(10))?;
            wire.reply(&mut ends, &[alert, server_hello()].concat())?;
        }
        wire.close(&mut ends)?;
    }
    Ok(())
}

fn ask(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Sessions that are opened on one connection and not used, and many that share a few connections.
pub(super) fn rtmpt_opens(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut ends = wire.connected()?;
    let mut some = Vec::new();
    for _ in 0..30 {
        some.push(wire.connected()?);
    }
    let mut number = 0_u64;
    while wire.written < end {
        number += 1;
        wire.say(&mut ends, &ask("/open/1", b"\0"))?;
        wire.reply(&mut ends, &answer(format!("ID{number}\n").as_bytes()))?;
        for ends in &mut some {
            wire.say(ends, &ask(&format!("/idle/ID{number}/{}", number % 7), b"\0"))?;
            wire.reply(ends, &answer(b"\x01"))?;
        }
    }
    Ok(())
}

/// Requests whose numbers jump: those between may come on a second connection.
pub(super) fn rtmpt_jumps(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut some = [wire.connected()?, wire.connected()?];
        let id = some[0].number;
        for ends in &mut some {
            wire.say(ends, &ask(&format!("/idle/ID{id}/0"), b"\0"))?;
        }
        for turn in 1..80_u64 {
            // The largest numbers as well: what is missing has no end.
            let number = if turn % 50 == 0 { u64::MAX - 100 + turn } else { turn * 1000 };
            let body = vec![0; if turn % 2 == 0 { 300 } else { 10 }];
            wire.say(&mut some[0], &ask(&format!("/send/ID{id}/{number}"), &body))?;
            if wire.written >= end {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Requests one behind the other that nobody answers.
pub(super) fn rtmpt_pipelined(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.connected()?;
        let id = ends.number;
        for number in 0..300 {
            wire.say(&mut ends, &ask(&format!("/send/ID{id}/{number}"), b"x"))?;
            if wire.written >= end {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Bodies that claim to be as long as a number can say, in chunks and without; and connections that end in them.
pub(super) fn rtmpt_lengths(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut connections = 0;
    while wire.written < end {
        connections += 1;
        let mut ends = wire.connected()?;
        let id = ends.number;
        wire.say(&mut ends, &ask(&format!("/send/ID{id}/0"), &[&[3][..], &opening(0, 1)].concat()))?;
        wire.reply(&mut ends, &answer(&[&[1, 3][..], &opening(0, 2)].concat()))?;
        for turn in 1..4 {
            let (length, size) = match (connections + turn) % 3 {
                0 => ("Content-Length: 18446744073709551615", ""),
                1 => ("Content-Length: 9223372036854775808", ""),
                _ => ("Transfer-Encoding: chunked", "ffffffffffffffff\r\n"),
            };
            let head = format!("POST /send/ID{id}/{turn} HTTP/1.1\r\n{length}\r\n\r\n{size}");
            wire.say(&mut ends, head.as_bytes())?;
            wire.say(&mut ends, &[0; 300])?;
            wire.reply(&mut ends, format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n{size}").as_bytes())?;
            wire.reply(&mut ends, &[0; 300])?;
            wire.close(&mut ends)?;
            // The session goes on with another one.
            ends = wire.connected()?;
        }
    }
    Ok(())
}

/// Responses that nobody asked for, while a request goes on.
pub(super) fn rtmpt_answers(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut ends = wire.connected()?;
        let id = ends.number;
        wire.say(&mut ends, format!("POST /send/ID{id}/0 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n").as_bytes())?;
        for turn in 0..4000 {
            let body = if turn % 2 == 0 { answer(b"") } else { answer(b"\x01abc") };
            wire.reply(&mut ends, &body.repeat(20))?;
            if wire.written >= end {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Heads on many connections, of both sides, that never end.
pub(super) fn rtmpt_heads(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    while wire.written < end {
        let mut some = Vec::new();
        for _ in 0..100 {
            let mut ends = wire.connected()?;
            let id = ends.number;
            wire.say(&mut ends, &ask(&format!("/idle/ID{id}/0"), b"\0"))?;
            wire.say(&mut ends, b"POST /idle HTTP/1.1\r\nA: ")?;
            wire.reply(&mut ends, b"HTTP/1.1 200 OK\r\nA: ")?;
            some.push(ends);
        }
        for turn in 0..300 {
            for ends in &mut some {
                let bytes = &[b'a'; 100][..if turn % 2 == 0 { 100 } else { 1 }];
                wire.say(ends, bytes)?;
                wire.reply(ends, bytes)?;
                if wire.written >= end {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// One session with a connection for each request.
pub(super) fn rtmpt_connections(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let mut number = 0;
    while wire.written < end {
        let mut ends = wire.connected()?;
        wire.say(&mut ends, &ask(&format!("/idle/ID/{number}"), b"\0"))?;
        wire.reply(&mut ends, &answer(b"\x01"))?;
        wire.close(&mut ends)?;
        number += 1;
    }
    Ok(())
}

/// Sessions of which there is the secret, with holes as long as they can be.
pub(super) fn rtmpe_holes(wire: &mut Wire<'_>, end: u64) -> io::Result<()> {
    let block = |number: u64, key: u8| {
        let mut block = opening(0, number);
        block[700..828].fill(key);
        block
    };
    let mut turn = 0_u32;
    while wire.written < end {
        turn += 1;
        let mut ends = wire.connected()?;
        let (c1, s1) = (block(1, 0xc1), block(2, 0x51));
        wire.say(&mut ends, &[&[6][..], &c1, &s1].concat())?;
        wire.reply(&mut ends, &[&[6][..], &s1, &c1].concat())?;
        for _ in 0..10 {
            let hole = if turn.is_multiple_of(2) { 60_000_000 } else { 1 << 30 };
            for side in [0, 1] {
                ends.next[side] = ends.next[side].wrapping_add(hole);
            }
            wire.say(&mut ends, &[0; 100])?;
            wire.reply(&mut ends, &[0; 100])?;
        }
        wire.close(&mut ends)?;
    }
    Ok(())
}
