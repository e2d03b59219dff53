//! `pairpick export`: labels with their texts, as other programs read them.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::help;
use super::output::Output;
use crate::error::{Error, Result};
use crate::formats::source::{self, Container};
use crate::formats::write::{Asked, Written};
use crate::formats::{Format, Preferences};
use crate::named::{Named, choice};
use crate::output::file::Places;
use crate::output::{LABELS, TEXTS, UNANSWERED};
use crate::progress::Progress;

/// Write labels and their texts as other programs read them
///
/// Texts are those that `import` wrote, or other lines with the fields `prompt_id`, `prompt`,
/// `response` and `id`; labels those of `import` or `run`, or pairs of `select` that wait for an
/// answer. Every row has the ids and texts of its responses, and all that the label's line says.
/// What the format cannot say is counted.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::EXPORT)]
pub(super) struct Args {
    /// Folder of texts.jsonl, labels.jsonl and, if it is there, unanswered.jsonl, as import writes it
    #[arg(long, value_name = "DIR", required_unless_present_all = ["texts", "labels"],
          help_heading = "Data")]
    data: Option<PathBuf>,

    /// The texts, in place of the folder's
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    texts: Option<PathBuf>,

    /// The labels, in place of the folder's
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    labels: Option<PathBuf>,

    /// What rows say
    #[arg(long, value_parser = choice::<Format>(), default_value = Format::Trl.name(),
          help_heading = "Output")]
    format: Format,

    /// The file: JSON Lines (.jsonl, and - for standard output), JSON (.json), CSV (.csv), TSV
    /// (.tsv) or Parquet (.parquet), as its name ends
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    out: PathBuf,

    /// Scores of the rows, such as a model's rewards: lines with a "reward" or a "score" each;
    /// without them scores are those of the texts
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    scores: Option<PathBuf>,

    /// Give each pair the difference of its scores, as margin
    #[arg(long, help_heading = "Output")]
    margin: bool,

    /// Replace the file if it is there
    #[arg(long, help_heading = "Output")]
    force: bool,
}

/// Exports. Nothing is written before everything is read.
pub(super) fn execute(args: &Args, output: &mut Output) -> Result<()> {
    let container = args.container()?;
    let (texts, labels) = (args.file(&args.texts, TEXTS), args.file(&args.labels, LABELS));
    let mut inputs = vec![texts.as_path(), labels.as_path()];
    inputs.extend(args.scores.as_deref());
    args.check_standard_input(&inputs)?;
    let file = Places::new(args.force, &inputs).take(&args.out)?;
    let mut preferences = Preferences::of_texts(source::read(&texts)?)?;
    preferences.add_labels(source::read(&labels)?)?;
    if let Some(unanswered) = args.unanswered() {
        preferences.add_labels(source::read(&unanswered)?)?;
    }
    let scores = args.scores.as_deref().map(|path| read_scores(path, &preferences)).transpose()?;
    args.check_margin(scores.is_some(), &preferences)?;
    let asked = Asked { scores, margin: args.margin };
    let written = args.format.write(&preferences, &asked)?;
    let bytes = source::write(&args.out, container, &written.rows)?;
    file.write(&bytes)?;
    args.tell(&written, output);
    Ok(())
}

impl Args {
    fn container(&self) -> Result<Container> {
        if self.out == Path::new("-") {
            return Ok(Container::JsonLines);
        }
        Container::of_name(&self.out).ok_or_else(|| {
            let expected =
                "its name must end in .jsonl, .json, .csv, .tsv or .parquet, which says what it is";
            Error::setting("out", self.out.display(), expected)
        })
    }

    fn file(&self, given: &Option<PathBuf>, name: &str) -> PathBuf {
        let folder = || self.data.as_deref().unwrap_or(Path::new("")).join(name);
        given.clone().unwrap_or_else(folder)
    }

    /// The folder's pairs without an answer, where its labels are those that are asked for.
    fn unanswered(&self) -> Option<PathBuf> {
        let path = self.data.as_deref()?.join(UNANSWERED);
        let holds_any = std::fs::metadata(&path).is_ok_and(|found| found.len() > 0);
        (self.labels.is_none() && holds_any).then_some(path)
    }

    /// Standard input can be read once.
    fn check_standard_input(&self, inputs: &[&Path]) -> Result<()> {
        match inputs.iter().filter(|path| **path == Path::new("-")).count() {
            0 | 1 => Ok(()),
            _ => Err(Error::setting("texts", "-", "only one input can be standard input")),
        }
    }

    /// A margin of nothing would be left out without a word.
    fn check_margin(&self, scored: bool, preferences: &Preferences) -> Result<()> {
        let lacks = || preferences.responses.iter().any(|response| response.score().is_none());
        if !self.margin || scored || !lacks() {
            return Ok(());
        }
        let expected = "needs `scores`, since not all texts have a score of their own";
        Err(Error::setting("margin", "", expected))
    }

    fn tell(&self, written: &Written, output: &mut Output) {
        for (what, count) in &written.left_out {
            output.note(&format!(
                "{count} left out, {what}: the format {} has no row for it",
                self.format.name()
            ));
        }
        for (what, count) in &written.shortened {
            output.note(&format!("{count} shortened: {what}"));
        }
        output.log(&format!("{} rows in {}", written.rows.len(), self.out.display()));
    }
}

/// A score a row.
fn read_scores(path: &Path, preferences: &Preferences) -> Result<Vec<f64>> {
    let mut scores = Vec::new();
    for mut row in source::read(path)? {
        let reward = row.number("reward")?;
        let score = reward.map_or_else(|| row.number("score"), |reward| Ok(Some(reward)))?;
        scores.push(score.ok_or_else(|| row.missing("score"))?);
    }
    let (found, rows) = (scores.len(), preferences.responses.len());
    match found == rows {
        true => Ok(scores),
        false => {
            let problem = format!("found {found} scores; expected {rows}, one a row of the texts");
            Err(Error::Preferences { path: path.into(), problem })
        }
    }
}
