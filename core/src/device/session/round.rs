//! A round's selection.

use super::super::log::{AnswerLog, Course, Record, RoundRecord, Store};
use super::parts::{Answers, Earlier, Pool, packed_of};
use super::{Session, SessionError, SessionMemory};
use crate::device::image::PoolImage;
use crate::digest::Digest;
use crate::error::Error;
use crate::head::Covariates;
use crate::linalg::Packed;
use crate::parallel::{Executor, split_at};
use crate::rng::Stream;
use crate::select::{Options, Posterior, Problem, Workspace};

/// Memory that a round works in.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) numbers: &'a mut [f32],
    heaps: &'a mut [crate::topk::Scored<f32>],
    ranks: &'a mut [u64],
}

impl<'a, S: Store> Session<'a, S> {
    /// Divides the memory. No round has begun.
    pub(super) fn begun(
        image: PoolImage<'a>,
        log: AnswerLog<S>,
        memory: SessionMemory<'a>,
    ) -> Result<Self, Error> {
        let SessionMemory { numbers, heaps, ranks, batch, starts, comparisons } = memory;
        let (numbers, rest) = (numbers, ranks);
        let (widened, numbers) = split_at(numbers, image.widened_len());
        let features = image.features(widened)?;
        let (earlier, numbers) = Earlier::new(&image, numbers)?;
        let (head, numbers) = split_at(numbers, image.order());
        let (past, numbers) = split_at(numbers, packed_of(&image));
        let prompts = image.prompts().saturating_add(1);
        let (starts, _) = split_at(starts, prompts);
        let (first_pairs, rest) = split_at(rest, prompts);
        let pool = Pool::new(&image, features, starts, first_pairs)?;
        let (asked, ranks) = split_at(rest, image.asked_len().saturating_add(comparisons.len()));
        let answers = Answers::new(asked, comparisons, &image, &pool);
        let work = Work { numbers, heaps, ranks };
        let course = Course::OWN;
        let failed = false;
        Ok(Self { image, log, pool, earlier, answers, head, past, work, batch, course, failed })
    }

    /// Learns from all answers and selects the next batch, which the log is told of. Nothing is asked
    /// where no pair is left, or where the log has no room for a question.
    pub(super) fn begin_round<E: Executor>(&mut self, executor: &E) -> Result<(), SessionError> {
        let next = self.next_round();
        self.failed = true;
        self.select(executor, next)?;
        let round = self.round();
        if round.pairs > 0 && self.log.room() < 2 {
            self.course.select(RoundRecord { pairs: 0, ..round });
        } else if round.pairs > 0 {
            self.log.append(Record::Round(round))?;
        }
        self.failed = false;
        Ok(())
    }

    /// The number of the round behind the last.
    pub(super) fn next_round(&self) -> u32 {
        self.course.next_round(&self.image).unwrap_or(1)
    }

    /// Learns from all answers so far and selects the batch of a round.
    pub(super) fn select<E: Executor>(&mut self, executor: &E, round: u32) -> Result<(), Error> {
        self.learn(executor)?;
        self.sum_past(executor)?;
        let wanted = u64::from(self.image.header().settings.batch);
        let mut size = wanted.min(self.pool.available(&self.answers)) as usize;
        loop {
            match self.pick(executor, round, size) {
                // What the caps leave of the pool shows only as pairs are taken; and some follow the batch.
                Err(Error::Batch { available, .. }) if 0 < available && available < size as u64 => {
                    size = available as usize;
                }
                picked => break picked?,
            }
        }
        let mut batch = Digest::new();
        for picked in self.batch.iter().take(size) {
            batch.integer(picked.pair);
            batch.integer(u64::from(picked.score.to_bits()));
        }
        let mut head = Digest::new();
        head.numbers(self.head)?;
        self.course.select(RoundRecord {
            round,
            pairs: u16::try_from(size).unwrap_or(u16::MAX),
            batch: batch.value(),
            head: head.value(),
        });
        Ok(())
    }

    /// Picks so many pairs.
    fn pick<E: Executor>(&mut self, executor: &E, round: u32, size: usize) -> Result<(), Error> {
        if size == 0 {
            return Ok(());
        }
        let settings = &self.image.header().settings;
        let pool = &self.pool.without(self.answers.asked())?;
        let prior = settings.prior();
        // A design that weighs pairs alike sees covariates as it does all features.
        let alike = settings.weighs_alike();
        let posterior = &Posterior {
            head: self.head,
            prior_precision: prior.precision,
            covariates: if alike { Covariates::NONE } else { prior.covariates },
            jitter: settings.jitter,
            past: Packed::new(self.image.order(), &*self.past)?,
        };
        let all = settings.options(self.earlier.target);
        let offered = usize::try_from(pool.available()).unwrap_or(usize::MAX);
        let options =
            &Options { mixed: all.mixed.min(size), clusters: all.clusters.min(offered), ..all };
        let problem = Problem { executor, pool, posterior, options };
        let strategy = settings.strategy;
        let mut rng = Stream::new(settings.seed, strategy.name(), u64::from(round));
        let (required, found) = (size, self.batch.len());
        let what = "batch";
        let batch = self.batch.get_mut(..size).ok_or(Error::Workspace { what, required, found })?;
        let Work { numbers, heaps, ranks } = &mut self.work;
        let workspace = Workspace { numbers, heaps, ranks };
        strategy.select(&problem, workspace, &mut rng, batch)?;
        Ok(())
    }
}
