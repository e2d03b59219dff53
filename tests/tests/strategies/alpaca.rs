//! Real embeddings: AlpacaEval outputs with a judge's rewards, where `PAIRPICK_DATA` has them.

use std::path::Path;

use pairpick::data::dataset::Dataset;
use pairpick::data::embeddings::Embeddings;
use pairpick::data::pool_kind::PoolKind;
use pairpick::label::oracle::OracleAnswerer;
use pairpick::parallel::Threads;
use pairpick::progress::Silent;
use pairpick::round;
use pairpick::round::journal::MemoryJournal;
use pairpick::round::metrics::Summary;
use pairpick::runtime::Runtime;
use pairpick::settings::{Preset, Settings, Typed};
use pairpick_core::select::Strategy;
use pairpick_tests::data::folder;

fn run(data: &Path, strategy: Strategy, seed: u64) -> Summary {
    let file = |name: &str| data.join(name);
    let embeddings = |name: &str| Embeddings::open(&file(name)).expect("good embeddings");
    let (train, test) = (embeddings("train_embeddings.npy"), embeddings("test_embeddings.npy"));
    let rewards = file("train_rewards.npy");
    let dataset = Dataset::open(train, Some(&rewards), None, PoolKind::InPrompt)
        .and_then(|data| data.with_test(test, Some(&file("test_rewards.npy"))))
        .expect("good files");
    let mut settings = Settings { seed, ..Settings::of_preset(Preset::Mlp) };
    settings.asking.strategy = strategy;
    // Few draws: what they cost grows as their product with the joint answers.
    settings.asking.posterior_samples = 20;
    settings.asking.configurations = 100;
    let summary = dataset.summary().expect("a summary");
    settings.fit_to(summary, &Typed::default()).expect("sizes that fit");
    let threads = Threads::start(&Runtime::default()).expect("threads");
    let mut oracle = OracleAnswerer { dataset: &dataset, settings: &settings };
    let mut journal = MemoryJournal::default();
    round::run(&dataset, &settings, &threads, &mut oracle, &mut journal, &mut Silent)
        .expect("rounds")
}

fn last(summary: &Summary) -> f64 {
    summary.rounds.last().and_then(|round| round.one_minus_spearman).expect("a metric")
}

#[test]
fn random_labels_teach_a_sound_model() {
    let Some(data) = folder("PAIRPICK_DATA", "alpaca, random") else {
        return;
    };
    let mut total = 0.0;
    for seed in 1..=5 {
        let summary = run(&data.join("alpaca"), Strategy::Random, seed);
        assert_eq!(summary.rounds.len(), 8);
        total += last(&summary);
    }
    assert!(total / 5.0 < 0.52, "mean 1 - Spearman {}", total / 5.0);
}

#[test]
fn every_strategy_runs_on_real_embeddings() {
    let Some(data) = folder("PAIRPICK_DATA", "alpaca, every strategy") else {
        return;
    };
    for strategy in Strategy::ALL {
        let summary = run(&data.join("alpaca_small"), strategy, 1);
        let labels: Vec<u64> = summary.rounds.iter().map(|round| round.labels).collect();
        let expected: Vec<u64> = (1..=8).map(|round| 125 * round).collect();
        assert_eq!(labels, expected, "{strategy:?}");
        assert!(last(&summary) < 1.0, "{strategy:?} does no better than chance");
        assert!(summary.rounds.iter().all(|round| round.log_det.is_some()), "{strategy:?}");
    }
}
