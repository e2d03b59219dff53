//! Pools across prompts until no pair is left: what is open is drawn, by every strategy, whether a run
//! is stopped in between or not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::pool_kind::PoolKind;
use pairpick::data::prompt_ids::PromptIdsFile;
use pairpick::data::question::Question;
use pairpick::error::Result;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::parallel::Threads;
use pairpick::progress::Notes;
use pairpick::round;
use pairpick::round::answer::{Answered, Answerer};
use pairpick::round::journal::MemoryJournal;
use pairpick::runtime::Runtime;
use pairpick::settings::{Amount, Asking, Preset, Settings, Typed};
use pairpick_core::select::Strategy;
use tempfile::TempDir;

use crate::npy::npy;
use crate::refusal;

/// A `.npy` file of this shape, no two of whose rows are equal.
fn array(shape: &[usize]) -> Vec<u8> {
    npy(shape, |index| (index * 37 % 101) as f32 / 75.0)
}

fn dataset(prompts: usize, responses: usize) -> (TempDir, Dataset) {
    let folder = TempDir::new().unwrap();
    let (embeddings, rewards) = (folder.path().join("e.npy"), folder.path().join("r.npy"));
    fs::write(&embeddings, array(&[prompts, responses, 3])).unwrap();
    fs::write(&rewards, array(&[prompts, responses])).unwrap();
    let dataset = Dataset::open(
        Embeddings::open(&embeddings).unwrap(),
        Some(&rewards),
        None,
        PoolKind::CrossPrompt,
    )
    .unwrap();
    (folder, dataset)
}

/// Rows of prompts of these sizes, the rows of each apart.
fn dataset_of_sizes(sizes: &[usize], pool: PoolKind) -> (TempDir, Dataset) {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let most = sizes.iter().max().unwrap();
    let with = |place: usize| (0..).zip(sizes).filter(move |(_, size)| place < **size);
    let ids = (0..*most).flat_map(|place| with(place).map(|(prompt, _): (u32, _)| prompt));
    let ids: Vec<String> = ids.map(|prompt| format!("{prompt}\n")).collect();
    fs::write(path("ids"), ids.concat()).unwrap();
    fs::write(path("e.npy"), array(&[ids.len(), 3])).unwrap();
    fs::write(path("r.npy"), array(&[ids.len()])).unwrap();
    let file = PromptIdsFile { path: &path("ids"), fields: &[] };
    let embeddings = Embeddings::open_with(&path("e.npy"), Some(file)).unwrap();
    let dataset = Dataset::open(embeddings, Some(&path("r.npy")), None, pool).unwrap();
    (folder, dataset)
}

fn settings(strategy: Strategy, prompts_per_round: usize, batch: usize) -> Settings {
    let mut settings = Settings::of_preset(Preset::Mlp);
    let asking = &mut settings.asking;
    (asking.strategy, asking.pool) = (strategy, PoolKind::CrossPrompt);
    (asking.prompts_per_round, asking.batch, asking.rounds) = (prompts_per_round, batch, 1000);
    settings.training.iterations = 2;
    settings
}

/// Stops in a round.
struct Stopping<'a>(OracleAnswerer<'a>, u64);

impl Answerer for Stopping<'_> {
    fn answer(&mut self, questions: &[Question]) -> Result<Option<Answered>> {
        match questions.iter().any(|question| question.round == self.1) {
            true => Ok(None),
            false => self.0.answer(questions),
        }
    }
}

/// Runs until the rounds end or the answers stop, and gives the notes.
fn run(
    dataset: &Dataset,
    settings: &Settings,
    journal: &mut MemoryJournal,
    stops_in: u64,
) -> Vec<String> {
    let mut settings = settings.clone();
    settings.fit_to(dataset.summary().unwrap(), &Typed::from_iter(["batch"])).unwrap();
    // More than there are pairs for, to see how it ends.
    settings.asking.rounds += 2;
    let threads = Threads::start(&Runtime::default()).unwrap();
    let mut answers = Stopping(OracleAnswerer { dataset, settings: &settings }, stops_in);
    let mut notes = Notes::default();
    round::run(dataset, &settings, &threads, &mut answers, journal, &mut notes).unwrap();
    notes.0
}

/// All pairs are asked about, each once, in as few rounds as there can be.
fn asks_all(dataset: &Dataset, settings: &Settings, pairs: usize) {
    let mut journal = MemoryJournal::default();
    let notes = run(dataset, settings, &mut journal, u64::MAX);
    let labels = &journal.committed.labels;
    let asked: BTreeSet<_> = labels.iter().map(|label| label.question.ascending()).collect();
    assert_eq!((asked.len(), labels.len()), (pairs, pairs), "{settings:?}");
    assert_eq!(journal.committed.rounds.len(), pairs.div_ceil(settings.asking.batch));
    let last = notes.last().map_or("", String::as_str);
    assert!(last.ends_with("no pair is left to ask about; ending here"), "{notes:?}");
}

