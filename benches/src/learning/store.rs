//! [`Store`]: the cells that have ended, a line each in a file that is only ever added to.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Failure;
use super::cells::{Cell, Point};

/// The file in the folder.
const NAME: &str = "learning.jsonl";

/// A cell that has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Which.
    #[serde(flatten)]
    pub cell: Cell,
    /// How long it took.
    pub seconds: f64,
    /// What came of it.
    pub points: Vec<Point>,
}

/// The file, and what it holds.
pub struct Store {
    file: File,
    /// The cells that have ended.
    pub ended: Vec<Ended>,
}

impl Store {
    /// Reads what a folder has, which is made if it is not there. A last line that was cut off is
    /// dropped.
    ///
    /// # Errors
    /// A file that cannot be read or written; a line of it that is none of its own.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder)?;
        let path = folder.join(NAME);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let text = fs::read_to_string(&path)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        let parsed = |(line, text): (usize, &str)| {
            let place = |error| format!("{}, line {}: {error}", path.display(), line + 1);
            serde_json::from_str(text).map_err(place)
        };
        let ended: Result<_, String> = text[..whole].lines().enumerate().map(parsed).collect();
        Ok(Self { file, ended: ended? })
    }

    /// Whether a cell has ended.
    #[must_use]
    pub fn has(&self, cell: &Cell) -> bool {
        self.ended.iter().any(|ended| ended.cell == *cell)
    }

    /// Adds a cell.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn add(&mut self, ended: Ended) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(&ended)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.ended.push(ended);
        Ok(())
    }
}
