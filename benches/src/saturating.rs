//! The example in two dimensions, learnt by a loss that saturates.
//!
//! The authors' code takes the loss of σ(m) rounded to f32, by PyTorch's `BCELoss`. Its derivative with
//! respect to the margin m is (p − y) q / max(q, 10⁻¹²), q = p (1 − p), all of them rounded: 0 once p is
//! 1, from a margin of about 17 on, or 0, so that a pair which the network is confidently wrong about
//! stops teaching. All else is as the program has it.

use pairpick::data::dataset::Dataset;
use pairpick::data::labels::Label;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::model::{Context, MlpTrunk, Model, Trunk};
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round::answer::{Answered, Answerer as _};
use pairpick::round::propose::propose;
use pairpick::round::request::{Request, strategy_of};
use pairpick::round::score::score;
use pairpick::settings::{Init, Settings};
use pairpick_core::arith::sigmoid;
use pairpick_core::columns::Columns;
use pairpick_core::head::loss::margins;
use pairpick_core::metric::spearman;
use pairpick_core::parallel::Executor as _;
use pairpick_core::pool::Comparison;
use pairpick_core::trunk::Mlp;
use pairpick_core::trunk::adam::Adam;
use pairpick_core::trunk::train::{Data, TrainingSizes, gradient, gradient_workspace_len};

use crate::learning::Failure;

/// Below this q the derivative dwindles: PyTorch's guard against a division by 0.
const LEAST: f32 = 1e-12;

/// Which derivative a pair teaches by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// That of the loss of the margin.
    Logits,
    /// That of the loss of a rounded probability.
    Rounded,
}

impl Loss {
    /// What is left of the derivative of the loss of this margin.
    #[must_use]
    pub fn share(self, margin: f32) -> f32 {
        match self {
            Self::Logits => 1.0,
            Self::Rounded => {
                let p = sigmoid(margin);
                let q = p * (1.0 - p);
                if q < LEAST { q / LEAST } else { 1.0 }
            }
        }
    }
}

/// 1−Spearman on the grid after each round of a run.
///
/// # Errors
/// What the data, the settings or the core refuse.
pub fn errors(
    dataset: &Dataset,
    settings: &Settings,
    loss: Loss,
    threads: &Threads,
) -> Result<Vec<f64>, Failure> {
    let embeddings = &dataset.train.embeddings;
    let context = Context { embeddings, settings, threads, listed: None };
    let mut model = Model::untrained(context, &mut Silent)?;
    let (mut known, mut errors) = (Answered::default(), Vec::new());
    let mut oracle = OracleAnswerer { dataset, settings };
    for round in 1..=settings.asking.rounds as u64 {
        let strategy = strategy_of(settings, round);
        let request = Request { context, candidates: None, round, strategy };
        let batch = propose(&request, model.clone(), known.clone(), &mut Silent)?;
        let mut questions = Vec::new();
        for pair in &batch.pairs {
            let [a, b] = [embeddings.item(pair.a)?, embeddings.item(pair.b)?];
            questions.push(pairpick::data::question::Question::new(round, a, b));
        }
        known.labels.extend(oracle.answer(&questions)?.unwrap_or_default().labels);
        if settings.training.init == Init::Fresh || round == 1 {
            model.reset(settings.seed, round)?;
        }
        model = taught(&model, context, &known.labels, loss)?;
        errors.push(measured(dataset, &model, threads)?);
    }
    Ok(errors)
}

fn measured(dataset: &Dataset, model: &Model, threads: &Threads) -> Result<f64, Failure> {
    let test = dataset.test.as_ref().ok_or("no grid")?;
    let scores = score(model, &test.embeddings, None, threads, &mut Silent)?;
    let predicted: Vec<f64> = scores.into_iter().map(|score| score.reward).collect();
    let golden = test.rewards.as_ref().ok_or("no golden rewards")?;
    let golden: Vec<f64> = golden.values().iter().map(|reward| f64::from(*reward)).collect();
    let (mut order, mut ranks) = (vec![0; predicted.len()], vec![0.0; 2 * predicted.len()]);
    Ok(1.0 - spearman(&predicted, &golden, &mut order, &mut ranks)?.ok_or("no order")?)
}

/// The model once it has learnt from these labels.
fn taught(
    model: &Model,
    Context { embeddings, settings, threads, .. }: Context<'_>,
    labels: &[Label],
    loss: Loss,
) -> Result<Model, Failure> {
    let Trunk::Mlp(trunk) = model.trunk() else { return Err("no network".into()) };
    let mut items: Vec<u64> =
        labels.iter().flat_map(|label| [label.question.a, label.question.b]).collect();
    items.sort_unstable();
    items.dedup();
    let place = |item: u64| items.partition_point(|other| *other < item) as u32;
    let comparisons: Vec<Comparison<f32>> = labels
        .iter()
        .flat_map(|label| {
            let [a, b] = [label.question.a, label.question.b].map(place);
            label.votes.answers().map(move |(preference, count)| {
                let (label, count) = (preference.value() as f32, count as f32);
                Comparison { a, b, label, count }
            })
        })
        .collect();
    let inputs = model.trunk().inputs_of(embeddings, &items)?;
    let mut parameters = [trunk.parameters(), model.head()].concat();
    let lessons = Lessons {
        mlp: trunk.mlp(),
        items: Columns::new(&inputs, trunk.mlp().inputs(), items.len())?,
        comparisons: &comparisons,
        loss,
    };
    let training = &settings.training;
    lessons.teach(threads, training.iterations, training.lr, &mut parameters)?;
    let (own, head) = parameters.split_at(trunk.parameters().len());
    let standardisation = trunk.standardisation().cloned();
    let trunk = MlpTrunk::new(*trunk.mlp(), own.to_vec(), standardisation)?;
    Ok(Model::new(Trunk::Mlp(trunk), head.to_vec())?)
}

