//! Sizes that the data cannot meet. A default that is too large is lowered, and said where less is
//! asked for it; a value that somebody typed is an error, since lowering it would answer another
//! question.

use pairpick_core::select::Strategy;

use crate::data::pool_kind::PoolKind;
use crate::data::summary::{DataSummary, Supply};
use crate::error::{Error, Result};

use super::{Amount, Asking, Measuring, Settings, Typed};

impl Settings {
    /// Fits the sizes to the data, which it records. Gives back a note where less is asked.
    ///
    /// # Errors
    /// [`Error::Setting`] for a typed size that is too large.
    pub fn fit_to(&mut self, data: DataSummary, typed: &Typed) -> Result<Vec<String>> {
        let supply = data.supply();
        let mut fit = Fit { typed, notes: self.asking.fit_to(&supply, typed)? };
        fit.rounds(&mut self.asking, &supply)?;
        let ranked = data.test.as_ref().filter(|test| test.rewards.is_some());
        let responses = ranked.map(|test| test.responses.most());
        self.measuring.fit_to(responses, typed)?;
        self.data = Some(data);
        Ok(fit.notes)
    }
}

impl Asking {
    /// Fits what is asked about in one round.
    ///
    /// # Errors
    /// As [`Settings::fit_to`]; a kind of pool that needs a list, without one.
    pub fn fit_to(&mut self, supply: &Supply, typed: &Typed) -> Result<Vec<String>> {
        if self.pool == PoolKind::Listed && supply.candidates.is_none() {
            return Err(Error::setting("pool", "listed", "needs `candidates`, the list"));
        }
        self.check_pool()?;
        let mut fit = Fit { typed, notes: Vec::new() };
        let limit = Limit { count: supply.prompts as u64, of: "prompts there are to train on" };
        fit.size("prompts_per_round", &mut self.prompts_per_round, limit)?;
        let all = supply.pairs(self.pool, self.prompts_per_round);
        if all == 0 {
            let (found, responses) = (self.prompts_per_round, supply.responses.most());
            let expected = format!("draws no pair, with {responses} responses to a prompt");
            return Err(Error::setting("prompts_per_round", found, expected));
        }
        let pool = fit.offered(&mut self.pairs, all)?;
        let in_pool = Limit { count: pool, of: "pairs in the pool of a round" };
        if self.strategy == Strategy::Coreset {
            fit.size("clusters", &mut self.clusters, in_pool)?;
        }
        // A batch comes from one round's pool; a default leaves pairs for the other rounds.
        let share = self.pairs_of_all_rounds(supply).checked_div(self.rounds as u64);
        let limit = match share {
            Some(count @ 1..) if !typed.has("batch") && count < pool => Limit {
                count,
                of: "pairs there are for each round, since none is asked about twice",
            },
            _ => in_pool,
        };
        fit.size("batch", &mut self.batch, limit)?;
        Ok(fit.notes)
    }

    /// How many pairs some round can ask about.
    fn pairs_of_all_rounds(&self, supply: &Supply) -> u64 {
        match (self.pool, self.prompts_per_round) {
            // Only prompts drawn together make pairs.
            (PoolKind::CrossPrompt, 1) => supply.pairs(PoolKind::InPrompt, supply.prompts),
            (pool, _) => supply.pairs(pool, supply.prompts),
        }
    }
}

impl Measuring {
    /// Fits the N of best-of-N to test prompts of at most so many responses, if there are any: those of
    /// the recipe that are beyond are left out.
    ///
    /// # Errors
    /// As [`Settings::fit_to`].
    pub fn fit_to(&mut self, responses: Option<usize>, typed: &Typed) -> Result<()> {
        self.best_of.sort_unstable();
        self.best_of.dedup();
        let typed = typed.has("best_of");
        let Some(most) = responses else {
            if typed {
                let expected = "needs `test_embeddings` and `test_rewards`";
                return Err(Error::setting("best_of", list(&self.best_of), expected));
            }
            self.best_of.clear();
            return Ok(());
        };
        let beyond: Vec<usize> = self.best_of.iter().copied().filter(|n| *n > most).collect();
        if typed && !beyond.is_empty() {
            let expected = format!("at most {most}, the responses to a test prompt");
            return Err(Error::setting("best_of", list(&beyond), expected));
        }
        self.best_of.retain(|n| *n <= most);
        Ok(())
    }
}

/// The most that a size may be, and of what.
#[derive(Clone, Copy)]
struct Limit {
    count: u64,
    of: &'static str,
}

/// Sizes being fitted.
struct Fit<'a> {
    typed: &'a Typed,
    notes: Vec<String>,
}

impl Fit<'_> {
    /// Lowers a size to its limit, unless it was typed.
    fn size(&mut self, setting: &'static str, value: &mut usize, limit: Limit) -> Result<()> {
        let Limit { count, of } = limit;
        if *value as u64 <= count {
            return Ok(());
        }
        if self.typed.has(setting) {
            return Err(Error::setting(setting, *value, format!("at most {count}, the {of}")));
        }
        // Where there is less to draw from, all is drawn from; how much is asked is worth a word.
        if ["batch", "rounds"].contains(&setting) {
            self.notes
                .push(format!("the default `{setting}`, {value}, is lowered to {count}, the {of}"));
        }
        // Below a usize, so it fits one.
        *value = count as usize;
        Ok(())
    }

    /// Fits how many of a round's pairs are offered; gives back how many those are.
    fn offered(&mut self, pairs: &mut Amount, all: u64) -> Result<u64> {
        let Amount::Only(count) = *pairs else {
            return Ok(all);
        };
        let mut count = usize::try_from(count).unwrap_or(usize::MAX);
        self.size("pairs", &mut count, Limit { count: all, of: "pairs there are in a round" })?;
        *pairs = Amount::Only(count as u64);
        Ok(count as u64)
    }

    /// No pair is asked about twice, so all batches together come from all pairs.
    fn rounds(&mut self, asking: &mut Asking, supply: &Supply) -> Result<()> {
        let all = asking.pairs_of_all_rounds(supply);
        let count = all.checked_div(asking.batch as u64).unwrap_or(all);
        let of = "rounds that there are pairs for, since none is asked about twice";
        self.size("rounds", &mut asking.rounds, Limit { count, of })
    }
}

