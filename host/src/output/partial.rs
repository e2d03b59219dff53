//! [`Partial`]: the hidden folder that a run fills, held by a lock while it does, so that a second
//! run to the same place cannot mix its files with the first's.
//!
//! What counts of its files is what the last [`Manifest`] lists. A file is on the disk before the
//! manifest that lists it, its name too, so that a power cut leaves what a killed program leaves.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::manifest::{MANIFEST, Manifest};
use super::place::{create, entries, foreign, refused};
use super::{
    CURVES, CURVES_PIXELS, GRID, INPUTS, LABELS, METRICS, MODEL, SETTINGS, damaged, sync_folder,
};
use crate::error::{Error, FolderError, Result};

const LOCK: &str = ".lock";

/// A folder under its temporary name. Dropped, it goes if nothing was written to it.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    lock: Option<File>,
    manifest: Manifest,
}

impl Partial {
    /// Makes the folder, or takes over the one of a run that is no more.
    pub(super) fn hold(path: PathBuf, out: &Path) -> Result<Self> {
        create(&path)?;
        check_entries(&path)?;
        let name = path.join(LOCK);
        let lock = OpenOptions::new().create(true).append(true).open(&name);
        let lock = lock.map_err(|error| Error::io(&name, "create", error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::Busy { out: out.into(), partial: path }.into());
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(name, "lock", error)),
        }
        let manifest = Manifest::default();
        let mut partial = Self { path, lock: Some(lock), manifest };
        partial.manifest = partial.own_manifest()?;
        Ok(partial)
    }

    /// That of an earlier run; one of nothing where there was none.
    fn own_manifest(&self) -> Result<Manifest> {
        if let Some(manifest) = Manifest::read(&self.path)? {
            return Ok(manifest);
        }
        // Before the first manifest a run writes its draft and nothing else.
        let is_first = |name: &String| name == LOCK || *name == draft(MANIFEST);
        match entries(&self.path)?.iter().all(is_first) {
            true => Ok(Manifest::default()),
            false => Err(refused(&self.path, &unknown())),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is something to go on with.
    pub(super) fn holds_a_run(&self) -> bool {
        !self.manifest.is_empty()
    }

    /// Whether there is a file of this name that counts.
    pub(super) fn has(&self, name: &str) -> bool {
        self.manifest.lists(name)
    }

    /// Removes what an earlier run has left. Its manifest goes last, so that the folder is known as
    /// a run's as long as there is something in it.
    pub(super) fn clear(&mut self) -> Result<()> {
        if entries(&self.path)? == [LOCK] {
            return Ok(());
        }
        self.manifest = Manifest::default();
        self.commit()?;
        self.remove_uncounted()?;
        self.remove(MANIFEST)
    }

    /// Adds to the end of a file what counts from the next commit on.
    pub(super) fn append(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let end = self.manifest.add(name, bytes);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let written = file.and_then(|mut file| {
            // What follows never counted.
            file.set_len(end)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(bytes)?;
            file.sync_data()
        });
        written.map_err(|error| Error::io(path, "write", error))
    }

    /// Writes a file that counts from the next commit on, and which is then to be kept: until then
    /// an earlier one stays as it is.
    pub(super) fn draft(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.manifest.set(name, bytes);
        self.write_draft(name, bytes)
    }

    /// Gives a draft its name, in one step.
    pub(super) fn keep_draft(&self, name: &str) -> Result<()> {
        let path = self.path.join(name);
        fs::rename(self.path.join(draft(name)), &path)
            .map_err(|error| Error::io(path, "write", error))
    }

    /// Writes a file, in one step, that counts from the next commit on.
    pub(super) fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.draft(name, bytes)?;
        self.keep_draft(name)
    }

    /// Makes everything that was written count, in one step and for good.
    pub(super) fn commit(&self) -> Result<()> {
        let io = |error| Error::io(self.path.join(MANIFEST), "write", error);
        sync_folder(&self.path).map_err(io)?;
        self.write_draft(MANIFEST, &self.manifest.to_json().map_err(io)?)?;
        self.keep_draft(MANIFEST)?;
        sync_folder(&self.path).map_err(io)
    }

    /// The bytes of a file that count; others at its end are cut off.
    pub(super) fn committed(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path.join(name);
        let mut bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match self.has(name) {
                    true => Err(damaged(&path, "the file is gone")),
                    false => Ok(Vec::new()),
                };
            }
            read => read.map_err(|error| Error::io(&path, "read", error))?,
        };
        let written = self.manifest.written(name, &bytes);
        let len = written.map_err(|problem| damaged(&path, &problem))?;
        if len < bytes.len() {
            let cut = OpenOptions::new().write(true).open(&path);
            let cut = cut.and_then(|file| file.set_len(len as u64));
            cut.map_err(|error| Error::io(&path, "cut", error))?;
            bytes.truncate(len);
        }
        Ok(bytes)
    }

    /// The bytes of a file that may still be a draft.
    pub(super) fn committed_or_draft(&self, name: &str) -> Result<Vec<u8>> {
        if let Ok(bytes) = fs::read(self.path.join(draft(name)))
            && self.manifest.written(name, &bytes) == Ok(bytes.len())
        {
            self.keep_draft(name)?;
        }
        self.committed(name)
    }

    /// Removes a file and all that never counted, lets go of the folder and gives it its final name.
    pub(super) fn rename_without(&mut self, name: &str, target: &Path) -> Result<()> {
        self.manifest.remove(name);
        self.commit()?;
        self.remove_uncounted()?;
        self.remove_lock();
        sync_folder(&self.path)
            .and_then(|()| fs::rename(&self.path, target))
            .and_then(|()| sync_folder(target.parent().unwrap_or(target)))
            .map_err(|error| Error::io(&self.path, "rename", error))
    }

    fn write_draft(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(draft(name));
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        });
        written.map_err(|error| Error::io(path, "write", error))
    }

    fn remove_uncounted(&self) -> Result<()> {
        check_entries(&self.path)?;
        let counts = |name: &str| self.has(name) || name == LOCK || name == MANIFEST;
        let names = entries(&self.path)?;
        names.iter().filter(|name| !counts(name)).try_for_each(|name| self.remove(name))?;
        sync_folder(&self.path).map_err(|error| Error::io(&self.path, "write", error))
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.path.join(name);
        fs::remove_file(&path).map_err(|error| Error::io(path, "remove", error))
    }

    /// Open files cannot be removed everywhere, and a held one must not be found unlocked.
    fn remove_lock(&mut self) {
        let Some(lock) = self.lock.take() else {
            return;
        };
        let path = self.path.join(LOCK);
        if fs::remove_file(&path).is_err() {
            drop(lock);
            // What is left is an empty file that the next run takes over.
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.remove_lock();
        // Fails where there is something in it, which is then kept.
        let _ = fs::remove_dir(&self.path);
    }
}

