//! [`OutputFolder`]: the files of a run, complete under their name or not there at all.
//!
//! They are written to a hidden sibling, which is on the same file system and so can be renamed in
//! one step when everything is in it. What fails or is killed on the way stays under the temporary
//! name, and can be gone on with.

pub mod file;
pub mod inputs;
mod journal;
mod partial;
mod place;
mod resume;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pairpick_core::digest::Digest;
use serde::Serialize;

use self::inputs::{Inputs, Source};
use self::partial::Partial;
use self::place::{check_free, check_replaceable, resolve, sibling};
pub use self::resume::Interrupted;
use self::resume::Recorded;
use crate::data::labels::LabelRecord;
use crate::digest::HexDigest;
use crate::error::{Error, FolderError, Result};
use crate::progress::Progress;
use crate::round::metrics::RoundMetrics;
use crate::settings::Settings;

/// A line a round.
pub const METRICS: &str = "metrics.jsonl";
/// A line a label.
pub const LABELS: &str = "labels.jsonl";
/// The last round's model.
pub const MODEL: &str = "model.safetensors";
/// What decided the result.
pub const SETTINGS: &str = "settings.json";
/// The metrics, drawn.
pub const CURVES: &str = "curves.svg";
/// Where the data is, until the run ends.
const INPUTS: &str = "inputs.json";

/// A folder that is being filled. Dropped before [`OutputFolder::finish`], it stays as it is if
/// there is something in it, and goes if there is nothing.
#[derive(Debug)]
pub struct OutputFolder {
    out: PathBuf,
    target: PathBuf,
    aside: PathBuf,
    partial: Partial,
    force: bool,
    /// Where the data is, until the run begins.
    source: Option<Source>,
    /// What an interrupted run has recorded, until it goes on.
    recorded: Recorded,
}

impl OutputFolder {
    /// Makes the temporary folder beside `out`, so that whatever could go wrong goes wrong before
    /// any work.
    ///
    /// # Errors
    /// [`FolderError::OutputExists`] if there is something in `out` and it is not to be replaced;
    /// [`FolderError::OutputPlace`] if it is a file, has no name, or holds the working folder or one of
    /// the source's files, which replacing it would destroy; [`FolderError::Busy`] and
    /// [`FolderError::Interrupted`] for another run to `out`; [`Error::Io`] if nothing can be
    /// written there.
    pub fn create(out: &Path, force: bool, source: &Source) -> Result<Self> {
        let target = resolve(out)?;
        check_replaceable(&target, out, &source.paths())?;
        check_free(&target, out, force)?;
        let (parent, partial) = sibling(&target, out, "partial")?;
        fs::create_dir_all(&parent).map_err(|error| Error::io(parent, "create", error))?;
        let mut folder = Self::hold(out, target, partial, force)?;
        folder.source = Some(source.absolute()?);
        if partial::holds_a_run(folder.partial_path()) && !force {
            let partial = folder.partial_path().to_owned();
            return Err(FolderError::Interrupted { out: out.into(), partial }.into());
        }
        folder.partial.clear()?;
        Ok(folder)
    }

    fn hold(out: &Path, target: PathBuf, partial: PathBuf, force: bool) -> Result<Self> {
        let (_, aside) = sibling(&target, out, "old")?;
        let partial = Partial::hold(partial, out)?;
        let (out, recorded) = (out.to_owned(), Recorded::default());
        Ok(Self { out, target, aside, partial, force, source: None, recorded })
    }

    /// Where the files are while the run goes on.
    #[must_use]
    pub fn partial_path(&self) -> &Path {
        self.partial.path()
    }

