//! The pools of a round: pairs of every kind, their Fisher information, and the batch that every
//! strategy picks from them.

use super::Size;
use super::data::SEED;
use super::recorder::Recorder;
use super::round::{ASKED, Loop, Numbers, PRIOR_PRECISION};
use crate::arith::Real;
use crate::certificate::{Certifier, Effort};
use crate::columns::Columns;
use crate::error::Error;
use crate::fisher::{Weighting, add_pairs, add_pool};
use crate::head::{Covariates, rewards};
use crate::linalg::Packed;
use crate::memory::smaller;
use crate::mutual_information::BatchInformation;
use crate::parallel::{Executor, split_at};
use crate::pool::{Distinct, ItemPair, Pairs, Pool, PoolSize, Prompts};
use crate::rng::Stream;
use crate::select::{Options, Posterior, Problem, Selection, Selector, Strategy, Weights};
use crate::sort::sort;

/// A pool, and by which rewards its pairs are weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    InPrompt,
    CrossPrompt,
    /// The cross-prompt pool with rewards so far apart that most weights vanish.
    Stretched,
    Listed,
}

impl Offer {
    /// The in-prompt pool last: its matrix is the one that the round goes on with.
    pub(super) const ALL: [Self; 4] =
        [Self::Listed, Self::Stretched, Self::CrossPrompt, Self::InPrompt];

    pub(super) fn pairs<'a>(
        self,
        size: &Size,
        prompts: Prompts<'a>,
        listed: &'a [ItemPair],
    ) -> Pairs<'a> {
        match self {
            Self::InPrompt => Pairs::InPrompt(prompts),
            Self::CrossPrompt | Self::Stretched => {
                Pairs::CrossPrompt(u32::try_from(size.crossed).unwrap_or(u32::MAX))
            }
            Self::Listed => Pairs::Listed(listed),
        }
    }

    /// How large the pool is.
    pub(super) const fn size(self, size: &Size, order: usize) -> PoolSize {
        match self {
            Self::InPrompt => size.in_prompt(order),
            Self::CrossPrompt | Self::Stretched => PoolSize::cross_prompt(order, size.crossed),
            Self::Listed => PoolSize::listed(order, size.items, size.listed),
        }
    }

    /// Whether a strategy picks from the pool here. Where one walks over the pairs of two pools in one
    /// way, it does so once: a device's memory is small.
    pub(super) const fn is_for(self, strategy: Strategy) -> bool {
        let again = matches!(
            strategy,
            Strategy::AOpt
                | Strategy::VOpt
                | Strategy::Exchange
                | Strategy::GreedyAOpt
                | Strategy::GreedyVOpt
                | Strategy::RobustVOpt
        );
        match self {
            // A hundred walks over the pairs, thousands of which tell no more than those of the list.
            Self::InPrompt => !matches!(strategy, Strategy::Coreset),
            Self::CrossPrompt => strategy.facts().all_pairs,
            Self::Stretched => strategy.facts().all_pairs && !again,
            Self::Listed => !again,
        }
    }

    /// The first of the places at which its stages stand among those of their names.
    const fn index(self, stages: usize) -> usize {
        let number = match self {
            Self::InPrompt => 0,
            Self::CrossPrompt => 1,
            Self::Stretched => 2,
            Self::Listed => 3,
        };
        number * stages
    }
}

fn pool<'a>(
    features: Columns<'a, f32>,
    pairs: Pairs<'a>,
    labelled: &'a [u64],
) -> Result<Pool<'a>, Error> {
    match pairs {
        Pairs::InPrompt(prompts) => Pool::in_prompt(features, prompts, labelled),
        Pairs::CrossPrompt(items) => {
            Pool::cross_prompt(features.range(0, items as usize), labelled)
        }
        Pairs::Listed(pairs) => Pool::listed(features, pairs, labelled),
    }
}

/// What strategies are run with: samples in numbers that a device can afford; pairs of a list are
/// drawn, weights averaged where rewards are far apart, and items capped outside prompts.
pub(super) const fn options<'a, T: Real>(offer: Offer) -> Options<'a, T> {
    let few = Options { posterior_samples: 5, configurations: 11, clusters: 3, ..Options::DEFAULT };
    match offer {
        Offer::InPrompt => few,
        Offer::CrossPrompt => Options { distinct: Some(Distinct::PerItem(1)), ..few },
        Offer::Stretched => Options { weights: Some(Weights::Averaged), ..few },
        Offer::Listed => Options { sampled: true, distinct: Some(Distinct::PerItem(2)), ..few },
    }
}