/// For a run that ends without dropping its folder: whether there is something to go on with. One
/// in which nothing was written is removed.
pub(super) fn abandon(path: &Path) -> bool {
    if entries(path).is_ok_and(|names| names == [LOCK]) {
        let _ = fs::remove_file(path.join(LOCK));
        let _ = fs::remove_dir(path);
    }
    Manifest::read(path).is_ok_and(|manifest| manifest.is_some_and(|found| !found.is_empty()))
}

/// The name of a file that is not complete yet.
fn draft(name: &str) -> String {
    format!(".{name}")
}

fn unknown() -> String {
    format!("it holds no {MANIFEST}, which every run writes; move it away or remove it")
}

/// Refuses a folder with anything in it that no run writes.
fn check_entries(path: &Path) -> Result<()> {
    const OURS: [&str; 9] =
        [INPUTS, SETTINGS, METRICS, LABELS, MODEL, GRID, CURVES, CURVES_PIXELS, MANIFEST];
    let is_ours = |name: &str| match name {
        // It is empty, if it is not gone by now with a run that has ended.
        LOCK => !fs::metadata(path.join(LOCK)).is_ok_and(|found| found.len() > 0),
        _ => OURS.contains(&name.strip_prefix('.').unwrap_or(name)),
    };
    match entries(path)?.into_iter().find(|name| !is_ours(name)) {
        Some(name) => Err(foreign(path, &name)),
        None => Ok(()),
    }
}
