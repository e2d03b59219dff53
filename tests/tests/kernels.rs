//! Kernels against their naive definitions, to the bit, at every instruction set of this machine.
//! The naive forms sum in the contract's order, so nothing but equality will do.

use pairpick_core::arith::Real;
use pairpick_core::kernel::gemm::{Gemm, Part, Right, gemm};
use pairpick_core::kernel::panel::{
    fill_panel, fill_whitener, panel_stride, project_panel, whiten_panel, whitener_len,
};
use pairpick_core::linalg::{Columns, packed_len};
#[cfg(target_arch = "x86_64")]
use pairpick_tests::data::skip;
use pairpick_tests::generate::{numbers, numbers_f32};
use pairpick_tests::levels::available;

fn converted<T: Real>(count: usize, seed: u64) -> Vec<T> {
    numbers(count, seed).into_iter().map(T::from_f64).collect()
}

/// Shapes around every tile edge: rows, inner, columns.
const SHAPES: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (3, 5, 2),
    (16, 7, 4),
    (17, 300, 5),
    (61, 33, 9),
    (64, 384, 12),
    (64, 257, 7),
    (65, 512, 3),
    (130, 20, 31),
];

fn naive<T: Real>(a: &[T], b: impl Fn(usize, usize) -> T, c: &mut [T], rows: usize, inner: usize) {
    for (j, column) in c.chunks_mut(rows).enumerate() {
        for (i, sum) in column.iter_mut().enumerate() {
            for t in 0..inner {
                *sum += a[t * rows + i] * b(t, j);
            }
        }
    }
}

fn gemm_matches<T: Real>() {
    for (rows, inner, columns) in SHAPES {
        let a = converted::<T>(rows * inner, 1);
        let b = converted::<T>(inner * columns, 2);
        let start = converted::<T>(rows * columns, 3);
        let mut by_columns = start.clone();
        naive(&a, |t, j| b[j * inner + t], &mut by_columns, rows, inner);
        let mut by_rows = start.clone();
        naive(&a, |t, j| b[t * columns + j], &mut by_rows, rows, inner);
        for (name, level) in available() {
            let mut c = start.clone();
            let right = Right::Columns(&b);
            gemm(level, Gemm { a: &a, b: right, c: &mut c, rows, inner, part: Part::Full });
            assert_eq!(c, by_columns, "{} {name} {rows}×{inner}×{columns}, columns", T::NAME);
            let mut c = start.clone();
            let right = Right::Rows { values: &b, stride: columns, first: 0 };
            gemm(level, Gemm { a: &a, b: right, c: &mut c, rows, inner, part: Part::Full });
            assert_eq!(c, by_rows, "{} {name} {rows}×{inner}×{columns}, rows", T::NAME);
        }
    }
}

#[test]
fn gemm_equals_its_definition_at_every_level() {
    let names: Vec<&str> = available().into_iter().map(|(name, _)| name).collect();
    println!("levels run: {names:?}");
    #[cfg(target_arch = "x86_64")]
    for level in ["v3", "v4"].into_iter().filter(|level| !names.contains(level)) {
        skip(level, "this machine lacks the instruction set");
    }
    gemm_matches::<f32>();
    gemm_matches::<f64>();
}

#[test]
fn the_lower_part_of_a_product_is_that_of_the_whole() {
    for order in [1, 7, 16, 61, 64, 100] {
        let a = converted::<f64>(order * 30, 4);
        let right = Right::Rows { values: &a, stride: order, first: 0 };
        for (name, level) in available() {
            let mut whole = vec![0.0; order * order];
            let (rows, inner) = (order, 30);
            gemm(level, Gemm { a: &a, b: right, c: &mut whole, rows, inner, part: Part::Full });
            let mut lower = vec![0.0; order * order];
            gemm(level, Gemm { a: &a, b: right, c: &mut lower, rows, inner, part: Part::Lower });
            for column in 0..order {
                let range = column * order + column..(column + 1) * order;
                assert_eq!(whole[range.clone()], lower[range], "{name} {order} column {column}");
            }
        }
    }
}

/// Forward substitution as the contract has it, one item.
fn naive_whiten<T: Real>(factor: &[T], order: usize, item: &mut [T]) {
    let entry = |i: usize, j: usize| factor[j * order + i - j * (j + 1) / 2];
    for i in 0..order {
        let mut value = item[i];
        for (j, solved) in item.iter().enumerate().take(i) {
            value -= entry(i, j) * *solved;
        }
        item[i] = value * (T::ONE / entry(i, i));
    }
}

fn panels_match<T: Real>() {
    for (order, items) in [(1, 1), (3, 5), (16, 40), (61, 33), (64, 250)] {
        let features = numbers_f32(order * items, 5);
        let columns = Columns::new(&features, order, items).expect("shape");
        let mut factor = converted::<T>(packed_len(order), 6);
        for (j, start) in (0..order).scan(0, |start, j| {
            let at = *start;
            *start += order - j;
            Some((j, at))
        }) {
            factor[start] = T::from_f64(2.0 + j as f64 / 10.0);
        }
        let weights = converted::<T>(order, 7);
        let mut whitener = vec![T::ZERO; whitener_len(order)];
        fill_whitener(&factor, order, &mut whitener);
        for (name, level) in available() {
            let stride = panel_stride(items);
            let mut panel = vec![T::ZERO; order * stride];
            fill_panel(columns, stride, &mut panel);
            let mut projected = vec![T::ZERO; items];
            project_panel(level, &panel, stride, &weights, &mut projected);
            whiten_panel(level, &whitener, order, stride, &mut panel);
            for (place, item) in columns.iter().enumerate() {
                let mut item: Vec<T> = item.iter().map(|x| T::from_real(*x)).collect();
                let mut sum = T::ZERO;
                for (feature, weight) in item.iter().zip(&weights) {
                    sum += *feature * *weight;
                }
                assert_eq!(projected[place], sum, "{name} {order} projection of item {place}");
                naive_whiten(&factor, order, &mut item);
                let whitened: Vec<T> = panel.iter().skip(place).step_by(stride).copied().collect();
                assert_eq!(whitened, item, "{name} {order} item {place}");
            }
        }
    }
}

#[test]
fn panels_equal_their_definitions_at_every_level() {
    panels_match::<f32>();
    panels_match::<f64>();
}
