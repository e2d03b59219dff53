//! [`Work`]: runs side by side, each on a thread of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use pairpick_core::parallel::Executor;
use serde::{Deserialize, Serialize};

use super::Cell;
use super::asked::Asked;
use crate::data::dataset::Dataset;
use crate::data::embeddings::Embeddings;
use crate::error::Result;
use crate::label::oracle::OracleAnswerer;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::round;
use crate::round::journal::{Committed, Journal, RoundRecord};
use crate::round::metrics::{ByPrompt, RoundMetrics};
use crate::settings::Settings;

/// What a grid keeps of a run's round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRound {
    /// As the run alone has them.
    pub metrics: RoundMetrics,
    /// Training prompts with a response in some question so far.
    pub prompts_asked: u64,
    /// Mean Euclidean distance between the embeddings of the two responses of a question, over those so
    /// far; none in the runs of earlier versions.
    #[serde(default)]
    pub distance_asked: Option<f64>,
    /// Each test prompt's share in the metrics.
    pub by_prompt: ByPrompt,
}

/// How runs are worked through.
pub struct Work<'a> {
    /// What the runs of each set-up share.
    pub setups: &'a [Settings],
    /// What they learn from and are measured on, unless each seed has a split of its own.
    pub dataset: &'a Dataset,
    /// Whether each seed has another split of the program's data.
    pub splits: bool,
    /// How many run at once, each on a thread of its own.
    pub threads: &'a Threads,
}

/// What a thread tells.
enum Event {
    /// A round has ended.
    Round,
    /// The run of this place has.
    Ended(usize, Result<Vec<CellRound>>),
}

impl Work<'_> {
    /// Does these runs, and hands over each by its place among them as it ends. After one that fails
    /// none is begun; those that go on by then are handed over too.
    ///
    /// # Errors
    /// What the first run that fails, in their order, gives; or else `ended`.
    pub fn complete(
        &self,
        cells: &[Cell],
        ended: &mut dyn FnMut(usize, Vec<CellRound>) -> Result<()>,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let (sender, events) = channel();
        let mut rounds = 0;
        for cell in cells {
            rounds += self.setups[cell.setup].asking.rounds as u64;
        }
        progress.begin("comparing", rounds);
        let (mut failed, mut refused) = (BTreeMap::new(), Ok(()));
        thread::scope(|scope| {
            for _ in 0..self.threads.threads().min(cells.len()) {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || self.work(cells, next, &sender));
            }
            drop(sender);
            let mut done = 0;
            for event in events {
                match event {
                    Event::Round => {
                        done += 1;
                        progress.advance(done);
                    }
                    Event::Ended(place, Ok(rounds)) if refused.is_ok() => {
                        refused = ended(place, rounds);
                        if refused.is_err() {
                            next.store(cells.len(), Ordering::Relaxed);
                        }
                    }
                    Event::Ended(_, Ok(_)) => {}
                    Event::Ended(place, Err(error)) => {
                        failed.insert(place, error);
                    }
                }
            }
        });
        progress.end();
        failed.pop_first().map_or(refused, |(_, error)| Err(error))
    }

    /// Does runs until there is none left, or one fails.
    fn work(&self, cells: &[Cell], next: &AtomicUsize, events: &Sender<Event>) {
        let lengths = self.dataset.train.embeddings.covariates().is_some();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(cell) = cells.get(place) else { return };
            let split = self.splits.then(|| Dataset::bundled_split(cell.repeat.into(), lengths));
            let result = match split.transpose() {
                Ok(own) => self.run(cell, own.as_ref().unwrap_or(self.dataset), events),
                Err(error) => Err(error),
            };
            if result.is_err() {
                next.store(cells.len(), Ordering::Relaxed);
            }
            if events.send(Event::Ended(place, result)).is_err() {
                return;
            }
        }
    }

    fn run(
        &self,
        cell: &Cell,
        dataset: &Dataset,
        events: &Sender<Event>,
    ) -> Result<Vec<CellRound>> {
        let settings = cell.settings(self.setups)?;
        let threads = self.threads.single()?;
        let mut oracle = OracleAnswerer { dataset, settings: &settings };
        let (mut journal, mut counting) = (CellJournal::default(), Counting(events.clone()));
        round::run(dataset, &settings, &threads, &mut oracle, &mut journal, &mut counting)?;
        Ok(journal.rounds)
    }
}

/// Keeps what a grid keeps, for as long as the run lasts.
#[derive(Default)]
struct CellJournal {
    rounds: Vec<CellRound>,
    asked: Asked,
}

impl Journal for CellJournal {
    fn begin(&mut self, _settings: &Settings, _embeddings: &Embeddings) -> Result<Committed> {
        Ok(Committed::default())
    }

    fn commit(&mut self, round: RoundRecord<'_>) -> Result<()> {
        let RoundRecord { answered, metrics, by_prompt, embeddings, .. } = round;
        let questions = answered.labels.iter().map(|label| &label.question);
        for question in questions.chain(&answered.skipped) {
            self.asked.add(embeddings, question)?;
        }
        self.rounds.push(CellRound {
            metrics: metrics.clone(),
            prompts_asked: self.asked.prompts(),
            distance_asked: self.asked.distance(),
            by_prompt: by_prompt.clone(),
        });
        Ok(())
    }
}

/// Hands runs on in the order of their places, whichever ends first.
#[derive(Debug, Default)]
pub struct InOrder {
    next: usize,
    early: BTreeMap<usize, Vec<CellRound>>,
}

impl InOrder {
    /// Takes the run of a place, and hands on those whose turn has come.
    ///
    /// # Errors
    /// Those of `next`.
    pub fn take(
        &mut self,
        place: usize,
        rounds: Vec<CellRound>,
        next: &mut dyn FnMut(usize, Vec<CellRound>) -> Result<()>,
    ) -> Result<()> {
        self.early.insert(place, rounds);
        while let Some(rounds) = self.early.remove(&self.next) {
            next(self.next, rounds)?;
            self.next += 1;
        }
        Ok(())
    }
}

/// Counts rounds, and leaves notes to the run that is not in the grid alone.
struct Counting(Sender<Event>);

impl Progress for Counting {
    fn begin(&mut self, _stage: &str, _total: u64) {}

    fn advance(&mut self, _done: u64) {}

    fn end(&mut self) {}

    fn round(&mut self, _round: u64, _line: &str) {
        // Somebody listens until the last thread has ended.
        let _ = self.0.send(Event::Round);
    }

    fn note(&mut self, _message: &str) {}
}
