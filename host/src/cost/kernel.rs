//! What kernel features cost: their fit, once a run, and a round of the default recipe on them, within
//! prompts: features of the round's items, a batch by `robust-v-opt`, a head.
//!
//! This machine's times are lines through the times of the real parts on few items.

use std::path::Path;

use pairpick_core::rng::Stream;
use pairpick_core::select::Strategy;

use super::machine::{Cost, OtherMachine};
use super::measure::{Clock, median};
use super::stages::{Stage, StageKind};
use crate::data::dataset::npy_file;
use crate::data::embeddings::Embeddings;
use crate::data::labels::Label;
use crate::data::preference::Preference;
use crate::data::question::Question;
use crate::error::Result;
use crate::model::kernel::{METRIC_ITEMS, RANK};
use crate::model::{Context, Model};
use crate::parallel::Threads;
use crate::progress::Silent;
use crate::round::answer::Answered;
use crate::round::propose::propose;
use crate::round::request::Request;
use crate::settings::{Architecture, Asking, Landmarks, Settings};

/// Runs of each part.
const REPEATS: usize = 3;

/// Prompts of the small data, at least.
const PROMPTS: [u64; 2] = [50, 150];

/// Pairs picked from it.
const BATCHES: [u64; 2] = [4, 20];

/// Labels that small heads learn from.
const LABELS: [u64; 2] = [20, 100];

/// Operations of an exponential and what is around it.
const KERNEL: f64 = 30.0;

/// Steps of Newton's method in all, over the values of λ that the evidence chooses from.
const STEPS: f64 = 12.0;

/// How much there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelShape {
    /// Items of a round.
    pub items: u64,
    /// Responses to a prompt.
    pub responses: u64,
    /// Items that features are fitted to.
    pub training_items: u64,
    /// Numbers in an embedding.
    pub dimensions: u64,
    /// As many as features.
    pub landmarks: u64,
    /// Pairs picked.
    pub batch: u64,
    /// Labels that the head learns from.
    pub labels: u64,
}

impl KernelShape {
    /// How many pairs there are.
    #[must_use]
    pub fn pairs(&self) -> f64 {
        self.items as f64 * (self.responses as f64 - 1.0) / 2.0
    }

    fn rank(&self) -> f64 {
        self.dimensions.min(RANK as u64) as f64
    }

    /// Items that tell the metric.
    fn metric_items(&self) -> f64 {
        self.training_items.min(METRIC_ITEMS as u64) as f64
    }

    /// Bytes that the fit takes beside the file, at most.
    #[must_use]
    pub fn fit_memory(&self) -> f64 {
        let (dimensions, landmarks) = (self.dimensions as f64, self.landmarks as f64);
        let block = 2048.0;
        let metric = dimensions * (dimensions + 1.0) / 2.0 + dimensions * self.rank();
        let kernel = 2.5 * landmarks * landmarks + landmarks * dimensions;
        // The metric's sum is folded from blocks of two matrices each.
        let sums = 4.0 * dimensions * dimensions + 2.0 * block * dimensions;
        let features = block * (2.0 * dimensions + self.rank() + 2.0 * landmarks) / 2.0;
        8.0 * (metric + kernel + sums + features)
    }
}

/// What each stage does: the fit, then those of a round.
#[must_use]
pub fn kernel_stages(shape: &KernelShape) -> [Stage; 4] {
    let [items, dimensions, order, batch, labels] =
        [shape.items, shape.dimensions, shape.landmarks, shape.batch, shape.labels]
            .map(|count| count as f64);
    let (training, rank) = (shape.training_items as f64, shape.rank());
    let embed = 2.0 * dimensions * rank + 2.0 * rank * order + KERNEL * order + 2.0 * order * order;
    let metric = shape.metric_items() * dimensions * (dimensions + 1.0) + dimensions * rank * rank;
    let kernel = 3.0 * order * order * rank + order * order * order;
    let spread = training * (embed + order * (order + 1.0) + 6.0 * order);
    let read = 4.0 * dimensions;
    let walk = items * 6.0 * order + shape.pairs() * KERNEL;
    let select = 2.0 * items * order * order
        + 2.0 * order * order * order
        + batch * (walk + 6.0 * order * order);
    let newton = labels * order * (order + 1.0) + order * order * order / 3.0;
    let stage = |stage, flops, bytes| Stage { stage, flops, bytes };
    [
        stage(
            StageKind::FitFeatures,
            metric + kernel + spread,
            training * (read + 4.0 * order) + shape.metric_items() * 3.0 * read,
        ),
        stage(StageKind::Embed, items * embed, items * (read + 4.0 * order)),
        stage(StageKind::Design, select, items * order * 12.0 + batch * items * order * 8.0),
        stage(
            StageKind::Head,
            2.0 * labels * embed + STEPS * newton,
            STEPS * labels * order * 16.0 + 2.0 * labels * read,
        ),
    ]
}

