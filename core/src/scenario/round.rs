//! One round of the loop, a function a stage.

use core::cmp::Ordering;

use super::Size;
use super::data::SEED;
use super::learn::count_unevenly;
use super::recorder::Recorder;
use super::size::largest_prompt;
use crate::arith::{self, Real};
use crate::columns::Columns;
use crate::error::Error;
use crate::fisher::{Weighting, add_pairs};
use crate::head::{loss, rewards};
use crate::kernel::panel::panel_stride;
use crate::linalg::{
    Cholesky, Packed, condition_workspace_len, downdate_workspace_len, packed_len,
};
use crate::metric::{Agreement, best_of_n, spearman};
use crate::parallel::{Executor, split_at};
use crate::pool::{Comparison, ItemPair, Prompts};
use crate::rng::Stream;
use crate::select::Strategy;
use crate::topk::Scored;
use crate::trunk::{Mlp, init};
use crate::whiten::{fill_whitened, fill_whitener, whitener_len};

/// λ of the selections: small enough that f32 feels it.
pub(super) const PRIOR_PRECISION: f64 = 0.01;

/// The strategy whose batch is labelled.
pub(super) const ASKED: Strategy = Strategy::PaDopt;

/// What the rounds share.
pub(super) struct Loop<'a, T, E> {
    pub(super) executor: &'a E,
    pub(super) size: &'a Size,
    pub(super) prompts: Prompts<'a>,
    pub(super) golden: &'a [f64],
    pub(super) listed: &'a [ItemPair],
    pub(super) labels: &'a mut [Comparison<T>],
    pub(super) asked: &'a mut [ItemPair],
    pub(super) labelled: &'a mut [u64],
    pub(super) batch: &'a mut [Scored<T>],
    pub(super) ranks: &'a mut [u64],
    pub(super) heaps: &'a mut [Scored<T>],
    pub(super) doubles: &'a mut [f64],
    pub(super) places: &'a mut [u32],
    pub(super) recorder: Recorder<'a>,
}

/// The numbers of one order's rounds.
pub(super) struct Numbers<'a, T> {
    pub(super) mlp: Mlp,
    pub(super) inputs: &'a mut [T],
    pub(super) parameters: &'a mut [T],
    pub(super) gradient: &'a mut [T],
    pub(super) features: &'a mut [T],
    pub(super) rewards: &'a mut [T],
    pub(super) past: &'a mut [T],
    /// M, then the factor, then the target of V-optimal designs.
    pub(super) matrix: &'a mut [T],
    pub(super) workspace: &'a mut [T],
    /// Features and head as a selection takes them.
    pub(super) features_f32: &'a mut [f32],
    pub(super) head_f32: &'a mut [f32],
    /// The head whose rewards are so far apart that most weights vanish.
    pub(super) stretched_f32: &'a mut [f32],
}

impl<'a, T: Real> Numbers<'a, T> {
    pub(super) fn new(
        size: &Size,
        order: usize,
        embeddings: &[f32],
        numbers: &'a mut [T],
        singles: &'a mut [f32],
    ) -> Result<Self, Error> {
        let mlp = size.network(order)?;
        let mut rest = numbers;
        let mut take = |len: usize| {
            let (taken, tail) = split_at(core::mem::take(&mut rest), len);
            rest = tail;
            taken
        };
        let inputs = take(embeddings.len());
        for (input, value) in inputs.iter_mut().zip(embeddings) {
            *input = T::from_real(*value);
        }
        let (features_f32, singles) = split_at(singles, order.saturating_mul(size.items));
        let (head_f32, singles) = split_at(singles, order);
        Ok(Self {
            mlp,
            inputs,
            parameters: take(mlp.parameters()),
            gradient: take(mlp.parameters()),
            features: take(order.saturating_mul(size.items)),
            rewards: take(size.items),
            past: take(packed_len(order)),
            matrix: take(packed_len(order)),
            workspace: take(usize::MAX),
            features_f32,
            head_f32,
            stretched_f32: split_at(singles, order).0,
        })
    }
}

