//! Sizes that the data cannot meet. A default that is too large is lowered and said; a value that
//! somebody typed is an error, since lowering it would answer another question.

use crate::data::dataset::DataSummary;
use crate::error::{Error, Result};

use super::Settings;

/// Which sizes were asked for, and so may not be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// `--prompts-per-round`.
    pub prompts_per_round: bool,
    /// `--batch`.
    pub batch: bool,
    /// `--rounds`.
    pub rounds: bool,
    /// `--best-of`.
    pub best_of: bool,
}

impl Settings {
    /// Fits the sizes to the data, which it records. Gives back a note for each one lowered.
    ///
    /// # Errors
    /// [`Error::Setting`] for a typed size that is too large.
    pub fn fit_to(&mut self, data: DataSummary, typed: Typed) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        self.fit_prompts(&data, typed, &mut notes)?;
        self.fit_batch(&data, typed, &mut notes)?;
        self.fit_rounds(&data, typed, &mut notes)?;
        self.fit_best_of(&data, typed, &mut notes)?;
        self.data = Some(data);
        Ok(notes)
    }

    fn fit_prompts(
        &mut self,
        data: &DataSummary,
        typed: Typed,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let reason = "prompts there are to train on";
        let size = Size { option: "prompts-per-round", typed: typed.prompts_per_round, reason };
        size.fit(&mut self.prompts_per_round, data.train.prompts as u64, notes)
    }

    /// A batch comes from one round's pool.
    fn fit_batch(
        &mut self,
        data: &DataSummary,
        typed: Typed,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let pool = self.prompts_per_round as u64 * data.train.pairs_a_prompt();
        let reason = "pairs the pool of a round offers (prompts a round × K(K − 1)/2)";
        Size { option: "batch", typed: typed.batch, reason }.fit(&mut self.batch, pool, notes)
    }

    /// No pair is asked about twice, so all batches together come from all pairs.
    fn fit_rounds(
        &mut self,
        data: &DataSummary,
        typed: Typed,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let pairs = data.train.pairs();
        let fits = |batch, rounds| batch as u64 <= pairs / rounds as u64;
        if fits(self.batch, self.rounds) {
            return Ok(());
        }
        let reason = "pairs a round the data has, since none is asked about twice";
        let batch = Size { option: "batch", typed: typed.batch, reason };
        if !typed.batch && pairs >= self.rounds as u64 {
            return batch.fit(&mut self.batch, pairs / self.rounds as u64, notes);
        }
        let reason = "rounds the pairs suffice for, since none is asked about twice";
        let rounds = Size { option: "rounds", typed: typed.rounds, reason };
        rounds.fit(&mut self.rounds, pairs / self.batch as u64, notes)
    }

    fn fit_best_of(
        &mut self,
        data: &DataSummary,
        typed: Typed,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        self.best_of.sort_unstable();
        self.best_of.dedup();
        let Some(test) = &data.test else {
            if typed.best_of {
                let expected = "needs --test-embeddings and --test-rewards".to_owned();
                return Err(Error::Setting {
                    option: "best-of",
                    found: list(&self.best_of),
                    expected,
                });
            }
            self.best_of.clear();
            return Ok(());
        };
        let most = test.responses;
        let dropped: Vec<usize> = self.best_of.iter().copied().filter(|n| *n > most).collect();
        if dropped.is_empty() {
            return Ok(());
        }
        let found = list(&dropped);
        if typed.best_of {
            let expected = format!("at most {most}, the responses to a test prompt");
            return Err(Error::Setting { option: "best-of", found, expected });
        }
        self.best_of.retain(|n| *n <= most);
        notes.push(format!("--best-of without {found}: a test prompt has {most} responses"));
        Ok(())
    }
}

/// A size with a limit that the data sets.
struct Size {
    option: &'static str,
    typed: bool,
    reason: &'static str,
}

impl Size {
    fn fit(self, value: &mut usize, limit: u64, notes: &mut Vec<String>) -> Result<()> {
        let Self { option, typed, reason } = self;
        if *value as u64 <= limit {
            return Ok(());
        }
        if typed {
            let expected = format!("at most {limit}, the {reason}");
            return Err(Error::Setting { option, found: value.to_string(), expected });
        }
        notes.push(format!("--{option} lowered from {value} to {limit}, the {reason}"));
        // Below a usize, so it fits one.
        *value = limit as usize;
        Ok(())
    }
}

fn list(values: &[usize]) -> String {
    values.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}
