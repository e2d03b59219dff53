//! What was asked elsewhere, such as by a labelling device, comes into a session: each batch as one of its
//! own, behind those that it has, so that it learns from the answers and does not ask again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::desk::Desk;
use super::material::Material;
use super::record::{Asked, Batch, NewAnswer, Who};
use super::reply::{Answer, QuestionId, Reply, Side};
use crate::data::item::ItemName;
use crate::data::pool_kind::PoolKind;
use crate::data::question::Question;
use crate::digest::HexDigest;
use crate::error::{Result, SessionError};
use crate::progress::Progress;

/// A batch that was asked elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedElsewhere {
    /// The file that tells of it.
    pub path: PathBuf,
    /// The name of the strategy that chose it.
    pub strategy: String,
    /// Of the head that it was chosen by.
    pub head: HexDigest,
    /// Pairs that were on offer.
    pub offered: u64,
    /// The number of the device that was answered at.
    pub device: u32,
    /// The answers, in the order of the questions.
    pub replies: Vec<ReplyElsewhere>,
}

/// An answer to two items, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyElsewhere {
    /// The first as shown.
    pub a: u64,
    /// The second.
    pub b: u64,
    /// What was said of them.
    pub answer: Answer,
}

/// What became of answers that were given elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TakenIn {
    /// Answers that are now in the session.
    pub recorded: u64,
    /// Of them, those to questions that waited there.
    pub awaited: u64,
    /// Batches that are now in it.
    pub batches: u64,
    /// Answers that were there already, of the same device.
    pub known: u64,
    /// Answers that say what the session has from somebody else, and are left out.
    pub agreeing: u64,
    /// Answers to pairs that one of both has put aside, which are left out.
    pub beside_put_aside: u64,
    /// Answers that say something else than the session has, which are left out.
    pub contradictions: Vec<Contradiction>,
}

/// Two answers to the same pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The pair's first item.
    pub a: ItemName,
    /// Its second item.
    pub b: ItemName,
    /// What the session has.
    pub session: Opinion,
    /// What was left out.
    pub other: Opinion,
}

/// Who said what of a pair, its first item being shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// Who.
    #[serde(flatten)]
    pub who: Who,
    /// The answer's name.
    #[serde(with = "crate::named")]
    pub answer: Answer,
}

impl Desk {
    /// Takes answers into a session that no process works on. Of a pair the first answer stays. Nothing is
    /// changed by an error.
    ///
    /// # Errors
    /// As [`Desk::open`]; [`Error::MissingFile`](crate::error::Error::MissingFile); [`SessionError::NotAsked`] for a pair that is not on
    /// offer in the session.
    pub fn take_in(
        path: &Path,
        material: &Material,
        asked: &[AskedElsewhere],
        progress: &mut dyn Progress,
    ) -> Result<TakenIn> {
        let (mut store, plan) = material.open_begun(path, progress)?;
        let batches = store.content()?.batches;
        let mut intake = Intake::new(material, plan.settings.asking.pool, &batches);
        asked.iter().try_for_each(|batch| intake.add(batch))?;
        store.take_in(&intake.batches, &intake.answers)?;
        Ok(intake.taken)
    }
}

/// Answers on their way in.
struct Intake<'a> {
    material: &'a Material,
    pool: PoolKind,
    /// The places of the pairs of a list, where the pool is one.
    listed: BTreeMap<(u64, u64), u64>,
    /// The session's questions by their pairs, the smaller item first.
    questions: BTreeMap<(u64, u64), Standing>,
    last_round: u64,
    last_id: u64,
    batches: Vec<Batch>,
    answers: Vec<NewAnswer>,
    taken: TakenIn,
}

/// How a question of the session stands.
struct Standing {
    id: QuestionId,
    /// Where the smaller item stands.
    smaller: Side,
    /// The answer, the smaller item being shown first.
    opinion: Option<Opinion>,
}

impl<'a> Intake<'a> {
    fn new(material: &'a Material, pool: PoolKind, batches: &[Batch]) -> Self {
        let listed = material.candidates().into_iter().flat_map(|list| list.on_offer());
        let questions = batches.iter().flat_map(Batch::originals).map(|asked| {
            let smaller = asked.smaller();
            let opinion = asked.given.as_ref().map(|given| Opinion {
                who: given.who(),
                answer: turned(given.reply.answer, smaller),
            });
            (asked.question.ascending(), Standing { id: asked.id, smaller, opinion })
        });
        Self {
            material,
            pool,
            listed: listed.map(|(place, pair)| (pair, place)).collect(),
            questions: questions.collect(),
            last_round: batches.len() as u64,
            last_id: batches.iter().fold(0, |last, batch| last + batch.asked.len() as u64),
            batches: Vec::new(),
            answers: Vec::new(),
            taken: TakenIn::default(),
        }
    }

