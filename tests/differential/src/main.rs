//! Decodes AMF with this program and with flash-lso, and lists where they differ. See README.md.

mod decode;
mod files;
mod generate;
mod plain;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use decode::Outcome;
use rtmp_inspect::synth::{Amf, Amf3, Random, values};

/// What a source of values came to.
#[derive(Default)]
struct Tally {
    sequences: u64,
    values: u64,
    agreed: u64,
    /// Why the others did not, with how many and the first.
    differences: BTreeMap<String, (u64, String)>,
}

impl Tally {
    fn compare(&mut self, place: &str, bytes: &[u8]) {
        let (ours, theirs) = (decode::ours(bytes), decode::theirs(bytes));
        self.sequences += 1;
        self.values += ours.values.len() as u64;
        if ours.values == theirs.values && ours.problem.is_some() == theirs.problem.is_some() {
            self.agreed += 1;
            return;
        }
        let why = why(&ours, &theirs);
        let first = format!("{place}: {bytes:02x?}\n    ours:   {ours:?}\n    theirs: {theirs:?}");
        self.differences.entry(why).or_insert((0, first)).0 += 1;
    }

    fn print(&self, name: &str, details: bool) {
        println!("{name}: {} sequences, {} values; {} agree", self.sequences, self.values, self.agreed);
        for (why, (count, first)) in &self.differences {
            println!("  {count} × {why}");
            if details {
                println!("    first: {}", first.chars().take(2000).collect::<String>());
            }
        }
    }
}

fn why(ours: &Outcome, theirs: &Outcome) -> String {
    match (&ours.problem, &theirs.problem) {
        (None, Some(problem)) => format!("only we read to the end; theirs: {problem}"),
        (Some(problem), None) => format!("only they read to the end; ours: {}", kind(problem)),
        (Some(ours), Some(_)) => format!("both stop, at different values; ours: {}", kind(ours)),
        (None, None) if without_flags(ours) == without_flags(theirs) => {
            "a vector's flag that is neither 0 nor 1".into()
        }
        (None, None) => "other values".into(),
    }
}

fn without_flags(outcome: &Outcome) -> String {
    outcome.values.join(" ").replace(" true [", " false [")
}

/// A problem without its numbers and names, so that its likes are counted together.
fn kind(problem: &str) -> String {
    match problem.strip_prefix("class ") {
        Some(_) => "a class writes itself in a form that is not known".into(),
        None => problem
            .split(' ')
            .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// Every file in a folder and the folders in it.
fn all_files(path: &Path, found: &mut Vec<PathBuf>) {
    if let Ok(entries) = path.read_dir() {
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| all_files(entry, found));
    } else {
        found.push(path.to_owned());
    }
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let details = arguments.iter().any(|argument| argument == "--details");
    arguments.retain(|argument| argument != "--details");

    let mut tallies = Vec::new();
    let mut made = |name: &'static str, count: u64, make: &dyn Fn(&mut Random) -> Vec<u8>| {
        let mut tally = Tally::default();
        for seed in 0..count {
            tally.compare(&format!("seed {seed}"), &make(&mut Random::new(seed)));
        }
        tallies.push((name.to_owned(), tally));
    };
    made("made AMF0", 100_000, &|random| {
        values(&[generate::amf0(random, 4), generate::amf3(random, 2).into(), generate::amf0(random, 2)])
    });
    made("made AMF3", 100_000, &|random| values(&[Amf::from(generate::amf3(random, 4))]));
    made("made references in AMF3", 20_000, &|random| {
        let number = random.below(2) as u32;
        let items = [generate::amf3(random, 2), Amf3::object_reference(0), Amf3::object_reference(number)];
        values(&[Amf::from(Amf3::list(std::iter::once(Amf3::list([])).chain(items)))])
    });
    made("made Flex messages", 10_000, &|random| values(&[Amf::from(generate::flex_message(random)), Amf::Null]));
    made("made AMF3 with one byte changed", 100_000, &|random| {
        let mut bytes = values(&[Amf::from(generate::amf3(random, 3))]);
        let at = 1 + random.below(bytes.len() as u64 - 1) as usize;
        bytes[at] = random.number() as u8;
        bytes
    });
    drop(made);

    let (mut captures, mut stored) = (Tally::default(), Tally::default());
    let mut paths = Vec::new();
    arguments.iter().for_each(|argument| all_files(Path::new(argument), &mut paths));
    let mut unread = 0;
    for path in paths {
        if path.extension().is_some_and(|extension| extension == "sol") {
            match files::stored(&path) {
                Some(values) => values.iter().for_each(|bytes| stored.compare(&path.display().to_string(), bytes)),
                None => unread += 1,
            }
        } else {
            for (place, bytes) in files::captured(&path) {
                captures.compare(&place, &bytes);
            }
        }
    }
    tallies.push(("captured".into(), captures));
    tallies.push(("stored by Flash Player".into(), stored));
    for (name, tally) in &tallies {
        tally.print(name, details);
    }
    println!("{unread} stored files that could not be taken apart");
    ExitCode::SUCCESS
}
