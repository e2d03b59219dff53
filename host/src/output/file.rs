//! [`Places`] for results that are one file each, looked at before any work, and [`NewFile`], one
//! of them: complete under its name or not there at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf, is_separator};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, PersistError};

use super::sync_folder;
use crate::error::{Error, FolderError, Result};

/// Standard input, or output.
const STANDARD: &str = "-";

/// Held while a temporary file is there.
static DRAFT: Mutex<()> = Mutex::new(());

/// Waits until no temporary file is there, and lets none be made: for what ends the program.
pub fn wait_for_drafts() -> MutexGuard<'static, ()> {
    DRAFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the files of a command go: nothing that is there is lost, and no two are the same.
#[derive(Debug)]
pub struct Places {
    force: bool,
    taken: Vec<(Identity, &'static str)>,
}

impl Places {
    /// A file that is there is only replaced by `force`, one of the `inputs` never.
    #[must_use]
    pub fn new(force: bool, inputs: &[&Path]) -> Self {
        let inputs = inputs.iter().filter(|path| **path != Path::new(STANDARD));
        let inputs = inputs.filter_map(|path| Identity::of(path));
        Self { force, taken: inputs.map(|input| (input, "it is one of the inputs")).collect() }
    }

    /// Leaves standard output to the report.
    pub fn report(&mut self) {
        self.taken.push((Identity::StandardOutput, "`json` prints its object there"));
    }

    /// Looks at the place of a file. `-` is standard output.
    ///
    /// # Errors
    /// [`FolderError::FileExists`]; [`FolderError::FilePlace`] for a folder, a link to nothing,
    /// an input or another output; [`Error::Io`] where nothing can be written.
    pub fn take(&mut self, path: &Path) -> Result<NewFile> {
        let (place, identity) = Place::of(path)?;
        let is_own = |(other, _): &&(Identity, _)| identity.as_ref() == Some(other);
        if let Some((_, problem)) = self.taken.iter().find(is_own) {
            return Err(refused(path, problem));
        }
        place.check(path, self.force)?;
        self.taken.extend(identity.map(|identity| (identity, "another output goes there")));
        Ok(NewFile { path: path.to_owned(), place, force: self.force })
    }
}

/// Whether two paths lead to one file.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    StandardOutput,
    #[cfg(unix)]
    Inode {
        device: u64,
        inode: u64,
    },
    Path(PathBuf),
}

impl Identity {
    /// Nothing of a character device, such as `/dev/null`, which any number may use at once; nothing
    /// of what is not there and could not be.
    fn of(path: &Path) -> Option<Self> {
        match fs::metadata(path) {
            Ok(found) if is_character_device(&found) => None,
            Ok(found) => Self::of_file(&found).or_else(|| real(path).ok().map(Self::Path)),
            Err(_) => real(path).ok().map(Self::Path),
        }
    }

    #[cfg(unix)]
    fn of_file(found: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self::Inode { device: found.dev(), inode: found.ino() })
    }

    #[cfg(not(unix))]
    fn of_file(_found: &Metadata) -> Option<Self> {
        None
    }

    /// Of the file or pipe that standard output leads to.
    #[cfg(unix)]
    fn of_standard_output() -> Option<Self> {
        use std::os::fd::AsFd;
        let own = io::stdout().as_fd().try_clone_to_owned().ok()?;
        Self::of_file(&File::from(own).metadata().ok()?)
    }

    #[cfg(not(unix))]
    fn of_standard_output() -> Option<Self> {
        None
    }
}

/// What a path leads to.
#[derive(Debug)]
enum Place {
    StandardOutput,
    /// A FIFO or a character device: what it takes it does not keep.
    Stream,
    /// A file, or room for one. The path is the real one: a link stays, and leads to the new file.
    File(PathBuf),
}

