//! The model on the test prompts.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use pairpick_core::metric::{Agreement, best_of_n, spearman};

use super::blocks::for_each_block;
use super::metrics::ByPrompt;
use crate::data::dataset::Split;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::parallel::Threads;
use crate::progress::Progress;

/// Means over the test prompts of two responses or more.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Over the prompts whose golden rewards are not all equal.
    pub spearman: Option<f64>,
    /// By N, over the prompts that have as many responses.
    pub best_of_n: BTreeMap<usize, Option<f64>>,
    /// Over all pairs without a golden tie.
    pub pairwise_accuracy: Option<f64>,
    /// What the means are of.
    pub by_prompt: ByPrompt,
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
    by_prompt: ByPrompt,
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
            by_prompt: ByPrompt::default(),
            order: vec![0; responses],
            ranks: vec![0.0; responses.saturating_mul(2)],
        }
    }

    fn add(&mut self, predicted: &[f64], golden: &[f64]) -> Result<(), pairpick_core::Error> {
        let Self { order, ranks, .. } = self;
        let correlation = spearman(predicted, golden, order, ranks)?;
        if let Some(value) = correlation {
            self.spearman.add(value);
        }
        self.agreement.add(predicted, golden)?;
        let mut best = None;
        for (n, mean) in &mut self.best_of_n {
            best = match *n <= predicted.len() {
                true => Some(best_of_n(predicted, golden, *n, order)?),
                false => None,
            };
            if let Some(value) = best {
                mean.add(value);
            }
        }
        self.note(correlation, best);
        Ok(())
    }

    /// What a prompt came to, if it counts.
    fn note(&mut self, correlation: Option<f64>, best: Option<f64>) {
        let ByPrompt { one_minus_spearman, best_of_n } = &mut self.by_prompt;
        one_minus_spearman.push(correlation.map(|value| (1.0 - value) as f32));
        best_of_n.push(best.map(|value| value as f32));
    }

    fn evaluation(self) -> Evaluation {
        Evaluation {
            spearman: self.spearman.value(),
            best_of_n: self.best_of_n.into_iter().map(|(n, mean)| (n, mean.value())).collect(),
            pairwise_accuracy: self.agreement.accuracy(),
            by_prompt: self.by_prompt,
        }
    }
}

/// Ranks the responses of every test prompt by the model, in f64 from its f32 features. Prompts of a
/// single response count for nothing.
///
/// # Errors
/// What reading the embeddings refuses.
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
    let embeddings = &test.embeddings;
    let mut tally = Tally::new(embeddings.responses().most(), best_of);
    progress.begin("evaluating", embeddings.prompts() as u64);
    for_each_block(model, embeddings, threads, progress, &mut |block| {
        for prompt in block.prompts.clone() {
            let predicted = &block.rewards[block.places(embeddings, prompt)];
            if predicted.len() < 2 {
                tally.note(None, None);
                continue;
            }
            let golden = golden.of_items(embeddings.items_of(prompt)).iter();
            let golden: Vec<f64> = golden.copied().map(f64::from).collect();
            tally.add(predicted, &golden).map_err(Error::core(format!("test prompt {prompt}")))?;
        }
        Ok(())
    })?;
    progress.end();
    Ok(tally.evaluation())
}
