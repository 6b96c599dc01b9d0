//! A folder that files are made in, many at a time: each is written under another name and gets its own when it is whole. One that cannot
//! be written is left out, and the others are written all the same.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use tempfile::TempPath;

use crate::cli::target::{guard, part, reason, unwritten};
use crate::extract::{FileId, Shelf};
use crate::wire::file_name;

/// Files that are open at a time: programs may have 256 or more. The others are opened again when there is more for them.
const OPEN: usize = 64;
const BUFFER: usize = 16 << 10;
/// Files that cannot be written and are told one by one.
const TOLD: u64 = 5;

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
    /// Names of those that could not be written.
    lost: HashSet<PathBuf>,
    /// Why, of the first of them, until that is asked for.
    complaints: Vec<String>,
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
                fs::create_dir_all(path)
                    .map_err(|error| anyhow!("{} cannot be made: {}", file_name(path), reason(&error)))?;
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
            lost: HashSet::new(),
            complaints: Vec::new(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Files that are whole.
    pub(super) fn finished(&self) -> u64 {
        self.finished
    }

    /// Whether a file of this name could not be written.
    pub(super) fn is_lost(&self, name: &str) -> bool {
        self.lost.contains(&self.path.join(name))
    }

    /// Files that could not be written.
    pub(super) fn lost(&self) -> u64 {
        self.lost.len() as u64
    }

    /// Those of them that are not told one by one.
    pub(super) fn untold(&self) -> u64 {
        self.lost().saturating_sub(TOLD)
    }

    /// What is to be said of files that could not be written since it was last asked.
    pub(super) fn complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// A file is left out.
    fn lose(&mut self, path: PathBuf, why: String) {
        if self.lost() < TOLD {
            self.complaints.push(why);
        }
        self.lost.insert(path);
    }

    /// A part that can be written to, unless it was lost.
    fn part(&mut self, file: FileId) -> Option<&mut Part> {
        self.clock += 1;
        let is_closed = self.parts.get(&file)?.out.is_none();
        if is_closed && self.open >= OPEN {
            let idle = self.parts.iter_mut().filter(|(_, part)| part.out.is_some()).min_by_key(|(_, part)| part.used);
            if let Some((&idle, part)) = idle {
                let closed = part.out.take().map_or(Ok(()), |mut out| out.flush());
                self.open -= 1;
                self.keep(idle, closed);
            }
        }
        if is_closed {
            let part = self.parts.get_mut(&file)?;
            match OpenOptions::new().append(true).open(&part.temporary) {
                Ok(opened) => {
                    part.out = Some(BufWriter::with_capacity(BUFFER, opened));
                    self.open += 1;
                }
                Err(error) => self.keep(file, Err(error)),
            }
        }
        let part = self.parts.get_mut(&file)?;
        part.used = self.clock;
        Some(part)
    }

    /// Keeps a file, unless something went wrong with it.
    fn keep(&mut self, file: FileId, done: io::Result<()>) {
        let Err(error) = done else { return };
        if let Some(part) = self.remove(file) {
            let why = unwritten(&part.path, &error).to_string();
            self.lose(part.path, why);
        }
    }

    fn remove(&mut self, file: FileId) -> Option<Part> {
        let part = self.parts.remove(&file)?;
        self.open -= usize::from(part.out.is_some());
        Some(part)
    }
}

impl Shelf for Folder {
    fn begin(&mut self, name: &str) -> io::Result<FileId> {
        self.clock += 1;
        let file = FileId(self.clock);
        let path = self.path.join(name);
        if let Err(why) = guard(&path, self.replace, &self.captures, &self.secrets) {
            self.lose(path, why.to_string());
            return Ok(file);
        }
        match part(&self.path, true) {
            Ok(made) => {
                // It is opened when there is something to write: there may be thousands.
                let temporary = made.into_temp_path();
                self.parts.insert(file, Part { path, temporary, out: None, used: self.clock });
            }
            Err(error) => {
                let why = unwritten(&path, &error).to_string();
                self.lose(path, why);
            }
        }
        Ok(file)
    }

    fn write(&mut self, file: FileId, bytes: &[u8]) -> io::Result<()> {
        let Some(part) = self.part(file) else { return Ok(()) };
        let written = part.out.as_mut().map_or(Ok(()), |out| out.write_all(bytes));
        self.keep(file, written);
        Ok(())
    }

    fn patch(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let Some(part) = self.part(file) else { return Ok(()) };
        let mut patch = || {
            part.out.as_mut().map_or(Ok(()), Write::flush)?;
            let mut out = OpenOptions::new().write(true).open(&part.temporary)?;
            out.seek(SeekFrom::Start(offset))?;
            out.write_all(bytes)
        };
        let patched = patch();
        self.keep(file, patched);
        Ok(())
    }

    fn abandon(&mut self, file: FileId) {
        self.remove(file);
    }

    fn finish(&mut self, file: FileId) -> io::Result<()> {
        if let Some(part) = self.parts.get_mut(&file) {
            let flushed = part.out.as_mut().map_or(Ok(()), Write::flush);
            self.keep(file, flushed);
        }
        let Some(Part { path, temporary, .. }) = self.remove(file) else { return Ok(()) };
        let kept = if self.replace { temporary.persist(&path) } else { temporary.persist_noclobber(&path) };
        match kept {
            Ok(()) => self.finished += 1,
            Err(error) => {
                let why = unwritten(&path, &error.error).to_string();
                self.lose(path, why);
            }
        }
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
        assert!(folder.complaints().is_empty() && folder.lost() == 0);
        let again = folder.begin("7.txt").unwrap();
        folder.write(again, b"no").unwrap();
        folder.finish(again).unwrap();
        let said = folder.complaints();
        assert!(said.len() == 1 && said[0].contains("it is there already") && folder.is_lost("7.txt"), "{said:?}");
        assert_eq!(fs::read_to_string(place.path().join("new/7.txt")).unwrap(), "x 7;1 7;2 7;");
    }

    #[test]
    fn a_file_that_comes_meanwhile_stays_and_the_others_are_written() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(place.path(), false, &[], &[]).unwrap();
        let files = ["a", "b"].map(|name| folder.begin(name).unwrap());
        fs::write(place.path().join("a"), "mine").unwrap();
        for file in files {
            folder.write(file, b"ours").unwrap();
            folder.finish(file).unwrap();
        }
        assert_eq!(fs::read_to_string(place.path().join("a")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(place.path().join("b")).unwrap(), "ours");
        let said = folder.complaints().join("");
        assert!(said.ends_with("a: it is there already: name another file, or replace it with --force"), "{said}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "no other names are left");
    }

    #[test]
    fn no_name_before_its_own_is_told_and_no_number() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("gone");
        let mut folder = Folder::open(&path, false, &[], &[]).unwrap();
        fs::remove_dir(&path).unwrap();
        folder.begin("a.flv").unwrap();
        let said = folder.complaints().join("");
        assert!(said.ends_with("a.flv cannot be written, and is not there: No such file or directory"), "{said}");
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
