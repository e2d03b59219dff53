//! [`Cell`]: a set of data by a seed, learnt by one recipe with every strategy and number of labels.
//!
//! What is picked before any label depends on neither answers nor what learns from them, so it is
//! picked once for all of these.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use clap::ValueEnum;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::question::Question;
use pairpick::error;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::model::{Context, Features, Learnt, Model};
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round;
use pairpick::round::answer::{Answered, Answerer as _};
use pairpick::round::journal::{Committed, Journal, RoundRecord};
use pairpick::round::propose::{SelectedPair, propose};
use pairpick::round::request::Request;
use pairpick::runtime::Runtime;
use pairpick::settings::{Oracle, Preset, PriorPrecision, Settings};
use pairpick_core::select::Strategy;
use serde::{Deserialize, Serialize};

use super::Failure;
use super::measure::{Golden, Sum, Tally};
use super::sets::{Part, Set};
use super::store::{Ended, Store};

/// Up to so many labels each cluster of test prompts is kept by itself.
const KEPT: u64 = 128;

/// The most labels beside strategies by others.
const MOST_OF_RIVALS: u64 = 512;

/// The most seeds of a recipe whose rounds train networks.
const SEEDS_OF_NETWORKS: u64 = 5;

/// What learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// The default preset, one batch for each number of labels.
    Kernel,
    /// The same with the length as a covariate.
    Length,
    /// The preset `mlp`, in rounds.
    Mlp,
    /// The paper's, in rounds.
    Paper,
    /// The default preset beside strategies by others.
    Rivals,
}

impl Recipe {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Kernel, Self::Length, Self::Mlp, Self::Paper, Self::Rivals];

    /// Whether it needs labels before it can pick pairs.
    #[must_use]
    pub fn is_in_rounds(self) -> bool {
        matches!(self, Self::Mlp | Self::Paper)
    }

    /// The strategies that are compared, `random` first.
    #[must_use]
    pub fn strategies(self) -> [Strategy; 2] {
        match self {
            Self::Kernel | Self::Length | Self::Rivals => [Strategy::Random, Strategy::RobustVOpt],
            Self::Mlp | Self::Paper => [Strategy::Random, Strategy::Dopt],
        }
    }

    fn settings(self) -> Settings {
        Settings::of_preset(match self {
            Self::Kernel | Self::Length | Self::Rivals => Preset::Default,
            Self::Mlp => Preset::Mlp,
            Self::Paper => Preset::Paper,
        })
    }
}

/// What is worked on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The data.
    pub set: Set,
    /// What learns from it.
    pub recipe: Recipe,
    /// The seed of the split and of every draw.
    pub seed: u64,
}

impl Cell {
    /// All of these sets and recipes, by so many seeds at most: the first seed of all before the next.
    #[must_use]
    pub fn all(sets: &[Set], recipes: &[Recipe], seeds: u64) -> Vec<Self> {
        let mut cells = Vec::new();
        for seed in 1..=seeds {
            for &recipe in recipes {
                let has = |set: &&Set| match recipe {
                    Recipe::Kernel | Recipe::Rivals => seed <= set.most_seeds(),
                    Recipe::Length => seed <= set.most_seeds() && set.has_lengths(),
                    Recipe::Mlp | Recipe::Paper => {
                        seed <= set.most_seeds() && seed <= SEEDS_OF_NETWORKS
                    }
                };
                cells.extend(sets.iter().filter(has).map(|&set| Self { set, recipe, seed }));
            }
        }
        cells
    }
}

/// How λ is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// As the recipe has it: of kernel features by evidence.
    Own,
    /// 10.
    Ten,
}

/// Who answers, and what learns from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Variant {
    /// What the annotator goes by, and what the order is compared with.
    pub golden: Golden,
    /// T: how much the annotator errs.
    pub temperature: u8,
    /// How λ is chosen.
    pub fit: Fit,
}

impl Variant {
    /// The first that tables show: by the data's rewards and the recipe's prior.
    pub const FIRST: Self = Self { golden: Golden::Raw, temperature: 1, fit: Fit::Own };

    /// Those that a recipe is measured by.
    #[must_use]
    pub fn all(cell: Cell) -> Vec<Self> {
        let Cell { set, recipe, .. } = cell;
        let is_wanted = |variant: &Self| {
            let Self { golden, temperature, fit } = *variant;
            let is_plain = golden == Golden::Raw && temperature == 1;
            match recipe {
                Recipe::Kernel => {
                    (golden == Golden::Raw || set.has_controlled())
                        && (temperature == 1 || set.is_simulated())
                        && (fit == Fit::Own || is_plain)
                }
                Recipe::Length => is_plain,
                Recipe::Mlp | Recipe::Paper | Recipe::Rivals => is_plain && fit == Fit::Own,
            }
        };
        let mut all = Vec::new();
        for golden in [Golden::Raw, Golden::Controlled] {
            for temperature in [1, 4] {
                all.extend([Fit::Own, Fit::Ten].map(|fit| Self { golden, temperature, fit }));
            }
        }
        all.retain(is_wanted);
        all
    }
}

