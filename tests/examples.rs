//! The programs in `docs/examples` do what they say.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

/// Runs an example as its head says; `cargo test` alone has built it, `cargo test --test examples` has not.
fn run(name: &str, arguments: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--example", name, "--"]).args(arguments);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn latencies_of_calls_are_those_that_the_timeline_tells() {
    let output = run("latency", &["captures/srs/ffmpeg-publish-denied.pcap"]);
    assert!(output.status.success());
    let lines = lines(&output);
    assert!(lines.iter().any(|line| line.ends_with(": connect")), "{lines:?}");
    let ms: Vec<f64> = lines.iter().map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
    assert!(ms.is_sorted_by(|a, b| a >= b) && ms.iter().all(|ms| *ms >= 0.0), "{ms:?}");
}

#[test]
fn metrics_add_up_to_the_capture() {
    let output = run("metrics", &["captures/nginx-rtmp/obs-publish.pcap"]);
    assert!(output.status.success());
    let lines = lines(&output);
    let sum = |name: &str| -> u64 {
        let of_it = lines.iter().filter(|line| line.starts_with(name));
        of_it.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    let json = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
        .args(["--json", "captures/nginx-rtmp/obs-publish.pcap"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let messages = String::from_utf8(json.stdout)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with(r#"{"event":"message""#))
        .count();
    assert_eq!(sum("rtmp_messages{"), messages as u64);
    assert!(lines.iter().filter(|line| line.starts_with("# second")).count() > 2);
}

#[test]
fn an_own_rule_finds_what_breaks_it_alone() {
    let capture = "captures/nginx-rtmp/obs-publish.pcap";
    let strict = run("own_rule", &["1", capture]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(!lines(&strict).is_empty());
    let lenient = run("own_rule", &["60", capture]);
    assert_eq!((lenient.status.code(), lines(&lenient).len()), (Some(0), 0));
}
