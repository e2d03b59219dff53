//! [`Desk`]: serves questions to people and takes their answers, whichever face they see.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::course::{Course, Step};
use super::material::Material;
use super::plan::Plan;
use super::record::{Asked, Batch, Who};
use super::reply::{Next, Outcome, QuestionId, Reply, Shown, Side, Undone, Waiting};
use super::status::Status;
use super::store::Store;
use super::tally::{Lengths, tally};
use super::worker;
use crate::error::{Error, Result, SessionError};
use crate::parallel::Threads;
use crate::progress::Progress;

/// From then on a question that somebody has not answered may go to others: who holds it may have gone.
const HELD: Duration = Duration::from_secs(15 * 60);

/// A session at work: any number of faces share one by reference, from as many threads as they like.
/// Batches are chosen and models trained in the background.
pub struct Desk {
    pub(super) shared: Arc<Shared>,
}

/// What the desk and its background share.
pub(super) struct Shared {
    pub(super) material: Material,
    pub(super) threads: Threads,
    pub(super) changed: Condvar,
    state: Mutex<State>,
}

/// What changes while a session is at work.
pub(super) struct State {
    pub(super) course: Course,
    /// None once the session is closed.
    pub(super) store: Option<Store>,
    pub(super) lengths: Lengths,
    /// Whether the background waits for the file, which another program has locked.
    pub(super) held_up: bool,
    /// Why the background has stopped.
    pub(super) failed: Option<String>,
    pub(super) notes: Vec<String>,
    held: BTreeMap<u32, Held>,
}

/// A question that somebody sees.
#[derive(Clone, Copy, Debug)]
struct Held {
    id: QuestionId,
    since: Instant,
}

