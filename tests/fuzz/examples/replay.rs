//! Runs files, or all files of folders, through a target: `replay TARGET PATH…`. No fuzzer is needed for it, so that a
//! profiler sees the program alone.

use std::fs;
use std::path::PathBuf;

use rtmp_inspect_fuzz::targets::ALL;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("a target");
    let (_, run) = ALL.iter().find(|(known, _)| *known == name).expect("a target");
    let mut files: Vec<PathBuf> = Vec::new();
    for path in arguments.map(PathBuf::from) {
        match fs::read_dir(&path) {
            Ok(folder) => files.extend(folder.map(|file| file.unwrap().path())),
            Err(_) => files.push(path),
        }
    }
    files.sort();
    for file in &files {
        let bytes = fs::read(file).unwrap();
        if std::panic::catch_unwind(|| run(&bytes)).is_err() {
            println!("{}", file.display());
        }
    }
    println!("{name}: {} inputs", files.len());
}
