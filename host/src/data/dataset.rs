//! [`Dataset`]: what a run learns from and what it is measured on.

use std::ops::Range;
use std::path::Path;

use pairpick_core::digest::Digest;
use pairpick_core::rng::Stream;

use super::bundled;
use super::candidates::Candidates;
use super::embeddings::Embeddings;
use super::labels::{Label, Repeats, read_labels};
use super::npy_header;
use super::pool_kind::PoolKind;
use super::prompt_ids::PromptIds;
use super::rewards::Rewards;
use super::summary::{
    CandidatesSummary, CovariatesSummary, DataSummary, SplitSummary, TestLabelsSummary,
};
use crate::digest::HexDigest;
use crate::error::{DataError, Error, Result, Shape, quotable};

/// Prompts of a sample, spread evenly; of fewer prompts, all.
const SAMPLED_PROMPTS: usize = 256;

/// Embeddings, with the golden rewards of the same responses where there are any.
pub struct Split {
    /// ψ, on disk.
    pub embeddings: Embeddings,
    /// Golden rewards, in memory.
    pub rewards: Option<Rewards>,
}

impl Split {
    /// Opens the rewards and checks that they belong to the embeddings, and that pairs can be made of
    /// these as a pool of this kind makes them.
    ///
    /// # Errors
    /// Every defect of a file; shapes that disagree; in-prompt pairs of embeddings that have not
    /// two responses a prompt.
    pub fn open(embeddings: Embeddings, rewards: Option<&Path>, pool: PoolKind) -> Result<Self> {
        embeddings.check_pool(pool)?;
        Self::of(embeddings, rewards)
    }

    fn of(embeddings: Embeddings, rewards: Option<&Path>) -> Result<Self> {
        let rewards = rewards.map(|rewards| Rewards::open(rewards, &embeddings)).transpose()?;
        Ok(Self { embeddings, rewards })
    }

    fn bundled(lengths: bool, prompts: impl FnOnce(usize) -> Range<usize>) -> Result<Self> {
        let embeddings =
            Embeddings::from_source(bundled::EMBEDDINGS, Path::new(bundled::EMBEDDINGS_NAME))?;
        let embeddings = match lengths {
            true => {
                let name = Path::new(bundled::TEXTS_NAME);
                embeddings.with_lengths_from_source(bundled::TEXTS, name)?
            }
            false => embeddings,
        };
        let rewards =
            Rewards::from_source(bundled::REWARDS, Path::new(bundled::REWARDS_NAME), &embeddings)?;
        let range = prompts(embeddings.prompts());
        let whole = Self { embeddings, rewards: Some(rewards) };
        whole.restricted_to(range)
    }

    /// Only the prompts of `range`, renumbered from 0.
    ///
    /// # Errors
    /// [`Error::Core`] if the range is empty or goes beyond the last prompt, or ids tell the prompts.
    pub fn restricted_to(self, range: Range<usize>) -> Result<Self> {
        let (index, len) = (range.end as u64, (self.embeddings.prompts() as u64).saturating_add(1));
        let source = pairpick_core::Error::Index { what: "prompts of a split", index, len };
        let context = self.embeddings.path().display().to_string();
        let start = |prompt: usize| self.embeddings.items_of(prompt as u64).start;
        let items = start(range.start)..start(range.end);
        let rewards = match self.rewards {
            Some(rewards) => rewards.restricted_to(items).map(Some),
            None => Some(None),
        };
        match (self.embeddings.restricted_to(range), rewards) {
            (Some(embeddings), Some(rewards)) => Ok(Self { embeddings, rewards }),
            _ => Err(Error::Core { context, source }),
        }
    }

