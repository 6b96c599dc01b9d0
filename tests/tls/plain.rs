//! Plaintext beside tshark's.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::run::{Connection, file, frames, keys, run, run_file};
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::proto::tls::{CipherSuite, KeyLog};

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// `client LENGTH SHA256 server LENGTH SHA256`.
fn line(connection: &Connection) -> String {
    let [client, server] = &connection.told;
    format!(
        "client {} {} server {} {}",
        client.bytes.len(),
        digest(&client.bytes),
        server.bytes.len(),
        digest(&server.bytes)
    )
}

#[test]
fn plaintext_is_what_tshark_decrypts() {
    let golden = std::fs::read_to_string(file("plain.txt")).unwrap();
    let mut lines = golden.lines().peekable();
    while let Some(line_before) = lines.peek() {
        let name = line_before.split(' ').next().unwrap();
        for (index, connection) in run_file(name).iter().enumerate() {
            assert_eq!(lines.next(), Some(format!("{name} {index} {}", line(connection)).as_str()));
            for told in &connection.told {
                assert_eq!((told.closes, told.gaps.len()), (1, 0), "{name} {index}");
            }
            let facts = connection.tls.facts();
            assert!(facts.is_decrypted() && facts.reason.is_none(), "{name} {index}: {facts:?}");
            assert_eq!(connection.tls.held(), 0, "{name} {index}");
        }
    }
}

/// For `tests/differential/tls.py`: prints the same of the captures in `TLS_CAPTURES`, which is `capture<TAB>keys` in lines, the keys empty
/// where the capture has them in it.
#[test]
#[ignore = "a script runs it"]
fn print_plaintext() {
    for job in std::env::var("TLS_CAPTURES").unwrap().lines() {
        let (capture, key_file) = job.split_once('\t').unwrap();
        let (frames, inside) = frames(Path::new(capture));
        let mut secrets = if key_file.is_empty() { KeyLog::new(&Limits::default()) } else { keys(Path::new(key_file)) };
        secrets.add(&inside);
        for (index, connection) in run(&frames, &secrets).iter().enumerate() {
            let facts = connection.tls.facts();
            let sent = &facts.sent;
            println!(
                "\nTLS {capture}\t{index}\t{}\t{}\t{}\trecords {} {} opened {} {} bad {} {} closed {} {} gaps {} {}\t{} held {} work {}",
                line(connection),
                facts.cipher_suite.and_then(CipherSuite::name).unwrap_or("-"),
                facts.reason.map_or("-", |reason| reason.name()),
                sent[0].records,
                sent[1].records,
                sent[0].opened,
                sent[1].opened,
                sent[0].bad,
                sent[1].bad,
                sent[0].closed,
                sent[1].closed,
                connection.told[0].gaps.len(),
                connection.told[1].gaps.len(),
                connection.tls.likeness(443).map_or("-", |likeness| likeness.name()),
                connection.most_held,
                connection.tls.work(),
            );
        }
    }
}
