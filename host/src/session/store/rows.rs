//! Reading all of a session.

use rusqlite::Row;
use serde::de::DeserializeOwned;

use super::{Checkpoint, Content, Store};
use crate::data::question::Question;
use crate::digest::HexDigest;
use crate::error::Result;
use crate::json;
use crate::model::Model;
use crate::named::Named;
use crate::round::steps::Taught;
use crate::session::record::{Asked, Batch, Given};
use crate::session::reply::{Answer, QuestionId, Reply, Side};

/// What is being done, for messages.
const READ: &str = "read the session";

impl Store {
    /// All that the session has come to.
    ///
    /// # Errors
    /// [`SessionError`](crate::error::SessionError).
    pub(in crate::session) fn content(&self) -> Result<Content> {
        let mut batches = self.batches()?;
        for (round, asked) in self.questions()? {
            let batch = batches.iter_mut().find(|batch| batch.round == round);
            batch.ok_or_else(|| self.damaged("a question of no round"))?.asked.push(asked);
        }
        let models = self.models()?;
        let follow = batches.iter().zip(1..).all(|(batch, round)| batch.round == round);
        match follow && batches.iter().all(|batch| !batch.asked.is_empty()) {
            true => Ok(Content { batches, models }),
            false => Err(self.damaged("its rounds do not follow each other")),
        }
    }

    fn batches(&self) -> Result<Vec<Batch>> {
        let select = "SELECT round, strategy, model_round, model_digest, offered FROM rounds \
                      ORDER BY round";
        self.all(select, |row| {
            Ok(Batch {
                round: number(row, 0)?,
                strategy: row.get(1)?,
                model_round: number(row, 2)?,
                model: digest(row, 3)?,
                offered: number(row, 4)?,
                asked: Vec::new(),
            })
        })
    }

    fn questions(&self) -> Result<Vec<(u64, Asked)>> {
        let select = "SELECT id, round, a, b, candidate, score, shown_left, repeats, nth, answer, \
                      seconds, annotator, note FROM questions LEFT JOIN answers ON question = id \
                      ORDER BY round, place";
        self.all(select, |row| {
            let round = number(row, 1)?;
            let question = Question {
                round,
                a: number(row, 2)?,
                b: number(row, 3)?,
                candidate: number_or_none(row, 4)?,
                score: row.get(5)?,
            };
            let left: String = row.get(6)?;
            let first = if left == "a" { Side::Left } else { Side::Right };
            let given = number_or_none(row, 8)?.map(|nth| given(row, nth)).transpose()?;
            let repeats = number_or_none(row, 7)?.map(QuestionId);
            Ok((round, Asked { id: QuestionId(number(row, 0)?), question, first, repeats, given }))
        })
    }

    fn models(&self) -> Result<Vec<Checkpoint>> {
        let select = "SELECT round, digest, prior_precision, confidence, bits FROM models \
                      WHERE bits IS NOT NULL ORDER BY round";
        let rows = self.all(select, |row| {
            let bits: Vec<u8> = row.get(4)?;
            Ok(((number(row, 0)?, digest(row, 1)?), (row.get(2)?, row.get(3)?), bits))
        })?;
        let checkpoint = |((round, digest), (prior_precision, confidence), bits): ModelRow| {
            let model = Model::from_bytes(&bits, &self.path)
                .map_err(|error| self.damaged(&error.to_string()))?;
            if model.digest()? != digest {
                return Err(self.damaged(&format!("the model of round {round} is another")));
            }
            let taught = Taught { model, prior_precision, confidence };
            Ok(Checkpoint { round, digest, taught })
        };
        rows.into_iter().map(checkpoint).collect()
    }

    fn all<R>(
        &self,
        select: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<R>,
    ) -> Result<Vec<R>> {
        let rows = || self.connection.prepare(select)?.query_map([], read)?.collect();
        let rows: rusqlite::Result<Vec<R>> = rows();
        rows.map_err(|error| self.refused(READ, error))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, what: &str, text: &str) -> Result<T> {
        let problem = |problem: json::Problem| self.damaged(&format!("its {what}: {problem}"));
        json::object(text.as_bytes()).map_err(problem)
    }

    pub(super) fn digest(&self, text: &str) -> Result<HexDigest> {
        let found = serde_json::from_value(text.into());
        found.map_err(|error| self.damaged(&error.to_string()))
    }
}

/// Round and digest, λ and ρ, bits.
type ModelRow = ((u64, HexDigest), (Option<f64>, Option<f64>), Vec<u8>);

fn given(row: &Row<'_>, nth: u64) -> rusqlite::Result<Given> {
    let name: String = row.get(9)?;
    let answer = Answer::from_name(&name).ok_or_else(|| foreign(9, "an unknown answer"))?;
    let reply = Reply { answer, seconds: row.get(10)?, note: row.get(12)? };
    Ok(Given { nth, annotator: row.get(11)?, reply })
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    number_or_none(row, column)?.ok_or_else(|| foreign(column, "a number that is missing"))
}

fn number_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    let found: Option<i64> = row.get(column)?;
    let number = |found| u64::try_from(found).map_err(|_| foreign(column, "a number below 0"));
    found.map(number).transpose()
}

fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<HexDigest> {
    let text: String = row.get(column)?;
    serde_json::from_value(text.into()).map_err(|_| foreign(column, "a text that is no digest"))
}

/// A value that this program has not written.
fn foreign(column: usize, what: &str) -> rusqlite::Error {
    let kind = rusqlite::types::Type::Text;
    rusqlite::Error::FromSqlConversionFailure(column, kind, what.into())
}