    /// Only these prompts, each once, in this order, renumbered from 0, in memory: with their rewards
    /// and covariates.
    ///
    /// # Errors
    /// [`Error::Io`]; no prompt.
    pub fn of_prompts(&self, prompts: &[u64]) -> Result<Self> {
        let Self { embeddings, rewards } = self;
        let (mut rows, mut golden, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for (number, prompt) in (0_u32..).zip(prompts) {
            let items = embeddings.items_of(*prompt);
            let len = items.end.saturating_sub(items.start) as usize;
            let before = rows.len();
            rows.resize(before.saturating_add(len.saturating_mul(embeddings.dimensions())), 0.0);
            embeddings.read_range(items.clone(), &mut rows[before..])?;
            golden.extend(rewards.iter().flat_map(|rewards| rewards.of_items(items.clone())));
            numbers.resize(numbers.len().saturating_add(len), number);
        }
        let first = if embeddings.is_flat() { numbers.len() } else { prompts.len() };
        let shape = |rest: &[u64]| [&[first as u64], rest].concat();
        let Shape(whole) = embeddings.file_shape();
        let rest = whole.get(1..).unwrap_or_default();
        let path = embeddings.path();
        let part = Embeddings::from_source(npy_file(shape(rest), &rows), path)?;
        let part = match embeddings.prompt_ids() {
            Some(_) => part.with_prompts(&PromptIds::of_numbers(path, numbers))?,
            None => part,
        };
        let part = part.with_covariates_of(embeddings, prompts);
        let rewards = rewards.as_ref().map(|rewards| {
            let axes = rest.split_last().map_or(&[][..], |(_, axes)| axes);
            Rewards::from_source(npy_file(shape(axes), &golden), rewards.path(), &part)
        });
        let rewards = rewards.transpose()?;
        Ok(Self { embeddings: part, rewards })
    }

    /// Shape and digests, of the embeddings no more than a sample.
    ///
    /// # Errors
    /// [`Error::Io`]; [`DataError::NonFiniteEmbedding`] among the embeddings of the sample.
    pub fn summary(&self) -> Result<SplitSummary> {
        let rewards = self.rewards.as_ref().map(|rewards| -> Result<HexDigest> {
            let mut digest = Digest::new();
            digest.numbers(rewards.values()).map_err(Error::core("digest of the rewards"))?;
            Ok(HexDigest(digest.value()))
        });
        let (prompts, sample) = (self.embeddings.prompts(), self.sample_digest()?);
        Ok(SplitSummary {
            prompts,
            responses: self.embeddings.responses(),
            dimensions: self.embeddings.dimensions(),
            prompt_ids: self.embeddings.prompt_ids(),
            embeddings: (prompts <= SAMPLED_PROMPTS).then_some(sample),
            sample,
            rewards: rewards.transpose()?,
            covariates: self.embeddings.covariates().map(CovariatesSummary::of).transpose()?,
        })
    }

    /// Enough to tell most data sets apart without reading gigabytes.
    fn sample_digest(&self) -> Result<HexDigest> {
        let prompts = self.embeddings.prompts();
        let digested = if prompts < SAMPLED_PROMPTS { prompts } else { SAMPLED_PROMPTS };
        let mut digest = Digest::new();
        let mut rows = Vec::new();
        for place in 0..digested as u64 {
            // In 64 bits, since the product may exceed a 32-bit usize.
            let prompt = place.saturating_mul(prompts as u64).checked_div(digested as u64);
            let items = self.embeddings.items_of(prompt.unwrap_or(0));
            let responses = items.end.saturating_sub(items.start) as usize;
            rows.resize(responses.saturating_mul(self.embeddings.dimensions()), 0.0);
            self.embeddings.read_range(items, &mut rows)?;
            digest.numbers(&rows).map_err(Error::core("digest of the embeddings"))?;
        }
        Ok(HexDigest(digest.value()))
    }
}

/// Training data, and test data if there is any.
pub struct Dataset {
    /// What is drawn from, asked about and trained on.
    pub train: Split,
    /// The only pairs of it that can be asked about, where not all can.
    pub candidates: Option<Candidates>,
    /// What the model ranks, to be compared with golden rewards.
    pub test: Option<Split>,
    /// Held-out answers, to be compared with what the model expects: of items of the test data, or of
    /// the training data where there is no other.
    pub test_labels: Option<Vec<Label>>,
}

impl Dataset {
    /// What is only trained on, as a pool of this kind asks about it.
    ///
    /// # Errors
    /// Every defect of a file; what [`Split::open`] refuses.
    pub fn open(
        embeddings: Embeddings,
        rewards: Option<&Path>,
        candidates: Option<&Path>,
        pool: PoolKind,
    ) -> Result<Self> {
        let train = Split::open(embeddings, rewards, pool)?;
        let candidates =
            candidates.map(|path| Candidates::open(path, &train.embeddings)).transpose()?;
        Ok(Self { train, candidates, test: None, test_labels: None })
    }