impl Place {
    fn of(path: &Path) -> Result<(Self, Option<Identity>)> {
        if path == Path::new(STANDARD) {
            return Ok((Self::StandardOutput, Some(Identity::StandardOutput)));
        }
        let identity = Identity::of(path);
        if identity.is_some() && identity == Identity::of_standard_output() {
            return Ok((Self::StandardOutput, Some(Identity::StandardOutput)));
        }
        let place = match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(refused(path, "it is a folder")),
            Ok(found) if is_stream(&found) => Self::Stream,
            Ok(found) if !found.is_file() => {
                return Err(refused(path, "it is neither a file nor a FIFO"));
            }
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io(path, "write", error));
            }
            Err(_) if path.is_symlink() => return Err(refused(path, "it is a link to nothing")),
            _ => Self::File(real(path).map_err(|_| refused(path, "there is no such folder"))?),
        };
        Ok((place, identity))
    }

    /// Whether it can be written, as far as can be told without writing.
    fn check(&self, path: &Path, force: bool) -> Result<()> {
        let io = |error| Error::io(path, "write", error);
        match self {
            // Who opens a FIFO waits for its reader, who would see its end when it is closed.
            Self::StandardOutput | Self::Stream => Ok(()),
            Self::File(real) if real.exists() && !force => {
                Err(FolderError::FileExists { path: path.into() }.into())
            }
            Self::File(real) => {
                if real.exists() {
                    OpenOptions::new().append(true).open(real).map_err(io)?;
                }
                let _drafting = wait_for_drafts();
                draft_beside(real).map(drop).map_err(io)
            }
        }
    }
}

/// A file that will be written, in a place that was looked at before any work.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    place: Place,
    force: bool,
}

impl NewFile {
    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the bytes go to standard output, so that nothing else should.
    #[must_use]
    pub fn is_standard_output(&self) -> bool {
        matches!(self.place, Place::StandardOutput)
    }

    /// Writes the file in one step, by a temporary one beside it; what keeps nothing is written to
    /// as it is, and may stop reading when it has all that it wants.
    ///
    /// # Errors
    /// [`FolderError::FileKept`] if the file cannot have its name, such as when somebody has taken
    /// it since; [`Error::Io`].
    pub fn write(self, bytes: &[u8]) -> Result<()> {
        let written = match &self.place {
            Place::StandardOutput => write_all(&mut io::stdout().lock(), bytes),
            Place::Stream => OpenOptions::new()
                .write(true)
                .open(&self.path)
                .and_then(|mut stream| write_all(&mut stream, bytes)),
            Place::File(real) => return self.replace(real, bytes),
        };
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| Error::io(&self.path, "write", error)),
        }
    }

    fn replace(&self, real: &Path, bytes: &[u8]) -> Result<()> {
        let io = |error| Error::io(&self.path, "write", error);
        let _drafting = wait_for_drafts();
        let mut draft = draft_beside(real).map_err(io)?;
        draft.write_all(bytes).map_err(io)?;
        if let Ok(old) = fs::metadata(real) {
            draft.as_file().set_permissions(old.permissions()).map_err(io)?;
        }
        draft.as_file().sync_data().map_err(io)?;
        let kept = match self.force {
            true => draft.persist(real),
            false => draft.persist_noclobber(real),
        };
        match kept {
            Ok(_) => sync_folder(folder_of(real)).map_err(io),
            Err(PersistError { error, file }) => {
                let (_, kept) = file.keep().map_err(|error| io(error.error))?;
                let (path, problem) = (self.path.clone(), error.to_string());
                Err(FolderError::FileKept { path, problem, kept }.into())
            }
        }
    }
}

fn write_all(stream: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}

/// A temporary file that other people may read as far as the user's own mask allows.
fn draft_beside(real: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pairpick-");
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder.tempfile_in(folder_of(real))
}

/// The path without links, of what is there or could be.
fn real(path: &Path) -> io::Result<PathBuf> {
    let ends_as_a_folder = path.to_string_lossy().ends_with(is_separator);
    match (fs::canonicalize(path), path.file_name()) {
        (Err(error), Some(name)) if error.kind() == ErrorKind::NotFound && !ends_as_a_folder => {
            Ok(fs::canonicalize(folder_of(path))?.join(name))
        }
        (found, _) => found,
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn is_stream(found: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type()) || is_character_device(found)
}

#[cfg(unix)]
fn is_character_device(found: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&found.file_type())
}

#[cfg(not(unix))]
fn is_stream(_found: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn is_character_device(_found: &Metadata) -> bool {
    false
}

fn refused(path: &Path, problem: &str) -> Error {
    FolderError::FilePlace { path: path.into(), problem: problem.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn nothing_that_waits_for_drafts_finds_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let write = || {
            for _ in 0..100 {
                Places::new(true, &[]).take(&path).unwrap().write(&[0; 1000]).unwrap();
            }
        };
        thread::scope(|scope| {
            let writer = scope.spawn(write);
            while !writer.is_finished() {
                let drafts = wait_for_drafts();
                let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
                let names: Vec<_> = names.filter(|name| name != "model").collect();
                assert!(names.is_empty(), "{names:?}");
                drop(drafts);
                thread::sleep(Duration::from_micros(100));
            }
            writer.join().unwrap();
        });
    }
}
