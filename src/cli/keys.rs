//! Secrets that the command line names: they are read before anything else is.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::complain;
use crate::analyzer::{Keyed, Totals};
use crate::proto::{Keys, rtmpe, tls};
use crate::wire::file_name;
use crate::wire::words::{count, counted};

/// What the captures have for secrets to open.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    tls: Keyed,
    rtmpe: Keyed,
}

impl Wanted {
    pub(super) fn of(totals: &Totals) -> Wanted {
        Wanted { tls: totals.tls, rtmpe: totals.rtmpe }
    }

    pub(super) fn add(&mut self, other: Wanted) {
        for (sum, more) in [(&mut self.tls, other.tls), (&mut self.rtmpe, other.rtmpe)] {
            sum.opened += more.opened;
            sum.closed += more.closed;
            sum.wrong += more.wrong;
        }
    }
}

/// What every command that reads captures takes to see inside of what is enciphered.
#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// A stream key to judge signatures by, as in '77-secret' for FTL's channel 77; may be repeated
    #[arg(long, value_name = "KEY")]
    stream_key: Vec<String>,
    /// A TLS key log to see inside of RTMPS with, in NSS's form; may be repeated, '-' is standard input; by default the file that
    /// $SSLKEYLOGFILE names. Secrets that a pcapng capture brings are used by themselves
    #[arg(long, value_name = "FILE")]
    keylog: Vec<PathBuf>,
    /// Secrets of RTMPE sessions, lines of 'RTMPE client_pub=HEX server_pub=HEX secret=HEX'
    #[arg(long, value_name = "FILE")]
    rtmpe_keys: Option<PathBuf>,
}

impl KeyArguments {
    /// The files that secrets are read from.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let by_default = by_default().filter(|_| self.keylog.is_empty());
        self.keylog.iter().cloned().chain(by_default).chain(self.rtmpe_keys.clone()).collect()
    }

    /// Reads them all. Standard input can only be one of them, or one of these captures.
    pub(super) fn read(&self, captures: &[PathBuf]) -> anyhow::Result<Arc<Keys>> {
        let mut keys = Keys { stream_keys: self.stream_key.clone(), ..Keys::default() };
        if let Some(path) = &self.rtmpe_keys {
            keys.rtmpe = rtmpe_secrets(path).with_context(|| file_name(path))?;
        }
        let inputs = self.keylog.iter().chain(captures).filter(|path| is_stdin(path)).count();
        if inputs > 1 && self.keylog.iter().any(|path| is_stdin(path)) {
            bail!("--keylog -: standard input can be read as one thing alone");
        }
        let mut log = tls::KeyLog::default();
        for path in &self.keylog {
            let read = key_log(path, &mut log)
                .with_context(|| if is_stdin(path) { "standard input".to_owned() } else { file_name(path) })?;
            if !is_stdin(path) {
                keys.growing.push((path.clone(), read));
            }
        }
        if let Some(path) = by_default().filter(|_| self.keylog.is_empty()) {
            // Browsers and servers write it, for sessions that may have nothing to do with this capture.
            let read = key_log(&path, &mut log).unwrap_or_default();
            keys.growing.push((path, read));
        }
        keys.tls = Arc::new(log);
        Ok(Arc::new(keys))
    }

    /// Complains of files whose secrets open nothing of what was read, although there was something to open.
    pub(super) fn complain_of_unused(&self, keys: &Keys, wanted: Wanted) {
        let rtmpe_keys: Vec<_> = self.rtmpe_keys.iter().cloned().collect();
        let tls = (&self.keylog, keys.tls.report().sessions, wanted.tls, "TLS connection", "the key log");
        let rtmpe = (&rtmpe_keys, keys.rtmpe.sessions(), wanted.rtmpe, "RTMPE session", "the secrets");
        for (paths, sessions, Keyed { opened, closed, wrong }, what, needed) in [tls, rtmpe] {
            if paths.is_empty() || sessions == 0 || opened > 0 || closed + wrong == 0 {
                continue;
            }
            let names: Vec<_> = paths.iter().map(|path| file_name(path.as_path())).collect();
            let (name, sessions) = (names.join(", "), count(sessions as u64, "session"));
            let why = match wrong {
                0 => format!(
                    "no secret in it is of what was captured: it has those of {sessions}, and {} wanted one",
                    count(closed, what)
                ),
                _ => format!("what it has of {} opens nothing, so it is another one's", count(wrong, what)),
            };
            complain(format_args!("{name}: {why}; give {needed} of the very session"));
        }
    }
}

/// The key log that is read where none is named.
fn by_default() -> Option<PathBuf> {
    std::env::var_os("SSLKEYLOGFILE").filter(|name| !name.is_empty()).map(PathBuf::from)
}

