//! A forward and backward pass of the default network, D = 384, over 1,000 labels that share no
//! item, one thread: the cost of one training iteration but for Adam.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pairpick_benches::{levels, numbers};
use pairpick_core::columns::Columns;
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::Comparison;
use pairpick_core::trunk::train::{Data, TrainingSizes, gradient, gradient_workspace_len};
use pairpick_core::trunk::{Activation, Mlp};

const LABELS: u32 = 1000;

fn iteration(criterion: &mut Criterion) {
    let mlp = Mlp::new(384, [64; 3], Activation::Gelu).expect("sizes in range");
    let items = 2 * LABELS as usize;
    let inputs = numbers(mlp.inputs() * items, 1);
    let parameters: Vec<f32> = numbers(mlp.parameters(), 2).iter().map(|x| x * 0.1).collect();
    let training: Vec<Comparison<f32>> = (0..LABELS)
        .map(|i| Comparison { a: 2 * i, b: 2 * i + 1, label: 1.0, count: 1.0 })
        .collect();
    let columns = Columns::new(&inputs, mlp.inputs(), items).expect("shape");
    let data = Data { items: columns, training_items: items, training: &training, held_out: &[] };
    let mut out = vec![0.0; mlp.parameters()];
    let mut group = criterion.benchmark_group("gradient, 1,000 labels, D = 384");
    for (name, level) in levels() {
        let executor = Sequential(level);
        let mut memory = vec![0.0; gradient_workspace_len(&mlp, &TrainingSizes::of(&data, 1))];
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let data = black_box(&data);
                gradient(&executor, &mlp, data, &parameters, &mut out, &mut memory).expect("fits")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, iteration);
criterion_main!(benches);
