//! The background of a desk: it learns and chooses while people answer.

use std::thread;
use std::time::Duration;

use pairpick_core::rng::Stream;

use super::course::Job;
use super::desk::{Shared, State};
use super::record::{Asked, Batch};
use super::reply::{QuestionId, Side};
use super::store::Checkpoint;
use crate::data::question::Question;
use crate::error::{Error, Result, SessionError};
use crate::progress::Notes;
use crate::round::request::{Request, strategy_of};
use crate::round::steps::{Taught, choose};

/// How long a file that another program has locked is left alone.
const UNTIL_LET_GO: Duration = Duration::from_millis(250);

/// What a job came to.
enum Done {
    Model(Checkpoint),
    Batch(Batch),
    /// There was no pair left to choose.
    NoPairLeft,
}

/// Does what there is to do until the session is closed, or something fails.
pub(super) fn work(shared: &Shared) {
    let _watch = Watch(shared);
    while let Some(job) = next_job(shared) {
        let mut notes = Notes::default();
        let done = shared.threads.install(|| shared.carry_out(job, &mut notes));
        let recorded = done.and_then(|done| shared.record(done, notes));
        if let Err(error) = recorded {
            shared.lock().failed = Some(error.to_string());
            shared.changed.notify_all();
            return;
        }
    }
}

/// Waits for something to do; none once the session is closed.
fn next_job(shared: &Shared) -> Option<Job> {
    let mut state = shared.lock();
    loop {
        state.store.as_ref()?;
        if let Some(job) = state.course.job(shared.material.candidates()) {
            return Some(job);
        }
        state = shared.wait(state);
    }
}

impl Shared {
    fn carry_out(&self, job: Job, notes: &mut Notes) -> Result<Done> {
        let plan = self.lock().course.plan.clone();
        let context = self.material.context(&plan.settings, &self.threads);
        let model = |round, taught: Taught| {
            let digest = taught.model.digest()?;
            Ok(Done::Model(Checkpoint { round, digest, taught }))
        };
        match job {
            Job::Begin => model(0, Taught::nothing(context, notes)?),
            Job::Learn { round, from, labels } => {
                model(round, from.learn(context, round, &labels, notes)?)
            }
            Job::Choose { round, by, answered, open } => {
                // Where no label has been learnt from, it is as in the first round.
                let learnt = by.round.saturating_add(1);
                let strategy = strategy_of(&plan.settings, learnt);
                let candidates = self.material.candidates();
                let request = Request { context, candidates, round, strategy };
                let chosen = choose(&request, &by.taught, answered, open, notes)?;
                if chosen.questions.is_empty() {
                    return Ok(Done::NoPairLeft);
                }
                let seed = plan.settings.seed;
                let again = repeated(seed, round, plan.swap_check, chosen.questions.len())?;
                let first = self.lock().course.next_id();
                Ok(Done::Batch(Batch {
                    round,
                    strategy: strategy.name().to_owned(),
                    model_round: by.round,
                    model: by.digest,
                    offered: chosen.offered,
                    asked: asked(seed, first, &chosen.questions, &again),
                }))
            }
        }
    }
}

impl Shared {
    /// Records what was done; where another program has locked the file, once that lets it go.
    fn record(&self, done: Done, mut notes: Notes) -> Result<()> {
        let mut state = self.lock();
        state.notes.append(&mut notes.0);
        loop {
            let written = state.write(&done);
            state.held_up = matches!(&written, Err(Error::Session(SessionError::Locked { .. })));
            if !state.held_up {
                written?;
                state.take(done);
                self.changed.notify_all();
                return Ok(());
            }
            self.changed.notify_all();
            state = self.wait_a_while(state, UNTIL_LET_GO);
        }
    }
}