    /// Writes [`SETTINGS`], and where the data is. From here on the run can be gone on with.
    fn write_settings(&self, settings: &Settings, data: Source) -> Result<()> {
        let problem = |error: serde_json::Error| {
            Error::io(self.partial_path().join(SETTINGS), "write", error.into())
        };
        let text = settings.to_json().map_err(problem)?;
        let settings = digest_of(text.as_bytes());
        let inputs = Inputs { data, force: self.force, settings };
        let inputs = serde_json::to_string_pretty(&inputs).map_err(problem)?;
        self.partial.replace(SETTINGS, text.as_bytes())?;
        self.partial.replace(INPUTS, inputs.as_bytes())
    }

    /// Appends a round to [`METRICS`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append_metrics(&mut self, metrics: &RoundMetrics) -> Result<()> {
        self.append(METRICS, std::slice::from_ref(metrics))
    }

    /// Appends a round's labels to [`LABELS`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append_labels(&mut self, labels: &[LabelRecord]) -> Result<()> {
        self.append(LABELS, labels)
    }

    fn append<T: Serialize>(&self, name: &str, records: &[T]) -> Result<()> {
        let lines = json_lines(records)
            .map_err(|error| Error::io(self.partial_path().join(name), "write", error))?;
        self.partial.append(name, &lines)
    }

    /// Writes [`CURVES`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_curves(&mut self, svg: &str) -> Result<()> {
        self.partial.replace(CURVES, svg.as_bytes())
    }

    /// Gives the folder its name. A folder that is replaced is moved aside first and removed last,
    /// so that one of the two is there at any time. Gives back the final path.
    ///
    /// # Errors
    /// [`FolderError::OutputExists`] if somebody has filled the folder since; [`Error::Io`]. The files
    /// then stay under [`OutputFolder::partial_path`].
    pub fn finish(mut self, progress: &mut dyn Progress) -> Result<PathBuf> {
        check_free(&self.target, &self.out, self.force)?;
        let moved = self.move_aside()?;
        let renamed = self.remove_inputs().and_then(|()| self.partial.rename_to(&self.target));
        if let Err(error) = renamed {
            if moved {
                // The rename's error is what is told; the old folder keeps its temporary name.
                let _ = fs::rename(&self.aside, &self.target);
            }
            return Err(error);
        }
        self.remove_aside(progress);
        Ok(self.target.clone())
    }

    /// Renames what has the target's name; an empty folder just goes.
    fn move_aside(&self) -> Result<bool> {
        if !self.target.exists() || fs::remove_dir(&self.target).is_ok() {
            return Ok(false);
        }
        if self.aside.exists() {
            // Left by a run that was killed while it removed it.
            fs::remove_dir_all(&self.aside)
                .map_err(|error| Error::io(&self.aside, "remove", error))?;
        }
        fs::rename(&self.target, &self.aside)
            .map_err(|error| Error::io(&self.target, "rename", error))?;
        Ok(true)
    }

    /// Without its inputs the run still counts as interrupted, since its curves are drawn.
    fn remove_inputs(&self) -> Result<()> {
        let path = self.partial_path().join(INPUTS);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io(path, "remove", error))
            }
            _ => Ok(()),
        }
    }

    /// The result is in its place by now, so what cannot be removed is no failure.
    fn remove_aside(&self, progress: &mut dyn Progress) {
        if !self.force || !self.aside.exists() {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.aside) {
            let left = self.aside.display();
            progress.note(&format!("the folder that was replaced is still in {left}: {error}"));
        }
    }
}

/// For a run that ends without dropping its [`OutputFolder`]: whether there is something to go on
/// with in the folder of this path. One in which nothing was written is removed.
#[must_use]
pub fn abandon(partial: &Path) -> bool {
    partial::remove_unused(partial);
    partial::holds_a_run(partial)
}

/// The lines of a JSON Lines file.
pub(crate) fn json_lines<T: Serialize>(records: &[T]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Makes the names in a folder last, where the system can.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match fs::File::open(path)?.sync_all() {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => return Err(error),
        _ => {}
    }
    let _ = path;
    Ok(())
}

fn digest_of(bytes: &[u8]) -> HexDigest {
    let mut digest = Digest::new();
    digest.bytes(bytes);
    HexDigest(digest.value())
}
