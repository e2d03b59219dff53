//! What a batch is worth, by the model that picked it.

use pairpick_core::arith::Real;
use pairpick_core::certificate::{self, Effort, Memory, certify, memory_len};
use pairpick_core::parallel::Executor;
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Problem, Sizes, Strategy, Workspace};
use pairpick_core::topk::Scored;

use super::metrics::CertificateReport;
use super::request::Request;
use crate::error::Error;
use crate::parallel::Threads;
use crate::progress::Progress;

/// What a batch adds to log|P|, and its certificate where one is asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Gain {
    /// Δlog|P| by the batch, in nats.
    pub(super) nats: Option<f64>,
    /// Half of that, over the pairs of the batch.
    pub(super) per_label: Option<f64>,
    pub(super) certificate: Option<CertificateReport>,
}

/// Measures a batch. What cannot be measured is left out, with a note: the batch is good without.
pub(super) fn of_batch<T: Real>(
    request: &Request<'_>,
    problem: &Problem<'_, T, Threads>,
    batch: &[Scored<T>],
    progress: &mut dyn Progress,
) -> Gain {
    let mut measure = Measure::new(problem, batch.len());
    let gain = measure.gain(batch);
    let nats = or_note(gain, "what the batch tells", request, progress);
    let mut certificate = None;
    if nats.is_some() && request.context.settings.certificate {
        let found = measure.certificate(request, batch, progress);
        certificate = or_note(found, "the certificate", request, progress);
    }
    let per_label = nats.map(|nats| nats / (2.0 * batch.len() as f64));
    Gain { nats, per_label, certificate }
}

/// A figure, or a note that there is none.
fn or_note<F>(
    figure: CoreResult<F>,
    name: &str,
    request: &Request<'_>,
    progress: &mut dyn Progress,
) -> Option<F> {
    let context = format!("round {}: {name} is not known", request.round);
    figure.map_err(|error| progress.note(&Error::core(context)(error).to_string())).ok()
}

type CoreResult<T> = Result<T, pairpick_core::Error>;

struct Measure<'a, T> {
    problem: &'a Problem<'a, T, Threads>,
    numbers: Vec<T>,
    heaps: Vec<Scored<T>>,
    pairs: Vec<(u32, u32)>,
}

impl<'a, T: Real> Measure<'a, T> {
    fn new(problem: &'a Problem<'a, T, Threads>, batch: usize) -> Self {
        let len = memory_len(&Sizes::of(problem.pool, batch, problem.executor.threads()));
        Self {
            problem,
            numbers: vec![T::ZERO; len.numbers],
            heaps: vec![Scored::default(); len.heaps],
            pairs: vec![(0, 0); len.pairs],
        }
    }

    fn memory(&mut self) -> Memory<'_, T> {
        Memory { numbers: &mut self.numbers, heaps: &mut self.heaps, pairs: &mut self.pairs }
    }

    fn log_det(&mut self, batch: &[Scored<T>]) -> CoreResult<f64> {
        certificate::log_det(self.problem, batch, self.memory())
    }

    fn gain(&mut self, batch: &[Scored<T>]) -> CoreResult<f64> {
        Ok(self.log_det(batch)? - self.log_det(&[])?)
    }

    fn certificate(
        &mut self,
        request: &Request<'_>,
        batch: &[Scored<T>],
        progress: &mut dyn Progress,
    ) -> CoreResult<CertificateReport> {
        let effort = Effort::default();
        progress.begin("bounding the possible gain", effort.iterations as u64);
        let certificate = certify(self.problem, batch, effort, self.memory(), &mut |seen| {
            progress.advance(seen.iterations as u64);
        });
        progress.end();
        let certificate = certificate?;
        let random = self.random(request, batch.len()).and_then(|random| self.log_det(&random));
        let random =
            or_note(random, "what a random batch under the same caps gains", request, progress);
        Ok(CertificateReport::new(&certificate, random))
    }

    /// The batch that `random` picks in this round, under the same caps.
    fn random(&self, request: &Request<'_>, batch: usize) -> CoreResult<Vec<Scored<T>>> {
        let caps = self.problem.options.distinct.unwrap_or(request.strategy.own_distinct());
        let options = Options { distinct: Some(caps), ..Options::default() };
        let problem = Problem { options: &options, ..*self.problem };
        let sizes = Sizes::of(problem.pool, batch, 1);
        let mut ranks = vec![0; Strategy::Random.workspace_len(&sizes, &options).ranks];
        let workspace = Workspace { numbers: &mut [], heaps: &mut [], ranks: &mut ranks };
        let seed = request.context.settings.seed;
        let mut rng = Stream::new(seed, Strategy::Random.name(), request.round);
        let mut chosen = vec![Scored::default(); batch];
        Strategy::Random.select(&problem, workspace, &mut rng, &mut chosen)?;
        Ok(chosen)
    }
}