/// What was learnt from so many labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Who answered, and what learnt from it.
    #[serde(flatten)]
    pub variant: Variant,
    /// Which pairs were asked about.
    pub strategy: String,
    /// How many.
    pub labels: u64,
    /// 1−Spearman on the test prompts.
    pub error: f64,
    /// The share of test pairs in the right order.
    pub accuracy: Option<f64>,
    /// −ln of the probability of a test pair's decision, mean over the pairs that somebody has decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_loss: Option<f64>,
    /// The golden reward of the response that is ranked first.
    pub best: f64,
    /// 1−Spearman with rewards without length, where the length's part is left out of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<f64>,
    /// 1−Spearman by clusters of test prompts, where that is kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<u32, Sum>,
}

/// Test prompts under the order of a model, and of the model without length.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) whole: Tally,
    without: Tally,
}

pub(super) type Points = BTreeMap<(Variant, &'static str, u64), Measured>;

/// By the data's rewards and the recipe's prior, of all test prompts.
pub(super) fn plain<'a>(
    points: &'a mut Points,
    strategy: &'static str,
    labels: u64,
) -> &'a mut Tally {
    &mut points.entry((Variant::FIRST, strategy, labels)).or_default().whole
}

/// Works through cells that have not ended, on so many threads.
///
/// # Errors
/// What the first cell that fails gives; all that have ended by then are kept.
pub fn work(
    cells: &[Cell],
    folder: &Path,
    threads: NonZeroUsize,
    store: &Mutex<Store>,
) -> Result<(), Failure> {
    let lock = || store.lock().map_err(|_| "another thread has failed");
    let left: Vec<Cell> = {
        let store = lock()?;
        cells.iter().copied().filter(|cell| !store.has(cell)).collect()
    };
    let next = AtomicUsize::new(0);
    let one_by_one = || -> Result<(), Failure> {
        let single = Runtime { threads: NonZeroUsize::new(1), ..Runtime::default() };
        let threads = Threads::start(&single)?;
        while let Some(cell) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
            let start = Instant::now();
            let points = threads.install(|| cell.points(folder, &threads));
            let points = points.inspect_err(|_| next.store(left.len(), Ordering::Relaxed))?;
            let seconds = start.elapsed().as_secs_f64();
            eprintln!("{:?}, {:?}, seed {}: {seconds:.1} s", cell.set, cell.recipe, cell.seed);
            lock()?.add(Ended { cell: *cell, seconds, points })?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(one_by_one)).collect();
        let ended =
            workers.into_iter().map(|worker| worker.join().map_err(|_| "a cell panicked")?);
        ended.collect()
    })
}

impl Cell {
    /// What is learnt, over all parts of the seed's data.
    fn points(&self, folder: &Path, threads: &Threads) -> Result<Vec<Point>, Failure> {
        let lengths = self.recipe == Recipe::Length;
        let mut points = Points::new();
        for mut part in self.set.parts(folder, self.seed, lengths)? {
            match self.recipe.is_in_rounds() {
                true => self.in_rounds(&part, threads, &mut points)?,
                false => self.at_once(&mut part, threads, &mut points)?,
            }
            if self.recipe == Recipe::Rivals {
                self.by_rivals(&part, threads, &mut points)?;
            }
        }
        let point = |((variant, strategy, labels), measured): (_, Measured)| {
            let (Variant { golden, temperature, .. }, Measured { whole, without }) =
                (variant, measured);
            let is_kept = labels <= KEPT && golden == Golden::Raw && temperature == 1;
            let has_without = !without.errors.is_empty();
            Point {
                variant,
                strategy: str::to_owned(strategy),
                labels,
                error: whole.error(),
                accuracy: whole.accuracy(),
                log_loss: whole.log_loss(),
                best: whole.best(),
                without: has_without.then(|| without.error()),
                errors: if is_kept { whole.errors } else { BTreeMap::new() },
            }
        };
        Ok(points.into_iter().map(point).collect())
    }

    pub(super) fn settings(&self, part: &Part) -> Settings {
        let mut settings = self.recipe.settings();
        settings.seed = self.seed;
        if self.set.is_of_pairs() {
            settings.asking.prompts_per_round = part.dataset.train.embeddings.prompts();
        }
        settings.answers.oracle = match self.set {
            Set::Ukp => Oracle::Recorded,
            // Of two responses the better one has a reward of 1, the other of 0.
            Set::HhHarmless => Oracle::ArgMax,
            _ => Oracle::BradleyTerry,
        };
        settings
    }

    /// The numbers of labels looked at.
    pub(super) fn budgets(&self) -> impl Iterator<Item = u64> {
        let most = if self.recipe == Recipe::Rivals { MOST_OF_RIVALS } else { u64::MAX };
        self.set.budgets().iter().copied().filter(move |labels| *labels <= most)
    }

    /// The model before any label.
    pub(super) fn untrained(
        &self,
        part: &Part,
        settings: &Settings,
        threads: &Threads,
    ) -> Result<Model, Failure> {
        let embeddings = &part.dataset.train.embeddings;
        let context = Context { embeddings, settings, threads, listed: None };
        Ok(Model::untrained(context, &mut Silent)?)
    }

