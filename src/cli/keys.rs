//! Secrets that the command line names: they are read before anything else is.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::complain;
use crate::proto::{Keys, rtmpe, tls};
use crate::wire::file_name;
use crate::wire::words::{count, counted};

/// What every command that reads captures takes to see inside of what is enciphered.
#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// A stream key to judge signatures by, as in '77-secret' for FTL's channel 77; may be repeated
    #[arg(long, value_name = "KEY")]
    stream_key: Vec<String>,
    /// A TLS key log to see inside of RTMPS with, in NSS's form; by default the file that $SSLKEYLOGFILE names. Secrets that a pcapng
    /// capture brings are used by themselves
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,
    /// Secrets of RTMPE sessions, lines of 'RTMPE client_pub=HEX server_pub=HEX secret=HEX'
    #[arg(long, value_name = "FILE")]
    rtmpe_keys: Option<PathBuf>,
}

impl KeyArguments {
    pub(super) fn read(&self) -> anyhow::Result<Arc<Keys>> {
        let mut keys = Keys { stream_keys: self.stream_key.clone(), ..Keys::default() };
        if let Some(path) = &self.rtmpe_keys {
            let read = open(path).map_err(rtmpe::Fault::Io).and_then(rtmpe::Secrets::read);
            keys.rtmpe = read.with_context(|| file_name(path))?;
        }
        let by_default = || std::env::var_os("SSLKEYLOGFILE").filter(|name| !name.is_empty()).map(PathBuf::from);
        if let Some(path) = &self.keylog {
            keys.tls = key_log(path).with_context(|| file_name(path))?;
        } else if let Some(path) = by_default() {
            // Browsers and servers write it, for sessions that may have nothing to do with this capture.
            keys.tls = key_log(&path).unwrap_or_default();
        }
        Ok(Arc::new(keys))
    }
}

/// Reads a key log, and says what is strange about it.
fn key_log(path: &Path) -> std::io::Result<Arc<tls::KeyLog>> {
    let mut log = tls::KeyLog::default();
    log.read(File::open(path)?)?;
    let (report, name) = (log.report(), file_name(path));
    if report.secrets == 0 {
        let lines = count(report.lines, "line");
        let end = if report.truncated { ", and it ends in the middle of the last one" } else { "" };
        complain(format_args!("{name}: there is no TLS secret in it ({lines}{end})"));
    } else if let Some(line) = report.first_unknown {
        let unknown = counted(report.unknown as usize, "line is", "lines are");
        complain(format_args!("{name}: {unknown} no key log's, the first of them line {line}; the others are used"));
    }
    if report.truncated && report.secrets > 0 {
        complain(format_args!("{name}: it ends in the middle of a line"));
    }
    if report.forgotten > 0 {
        let sessions = count(report.forgotten, "session");
        complain(format_args!(
            "{name}: it has more secrets than are kept: those of the oldest {sessions} were forgotten"
        ));
    }
    Ok(Arc::new(log))
}

fn open(path: &Path) -> std::io::Result<BufReader<File>> {
    File::open(path).map(BufReader::new)
}
