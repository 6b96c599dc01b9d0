//! Where what is wanted is written to, and what of it cannot stand beside each other.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::folder::Folder;
use crate::cli::arguments::ExtractArguments;
use crate::cli::target::Target;
use crate::wire::file_name;

/// Refuses what cannot be written beside each other, or not there.
pub(super) fn refuse(arguments: &ExtractArguments) -> anyhow::Result<()> {
    let ExtractArguments { flv, media, amf, text, clear, .. } = arguments;
    let folders = [("--flv", flv), ("--media", media), ("--amf", amf)];
    let output = arguments.payload.map(|_| &arguments.output);
    let files = [("--clear", clear.as_ref()), ("--text", text.as_ref()), ("--output", output)];
    let folders = folders.into_iter().filter_map(|(name, path)| path.as_ref().map(|path| (name, path)));
    let mut files: Vec<(&str, &PathBuf)> =
        files.into_iter().filter_map(|(name, path)| path.map(|path| (name, path))).collect();
    if let Some((name, _)) = folders.clone().find(|(_, path)| path.as_os_str() == "-") {
        bail!("{name} -: it writes several files, and standard output is one: name a folder");
    }
    if files.iter().filter(|(_, path)| path.as_os_str() == "-").count() > 1 {
        bail!("only one of --clear, --text and --payload can go to standard output");
    }
    files.retain(|(_, path)| path.as_os_str() != "-");
    for (at, (name, path)) in files.iter().enumerate() {
        let place = place(path);
        let mut others = files[..at].iter().copied().chain(folders.clone());
        if let Some((other, _)) = others.find(|(_, other)| self::place(other) == place) {
            bail!("{other} and {name} are both to be {}: name another file", file_name(path));
        }
    }
    Ok(())
}

/// Where a file is, or will be, by whatever name it is called.
fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(own).or_else(|| std::path::absolute(path).ok()).unwrap_or_else(|| path.to_owned())
}

/// Where it is all written to.
pub(super) struct Targets {
    pub(super) clear: Option<Target>,
    pub(super) flv: Option<Folder>,
    pub(super) media: Option<Folder>,
    pub(super) amf: Option<Folder>,
    pub(super) text: Option<Target>,
    pub(super) payload: Option<Target>,
    /// Something goes to standard output, so nothing else may be said there.
    pub(super) is_piped: bool,
}

impl Targets {
    pub(super) fn open(arguments: &ExtractArguments) -> anyhow::Result<Targets> {
        let ExtractArguments { captures, force, .. } = arguments;
        let secrets = arguments.keys.files();
        let folder = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| Folder::open(path, *force, captures, &secrets)).transpose()
        };
        let payload = arguments.payload.map(|_| &arguments.output);
        let to_stdout = [arguments.clear.as_ref(), arguments.text.as_ref(), payload];
        let piped = to_stdout.into_iter().flatten().filter(|path| path.as_os_str() == "-").count();
        let target = |path: &PathBuf| Target::open(path, *force, captures, &secrets);
        let secret = |path: &PathBuf| Target::open_secret(path, *force, captures, &secrets);
        let text = |path: &PathBuf| Target::open_text(path, *force, captures, &secrets);
        Ok(Targets {
            clear: arguments.clear.as_ref().map(secret).transpose()?,
            text: arguments.text.as_ref().map(text).transpose()?,
            payload: payload.map(target).transpose()?,
            flv: folder(&arguments.flv)?,
            media: folder(&arguments.media)?,
            amf: folder(&arguments.amf)?,
            is_piped: piped > 0,
        })
    }
}
