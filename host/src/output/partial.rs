//! [`Partial`]: the hidden folder that a run fills, held by a lock while it does, so that a second
//! run to the same place cannot mix its files with the first's.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::place::refused;
use super::{CURVES, INPUTS, LABELS, METRICS, MODEL, SETTINGS};
use crate::error::{Error, FolderError, Result};

const LOCK: &str = ".lock";

/// A folder under its temporary name. Dropped, it goes if nothing was written to it.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    lock: Option<File>,
}

impl Partial {
    /// Makes the folder, or takes over the one of a run that is no more.
    pub(super) fn hold(path: PathBuf, out: &Path) -> Result<Self> {
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io(path, "create", error));
            }
            _ => {}
        }
        let name = path.join(LOCK);
        let lock = OpenOptions::new().create(true).append(true).open(&name);
        let lock = lock.map_err(|error| Error::io(&name, "create", error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => {
                Err(FolderError::Busy { out: out.into(), partial: path }.into())
            }
            Err(TryLockError::Error(error)) => Err(Error::io(name, "lock", error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what an earlier run has left, and nothing that no run writes.
    pub(super) fn clear(&self) -> Result<()> {
        let list = |error| Error::io(&self.path, "list", error);
        for entry in fs::read_dir(&self.path).map_err(list)? {
            let name = entry.map_err(list)?.file_name();
            let name = name.to_string_lossy();
            let ours = [INPUTS, SETTINGS, METRICS, LABELS, MODEL, CURVES];
            if name == LOCK {
                continue;
            }
            if !ours.contains(&name.strip_prefix('.').unwrap_or(&name)) {
                return Err(refused(&self.path, &format!("no run wrote {name}, which is in it")));
            }
            let path = self.path.join(&*name);
            fs::remove_file(&path).map_err(|error| Error::io(path, "remove", error))?;
        }
        Ok(())
    }

    /// Adds to the end of a file, for good.
    pub(super) fn append(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        });
        written.map_err(|error| Error::io(path, "write", error))
    }

    /// Writes a file's draft, for good: the file itself stays as it is until the draft is kept.
    pub(super) fn draft(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.draft_path(name);
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        });
        written.map_err(|error| Error::io(path, "write", error))
    }

    /// Gives a draft its name, in one step.
    pub(super) fn keep_draft(&self, name: &str) -> Result<()> {
        let path = self.path.join(name);
        fs::rename(self.draft_path(name), &path).map_err(|error| Error::io(path, "write", error))
    }

    /// Writes a file in one step: an interruption leaves the earlier one.
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.draft(name, bytes)?;
        self.keep_draft(name)
    }

    pub(super) fn draft_path(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}"))
    }

    /// Lets go of the folder and gives it its final name.
    pub(super) fn rename_to(&mut self, target: &Path) -> Result<()> {
        self.remove_lock();
        fs::rename(&self.path, target).map_err(|error| Error::io(&self.path, "rename", error))
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

/// Removes the folder of a run that ends without being dropped, if nothing was written to it.
pub(super) fn remove_unused(path: &Path) {
    let only_lock = fs::read_dir(path)
        .is_ok_and(|entries| entries.flatten().all(|entry| entry.file_name() == LOCK));
    if only_lock {
        let _ = fs::remove_file(path.join(LOCK));
        let _ = fs::remove_dir(path);
    }
}

/// Whether there is something in the folder to go on with: a run's inputs, or all but its name.
pub(super) fn holds_a_run(path: &Path) -> bool {
    path.join(INPUTS).exists() || path.join(CURVES).exists()
}
