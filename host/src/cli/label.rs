//! `pairpick label`: people answer, in the terminal or on a page.

use std::path::{Path, PathBuf};
#[cfg(feature = "web")]
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::data_folder::CANDIDATES;
use super::output::Output;
use super::over::Over;
use super::until::Until;
#[cfg(feature = "web")]
use super::web;
use super::{groups, help, terminal};
use crate::data::candidates::Candidates;
use crate::data::embeddings::Embeddings;
use crate::data::pool_kind::PoolKind;
use crate::data::summary::Supply;
use crate::error::{Error, Result};
use crate::named::choice;
use crate::output::file::Places;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::runtime::Runtime;
use crate::session::{Desk, Lag, Material, Plan};
use crate::settings::{Asking, Prior, Settings, Training};

/// Ask people, and learn while they answer
///
/// Shows two replies at a time and records which is better, in the terminal or with --web on a page:
/// 1 or ← the first, 2 or → the second, 0 a tie, s to skip the pair, b where both are bad; u takes the
/// last answer back, n adds a note, q ends. An answer is on the disk before the next question shows, so
/// nothing is lost whatever happens, and the same command goes on where it ended. Without data options
/// it asks about the replies that come with the program.
///
/// A batch is chosen by the answers to the batches before, but for the last one, so that nobody waits
/// while the model learns: --lag 0 waits. The same answers give the same questions and the same
/// model, however fast they come.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::LABEL, allow_negative_numbers = true)]
pub(super) struct Args {
    /// The session: a file of SQLite that is made where there is none, and gone on with where there is
    #[arg(
        long,
        value_name = "FILE",
        default_value = "pairpick-session.db",
        help_heading = "Session"
    )]
    session: PathBuf,

    /// Whether a batch is chosen by all batches before, or by all but the last
    #[arg(long, value_name = "0|1", value_parser = choice::<Lag>(), help_heading = "Session")]
    lag: Option<Lag>,

    /// The share of each batch that is asked again, the other way round, to see how far answers agree;
    /// what is asked again trains nothing
    #[arg(long, value_name = "S", help_heading = "Session")]
    swap_check: Option<f64>,

    /// End once the model's confidence in its order, ρ, is this, and with --lag 1 once the batch that is
    /// open then has its answers too; off: not by confidence, whatever was said before
    #[arg(long, value_name = "RHO|off", help_heading = "Session")]
    until: Option<Until>,

    /// Write the answers so far as labels, which train and select read, - for standard output, and ask
    /// nothing
    #[arg(long, value_name = "FILE", conflicts_with = "import", help_heading = "Session")]
    export: Option<PathBuf>,

    /// Begin the session with the answers of a file that --export wrote, by the same data and options,
    /// and ask nothing yet
    #[arg(long, value_name = "FILE", help_heading = "Session")]
    import: Option<PathBuf>,

    /// Replace the file of --export if it is there
    #[arg(long, requires = "export", help_heading = "Session")]
    force: bool,

    #[cfg(feature = "web")]
    #[command(flatten)]
    page: web::WebOptions,

    #[command(flatten)]
    replies: groups::Replies,

    #[command(flatten)]
    candidates: groups::ListedPairs,

    #[command(flatten)]
    asking: Over<Asking>,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    features: groups::FeatureOptions,

    #[command(flatten)]
    training: Over<Training>,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    runtime: Runtime,
}

/// Asks, or moves answers out or in.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    args.fill(output)?;
    let threads = Threads::start(&args.runtime)?;
    match (args.import.clone(), args.export.clone()) {
        (Some(answers), _) => args.import(&answers, threads, output),
        (None, Some(file)) => args.export(&file, threads, output),
        (None, None) => args.ask(threads, output),
    }
}

impl Args {
    /// Finds in the folder of the data what no option names.
    fn fill(&mut self, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.replies.fill(true)? else {
            return Ok(());
        };
        if !self.asking.typed().has("pool") {
            folder.fill(&mut self.candidates.candidates, &CANDIDATES)?;
        }
        folder.note(output);
        Ok(())
    }

    fn ask(&self, threads: Threads, output: &mut Output) -> Result<()> {
        #[cfg(feature = "web")]
        if self.page.web {
            return self.serve(threads, output);
        }
        terminal::check()?;
        let desk = self.open(threads, output)?;
        output.work().answers(&self.session, terminal::leave);
        // The screen is the questions' from here on.
        output.close();
        let asked = terminal::ask(&desk);
        self.tell(&desk, output);
        asked
    }