    /// Adds a batch: of its pairs those that the session does not know.
    fn add(&mut self, elsewhere: &AskedElsewhere) -> Result<()> {
        let AskedElsewhere { device, ref replies, .. } = *elsewhere;
        let round = self.last_round.saturating_add(1);
        let mut asked = Vec::new();
        for reply in replies {
            let question = self.question(round, *reply).ok_or_else(|| {
                let [a, b] = [reply.a, reply.b].map(|item| self.name(item).to_string());
                SessionError::NotAsked { path: elsewhere.path.clone(), a, b }
            })?;
            let smaller = if reply.a < reply.b { Side::Left } else { Side::Right };
            let who = Who::device(device);
            let opinion = Opinion { who, answer: turned(reply.answer, smaller) };
            if self.compare(&question, opinion) {
                continue;
            }
            self.last_id = self.last_id.saturating_add(1);
            let id = QuestionId(self.last_id);
            // The question has its items in ascending order.
            asked.push(Asked { id, question, first: smaller, repeats: None, given: None });
            let standing = Standing { id, smaller, opinion: None };
            self.questions.insert(question.ascending(), standing);
            self.record(question.ascending(), opinion);
        }
        if asked.is_empty() {
            return Ok(());
        }
        self.last_round = round;
        self.taken.batches = self.taken.batches.saturating_add(1);
        self.batches.push(Batch {
            round,
            strategy: elsewhere.strategy.clone(),
            // It had learnt from none of the session's.
            model_round: 0,
            model: elsewhere.head,
            offered: elsewhere.offered,
            asked,
        });
        Ok(())
    }

    /// Whether the session knows the pair: then its question is answered, or the answers are compared.
    fn compare(&mut self, question: &Question, opinion: Opinion) -> bool {
        let pair = question.ascending();
        let Some(standing) = self.questions.get(&pair) else {
            return false;
        };
        match standing.opinion {
            None => {
                self.record(pair, opinion);
                self.taken.awaited = self.taken.awaited.saturating_add(1);
            }
            Some(own) if own == opinion => self.taken.known = self.taken.known.saturating_add(1),
            Some(own) if own.answer == opinion.answer => {
                self.taken.agreeing = self.taken.agreeing.saturating_add(1);
            }
            Some(own) if own.answer.puts_aside() || opinion.answer.puts_aside() => {
                self.taken.beside_put_aside = self.taken.beside_put_aside.saturating_add(1);
            }
            Some(session) => {
                let (a, b) = (self.name(pair.0), self.name(pair.1));
                let contradiction = Contradiction { a, b, session, other: opinion };
                self.taken.contradictions.push(contradiction);
            }
        }
        true
    }

    /// Answers the question of a pair.
    fn record(&mut self, pair: (u64, u64), opinion: Opinion) {
        let Some(standing) = self.questions.get_mut(&pair) else {
            return;
        };
        standing.opinion = Some(opinion);
        let answer = turned(opinion.answer, standing.smaller);
        let reply = Reply { note: opinion.who.note(), ..Reply::new(answer, 0.0) };
        let (id, annotator) = (standing.id, opinion.who.annotator);
        self.answers.push(NewAnswer { id, annotator, reply });
        self.taken.recorded = self.taken.recorded.saturating_add(1);
    }

    /// The question about a pair, if the session could ask it.
    fn question(&self, round: u64, reply: ReplyElsewhere) -> Option<Question> {
        let pair = (reply.a.min(reply.b), reply.a.max(reply.b));
        let question = Question::new(round, pair.0, pair.1);
        let prompt_of = |item| self.material.embeddings().prompt_of(item);
        match self.pool {
            PoolKind::Listed => {
                let candidate = Some(*self.listed.get(&pair)?);
                Some(Question { candidate, ..question })
            }
            PoolKind::InPrompt if prompt_of(pair.0) != prompt_of(pair.1) => None,
            PoolKind::InPrompt | PoolKind::CrossPrompt => Some(question),
        }
    }

    fn name(&self, item: u64) -> ItemName {
        self.material.embeddings().name(item)
    }
}

/// An answer to two replies as shown, where this one stands first; or the other way back.
fn turned(answer: Answer, first: Side) -> Answer {
    match (first, answer) {
        (Side::Right, Answer::First) => Answer::Second,
        (Side::Right, Answer::Second) => Answer::First,
        _ => answer,
    }
}
