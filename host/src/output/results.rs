//! [`Results`]: the runs of a grid in a folder, each kept as it ends, so that none is run twice.
//!
//! A run is a line of [`RESULTS`], written in one step: what is killed on the way leaves at most the
//! beginning of a line, which counts for nothing. A line says all that decides its run, so whoever
//! wants that run again, in this comparison or in one with more seeds, finds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::file::Places;
use super::place::{entries, refused};
use crate::error::{Error, FolderError, Result};
use crate::grid::CellRun;
use crate::json;

/// A line a run.
pub const RESULTS: &str = "results.jsonl";

/// A folder of runs, held by a lock while it is filled.
#[derive(Debug)]
pub struct Results {
    folder: PathBuf,
    file: File,
    runs: Vec<CellRun>,
}

impl Results {
    /// Opens the folder, or makes it, and reads the runs that are in it.
    ///
    /// # Errors
    /// [`FolderError::OutputPlace`] for a folder with something in it and no runs;
    /// [`FolderError::Busy`] while another process fills it; [`Error::Line`] for a line that is no run
    /// of this version; [`Error::Io`].
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, "create", error))?;
        let path = folder.join(RESULTS);
        if !path.is_file()
            && let Some(name) = entries(folder)?.first()
        {
            let problem = format!("it holds {name}, and no {RESULTS} of an earlier comparison");
            return Err(refused(folder, &problem));
        }
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = file.map_err(|error| Error::io(&path, "open", error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::Busy { out: folder.into(), partial: path }.into());
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(path, "lock", error)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|error| Error::io(&path, "read", error))?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let run = |(line, number): (&[u8], usize)| {
            json::object(line).map_err(|problem| Error::Line {
                path: path.clone(),
                line: number,
                problem: format!("{}; compare again into another folder", problem.what),
            })
        };
        let runs = text[..whole].split_inclusive(|byte| *byte == b'\n').zip(1..).map(run);
        let runs = runs.collect::<Result<Vec<CellRun>>>()?;
        let cut = file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|error| Error::io(&path, "cut", error))?;
        Ok(Self { folder: folder.into(), file, runs })
    }

    /// The runs that have ended.
    #[must_use]
    pub fn runs(&self) -> &[CellRun] {
        &self.runs
    }

    /// Keeps a run, which is there for good once this returns.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn keep(&mut self, run: CellRun) -> Result<()> {
        let written = json::lines(std::slice::from_ref(&run)).and_then(|line| {
            self.file.write_all(&line)?;
            self.file.sync_data()
        });
        written.map_err(|error| Error::io(self.folder.join(RESULTS), "write", error))?;
        self.runs.push(run);
        Ok(())
    }

    /// Puts the runs in an order that does not depend on which of them ended first, those without a
    /// place last.
    ///
    /// # Errors
    /// [`Error::Io`]; the runs then stay as they were.
    pub fn sort(&mut self, place: &dyn Fn(&CellRun) -> Option<usize>) -> Result<()> {
        let key = |run: &CellRun| place(run).unwrap_or(usize::MAX);
        if self.runs.is_sorted_by_key(key) {
            return Ok(());
        }
        self.runs.sort_by_key(key);
        let lines = json::lines(&self.runs)
            .map_err(|error: io::Error| Error::io(self.folder.join(RESULTS), "write", error))?;
        self.write(RESULTS, &lines)
    }

    /// Writes a file of the folder, in one step.
    ///
    /// # Errors
    /// [`Error::Io`], [`FolderError::FilePlace`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Places::new(true, &[]).take(&self.folder.join(name))?.write(bytes)
    }
}