/// The most pairs that a strategy picks here: few where it walks over the pool for each.
const fn picks(strategy: Strategy) -> usize {
    match strategy {
        Strategy::Exchange | Strategy::GreedyAOpt | Strategy::GreedyVOpt | Strategy::RobustVOpt => {
            6
        }
        _ => usize::MAX,
    }
}

impl<T: Real> Numbers<'_, T> {
    /// Fills in the head whose rewards are far apart, by a power of two, and tells both ranges.
    fn stretch(&mut self, size: &Size, recorder: &mut Recorder<'_>) -> Result<(), Error> {
        let (rewards, _) = split_at(self.rewards, size.crossed);
        let first = rewards.first().copied().unwrap_or(T::ZERO);
        let (mut least, mut most) = (first, first);
        for reward in rewards {
            least = if *reward < least { *reward } else { least };
            most = if most < *reward { *reward } else { most };
        }
        let (mut range, mut factor) = (most - least, 1.0);
        recorder.numbers("range", 0, &[range])?;
        let far =
            T::from_f64(if T::SIGNIFICAND_BITS < f64::SIGNIFICAND_BITS { 80.0 } else { 600.0 });
        while range <= far && factor < 1e9 {
            (range, factor) = (range * T::TWO, factor * 2.0);
        }
        recorder.numbers("range", 1, &[range])?;
        for (stretched, weight) in self.stretched_f32.iter_mut().zip(&*self.head_f32) {
            *stretched = factor * *weight;
        }
        Ok(())
    }
}

