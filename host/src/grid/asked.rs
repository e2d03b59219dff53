//! [`Asked`]: what a run has asked about so far, apart from any model.

use std::collections::BTreeSet;

use pairpick_core::arith::Real;

use crate::data::embeddings::Embeddings;
use crate::data::question::Question;
use crate::error::Result;

/// Prompts and distances of the questions so far.
#[derive(Debug, Default)]
pub(super) struct Asked {
    prompts: BTreeSet<u64>,
    distances: f64,
    questions: u64,
}

impl Asked {
    /// Adds a question.
    ///
    /// # Errors
    /// As [`Embeddings::read_items`].
    pub(super) fn add(&mut self, embeddings: &Embeddings, question: &Question) -> Result<()> {
        let items = [question.a, question.b];
        self.prompts.extend(items.map(|item| embeddings.prompt_of(item)));
        let mut rows = vec![0.0; 2 * embeddings.dimensions()];
        embeddings.read_items(&items, &mut rows)?;
        let (one, other) = rows.split_at(embeddings.dimensions());
        let squares = one.iter().zip(other).fold(0.0, |sum, (one, other)| {
            let difference = f64::from(*one) - f64::from(*other);
            sum + difference * difference
        });
        self.distances += squares.sqrt_of();
        self.questions += 1;
        Ok(())
    }

    /// How many prompts have a response in some question.
    pub(super) fn prompts(&self) -> u64 {
        self.prompts.len() as u64
    }

    /// The mean distance between the embeddings of a question's two responses; none without a question.
    pub(super) fn distance(&self) -> Option<f64> {
        (self.questions > 0).then(|| self.distances / self.questions as f64)
    }
}
