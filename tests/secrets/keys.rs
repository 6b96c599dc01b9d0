//! Key material that was given opens sessions, and is in no output: not whole, not in part, in no writing.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::common;

/// Bytes of a secret that are looked for, at both of its ends.
const PART: usize = 8;

/// Every output that a session which keys open may come to.
const OUTPUTS: &[&[&str]] = &[
    &["--text", "--show-secrets", "FILE"],
    &["--json", "--payload", "hex", "--show-secrets", "FILE"],
    &["--json", "FILE"],
    &["check", "--notes", "--show-secrets", "FILE"],
    &["check", "--json", "FILE"],
    &["check", "--junit", "FILE"],
    &["check", "--sarif", "FILE"],
    &["stats", "--show-secrets", "FILE"],
    &["stats", "--json", "FILE"],
    &["compare", "--all", "--show-secrets", "ONE=FILE"],
    &["compare", "--markdown", "ONE=FILE"],
    &["compare", "--html", "ONE=FILE"],
    &["report", "FILE"],
    &["compare", "--json", "ONE=FILE"],
    // The clear side, with its comments.
    &["extract", "--clear", "-", "FILE"],
    // Complaints quote what was typed, and nothing of what a file has.
    &["check", "-Y", "tls.sercet", "FILE"],
];

/// The secrets of a file: the last words of its lines.
fn secrets(file: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let secrets: Vec<Vec<u8>> = lines
        .filter_map(|line| {
            let word = line.split(' ').next_back()?;
            let hex = word.strip_prefix("secret=").unwrap_or(word);
            let digits: Option<Vec<u8>> =
                hex.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
            Some(digits?.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        })
        .collect();
    assert!(secrets.iter().all(|secret| secret.len() >= 2 * PART));
    secrets
}

/// A part of a secret as somebody could write it, in lower case but for base64 and the bytes themselves.
fn writings(part: &[u8]) -> Vec<Vec<u8>> {
    let between = |text: &str| part.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(text);
    let numbers = part.iter().map(u8::to_string).collect::<Vec<_>>();
    let base64 = (0..3).map(|before| {
        let encoded = STANDARD_NO_PAD.encode([&[0; 2][..before], part].concat());
        encoded[(before * 8).div_ceil(6)..(before + part.len()) * 8 / 6].to_owned()
    });
    let texts = [between(""), between(" "), between(":"), between("\\x"), numbers.join(", "), numbers.join(",")];
    let url = |text: &String| text.replace('+', "-").replace('/', "_");
    let base64: Vec<String> = base64.collect();
    let urls: Vec<String> = base64.iter().map(url).collect();
    texts.into_iter().chain(base64).chain(urls).map(String::into_bytes).chain([part.to_vec()]).collect()
}

/// An output, and the same in lower case.
struct Searched {
    output: Vec<u8>,
    lower: Vec<u8>,
}

impl Searched {
    fn new(output: Vec<u8>) -> Searched {
        Searched { lower: output.to_ascii_lowercase(), output }
    }

    fn has(&self, writing: &[u8]) -> bool {
        [&self.output, &self.lower].into_iter().any(|output| memchr::memmem::find(output, writing).is_some())
    }
}

fn run(arguments: &[&str], options: [&str; 2], capture: &Path) -> Vec<u8> {
    let arguments = arguments.iter().map(|argument| argument.replace("FILE", capture.to_str().unwrap()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    let output = command.env_remove("SSLKEYLOGFILE").args(arguments).args(options).output().unwrap();
    [output.stdout, output.stderr].concat()
}

/// Captures that have a file of secrets beside them, and the option that takes it.
fn opened() -> Vec<(PathBuf, PathBuf, &'static str)> {
    let mut all: Vec<_> = common::captures()
        .into_iter()
        .filter_map(|capture| {
            let keys = capture.with_extension("keys");
            let option = if capture.parent()?.ends_with("rtmpe") { "--rtmpe-keys" } else { "--keylog" };
            keys.exists().then_some((capture, keys, option))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn key_material_is_in_no_output() {
    let all = opened();
    assert!(all.len() > 10, "{}", all.len());
    for (capture, keys, option) in all {
        // Of a key log of many connections every so-many-th.
        let secrets = secrets(&keys);
        let secrets: Vec<_> = secrets.iter().step_by(secrets.len() / 8 + 1).collect();
        let writings: Vec<Vec<u8>> = secrets
            .iter()
            .flat_map(|secret| [&secret[..PART], &secret[secret.len() - PART..]])
            .flat_map(writings)
            .collect();
        // So that what is looked for would be found.
        let text = Searched::new(std::fs::read(&keys).unwrap());
        assert!(writings.iter().filter(|writing| text.has(writing)).count() >= 2 * secrets.len());
        let mut opened = false;
        for arguments in OUTPUTS {
            let output = run(arguments, [option, keys.to_str().unwrap()], &capture);
            assert!(output.len() > 50, "{}: {arguments:?}", capture.display());
            opened |= memchr::memmem::find(&output, b"deciphered").is_some();
            let output = Searched::new(output);
            for writing in &writings {
                let shown = String::from_utf8_lossy(writing);
                assert!(!output.has(writing), "{}: {arguments:?}: {shown}", capture.display());
            }
        }
        // Those have text inside, and no RTMP.
        let is_text =
            ["openssl-not-decrypted", "openssl-suites"].iter().any(|name| capture.ends_with(format!("{name}.pcap")));
        assert!(opened || is_text, "{}", capture.display());
    }
}

/// A line that is cut or wrong is told by its number, not by what stands in it.
#[test]
fn complaints_of_files_of_secrets_quote_none() {
    let capture = common::capture("tls/nginx-ffmpeg-tls12-gcm.pcap");
    let secret = secrets(&common::capture("tls/nginx-ffmpeg-tls12-gcm.keys")).remove(0);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
    let (random, key) = ("11".repeat(32), hex(&secret));
    let public = "5a".repeat(128);
    for (option, text) in [
        ("--keylog", format!("CLIENT_RANDOM {random} {key}")),
        ("--keylog", format!("CLIENT_RANDOM {random} {}", &key[..50])),
        ("--keylog", format!("CLIENT_RANDON {random} {key}\n")),
        ("--keylog", format!("{key}\n")),
        ("--rtmpe-keys", format!("RTMPE client_pub={public} server_pub={public} secret={key}\n")),
        ("--rtmpe-keys", format!("RTMPE client_pub={public} secret={key}\n")),
        ("--rtmpe-keys", format!("RTMPE client_pub={public} server_pub={public} secret={}", &key[..51])),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let output = run(&["stats", "FILE"], [option, file.path().to_str().unwrap()], &capture);
        assert!(output.starts_with(b"rtmp-inspect: ") || output.len() > 200, "{text}");
        let output = Searched::new(output);
        for writing in writings(&secret[..PART]) {
            assert!(!output.has(&writing), "{text}: {}", String::from_utf8_lossy(&output.output));
        }
    }
}
