//! [`Design`]: the features that pairs are chosen by, and what the labels tell on these.
//!
//! Mostly they are those that the last layer sees. A strategy for fixed features may have others, which
//! are fitted once and to no label; where its features are a network's, they are scaled as fixed ones
//! are, ‖φ − φ̄‖² within a prompt being 1 in the mean. Its features are without covariates: a few answers
//! tell which way a length points where pairs differ in it and in all that goes with it, as plain
//! features have it; with the length apart, the design turns from it after the first pairs.

use std::borrow::Cow;

use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::head::Prior;
use pairpick_core::linalg::Packed;
use pairpick_core::select::{Posterior, Weights};

use super::pool::RoundPool;
use super::posterior::{Known, LabelPosterior, fisher_of, posterior_of};
use super::request::Request;
use super::target::target;
use crate::error::Result;
use crate::model::differences::Squares;
use crate::model::items::PairFeatures;
use crate::model::{Context, FeatureCache, Features, Model, Trunk};
use crate::progress::Progress;
use crate::settings;

/// What designs are computed on, beside the model and the posterior of its last layer.
pub(super) struct Design<T> {
    /// What gives the features, where the model does not.
    own: Option<Trunk>,
    /// Σ c w ddᵀ over the labelled pairs, where w is ¼ or the features are the design's own; else it
    /// is the last layer's.
    past: Option<Packed<T, Vec<T>>>,
    /// The design's own features of the labels' items.
    cache: FeatureCache,
}

impl<T: Real> Design<T> {
    /// That of a run's strategy, before any label.
    pub(super) fn of(
        context: Context<'_>,
        model: &Model,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let asking = &context.settings.asking;
        let (strategy, trunk) = (asking.strategy, model.trunk());
        let features = context.settings.design_features(strategy);
        let needs_no_head = asking.weights(strategy) == Some(Weights::Constant);
        let own = match (features == trunk.kind(), trunk.beside_covariates()) {
            (true, Some(plain)) if strategy.facts().fixed_features && needs_no_head => {
                Some(plain.clone())
            }
            (true, _) => None,
            (false, _) => Some(Trunk::of_design(context, features, progress)?),
        };
        Ok(Self { own, past: None, cache: FeatureCache::default() })
    }

    /// Learns from all pairs so far, of whose last layer this is the posterior.
    pub(super) fn learn(
        &mut self,
        context: Context<'_>,
        model: &Model,
        posterior: &LabelPosterior<T>,
        known: Known<'_>,
    ) -> Result<()> {
        let asking = &context.settings.asking;
        if asking.weights(asking.strategy) != Some(Weights::Constant) {
            return Ok(());
        }
        let Context { embeddings, threads, .. } = context;
        let (trunk, cache) = match &self.own {
            Some(own) => (own, &self.cache),
            None => (model.trunk(), posterior.cache()),
        };
        let pairs = PairFeatures::of(trunk, cache, embeddings, threads, known.questions())?;
        self.past = Some(fisher_of(context, trunk.features(), None, &pairs, known)?);
        if self.own.is_some() {
            self.cache = pairs.into_cache();
        }
        Ok(())
    }

    /// What the strategy of a round reads of it, for a pool whose items have these features by the
    /// model.
    pub(super) fn of_pool<'a>(
        &'a self,
        request: &Request<'_>,
        model: &'a Model,
        posterior: &'a LabelPosterior<T>,
        drawn: &RoundPool,
        features: &'a Features,
    ) -> Result<PoolDesign<'a, T>> {
        let Context { embeddings, threads, .. } = request.context;
        let is_fixed = request.strategy.facts().fixed_features;
        // A design that weighs pairs alike, or has features of its own, knows no covariates.
        let alike = Prior::from(posterior.prior_precision());
        if let Some(trunk) = self.own.as_ref().filter(|_| is_fixed) {
            let features = trunk.features_cached(&self.cache, embeddings, &drawn.items, threads)?;
            let past = self.past.as_ref().unwrap_or_else(|| posterior.fisher());
            let head = Cow::Owned(vec![0.0; trunk.features()]);
            let (features, past) = (Cow::Owned(features), Cow::Borrowed(past));
            return Ok(PoolDesign { trunk, features, head, past, prior: alike });
        }
        let (past, prior) = match self.past.as_ref().filter(|_| self.own.is_none()) {
            Some(past) => (past, alike),
            None => (posterior.fisher(), posterior.prior()),
        };
        let (features, past) = (Cow::Borrowed(features), Cow::Borrowed(past));
        let head = Cow::Borrowed(model.head());
        let design = PoolDesign { trunk: model.trunk(), features, head, past, prior };
        match is_fixed && model.trunk().kind() == settings::Features::Mlp {
            true => design.scaled(request, drawn),
            false => Ok(design),
        }
    }
}

/// A design's part in a round: its features of the pool's items, and what is known on these.
pub(super) struct PoolDesign<'a, T: Clone> {
    /// What gives the features, but for their scale.
    pub(super) trunk: &'a Trunk,
    pub(super) features: Cow<'a, Features>,
    head: Cow<'a, [f32]>,
    past: Cow<'a, Packed<T, Vec<T>>>,
    prior: Prior<f64>,
}

impl<T: Real> PoolDesign<'_, T> {
    /// What a design starts from, whose λ is the last layer's but for one with a precision of its own.
    pub(super) fn posterior(&self) -> Result<Posterior<'_, T>> {
        posterior_of(&self.past, &self.head, self.prior)
    }

    /// With ‖φ − φ̄‖² of 1 in the mean over the pool's items, and the same rewards.
    fn scaled(self, request: &Request<'_>, drawn: &RoundPool) -> Result<Self> {
        let square = self.mean_square(request, drawn)?;
        let factor = 1.0 / square.sqrt_of();
        let features = Cow::Owned(self.features.scaled(factor));
        let head = self.head.iter().map(|weight| (f64::from(*weight) / factor) as f32).collect();
        let mut past = self.past.into_owned();
        let factor = T::from_f64(1.0 / square);
        past.as_mut_slice().iter_mut().for_each(|entry| *entry *= factor);
        // λ is of features of this size; covariates are in units of their own.
        let mut prior = self.prior;
        prior.covariates.precision /= square;
        Ok(Self { features, head: Cow::Owned(head), past: Cow::Owned(past), prior, ..self })
    }

    /// The mean of ‖φ − φ̄‖² within the pool's prompts, or where none has two items within its pairs;
    /// 1 where features do not differ.
    fn mean_square(&self, request: &Request<'_>, drawn: &RoundPool) -> Result<f64> {
        let columns: Columns<'_, f32> = self.features.columns()?;
        let mut squares = Squares::new(columns.rows());
        squares.add(columns, &drawn.starts)?;
        if let Some(mean) = squares.mean_where_they_differ() {
            return Ok(mean);
        }
        let mut first_pairs = Vec::new();
        let pool = drawn.pool(columns, &mut first_pairs)?;
        let moment = target::<f64>(request, self.trunk, &pool, &drawn.starts)?;
        // The mean of two items is half-way.
        let mean = moment.trace() / 4.0;
        Ok(if mean > 0.0 { mean } else { 1.0 })
    }
}
