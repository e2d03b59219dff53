//! Kernel features of 6,000 responses, 600 prompts × 10, D = 384, 256 landmarks: their fit to the file,
//! which no label enters, and the features of all of them; on one thread and on two.

use std::fs;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pairpick::data::embeddings::Embeddings;
use pairpick::model::{Context, Model};
use pairpick::progress::Silent;
use pairpick::settings::Settings;
use pairpick_benches::numbers;
use pairpick_benches::work::threads;
use tempfile::TempDir;

const SHAPE: [usize; 3] = [600, 10, 384];

/// The numbers of items that lie in a quarter of the dimensions, as `.npy` has them.
fn file() -> Vec<u8> {
    let [prompts, responses, dimensions] = SHAPE;
    let mut values = numbers(prompts * responses * dimensions, 1);
    for item in values.chunks_mut(dimensions) {
        let own = dimensions / 4;
        (own..dimensions).for_each(|at| item[at] = 0.1 * item[at] + item[at % own]);
    }
    let shape = format!("({prompts}, {responses}, {dimensions})");
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn features(criterion: &mut Criterion) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("embeddings.npy");
    fs::write(&path, file()).expect("written");
    let embeddings = &Embeddings::open(&path).expect("read");
    let settings = &Settings::default();
    let items: Vec<u64> = (0..embeddings.items()).collect();
    let mut group = criterion.benchmark_group("kernel features, 6,000 × 384, 256 landmarks");
    group.sample_size(10);
    for count in [1, 2] {
        let threads = &threads(count);
        let context = Context { embeddings, settings, threads, listed: None };
        let fit = || threads.install(|| Model::untrained(context, &mut Silent)).expect("fits");
        group.bench_function(format!("fit, {count} threads"), |bencher| bencher.iter(fit));
        let model = fit();
        let apply = || {
            let trunk = model.trunk();
            let features = || trunk.features_of(embeddings, black_box(&items), threads);
            threads.install(features).expect("features")
        };
        group.bench_function(format!("apply, {count} threads"), |bencher| bencher.iter(apply));
    }
    group.finish();
}

criterion_group!(benches, features);
criterion_main!(benches);
