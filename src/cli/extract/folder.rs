//! A folder that files are made in, many at a time: each is written under another name and gets its own when it is whole.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::TempPath;

use crate::cli::target::{bare, guard, part};
use crate::extract::{FileId, Shelf};
use crate::wire::file_name;

/// Files that are open at a time: programs may have 256 or more. The others are opened again when there is more for them.
const OPEN: usize = 64;
const BUFFER: usize = 16 << 10;

/// What is made in a folder.
pub(super) struct Folder {
    path: PathBuf,
    replace: bool,
    /// It was made for this.
    is_new: bool,
    /// Files that are never replaced.
    captures: Vec<PathBuf>,
    secrets: Vec<PathBuf>,
    parts: HashMap<FileId, Part>,
    /// How many of them are open.
    open: usize,
    /// Counts what is asked for: it numbers files, and says which was used last.
    clock: u64,
    finished: u64,
}

struct Part {
    path: PathBuf,
    temporary: TempPath,
    out: Option<BufWriter<File>>,
    used: u64,
}

impl Folder {
    /// A folder that is there, or is made now. Whether files in it may be replaced; the captures and the files of secrets that are
    /// read never are.
    pub(super) fn open(
        path: &Path,
        replace: bool,
        captures: &[PathBuf],
        secrets: &[PathBuf],
    ) -> anyhow::Result<Folder> {
        let is_new = match fs::metadata(path) {
            Ok(there) if there.is_dir() => false,
            Ok(_) => bail!("{}: it is there, and is no folder", file_name(path)),
            Err(_) => {
                fs::create_dir_all(path).with_context(|| format!("{} cannot be made", file_name(path)))?;
                true
            }
        };
        Ok(Folder {
            path: path.to_owned(),
            replace,
            is_new,
            captures: captures.to_vec(),
            secrets: secrets.to_vec(),
            parts: HashMap::new(),
            open: 0,
            clock: 0,
            finished: 0,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Files that are whole.
    pub(super) fn finished(&self) -> u64 {
        self.finished
    }

    /// A part that can be written to.
    fn part(&mut self, file: FileId) -> io::Result<&mut Part> {
        self.clock += 1;
        let is_closed = self.parts.get(&file).is_some_and(|part| part.out.is_none());
        if is_closed && self.open >= OPEN {
            let idle = self.parts.values_mut().filter(|part| part.out.is_some()).min_by_key(|part| part.used);
            if let Some(idle) = idle {
                let closed = idle.out.take().map_or(Ok(()), |mut out| out.flush());
                self.open -= 1;
                closed.map_err(|error| failed(&idle.path, error))?;
            }
        }
        let Some(part) = self.parts.get_mut(&file) else { return Err(io::Error::other("there is no such file")) };
        part.used = self.clock;
        if part.out.is_none() {
            let opened = OpenOptions::new().append(true).open(&part.temporary);
            part.out = Some(BufWriter::with_capacity(BUFFER, opened.map_err(|error| failed(&part.path, error))?));
            self.open += 1;
        }
        Ok(part)
    }
}

/// The error, with what it is about.
fn failed(path: &Path, error: io::Error) -> io::Error {
    io::Error::other(format!("{} cannot be written, and is not there: {}", file_name(path), bare(error)))
}

impl Shelf for Folder {
    fn begin(&mut self, name: &str) -> io::Result<FileId> {
        self.clock += 1;
        let file = FileId(self.clock);
        let path = self.path.join(name);
        guard(&path, self.replace, &self.captures, &self.secrets)
            .map_err(|error| io::Error::other(format!("{error:#}")))?;
        let made = part(&self.path, true).map_err(|error| failed(&path, error))?;
        // It is opened when there is something to write: there may be thousands.
        self.parts.insert(file, Part { path, temporary: made.into_temp_path(), out: None, used: self.clock });
        Ok(file)
    }

    fn write(&mut self, file: FileId, bytes: &[u8]) -> io::Result<()> {
        let part = self.part(file)?;
        let written = part.out.as_mut().map_or(Ok(()), |out| out.write_all(bytes));
        written.map_err(|error| failed(&part.path, error))
    }

    fn patch(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let part = self.part(file)?;
        let mut patch = || {
            part.out.as_mut().map_or(Ok(()), Write::flush)?;
            let mut out = OpenOptions::new().write(true).open(&part.temporary)?;
            out.seek(SeekFrom::Start(offset))?;
            out.write_all(bytes)
        };
        patch().map_err(|error| failed(&part.path, error))
    }

    fn finish(&mut self, file: FileId) -> io::Result<()> {
        let Some(Part { path, temporary, out, .. }) = self.parts.remove(&file) else { return Ok(()) };
        if let Some(mut out) = out {
            self.open -= 1;
            out.flush().map_err(|error| failed(&path, error))?;
        }
        let kept = if self.replace { temporary.persist(&path) } else { temporary.persist_noclobber(&path) };
        kept.map_err(|error| failed(&path, error.error))?;
        self.finished += 1;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.parts.clear();
        if self.is_new && self.finished == 0 {
            // It is empty, or somebody else's by now.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_files_than_are_open_are_written_at_once() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(&place.path().join("new"), false, &[], &[]).unwrap();
        let files: Vec<FileId> = (0..3 * OPEN).map(|n| folder.begin(&format!("{n}.txt")).unwrap()).collect();
        for round in 0..3 {
            for (n, file) in files.iter().enumerate() {
                folder.write(*file, format!("{round} {n};").as_bytes()).unwrap();
                assert!(folder.open <= OPEN);
            }
        }
        assert!(!place.path().join("new/7.txt").exists(), "it has no name before it is whole");
        for file in &files {
            folder.patch(*file, 0, b"x").unwrap();
            folder.finish(*file).unwrap();
        }
        assert_eq!(fs::read_to_string(place.path().join("new/7.txt")).unwrap(), "x 7;1 7;2 7;");
        let again = folder.begin("7.txt").unwrap_err().to_string();
        assert!(again.contains("it is there already"), "{again}");
    }

    #[test]
    fn nothing_is_left_of_what_is_not_whole() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("new");
        let mut folder = Folder::open(&path, false, &[], &[]).unwrap();
        let file = folder.begin("a.flv").unwrap();
        folder.write(file, b"FLV").unwrap();
        drop(folder);
        assert!(!path.exists());
        assert!(Folder::open(Path::new("/dev/null"), false, &[], &[]).is_err());
    }
}
