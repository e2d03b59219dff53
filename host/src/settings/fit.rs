//! Sizes that the data cannot meet. A default that is too large is lowered and said; a value that
//! somebody typed is an error, since lowering it would answer another question.

use pairpick_core::pool::pairs_of;
use pairpick_core::select::Strategy;

use crate::data::dataset::DataSummary;
use crate::error::{Error, Result};

use super::{PairsOffered, PoolKind, Settings};

/// Which sizes were asked for, and so may not be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// `--prompts-per-round`.
    pub prompts_per_round: bool,
    /// `--pairs`.
    pub pairs: bool,
    /// `--batch`.
    pub batch: bool,
    /// `--rounds`.
    pub rounds: bool,
    /// `--best-of`.
    pub best_of: bool,
    /// `--clusters`.
    pub clusters: bool,
}

/// What there is to ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supply {
    /// N.
    pub prompts: usize,
    /// K.
    pub responses: usize,
    /// Pairs listed, where only those can be asked about.
    pub candidates: Option<u64>,
}

impl Supply {
    /// All pairs of so many prompts, as a pool of this kind makes them.
    fn pairs(self, pool: PoolKind, prompts: usize) -> u64 {
        let (prompts, responses) = (prompts as u64, self.responses as u64);
        match (self.candidates, pool) {
            (Some(listed), _) => listed,
            (None, PoolKind::CrossPrompt) => pairs_of(prompts.saturating_mul(responses)),
            (None, _) => prompts.saturating_mul(pairs_of(responses)),
        }
    }
}

impl Settings {
    /// Fits the sizes to the data, which it records. Gives back a note for each one lowered.
    ///
    /// # Errors
    /// [`Error::Setting`] for a typed size that is too large.
    pub fn fit_to(&mut self, data: DataSummary, typed: Typed) -> Result<Vec<String>> {
        let supply = data.supply();
        let mut notes = self.fit_asking(supply, typed)?;
        self.fit_rounds(supply, typed, &mut notes)?;
        let responses = data.test.as_ref().map(|test| test.responses);
        notes.extend(self.fit_best_of(responses, typed.best_of)?);
        self.data = Some(data);
        Ok(notes)
    }

    /// Fits what is asked about in one round.
    ///
    /// # Errors
    /// As [`Settings::fit_to`]; a kind of pool that needs a list, without one.
    pub fn fit_asking(&mut self, supply: Supply, typed: Typed) -> Result<Vec<String>> {
        if self.pool == PoolKind::Listed && supply.candidates.is_none() {
            return Err(Error::setting("pool", "listed", "needs `candidates`, the list"));
        }
        self.check_pool()?;
        let mut notes = Vec::new();
        let reason = "prompts there are to train on";
        let size = Size { setting: "prompts_per_round", typed: typed.prompts_per_round, reason };
        size.fit(&mut self.prompts_per_round, supply.prompts as u64, &mut notes)?;
        let mut pool = supply.pairs(self.pool, self.prompts_per_round);
        if let PairsOffered::Sampled(count) = self.pairs {
            let mut sampled = usize::try_from(count).unwrap_or(usize::MAX);
            let reason = "pairs there are in a round";
            let size = Size { setting: "pairs", typed: typed.pairs, reason };
            size.fit(&mut sampled, pool, &mut notes)?;
            pool = sampled as u64;
            self.pairs = PairsOffered::Sampled(pool);
        }
        if self.strategy == Strategy::Coreset {
            let reason = "pairs in the pool of a round";
            let size = Size { setting: "clusters", typed: typed.clusters, reason };
            size.fit(&mut self.clusters, pool, &mut notes)?;
        }
        // A batch comes from one round's pool; a default leaves pairs for the other rounds.
        let share = supply.pairs(self.pool, supply.prompts) / self.rounds as u64;
        let (limit, reason) = if !typed.batch && share > 0 && share < pool {
            (share, "pairs there are for each round, since none is asked about twice")
        } else {
            (pool, "pairs in the pool of a round")
        };
        let size = Size { setting: "batch", typed: typed.batch, reason };
        size.fit(&mut self.batch, limit, &mut notes)?;
        Ok(notes)
    }

    /// No pair is asked about twice, so all batches together come from all pairs.
    fn fit_rounds(&mut self, supply: Supply, typed: Typed, notes: &mut Vec<String>) -> Result<()> {
        let limit = supply.pairs(self.pool, supply.prompts) / self.batch as u64;
        let reason = "rounds that there are pairs for, since none is asked about twice";
        Size { setting: "rounds", typed: typed.rounds, reason }.fit(&mut self.rounds, limit, notes)
    }

