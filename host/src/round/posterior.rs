//! What all labels so far tell of the last layer, under the current model.

use pairpick_core::arith::Real;
use pairpick_core::fisher::{Weighting, add_pairs, pairs_workspace_len};
use pairpick_core::head::{Covariates, Prior, rewards, rewards_workspace_len};
use pairpick_core::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use pairpick_core::parallel::Executor;
use pairpick_core::pool::{Comparison, ItemPair};
use pairpick_core::select::Posterior;

use crate::data::labels::{Label, questions};
use crate::data::preference::Preference;
use crate::data::question::Question;
use crate::error::{Error, Result};
use crate::model::items::PairFeatures;
use crate::model::prior::prior_precision;
use crate::model::{Context, FeatureCache, Model};
use crate::progress::Progress;

/// What is being computed, for messages.
const CONTEXT: &str = "the Fisher information of the labels";

/// What labels tell whoever goes on without them.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// λ: the one set, or chosen from the labels.
    pub prior_precision: f64,
    /// Σ over the labelled pairs of c w ddᵀ, the lower triangle.
    pub fisher: Vec<f64>,
    /// The same with w = ¼.
    pub alike: Vec<f64>,
}

impl Summary {
    /// Of labels, under the model that was trained on them.
    ///
    /// # Errors
    /// What reading the embeddings refuses.
    pub fn of(
        context: Context<'_>,
        model: &Model,
        labels: &[Label],
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let Context { embeddings, threads, .. } = context;
        let cache = FeatureCache::default();
        let pairs =
            PairFeatures::of(model.trunk(), &cache, embeddings, threads, questions(labels))?;
        let prior_precision = prior_precision(context, model.trunk(), &pairs, labels, progress)?;
        let (known, order) = (Known { labels, open: &[] }, model.trunk().features());
        let fisher =
            |head| fisher_of::<f64>(context, order, head, &pairs, known).map(Packed::into_inner);
        Ok(Self { prior_precision, fisher: fisher(Some(model.head()))?, alike: fisher(None)? })
    }
}

/// The parts of P = λI + Σ.
pub(super) struct LabelPosterior<T> {
    /// Σ over the labelled pairs of c w ddᵀ, c being how often a pair's answers count, the features
    /// those of the current trunk.
    fisher: Packed<T, Vec<T>>,
    /// λ, and what covariates have.
    prior: Prior<f64>,
    cache: FeatureCache,
}

impl<T: Real> LabelPosterior<T> {
    /// That of the labels so far; of none, λ is the only part, which a fit may have chosen already.
    pub(super) fn of(
        context: Context<'_>,
        model: &Model,
        labels: &[Label],
        chosen: Option<f64>,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        Self::with_open(context, model, Known { labels, open: &[] }, chosen, progress)
    }

    /// The same, and of pairs that wait for their answers, of which one each is expected: they do not
    /// choose λ, but weigh as labelled ones do.
    pub(super) fn with_open(
        context: Context<'_>,
        model: &Model,
        known: Known<'_>,
        chosen: Option<f64>,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let Context { embeddings, threads, .. } = context;
        let (Known { labels, open }, trunk) = (known, model.trunk());
        progress.begin("learning what labels tell", 0);
        let cache = &FeatureCache::default();
        let mut pairs = PairFeatures::of(trunk, cache, embeddings, threads, questions(labels))?;
        let prior_precision = match chosen {
            Some(prior_precision) => prior_precision,
            None => prior_precision(context, trunk, &pairs, labels, progress)?,
        };
        if !open.is_empty() {
            let cache = &pairs.into_cache();
            pairs = PairFeatures::of(trunk, cache, embeddings, threads, known.questions())?;
        }
        let order = trunk.features();
        let fisher = fisher_of(context, order, Some(model.head()), &pairs, known)?;
        progress.end();
        let prior = trunk.prior(prior_precision);
        Ok(Self { fisher, prior, cache: pairs.into_cache() })
    }

    /// λ.
    pub(super) fn prior_precision(&self) -> f64 {
        self.prior.precision
    }

    /// λ, and what covariates have.
    pub(super) fn prior(&self) -> Prior<f64> {
        self.prior
    }

    /// The features of the labels' items.
    pub(super) fn cache(&self) -> &FeatureCache {
        &self.cache
    }

    /// Σ.
    pub(super) fn fisher(&self) -> &Packed<T, Vec<T>> {
        &self.fisher
    }

    /// What is believed of the last layer, beside the head.
    pub(super) fn with_head<'a>(&'a self, head: &'a [f32]) -> Result<Posterior<'a, T>> {
        posterior_of(&self.fisher, head, self.prior)
    }