    /// The same, measured on these embeddings, against rewards where there are any.
    ///
    /// # Errors
    /// Every defect of a file; shapes that disagree; embeddings of another length, or with other
    /// covariates, or with rewards ones that have not two responses a prompt.
    pub fn with_test(self, embeddings: Embeddings, rewards: Option<&Path>) -> Result<Self> {
        if rewards.is_some() {
            // Whatever is asked about, the metrics compare responses to one prompt.
            embeddings.check_in_prompt()?;
        }
        let test = Split::of(embeddings, rewards)?;
        check_dimensions(&self.train.embeddings, &test.embeddings)?;
        check_covariates(&self.train.embeddings, &test.embeddings)?;
        Ok(Self { test: Some(test), ..self })
    }

    /// The same, measured on the labels of a file.
    ///
    /// # Errors
    /// As [`read_labels`]; [`DataError::NoTestLabels`].
    pub fn with_test_labels(self, path: &Path, repeats: Repeats) -> Result<Self> {
        let labels = read_labels(path, self.test_embeddings(), repeats)?.labels;
        if labels.is_empty() {
            return Err(DataError::NoTestLabels.at(path));
        }
        Ok(Self { test_labels: Some(labels), ..self })
    }

    /// Those of the test labels' items.
    #[must_use]
    pub fn test_embeddings(&self) -> &Embeddings {
        &self.test.as_ref().unwrap_or(&self.train).embeddings
    }

    /// Whether there is anything to measure a model on.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        let has_rewards = self.test.as_ref().is_some_and(|test| test.rewards.is_some());
        has_rewards || self.test_labels.is_some()
    }

    /// The data that is part of the program; one prompt in [`bundled::TEST_SHARE`] is for testing.
    ///
    /// # Errors
    /// None that a release of this program would give.
    pub fn bundled() -> Result<Self> {
        Self::of_program(false)
    }

    /// The same, with the length of each reply as a covariate.
    ///
    /// # Errors
    /// As [`Dataset::bundled`].
    pub fn bundled_with_lengths() -> Result<Self> {
        Self::of_program(true)
    }

    fn of_program(lengths: bool) -> Result<Self> {
        let train = Split::bundled(lengths, |prompts| 0..bundled::first_test(prompts))?;
        let test = Some(Self::test_of_program(lengths)?);
        Ok(Self { train, candidates: None, test, test_labels: None })
    }

    /// The same data, with the length of each reply as a covariate or without, as many prompts of it
    /// for testing, drawn at random; split 0 is that of [`Dataset::bundled`].
    ///
    /// # Errors
    /// As [`Dataset::bundled`].
    pub fn bundled_split(split: u64, lengths: bool) -> Result<Self> {
        if split == 0 {
            return Self::of_program(lengths);
        }
        let whole = Split::bundled(lengths, |prompts| 0..prompts)?;
        let prompts = whole.embeddings.prompts();
        let test = test_prompts(split, prompts)?;
        let train: Vec<u64> =
            (0..prompts as u64).filter(|prompt| test.binary_search(prompt).is_err()).collect();
        let (train, test) = (whole.of_prompts(&train)?, Some(whole.of_prompts(&test)?));
        Ok(Self { train, candidates: None, test, test_labels: None })
    }

    /// Which of its prompts are for testing in such a split.
    ///
    /// # Errors
    /// As [`Dataset::bundled`].
    pub fn bundled_test_prompts(split: u64) -> Result<Vec<u64>> {
        let whole = Split::bundled(false, |prompts| 0..prompts)?;
        test_prompts(split, whole.embeddings.prompts())
    }