impl Desk {
    /// The plan of a session's file; none where there is none.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub fn plan_of(path: &Path) -> Result<Option<Plan>> {
        match path.exists() {
            true => Ok(Store::open(path)?.begun()?.map(|begun| begun.plan)),
            false => Ok(None),
        }
    }

    /// Opens a session's file, or begins one where there is none. All embeddings are read once, to know
    /// them again, and to find what is no number.
    ///
    /// # Errors
    /// [`SessionError`]: another process holds it, it was begun with other data or another plan, it is of
    /// a newer format, damaged, or no session; nothing is touched then. What the data or the plan have
    /// that cannot be.
    pub fn open(
        path: &Path,
        material: Material,
        plan: Plan,
        threads: Threads,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        plan.check()?;
        let mut store = Store::open(path)?;
        let begun = material.begun(plan.clone(), progress)?;
        match store.begun()? {
            Some(earlier) => {
                begun.check_goes_on(&earlier, path)?;
                if earlier.plan != plan {
                    store.set_plan(&plan)?;
                }
            }
            None => store.begin(&begun)?,
        }
        let desk = Self::of(store, material, plan, threads)?;
        let own = Arc::clone(&desk.shared);
        thread::spawn(move || worker::work(&own));
        Ok(desk)
    }

    /// Opens the file of a session that was begun, to look at it: nothing is chosen or learnt.
    ///
    /// # Errors
    /// As [`Desk::open`]; [`Error::MissingFile`]; [`SessionError::NoSession`] where none was begun.
    pub fn look(
        path: &Path,
        material: Material,
        threads: Threads,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let (store, plan) = material.open_begun(path, progress)?;
        Self::of(store, material, plan, threads)
    }

    fn of(store: Store, material: Material, plan: Plan, threads: Threads) -> Result<Self> {
        let content = store.content()?;
        let mut lengths = Lengths::default();
        for asked in content.batches.iter().flat_map(|batch| &batch.asked) {
            if asked.given.is_some() {
                lengths.add(&material, &asked.question)?;
            }
        }
        let state = State {
            course: Course::new(plan, content),
            store: Some(store),
            lengths,
            held_up: false,
            failed: None,
            notes: Vec::new(),
            held: BTreeMap::new(),
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        Ok(Self { shared: Arc::new(Shared { material, threads, changed, state }) })
    }

    /// What comes next for an annotator: the same until it is answered, or given back.
    ///
    /// # Errors
    /// What keeps the background from choosing or learning; what cannot be read.
    pub fn next(&self, annotator: u32) -> Result<Next> {
        let state = &mut *self.shared.lock();
        let Some(batch) = state.course.open() else {
            return match (state.course.ending(), &state.failed) {
                (Some(ending), _) => Ok(Next::Ended(ending)),
                (None, Some(problem)) => {
                    Err(SessionError::Work { problem: problem.clone() }.into())
                }
                (None, None) => Ok(Next::Wait(Waiting::Batch)),
            };
        };
        let Some(asked) = question_for(annotator, batch, &state.held) else {
            return Ok(Next::Wait(Waiting::Others));
        };
        let shown = self.shown(batch, asked)?;
        let own = state.held.get(&annotator).filter(|held| held.id == asked.id);
        let since = own.map_or_else(Instant::now, |held| held.since);
        state.held.retain(|_, held| held.id != shown.id);
        state.held.insert(annotator, Held { id: shown.id, since });
        Ok(Next::Question(Box::new(shown)))
    }

    fn shown(&self, batch: &Batch, asked: &Asked) -> Result<Shown> {
        let text = |item| self.shared.material.text(item);
        let (a, b) = (text(asked.question.a)?, text(asked.question.b)?);
        // Across prompts each reply has its own.
        let (prompt, a, b) = match (a.prompt, b.prompt) {
            (Some(own), Some(other)) if own != other => {
                let with = |prompt, response| format!("{prompt}\n\n{response}");
                (None, with(own, a.response), with(other, b.response))
            }
            (own, other) => (own.or(other), a.response, b.response),
        };
        let (left, right) = match asked.first {
            Side::Left => (a, b),
            Side::Right => (b, a),
        };
        let place = batch.asked.iter().take_while(|own| own.id != asked.id).count() as u64;
        Ok(Shown {
            id: asked.id,
            round: batch.round,
            place: place.saturating_add(1),
            batch: batch.asked.len() as u64,
            prompt,
            left,
            right,
        })
    }

    /// Records an answer: once this returns, it is on the disk.
    ///
    /// # Errors
    /// What cannot be written; nothing is recorded then, and the same may be tried again.
    pub fn answer(&self, id: QuestionId, annotator: u32, reply: &Reply) -> Result<Outcome> {
        let state = &mut *self.shared.lock();
        let open = state.course.open().and_then(|batch| batch.open().find(|own| own.id == id));
        let Some(question) = open.map(|asked| asked.question) else {
            let before = state.course.find(id).is_some_and(|asked| asked.given.is_some());
            return Ok(if before { Outcome::AnsweredBefore } else { Outcome::NoSuchQuestion });
        };
        state.lengths.add(&self.shared.material, &question)?;
        let is_time = reply.seconds.is_finite() && reply.seconds >= 0.0;
        let seconds = if is_time { reply.seconds } else { 0.0 };
        let reply = Reply { seconds, ..reply.clone() };
        let given = state.store()?.add_answer(id, annotator, reply)?;
        if let Some(asked) = state.course.find_mut(id) {
            asked.given = Some(given);
        }
        state.held.retain(|_, held| held.id != id);
        self.shared.changed.notify_all();
        Ok(Outcome::Recorded)
    }

    /// Takes back an annotator's last answer in the open batch, whose question then comes next. One that
    /// somebody else has been asked again about since stays.
    ///
    /// # Errors
    /// What cannot be written; nothing is taken back then.
    pub fn undo(&self, annotator: u32) -> Result<Undone> {
        let state = &mut *self.shared.lock();
        let Some(batch) = state.course.open() else {
            return Ok(Undone::Nothing);
        };
        let own = batch.asked.iter().filter_map(|asked| {
            let given =
                asked.given.as_ref().filter(|given| given.who() == Who::person(annotator))?;
            Some((given.nth, asked.id))
        });
        let Some((_, id)) = own.max().filter(|(_, id)| !batch.is_repeated(*id)) else {
            return Ok(Undone::Nothing);
        };
        state.store()?.remove_answer(id)?;
        if let Some(asked) = state.course.find_mut(id) {
            asked.given = None;
        }
        state.held.insert(annotator, Held { id, since: Instant::now() });
        self.shared.changed.notify_all();
        Ok(Undone::Question(id))
    }

    /// Where the session stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = &*self.shared.lock();
        let State { course, lengths, held_up, failed, notes, .. } = state;
        let working = match held_up {
            true => Some("waiting for another program to let the file go"),
            false => course.step().filter(|_| failed.is_none()).map(Step::name),
        };
        let (failed, notes) = (failed.clone(), notes.clone());
        Status { working, failed, notes, ..tally(course, lengths) }
    }

    /// How long an annotator has had a question by now; none who does not have it.
    #[must_use]
    pub fn held_for(&self, annotator: u32, id: QuestionId) -> Option<Duration> {
        let state = self.shared.lock();
        let held = state.held.get(&annotator).filter(|held| held.id == id)?;
        Some(held.since.elapsed())
    }

    /// Waits until something has changed, an answer, a batch, a model, or until this much time has
    /// passed.
    pub fn wait(&self, longest: Duration) {
        drop(self.shared.wait_a_while(self.shared.lock(), longest));
    }

    /// Gives an annotator's open question back, to whoever comes next.
    pub fn leave(&self, annotator: u32) {
        self.shared.lock().held.remove(&annotator);
        self.shared.changed.notify_all();
    }

    /// Ends the session and lets the file go, without waiting for the background, whose work is done
    /// again when the session goes on. A desk that is dropped does the same.
    pub fn close(self) {}
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.shared.lock().store = None;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a change.
    pub(super) fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, but no longer than this.
    pub(super) fn wait_a_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        longest: Duration,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl State {
    pub(super) fn store(&mut self) -> Result<&mut Store> {
        let closed = || Error::from(SessionError::Work { problem: "it is closed".to_owned() });
        self.store.as_mut().ok_or_else(closed)
    }
}

/// The open question of an annotator: the one that this person has, or else the first that nobody has,
/// or that somebody has had for too long.
fn question_for<'a>(
    annotator: u32,
    batch: &'a Batch,
    held: &BTreeMap<u32, Held>,
) -> Option<&'a Asked> {
    let own = held.get(&annotator).and_then(|own| batch.open().find(|asked| asked.id == own.id));
    let holder = |asked: &Asked| held.values().find(|held| held.id == asked.id);
    let free = || batch.open().find(|asked| holder(asked).is_none());
    let is_stale = |held: &Held| held.since.elapsed() > HELD;
    own.or_else(free).or_else(|| batch.open().find(|asked| holder(asked).is_some_and(is_stale)))
}