    /// A batch for each number of labels, from a model that has learnt nothing.
    fn at_once(
        &self,
        part: &mut Part,
        threads: &Threads,
        points: &mut Points,
    ) -> Result<(), Failure> {
        let mut settings = self.settings(part);
        let untrained = self.untrained(part, &settings, threads)?;
        let features = test_features(&untrained, part, threads)?;
        let raw = part.dataset.train.rewards.clone();
        for strategy in self.recipe.strategies() {
            for labels in self.budgets() {
                settings.asking.strategy = strategy;
                settings.asking.batch = labels as usize;
                let questions = picked(part, &settings, threads, &untrained)?;
                for variant in Variant::all(*self) {
                    let Variant { golden, temperature, fit } = variant;
                    part.dataset.train.rewards = match (golden, &part.controlled) {
                        (Golden::Controlled, Some([train, _])) => Some(train.clone()),
                        _ => raw.clone(),
                    };
                    let mut settings = settings.clone();
                    settings.answers.temperature = f64::from(temperature);
                    if fit == Fit::Ten {
                        settings.prior.prior_precision = PriorPrecision::Fixed(10.0);
                    }
                    let (model, _) = learnt(part, &settings, threads, (&untrained, &questions))?;
                    let key = (variant, strategy.name(), labels);
                    let measured = points.entry(key).or_default();
                    measured.whole.add(part, golden, (&model, &features), threads)?;
                    if self.recipe == Recipe::Length && part.controlled.is_some() {
                        let names = model.trunk().covariates().to_vec();
                        let model = model.without(&names)?;
                        let golden = Golden::Controlled;
                        measured.without.add(part, golden, (&model, &features), threads)?;
                    }
                }
            }
        }
        part.dataset.train.rewards = raw;
        Ok(())
    }

    /// Rounds of 125, after each of which the model is measured.
    fn in_rounds(
        &self,
        part: &Part,
        threads: &Threads,
        points: &mut Points,
    ) -> Result<(), Failure> {
        let mut settings = self.settings(part);
        for strategy in self.recipe.strategies() {
            settings.asking.strategy = strategy;
            let mut oracle = OracleAnswerer { dataset: &part.dataset, settings: &settings };
            let mut journal = Models::default();
            round::run(&part.dataset, &settings, threads, &mut oracle, &mut journal, &mut Silent)?;
            for (labels, model) in journal.0 {
                let features = test_features(&model, part, threads)?;
                let tally = plain(points, strategy.name(), labels);
                tally.add(part, Golden::Raw, (&model, &features), threads)?;
            }
        }
        Ok(())
    }
}

/// Keeps the model of each round, by the number of labels so far.
#[derive(Default)]
struct Models(Vec<(u64, Model)>);

impl Journal for Models {
    fn begin(&mut self, _: &Settings, _: &Embeddings) -> error::Result<Committed> {
        Ok(Committed::default())
    }

    fn commit(&mut self, round: RoundRecord<'_>) -> error::Result<()> {
        self.0.push((round.metrics.labels, round.model.clone()));
        Ok(())
    }
}

/// The features of the test responses.
pub(super) fn test_features(
    model: &Model,
    part: &Part,
    threads: &Threads,
) -> Result<Features, Failure> {
    let test = &part.test.embeddings;
    let items: Vec<u64> = (0..test.items()).collect();
    Ok(model.trunk().features_of(test, &items, threads)?)
}

/// The first batch of a strategy.
pub(super) fn picked(
    part: &Part,
    settings: &Settings,
    threads: &Threads,
    model: &Model,
) -> Result<Vec<Question>, Failure> {
    let (embeddings, candidates) =
        (&part.dataset.train.embeddings, part.dataset.candidates.as_ref());
    let context = Context { embeddings, settings, threads, listed: None };
    let request = Request { context, candidates, round: 1, strategy: settings.asking.strategy };
    let batch = propose(&request, model.clone(), Answered::default(), &mut Silent)?;
    let question = |pair: &SelectedPair| {
        let (a, b) = (embeddings.item(pair.a)?, embeddings.item(pair.b)?);
        Ok(Question { candidate: pair.pair, ..Question::new(1, a.min(b), a.max(b)) })
    };
    batch.pairs.iter().map(question).collect()
}

/// The model once these questions are answered.
pub(super) fn learnt(
    part: &Part,
    settings: &Settings,
    threads: &Threads,
    (untrained, questions): (&Model, &[Question]),
) -> Result<(Model, Learnt), Failure> {
    let mut oracle = OracleAnswerer { dataset: &part.dataset, settings };
    let answered = oracle.answer(questions)?.unwrap_or_default();
    let mut model = untrained.clone();
    let embeddings = &part.dataset.train.embeddings;
    let context = Context { embeddings, settings, threads, listed: None };
    let learnt = model.fit(context, 1, &answered.labels, &mut Silent)?;
    Ok((model, learnt))
}
