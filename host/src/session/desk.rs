//! [`Desk`]: serves questions to people and takes their answers, whichever face they see.

use std::path::Path;
use std::time::Duration;

use super::plan::{Plan, Stop};
use super::reply::{Next, Outcome, QuestionId, Reply, Undone};
use super::status::Status;
use crate::data::candidates::Candidates;
use crate::data::embeddings::Embeddings;
use crate::data::texts::Texts;
use crate::error::Result;
use crate::parallel::Threads;

/// What is asked about.
pub struct Material {
    /// What models learn on.
    pub embeddings: Embeddings,
    /// The pairs that can be asked about, where not all can.
    pub candidates: Option<Candidates>,
    /// What people read.
    pub texts: Texts,
}

/// A session at work: any number of faces share one by reference, from as many threads as they like.
/// Batches are chosen and models trained in the background.
pub struct Desk {}

impl Desk {
    /// Opens a session's file, or begins one where there is none.
    ///
    /// # Errors
    /// [`SessionError`](crate::error::SessionError): another process holds it, it was begun with other
    /// data or another plan, it is of a newer format, damaged, or no session; nothing is touched then.
    pub fn open(
        path: &Path,
        material: Material,
        plan: Plan,
        stop: Stop,
        threads: Threads,
    ) -> Result<Self> {
        let _ = (path, material, plan, stop, threads);
        todo!("being built")
    }

    /// What comes next for an annotator, whose number is from 1: the same until it is answered.
    ///
    /// # Errors
    /// What keeps the background from choosing or learning; what cannot be read.
    pub fn next(&self, annotator: u32) -> Result<Next> {
        let _ = annotator;
        todo!("being built")
    }

    /// Records an answer: once this returns, it is on the disk.
    ///
    /// # Errors
    /// What cannot be written; nothing is recorded then, and the same may be tried again.
    pub fn answer(&self, id: QuestionId, annotator: u32, reply: &Reply) -> Result<Outcome> {
        let _ = (id, annotator, reply);
        todo!("being built")
    }

    /// Takes back an annotator's last answer in the open batch.
    ///
    /// # Errors
    /// What cannot be written; nothing is taken back then.
    pub fn undo(&self, annotator: u32) -> Result<Undone> {
        let _ = annotator;
        todo!("being built")
    }

    /// Where the session stands.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn status(&self) -> Result<Status> {
        todo!("being built")
    }

    /// Waits until something has changed that others did, an answer, a batch, a model, or until this
    /// much time has passed.
    pub fn wait(&self, longest: Duration) {
        let _ = longest;
    }

    /// Gives an annotator's open question back, to whoever comes next.
    pub fn leave(&self, annotator: u32) {
        let _ = annotator;
    }

    /// Ends the work in the background, and lets the file go. A desk that is dropped does the same.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn close(self) -> Result<()> {
        Ok(())
    }
}
