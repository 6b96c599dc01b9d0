//! What is remembered from one time to the next: where somebody was in a capture and how the panes were, and what was filtered by.
//!
//! It is a comfort: what cannot be read or written is passed over. Captures are known by a hash of their names, sizes and times, and
//! filters are kept only where no text in them can be a secret.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use base64::Engine;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config;
use crate::filter::{Filter, is_public};
use crate::limits::Limits;

const FILE: &str = "places.json";

/// Where somebody was in a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    /// The selected row.
    pub(super) row: Option<u32>,
    /// The session that was shown alone.
    pub(super) session: Option<u32>,
    pub(super) folded: bool,
    /// The borders that were dragged, by their names, in thousandths.
    pub(super) splits: Vec<(String, u16)>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct File {
    /// The last one last.
    filters: Vec<String>,
    captures: Vec<Known>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    id: String,
    place: Place,
}

/// What is remembered of some captures.
#[derive(Clone, Debug, Default)]
pub struct State {
    folder: Option<PathBuf>,
    /// None for what comes through a pipe.
    id: Option<String>,
    pub(super) place: Place,
    pub(super) filters: Vec<String>,
}

impl State {
    /// What the user's folder has of these captures.
    pub fn load(captures: &[PathBuf]) -> State {
        config::state_folder().map(|folder| State::of(&folder, captures)).unwrap_or_default()
    }

    /// The same of a folder that may not be there.
    pub fn of(folder: &Path, captures: &[PathBuf]) -> State {
        let (file, id) = (File::read(folder), id(captures));
        let known = file.captures.into_iter().find(|known| Some(&known.id) == id.as_ref());
        let filters = file.filters.into_iter().filter(|filter| Filter::parse(filter).is_ok()).collect();
        State { folder: Some(folder.to_owned()), id, place: known.unwrap_or_default().place, filters }
    }

    /// Writes what is to be remembered. What another screen has written meanwhile stays.
    pub(super) fn save(&self, place: Place, filters: &[String]) {
        let Some(folder) = &self.folder else { return };
        let (mut file, limits) = (File::read(folder), Limits::DEFAULT);
        for filter in filters.iter().filter(|filter| is_public(filter)) {
            file.filters.retain(|other| other != filter);
            file.filters.push(filter.clone());
        }
        file.filters.drain(..file.filters.len().saturating_sub(limits.remembered_filters));
        if let Some(id) = &self.id {
            file.captures.retain(|known| known.id != *id);
            file.captures.push(Known { id: id.clone(), place });
        }
        file.captures.drain(..file.captures.len().saturating_sub(limits.remembered_captures));
        // Nobody is to be told: the next time begins at the start.
        let _ = file.write(folder);
    }
}

impl File {
    fn read(folder: &Path) -> File {
        let path = folder.join(FILE);
        let is_fit = fs::metadata(&path)
            .is_ok_and(|meta| meta.is_file() && meta.len() <= Limits::DEFAULT.remembered_bytes as u64);
        let text = if is_fit { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Whole or not at all, and nobody else's to read.
    fn write(&self, folder: &Path) -> std::io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, self)?;
        file.persist(folder.join(FILE))?;
        Ok(())
    }
}

/// What tells these captures from others, without naming them.
fn id(captures: &[PathBuf]) -> Option<String> {
    let mut hash = Sha256::new();
    for capture in captures {
        let meta = fs::metadata(capture).ok().filter(fs::Metadata::is_file)?;
        let changed = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let path = capture.canonicalize().ok()?;
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(meta.len().to_le_bytes());
        hash.update(changed.as_nanos().to_le_bytes());
    }
    Some(base64::engine::general_purpose::STANDARD.encode(&hash.finalize()[..15]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(folder: &Path, name: &str, text: &str) -> Vec<PathBuf> {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        vec![path]
    }

    #[test]
    fn a_place_is_found_again_until_the_capture_changes() {
        let (folder, captures) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = capture(captures.path(), "one.pcap", "1");
        let place = Place { row: Some(7), folded: true, splits: vec![("rows".to_owned(), 400)], ..Place::default() };
        State::of(folder.path(), &one).save(place.clone(), &[]);
        assert_eq!(State::of(folder.path(), &one).place, place);
        let other = capture(captures.path(), "other.pcap", "1");
        assert_eq!(State::of(folder.path(), &other).place, Place::default());
        capture(captures.path(), "one.pcap", "another");
        assert_eq!(State::of(folder.path(), &one).place, Place::default());
        // What cannot be read is as nothing, and so is what this program did not write.
        let long = format!("{{\"filters\":[]}}{}", " ".repeat(Limits::DEFAULT.remembered_bytes));
        State::of(folder.path(), &one).save(place, &[]);
        assert!(State::of(folder.path(), &one).place.folded);
        fs::write(folder.path().join(FILE), long).unwrap();
        assert_eq!(State::of(folder.path(), &one).place, Place::default());
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(State::of(folder.path(), &one).place, Place::default());
    }

    #[test]
    fn no_secret_and_no_name_is_written() {
        let (folder, captures) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = capture(captures.path(), "of-whom.pcap", "1");
        let filters =
            ["command.name == \"publish\"", "payload contains \"live_1234\"", "length > 100"].map(str::to_owned);
        let state = State::of(folder.path(), &one);
        state.save(Place::default(), &filters);
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!text.contains("live_1234") && !text.contains("of-whom"), "{text}");
        assert_eq!(State::of(folder.path(), &one).filters, [&*filters[0], &*filters[2]]);
    }

    #[test]
    fn it_stays_small() {
        let (folder, captures) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let most = Limits::DEFAULT.remembered_captures;
        for number in 0..most + 3 {
            let one = capture(captures.path(), &format!("{number}.pcap"), "1");
            let filters: Vec<_> = (0..most).map(|at| format!("length > {}", at + number)).collect();
            State::of(folder.path(), &one).save(Place { row: Some(1), ..Place::default() }, &filters);
        }
        let file = File::read(folder.path());
        assert_eq!((file.captures.len(), file.filters.len()), (most, Limits::DEFAULT.remembered_filters));
        let bytes = fs::metadata(folder.path().join(FILE)).unwrap().len();
        assert!(bytes < Limits::DEFAULT.remembered_bytes as u64 / 4, "{bytes}");
        let first = vec![captures.path().join("0.pcap")];
        assert_eq!(State::of(folder.path(), &first).place.row, None);
    }
}
