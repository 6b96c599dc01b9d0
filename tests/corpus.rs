//! Every input that fuzzing found worth keeping, through the target that it was found for.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// Runs a target's corpus, and says how many inputs there are.
fn replay(name: &str, run: targets::Target) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut inputs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    for input in &inputs {
        let bytes = fs::read(input).unwrap();
        if std::panic::catch_unwind(|| run(&bytes)).is_err() {
            panic!("{name}: {}", input.display());
        }
    }
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

replays! { amf0 amf3 capture filter link media reassembly rtmp }
