//! `pairpick eval`: what a model is worth.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::data_folder::{DataFolder, TEST_LABELS};
use super::output::Output;
use super::over::Over;
use super::{groups, help};
use crate::data::dataset::{Dataset, Split};
use crate::data::embeddings::Embeddings;
use crate::data::labels::LabelFile;
use crate::data::rewards::Rewards;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::evaluation::{Answers, EvaluationReport, Golden};
use crate::round::evaluate::evaluate;
use crate::round::held_out::held_out;
use crate::runtime::Runtime;
use crate::settings::{Measuring, Settings};

/// Measure a reward model against golden rewards or held-out labels
///
/// Against golden rewards: 1 − Spearman, best-of-N and pairwise accuracy, as `run` has them. Against
/// held-out labels: accuracy, log-loss, and whether a predicted probability of, say, 0.8 comes
/// true in 80 of 100 cases. Without test options it measures on the test part of the data that
/// comes with the program.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = help::EVAL,
    after_long_help = help::eval(),
    mut_arg("test_covariates", |covariates| covariates.help(
        "Numbers known of each response, such as its length, that the model has learnt from: a file of \
         shape (N, K) or (N, K, C), or (M,) or (M, C); or length: that of its text in --test-texts"
    )),
    mut_arg("test_texts", |texts| texts.help(
        "The responses' texts, in the order of the embeddings' rows: JSON Lines, a response a line with \
         its \"text\" or \"response\", or a prompt a line with \"responses\""
    )),
    mut_arg("test_embeddings", |test| test.help(
        "Embeddings to measure the model on, of shape (N prompts, K responses, D), or (M rows, D) \
         with --test-prompt-ids or for --test-labels alone; without them it is the test part of the \
         data that comes with the program"
    ))
)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataFolder,

    /// The model: a file that run or train wrote
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    model: PathBuf,

    #[command(flatten)]
    test: groups::TestData,

    #[command(flatten)]
    fields: groups::PromptFields,

    #[command(flatten)]
    names: groups::CovariateNames,

    /// Held-out labels of items of the test embeddings: JSON Lines, - for standard input
    #[arg(long, value_name = "FILE", requires = "test_source", help_heading = "Data")]
    test_labels: Option<PathBuf>,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    /// Covariates, such as length, whose part in the rewards is left out: the order is then by what
    /// else the model knows
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Data")]
    without: Vec<String>,

    #[command(flatten)]
    measuring: Over<Measuring>,

    #[command(flatten)]
    runtime: Runtime,

    #[command(flatten)]
    print: groups::Print,
}

/// Measures, and writes nothing.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    args.fill(output)?;
    let threads = Threads::start(&args.runtime)?;
    let report = threads.install(|| args.evaluate(&threads, output))?;
    match args.print.json {
        true => output.json(&report),
        false => output.result(&format!("{}\n", report.table())),
    }
}

impl Args {
    /// Finds in the folder of the data what no option names.
    fn fill(&mut self, output: &mut Output) -> Result<()> {
        let Some(mut folder) = self.data.open()? else {
            return Ok(());
        };
        folder.fill(&mut self.test_labels, &TEST_LABELS)?;
        folder.fill_test(&mut self.test)?;
        let groups::TestData {
            test_embeddings, test_prompt_ids, test_covariates, test_texts, ..
        } = &mut self.test;
        let covariates = test_covariates.as_deref();
        // Held-out labels may be of the items that others are learnt from.
        folder.fill_scored(test_embeddings, test_prompt_ids, covariates, test_texts)?;
        folder.note(output);
        Ok(())
    }

    fn evaluate(&self, threads: &Threads, output: &mut Output) -> Result<EvaluationReport> {
        let Some(path) = &self.test.test_embeddings else {
            groups::note_bundled("test_embeddings", output);
            let split = match self.test.known(&self.names).of_bundled("test_embeddings")? {
                true => Dataset::bundled_test_with_lengths()?,
                false => Dataset::bundled_test()?,
            };
            let model = Model::open_for(&split.embeddings, &self.model)?.without(&self.without)?;
            let golden = self.golden(&model, &split, threads, output)?;
            return self.report(&model, Some(golden), None);
        };
        let prompt_ids = self.test.test_prompt_ids.as_deref();
        let known = self.test.known(&self.names);
        let embeddings = groups::opened(path, prompt_ids, &self.fields, known, output)?;
        let model = Model::open_for(&embeddings, &self.model)?.without(&self.without)?;
        let answers = match &self.test_labels {
            Some(labels) => {
                output.begin("evaluating", 0);
                let answers = self.answers(&model, &embeddings, threads, labels, output)?;
                output.end();
                Some(answers)
            }
            None => None,
        };
        let golden = match &self.test.test_rewards {
            Some(rewards) => {
                let rewards = Rewards::open(rewards, &embeddings)?;
                let split = Split { embeddings, rewards: Some(rewards) };
                Some(self.golden(&model, &split, threads, output)?)
            }
            None if answers.is_none() => {
                let expected = "needs `test_rewards` or `test_labels` beside it";
                return Err(Error::setting("test_embeddings", path.display(), expected));
            }
            None => None,
        };
        self.report(&model, golden, answers)
    }

    fn golden(
        &self,
        model: &Model,
        split: &Split,
        threads: &Threads,
        output: &mut Output,
    ) -> Result<Golden> {
        split.embeddings.check_in_prompt()?;
        let mut settings = match self.test.test_embeddings {
            Some(_) => Settings::default(),
            None => Settings::default().sized_for_bundled(),
        };
        self.measuring.write(&mut settings.measuring);
        settings.check()?;
        let typed = self.measuring.typed();
        let most = split.embeddings.responses().most();
        settings.measuring.fit_to(Some(most), &typed)?;
        groups::note_uncounted(&split.embeddings, &settings.measuring.best_of, output);
        groups::note_equal_rewards(split, groups::NO_ORDER, output);
        let evaluation = evaluate(model, split, threads, &settings.measuring.best_of, output)?;
        Ok(Golden::new(evaluation))
    }

    fn answers(
        &self,
        model: &Model,
        embeddings: &Embeddings,
        threads: &Threads,
        path: &Path,
        output: &mut Output,
    ) -> Result<Answers> {
        let LabelFile { labels, agreement, .. } = self.repeats.read(path, embeddings, output)?;
        let held_out = held_out(model, embeddings, threads, &labels)?;
        Ok(Answers::new(&held_out, labels.len(), agreement))
    }

    fn report(
        &self,
        model: &Model,
        golden: Option<Golden>,
        held_out: Option<Answers>,
    ) -> Result<EvaluationReport> {
        let (digest, model) = (model.digest()?, self.model.display().to_string());
        Ok(EvaluationReport { model, digest, golden, held_out })
    }
}