/// The costs of every stage on another machine, by one thread: features are f32, all else f64.
#[must_use]
pub fn kernel_costs(shape: &KernelShape, machine: OtherMachine) -> Vec<Cost> {
    let scalar = |stage| if stage == StageKind::Embed { 4 } else { 8 };
    let cost = |work: Stage| machine.cost(work, scalar(work.stage), 1.0);
    kernel_stages(shape).into_iter().map(cost).collect()
}

/// The costs of every stage here, by a clock.
///
/// # Errors
/// [`crate::Error::Core`] for shapes that the core does not have.
pub fn measure_kernel(
    threads: &Threads,
    shape: &KernelShape,
    clock: Clock<'_>,
) -> Result<Vec<Cost>> {
    let [few, more] = PROMPTS.map(|prompts| small(shape, prompts));
    let [few, more] = [few?, more?].map(|embeddings| Small { threads, shape, clock, embeddings });
    threads.install(|| {
        let (few, more) = (few.seconds()?, more.seconds()?);
        let items = |line: Line| line.at(shape.items as f64);
        let line = |of: fn(&Seconds) -> f64| Line {
            near: Point { at: few.items, seconds: of(&few) },
            far: Point { at: more.items, seconds: of(&more) },
        };
        let fit = line(|seconds| seconds.fit);
        let metric = shape.metric_items();
        // Beyond the items that tell the metric, they are embedded, and their features' sum taken.
        let beyond = shape.training_items as f64 - metric;
        let spread = line(|seconds| seconds.embed).slope() * 2.0;
        let seconds = [
            fit.at(metric) + beyond * spread,
            items(line(|seconds| seconds.embed)),
            items(line(|seconds| seconds.design)),
            more.head,
        ];
        let stages = kernel_stages(shape).into_iter().zip(seconds);
        let cost = |(work, seconds)| Cost { work, instructions: None, seconds };
        Ok(stages.map(cost).collect())
    })
}

/// What parts took on some items.
struct Seconds {
    items: f64,
    fit: f64,
    embed: f64,
    /// For the shape's batch.
    design: f64,
    /// For the shape's labels.
    head: f64,
}

#[derive(Clone, Copy)]
struct Point {
    at: f64,
    seconds: f64,
}

/// Seconds by a size, in a line, which never falls.
#[derive(Clone, Copy)]
struct Line {
    near: Point,
    far: Point,
}

impl Line {
    fn slope(self) -> f64 {
        let Self { near, far } = self;
        let slope = (far.seconds - near.seconds) / (far.at - near.at);
        if slope > 0.0 { slope } else { 0.0 }
    }

    fn at(self, size: f64) -> f64 {
        let least = self.near.seconds * if size < self.near.at { size / self.near.at } else { 1.0 };
        let value = self.far.seconds + self.slope() * (size - self.far.at);
        if value > least { value } else { least }
    }
}

/// Few items, and what they are measured for.
struct Small<'a> {
    threads: &'a Threads,
    shape: &'a KernelShape,
    clock: Clock<'a>,
    embeddings: Embeddings,
}