impl<T: Real, E: Executor> Loop<'_, T, E> {
    /// The Fisher information of each pool, of the listed pairs, and of the labelled ones (`past`).
    pub(super) fn fisher(
        &mut self,
        round: usize,
        numbers: &mut Numbers<'_, T>,
    ) -> Result<(), Error> {
        numbers.stretch(self.size, &mut self.recorder)?;
        let order = numbers.mlp.features();
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        let executor = self.executor;
        let mut matrix = Packed::new(order, &mut *numbers.matrix)?;
        for (index, weighting) in [Weighting::Unit, Weighting::Bernoulli].into_iter().enumerate() {
            let (listed, rewards) = (self.listed, &*numbers.rewards);
            matrix.clear();
            add_pairs(
                executor,
                features,
                listed,
                rewards,
                weighting,
                &mut matrix,
                numbers.workspace,
            )?;
            self.recorder.numbers("fisher-listed", index, matrix.as_slice())?;
        }
        let (past, _) = split_at(self.asked, self.size.known(round));
        for offer in Offer::ALL {
            let pairs = offer.pairs(self.size, self.prompts, self.listed);
            let pool = pool(features, pairs, labelled(pairs, past, self.labelled))?;
            // The features have served in this precision.
            let (stretched, _) = split_at(numbers.features, self.size.crossed);
            let of_pool = match offer {
                Offer::Stretched => {
                    let head = &*numbers.stretched_f32;
                    rewards(executor, pool.features(), head, stretched, numbers.workspace)?;
                    &*stretched
                }
                _ => numbers.rewards.get(..pool.features().len()).unwrap_or_default(),
            };
            for (index, weighting) in [(0, Weighting::Unit), (1, Weighting::Bernoulli)] {
                matrix.clear();
                let (workspace, items) = (&mut *numbers.workspace, &mut *self.heaps);
                add_pool(executor, &pool, of_pool, weighting, &mut matrix, workspace, items)?;
                self.recorder.numbers("fisher-pool", offer.index(2) + index, matrix.as_slice())?;
            }
        }
        let mut matrix = Packed::new(order, &mut *numbers.past)?;
        matrix.clear();
        let (rewards, weighting) = (&*numbers.rewards, Weighting::Bernoulli);
        add_pairs(executor, features, past, rewards, weighting, &mut matrix, numbers.workspace)?;
        self.recorder.numbers("fisher-past", 0, matrix.as_slice())
    }

    /// The batch of every strategy from every pool; [`ASKED`]'s from the in-prompt one, which is
    /// the one to answer, last.
    pub(super) fn select(
        &mut self,
        round: usize,
        numbers: &mut Numbers<'_, T>,
    ) -> Result<(), Error> {
        self.aim(numbers)?;
        for offer in Offer::ALL {
            for strategy in Strategy::ALL.into_iter().filter(|strategy| offer.is_for(*strategy)) {
                let selection = self.choose(strategy, offer, round, numbers)?;
                let (name, index) = (strategy.name(), offer.index(3));
                let (batch, _) = split_at(self.batch, picks(strategy));
                let batch = &*batch;
                let pair = |at: usize| batch.get(at).map_or(0, |chosen| chosen.pair);
                self.recorder.integers(name, index, batch.len(), &pair);
                let (scores, _) = split_at(numbers.workspace, batch.len());
                for (score, chosen) in scores.iter_mut().zip(batch) {
                    *score = chosen.score;
                }
                self.recorder.numbers(name, index + 1, scores)?;
                if let (Some(condition), Some(log_det)) = (selection.condition, selection.log_det) {
                    self.recorder.numbers(name, index + 2, &[condition, log_det])?;
                }
            }
        }
        self.choose(ASKED, Offer::InPrompt, round, numbers)?;
        self.certify(round, numbers)
    }

    /// The target of V-optimal designs: all pairs within prompts, each counting alike.
    fn aim(&mut self, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let order = numbers.mlp.features();
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        let pool = Pool::in_prompt(features, self.prompts, &[])?;
        let mut target = Packed::new(order, &mut *numbers.matrix)?;
        target.clear();
        let (rewards, workspace) = (&*numbers.rewards, &mut *numbers.workspace);
        add_pool(self.executor, &pool, rewards, Weighting::Unit, &mut target, workspace, &mut [])
    }

    fn choose(
        &mut self,
        strategy: Strategy,
        offer: Offer,
        round: usize,
        numbers: &mut Numbers<'_, T>,
    ) -> Result<Selection, Error> {
        let order = numbers.mlp.features();
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        let pairs = offer.pairs(self.size, self.prompts, self.listed);
        let (asked, _) = split_at(self.asked, self.size.known(round));
        let pool = &pool(features, pairs, labelled(pairs, asked, self.labelled))?;
        let stretched = offer == Offer::Stretched;
        let head = if stretched { &*numbers.stretched_f32 } else { &*numbers.head_f32 };
        let posterior = &posterior(head, numbers.past)?;
        let mut rng = Stream::new(SEED, strategy.name(), round as u64);
        let target = Some(Packed::new(order, &*numbers.matrix)?);
        let options = &Options { target, ..options(offer) }.read_by(&strategy.facts());
        let problem = Problem { executor: self.executor, pool, posterior, options };
        let picks = smaller(self.batch.len(), picks(strategy));
        let mut selector = Selector {
            numbers: &mut *numbers.workspace,
            heaps: &mut *self.heaps,
            ranks: &mut *self.ranks,
            batch: &mut *self.batch,
        };
        Ok(selector.select(strategy, &problem, picks, &mut rng)?.selection)
    }

    /// What the batch to answer brings, and how near it is to the best.
    fn certify(&mut self, round: usize, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let order = numbers.mlp.features();
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        let (asked, pairs) = split_at(self.asked, self.size.known(round));
        let in_prompt = Pairs::InPrompt(self.prompts);
        let pool = &pool(features, in_prompt, labelled(in_prompt, asked, self.labelled))?;
        let posterior = &posterior(numbers.head_f32, numbers.past)?;
        let problem =
            Problem { executor: self.executor, pool, posterior, options: &Options::DEFAULT };
        let mut certifier = Certifier {
            numbers: &mut *numbers.workspace,
            heaps: &mut *self.heaps,
            pairs,
            ranks: &mut *self.ranks,
        };
        let BatchInformation { nats, gain } = certifier.information(&problem, self.batch)?;
        self.recorder.numbers("information", 0, &[nats, gain])?;
        let effort = Effort { gap: 0.0, iterations: STEPS };
        let certificate = certifier.certify(&problem, self.batch, effort, &mut |_| ())?;
        self.recorder.numbers("certificate", 0, &[certificate.gain, certificate.bound])
    }
}

/// Iterations of a certificate: what they are made of shows in a few.
const STEPS: usize = 3;

/// What is believed under a head.
fn posterior<'a, T: Real>(head: &'a [f32], past: &'a [T]) -> Result<Posterior<'a, T>, Error> {
    let past = Packed::new(head.len(), past)?;
    Ok(Posterior {
        head,
        prior_precision: T::from_f64(PRIOR_PRECISION),
        covariates: Covariates::NONE,
        jitter: T::ZERO,
        past,
    })
}

/// Which of the pairs have a label, ascending: those asked about, or of a list as many, in every
/// third place.
fn labelled<'a>(pairs: Pairs<'_>, asked: &[ItemPair], out: &'a mut [u64]) -> &'a [u64] {
    let mut count = 0;
    let numbers = (0_u64..).zip(asked).filter_map(|(place, pair)| match pairs {
        Pairs::Listed(_) => Some(3 * place),
        _ => pairs.pair_number(pair.a, pair.b),
    });
    for (slot, number) in out.iter_mut().zip(numbers) {
        *slot = number;
        count += 1;
    }
    let (labelled, _) = split_at(out, count);
    sort(labelled, &|a, b| a.cmp(b));
    labelled
}
