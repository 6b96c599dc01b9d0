//! A rule of one's own beside the catalogue: an operator asks of its publishers a key frame at least every so many seconds. A breach is
//! told like a finding, and the exit status is 1.
//!
//! `cargo run --example own_rule -- 2 captures/nginx-rtmp/obs-publish.pcap`

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

use rtmp_inspect::inspection::Inspection;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::parts;
use rtmp_inspect::wire::Side;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let most: u32 = arguments.next().and_then(|seconds| seconds.to_str()?.parse().ok()).ok_or("SECONDS CAPTURE...")?;
    let captures: Vec<_> = arguments.map(Into::into).collect();
    let mut inspection = Inspection::open(&captures, &Limits::default())?;
    // By session, message stream and track: when its last key frame was, in ms of the media's own clock.
    let mut key_frames: BTreeMap<(u32, u32, u8), u32> = BTreeMap::new();
    let mut breaches = 0;
    while let Some(told) = inspection.next() {
        let event = told?.event;
        match event {
            // Frames of all codecs, in messages of their own and in aggregates.
            Event::Message(message) if message.from == Side::Client => parts(message, |spot, part| {
                let Some(now) = spot.time.filter(|_| part.is_frame() && part.is_key()) else { return };
                let track = (message.session, message.head.message_stream_id, spot.track);
                let distance = key_frames.insert(track, now).map_or(0, |before| now.wrapping_sub(before));
                if distance > most * 1000 {
                    println!("message {}: {distance} ms since the key frame before it", message.n);
                    breaches += 1;
                }
            }),
            // Behind a hole nobody knows what was in it: no publisher is blamed for what a capture misses.
            Event::Gap(gap) => key_frames.retain(|(session, ..), _| *session != gap.session),
            _ => {}
        }
    }
    Ok(if breaches > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
