//! How long calls took to be answered: a line each, the slowest first.
//!
//! `cargo run --example latency -- captures/srs/ffmpeg-publish-denied.pcap`

use std::error::Error;

use rtmp_inspect::inspection::Inspection;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::Event;

fn main() -> Result<(), Box<dyn Error>> {
    let captures: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let mut inspection = Inspection::open(&captures, &Limits::default())?;
    let mut calls = Vec::new();
    while let Some(told) = inspection.next() {
        // A capture that cannot be read on is an error among the events: what was read before it still counts.
        let told = match told {
            Ok(told) => told,
            Err(error) => {
                eprintln!("{error}");
                continue;
            }
        };
        // The story of a session knows who answered what: by transaction id, or by what a status says.
        let Event::Message(message) = told.event else { continue };
        let Some(call) = told.story.requests.answered_by(message) else { continue };
        let ms = message.head.last.time.since(call.at.time) as f64 / 1e6;
        calls.push((ms, message.session, call.n, call.name.clone()));
    }
    calls.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (ms, session, n, name) in calls {
        println!("{ms:9.3} ms  session {session}, message {n}: {name}");
    }
    Ok(())
}
