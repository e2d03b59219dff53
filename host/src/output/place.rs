//! Where a run's folder may go: what is refused before any work is done, since no run made it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::manifest::{MANIFEST, Manifest};
use super::sync_folder;
use crate::error::{Error, FolderError, Result, quotable};

/// The real path of what exists, so that a link's siblings are those of the folder it leads to.
pub(super) fn resolve(out: &Path) -> Result<PathBuf> {
    if out == Path::new("-") {
        return Err(refused(out, "standard output is no folder"));
    }
    if out.exists() {
        return fs::canonicalize(out).map_err(|error| Error::io(out, "find", error));
    }
    if out.is_symlink() {
        return Err(refused(out, "it is a link to nothing"));
    }
    std::path::absolute(out).map_err(|error| Error::io(out, "find", error))
}

/// The hidden sibling that is filled: `.NAME.partial`.
pub(super) fn sibling(target: &Path, out: &Path) -> Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| refused(out, "it has no name"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".partial");
    Ok(target.with_file_name(hidden))
}

/// Refuses what not even force may replace. `out` is how the user called it.
pub(super) fn check_replaceable(target: &Path, out: &Path, inputs: &[&Path]) -> Result<()> {
    if target.exists() && !target.is_dir() {
        return Err(refused(out, "it is a file"));
    }
    if is_mounted(target) {
        return Err(refused(out, "something is mounted there; a folder in it would do"));
    }
    if is_inside(Path::new("."), target) {
        return Err(refused(out, "it holds the working folder"));
    }
    check_holds_no(inputs, target, out)
}

/// Refuses a folder with an input in it.
pub(super) fn check_holds_no(inputs: &[&Path], folder: &Path, out: &Path) -> Result<()> {
    match inputs.iter().find(|input| is_inside(input, folder)) {
        Some(input) => Err(refused(out, &format!("it holds the input {}", input.display()))),
        None => Ok(()),
    }
}

fn is_inside(path: &Path, folder: &Path) -> bool {
    let real = fs::canonicalize;
    real(folder).is_ok_and(|folder| real(path).is_ok_and(|path| path.starts_with(folder)))
}

/// Whether the folder is of another file system than its siblings, so that none can have its name.
#[cfg(unix)]
fn is_mounted(target: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    let parent = target.parent().and_then(device);
    parent.is_some_and(|parent| device(target).is_some_and(|own| own != parent))
}

#[cfg(not(unix))]
fn is_mounted(_target: &Path) -> bool {
    false
}

/// Refuses a folder with something in it, unless a run wrote all of it and it is to be replaced.
pub(super) fn check_free(target: &Path, out: &Path, force: bool) -> Result<()> {
    if !target.exists() || entries(target)?.is_empty() {
        return Ok(());
    }
    match force {
        // A typing error must not cost a folder that is none of ours.
        true => check_written(target, out),
        false => Err(FolderError::OutputExists { path: out.into() }.into()),
    }
}

/// Refuses a folder unless all that is in it is as a run has written it.
fn check_written(target: &Path, out: &Path) -> Result<()> {
    let Some(manifest) = Manifest::read(target)? else {
        let problem = format!("it holds no {MANIFEST}, which every run writes; move it away");
        return Err(refused(out, &problem));
    };
    for name in entries(target)?.iter().filter(|name| *name != MANIFEST) {
        if !manifest.lists(name) {
            return Err(foreign(out, name));
        }
        let path = target.join(name);
        let bytes = fs::read(&path).map_err(|error| Error::io(path, "read", error))?;
        if manifest.written(name, &bytes) != Ok(bytes.len()) {
            return Err(refused(out, &format!("{name} in it was changed since a run wrote it")));
        }
    }
    Ok(())
}

/// Removes a folder that is free. The manifest goes last: while there is something in it, the folder
/// is known as a run's.
pub(super) fn remove(target: &Path) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    let names = entries(target)?;
    let (last, first): (Vec<_>, Vec<_>) = names.iter().partition(|name| *name == MANIFEST);
    let remove = |names: Vec<&String>| -> io::Result<()> {
        names.into_iter().try_for_each(|name| fs::remove_file(target.join(name)))?;
        sync_folder(target)
    };
    remove(first)
        .and_then(|()| remove(last))
        .and_then(|()| fs::remove_dir(target))
        .map_err(|error| Error::io(target, "remove", error))
}

/// Makes a folder and those above it, for good.
pub(super) fn create(folder: &Path) -> Result<()> {
    let parent = folder.parent().unwrap_or(folder);
    if !parent.exists() {
        create(parent)?;
    }
    match fs::create_dir(folder).and_then(|()| sync_folder(parent)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io(folder, "create", error))
        }
        _ => Ok(()),
    }
}

/// The names in a folder, ascending, all of files: no run makes a folder, or a link, in its own.
pub(super) fn entries(folder: &Path) -> Result<Vec<String>> {
    let list = |error| Error::io(folder, "list", error);
    if folder.is_symlink() {
        return Err(refused(folder, "no run made it: it is a link"));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(list)? {
        let entry = entry.map_err(list)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type().map_err(list)?.is_file() {
            return Err(foreign(folder, &name));
        }
        names.push(name);
    }
    names.sort();
    Ok(names)
}

/// The error of what is in a folder and not a run's.
pub(super) fn foreign(folder: &Path, name: &str) -> Error {
    refused(folder, &format!("no run wrote {name}, which is in it"))
}

pub(super) fn refused(out: &Path, problem: &str) -> Error {
    FolderError::OutputPlace { path: out.into(), problem: quotable(problem) }.into()
}
