//! Every input that fuzzing found worth keeping, through the target that it was found for.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::io::Read;
use std::path::Path;

/// The files of a tar archive: name and content.
fn files(mut archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    while let Some((header, rest)) = archive.split_at_checked(512).filter(|(header, _)| header[0] != 0) {
        let text =
            |field: &[u8]| String::from_utf8(field.iter().copied().take_while(|byte| *byte > b' ').collect()).unwrap();
        let length = usize::from_str_radix(&text(&header[124..136]), 8).unwrap();
        if header[156] == b'0' {
            files.push((text(&header[..100]), rest[..length].to_vec()));
        }
        archive = &rest[length.next_multiple_of(512)..];
    }
    files
}

/// Runs a target's corpus and what was found with it; says how many inputs there are.
fn replay(name: &str, run: targets::Target) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let packed = fs::File::open(folder.join(format!("corpus/{name}.tar.gz"))).unwrap();
    let mut archive = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut archive).unwrap();
    let mut inputs = files(&archive);
    for file in fs::read_dir(folder.join("found").join(name)).into_iter().flatten() {
        let path = file.unwrap().path();
        inputs.push((path.display().to_string(), fs::read(path).unwrap()));
    }
    let fails = |(_, bytes): &&(String, Vec<u8>)| std::panic::catch_unwind(|| run(bytes)).is_err();
    let failed: Vec<_> = inputs.iter().filter(fails).map(|(input, _)| input).collect();
    assert!(failed.is_empty(), "{name}: {failed:#?}");
    inputs.len()
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            assert!(replay(stringify!($name), targets::$name::run) > 10);
        })*

        #[test]
        fn no_target_is_left_out() {
            let mut replayed = vec![$(stringify!($name)),*];
            replayed.sort_unstable();
            assert!(targets::ALL.iter().map(|(name, _)| *name).eq(replayed));
        }
    };
}

replays! { amf0 amf3 capture datagrams filter ftl http link media outputs reassembly rtmp tls }
