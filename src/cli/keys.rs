//! Secrets that the command line names: they are read before anything else is.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use crate::proto::{Keys, rtmpe};
use crate::wire::file_name;

/// What every command that reads captures takes to see inside of what is enciphered.
#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    /// A stream key to judge signatures by, as in '77-secret' for FTL's channel 77; may be repeated
    #[arg(long, value_name = "KEY")]
    stream_key: Vec<String>,
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
        Ok(Arc::new(keys))
    }
}

fn open(path: &Path) -> std::io::Result<BufReader<File>> {
    File::open(path).map(BufReader::new)
}