impl<T: Real, E: Executor> Loop<'_, T, E> {
    /// A round. The first selects by the untrained network, later ones by the features that the
    /// round before left in `numbers`.
    pub(super) fn round(
        &mut self,
        round: usize,
        numbers: &mut Numbers<'_, T>,
    ) -> Result<(), Error> {
        self.recorder.enter(numbers.mlp.features(), round);
        if round == 1 {
            self.initialise(round, numbers)?;
            self.forward(0, numbers)?;
        }
        self.fisher(round, numbers)?;
        self.factor(numbers)?;
        self.select(round, numbers)?;
        self.answer(round, numbers)?;
        self.initialise(round, numbers)?;
        self.train(round, numbers)?;
        self.fit_last_layer(round, numbers)?;
        self.forward(1, numbers)?;
        self.listed_loss(numbers)?;
        self.measure(numbers)
    }

    fn initialise(&mut self, round: usize, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let mut rng = Stream::new(SEED, "initial", round as u64);
        init::uniform(&numbers.mlp, &mut rng, numbers.parameters)?;
        self.recorder.numbers("initial", 0, numbers.parameters)
    }

    fn forward(&mut self, index: usize, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let items = Columns::new(numbers.inputs, self.size.inputs, self.size.items)?;
        let (parameters, workspace) = (&*numbers.parameters, &mut *numbers.workspace);
        numbers.mlp.features_of(self.executor, parameters, items, numbers.features, workspace)?;
        self.recorder.numbers("features", index, numbers.features)?;
        let order = numbers.mlp.features();
        for (single, value) in numbers.features_f32.iter_mut().zip(&*numbers.features) {
            *single = f32::from_real(*value);
        }
        for (single, value) in numbers.head_f32.iter_mut().zip(numbers.mlp.head_of(parameters)) {
            *single = f32::from_real(*value);
        }
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        rewards(self.executor, features, numbers.head_f32, numbers.rewards, numbers.workspace)?;
        self.recorder.numbers("rewards", index, numbers.rewards)
    }

    /// The factor of the pool's matrix, what it tells, and every item whitened by it.
    fn factor(&mut self, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let order = numbers.mlp.features();
        let mut matrix = Packed::new(order, &mut *numbers.matrix)?;
        matrix.add_diagonal(T::from_f64(PRIOR_PRECISION));
        let mut factor = Cholesky::factor(matrix)?;
        self.recorder.numbers("factor", 0, factor.as_slice())?;
        let (workspace, _) = split_at(numbers.workspace, condition_workspace_len(order));
        let condition = factor.condition_estimate(workspace)?;
        self.recorder.numbers("log-det", 0, &[factor.log_det(), condition])?;
        let stride = panel_stride(self.size.items);
        let (whitener, rest) = split_at(numbers.workspace, whitener_len(order));
        let (panel, _) = split_at(rest, order.saturating_mul(stride));
        fill_whitener(factor.as_slice(), order, whitener);
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        fill_whitened(self.executor.level(), features, whitener, stride, panel);
        // The features have served in this precision; a panel has room for more than the items.
        let rows = panel.chunks_exact(stride.max(1));
        for (feature, row) in rows.enumerate() {
            let entries = numbers.features.iter_mut().skip(feature).step_by(order.max(1));
            for (entry, value) in entries.zip(row) {
                *entry = *value;
            }
        }
        self.recorder.numbers("whitened", 0, numbers.features)?;
        change(&mut factor, features.column(1), numbers.workspace, &mut self.recorder)
    }

    /// Answers the batch by the Bradley–Terry probability of the golden rewards; equal ones tie.
    fn answer(&mut self, round: usize, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let known = self.size.known(round);
        let mut rng = Stream::new(SEED, "oracle", round as u64);
        // The network is trained on the first items alone, as if they were the ones asked about.
        let trained = u32::try_from(self.size.trained).unwrap_or(u32::MAX).max(1);
        let golden = |item: u32| self.golden.get(item as usize).copied().unwrap_or(0.0);
        let slots = self.labels.iter_mut().zip(&mut *self.asked);
        for ((label, asked), chosen) in slots.skip(known).zip(&*self.batch) {
            let pair = self.prompts.items_of_pair(chosen.pair).unwrap_or_default();
            let ItemPair { a, b } = pair;
            let margin = golden(a) - golden(b);
            let first = rng.uniform::<f64>() < arith::sigmoid(margin);
            let answer = if first { T::ONE } else { T::ZERO };
            let answer = if margin == 0.0 { T::HALF } else { answer };
            *label = Comparison { a: a % trained, b: b % trained, label: answer, count: T::ONE };
            *asked = pair;
        }
        let (labels, _) = split_at(self.labels, self.size.known(round + 1));
        let (answers, _) = split_at(numbers.workspace, labels.len());
        for (answer, label) in answers.iter_mut().zip(&*labels) {
            *answer = label.label;
        }
        self.recorder.numbers("answers", 0, answers)
    }

    /// The loss of the listed pairs, the first of which is preferred where its golden reward is
    /// larger, and its derivatives. Then the same of answers that count unevenly, and what those tell.
    fn listed_loss(&mut self, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let (_, comparisons) = split_at(self.labels, self.size.labels());
        let golden = |item: u32| self.golden.get(item as usize).copied().unwrap_or(0.0);
        for (comparison, pair) in comparisons.iter_mut().zip(self.listed) {
            let ItemPair { a, b } = *pair;
            let label = match golden(a).total_cmp(&golden(b)) {
                Ordering::Greater => T::ONE,
                Ordering::Equal => T::HALF,
                Ordering::Less => T::ZERO,
            };
            *comparison = Comparison { a, b, label, count: T::ONE };
        }
        let level = self.executor.level();
        let (margins, rest) = split_at(numbers.workspace, comparisons.len());
        let (slopes, _) = split_at(rest, self.size.items);
        for [of_slopes, of_loss] in
            [["listed-slopes", "listed-loss"], ["counted-slopes", "counted-loss"]]
        {
            slopes.fill(T::ZERO);
            loss::margins(numbers.rewards, comparisons, margins);
            loss::add_reward_gradients(level, comparisons, margins, slopes);
            self.recorder.numbers(of_slopes, 0, slopes)?;
            loss::margins(numbers.rewards, comparisons, margins);
            let mean = loss::mean_loss(level, comparisons, margins);
            self.recorder.numbers(of_loss, 0, &[mean])?;
            count_unevenly(comparisons);
        }
        let order = numbers.mlp.features();
        let features = Columns::new(numbers.features_f32, order, self.size.items)?;
        let mut fisher = Packed::new(order, &mut *numbers.matrix)?;
        fisher.clear();
        let (weighting, workspace) = (Weighting::Bernoulli, &mut *numbers.workspace);
        let rewards = &*numbers.rewards;
        add_pairs(
            self.executor,
            features,
            comparisons,
            rewards,
            weighting,
            &mut fisher,
            workspace,
        )?;
        self.recorder.numbers("counted-fisher", 0, fisher.as_slice())
    }

    /// How well the rewards order each prompt's replies.
    fn measure(&mut self, numbers: &mut Numbers<'_, T>) -> Result<(), Error> {
        let predicted = |item: usize| numbers.rewards.get(item).map_or(0.0, |r| r.to_f64());
        let largest = largest_prompt(&self.size.in_prompt(numbers.mlp.features()));
        let (by_prompt, rest) = split_at(self.doubles, self.prompts.len());
        let (own, rest) = split_at(rest, largest);
        let (ranks, _) = split_at(rest, 2 * largest);
        by_prompt.fill(0.0);
        let mut agreement = Agreement::default();
        let mut best = 0.0;
        for (prompt, correlation) in by_prompt.iter_mut().enumerate() {
            let (start, end) = self.prompts.items_of(prompt, prompt + 1);
            let golden = self.golden.get(start..end).unwrap_or_default();
            let (own, _) = split_at(own, golden.len());
            for (place, item) in own.iter_mut().zip(start..end) {
                *place = predicted(item);
            }
            if golden.len() >= 2 {
                let value = spearman(own, golden, self.places, ranks)?;
                *correlation = value.unwrap_or(-2.0);
                best += best_of_n(own, golden, 2, self.places)?;
                agreement.add(own, golden)?;
            }
        }
        self.recorder.numbers("spearman", 0, by_prompt)?;
        let accuracy = agreement.accuracy().unwrap_or(-1.0);
        self.recorder.numbers("metrics", 0, &[best, agreement.agreed, accuracy])
    }
}

/// A label more, a label less, and one less than there were, which is refused.
fn change<T: Real>(
    factor: &mut Cholesky<T, &mut [T]>,
    item: &[f32],
    workspace: &mut [T],
    recorder: &mut Recorder<'_>,
) -> Result<(), Error> {
    let (vector, workspace) = split_at(workspace, item.len());
    let (workspace, _) = split_at(workspace, downdate_workspace_len(item.len()));
    for (entry, value) in vector.iter_mut().zip(item) {
        *entry = T::from_real(*value);
    }
    factor.update(vector)?;
    recorder.numbers("updated", 0, factor.as_slice())?;
    for (entry, value) in vector.iter_mut().zip(item) {
        *entry = T::from_real(*value);
    }
    factor.downdate(vector, workspace)?;
    recorder.numbers("updated", 1, factor.as_slice())?;
    for entry in &mut *vector {
        *entry *= T::from_f64(4096.0);
    }
    recorder.refusal("updated", 2, factor.downdate(vector, workspace));
    Ok(())
}
