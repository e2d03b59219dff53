//! `pairpick device import --session`: the answers of devices in a session.

use std::path::{Path, PathBuf};

use clap::Args;
use pairpick_core::device::PoolImage;
use serde::Serialize;

use crate::cli::data_folder::CANDIDATES;
use crate::cli::groups;
use crate::cli::output::Output;
use crate::data::candidates::Candidates;
use crate::data::pool_kind::PoolKind;
use crate::device::intake::asked;
use crate::device::merge::Merged;
use crate::error::{Error, Result};
use crate::named::Named;
use crate::progress::Progress;
use crate::report;
use crate::session::{Contradiction, Desk, Material, Opinion, TakenIn};

/// A session for the answers.
#[derive(Debug, Args)]
pub(super) struct IntoSession {
    /// A session that label began, which takes the answers in: each round as a batch behind those that it
    /// has. Questions that wait there are answered; of a pair the first answer stays, and what differs
    /// from it is told
    #[arg(long, value_name = "FILE", conflicts_with = "out", help_heading = "Session")]
    session: Option<PathBuf>,

    #[command(flatten)]
    replies: groups::Replies,

    /// The only pairs that the session asks about, where it was begun with such a list
    #[arg(long, value_name = "FILE", requires_all = ["session", "train_source"],
          help_heading = "Data")]
    candidates: Option<PathBuf>,
}

/// Logs, and what became of their answers in a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Brought {
    /// The logs.
    #[serde(flatten)]
    merged: Merged,
    /// The session.
    session: TakenIn,
}

impl IntoSession {
    /// The session, if there is one; finds in the folder of its data what no option names.
    pub fn fill(&mut self, output: &mut Output) -> Result<Option<PathBuf>> {
        let Some(session) = self.session.clone() else {
            return match self.replies.typed() {
                None => Ok(None),
                Some((name, path)) => {
                    Err(Error::setting(name, path.display(), "needs `session` beside it"))
                }
            };
        };
        if let Some(mut folder) = self.replies.fill(true)? {
            let plan = Desk::plan_of(&session)?;
            if plan.is_some_and(|plan| plan.settings.asking.pool == PoolKind::Listed) {
                folder.fill(&mut self.candidates, &CANDIDATES)?;
            }
            folder.note(output);
        }
        Ok(Some(session))
    }

    /// Takes the answers in; `path` is the image's.
    pub fn take_in(
        &self,
        session: &Path,
        path: &Path,
        image: &PoolImage<'_>,
        merged: Merged,
        output: &mut Output,
    ) -> Result<Brought> {
        let embeddings = self.replies.open(output)?;
        let asked = asked(path, image, &embeddings, &merged.logs)?;
        let list = self.candidates.as_ref();
        let candidates = list.map(|path| Candidates::open(path, &embeddings)).transpose()?;
        let texts = self.replies.needed_texts(&embeddings)?;
        let material = Material::new(embeddings, candidates, texts);
        let taken = Desk::take_in(session, &material, &asked, output)?;
        for Contradiction { a, b, session, other } in &taken.contradictions {
            let said =
                |opinion: &Opinion| format!("{} says {}", opinion.who, opinion.answer.name());
            output.note(&format!("{a} and {b}: {}; {}: left out", said(session), said(other)));
        }
        Ok(Brought { merged, session: taken })
    }
}

impl Brought {
    /// In words.
    pub fn text(&self) -> String {
        let TakenIn {
            recorded,
            awaited,
            batches,
            known,
            agreeing,
            beside_put_aside,
            contradictions,
        } = &self.session;
        format!(
            "{}\n{recorded} answers are now in the session: {awaited} to questions that waited there, \
             the others as {batches} batches\n{known} were there already; left out are {agreeing} that \
             agree with an answer there, {beside_put_aside} where one of both has put the pair aside, and {} \
             that do not agree\n",
            report::device::merged(&self.merged),
            contradictions.len(),
        )
    }
}