impl Small<'_> {
    fn settings(&self, batch: u64) -> Settings {
        let landmarks = self.shape.landmarks as usize;
        let prompts_per_round = self.embeddings.prompts();
        let own = Settings::default();
        let asking = Asking { batch: batch as usize, prompts_per_round, ..own.asking };
        Settings { asking, model: Architecture::Kernel(Landmarks { landmarks }), ..own }
    }

    fn context<'a>(&'a self, settings: &'a Settings) -> Context<'a> {
        let Self { embeddings, threads, .. } = self;
        Context { embeddings, settings, threads, listed: None }
    }

    fn seconds(&self) -> Result<Seconds> {
        let settings = self.settings(1);
        let context = self.context(&settings);
        let fit = self.median(|| Model::untrained(context, &mut Silent).map(drop))?;
        let model = Model::untrained(context, &mut Silent)?;
        let items: Vec<u64> = (0..self.embeddings.items()).collect();
        let embed = || model.trunk().features_of(&self.embeddings, &items, self.threads);
        let embed = self.median(|| embed().map(drop))?;
        let [near, far] = BATCHES.map(|batch| self.design(&model, batch));
        let design = Line { near: near?, far: far? }.at(self.shape.batch as f64) - embed;
        let [near, far] = LABELS.map(|labels| self.head(&model, labels));
        let head = Line { near: near?, far: far? }.at(self.shape.labels as f64);
        let items = self.embeddings.items() as f64;
        Ok(Seconds { items, fit, embed, design: if design > 0.0 { design } else { 0.0 }, head })
    }

    /// A batch, its items embedded first.
    fn design(&self, model: &Model, batch: u64) -> Result<Point> {
        let settings = self.settings(batch);
        let (context, strategy) = (self.context(&settings), Strategy::RobustVOpt);
        let request = Request { context, candidates: None, round: 1, strategy };
        let propose = || propose(&request, model.clone(), Answered::default(), &mut Silent);
        Ok(Point { at: batch as f64, seconds: self.median(|| propose().map(drop))? })
    }

    /// A head, from answers to pairs of all prompts in turn, by chance.
    fn head(&self, model: &Model, labels: u64) -> Result<Point> {
        let settings = self.settings(1);
        let mut chance = Stream::new(2, "cost", 0);
        let prompts = self.embeddings.prompts() as u64;
        let label = |place: u64| {
            let responses = self.shape.responses;
            let turn = place.checked_div(prompts).unwrap_or(0).checked_rem(responses).unwrap_or(0);
            let first = place.checked_rem(prompts).unwrap_or(0);
            let first = first.saturating_mul(self.shape.responses);
            let other = turn.saturating_add(1).checked_rem(responses).unwrap_or(0);
            let (a, b) = (first.saturating_add(turn), first.saturating_add(other));
            let first = chance.uniform::<f64>() < 0.5;
            let preference = if first { Preference::First } else { Preference::Second };
            Label::new(Question::new(1, a, b), preference)
        };
        let answers: Vec<Label> = (0..labels).map(label).collect();
        let context = self.context(&settings);
        let fit = || model.clone().fit(context, 1, &answers, &mut Silent);
        Ok(Point { at: labels as f64, seconds: self.median(|| fit().map(drop))? })
    }

    /// The median of several runs, after one that nobody counts.
    fn median(&self, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
        let mut seconds = Vec::new();
        for _ in 0..=REPEATS {
            let began = (self.clock)();
            run()?;
            seconds.push((self.clock)() - began);
        }
        seconds.remove(0);
        Ok(median(seconds))
    }
}

/// Embeddings of so many prompts, or of more where these have fewer items than landmarks, that lie in
/// some directions more than in others.
fn small(shape: &KernelShape, prompts: u64) -> Result<Embeddings> {
    let least = shape.landmarks.div_ceil(shape.responses);
    let prompts = prompts.saturating_add(least);
    let dimensions = shape.dimensions as usize;
    let count = prompts.saturating_mul(shape.responses).saturating_mul(shape.dimensions);
    let mut stream = Stream::new(0, "cost", 0);
    let value = |place: usize| {
        let direction = place.checked_rem(dimensions).unwrap_or(0) as f32 + 1.0;
        (2.0 * stream.uniform::<f32>() - 1.0) / direction
    };
    let values: Vec<f32> = (0..count as usize).map(value).collect();
    let file = npy_file(vec![prompts, shape.responses, shape.dimensions], &values);
    Embeddings::from_source(file, Path::new("random numbers"))
}