    /// Fits the N of best-of-N to test prompts of so many responses, if there are any.
    ///
    /// # Errors
    /// As [`Settings::fit_to`].
    pub fn fit_best_of(&mut self, responses: Option<usize>, typed: bool) -> Result<Vec<String>> {
        self.best_of.sort_unstable();
        self.best_of.dedup();
        let Some(most) = responses else {
            if typed {
                let expected = "needs `test_embeddings` and `test_rewards`";
                return Err(Error::setting("best_of", list(&self.best_of), expected));
            }
            self.best_of.clear();
            return Ok(Vec::new());
        };
        let dropped: Vec<usize> = self.best_of.iter().copied().filter(|n| *n > most).collect();
        if dropped.is_empty() {
            return Ok(Vec::new());
        }
        let found = list(&dropped);
        if typed {
            let expected = format!("at most {most}, the responses to a test prompt");
            return Err(Error::setting("best_of", found, expected));
        }
        self.best_of.retain(|n| *n <= most);
        Ok(vec![format!("`best_of` without {found}: a test prompt has {most} responses")])
    }
}

/// A size with a limit that the data sets.
struct Size {
    setting: &'static str,
    typed: bool,
    reason: &'static str,
}

impl Size {
    fn fit(self, value: &mut usize, limit: u64, notes: &mut Vec<String>) -> Result<()> {
        let Self { setting, typed, reason } = self;
        if *value as u64 <= limit {
            return Ok(());
        }
        if typed {
            let expected = format!("at most {limit}, the {reason}");
            return Err(Error::setting(setting, *value, expected));
        }
        notes.push(format!("`{setting}` lowered from {value} to {limit}, the {reason}"));
        // Below a usize, so it fits one.
        *value = limit as usize;
        Ok(())
    }
}

fn list(values: &[usize]) -> String {
    values.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::dataset::SplitSummary;
    use crate::data::labels::HexDigest;
    use crate::settings::Preset;

    fn data(prompts: usize, responses: usize) -> DataSummary {
        let digest = HexDigest::default();
        let rewards = Some(digest);
        let split = SplitSummary { prompts, responses, dimensions: 3, embeddings: digest, rewards };
        DataSummary { test: Some(split.clone()), candidates: None, train: split }
    }

    const ALL_TYPED: Typed = Typed {
        prompts_per_round: true,
        pairs: true,
        batch: true,
        rounds: true,
        best_of: true,
        clusters: true,
    };

    #[test]
    fn defaults_that_are_too_large_are_lowered_and_said() {
        let mut settings = Settings::default();
        let notes = settings.fit_to(data(4, 3), Typed::default()).unwrap();
        let sizes = (settings.prompts_per_round, settings.batch, settings.rounds);
        assert_eq!(sizes, (4, 1, 8), "12 pairs for 8 rounds");
        assert_eq!(settings.best_of, [2]);
        assert_eq!(notes.len(), 3, "{notes:?}");
        let text = settings.to_json().unwrap();
        assert_eq!(Settings::from_json(&text, Path::new("settings.json")).unwrap(), settings);
    }

    #[test]
    fn a_typed_batch_lowers_the_rounds() {
        let mut settings = Settings { batch: 5, ..Settings::default() };
        let typed = Typed { batch: true, ..Typed::default() };
        settings.fit_to(data(4, 3), typed).unwrap();
        assert_eq!((settings.batch, settings.rounds), (5, 2));
    }

    #[test]
    fn typed_sizes_that_are_too_large_are_errors_that_name_the_option() {
        let small = Settings {
            prompts_per_round: 4,
            batch: 3,
            rounds: 4,
            best_of: vec![2],
            ..Settings::default()
        };
        small.clone().fit_to(data(4, 3), ALL_TYPED).unwrap();
        let cases = [
            (Settings { prompts_per_round: 5, ..small.clone() }, "`prompts_per_round` 5"),
            (Settings { batch: 13, ..small.clone() }, "`batch` 13: at most 12"),
            (Settings { rounds: 5, ..small.clone() }, "`rounds` 5: at most 4"),
            (Settings { best_of: vec![8, 2, 4], ..small }, "`best_of` 4,8: at most 3"),
        ];
        for (mut settings, message) in cases {
            let error = settings.fit_to(data(4, 3), ALL_TYPED).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn every_preset_is_in_range_and_fits_the_paper_s_data_as_it_is() {
        for preset in [Preset::Default, Preset::Paper] {
            let mut settings = Settings::of_preset(preset);
            settings.check().unwrap();
            settings.best_of = vec![2, 8];
            assert_eq!(settings.fit_to(data(40_000, 10), Typed::default()).unwrap().len(), 0);
        }
    }
}
