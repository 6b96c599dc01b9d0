//! What the tunnel carried is what the clear side of the same session says.

use std::path::{Path, PathBuf};

use rtmp_inspect::wire::Side;

use crate::carried::{carriers, clear, sessions, told};
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
    for name in ["ffmpeg-publish", "ffmpeg-play"] {
        for (same, ours, plain) in sides(name).into_iter().flatten() {
            assert!(same == ours && same >= 5, "{name}: {same} of {ours} and {plain}");
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
        let Some(stem) = name.strip_suffix(".pcap").filter(|stem| !stem.ends_with(".plain")) else { continue };
        let plain = folder.join(format!("{stem}.plain.pcap"));
        if plain.exists() {
            for (index, [client, server]) in compare(&path, &plain).into_iter().enumerate() {
                println!("| {stem} | {index} | {client:?} | {server:?} |");
            }
            continue;
        }
        for (index, session) in sessions(&carriers(told(&path))).iter().enumerate() {
            let [client, server] = session.messages();
            println!("| {stem} | {index} | {} | {} |", client.len(), server.len());
        }
    }
}
