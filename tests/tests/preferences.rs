//! Pools of real embeddings, where `PAIRPICK_DATA` has them: preferences that people gave, asked
//! about again, and all pairs of many prompts.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::labels::Label;
use pairpick::data::pool_kind::PoolKind;
use pairpick::data::preference::Preference;
use pairpick::data::question::Question;
use pairpick::digest::HexDigest;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::model::{Context, Model};
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round;
use pairpick::round::answer::Answered;
use pairpick::round::held_out::held_out;
use pairpick::round::journal::MemoryJournal;
use pairpick::round::propose::propose;
use pairpick::round::request::Request;
use pairpick::runtime::Runtime;
use pairpick::settings::{Amount, Oracle, Settings, Typed};
use pairpick_core::select::Strategy;
use pairpick_tests::data::{folder, npy, npy_f32};
use tempfile::TempDir;

const DIMENSIONS: usize = 384;

/// Chosen responses above rejected ones, and the pairs (i, N + i) of the first half with labels.
struct Preferences {
    folder: TempDir,
    pairs: u64,
}

impl Preferences {
    fn new(data: &Path) -> Self {
        let (chosen, rejected) = (data.join("chosen.npy"), data.join("rejected.npy"));
        let (shape, _) = npy(&chosen);
        assert_eq!(shape[1], DIMENSIONS);
        let preferences =
            Self { folder: TempDir::new().expect("a folder"), pairs: shape[0] as u64 };
        let rows = [npy_f32(&chosen), npy_f32(&rejected)].concat();
        let bytes = flat_npy(2 * shape[0], &rows);
        fs::write(preferences.path("embeddings.npy"), bytes).expect("a file");
        let line = |pair: u64| {
            let rejected = preferences.pairs + pair;
            format!("{{\"a\":{pair},\"b\":{rejected},\"label\":1}}\n")
        };
        let lines: String = (0..preferences.trained()).map(line).collect();
        fs::write(preferences.path("candidates.jsonl"), lines).expect("a file");
        preferences
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How many pairs can be asked about; the others are held out.
    fn trained(&self) -> u64 {
        self.pairs / 2
    }

    fn held_out(&self) -> Vec<Label> {
        let question = |a| Question::new(1, a, self.pairs + a);
        let label = |question| Label::new(question, Preference::First);
        (self.trained()..self.pairs).map(question).map(label).collect()
    }

    /// The accuracy on held-out pairs after four rounds, and the model's digest.
    fn learnt(&self, strategy: Strategy) -> (f64, HexDigest) {
        let embeddings = self.path("embeddings.npy");
        let candidates = self.path("candidates.jsonl");
        let dataset = Embeddings::open(&embeddings)
            .and_then(|data| Dataset::open(data, None, Some(&candidates), PoolKind::Listed))
            .expect("data");
        let mut settings = Settings::default();
        settings.asking.strategy = strategy;
        settings.asking.pool = PoolKind::Listed;
        settings.asking.batch = 150;
        settings.asking.rounds = 4;
        settings.answers.oracle = Oracle::Recorded;
        let summary = dataset.summary().expect("a summary");
        settings.fit_to(summary, &Typed::default()).expect("sizes that fit");
        let threads = Threads::start(&Runtime::default()).expect("threads");
        let mut oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
        let mut journal = MemoryJournal::default();
        let summary =
            round::run(&dataset, &settings, &threads, &mut oracle, &mut journal, &mut Silent)
                .expect("rounds");
        assert_eq!(summary.rounds.last().map(|round| round.labels), Some(600));
        let embeddings = &dataset.train.embeddings;
        let model = journal.committed.model.expect("a model");
        let measured = threads.install(|| held_out(&model, embeddings, &threads, &self.held_out()));
        let accuracy = measured.expect("margins").accuracy().expect("pairs");
        (accuracy, model.digest().expect("finite parameters"))
    }
}

/// A `.npy` file of rows.
fn flat_npy(rows: usize, values: &[f32]) -> Vec<u8> {
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {DIMENSIONS}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(u16::try_from(header.len()).expect("a short header").to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    file
}

/// Embeddings alone tell little of these: a linear model on all of them is right on .62.
#[test]
fn what_people_preferred_is_learnt_from_a_listed_pool() {
    let Some(data) = folder("PAIRPICK_DATA", "preferences, listed") else {
        return;
    };
    let preferences = Preferences::new(&data.join("hh_harmless"));
    let [dopt, random] = [Strategy::Dopt, Strategy::Random].map(|strategy| {
        let (accuracy, digest) = preferences.learnt(strategy);
        println!("{}: {accuracy}", strategy.name());
        assert!(accuracy > 0.55, "{}: {accuracy}", strategy.name());
        digest
    });
    assert_ne!(dopt, random, "they learn from other pairs");
}

fn batch_of_all_pairs(data: &Path, threads: usize) -> (u64, usize, HexDigest) {
    let path = data.join("train_embeddings.npy");
    let embeddings = Embeddings::open(&path).expect("embeddings");
    let mut settings = Settings::default();
    settings.asking.pool = PoolKind::CrossPrompt;
    settings.asking.pairs = Amount::All;
    settings.asking.prompts_per_round = 500;
    settings.asking.batch = 500;
    let runtime = Runtime { threads: NonZeroUsize::new(threads), ..Runtime::default() };
    let threads = Threads::start(&runtime).expect("threads");
    let context =
        Context { embeddings: &embeddings, settings: &settings, threads: &threads, listed: None };
    let model = Model::untrained(context, &mut Silent).expect("a model");
    let request = Request { context, candidates: None, round: 1, strategy: Strategy::Dopt };
    let report = threads
        .install(|| propose(&request, model, Answered::default(), &mut Silent))
        .expect("a batch");
    (report.offered, report.pairs.len(), report.digest)
}

#[test]
fn threads_change_no_batch_of_all_pairs_across_prompts() {
    let Some(data) = folder("PAIRPICK_DATA", "alpaca, cross-prompt") else {
        return;
    };
    let one = batch_of_all_pairs(&data.join("alpaca"), 1);
    // All pairs of 5,000 responses but those of 110 pairs of equal ones.
    assert_eq!((one.0, one.1), (12_497_500 - 110, 500));
    assert_eq!(batch_of_all_pairs(&data.join("alpaca"), 2), one);
}
