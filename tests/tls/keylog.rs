//! Key logs: whole, cut, long, and what is none.

use std::io::Read;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::proto::tls::{KeyLog, Report};

use crate::run::{file, keys};

const RANDOM: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn read(text: &str) -> Report {
    let mut secrets = KeyLog::new(&Limits::default());
    secrets.read(text.as_bytes()).unwrap();
    secrets.report()
}

fn master() -> String {
    format!("CLIENT_RANDOM {RANDOM} {}", "ab".repeat(48))
}

#[test]
fn lines_are_told_apart() {
    let text = format!(
        "# by OpenSSL\n\n{}\r\nCLIENT_TRAFFIC_SECRET_0 {RANDOM} {s}\nSERVER_TRAFFIC_SECRET_0 {RANDOM} {s}\n\
         CLIENT_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {s}\nSERVER_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {s}\n\
         CLIENT_EARLY_TRAFFIC_SECRET {RANDOM} {s}\nEXPORTER_SECRET {RANDOM} {s}\nCLIENT_TRAFFIC_SECRET_N {RANDOM} {s}\n\
         SERVER_TRAFFIC_SECRET_1 {RANDOM} {s}\nRSA 86c46a398f8ae46c {}\nhello\nCLIENT_RANDOM {RANDOM} abc\n",
        master(),
        "cd".repeat(48),
        s = "01".repeat(32),
    );
    let expected = Report {
        secrets: 6,
        sessions: 1,
        unneeded: 3,
        premaster: 1,
        unknown: 2,
        first_unknown: Some(13),
        lines: 14,
        ..Report::default()
    };
    assert_eq!(read(&text), expected);
}

#[test]
fn an_end_in_the_middle_of_a_line_is_told() {
    let whole = master();
    assert_eq!(read(&whole), Report { secrets: 1, sessions: 1, lines: 1, ..Report::default() });
    for end in 1..whole.len() {
        let report = read(&format!("{}\n{}", master(), &whole[..end]));
        assert_eq!((report.secrets, report.truncated, report.unknown), (1, true, 0), "{end}");
    }
    assert!(!read("").truncated && !read("# nothing\n").truncated);
}

#[test]
fn pieces_are_lines_again() {
    let text = std::fs::read(file("openssl-suites.keys")).unwrap();
    let whole = keys(&file("openssl-suites.keys")).report();
    assert!(whole.secrets > 50 && whole.sessions >= 29 && whole.unknown == 0, "{whole:?}");
    for size in [1, 7, 64, 1000] {
        let mut secrets = KeyLog::new(&Limits::default());
        text.chunks(size).for_each(|piece| secrets.push(piece));
        secrets.end();
        assert_eq!(secrets.report(), whole);
    }
}

/// Sessions without end, and a line without end.
struct Endless {
    sessions: u32,
    line: Vec<u8>,
    is_line: bool,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.line.is_empty() {
            if self.sessions == 0 {
                return Ok(0);
            }
            self.sessions -= 1;
            self.line = if self.is_line {
                vec![b'a'; 1000]
            } else {
                format!("CLIENT_RANDOM {:064x} {}\n", self.sessions, "ef".repeat(48)).into_bytes()
            };
        }
        let length = out.len().min(self.line.len());
        out[..length].copy_from_slice(&self.line[..length]);
        self.line.drain(..length);
        Ok(length)
    }
}

#[test]
fn memory_is_bounded_and_the_newest_sessions_stay() {
    let limits = Limits { key_log_bytes: 1 << 20, ..Limits::default() };
    let mut secrets = KeyLog::new(&limits);
    secrets.read(Endless { sessions: 20_000, line: Vec::new(), is_line: false }).unwrap();
    let report = secrets.report();
    assert_eq!((report.secrets, report.sessions as u64 + report.forgotten), (20_000, 20_000));
    assert!(report.sessions > 1000 && secrets.memory() <= 1 << 20, "{report:?} {}", secrets.memory());

    let mut secrets = KeyLog::new(&limits);
    secrets.read(Endless { sessions: 20_000, line: Vec::new(), is_line: true }).unwrap();
    assert!(secrets.memory() < 4096 && secrets.report().truncated, "{}", secrets.memory());
}

#[test]
fn nothing_prints_a_secret() {
    let mut secrets = KeyLog::new(&Limits::default());
    secrets.push(master().as_bytes());
    let text = format!("{secrets:?}");
    secrets.end();
    let text = format!("{text}{secrets:?}");
    assert!(!text.contains("abab") && !text.contains("171") && text.contains("secrets: 1"), "{text}");
}