    /// The same on a page.
    #[cfg(feature = "web")]
    fn serve(&self, threads: Threads, output: &mut Output) -> Result<()> {
        let server = web::Server::open(&self.page, output)?;
        let desk = Arc::new(self.open(threads, output)?);
        let served = server.serve(Arc::clone(&desk), &self.session, output);
        self.tell(&desk, output);
        served
    }

    /// Begins the session or goes on with it.
    fn open(&self, threads: Threads, output: &mut Output) -> Result<Desk> {
        let (material, plan) = self.material_and_plan(output)?;
        Desk::open(&self.session, material, plan, threads, output)
    }

    fn import(&self, answers: &Path, threads: Threads, output: &mut Output) -> Result<()> {
        let (material, plan) = self.material_and_plan(output)?;
        let count = Desk::import(&self.session, answers, material, plan, threads, output)?;
        output.log(&format!("{count} answers in {}", self.session.display()));
        Ok(())
    }

    fn export(&self, path: &Path, threads: Threads, output: &mut Output) -> Result<()> {
        if !self.session.exists() {
            return Err(Error::MissingFile { path: self.session.clone() });
        }
        let others = [Some(&self.session), self.candidates.candidates.as_ref()];
        let others = others.into_iter().flatten().map(PathBuf::as_path);
        let inputs: Vec<&Path> = self.replies.files().chain(others).collect();
        let file = Places::new(self.force, &inputs).take(path)?;
        let (material, _) = self.material_and_plan(output)?;
        let desk = Desk::look(&self.session, material, threads, output)?;
        file.write(&desk.export()?)?;
        self.tell(&desk, output);
        Ok(())
    }

    /// What the session asks about, and how: as its file says, where there is one, and else as the
    /// options do.
    fn material_and_plan(&self, output: &mut Output) -> Result<(Material, Plan)> {
        let embeddings = self.replies.open(output)?;
        let (mut plan, begun) = match Desk::plan_of(&self.session)? {
            Some(plan) => (self.over(plan)?, true),
            None => (self.over(Plan::new(self.recipe()))?, false),
        };
        let candidates = self.candidates.open(&embeddings, &mut plan.settings.asking)?;
        plan.check()?;
        if !begun {
            self.fit(&mut plan.settings, &embeddings, candidates.as_ref(), output)?;
        }
        let texts = self.replies.needed_texts(&embeddings)?;
        Ok((Material::new(embeddings, candidates, texts), plan))
    }

    fn recipe(&self) -> Settings {
        self.recipe.settings(self.replies.embeddings.train_embeddings.as_deref())
    }

    /// What was typed, over what stands there.
    fn over(&self, mut plan: Plan) -> Result<Plan> {
        let settings = &mut plan.settings;
        let (typed, recipe) = (self.asking.typed(), self.recipe());
        if typed.has("preset") {
            settings.preset = recipe.preset;
        }
        if typed.has("seed") {
            settings.seed = recipe.seed;
        }
        self.asking.write(&mut settings.asking);
        self.prior.write(&mut settings.prior);
        self.features.write(settings)?;
        self.training.write(&mut settings.training);
        let Plan { lag, swap_check, until, .. } = plan;
        Ok(Plan {
            lag: self.lag.unwrap_or(lag),
            swap_check: self.swap_check.unwrap_or(swap_check),
            until: self.until.map_or(until, Until::confidence),
            ..plan
        })
    }

    /// Fits a new session's sizes to the data.
    fn fit(
        &self,
        settings: &mut Settings,
        embeddings: &Embeddings,
        candidates: Option<&Candidates>,
        output: &mut Output,
    ) -> Result<()> {
        let typed = self.asking.typed();
        settings.offer_pairs_of_recipe(&typed);
        embeddings.check_round(settings.asking.pool, settings.asking.prompts_per_round)?;
        if settings.asking.pool == PoolKind::InPrompt {
            groups::note_single_responses(embeddings, output);
        }
        let supply = Supply::of(embeddings, candidates);
        for note in settings.asking.fit_to(&supply, &typed)? {
            output.note(&note);
        }
        Ok(())
    }

    /// Where the session stands, for whoever has left it.
    fn tell(&self, desk: &Desk, output: &mut Output) {
        let status = desk.status();
        for note in &status.notes {
            output.note(note);
        }
        for line in status.lines() {
            output.log(&format!("{}: {}", line.name, line.text));
        }
        if let Some((round, digest)) = status.model.filter(|(round, _)| *round > 0) {
            output.log(&format!("model of batch {round}: {digest}"));
        }
        output.log(&format!(
            "all answers are in {}; the same command with --export FILE writes them as labels for train",
            self.session.display()
        ));
    }
}
