//! The loop as a library: whoever answers may skip questions and stop, and a journal in memory goes
//! on where it ended.

use pairpick::data::dataset::Dataset;
use pairpick::data::question::Question;
use pairpick::data::votes::Votes;
use pairpick::error::Result;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round;
use pairpick::round::answer::{Answered, Answerer};
use pairpick::round::journal::MemoryJournal;
use pairpick::runtime::Runtime;
use pairpick::settings::{Preset, Settings, Typed};

const ROUNDS: usize = 5;

fn settings(dataset: &Dataset) -> Settings {
    let mut settings = Settings::of_preset(Preset::Mlp).sized_for_bundled();
    settings.asking.rounds = ROUNDS;
    settings.training.iterations = 20;
    settings.fit_to(dataset.summary().unwrap(), &Typed::default()).unwrap();
    settings
}

/// An oracle with the habits of a person.
struct Person<'a> {
    oracle: OracleAnswerer<'a>,
    /// Of so many questions one is skipped.
    skips: usize,
    /// The round that is never answered.
    stops_in: u64,
    asked: Vec<Question>,
}

impl Answerer for Person<'_> {
    fn answer(&mut self, questions: &[Question]) -> Result<Option<Answered>> {
        if questions.iter().any(|question| question.round == self.stops_in) {
            return Ok(None);
        }
        self.asked.extend(questions);
        let Some(answered) = self.oracle.answer(questions)? else {
            return Ok(None);
        };
        let mut kept = Answered::default();
        for (place, label) in answered.labels.into_iter().enumerate() {
            match place % self.skips {
                0 => kept.skipped.push(label.question),
                _ => kept.labels.push(label),
            }
        }
        Ok(Some(kept))
    }
}

/// Runs on, and gives the questions that were asked.
fn run(journal: &mut MemoryJournal, skips: usize, stops_in: u64) -> Vec<Question> {
    let dataset = Dataset::bundled().unwrap();
    let settings = settings(&dataset);
    let threads = Threads::start(&Runtime::default()).unwrap();
    let oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
    let mut person = Person { oracle, skips, stops_in, asked: Vec::new() };
    let summary =
        round::run(&dataset, &settings, &threads, &mut person, journal, &mut Silent).unwrap();
    assert_eq!(summary.rounds, journal.committed.rounds);
    for round in &mut journal.committed.rounds {
        round.seconds = 0.0;
    }
    person.asked
}

#[test]
fn a_loop_that_was_stopped_goes_on_to_the_same_rounds() {
    let mut whole = MemoryJournal::default();
    run(&mut whole, 4, u64::MAX);
    assert_eq!(whole.committed.rounds.len(), ROUNDS);
    let mut stopped = MemoryJournal::default();
    run(&mut stopped, 4, 3);
    assert_eq!(stopped.committed.rounds, whole.committed.rounds[..2]);
    assert_eq!(stopped.settings, whole.settings);
    run(&mut stopped, 4, u64::MAX);
    assert_eq!(stopped, whole);
    run(&mut stopped, 4, u64::MAX);
    assert_eq!(stopped, whole, "there was nothing left to do");
}

#[test]
fn what_is_skipped_is_neither_learnt_nor_asked_again() {
    let mut journal = MemoryJournal::default();
    let asked = run(&mut journal, 4, u64::MAX);
    assert_eq!(asked.len(), ROUNDS * 20);
    let mut pairs: Vec<_> = asked.iter().map(Question::ascending).collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), asked.len(), "no pair twice");
    let committed = journal.committed;
    assert_eq!((committed.labels.len(), committed.skipped.len()), (15 * ROUNDS, 5 * ROUNDS));
    assert_eq!(committed.rounds.last().unwrap().labels, 15 * ROUNDS as u64);
}

/// Nothing to learn from is no reason to stop asking.
#[test]
fn all_may_be_skipped() {
    let mut journal = MemoryJournal::default();
    let asked = run(&mut journal, 1, 3);
    assert_eq!((asked.len(), journal.committed.skipped.len()), (40, 40));
    let digests: Vec<_> = journal.committed.rounds.iter().map(|round| round.digest).collect();
    assert_eq!(digests[0], digests[1], "the model has learnt nothing");
}

/// So that runs of one seed which ask about the same pair share what chance adds to its answer.
#[test]
fn an_answer_depends_on_the_seed_and_the_pair_alone() {
    let dataset = Dataset::bundled().unwrap();
    let mut settings = settings(&dataset);
    let answers = |settings: &Settings, questions: &[Question]| -> Vec<Votes> {
        let mut oracle = OracleAnswerer { dataset: &dataset, settings };
        let labels = oracle.answer(questions).unwrap().unwrap().labels;
        labels.iter().map(|label| label.votes).collect()
    };
    let asked: Vec<Question> =
        (0..200).map(|item| Question::new(1, 3 * item, 3 * item + 2)).collect();
    let expected = answers(&settings, &asked);
    let mut later = asked.clone();
    later.reverse();
    later.iter_mut().for_each(|question| question.round = 4);
    let mut found = answers(&settings, &later);
    found.reverse();
    assert_eq!(found, expected, "whatever the round and the order");
    let turn = |question: &Question| Question::new(1, question.b, question.a);
    let turned: Vec<Question> = asked.iter().map(turn).collect();
    let found: Vec<Votes> = answers(&settings, &turned).into_iter().map(Votes::reversed).collect();
    assert_eq!(found, expected, "whichever item comes first");
    settings.seed += 1;
    assert_ne!(answers(&settings, &asked), expected);
}
