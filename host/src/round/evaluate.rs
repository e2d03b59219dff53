//! The model on the test prompts.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use pairpick_core::metric::{Agreement, best_of_n, spearman};

use crate::data::dataset::Split;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::parallel::Threads;
use crate::progress::Progress;

/// Items embedded at a time, but for prompts of more responses.
const ITEMS: usize = 2048;

/// Means over the test prompts.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Over the prompts whose golden rewards are not all equal.
    pub spearman: Option<f64>,
    /// By N.
    pub best_of_n: BTreeMap<usize, Option<f64>>,
    /// Over all pairs without a golden tie.
    pub pairwise_accuracy: Option<f64>,
}

/// A mean in the making.
#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count = self.count.saturating_add(1);
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

/// What the test prompts so far have come to.
struct Tally {
    spearman: Mean,
    best_of_n: BTreeMap<usize, Mean>,
    agreement: Agreement,
    /// Memory of a prompt's order and ranks.
    order: Vec<u32>,
    ranks: Vec<f64>,
}

impl Tally {
    fn new(responses: usize, best_of: &[usize]) -> Self {
        Self {
            spearman: Mean::default(),
            best_of_n: best_of.iter().map(|n| (*n, Mean::default())).collect(),
            agreement: Agreement::default(),
            order: vec![0; responses],
            ranks: vec![0.0; responses.saturating_mul(2)],
        }
    }

    fn add(&mut self, predicted: &[f64], golden: &[f64]) -> Result<(), pairpick_core::Error> {
        let Self { order, ranks, .. } = self;
        if let Some(value) = spearman(predicted, golden, order, ranks)? {
            self.spearman.add(value);
        }
        self.agreement.add(predicted, golden)?;
        for (n, mean) in &mut self.best_of_n {
            mean.add(best_of_n(predicted, golden, *n, order)?);
        }
        Ok(())
    }

    fn evaluation(self) -> Evaluation {
        Evaluation {
            spearman: self.spearman.value(),
            best_of_n: self.best_of_n.into_iter().map(|(n, mean)| (n, mean.value())).collect(),
            pairwise_accuracy: self.agreement.accuracy(),
        }
    }
}

/// Ranks the responses of every test prompt by the model, in f64 from its f32 features.
///
/// # Errors
/// What reading the embeddings refuses; [`Error::Core`] for an N of best-of-N beyond the responses.
pub fn evaluate(
    model: &Model,
    test: &Split,
    threads: &Threads,
    best_of: &[usize],
    progress: &mut dyn Progress,
) -> Result<Evaluation> {
    let Some(golden) = &test.rewards else {
        return Ok(Evaluation::default());
    };
    let (prompts, responses) = (test.embeddings.prompts(), test.embeddings.responses());
    let mut tally = Tally::new(responses, best_of);
    progress.begin("evaluating", prompts as u64);
    let step = ITEMS.checked_div(responses).unwrap_or(1).max(1);
    for first in (0..prompts).step_by(step) {
        let end = first.saturating_add(step).min(prompts);
        let of = |prompt: usize| test.embeddings.items_of(prompt as u64).start;
        let items: Vec<u64> = (of(first)..of(end)).collect();
        let features = model.trunk().features_of(&test.embeddings, &items, threads)?;
        let predicted = model.rewards(threads, features.columns()?)?;
        for (prompt, predicted) in (first..end).zip(predicted.chunks(responses)) {
            let golden: Vec<f64> =
                golden.of_prompt(prompt).iter().copied().map(f64::from).collect();
            tally.add(predicted, &golden).map_err(Error::core(format!("test prompt {prompt}")))?;
        }
        progress.advance(end as u64);
    }
    progress.end();
    Ok(tally.evaluation())
}