fn rtmpe_secrets(path: &Path) -> anyhow::Result<rtmpe::Secrets> {
    let file = File::open(path).map_err(|error| unreadable(&error, "a file of secrets"))?;
    rtmpe::Secrets::read(BufReader::new(file)).map_err(|fault| match fault {
        rtmpe::Fault::Io(error) => unreadable(&error, "a file of secrets"),
        fault => fault.into(),
    })
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a key log behind others, and says what is strange about it. Gives how many bytes it has.
fn key_log(path: &Path, log: &mut tls::KeyLog) -> anyhow::Result<u64> {
    let mut read = 0;
    let report = if is_stdin(path) {
        log.read_next(Counted { input: io::stdin().lock(), read: &mut read })
    } else {
        File::open(path).and_then(|input| log.read_next(Counted { input, read: &mut read }))
    };
    let report = report.map_err(|error| unreadable(&error, "a key log"))?;
    let name = if is_stdin(path) { "standard input".to_owned() } else { file_name(path) };
    if report.secrets == 0 {
        complain(format_args!("{name}: {}", nothing(&report)));
    } else if let Some(line) = report.first_unknown {
        let unknown = counted(report.unknown as usize, "line is", "lines are");
        complain(format_args!("{name}: {unknown} no key log's, the first of them line {line}; the others are used"));
    }
    if report.truncated && report.secrets > 0 {
        complain(format_args!("{name}: it ends in the middle of a line, which is not used"));
    }
    if report.forgotten > 0 {
        let sessions = count(report.forgotten, "session");
        complain(format_args!(
            "{name}: it has more secrets than are kept: those of the oldest {sessions} were forgotten"
        ));
    }
    Ok(read)
}

/// Counts what is read.
struct Counted<'c, R> {
    input: R,
    read: &'c mut u64,
}

impl<R: io::Read> io::Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        *self.read += read as u64;
        Ok(read)
    }
}

/// Why a key log has no secret.
fn nothing(report: &tls::Report) -> String {
    let lines = count(report.lines, "line");
    match report.looks {
        Some(tls::Looks::Utf16) => "it is in UTF-16, so nothing of it is read: save it as UTF-8".to_owned(),
        Some(tls::Looks::Pem) => {
            "it is a private key or a certificate, which opens nothing here: a key log is wanted (docs/rtmps.md)"
                .to_owned()
        }
        Some(tls::Looks::Binary) => "it is no text, and no key log".to_owned(),
        None if report.lines == 0 => "it is empty: there is no TLS secret in it".to_owned(),
        None if report.truncated => {
            format!("there is no TLS secret in it ({lines}, and it ends in the middle of the last one)")
        }
        None if report.premaster > 0 => {
            format!("there is no TLS secret in it but what RSA carried, which is not used: CLIENT_RANDOM is ({lines})")
        }
        None if report.unneeded > 0 => {
            format!("there is no TLS secret in it but such as open no record: exporters', or of later keys ({lines})")
        }
        None if report.unknown > 0 => format!("it is no key log: there is no TLS secret in it ({lines})"),
        None => format!("there is no TLS secret in it ({lines})"),
    }
}

/// Why a file cannot be read, in the words for captures.
pub(super) fn unreadable(error: &io::Error, wanted: &str) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::NotFound => anyhow!("no such file"),
        io::ErrorKind::PermissionDenied => anyhow!("permission denied"),
        io::ErrorKind::IsADirectory => anyhow!("is a directory, not {wanted}"),
        _ => {
            let text = error.to_string();
            anyhow!("it cannot be read: {}", text.split(" (os error").next().unwrap_or(&text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_system_is_told() {
        // 13, 20 and 5 on Unix: permission denied, not a directory, an error of the device.
        for number in [2, 13, 20, 21, 5] {
            let text = unreadable(&io::Error::from_raw_os_error(number), "a key log").to_string();
            assert!(!text.contains("os error") && text.len() > 10, "{text}");
        }
        assert_eq!(unreadable(&io::ErrorKind::PermissionDenied.into(), "a key log").to_string(), "permission denied");
    }

    #[test]
    fn a_key_log_without_a_secret_says_what_it_has() {
        let said = |bytes: &[u8]| {
            let mut log = tls::KeyLog::default();
            log.add(bytes);
            assert_eq!(log.report().secrets, 0);
            nothing(&log.report())
        };
        let (random, secret) = ("11".repeat(32), "22".repeat(48));
        for (bytes, wanted) in [
            (b"".to_vec(), "it is empty: there is no TLS secret in it"),
            (b"# SSL/TLS secrets log file\n\n".to_vec(), "there is no TLS secret in it (2 lines)"),
            (b"\xff\xfeC\0L\0I\0\n\0".to_vec(), "it is in UTF-16, so nothing of it is read: save it as UTF-8"),
            (b"\xd4\xc3\xb2\xa1\x02\0\x04\0\n".to_vec(), "it is no text, and no key log"),
            (b"CLIENT_RANDOM \xe4\xf6\xfc\n".to_vec(), "it is no key log: there is no TLS secret in it (1 line)"),
            (
                b"-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n".to_vec(),
                "it is a private key or a certificate, which opens nothing here: a key log is wanted (docs/rtmps.md)",
            ),
            (
                format!("RSA {} {secret}\n", &random[..16]).into_bytes(),
                "there is no TLS secret in it but what RSA carried, which is not used: CLIENT_RANDOM is (1 line)",
            ),
            (
                format!("EXPORTER_SECRET {random} {secret}\n").into_bytes(),
                "there is no TLS secret in it but such as open no record: exporters', or of later keys (1 line)",
            ),
            (
                format!("CLIENT_RANDOM {random} {}", &secret[..40]).into_bytes(),
                "there is no TLS secret in it (1 line, and it ends in the middle of the last one)",
            ),
        ] {
            assert_eq!(said(&bytes), wanted);
        }
        // A mark before the first line, and the ends of lines that Windows writes.
        let mut log = tls::KeyLog::default();
        log.add(format!("\u{feff}CLIENT_RANDOM {random} {secret}\r\n").as_bytes());
        assert_eq!((log.report().secrets, log.report().unknown), (1, 0));
    }
}
