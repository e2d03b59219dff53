//! What a batch is worth, by the model that picked it.

use pairpick_core::arith::Real;
use pairpick_core::certificate::Effort;
use pairpick_core::mutual_information::BatchInformation;
use pairpick_core::rng::Stream;
use pairpick_core::select::{Options, Problem, Strategy};
use pairpick_core::topk::Scored;

use super::metrics::CertificateReport;
use super::request::Request;
use crate::error::Error;
use crate::memory::{Certifier, Selector};
use crate::parallel::Threads;
use crate::progress::Progress;

/// What a batch brings, and its certificate where one is asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Worth {
    /// What its answers are expected to tell of the last layer, in nats, over their number.
    pub(super) per_label: Option<f64>,
    /// Δlog|P| by the batch.
    pub(super) gain: Option<f64>,
    pub(super) certificate: Option<CertificateReport>,
}

/// Measures a batch. What cannot be measured is left out, with a note: the batch is good without.
pub(super) fn of_batch<T: Real>(
    request: &Request<'_>,
    problem: &Problem<'_, T, Threads>,
    batch: &[Scored<T>],
    progress: &mut dyn Progress,
) -> Worth {
    let mut measure = Measure { problem, certifier: Certifier::default() };
    progress.begin("measuring the batch", 0);
    let information = measure.information(batch);
    progress.end();
    let information = or_note(information, "what the batch tells", request, progress);
    let mut certificate = None;
    if information.is_some() && request.context.settings.asking.certificate {
        let found = measure.certificate(request, batch, progress);
        certificate = or_note(found, "the certificate", request, progress);
    }
    Worth {
        per_label: information.map(|information| information.nats / batch.len() as f64),
        gain: information.map(|information| information.gain),
        certificate,
    }
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
    certifier: Certifier<T>,
}

impl<T: Real> Measure<'_, T> {
    fn information(&mut self, batch: &[Scored<T>]) -> CoreResult<BatchInformation> {
        self.certifier.information(self.problem, batch)
    }

    fn certificate(
        &mut self,
        request: &Request<'_>,
        batch: &[Scored<T>],
        progress: &mut dyn Progress,
    ) -> CoreResult<CertificateReport> {
        let effort = Effort::default();
        progress.begin("bounding the possible gain", effort.iterations as u64);
        let certificate = self.certifier.certify(self.problem, batch, effort, &mut |seen| {
            progress.advance(seen.iterations as u64);
        });
        progress.end();
        let certificate = certificate?;
        let random = self.random(request, batch.len()).and_then(|random| self.information(&random));
        let random =
            or_note(random, "what a random batch under the same caps gains", request, progress);
        Ok(CertificateReport::new(&certificate, random.map(|random| random.gain)))
    }

    /// The batch that `random` picks in this round, under the same caps.
    fn random(&self, request: &Request<'_>, batch: usize) -> CoreResult<Vec<Scored<T>>> {
        let distinct = self.problem.options.distinct.or(request.strategy.facts().distinct);
        let options = Options { distinct, ..Options::default() };
        let problem = Problem { options: &options, ..*self.problem };
        let seed = request.context.settings.seed;
        let mut rng = Stream::new(seed, Strategy::Random.name(), request.round);
        let mut selector = Selector::default();
        Ok(selector.select(Strategy::Random, &problem, batch, &mut rng)?.pairs.to_vec())
    }
}