/// What a network is taught.
struct Lessons<'a> {
    mlp: &'a Mlp,
    items: Columns<'a, f32>,
    comparisons: &'a [Comparison<f32>],
    loss: Loss,
}

impl Lessons<'_> {
    /// Steps of Adam on all comparisons.
    fn teach(
        &self,
        threads: &Threads,
        iterations: usize,
        rate: f64,
        parameters: &mut [f32],
    ) -> Result<(), Failure> {
        let mut adam = Adam::new(rate, 0.0);
        let count = parameters.len();
        let (mut first, mut second) = (vec![0.0; count], vec![0.0; count]);
        for _ in 0..iterations {
            let gradients = self.gradients(threads, parameters)?;
            adam.advance();
            let level = threads.level();
            adam.update(level, false, parameters, &gradients, &mut first, &mut second);
        }
        Ok(())
    }

    /// Those of the mean over all comparisons: one whose derivative dwindles counts as much less.
    fn gradients(&self, threads: &Threads, parameters: &[f32]) -> Result<Vec<f32>, Failure> {
        let Self { mlp, items, comparisons, loss } = *self;
        let mut taught = comparisons.to_vec();
        if loss == Loss::Rounded {
            let margins = self.margins(threads, parameters)?;
            for (comparison, margin) in taught.iter_mut().zip(margins) {
                comparison.count *= loss.share(margin);
            }
            taught.retain(|comparison| comparison.count > 0.0);
        }
        let mut gradients = vec![0.0; parameters.len()];
        if taught.is_empty() {
            return Ok(gradients);
        }
        let data = Data { items, training_items: items.len(), training: &taught, held_out: &[] };
        let len = gradient_workspace_len(mlp, &TrainingSizes::of(&data, threads.threads()));
        let mut workspace = vec![0.0; len];
        gradient(threads, mlp, &data, parameters, &mut gradients, &mut workspace)?;
        let total = |of: &[Comparison<f32>]| {
            of.iter().fold(0.0, |sum, comparison| sum + f64::from(comparison.count))
        };
        let share = total(&taught) / total(comparisons);
        gradients.iter_mut().for_each(|gradient| *gradient = (f64::from(*gradient) * share) as f32);
        Ok(gradients)
    }

    fn margins(&self, threads: &Threads, parameters: &[f32]) -> Result<Vec<f32>, Failure> {
        let Self { mlp, items, comparisons, .. } = *self;
        let mut features = vec![0.0; items.len() * mlp.features()];
        let mut workspace = vec![0.0; mlp.workspace_len(items.len())];
        let hidden = &parameters[..mlp.head()];
        mlp.features_of(threads, hidden, items, &mut features, &mut workspace)?;
        let head = mlp.head_of(parameters);
        let product = |column: &[f32]| {
            let both = column.iter().zip(head);
            both.fold(0.0, |sum, (one, other)| sum + one * other)
        };
        let rewards: Vec<f32> = features.chunks_exact(mlp.features()).map(product).collect();
        let mut out = vec![0.0; comparisons.len()];
        margins(&rewards, comparisons, &mut out);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use pairpick::data::mixture::{Points, dataset};
    use pairpick::grid::mixture;
    use pairpick::round;
    use pairpick::round::journal::{Committed, Journal, RoundRecord};
    use pairpick::runtime::Runtime;

    use super::*;

    /// As PyTorch 2.2 has it: at logit 20 with label 0, and at −110 with label 1, nothing is left.
    #[test]
    fn a_pair_stops_teaching_where_its_probability_is_rounded() {
        for (margin, expected) in
            [(0.0, 1.0), (10.0, 1.0), (20.0, 0.0), (-110.0, 0.0), (-20.0, 1.0)]
        {
            assert_eq!(Loss::Rounded.share(margin), expected, "{margin}");
        }
        let share = Loss::Rounded.share(-30.0);
        assert!((0.09..0.1).contains(&share), "σ(−30) = 9.4e−14: {share}");
        assert_eq!(Loss::Logits.share(40.0), 1.0);
    }

    struct Errors(Vec<f64>);

    impl Journal for Errors {
        fn begin(
            &mut self,
            _: &Settings,
            _: &pairpick::data::embeddings::Embeddings,
        ) -> pairpick::error::Result<Committed> {
            Ok(Committed::default())
        }

        fn commit(&mut self, round: RoundRecord<'_>) -> pairpick::error::Result<()> {
            self.0.extend(round.metrics.one_minus_spearman);
            Ok(())
        }
    }

    /// By the loss of margins a run comes to what the program's does, to the last bit.
    #[test]
    fn all_but_the_loss_is_the_program_s() {
        let dataset = dataset(Points::Normal).unwrap();
        let threads = Threads::start(&Runtime::default()).unwrap();
        let mut settings = mixture::settings(3);
        settings.asking.prompts_per_round = 60;
        settings.asking.batch = 20;
        settings.asking.rounds = 2;
        settings.training.iterations = 40;
        settings.asking.strategy = pairpick_core::select::Strategy::Dopt;
        let mut oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
        let mut journal = Errors(Vec::new());
        round::run(&dataset, &settings, &threads, &mut oracle, &mut journal, &mut Silent).unwrap();
        let found = errors(&dataset, &settings, Loss::Logits, &threads).unwrap();
        assert_eq!(found, journal.0);
        let rounded = errors(&dataset, &settings, Loss::Rounded, &threads).unwrap();
        assert_eq!(rounded.len(), 2);
    }
}
