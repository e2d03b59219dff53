//! [`NewFile`]: a result that is one file, complete under its name or not there at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, FolderError, Result};

/// A file that will be written, in a place that was looked at before any work.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    force: bool,
}

impl NewFile {
    /// Looks at the place: a file there is only replaced by `force`, one of the `inputs` never.
    ///
    /// # Errors
    /// [`FolderError::FileExists`], [`FolderError::FilePlace`].
    pub fn at(path: &Path, force: bool, inputs: &[&Path]) -> Result<Self> {
        let refused = |problem: &str| -> Result<Self> {
            let problem = problem.to_owned();
            Err(FolderError::FilePlace { path: path.into(), problem }.into())
        };
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        if path.is_dir() {
            return refused("it is a folder");
        }
        if path.file_name().is_none() || !folder_of(path).is_dir() {
            return refused("there is no such folder");
        }
        if real(path).is_some_and(|own| inputs.iter().any(|input| real(input) == Some(own.clone())))
        {
            return refused("it is one of the inputs");
        }
        if path.exists() && !force {
            return Err(FolderError::FileExists { path: path.into() }.into());
        }
        Ok(Self { path: path.to_owned(), force })
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file in one step, by a temporary one beside it.
    ///
    /// # Errors
    /// [`FolderError::FileExists`] if somebody has written it since; [`Error::Io`].
    pub fn write(self, bytes: &[u8]) -> Result<()> {
        let io = |error| Error::io(&self.path, "write", error);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".pairpick-");
        // Other people may read it as far as the user's own mask allows, as with any other file.
        #[cfg(unix)]
        let permissions =
            <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
        #[cfg(unix)]
        builder.permissions(permissions);
        let mut file = builder.tempfile_in(folder_of(&self.path)).map_err(io)?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_data()).map_err(io)?;
        let kept = match self.force {
            true => file.persist(&self.path),
            false => file.persist_noclobber(&self.path),
        };
        match kept {
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(FolderError::FileExists { path: self.path.clone() }.into())
            }
            kept => kept.map(|_| ()).map_err(|error| io(error.error)),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
