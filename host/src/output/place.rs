//! Where a run's folder may go: what is refused before any work is done.

use std::fs;
use std::path::{Path, PathBuf};

use super::SETTINGS;
use crate::error::{Error, FolderError, Result};

/// The real path of what exists, so that a link's siblings are those of the folder it leads to.
pub(super) fn resolve(out: &Path) -> Result<PathBuf> {
    if out == Path::new("-") {
        return Err(refused(out, "standard output is no folder"));
    }
    if out.exists() {
        return fs::canonicalize(out).map_err(|error| Error::io(out, "find", error));
    }
    if fs::symlink_metadata(out).is_ok() {
        return Err(refused(out, "it is a link to nothing"));
    }
    std::path::absolute(out).map_err(|error| Error::io(out, "find", error))
}

/// The folder above, and a hidden sibling for each purpose: `.NAME.KIND`.
pub(super) fn sibling(target: &Path, out: &Path, kind: &str) -> Result<(PathBuf, PathBuf)> {
    let name = target.file_name().and_then(|name| name.to_str());
    match (target.parent(), name) {
        (Some(parent), Some(name)) => {
            Ok((parent.to_owned(), parent.join(format!(".{name}.{kind}"))))
        }
        _ => Err(refused(out, "it has no name that text can hold")),
    }
}

/// Refuses what not even force may replace. `out` is how the user called it.
pub(super) fn check_replaceable(target: &Path, out: &Path, inputs: &[&Path]) -> Result<()> {
    if target.exists() && !target.is_dir() {
        return Err(refused(out, "it is a file"));
    }
    let inside = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(target));
    if inside(Path::new(".")) {
        return Err(refused(out, "it holds the working folder"));
    }
    match inputs.iter().find(|input| inside(input)) {
        Some(input) => Err(refused(out, &format!("it holds the input {}", input.display()))),
        None => Ok(()),
    }
}

/// Refuses a folder with something in it, unless a run made it and it is to be replaced.
pub(super) fn check_free(target: &Path, out: &Path, force: bool) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    let mut entries = fs::read_dir(target).map_err(|error| Error::io(out, "list", error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) if !force => Err(FolderError::OutputExists { path: out.into() }.into()),
        // A typing error must not cost a folder that is none of ours.
        Some(_) if !target.join(SETTINGS).exists() => {
            Err(refused(out, &format!("it holds no {SETTINGS}, so no run made it")))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn refused(out: &Path, problem: &str) -> Error {
    FolderError::OutputPlace { path: out.into(), problem: problem.to_owned() }.into()
}
