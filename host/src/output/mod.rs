//! [`OutputFolder`]: the files of a run, complete under their name or not there at all.
//!
//! They are written to a hidden sibling, which is on the same file system and so can be renamed in
//! one step when everything is in it. What fails or is killed on the way stays under the temporary
//! name, and can be gone on with. Both folders have a manifest, by which they are known as a run's.

pub mod file;
pub mod inputs;
mod journal;
mod manifest;
mod partial;
mod place;
pub mod results;
mod resume;
mod stored_path;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pairpick_core::digest::Digest;
use serde::Serialize;

use self::inputs::{Inputs, Source};
pub use self::manifest::MANIFEST;
use self::partial::Partial;
use self::place::{check_free, check_holds_no, check_replaceable, resolve, sibling};
pub use self::resume::Interrupted;
use self::resume::Recorded;
use crate::data::labels::LabelRecord;
use crate::digest::HexDigest;
use crate::error::{Error, FolderError, Result, quotable};
use crate::grid::{GridLine, Plan};
use crate::json;
use crate::round::metrics::RoundMetrics;
use crate::settings::Settings;

/// A line a round.
pub const METRICS: &str = "metrics.jsonl";
/// A line a label.
pub const LABELS: &str = "labels.jsonl";
/// A line a row of the embeddings, with its text.
pub const TEXTS: &str = "texts.jsonl";
/// A line a pair that nobody has answered.
pub const UNANSWERED: &str = "unanswered.jsonl";
/// The last round's model.
pub const MODEL: &str = "model.safetensors";
/// What decided the result.
pub const SETTINGS: &str = "settings.json";
/// A line a round of each run of a grid.
pub const GRID: &str = "grid.jsonl";
/// The metrics, drawn.
pub const CURVES: &str = "curves.svg";
/// The same in pixels.
pub const CURVES_PIXELS: &str = "curves.png";
/// Where the data is, until the run ends.
const INPUTS: &str = "inputs.json";

/// A folder that is being filled. Dropped before [`OutputFolder::finish`], it stays as it is if
/// there is something in it, and goes if there is nothing.
#[derive(Debug)]
pub struct OutputFolder {
    out: PathBuf,
    target: PathBuf,
    partial: Partial,
    force: bool,
    /// Where the data is, until the run begins.
    source: Option<Source>,
    /// Whether the run began here, and no round of it has ended.
    has_just_begun: bool,
    /// The runs that are compared with this one.
    grid: Option<Plan>,
    /// What an interrupted run has recorded, until it goes on.
    recorded: Recorded,
}

impl OutputFolder {
    /// Makes the temporary folder beside `out`, so that whatever could go wrong goes wrong before
    /// any work.
    ///
    /// # Errors
    /// [`FolderError::OutputExists`] if there is something in `out` and it is not to be replaced;
    /// [`FolderError::OutputPlace`] if it cannot go there or something would be lost: what no run
    /// wrote, the working folder, one of the source's files; [`FolderError::Busy`] and
    /// [`FolderError::Interrupted`] for another run to `out`; [`Error::Io`] if nothing can be
    /// written there.
    pub fn create(out: &Path, force: bool, source: &Source) -> Result<Self> {
        let (target, inputs) = (resolve(out)?, source.paths());
        check_replaceable(&target, out, &inputs)?;
        let partial = sibling(&target, out)?;
        check_holds_no(&inputs, &partial, &partial)?;
        let mut folder = Self::hold(out, target, partial, force)?;
        if folder.partial.holds_a_run() && !force {
            let partial = folder.partial_path().to_owned();
            return Err(FolderError::Interrupted { out: out.into(), partial }.into());
        }
        check_free(&folder.target, out, force)?;
        if folder.partial.has(CURVES) {
            // It may have begun to replace the run before it: none is lost if it ends first.
            folder.finish()?;
            return Self::create(out, force, source);
        }
        folder.source = Some(source.absolute()?);
        Ok(folder)
    }

    fn hold(out: &Path, target: PathBuf, partial: PathBuf, force: bool) -> Result<Self> {
        let partial = Partial::hold(partial, out)?;
        let (out, recorded) = (out.to_owned(), Recorded::default());
        Ok(Self {
            out,
            target,
            partial,
            force,
            source: None,
            has_just_begun: false,
            grid: None,
            recorded,
        })
    }