fn list(values: &[usize]) -> String {
    values.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::responses::Responses;
    use crate::data::summary::SplitSummary;
    use crate::digest::HexDigest;
    use crate::settings::Preset;

    fn data(prompts: usize, responses: usize) -> DataSummary {
        let digest = HexDigest::default();
        let rewards = Some(digest);
        let split = SplitSummary {
            prompts,
            responses: Responses::Each(responses),
            dimensions: 3,
            prompt_ids: None,
            embeddings: None,
            sample: digest,
            rewards,
            covariates: None,
        };
        let test = Some(split.clone());
        DataSummary { train: split, candidates: None, test, test_labels: None }
    }

    fn asking(settings: &Settings, change: impl FnOnce(&mut Asking)) -> Settings {
        let mut settings = settings.clone();
        change(&mut settings.asking);
        settings
    }

    #[test]
    fn defaults_that_are_too_large_are_lowered_and_said() {
        let mut settings = Settings::default();
        let notes = settings.fit_to(data(4, 3), &Typed::default()).unwrap();
        let Asking { prompts_per_round, batch, rounds, .. } = settings.asking;
        assert_eq!((prompts_per_round, batch, rounds), (4, 1, 8), "12 pairs for 8 rounds");
        assert_eq!(settings.measuring.best_of, [2]);
        let told = "the default `batch`, 125, is lowered to 1, the pairs there are for each round";
        assert!(notes.len() == 1 && notes[0].starts_with(told), "{notes:?}");
        let text = settings.to_json().unwrap();
        assert_eq!(Settings::from_json(&text, Path::new("settings.json")).unwrap(), settings);
    }

    #[test]
    fn a_typed_batch_lowers_the_rounds() {
        let mut settings = asking(&Settings::default(), |asking| asking.batch = 5);
        settings.fit_to(data(4, 3), &Typed::from_iter(["batch"])).unwrap();
        assert_eq!((settings.asking.batch, settings.asking.rounds), (5, 2));
    }

    /// As a library may ask, without the checks of the command.
    #[test]
    fn rounds_without_a_pair_and_sizes_of_0_are_no_panic() {
        let across = asking(&Settings::default(), |asking| asking.pool = PoolKind::CrossPrompt);
        let single = asking(&across, |asking| asking.prompts_per_round = 1);
        for (settings, data) in [(&single, data(100, 1)), (&across, data(1, 1))] {
            let error = settings.clone().fit_to(data, &Typed::default()).unwrap_err().to_string();
            assert!(error.contains("`prompts_per_round` 1: draws no pair"), "{error}");
        }
        let mut none = asking(&across, |asking| (asking.batch, asking.rounds) = (0, 0));
        none.fit_to(data(4, 3), &Typed::default()).unwrap();
    }

    #[test]
    fn one_prompt_a_round_has_pairs_within_prompts_alone() {
        let mut settings = asking(&Settings::default(), |asking| {
            (asking.pool, asking.prompts_per_round) = (PoolKind::CrossPrompt, 1);
            (asking.batch, asking.rounds) = (3, 5);
        });
        settings.fit_to(data(4, 3), &Typed::from_iter(["batch"])).unwrap();
        assert_eq!(settings.asking.rounds, 4, "12 pairs");
    }

    #[test]
    fn typed_sizes_that_are_too_large_are_errors_that_name_the_setting() {
        let all = Typed::from_iter(["prompts_per_round", "batch", "rounds", "best_of"]);
        let mut small = asking(&Settings::default(), |asking| {
            (asking.prompts_per_round, asking.batch, asking.rounds) = (4, 3, 4);
        });
        small.measuring.best_of = vec![2];
        small.clone().fit_to(data(4, 3), &all).unwrap();
        let mut best_of = small.clone();
        best_of.measuring.best_of = vec![8, 2, 4];
        let cases = [
            (asking(&small, |asking| asking.prompts_per_round = 5), "`prompts_per_round` 5"),
            (asking(&small, |asking| asking.batch = 13), "`batch` 13: at most 12"),
            (asking(&small, |asking| asking.rounds = 5), "`rounds` 5: at most 4"),
            (best_of, "`best_of` 4,8: at most 3"),
        ];
        for (mut settings, message) in cases {
            let error = settings.fit_to(data(4, 3), &all).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn every_preset_is_in_range_and_fits_the_paper_s_data_as_it_is() {
        for preset in [Preset::Default, Preset::Mlp, Preset::Paper] {
            let mut settings = Settings::of_preset(preset);
            settings.check().unwrap();
            settings.measuring.best_of = vec![2, 8];
            assert_eq!(settings.fit_to(data(40_000, 10), &Typed::default()).unwrap().len(), 0);
        }
    }
}