    /// The part of it that is for testing.
    ///
    /// # Errors
    /// As [`Dataset::bundled`].
    pub fn bundled_test() -> Result<Split> {
        Self::test_of_program(false)
    }

    /// The same, with the length of each reply as a covariate.
    ///
    /// # Errors
    /// As [`Dataset::bundled`].
    pub fn bundled_test_with_lengths() -> Result<Split> {
        Self::test_of_program(true)
    }

    fn test_of_program(lengths: bool) -> Result<Split> {
        Split::bundled(lengths, |prompts| bundled::first_test(prompts)..prompts)
    }

    /// Shapes and digests of both parts, of the embeddings no more than a sample.
    ///
    /// # Errors
    /// As [`Split::summary`].
    pub fn summary(&self) -> Result<DataSummary> {
        let train = self.train.summary()?;
        let candidates = self.candidates.as_ref().map(CandidatesSummary::of);
        let test = self.test.as_ref().map(Split::summary).transpose()?;
        let test_labels = self.test_labels.as_deref().map(TestLabelsSummary::of);
        Ok(DataSummary { train, candidates, test, test_labels })
    }

    /// Whether [`Dataset::summary`] leaves embeddings out.
    #[must_use]
    pub fn is_more_than_a_sample(&self) -> bool {
        let splits = [Some(&self.train), self.test.as_ref()];
        splits.into_iter().flatten().any(|split| split.embeddings.prompts() > SAMPLED_PROMPTS)
    }

    /// How many numbers [`Dataset::scan`] reads.
    #[must_use]
    pub fn values(&self) -> u64 {
        let test = self.test.as_ref().map_or(0, |test| test.embeddings.values());
        self.train.embeddings.values().saturating_add(test)
    }

    /// The summary of this data, with what a sample leaves out: the digest of every embedding; and the
    /// files whose embeddings are all the same. `advance` is told how many numbers have been read.
    ///
    /// # Errors
    /// As [`Embeddings::scan_finite`].
    pub fn scan(
        &self,
        mut summary: DataSummary,
        advance: &mut dyn FnMut(u64),
    ) -> Result<(DataSummary, Vec<&Path>)> {
        let train = &self.train.embeddings;
        let mut all_equal = Vec::new();
        let scan = train.scan_finite(advance)?;
        summary.train.embeddings = Some(scan.digest);
        all_equal.extend(scan.all_equal.then(|| train.path()));
        if let Some((test, summary)) = self.test.as_ref().zip(summary.test.as_mut()) {
            let mut advance = |done| advance(train.values().saturating_add(done));
            let scan = test.embeddings.scan_finite(&mut advance)?;
            summary.embeddings = Some(scan.digest);
            all_equal.extend(scan.all_equal.then(|| test.embeddings.path()));
        }
        Ok((summary, all_equal))
    }
}

/// The test prompts of a split of so many, in order: of split 0 the last ones.
fn test_prompts(split: u64, prompts: usize) -> Result<Vec<u64>> {
    let first = bundled::first_test(prompts);
    if split == 0 {
        return Ok((first as u64..prompts as u64).collect());
    }
    let mut test = vec![0; prompts.saturating_sub(first)];
    Stream::new(split, "split", 0)
        .sample(prompts as u64, &mut test)
        .map_err(Error::core("a split"))?;
    Ok(test)
}

/// A file of float32 numbers.
pub(crate) fn npy_file(shape: Vec<u64>, values: &[f32]) -> Vec<u8> {
    let mut file = npy_header::write("<f4", &Shape(shape));
    file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    file
}

fn check_dimensions(train: &Embeddings, test: &Embeddings) -> Result<()> {
    if train.dimensions() == test.dimensions() {
        return Ok(());
    }
    let (found, expected) = (test.dimensions(), train.dimensions());
    Err(DataError::Dimensions { found, train: train.path().into(), expected }.at(test.path()))
}

