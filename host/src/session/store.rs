//! [`Store`]: the file of a session, a data base of SQLite. What a call has written is on the disk when
//! it returns, and a call that is interrupted has written nothing.

mod rows;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params};

use super::holder::Holder;
use super::plan::Plan;
use super::record::{Asked, Batch, Given, NewAnswer};
use super::reply::{QuestionId, Reply, Side};
use crate::data::summary::DataSummary;
use crate::digest::HexDigest;
use crate::error::{Error, Result, SessionError, quotable};
use crate::named::Named;
use crate::round::steps::Taught;

/// The version of the tables' form and meaning, SQLite's `user_version`.
pub const FORMAT_VERSION: i64 = 1;

/// What marks a session among SQLite's files: "pair", its `application_id`.
const APPLICATION: i64 = 0x7061_6972;

/// The rounds whose models are kept, the newest: a model further back chooses no batch any more.
const KEPT_MODELS: u64 = 2;

/// How long another program that reads the file is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The file of a session, held as long as this is.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    path: PathBuf,
    _holder: Holder,
}

/// What a session was begun with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Begun {
    pub(super) plan: Plan,
    pub(super) data: DataSummary,
    /// Of the texts.
    pub(super) texts: HexDigest,
}

/// What is kept of a model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checkpoint {
    /// The round whose answers it has learnt from last.
    pub(super) round: u64,
    /// Of its bits.
    pub(super) digest: HexDigest,
    pub(super) taught: Taught,
}

/// Everything that a session has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Content {
    /// By round.
    pub(super) batches: Vec<Batch>,
    /// The newest, by round.
    pub(super) models: Vec<Checkpoint>,
}

impl Store {
    /// Opens a session's file, and makes one that is empty where there is none.
    ///
    /// # Errors
    /// [`SessionError`]; nothing of a file that is there is changed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let holder = Holder::take(path)?;
        // Some names mean something else to SQLite.
        let opened = connect(holder.session());
        let opened = opened.map_err(|error| refused(path, "open the session", error))?;
        let store = Self { connection: opened, path: path.into(), _holder: holder };
        if !store.is_empty()? {
            store.check()?;
        }
        store
            .connection
            .execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = EXTRA;")
            .map_err(|error| store.refused("open the session", error))?;
        Ok(store)
    }

    /// Whether nothing was ever committed to it: to ask is to roll back what a process that was killed
    /// has left.
    fn is_empty(&self) -> Result<bool> {
        Ok(self.number("page_count")? == 0)
    }

    /// What SQLite says of the file.
    fn number(&self, pragma: &str) -> Result<i64> {
        let number = self.connection.pragma_query_value(None, pragma, |row| row.get(0));
        number.map_err(|error| self.refused("read the session", error))
    }

    /// Refuses what is no session, of a newer format, or damaged.
    fn check(&self) -> Result<()> {
        let (application, found) = (self.number("application_id")?, self.number("user_version")?);
        let (path, known) = (self.path.clone(), FORMAT_VERSION);
        if application != APPLICATION {
            let problem = "a data base of another program".to_owned();
            return Err(SessionError::NoSession { path, problem }.into());
        }
        if found > known {
            return Err(SessionError::Newer { path, found, known }.into());
        }
        let whole: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(|error| self.refused("read the session", error))?;
        match whole == "ok" {
            true => Ok(()),
            false => Err(self.damaged(&whole)),
        }
    }

    /// What the session was begun with; none where it was not.
    pub(super) fn begun(&self) -> Result<Option<Begun>> {
        let has_tables = self
            .connection
            .table_exists(None, "session")
            .map_err(|error| self.refused("read the session", error))?;
        if !has_tables {
            return Ok(None);
        }
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (plan, data, texts): (String, String, String) = self
            .connection
            .query_row("SELECT plan, data, texts FROM session", [], row)
            .map_err(|error| self.refused("read the session", error))?;
        let (plan, data) = (self.json("plan", &plan)?, self.json("data", &data)?);
        Ok(Some(Begun { plan, data, texts: self.digest(&texts)? }))
    }

    /// Begins the session.
    pub(super) fn begin(&mut self, begun: &Begun) -> Result<()> {
        let text = |json: serde_json::Result<String>| {
            json.map_err(|error| Error::io(&self.path, "write", error.into()))
        };
        let (plan, data) =
            (text(serde_json::to_string(&begun.plan))?, text(serde_json::to_string(&begun.data))?);
        self.commit("begin the session", |transaction| {
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT_VERSION)?;
            transaction.execute_batch(include_str!("store/schema.sql"))?;
            transaction.execute(
                "INSERT INTO session (one, begun, plan, data, texts) VALUES (1, ?1, ?2, ?3, ?4)",
                params![seconds_now(), plan, data, begun.texts.to_string()],
            )?;
            Ok(())
        })
    }

    /// Records a batch, all of it or nothing.
    pub(super) fn add_batch(&mut self, batch: &Batch) -> Result<()> {
        self.commit("record the batch", |transaction| insert_batch(transaction, batch))
    }

    /// Records batches, and then answers to these and to others, all of it or nothing.
    pub(super) fn take_in(&mut self, batches: &[Batch], answers: &[NewAnswer]) -> Result<()> {
        self.commit("record the answers", |transaction| {
            batches.iter().try_for_each(|batch| insert_batch(transaction, batch))?;
            answers.iter().try_for_each(|answer| insert_answer(transaction, answer))
        })
    }

    /// Records an answer, and gives back its place among all.
    pub(super) fn add_answer(
        &mut self,
        id: QuestionId,
        annotator: u32,
        reply: Reply,
    ) -> Result<Given> {
        let answer = NewAnswer { id, annotator, reply };
        let nth = self.commit("record the answer", |transaction| {
            insert_answer(transaction, &answer)?;
            Ok(transaction.last_insert_rowid())
        })?;
        Ok(Given { nth: nth.unsigned_abs(), annotator, reply: answer.reply })
    }

    /// Takes an answer back.
    pub(super) fn remove_answer(&mut self, id: QuestionId) -> Result<()> {
        self.commit("take back the answer", |transaction| {
            transaction.execute("DELETE FROM answers WHERE question = ?1", [whole(id.0)])?;
            Ok(())
        })
    }

    /// Records a model, and lets the bits of those go that choose no batch any more.
    pub(super) fn add_model(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let Checkpoint { round, digest, taught } = checkpoint;
        let bits = taught.model.to_bytes(&self.path)?;
        self.commit("record the model", |transaction| {
            transaction.execute(
                "INSERT INTO models VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    whole(*round),
                    digest.to_string(),
                    taught.prior_precision,
                    taught.confidence,
                    bits
                ],
            )?;
            transaction.execute(
                "UPDATE models SET bits = NULL WHERE round <= ?1",
                [whole(*round).saturating_sub(whole(KEPT_MODELS))],
            )?;
            Ok(())
        })
    }

    /// Changes how many rounds there are to be.
    pub(super) fn set_plan(&mut self, plan: &Plan) -> Result<()> {
        let text = serde_json::to_string(plan)
            .map_err(|error| Error::io(&self.path, "write", error.into()))?;
        self.commit("record the plan", |transaction| {
            transaction.execute("UPDATE session SET plan = ?1", [text])?;
            Ok(())
        })
    }

    /// Writes, all of it or nothing.
    fn commit<R>(
        &mut self,
        action: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<R>,
    ) -> Result<R> {
        let transaction = self.connection.transaction();
        let written = transaction.and_then(|transaction| {
            let result = write(&transaction)?;
            transaction.commit()?;
            Ok(result)
        });
        written.map_err(|error| refused(&self.path, action, error))
    }

    fn refused(&self, action: &'static str, error: rusqlite::Error) -> Error {
        refused(&self.path, action, error)
    }

    fn damaged(&self, problem: &str) -> Error {
        SessionError::Damaged { path: self.path.clone(), problem: quotable(problem) }.into()
    }
}