#[test]
fn rounds_go_on_while_a_pair_is_open() {
    for (prompts, responses, drawn, batch) in [(4, 1, 2, 1), (7, 1, 2, 1), (6, 2, 2, 1)] {
        let (_folder, dataset) = dataset(prompts, responses);
        let items = prompts * responses;
        for seed in 0..4 {
            let settings = Settings { seed, ..settings(Strategy::Random, drawn, batch) };
            asks_all(&dataset, &settings, items * (items - 1) / 2);
        }
    }
}

/// However unlike prompts are in size: one of a single response has no pair of its own, and a large one
/// has open pairs long after the others.
#[test]
fn prompts_of_any_size_are_asked_about_in_full() {
    let (sizes, within, all) = ([1, 4, 2, 1], 6 + 1, 8 * 7 / 2);
    for seed in 0..2 {
        let (_folder, dataset) = dataset_of_sizes(&sizes, PoolKind::InPrompt);
        let settings = Settings { seed, ..settings(Strategy::Random, 4, 3) };
        let in_prompt = Asking { pool: PoolKind::InPrompt, ..settings.asking.clone() };
        asks_all(&dataset, &Settings { asking: in_prompt, ..settings.clone() }, within);
        let (_folder, dataset) = dataset_of_sizes(&sizes, PoolKind::CrossPrompt);
        asks_all(&dataset, &settings, all);
        for (drawn, pairs) in [(1, within), (2, all)] {
            let asking = Asking { prompts_per_round: drawn, batch: 1, ..settings.asking.clone() };
            asks_all(&dataset, &Settings { asking, ..settings.clone() }, pairs);
        }
    }
}

/// Of one prompt a round, whose pairs with other prompts no round can ask about.
#[test]
fn a_prompt_alone_offers_its_own_pairs() {
    let (_folder, dataset) = dataset(5, 3);
    asks_all(&dataset, &settings(Strategy::Random, 1, 3), 15);
}

#[test]
fn strategies_that_list_their_pairs_take_those_that_are_open() {
    let (_folder, dataset) = dataset(5, 4);
    for strategy in [Strategy::Bald, Strategy::BatchBald, Strategy::Coreset] {
        for pairs in [20, 150, 170, 189, 190] {
            let mut settings = settings(strategy, 5, 20);
            settings.asking.pairs = Amount::Only(pairs);
            asks_all(&dataset, &settings, 190);
        }
    }
}

#[test]
fn a_run_that_was_stopped_asks_the_same_pairs() {
    let (_folder, dataset) = dataset(5, 4);
    for (strategy, pairs, drawn, batch) in [
        (Strategy::Coreset, Amount::Only(150), 5, 20),
        (Strategy::Bald, Amount::Only(190), 5, 20),
        (Strategy::Random, Amount::All, 2, 4),
    ] {
        let mut settings = settings(strategy, drawn, batch);
        settings.asking.pairs = pairs;
        let mut whole = MemoryJournal::default();
        run(&dataset, &settings, &mut whole, u64::MAX);
        let rounds = whole.committed.rounds.len() as u64;
        for stop in 2..=rounds {
            let mut stopped = MemoryJournal::default();
            run(&dataset, &settings, &mut stopped, stop);
            assert_eq!(stopped.committed.rounds.len() as u64, stop - 1);
            run(&dataset, &settings, &mut stopped, u64::MAX);
            assert!(stopped.committed.labels == whole.committed.labels, "{strategy:?}, {stop}");
        }
    }
}

fn refused(folder: &Path, command: &str, arguments: &[&str], message: &[&str]) {
    refusal::refused(folder, &[&[command], arguments].concat(), message);
}

#[test]
fn pools_without_a_pair_are_refused_before_any_work() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, shape: &[usize]| {
        fs::write(folder.path().join(name), array(shape)).unwrap();
    };
    let across = ["--train-embeddings", "e.npy", "--pool", "cross-prompt"];
    for (shape, rewards, options, message) in [
        (&[100, 3][..], &[100][..], &["--prompts-per-round", "1"][..], "--prompts-per-round 1"),
        (&[100, 1, 3], &[100, 1], &["--prompts-per-round", "1"], "--prompts-per-round 1"),
        (&[1, 3], &[1], &[], "--pool cross-prompt"),
        (&[1, 1, 3], &[1, 1], &["--batch", "1"], "--pool cross-prompt"),
    ] {
        write("e.npy", shape);
        write("r.npy", rewards);
        let shape = format!("{shape:?}").replace('[', "(").replace(']', ")");
        let message = ["e.npy: shape ", &shape, "makes no pair", message];
        let golden = ["--train-rewards", "r.npy"];
        refused(folder.path(), "run", &[&across[..], &golden, options].concat(), &message);
        refused(folder.path(), "select", &[&across[..], options].concat(), &message);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was written");
}