impl State {
    /// Writes what was done into the file, if that is still open.
    fn write(&mut self, done: &Done) -> Result<()> {
        match (&mut self.store, done) {
            (Some(store), Done::Model(checkpoint)) => store.add_model(checkpoint),
            (Some(store), Done::Batch(batch)) => store.add_batch(batch),
            (None, _) | (_, Done::NoPairLeft) => Ok(()),
        }
    }

    /// Goes on with it.
    fn take(&mut self, done: Done) {
        match done {
            Done::Model(checkpoint) => self.course.add_model(checkpoint),
            Done::Batch(batch) => self.course.batches.push(batch),
            Done::NoPairLeft => self.course.exhaust(),
        }
    }
}

/// The places of the questions that are asked again, a share of them, ascending: of the first half where
/// that is enough, so that as many others as can be lie between the two.
fn repeated(seed: u64, round: u64, share: f64, questions: usize) -> Result<Vec<u64>> {
    // The little less is for shares such as 0.07, whose product with 100 is above 7.
    let count = (share * questions as f64 - 1e-9).ceil() as usize;
    let among = count.max(questions.div_ceil(2));
    let mut places = vec![0; count];
    Stream::new(seed, "swap", round)
        .sample(among as u64, &mut places)
        .map_err(Error::core("what is asked again"))?;
    places.sort_unstable();
    Ok(places)
}

/// The questions of a batch, and those of them that are asked again the other way round. Which reply
/// stands left is drawn.
fn asked(seed: u64, first: QuestionId, questions: &[Question], again: &[u64]) -> Vec<Asked> {
    let round = questions.first().map_or(0, |question| question.round);
    let mut sides = Stream::new(seed, "side", round);
    let mut ids = (first.0..).map(QuestionId);
    let mut asked: Vec<Asked> = Vec::with_capacity(questions.len().saturating_add(again.len()));
    for (question, id) in questions.iter().zip(&mut ids) {
        let first = if sides.below(2) == 0 { Side::Left } else { Side::Right };
        asked.push(Asked { id, question: *question, first, repeats: None, given: None });
    }
    for place in again {
        let Some(Asked { id: repeats, question, first, .. }) = asked.get(*place as usize).cloned()
        else {
            continue;
        };
        let first = first.other();
        let (id, repeats) = (ids.next().unwrap_or(repeats), Some(repeats));
        asked.push(Asked { id, question, first, repeats, given: None });
    }
    asked
}

/// Says so where the background ends by a defect, for which people would wait for ever.
struct Watch<'a>(&'a Shared);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().failed = Some("a defect of pairpick".to_owned());
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_again_comes_last_the_other_way_round_and_far_from_the_first_time() {
        let questions: Vec<Question> =
            (0..20).map(|item| Question::new(3, item, item + 1)).collect();
        for (share, count) in [(0.0, 0), (0.1, 2), (0.07, 2), (0.5, 10), (1.0, 20)] {
            let again = repeated(5, 3, share, questions.len()).unwrap();
            assert_eq!(again.len(), count, "{share}");
            let asked = asked(5, QuestionId(41), &questions, &again);
            assert!(asked.iter().zip(41..).all(|(asked, id)| asked.id.0 == id));
            for (place, own) in asked.iter().enumerate().skip(20) {
                let first = asked.iter().position(|other| Some(other.id) == own.repeats).unwrap();
                assert!(own.question == asked[first].question && own.first != asked[first].first);
                assert!(place - first >= 10, "{first} again at {place}");
            }
        }
        let sides = |round| {
            let question = |item| Question::new(round, item, item + 1);
            let questions: Vec<Question> = (0..400).map(question).collect();
            let asked = asked(5, QuestionId(1), &questions, &[]);
            asked.iter().map(|asked| asked.first == Side::Left).collect::<Vec<_>>()
        };
        let left = sides(1).into_iter().filter(|left| *left).count();
        assert!((160..=240).contains(&left), "{left} of 400 stand left");
        assert_ne!(sides(1), sides(2));
    }
}
