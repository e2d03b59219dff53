//! `pairpick import`: preferences of other programs, as rows of texts and labels of pairs.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::output::Output;
use super::{groups, help};
use crate::error::{Error, FolderError, Result};
use crate::formats::fields::Fields;
use crate::formats::words::{Entry, Mapping, Words};
use crate::formats::{Column, Format, Preferences, Reading};
use crate::json;
use crate::named::choice;
use crate::output::file::NewFile;
use crate::output::{LABELS, TEXTS, UNANSWERED};
use crate::progress::Progress;
use crate::report::import::ImportReport;

/// Read preferences that other programs keep
///
/// Writes two files into a folder: `texts.jsonl`, a line a response, whose order is that of the rows
/// of the embeddings that are made of it; and `labels.jsonl`, whose items are these rows. Pairs that
/// were passed over, or wait for an answer, go to `unanswered.jsonl`. What the files are is told by
/// their names and fields. Says what it has found, the meanings of labels first of all.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::IMPORT)]
pub(super) struct Args {
    /// Files of preferences: JSON Lines, JSON, CSV, TSV or Parquet; - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// What their rows say; without it their fields tell
    #[arg(long, value_parser = choice::<Format>(), help_heading = "Source")]
    format: Option<Format>,

    /// Texts of an earlier import that the responses are all among: rows stay as they are there, such
    /// as those of pairs that were exported to be answered
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    texts: Option<PathBuf>,

    /// The name that a field has in the files, such as prompt=question; may be given several times
    #[arg(long, value_name = "FIELD=NAME", help_heading = "Source")]
    column: Vec<Column>,

    /// What labels mean; without it they are recognised if they can mean one thing only
    #[arg(long, value_parser = choice::<Words>(), help_heading = "Source")]
    mapping: Option<Words>,

    /// What a label means that is none of those: a, b, tie or skip; may be given several times
    #[arg(long, value_name = "WORD=MEANING", help_heading = "Source")]
    map: Vec<Entry>,

    /// Folder for texts.jsonl, labels.jsonl and unanswered.jsonl, made if it is not there
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: PathBuf,

    /// Replace these files if they are there, and nothing else in the folder
    #[arg(long, help_heading = "Output")]
    force: bool,

    /// Say what would be written, and write nothing
    #[arg(long, help_heading = "Output")]
    dry_run: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// Imports. Nothing is written before everything is read.
pub(super) fn execute(args: &Args, output: &mut Output) -> Result<()> {
    args.check_place()?;
    let mapping = Mapping { words: args.mapping, entries: args.map.clone() };
    let (columns, texts) = (args.column.clone(), args.texts.clone());
    let reading = Reading { format: args.format, columns, mapping, texts };
    let read = reading.read(&args.files)?;
    if let Some(words) = &read.words {
        output.note(&words.to_string());
    }
    let report = ImportReport::of(&read);
    for note in report.notes() {
        output.note(&note);
    }
    if !args.dry_run {
        args.write(&read.preferences)?;
        let embeddings = args.out.join(EMBEDDINGS);
        if embeddings.exists() {
            output.note(&format!(
                "{} was there before these texts: make it anew unless they are the same",
                embeddings.display()
            ));
        }
    }
    match args.print.json {
        true => output.json(&report),
        false => output.result(&format!("{}\n", report.summary())),
    }
}

/// What is made of the texts.
const EMBEDDINGS: &str = "embeddings.npy";

impl Args {
    /// Looks at the folder, as far as it is there.
    fn check_place(&self) -> Result<()> {
        let refused = |problem: &str| {
            let (path, problem) = (self.out.clone(), problem.to_owned());
            Err(FolderError::OutputPlace { path, problem }.into())
        };
        match () {
            () if self.out == Path::new("-") => refused("standard output is no folder"),
            () if self.out.is_dir() => self.files().map(drop),
            () if self.out.exists() => refused("it is a file"),
            () if self.out.is_symlink() => refused("it is a link to nothing"),
            () => Ok(()),
        }
    }

    fn files(&self) -> Result<[NewFile; 3]> {
        let inputs = self.files.iter().chain(&self.texts).map(PathBuf::as_path);
        let inputs: Vec<&Path> = inputs.collect();
        let mut places = self.print.beside(self.force, &inputs);
        let mut take = |name| places.take(&self.out.join(name));
        Ok([take(TEXTS)?, take(LABELS)?, take(UNANSWERED)?])
    }

    fn write(&self, preferences: &Preferences) -> Result<()> {
        let (labels, unanswered) = preferences.label_lines();
        let lines = |name: &str, lines: &[Fields]| {
            json::lines(lines).map_err(|error| Error::io(self.out.join(name), "write", error))
        };
        let texts = lines(TEXTS, &preferences.texts())?;
        let labels = lines(LABELS, &labels)?;
        let unanswered = lines(UNANSWERED, &unanswered)?;
        let create = |error| Error::io(&self.out, "create", error);
        fs::create_dir_all(&self.out).map_err(create)?;
        let [texts_file, labels_file, unanswered_file] = self.files()?;
        texts_file.write(&texts)?;
        labels_file.write(&labels)?;
        // One of an earlier import would be of other texts.
        match unanswered.is_empty() && !unanswered_file.path().exists() {
            true => Ok(()),
            false => unanswered_file.write(&unanswered),
        }
    }
}