fn insert_batch(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO rounds VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            whole(batch.round),
            batch.strategy,
            whole(batch.model_round),
            batch.model.to_string(),
            whole(batch.offered)
        ],
    )?;
    let mut insert =
        transaction.prepare("INSERT INTO questions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for (asked, place) in batch.asked.iter().zip(1_i64..) {
        let Asked { id, question, first, repeats, .. } = asked;
        insert.execute(params![
            whole(id.0),
            whole(batch.round),
            place,
            whole(question.a),
            whole(question.b),
            question.candidate.map(whole),
            question.score,
            left(*first),
            repeats.map(|id| whole(id.0))
        ])?;
    }
    Ok(())
}

fn insert_answer(transaction: &Transaction<'_>, answer: &NewAnswer) -> rusqlite::Result<()> {
    let NewAnswer { id, annotator, reply } = answer;
    let insert = "INSERT INTO answers (question, answer, seconds, annotator, note, given) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    transaction
        .prepare(insert)?
        .execute(params![
            whole(id.0),
            reply.answer.name(),
            reply.seconds,
            annotator,
            reply.note,
            seconds_now()
        ])
        .map(|_| ())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// What SQLite refuses, told to a person.
fn refused(path: &Path, action: &'static str, error: rusqlite::Error) -> Error {
    let problem = quotable(&error.to_string());
    let path = path.to_owned();
    let refused = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            let problem = "it is no data base of SQLite".to_owned();
            SessionError::NoSession { path, problem }
        }
        Some(ErrorCode::DatabaseCorrupt) => SessionError::Damaged { path, problem },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SessionError::Locked { path },
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
            let problem = format!("{problem} (the disk may be full)");
            SessionError::Storage { path, action, problem }
        }
        Some(_) => SessionError::Storage { path, action, problem },
        // What is no error of SQLite is a value that this program has not written.
        None => SessionError::Damaged { path, problem },
    };
    refused.into()
}

/// A number that a file can have: all of them are below 2⁶³.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Which item stands left.
fn left(first: Side) -> &'static str {
    match first {
        Side::Left => "a",
        Side::Right => "b",
    }
}

fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| whole(since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_on_the_disk_and_never_in_memory_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s.db")).unwrap();
        // EXTRA: the folder is synchronised too, once the journal is gone from it.
        assert_eq!(store.number("synchronous").unwrap(), 3);
        let journal: String =
            store.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(journal, "delete");
        let file = store.connection.path().unwrap_or_default();
        assert!(file.ends_with("s.db"), "{file}");
    }
}
