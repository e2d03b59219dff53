//! Going on with an interrupted run: what of its files counts, and cutting off what does not.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::inputs::{Inputs, Source};
use super::partial::holds_a_run;
use super::place::{resolve, sibling};
use super::{INPUTS, LABELS, METRICS, MODEL, OutputFolder, SETTINGS, digest_of};
use crate::data::embeddings::Embeddings;
use crate::data::labels::LabelRecord;
use crate::error::{Error, FolderError, Result, quotable};
use crate::json;
use crate::model::Model;
use crate::round::journal::Committed;
use crate::round::metrics::RoundMetrics;
use crate::settings::Settings;

/// What an interrupted run was doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupted {
    /// Its settings.
    pub settings: Settings,
    /// Where its data is; none if only the renaming of its folder is left to do.
    pub data: Option<Source>,
    /// The rounds that it has ended.
    pub rounds: Vec<RoundMetrics>,
}

/// The rounds of a run as its files have them: nothing, at its start.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    rounds: Vec<RoundMetrics>,
    labels: Vec<LabelRecord>,
    /// That of the last round.
    model: Option<Model>,
}

impl Recorded {
    /// The same, items by their numbers among these embeddings.
    pub(super) fn committed(self, embeddings: &Embeddings) -> Result<Committed> {
        let Self { rounds, labels, model } = self;
        let labels: Result<_> = labels.iter().map(|record| record.label_in(embeddings)).collect();
        Ok(Committed { rounds, labels: labels?, skipped: Vec::new(), model })
    }
}

impl OutputFolder {
    /// Takes up an interrupted run by the name of its folder, and cuts off what was
    /// not committed. The folder of an earlier run is replaced if `force` or the run itself says
    /// so.
    ///
    /// # Errors
    /// [`FolderError`] if there is no such run, another process goes on with it, or its files do
    /// not fit together; [`Error::SettingsFile`], [`Error::Line`], [`Error::Io`].
    pub fn resume(out: &Path, force: bool) -> Result<(Self, Interrupted)> {
        let target = resolve(out)?;
        let (_, partial) = sibling(&target, out, "partial")?;
        if !partial.exists() {
            let out = out.to_owned();
            return Err(match target.join(SETTINGS).exists() {
                true => FolderError::Complete { out },
                false => FolderError::NothingToResume { out, partial },
            }
            .into());
        }
        let mut folder = Self::hold(out, target, partial, force)?;
        if !holds_a_run(folder.partial_path()) {
            return Err(FolderError::NothingWritten { out: out.into() }.into());
        }
        let interrupted = folder.interrupted()?;
        Ok((folder, interrupted))
    }

    fn interrupted(&mut self) -> Result<Interrupted> {
        let inputs = self.inputs()?;
        let path = self.partial_path().join(SETTINGS);
        let text = fs::read_to_string(&path).map_err(|error| Error::io(&path, "open", error))?;
        if inputs.as_ref().is_some_and(|inputs| inputs.settings != digest_of(text.as_bytes())) {
            return Err(damaged(&path, "the settings are not those that it began with"));
        }
        let settings = Settings::from_json(&text, &path)?;
        self.force |= inputs.as_ref().is_some_and(|inputs| inputs.force);
        let data = inputs.map(|inputs| inputs.data);
        let rounds = self.recorded_rounds()?;
        let labels = self.recorded_labels(rounds.last())?;
        let model = self.recorded_model(rounds.last())?;
        self.recorded = Recorded { rounds: rounds.clone(), labels, model };
        Ok(Interrupted { settings, data, rounds })
    }

    fn inputs(&self) -> Result<Option<Inputs>> {
        let path = self.partial_path().join(INPUTS);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| Error::io(&path, "read", error))?,
        };
        json::object(&text).map(Some).map_err(|problem| damaged(&path, &problem.to_string()))
    }

    fn recorded_rounds(&self) -> Result<Vec<RoundMetrics>> {
        let path = self.partial_path().join(METRICS);
        let lines = Lines::<RoundMetrics>::read(&path)?;
        for (line, expected) in lines.records.iter().zip(1..) {
            if line.round != expected {
                let found = line.round;
                return Err(damaged(&path, &format!("round {found} where {expected} should be")));
            }
        }
        lines.cut(&path, lines.records.len())?;
        Ok(lines.records)
    }

    fn recorded_labels(&self, last: Option<&RoundMetrics>) -> Result<Vec<LabelRecord>> {
        let path = self.partial_path().join(LABELS);
        let (round, expected) = last.map_or((0, 0), |last| (last.round, last.labels));
        let mut lines = Lines::<LabelRecord>::read(&path)?;
        let count = lines.records.iter().take_while(|label| label.round <= round).count();
        if count as u64 != expected {
            let problem = format!("{count} labels of rounds up to {round}, not {expected}");
            return Err(damaged(&path, &problem));
        }
        lines.cut(&path, count)?;
        lines.records.truncate(count);
        Ok(lines.records)
    }

    /// The draft or the file, whichever is the last committed round's.
    fn recorded_model(&self, last: Option<&RoundMetrics>) -> Result<Option<Model>> {
        let Some(last) = last else {
            return Ok(None);
        };
        let path = self.partial_path().join(MODEL);
        let is_last = |path: &PathBuf| -> Option<Model> {
            // A draft may be torn, and a file another round's: neither is an error by itself.
            let model = Model::open(path).ok()?;
            (model.digest().ok()? == last.digest).then_some(model)
        };
        if let Some(model) = is_last(&path) {
            return Ok(Some(model));
        }
        if let Some(model) = is_last(&self.partial.draft_path(MODEL)) {
            self.partial.keep_draft(MODEL)?;
            return Ok(Some(model));
        }
        let problem =
            format!("no model here has the digest {} of round {}", last.digest, last.round);
        Err(damaged(&path, &problem))
    }
}

/// The whole lines of a JSON Lines file that may have been torn.
struct Lines<T> {
    records: Vec<T>,
    /// Where each line ends.
    ends: Vec<u64>,
    length: u64,
}

impl<T: DeserializeOwned> Lines<T> {
    /// A file that is not there has no lines.
    fn read(path: &Path) -> Result<Self> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|error| Error::io(path, "read", error))?,
        };
        let mut lines = Self { records: Vec::new(), ends: Vec::new(), length: bytes.len() as u64 };
        let mut end = 0;
        // What follows the last line break is torn.
        for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|l| l.ends_with(b"\n")) {
            end += line.len() as u64;
            let record = json::object(line).map_err(|problem| Error::Line {
                path: path.into(),
                line: lines.records.len() + 1,
                problem: problem.what,
            })?;
            lines.records.push(record);
            lines.ends.push(end);
        }
        Ok(lines)
    }

    /// Cuts the file off after so many lines.
    fn cut(&self, path: &Path, count: usize) -> Result<()> {
        let end = count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        if end == self.length {
            return Ok(());
        }
        let cut = OpenOptions::new().write(true).open(path).and_then(|file| {
            file.set_len(end)?;
            file.sync_data()
        });
        cut.map_err(|error| Error::io(path, "cut", error))
    }
}

fn damaged(path: &Path, problem: &str) -> Error {
    FolderError::Damaged { path: path.into(), problem: quotable(problem) }.into()
}
