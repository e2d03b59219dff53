//! What a batch is worth, by the model that picked it.

use pairpick_core::arith::Real;
use pairpick_core::certificate::{self, Effort, Memory, certify, memory_len};
use pairpick_core::parallel::Executor;
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Problem, Sizes, Strategy, Workspace};
use pairpick_core::topk::Scored;

use super::select::Request;
use crate::error::{Error, Result};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::worth::CertificateReport;

/// What a batch adds to log|P|, and its certificate where one is asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Gain {
    /// ½ Δlog|P| over the pairs of the batch.
    pub(super) per_label: Option<f64>,
    pub(super) certificate: Option<CertificateReport>,
}

/// Measures a batch; nothing, with a note, where P has no factor in this precision.
pub(super) fn of_batch<T: Real>(
    request: &Request<'_>,
    problem: &Problem<'_, T, Threads>,
    batch: &[Scored<T>],
    progress: &mut dyn Progress,
) -> Result<Gain> {
    let mut measure = Measure::new(problem, batch.len());
    let gain = measure.gain(batch).and_then(|nats| {
        let certificate = match request.settings.certificate {
            true => Some(measure.certificate(request, batch, progress)?),
            false => None,
        };
        let per_label = Some(nats / (2.0 * batch.len() as f64));
        Ok(Gain { per_label, certificate })
    });
    match gain {
        Ok(gain) => Ok(gain),
        Err(error @ pairpick_core::Error::NotPositiveDefinite { .. }) => {
            let context = format!("round {}: what the batch tells is not known", request.round);
            progress.note(&Error::core(context)(error).to_string());
            Ok(Gain::default())
        }
        Err(error) => Err(Error::core("measuring the batch")(error)),
    }
}

type CoreResult<T> = std::result::Result<T, pairpick_core::Error>;

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
        let random = self.random(request, batch.len())?;
        Ok(CertificateReport::new(&certificate?, self.log_det(&random)?))
    }

    /// The batch that `random` picks in this round.
    fn random(&self, request: &Request<'_>, batch: usize) -> CoreResult<Vec<Scored<T>>> {
        let options = Options::default();
        let problem = Problem { options: &options, ..*self.problem };
        let sizes = Sizes::of(problem.pool, batch, 1);
        let mut ranks = vec![0; Strategy::Random.workspace_len(&sizes, &options).ranks];
        let workspace = Workspace { numbers: &mut [], heaps: &mut [], ranks: &mut ranks };
        let mut rng = Stream::new(request.settings.seed, Strategy::Random.name(), request.round);
        let mut chosen = vec![Scored::default(); batch];
        Strategy::Random.select(&problem, workspace, &mut rng, &mut chosen)?;
        Ok(chosen)
    }
}