    /// P.
    pub(super) fn precision(&self) -> Packed<T, Vec<T>> {
        let mut matrix = self.fisher.clone();
        let Prior { precision, covariates: Covariates { count, precision: own } } = self.prior;
        // As a design's P is summed: what covariates have in place of λ, then λI.
        let more = T::from_f64(own) - T::from_f64(precision);
        let covariates = Covariates { count, precision: more };
        Prior { precision: T::ZERO, covariates }.add_to(&mut matrix);
        matrix.add_diagonal(T::from_f64(precision));
        matrix
    }

    /// Of P; none, with a note, where P has no factor in this precision.
    pub(super) fn log_det(&self, progress: &mut dyn Progress) -> Option<LogDet> {
        match Cholesky::factor(self.precision()) {
            Ok(factor) => {
                let mut workspace = vec![T::ZERO; condition_workspace_len(factor.order())];
                let over_prior = match self.prior.covariates.count {
                    0 => factor.log_det_over(T::from_f64(self.prior.precision)).to_f64(),
                    _ => factor.log_det().to_f64() - self.prior.log_det(factor.order()),
                };
                let log_det = LogDet { value: factor.log_det().to_f64(), over_prior };
                if let Err(error) = factor.checked(&mut workspace) {
                    progress.note(&Error::core("log|P| is uncertain")(error).to_string());
                }
                Some(log_det)
            }
            Err(error) => {
                progress.note(&Error::core("log|P| is not known")(error).to_string());
                None
            }
        }
    }
}

/// Pairs that the last layer is known by.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Those with answers.
    pub(super) labels: &'a [Label],
    /// Those that wait for theirs.
    pub(super) open: &'a [Question],
}

impl<'a> Known<'a> {
    /// All that was asked, in the order of the sums.
    pub(super) fn questions(self) -> impl Iterator<Item = &'a Question> + Clone {
        questions(self.labels).chain(self.open)
    }
}

/// How well the last layer is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogDet {
    /// log|P|.
    pub(super) value: f64,
    /// log|P| − H ln λ: what the labels add to the prior.
    pub(super) over_prior: f64,
}

/// What is believed of weights by this past and prior, beside their head.
pub(super) fn posterior_of<'a, T: Real>(
    past: &'a Packed<T, Vec<T>>,
    head: &'a [f32],
    prior: Prior<f64>,
) -> Result<Posterior<'a, T>> {
    let past = Packed::new(past.order(), past.as_slice());
    Ok(Posterior {
        head,
        prior_precision: T::from_f64(prior.precision),
        covariates: Covariates {
            count: prior.covariates.count,
            precision: T::from_f64(prior.covariates.precision),
        },
        jitter: T::ZERO,
        past: past.map_err(Error::core(CONTEXT))?,
    })
}

/// The Fisher information of labelled pairs with so many features, each as often as its answers count,
/// then of open ones; with w = ¼ where no head says how sure they are.
pub(super) fn fisher_of<T: Real>(
    context: Context<'_>,
    order: usize,
    head: Option<&[f32]>,
    pairs: &PairFeatures,
    known: Known<'_>,
) -> Result<Packed<T, Vec<T>>> {
    let Context { embeddings, threads, .. } = context;
    let zeros = vec![T::ZERO; packed_len(order)];
    let mut fisher = Packed::new(order, zeros).map_err(Error::core(CONTEXT))?;
    if pairs.pairs().is_empty() {
        return Ok(fisher);
    }
    let features = pairs.columns()?;
    let len = rewards_workspace_len(order).max(4 * pairs_workspace_len(order));
    let mut workspace = vec![T::ZERO; threads.threads() * len];
    let mut values = vec![T::ZERO; features.len()];
    let rewards = head.map(|head| rewards(threads, features, head, &mut values, &mut workspace));
    rewards
        .unwrap_or(Ok(()))
        .and_then(|()| {
            let (comparisons, weighting) = (comparisons::<T>(pairs, known), Weighting::Bernoulli);
            add_pairs(
                threads,
                features,
                &comparisons,
                &values,
                weighting,
                &mut fisher,
                &mut workspace,
            )
        })
        .map_err(embeddings.refused_rewards(pairs.items(), Error::core(CONTEXT)))?;
    Ok(fisher)
}

/// Labelled pairs with their answers, then open ones; the information of a pair does not depend on which
/// answer it is that is expected.
fn comparisons<T: Real>(pairs: &PairFeatures, known: Known<'_>) -> Vec<Comparison<T>> {
    let mut comparisons = pairs.comparisons(known.labels);
    let open = pairs.pairs().iter().skip(known.labels.len());
    let (label, count) = (T::from_f64(Preference::Tie.value()), T::from_f64(1.0));
    comparisons.extend(open.map(|ItemPair { a, b }| Comparison { a: *a, b: *b, label, count }));
    comparisons
}
