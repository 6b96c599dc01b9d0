//! docs/security.md: what it promises is held by tests that are there, and some of it by these.
#![allow(clippy::unwrap_used, unreachable_pub, dead_code)]

#[path = "common/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use source::Source;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The tests that a page names: each with the file that it stands in.
fn named(page: &str) -> Vec<(String, PathBuf)> {
    let links = page.split("[`").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("`](../")?;
        let (file, _) = rest.split_once(')')?;
        Some((name.to_owned(), root().join(file)))
    });
    links.filter(|(_, file)| file.starts_with(root().join("tests"))).collect()
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let promises: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(promises.len() >= 9, "{}", promises.len());
    for promise in promises {
        let tests = named(promise);
        assert!(!tests.is_empty(), "{promise}");
        for (name, file) in tests {
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.contains(&format!("fn {name}(")), "{} has no {name}", file.display());
        }
    }
}

#[test]
fn unsafe_code_is_forbidden() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
}

#[test]
fn no_module_speaks_to_a_network_or_starts_a_program() {
    const NETWORK: &[&str] = &["TcpStream", "TcpListener", "UdpSocket", "UnixStream", "UnixListener", "UnixDatagram"];
    let files = Source::read(&root().join("src")).files;
    assert!(files.len() > 100);
    for file in files {
        let names = NETWORK.iter().chain(&["ToSocketAddrs"]).find(|name| file.says(&[name]));
        assert!(names.is_none(), "{} names {}", file.path.display(), names.unwrap());
        assert!(!file.of_std().iter().any(|path| path.starts_with("std::process::Command")), "{}", file.path.display());
    }
    // Nor does a dependency that is there for it.
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    for name in lock["dependencies"].as_table().unwrap().keys() {
        assert!(!["hyper", "reqwest", "tokio", "ureq", "socket2", "curl"].contains(&name.as_str()), "{name}");
    }
}