    /// The same for a run that others are compared with.
    #[must_use]
    pub fn with_grid(self, grid: Option<Plan>) -> Self {
        Self { grid, ..self }
    }

    /// Where the files are while the run goes on.
    #[must_use]
    pub fn partial_path(&self) -> &Path {
        self.partial.path()
    }

    /// Writes [`SETTINGS`], and where the data is. From here on the run can be gone on with; until
    /// now an interrupted one could, which is discarded only once all that can be checked is.
    fn write_settings(&mut self, settings: &Settings, data: Source) -> Result<()> {
        let problem = |error: serde_json::Error| {
            Error::io(self.partial_path().join(SETTINGS), "write", error.into())
        };
        let text = settings.to_json().map_err(problem)?;
        let inputs = Inputs { data, force: self.force, grid: self.grid.clone() };
        let inputs = serde_json::to_string_pretty(&inputs).map_err(problem)?;
        self.partial.clear()?;
        self.has_just_begun = true;
        // A manifest comes first: without one the folder would be known as nobody's.
        self.partial.commit()?;
        self.partial.replace(SETTINGS, text.as_bytes())?;
        self.partial.replace(INPUTS, inputs.as_bytes())?;
        self.partial.commit()
    }

    /// Appends a round to [`METRICS`], which counts once it is committed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append_metrics(&mut self, metrics: &RoundMetrics) -> Result<()> {
        self.append(METRICS, std::slice::from_ref(metrics))
    }

    /// Appends a round's labels to [`LABELS`], which count once they are committed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append_labels(&mut self, labels: &[LabelRecord]) -> Result<()> {
        self.append(LABELS, labels)
    }

    /// Appends a whole run to [`GRID`], which counts from here on.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append_run(&mut self, rounds: &[GridLine]) -> Result<()> {
        self.append(GRID, rounds)?;
        self.partial.commit()
    }

    fn append<T: Serialize>(&mut self, name: &str, records: &[T]) -> Result<()> {
        let lines = json::lines(records)
            .map_err(|error| Error::io(self.partial_path().join(name), "write", error))?;
        self.partial.append(name, &lines)
    }

    /// Writes [`CURVES_PIXELS`], and last, as the mark of a run that is complete, [`CURVES`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_curves(&mut self, svg: &str, pixels: &[u8]) -> Result<()> {
        self.partial.replace(CURVES_PIXELS, pixels)?;
        self.partial.replace(CURVES, svg.as_bytes())
    }

    /// For a run that fails: one that began here and of which no round has ended leaves nothing, since
    /// there is nothing to go on with.
    pub fn give_up(&mut self) {
        if self.has_just_begun {
            // What cannot be removed is known as a run's, and told as one.
            let _ = self.partial.clear();
        }
    }

    /// Gives the folder its name, and gives back the final path. By then all of it is on the disk,
    /// so that what it replaces can go first.
    ///
    /// # Errors
    /// [`FolderError::OutputExists`] and [`FolderError::OutputPlace`] if somebody has filled the
    /// folder since; [`Error::Io`]. The files then stay under [`OutputFolder::partial_path`].
    pub fn finish(mut self) -> Result<PathBuf> {
        self.partial.commit()?;
        check_free(&self.target, &self.out, self.force)?;
        place::remove(&self.target)?;
        // The inputs say whether an earlier run may be replaced: they go once it is.
        self.partial.rename_without(INPUTS, &self.target)?;
        Ok(self.target)
    }
}

/// For a run that ends without dropping its [`OutputFolder`]: whether there is something to go on
/// with in the folder of this path. One in which nothing was written is removed.
#[must_use]
pub fn abandon(partial: &Path) -> bool {
    partial::abandon(partial)
}

/// Makes the names in a folder last, where the system can.
fn sync_folder(path: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied};
    // Elsewhere a folder is no file.
    match cfg!(unix).then(|| fs::File::open(path)?.sync_all()) {
        Some(Err(error)) if !matches!(error.kind(), InvalidInput | PermissionDenied) => Err(error),
        _ => Ok(()),
    }
}

fn digest_of(bytes: &[u8]) -> HexDigest {
    let mut digest = Digest::new();
    digest.bytes(bytes);
    HexDigest(digest.value())
}

fn damaged(path: &Path, problem: &str) -> Error {
    FolderError::Damaged { path: path.into(), problem: quotable(problem) }.into()
}
