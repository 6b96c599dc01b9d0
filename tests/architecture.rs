//! Who may import whom, and where IO, threads and clocks may be: the rules of docs/architecture.md.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// For each top-level module, the modules of this crate that it may name.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("limits", &[]),
    ("capture", &["wire", "limits"]),
    ("net", &["wire", "limits", "capture"]),
    ("proto", &["wire", "limits", "net"]),
    ("analyzer", &["wire", "limits", "capture", "net", "proto"]),
    ("story", &["wire", "limits", "net", "proto"]),
    ("rules", &["wire", "limits", "net", "proto", "story"]),
    ("inspection", &["wire", "limits", "capture", "net", "proto", "analyzer", "story", "rules"]),
    ("registry", &["wire", "net", "proto", "rules"]),
    ("filter", &["wire", "limits", "net", "proto", "rules", "registry"]),
    ("compare", &["wire", "limits", "net", "proto", "story"]),
    ("stats", &["wire", "limits", "net", "proto", "story"]),
    (
        "export",
        &["wire", "limits", "net", "proto", "story", "analyzer", "rules", "registry", "filter", "compare", "stats"],
    ),
    (
        "tui",
        &[
            "wire",
            "limits",
            "capture",
            "net",
            "proto",
            "story",
            "analyzer",
            "rules",
            "registry",
            "filter",
            "inspection",
        ],
    ),
    ("synth", &["wire"]),
];

/// What only the edges may touch.
const OUTSIDE: &[&str] =
    &["std::fs", "std::thread", "std::time::Instant", "SystemTime", "std::env", "println!", "std::net::Tcp"];
const EDGES: &[&str] = &["capture", "tui", "cli"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A file's code: up to its unit tests, without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn module_of(path: &Path, source: &Path) -> String {
    let first = path.strip_prefix(source).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn modules_import_only_what_is_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    assert!(all.len() > 40);
    let modules: Vec<_> = MAY_IMPORT.iter().map(|(module, _)| *module).chain(["cli"]).collect();
    for path in all {
        let module = module_of(&path, &source);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            assert!(["cli", "lib", "main"].contains(&module.as_str()), "{module} is not in docs/architecture.md");
            continue;
        };
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        let code = code(&path);
        for other in &modules {
            let names = code.contains(&format!("crate::{other}::"));
            assert!(
                !names || *other == module || allowed.contains(other) || is_test,
                "{} imports {other}",
                path.display()
            );
        }
        for outside in OUTSIDE {
            let allowed = EDGES.contains(&module.as_str()) || is_test;
            assert!(allowed || !code.contains(outside), "{} uses {outside}", path.display());
        }
    }
}
