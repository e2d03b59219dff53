//! The folder as a [`Journal`].

use super::{MODEL, OutputFolder};
use crate::data::embeddings::Embeddings;
use crate::data::labels::LabelRecord;
use crate::error::Result;
use crate::round::journal::{Committed, Journal, RoundRecord};
use crate::settings::Settings;

impl Journal for OutputFolder {
    fn begin(&mut self, settings: &Settings, embeddings: &Embeddings) -> Result<Committed> {
        if let Some(source) = self.source.take() {
            self.write_settings(settings, source)?;
        }
        std::mem::take(&mut self.recorded).committed(embeddings)
    }

    /// Killed at any instant, the run can be gone on with: the round counts once the manifest lists
    /// what it has added, and the model is the file or the draft, whichever is listed.
    fn commit(&mut self, round: RoundRecord<'_>) -> Result<()> {
        let RoundRecord { answered, model, metrics, embeddings, candidates, .. } = round;
        let label = |label| LabelRecord::of(label, embeddings, candidates);
        let skipped = |question| LabelRecord::of_skipped(question, embeddings, candidates);
        let records: Vec<LabelRecord> =
            answered.labels.iter().map(label).chain(answered.skipped.iter().map(skipped)).collect();
        let bytes = model.to_bytes(&self.partial_path().join(MODEL))?;
        self.append_labels(&records)?;
        self.append_metrics(metrics)?;
        self.partial.draft(MODEL, &bytes)?;
        self.partial.commit()?;
        self.has_just_begun = false;
        self.partial.keep_draft(MODEL)
    }
}
