//! A file that a command makes: it is whole, or it is not there.
//!
//! It is written under another name in the same folder and gets its own when all is written. A file that is there already is left
//! alone, unless the user says otherwise.

use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use tempfile::NamedTempFile;

use crate::wire::file_name;

/// Where a command writes what it makes.
pub(super) enum Target {
    Stdout(BufWriter<io::Stdout>),
    File { path: PathBuf, replace: bool, out: BufWriter<NamedTempFile> },
}

impl Target {
    /// Makes ready to write to a file, or to standard output where it is `-`. Whether a file may `replace` one that is there; the
    /// captures and the files of secrets that are read it never does.
    pub(super) fn open(
        path: &Path,
        replace: bool,
        captures: &[PathBuf],
        secrets: &[PathBuf],
    ) -> anyhow::Result<Target> {
        Target::begin(path, replace, captures, secrets, false)
    }

    /// The same for what was secret, which its owner alone may read.
    pub(super) fn open_secret(
        path: &Path,
        replace: bool,
        captures: &[PathBuf],
        secrets: &[PathBuf],
    ) -> anyhow::Result<Target> {
        Target::begin(path, replace, captures, secrets, true)
    }

    fn begin(
        path: &Path,
        replace: bool,
        captures: &[PathBuf],
        secrets: &[PathBuf],
        is_secret: bool,
    ) -> anyhow::Result<Target> {
        if path.as_os_str() == "-" {
            if io::stdout().is_terminal() {
                bail!(
                    "standard output is a terminal, and what is written is no text: name a file, or pipe it into a program"
                );
            }
            return Ok(Target::Stdout(BufWriter::new(io::stdout())));
        }
        guard(path, replace, captures, secrets)?;
        Ok(Target::File {
            path: path.to_owned(),
            replace,
            out: BufWriter::new(
                part(folder(path), !is_secret)
                    .map_err(|error| anyhow!("{} cannot be written: {}", file_name(path), reason(&error)))?,
            ),
        })
    }

    /// The same for text, which a terminal can show.
    pub(super) fn open_text(
        path: &Path,
        replace: bool,
        captures: &[PathBuf],
        secrets: &[PathBuf],
    ) -> anyhow::Result<Target> {
        if path.as_os_str() == "-" {
            return Ok(Target::Stdout(BufWriter::new(io::stdout())));
        }
        Target::open(path, replace, captures, secrets)
    }

    /// All is written: the file gets its name.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.flush()?;
        let Target::File { path, replace, out } = self else { return Ok(()) };
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let kept = if replace { file.persist(&path) } else { file.persist_noclobber(&path) };
        kept.map_err(|error| unwritten(&path, &error.error))?;
        Ok(())
    }

    /// The error, with what it is about.
    fn named(&self, error: io::Error) -> io::Error {
        match self {
            Target::Stdout(_) => super::output::named(error),
            Target::File { .. } if error.kind() == io::ErrorKind::Interrupted => error,
            Target::File { path, .. } => unwritten(path, &error),
        }
    }
}

/// Refuses a file that must not be replaced, or must only where the user says so.
pub(super) fn guard(path: &Path, replace: bool, captures: &[PathBuf], secrets: &[PathBuf]) -> anyhow::Result<()> {
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    let is_it = |capture: &PathBuf| matches!((capture.canonicalize(), path.canonicalize()), (Ok(one), Ok(other)) if one == other);
    if captures.iter().any(is_it) {
        bail!("{}: it is one of the captures that are read", file_name(path));
    }
    if secrets.iter().any(is_it) {
        bail!("{}: secrets are read from it", file_name(path));
    }
    if !there.is_file() {
        bail!("{}: it is there, and is no file that could be replaced", file_name(path));
    }
    if !replace {
        bail!(is_there(path));
    }
    Ok(())
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file in a folder that has no name of its own so far. Others than its owner may read it where it is `open`, as far as the user lets
/// them.
pub(super) fn part(folder: &Path, open: bool) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rtmp-inspect-").suffix(".part");
    #[cfg(unix)]
    if open {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// What is wrong, without the name that a file has before it has its own and without numbers of the system: they tell the user nothing.
pub(super) fn reason(error: &io::Error) -> String {
    let inside = error.get_ref().and_then(|inside| inside.source()).and_then(|cause| cause.downcast_ref::<io::Error>());
    if let Some(cause) = inside {
        return reason(cause);
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// The error where a file did not become whole.
pub(super) fn unwritten(path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(match error.kind() {
        io::ErrorKind::AlreadyExists => is_there(path),
        _ => format!("{} cannot be written, and is not there: {}", file_name(path), reason(error)),
    })
}

/// What is said of a file that is not to be replaced.
fn is_there(path: &Path) -> String {
    format!("{}: it is there already: name another file, or replace it with --force", file_name(path))
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self {
            Target::Stdout(out) => out.write(bytes),
            Target::File { out, .. } => out.write(bytes),
        };
        written.map_err(|error| self.named(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match self {
            Target::Stdout(out) => out.flush(),
            Target::File { out, .. } => out.flush(),
        };
        flushed.map_err(|error| self.named(error))
    }
}
