//! Where files go that are made of what was captured. What makes them names them, fills several at a time, and knows nothing of folders.

use std::io;

/// A file that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u64);

/// Takes files. Each is whole, or it is not there: it has no name before it is finished.
pub trait Shelf {
    /// Begins a file of this name, which is safe as one and comes once.
    fn begin(&mut self, name: &str) -> io::Result<FileId>;
    /// Appends to it.
    fn write(&mut self, file: FileId, bytes: &[u8]) -> io::Result<()>;
    /// Overwrites bytes that were written already.
    fn patch(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Leaves the file out.
    fn abandon(&mut self, file: FileId);
    /// Gives the file its name.
    fn finish(&mut self, file: FileId) -> io::Result<()>;
}
