//! [`Tally`]: a model on the test prompts, prompt by prompt.

use std::collections::BTreeMap;

use pairpick::model::{Features, Model};
use pairpick::parallel::Threads;
use pairpick_core::arith::softplus;
use pairpick_core::metric::{Agreement, best_of_n, spearman};
use serde::{Deserialize, Serialize};

use super::Failure;
use super::sets::Part;

/// What a sum is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum(pub f64, pub u32);

impl Sum {
    fn add(&mut self, value: f64) {
        *self = self.and(Self(value, 1));
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }

    /// Its mean, of nothing no number.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.0 / f64::from(self.1)
    }
}

/// The test prompts so far, of all parts of a seed's data.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// 1−Spearman by what prompts are of, where there is an order.
    pub errors: BTreeMap<u32, Sum>,
    /// Of pairs that a golden order or somebody has decided.
    agreement: Agreement,
    /// The golden reward of the response that is ranked first.
    best: Sum,
    /// −ln of what the model gave a decision that somebody made.
    log_loss: Sum,
}

/// Which rewards are golden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Golden {
    /// Those of the data.
    Raw,
    /// Those without what the length tells of them.
    Controlled,
}

impl Tally {
    /// Adds the prompts of a part as a model orders them, whose features are these.
    ///
    /// # Errors
    /// What the core refuses; a part without such rewards.
    pub fn add(
        &mut self,
        part: &Part,
        golden: Golden,
        (model, features): (&Model, &Features),
        threads: &Threads,
    ) -> Result<(), Failure> {
        let test = &part.test;
        let own = match (golden, &part.controlled) {
            (Golden::Raw, _) => test.rewards.as_ref(),
            (Golden::Controlled, Some([_, controlled])) => Some(controlled),
            (Golden::Controlled, None) => None,
        };
        let own = own.ok_or("no golden rewards")?;
        let rewards = model.rewards(threads, features.columns()?)?;
        for (prompt, cluster) in (0..).zip(&part.clusters) {
            let items = test.embeddings.items_of(prompt);
            let golden: Vec<f64> =
                own.of_items(items.clone()).iter().map(|reward| f64::from(*reward)).collect();
            let predicted = &rewards[items.start as usize..items.end as usize];
            let count = predicted.len();
            let (mut order, mut ranks) = (vec![0; count], vec![0.0; 2 * count]);
            if let Some(value) = spearman(predicted, &golden, &mut order, &mut ranks)? {
                self.errors.entry(*cluster).or_default().add(1.0 - value);
            }
            self.best.add(best_of_n(predicted, &golden, count, &mut order)?);
            if part.decided.is_none() {
                self.agreement.add(predicted, &golden)?;
            }
        }
        for [better, worse] in part.decided.iter().flatten() {
            let pair = [*better, *worse].map(|item| rewards[item as usize]);
            self.agreement.add(&pair, &[1.0, 0.0])?;
            self.log_loss.add(softplus(pair[1] - pair[0]));
        }
        Ok(())
    }

    /// 1−Spearman, mean over the prompts.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.errors.values().fold(Sum::default(), |sum, other| sum.and(*other)).mean()
    }

    /// The share of decided pairs that the model orders so.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        self.agreement.accuracy()
    }

    /// −ln of the probability of a decision, mean over the decided pairs; none without any.
    #[must_use]
    pub fn log_loss(&self) -> Option<f64> {
        (self.log_loss.1 > 0).then(|| self.log_loss.mean())
    }

    /// The golden reward of the response ranked first, mean over the prompts.
    #[must_use]
    pub fn best(&self) -> f64 {
        self.best.mean()
    }
}
