//! Going on with an interrupted run, by what of its files counts.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::inputs::{Inputs, Source};
use super::manifest::Manifest;
use super::place::{check_free, resolve, sibling};
use super::{CURVES, GRID, INPUTS, LABELS, METRICS, MODEL, OutputFolder, SETTINGS, damaged};
use crate::data::embeddings::Embeddings;
use crate::data::labels::LabelRecord;
use crate::error::{Error, FolderError, Result};
use crate::grid::Grid;
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
    /// The runs that are compared with it, and those of them that have ended.
    pub grid: Option<Grid>,
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
        let (skipped, labels): (Vec<_>, Vec<_>) =
            labels.into_iter().partition(|record| record.answer.skip);
        let labels: Result<_> = labels.iter().map(|record| record.label_in(embeddings)).collect();
        let skipped: Result<_> =
            skipped.iter().map(|record| record.question_in(embeddings)).collect();
        Ok(Committed { rounds, labels: labels?, skipped: skipped?, model })
    }
}

impl OutputFolder {
    /// Takes up an interrupted run by the name of its folder, and cuts off what was
    /// not committed. The folder of an earlier run is replaced if `force` or the run itself says
    /// so.
    ///
    /// # Errors
    /// [`FolderError`] if there is no such run, another process goes on with it, or its files are
    /// not those that it wrote; [`Error::SettingsFile`], [`Error::Line`], [`Error::Io`].
    pub fn resume(out: &Path, force: bool) -> Result<(Self, Interrupted)> {
        let target = resolve(out)?;
        let partial = sibling(&target, out)?;
        if !partial.exists() {
            let out = out.to_owned();
            return Err(match Manifest::read(&target).is_ok_and(|manifest| manifest.is_some()) {
                true => FolderError::Complete { out },
                false => FolderError::NothingToResume { out, partial },
            }
            .into());
        }
        let mut folder = Self::hold(out, target, partial, force)?;
        if !folder.partial.holds_a_run() {
            return Err(FolderError::NothingWritten { out: out.into() }.into());
        }
        let interrupted = folder.interrupted()?;
        check_free(&folder.target, out, folder.force)?;
        Ok((folder, interrupted))
    }

    fn interrupted(&mut self) -> Result<Interrupted> {
        let path = self.partial_path().join(SETTINGS);
        let text = self.partial.committed(SETTINGS)?;
        let settings = Settings::from_json(&String::from_utf8_lossy(&text), &path)?;
        let inputs = self.inputs()?;
        self.force |= inputs.as_ref().is_some_and(|inputs| inputs.force);
        let complete = self.partial.has(CURVES);
        let plan = inputs.as_ref().and_then(|inputs| inputs.grid.clone());
        let runs = self.records(GRID)?;
        let grid = plan.map(|plan| Grid::recorded(plan, &settings, runs));
        let data = inputs.map(|inputs| inputs.data).filter(|_| !complete);
        let rounds: Vec<RoundMetrics> = self.records(METRICS)?;
        let labels = self.records(LABELS)?;
        let model = self.recorded_model()?;
        self.recorded = Recorded { rounds: rounds.clone(), labels, model };
        Ok(Interrupted { settings, data, rounds, grid })
    }

    fn inputs(&self) -> Result<Option<Inputs>> {
        if !self.partial.has(INPUTS) {
            return Ok(None);
        }
        let path = self.partial_path().join(INPUTS);
        let inputs = json::object(&self.partial.committed(INPUTS)?);
        inputs.map(Some).map_err(|problem| damaged(&path, &problem.to_string()))
    }

    fn records<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>> {
        let bytes = self.partial.committed(name)?;
        let record = |(text, line): (&[u8], usize)| {
            json::object(text).map_err(|problem| Error::Line {
                path: self.partial_path().join(name),
                line,
                problem: problem.what,
            })
        };
        bytes.split_inclusive(|byte| *byte == b'\n').zip(1..).map(record).collect()
    }

    fn recorded_model(&self) -> Result<Option<Model>> {
        let bytes = self.partial.committed_or_draft(MODEL)?;
        let path = self.partial_path().join(MODEL);
        self.partial.has(MODEL).then(|| Model::from_bytes(&bytes, &path)).transpose()
    }
}
