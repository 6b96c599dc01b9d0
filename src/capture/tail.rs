//! A file of lines to which another program appends: what it has more, read from time to time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// Between looks at the file.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes that are read at one look.
const MOST: u64 = 1 << 20;
/// No line that matters is longer.
const LINE: u64 = 4096;

/// The end of a file that grows.
#[derive(Clone, Debug)]
pub struct Tail {
    path: PathBuf,
    /// What of it was given, up to the end of a line.
    at: u64,
    looked: Option<Instant>,
}

impl Tail {
    /// `read` bytes of it are known. A line that was not whole then is given again.
    pub fn new(path: PathBuf, read: u64) -> Tail {
        let at = last_line(&path, read).unwrap_or(0);
        Tail { path, at, looked: None }
    }

    /// The lines that it has more, where it is time to look. A file that was written anew is read from its beginning.
    pub fn more(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        if self.looked.is_some_and(|looked| looked.elapsed() < PAUSE) {
            return None;
        }
        self.looked = Some(Instant::now());
        self.look(false).ok().flatten()
    }

    /// All that it has more; the last line may be cut.
    pub fn rest(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.look(true).ok().flatten()
    }

    fn look(&mut self, is_last: bool) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        if length < self.at {
            self.at = 0;
        }
        if length == self.at {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(self.at))?;
        let most = MOST.min(length - self.at);
        // Enough at once, so that no copy is left where secrets are.
        let mut bytes = Zeroizing::new(Vec::with_capacity(most as usize + 1));
        file.take(most).read_to_end(&mut bytes)?;
        if !is_last {
            // The rest of a line is still being written. One without end is none.
            let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
            let is_none = whole == 0 && bytes.len() as u64 > LINE;
            let length = if is_none { bytes.len() } else { whole };
            bytes.truncate(length);
        }
        self.at += bytes.len() as u64;
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

/// Where the line begins in which so many bytes of a file end.
fn last_line(path: &PathBuf, read: u64) -> io::Result<u64> {
    let from = read.saturating_sub(LINE);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE as usize + 1));
    file.take(read - from).read_to_end(&mut bytes)?;
    Ok(from + memchr::memrchr(b'\n', &bytes).map_or(0, |end| end as u64 + 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn whole_lines_are_given_once() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\ntw").unwrap();
        let mut tail = Tail::new(file.path().to_owned(), 6);
        let said = |tail: &mut Tail| {
            // It is time again.
            tail.looked = None;
            tail.more().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
        };
        assert_eq!(said(&mut tail), None);
        file.write_all(b"o\nthree").unwrap();
        assert_eq!(said(&mut tail).as_deref(), Some("two\n"));
        assert_eq!(said(&mut tail), None);
        file.write_all(b"\n").unwrap();
        assert_eq!(said(&mut tail).as_deref(), Some("three\n"));
        // No more than once in a while.
        file.write_all(b"four\nfi").unwrap();
        tail.looked = Some(Instant::now());
        assert!(tail.more().is_none());
        assert_eq!(tail.rest().map(|bytes| bytes.to_vec()), Some(b"four\nfi".to_vec()));
        // It was written anew.
        file.as_file().set_len(0).unwrap();
        std::fs::write(file.path(), b"new\n").unwrap();
        assert_eq!(said(&mut tail).as_deref(), Some("new\n"));
    }

    #[test]
    fn one_look_reads_so_much() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a line of twenty by\n".repeat(100_000)).unwrap();
        let mut tail = Tail::new(file.path().to_owned(), 0);
        let first = tail.more().unwrap();
        assert!(first.len() as u64 <= MOST && first.ends_with(b"\n"));
        let mut all = first.len();
        while let Some(more) = tail.look(false).unwrap() {
            all += more.len();
        }
        assert_eq!(all, 2_000_000);
    }
}
