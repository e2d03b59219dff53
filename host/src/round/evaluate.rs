//! The model on the test prompts.

use std::collections::BTreeMap;

use pairpick_core::head::{rewards, rewards_workspace_len};
use pairpick_core::metric::{Agreement, best_of_n, spearman};
use pairpick_core::parallel::Executor;

use crate::data::dataset::Split;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::parallel::Threads;
use crate::progress::Progress;

/// Prompts read at a time.
const PROMPTS: usize = 64;

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
        self.count += 1;
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
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
    let (mut correlation, mut agreement) = (Mean::default(), Agreement::default());
    let mut best: BTreeMap<usize, Mean> = best_of.iter().map(|n| (*n, Mean::default())).collect();
    let mut workspace = vec![0.0; threads.threads() * rewards_workspace_len(model.features())];
    let (mut order, mut ranks) = (vec![0; responses], vec![0.0; 2 * responses]);
    progress.begin("evaluating", prompts as u64);
    for first in (0..prompts).step_by(PROMPTS) {
        let end = (first + PROMPTS).min(prompts);
        let items: Vec<u64> = ((first * responses) as u64..(end * responses) as u64).collect();
        let features = model.features_of(&test.embeddings, &items, threads)?;
        let mut predicted = vec![0.0; items.len()];
        rewards(threads, features.columns()?, model.head(), &mut predicted, &mut workspace)
            .map_err(Error::core("test rewards"))?;
        for (prompt, predicted) in (first..end).zip(predicted.chunks(responses)) {
            let golden: Vec<f64> =
                golden.of_prompt(prompt).iter().copied().map(f64::from).collect();
            let core = || Error::core(format!("test prompt {prompt}"));
            if let Some(value) =
                spearman(predicted, &golden, &mut order, &mut ranks).map_err(core())?
            {
                correlation.add(value);
            }
            agreement.add(predicted, &golden).map_err(core())?;
            for (n, mean) in &mut best {
                mean.add(best_of_n(predicted, &golden, *n, &mut order).map_err(core())?);
            }
        }
        progress.advance(end as u64);
    }
    progress.end();
    Ok(Evaluation {
        spearman: correlation.value(),
        best_of_n: best.into_iter().map(|(n, mean)| (n, mean.value())).collect(),
        pairwise_accuracy: agreement.accuracy(),
    })
}