/// A model that has learnt from covariates needs them to score.
fn check_covariates(train: &Embeddings, test: &Embeddings) -> Result<()> {
    let names = |embeddings: &Embeddings| {
        embeddings.covariates().map(|covariates| covariates.names().to_vec()).unwrap_or_default()
    };
    let (expected, found) = (names(train), names(test));
    if expected == found {
        return Ok(());
    }
    let told = |names: Vec<String>| match names.is_empty() {
        true => "none".to_owned(),
        false => quotable(&names.join(", ")),
    };
    let (found, expected, train) = (told(found), told(expected), train.path().into());
    Err(DataError::CovariateNames { found, train, expected }.at(test.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIMENSIONS: u64 = 2;

    /// Rows of these prompts, each with its number in every place.
    fn split(shape: &[u64], ids: Option<&str>) -> Split {
        let (path, mut rows) = (Path::new("rows"), 1);
        shape.iter().for_each(|axis| rows *= axis);
        let numbers: Vec<f32> = (0..rows).map(|row| row as f32).collect();
        let values: Vec<f32> = numbers.iter().flat_map(|row| [*row; DIMENSIONS as usize]).collect();
        let file = npy_file([shape, &[DIMENSIONS]].concat(), &values);
        let embeddings = Embeddings::from_source(file, path).unwrap();
        let with_ids = |ids: &str| PromptIds::from_source(&mut ids.as_bytes(), path, &[]).unwrap();
        let embeddings = match ids {
            Some(ids) => embeddings.with_prompts(&with_ids(ids)).unwrap(),
            None => embeddings,
        };
        let lengths: String = (0..rows).map(|row| format!("{{\"tokens\": {row}}}\n")).collect();
        let embeddings = embeddings.with_lengths_from_source(lengths.as_bytes(), path).unwrap();
        let rewards = npy_file(shape.to_vec(), &numbers);
        let rewards = Some(Rewards::from_source(rewards, path, &embeddings).unwrap());
        Split { embeddings, rewards }
    }

    /// The rows of each prompt, as embeddings, rewards and covariates all have them.
    fn rows(split: &Split) -> Vec<Vec<f32>> {
        let Split { embeddings, rewards } = split;
        let of = |prompt| {
            let items = embeddings.items_of(prompt);
            let all: Vec<u64> = items.clone().collect();
            let mut values = vec![0.0; all.len() * DIMENSIONS as usize];
            embeddings.read_items(&all, &mut values).unwrap();
            let golden = rewards.as_ref().unwrap().of_items(items).to_vec();
            let covariates = embeddings.covariates().unwrap();
            let lengths: Vec<f32> =
                all.iter().flat_map(|item| covariates.of_item(*item)).copied().collect();
            let first: Vec<f32> = values.iter().step_by(DIMENSIONS as usize).copied().collect();
            assert_eq!((&golden, &lengths), (&first, &first));
            golden
        };
        (0..embeddings.prompts() as u64).map(of).collect()
    }

    #[test]
    fn prompts_are_taken_with_all_that_is_known_of_them() {
        let shaped = split(&[4, 3], None).of_prompts(&[3, 1]).unwrap();
        assert_eq!(rows(&shaped), [[9.0, 10.0, 11.0], [3.0, 4.0, 5.0]]);
        // Rows of one prompt stand apart.
        let flat = split(&[6], Some("x\ny\nx\nz\ny\nx\n"));
        assert_eq!(rows(&flat), [vec![0.0, 2.0, 5.0], vec![1.0, 4.0], vec![3.0]]);
        let part = flat.of_prompts(&[1, 0]).unwrap();
        assert_eq!(rows(&part), [vec![1.0, 4.0], vec![0.0, 2.0, 5.0]]);
        assert_eq!(part.embeddings.responses().most(), 3);
        let plain = split(&[5], None).of_prompts(&[4, 0]).unwrap();
        assert_eq!(rows(&plain), [[4.0], [0.0]]);
        assert!(flat.of_prompts(&[]).is_err());
    }
}
