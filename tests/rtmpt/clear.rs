//! What the tunnel carried is what the clear side of the same session says.

use std::path::{Path, PathBuf};

use rtmp_inspect::wire::Side;

use crate::carried::{carriers, clear, sessions, told, told_without};
use crate::common::capture;

/// How the sessions of a tunnelled capture compare with those of its clear side: per session and side, messages that are the
/// same from the first on, those of the tunnel, and those of the clear side.
fn compare(tunnelled: &Path, plain: &Path) -> Vec<[(usize, usize, usize); 2]> {
    let clear = clear(plain);
    let ours = sessions(&carriers(told(tunnelled)));
    ours.iter()
        .map(|session| {
            let ours = session.messages();
            let same = |other: &[Vec<String>; 2]| {
                Side::BOTH.map(|side| {
                    let side = side.index();
                    let same = ours[side].iter().zip(&other[side]).take_while(|(one, other)| one == other).count();
                    (same, ours[side].len(), other[side].len())
                })
            };
            clear.iter().map(same).max_by_key(|[client, server]| client.0 + server.0).unwrap()
        })
        .collect()
}

#[test]
fn every_message_of_the_clear_side_comes_out_of_the_tunnel() {
    let sides =
        |name: &str| compare(&capture(&format!("rtmpt/{name}.pcap")), &capture(&format!("rtmpt/{name}.plain.pcap")));
    for name in ["rtmpt-ffmpeg-publish", "rtmpt-ffmpeg-play"] {
        for (same, ours, plain) in sides(name).into_iter().flatten() {
            assert!(same == ours && same >= 5, "{name}: {same} of {ours} and {plain}");
        }
    }
}

/// Whether a packet is one of those that are lost: one in a hundred, by a seed. The first 20 have the handshake.
fn is_lost(seed: u64, packet: u64) -> bool {
    let mixed = (seed << 32 | packet).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    packet > 20 && (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 & 0xffff < 655
}

/// How many messages a tunnelled capture still has where packets are lost, how many of them are not the clear side's, and
/// how many that has.
fn with_losses(tunnelled: &Path, plain: &Path, seed: u64) -> (usize, usize, usize) {
    // What a message's timestamp was, and its stream, may be in what was lost.
    let payload = |line: &String| line.rsplit(' ').next().unwrap().to_owned();
    let mut clear: Vec<String> = clear(plain).iter().flatten().flatten().map(payload).collect();
    let whole: Vec<String> = sessions(&carriers(told(tunnelled)))
        .iter()
        .flat_map(|session| session.messages().into_iter().flatten().map(|line| payload(&line)).collect::<Vec<_>>())
        .collect();
    let (mut found, mut wrong) = (0, 0);
    for session in sessions(&carriers(told_without(tunnelled, |packet| is_lost(seed, packet)))) {
        for line in session.messages().iter().flatten() {
            match clear.iter().position(|other| *other == payload(line)) {
                Some(place) => {
                    clear.swap_remove(place);
                    found += 1;
                }
                None => wrong += 1,
            }
        }
    }
    (found, wrong, whole.len())
}

#[test]
fn lost_packets_cost_their_messages_and_make_no_wrong_ones() {
    for name in ["rtmpt-ffmpeg-publish", "rtmpt-ffmpeg-play"] {
        let [tunnelled, plain] = ["pcap", "plain.pcap"].map(|end| capture(&format!("rtmpt/{name}.{end}")));
        for seed in 0..5 {
            let (found, wrong, whole) = with_losses(&tunnelled, &plain, seed);
            assert!(wrong == 0 && found * 10 >= whole * 8, "{name} {seed}: {found} of {whole}, {wrong} wrong");
        }
    }
}

/// Over a folder of such pairs, named by `RTMPT_CAPTURES`: a table.
#[test]
#[ignore = "for captures outside of the repository"]
fn all_captures_of_a_folder() {
    let folder = PathBuf::from(std::env::var("RTMPT_CAPTURES").unwrap());
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    println!("| capture | session | client: same, tunnel, clear | server: same, tunnel, clear |");
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some((stem, "pcap")) = name.split_once('.') else { continue };
        let plain = folder.join(format!("{stem}.plain.pcap"));
        if plain.exists() {
            for (index, [client, server]) in compare(&path, &plain).into_iter().enumerate() {
                println!("| {stem} | {index} | {client:?} | {server:?} |");
            }
            let losses: Vec<_> = (0..20).map(|seed| with_losses(&path, &plain, seed)).collect();
            println!("  1 % lost, (found, wrong, whole): {losses:?}");
            continue;
        }
        for (index, session) in sessions(&carriers(told(&path))).iter().enumerate() {
            let [client, server] = session.messages();
            let bytes = Side::BOTH.map(|side| session.bytes(side).len());
            println!("| {stem} | {index} | {} | {} | bytes {bytes:?}", client.len(), server.len());
        }
    }
}
