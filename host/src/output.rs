//! [`OutputFolder`]: the files of a run, complete under their name or not there at all.
//!
//! They are written to a hidden sibling, which is on the same file system and so can be renamed in
//! one step when everything is in it. What fails on the way stays under the temporary name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::data::labels::LabelRecord;
use crate::data::safetensors::ModelTensors;
use crate::error::{Error, Result};
use crate::report::metrics::RoundMetrics;
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

/// A folder that is being filled. Dropped before [`OutputFolder::finish`], it stays as it is if
/// there is something in it, and goes if there is nothing.
#[derive(Debug)]
pub struct OutputFolder {
    target: PathBuf,
    partial: PathBuf,
    force: bool,
    finished: bool,
}

impl OutputFolder {
    /// Makes the temporary folder beside `out`, so that whatever could go wrong goes wrong before
    /// any work.
    ///
    /// # Errors
    /// [`Error::OutputExists`] if there is something in `out` and it is not to be replaced;
    /// [`Error::OutputPlace`] if it is a file, has no name, or holds the working folder or one of
    /// the `inputs`, which replacing it would destroy; [`Error::Io`] if nothing can be written
    /// there.
    pub fn create(out: &Path, force: bool, inputs: &[&Path]) -> Result<Self> {
        let target = resolve(out)?;
        check_replaceable(&target, out, inputs)?;
        check_free(&target, out, force)?;
        let (parent, name) = split(&target, out)?;
        fs::create_dir_all(parent).map_err(|error| Error::io(parent, "create", error))?;
        let partial = sibling(parent, name, "partial")
            .map_err(|error| Error::io(parent, "create a folder in", error))?;
        Ok(Self { target, partial, force, finished: false })
    }

    /// Where the files are while the run goes on.
    #[must_use]
    pub fn partial_path(&self) -> &Path {
        &self.partial
    }

    /// Writes [`SETTINGS`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_settings(&mut self, settings: &Settings) -> Result<()> {
        let path = self.partial.join(SETTINGS);
        let text = settings.to_json().map_err(|error| Error::io(path, "write", error.into()))?;
        self.replace(SETTINGS, text.as_bytes())
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

    /// Writes [`MODEL`], in place of an earlier round's.
    ///
    /// # Errors
    /// [`Error::ModelFile`] if its parts do not fit together; [`Error::Io`].
    pub fn write_model(&mut self, model: &ModelTensors) -> Result<()> {
        let bytes = model.to_bytes(&self.partial.join(MODEL))?;
        self.replace(MODEL, &bytes)
    }

    /// Writes [`CURVES`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_curves(&mut self, svg: &str) -> Result<()> {
        self.replace(CURVES, svg.as_bytes())
    }

    /// Gives the folder its name. A folder that is replaced is moved aside first and removed last,
    /// so that one of the two is there at any time. Gives back the final path.
    ///
    /// # Errors
    /// [`Error::OutputExists`] if somebody has filled the folder since; [`Error::Io`]. The files
    /// then stay under [`OutputFolder::partial_path`].
    pub fn finish(mut self) -> Result<PathBuf> {
        check_free(&self.target, &self.target, self.force)?;
        let old = self.move_aside()?;
        if let Err(error) = fs::rename(&self.partial, &self.target) {
            if let Some(old) = &old {
                // The rename's error is what is told; the old folder keeps its temporary name.
                let _ = fs::rename(old, &self.target);
            }
            return Err(Error::io(&self.partial, "rename", error));
        }
        self.finished = true;
        if let Some(old) = old {
            fs::remove_dir_all(&old).map_err(|error| Error::io(old, "remove", error))?;
        }
        Ok(self.target.clone())
    }

    /// Renames what has the target's name; an empty folder just goes.
    fn move_aside(&self) -> Result<Option<PathBuf>> {
        if !self.target.exists() {
            return Ok(None);
        }
        if fs::remove_dir(&self.target).is_ok() {
            return Ok(None);
        }
        let (parent, name) = split(&self.target, &self.target)?;
        let aside = sibling(parent, name, "old")
            .map_err(|error| Error::io(parent, "create a folder in", error))?;
        // Onto a new empty folder: a rename that Unix does in one step, and Windows does not.
        fs::remove_dir(&aside).map_err(|error| Error::io(&aside, "remove", error))?;
        fs::rename(&self.target, &aside)
            .map_err(|error| Error::io(&self.target, "rename", error))?;
        Ok(Some(aside))
    }

    fn append<T: Serialize>(&self, name: &str, records: &[T]) -> Result<()> {
        let path = self.partial.join(name);
        let written = json_lines(records).and_then(|lines| {
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(&lines)?;
            file.sync_data()
        });
        written.map_err(|error| Error::io(path, "write", error))
    }

    /// Writes a file in one step: an interruption leaves the earlier one.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.partial.join(name);
        let draft = self.partial.join(format!(".{name}"));
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(&draft, &path)
        });
        written.map_err(|error| Error::io(path, "write", error))
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if !self.finished {
            // Fails where there is something in it, which is then kept.
            let _ = fs::remove_dir(&self.partial);
        }
    }
}

fn json_lines<T: Serialize>(records: &[T]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// The real path of what exists, so that a link's siblings are those of the folder it leads to.
fn resolve(out: &Path) -> Result<PathBuf> {
    if out.exists() {
        return fs::canonicalize(out).map_err(|error| Error::io(out, "find", error));
    }
    std::path::absolute(out).map_err(|error| Error::io(out, "find", error))
}

fn split<'a>(target: &'a Path, out: &Path) -> Result<(&'a Path, &'a str)> {
    let name = target.file_name().and_then(|name| name.to_str());
    match (target.parent(), name) {
        (Some(parent), Some(name)) => Ok((parent, name)),
        _ => Err(place(out, "it has no name that text can hold")),
    }
}

/// Refuses what not even force may replace. `out` is how the user called it.
fn check_replaceable(target: &Path, out: &Path, inputs: &[&Path]) -> Result<()> {
    if target.exists() && !target.is_dir() {
        return Err(place(out, "it is a file"));
    }
    let inside = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(target));
    if inside(Path::new(".")) {
        return Err(place(out, "it holds the working folder"));
    }
    match inputs.iter().find(|input| inside(input)) {
        Some(input) => Err(place(out, &format!("it holds the input {}", input.display()))),
        None => Ok(()),
    }
}

fn check_free(target: &Path, out: &Path, force: bool) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    let mut entries = fs::read_dir(target).map_err(|error| Error::io(out, "list", error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) if !force => Err(Error::OutputExists { path: out.into() }),
        // A typing error must not cost a folder that is none of ours.
        Some(_) if !target.join(SETTINGS).exists() => {
            Err(place(out, &format!("it holds no {SETTINGS}, so no run made it")))
        }
        Some(_) => Ok(()),
    }
}

fn place(out: &Path, problem: &str) -> Error {
    Error::OutputPlace { path: out.into(), problem: problem.to_owned() }
}

/// Makes a new folder `.NAME.KIND-…`.
fn sibling(parent: &Path, name: &str, kind: &str) -> io::Result<PathBuf> {
    let prefix = format!(".{name}.{kind}-");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // Other people may read it as far as the user's own mask allows, as with any other folder.
    #[cfg(unix)]
    let permissions = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o777);
    #[cfg(unix)]
    builder.permissions(permissions);
    Ok(builder.tempdir_in(parent)?.keep())
}
