//! A capture that another program still writes: its end is only the end so far.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use super::live::Stop;

/// Between looks at whether the file has grown: short beside what a person notices, long beside what a look costs.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads a file and, at its end, waits for more, until it is told to stop or the file is no longer the same.
pub(super) struct Follower {
    file: File,
    path: PathBuf,
    /// Bytes read so far.
    read: u64,
    stop: Stop,
}

impl Follower {
    pub(super) fn new(file: File, path: PathBuf, stop: Arc<AtomicBool>) -> Self {
        Follower { file, path, read: 0, stop: Stop::new(stop) }
    }

    /// Why nothing more will come.
    fn end(&self) -> io::Result<Option<&'static str>> {
        let ours = self.file.metadata()?;
        if ours.len() < self.read {
            return Ok(Some("the file was truncated while it was followed"));
        }
        Ok(match fs::metadata(&self.path) {
            Ok(now) if is_same(&ours, &now) => None,
            Ok(_) => Some("the file was replaced by another while it was followed"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Some("the file was removed or renamed while it was followed")
            }
            Err(error) => return Err(error),
        })
    }
}

impl Read for Follower {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            // Looked at first: what was written until then is still read.
            let stopped = self.stop.left();
            if stopped == Some(Duration::ZERO) {
                return Ok(0);
            }
            let end = self.end()?;
            let read = self.file.read(into)?;
            if read > 0 {
                self.read += read as u64;
                return Ok(read);
            }
            match end {
                _ if stopped.is_some() => return Ok(0),
                Some(why) => return Err(io::Error::other(why)),
                None => thread::sleep(PAUSE),
            }
        }
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Without inode numbers only a shorter file gives itself away.
#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    other.len() >= one.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::atomic::Ordering;

    fn follow(path: &std::path::Path) -> (Follower, Arc<AtomicBool>) {
        let stop = Arc::new(AtomicBool::new(false));
        (Follower::new(File::open(path).unwrap(), path.to_owned(), Arc::clone(&stop)), stop)
    }

    #[test]
    fn waits_for_what_is_written_later() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let (mut follower, stop) = follow(file.path());
        let reader = thread::spawn(move || {
            let mut read = Vec::new();
            follower.read_to_end(&mut read).map(|_| read)
        });
        for part in [b"one", b"two"] {
            file.write_all(part).unwrap();
            thread::sleep(PAUSE * 2);
        }
        stop.store(true, Ordering::Relaxed);
        assert_eq!(reader.join().unwrap().unwrap(), b"onetwo");
    }

    #[test]
    fn says_that_a_file_was_truncated_or_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capture");
        let mut read = Vec::new();
        for (change, expected) in [
            (0, "the file was truncated while it was followed"),
            (1, "the file was replaced by another while it was followed"),
            (2, "the file was removed or renamed while it was followed"),
        ] {
            fs::write(&path, b"before").unwrap();
            let (mut follower, _) = follow(&path);
            assert_eq!(follower.read(&mut [0; 4]).unwrap(), 4);
            match change {
                0 => File::options().write(true).open(&path).unwrap().set_len(2).unwrap(),
                1 => {
                    fs::rename(&path, folder.path().join("old")).unwrap();
                    fs::write(&path, b"another").unwrap();
                }
                _ => fs::remove_file(&path).unwrap(),
            }
            read.clear();
            let error = follower.read_to_end(&mut read).unwrap_err();
            assert_eq!(error.to_string(), expected);
            // What was written before still comes.
            assert_eq!(read, if change == 0 { b"".as_slice() } else { b"re" });
            let _ = fs::remove_file(&path);
        }
    }
}
