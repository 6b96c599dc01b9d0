//! Sessions that go on in another connection, of which the log has the first secret alone.

use std::collections::BTreeMap;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::proto::tls::{KeyLog, Reason, Version};

use crate::run::{Connection, deliveries, file, frames, run_file};

/// The connections of `openssl-suites`, with a log that has no secret of those that go on from others.
fn run(limits: &Limits, learns: bool) -> (Vec<Connection>, Vec<usize>) {
    let whole = run_file("openssl-suites");
    let resumed = |connection: &&Connection| {
        let facts = connection.tls.facts();
        facts.resumed == Some(true) && facts.version.and_then(Version::name) == Some("TLS 1.2")
    };
    let gone: Vec<String> = whole.iter().filter(resumed).map(hex).collect();
    assert_eq!(gone.len(), 2);
    let text = std::fs::read_to_string(file("openssl-suites.keys")).unwrap();
    let mut secrets = KeyLog::new(limits);
    for line in text.lines().filter(|line| !gone.iter().any(|random| line.contains(random.as_str()))) {
        secrets.add(line.as_bytes());
    }
    let mut connections: BTreeMap<u64, Connection> = BTreeMap::new();
    let (frames, _) = frames(&file("openssl-suites.pcap"));
    deliveries(&frames, |connection, from, delivery| {
        let connection = connections.entry(connection).or_insert_with(|| Connection::new(limits));
        connection.take(from, delivery, &secrets);
        if learns {
            secrets.learn(connection.tls.take_resumable());
        }
    });
    let indices = whole.iter().enumerate().filter(|(_, connection)| resumed(connection)).map(|(index, _)| index);
    (connections.into_values().collect(), indices.collect())
}

fn hex(connection: &Connection) -> String {
    crate::plain::hex(&connection.tls.facts().client_random.unwrap())
}

#[test]
fn the_first_sessions_secret_opens_those_that_go_on_from_it() {
    let whole = run_file("openssl-suites");
    let (connections, resumed) = run(&Limits::default(), true);
    for (connection, whole) in connections.iter().zip(&whole) {
        assert_eq!(connection.bytes(), whole.bytes());
    }
    // Where nobody learns what sessions are called, they are closed.
    let (connections, _) = run(&Limits::default(), false);
    for (index, connection) in connections.iter().enumerate() {
        let reason = resumed.contains(&index).then_some(Reason::NoSecrets);
        assert_eq!(connection.tls.facts().reason, reason, "{index}");
    }
}

#[test]
fn names_are_bounded() {
    let (connections, resumed) = run(&Limits { tls_resumable: 0, ..Limits::default() }, true);
    for index in resumed {
        assert_eq!(connections[index].tls.facts().reason, Some(Reason::NoSecrets));
    }
    // The newest are kept.
    let (connections, resumed) = run(&Limits { tls_resumable: 2, ..Limits::default() }, true);
    for index in resumed {
        assert_eq!(connections[index].tls.facts().reason, None);
    }
}
