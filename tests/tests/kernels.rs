//! Kernels against their naive definitions, to the bit, at every instruction set of this machine.
//! The naive forms sum in the contract's order, so nothing but equality will do.

use pairpick_core::arith::{self, Level, Real};
use pairpick_core::columns::Columns;
use pairpick_core::kernel::axpy::subtract_origin;
use pairpick_core::kernel::gemm::{Gemm, Part, Right, add_gemm, gemm};
use pairpick_core::kernel::panel::{
    Grid, Items, Panel, fill_columns, fill_panel, panel_stride, project_panel, project_panels,
    signed_squared_distances, squared_distances,
};
use pairpick_core::kernel::rank_one::{CLOSED, Change, PairNumbers, change_pairs, leverages_with};
use pairpick_core::kernel::reach::{
    AXES, Bounds, Coordinates, Frame, REACH_GROUP, Threshold, fill_coordinates, reaching,
};
use pairpick_core::linalg::packed_len;
use pairpick_core::trunk::Activation;
use pairpick_core::trunk::adam::Adam;
use pairpick_core::whiten::{fill_whitened, fill_whitener, whitener_len};
#[cfg(target_arch = "x86_64")]
use pairpick_tests::data::skip;
use pairpick_tests::generate::{numbers, numbers_f32};
use pairpick_tests::levels::available;
use pairpick_tests::naive::{self, AdamState};

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

/// What a product is by its definition.
struct Expected<T> {
    name: &'static str,
    onto_start: Vec<T>,
    from_zero: Vec<T>,
}

fn gemm_matches<T: Real>() {
    for (rows, inner, columns) in SHAPES {
        let a = converted::<T>(rows * inner, 1);
        let b = converted::<T>(inner * columns, 2);
        let start = converted::<T>(rows * columns, 3);
        let expected = |name, entry: &dyn Fn(usize, usize) -> T| {
            let (mut onto_start, mut from_zero) = (start.clone(), vec![T::ZERO; start.len()]);
            naive::gemm(&a, entry, &mut onto_start, rows, inner);
            naive::gemm(&a, entry, &mut from_zero, rows, inner);
            Expected { name, onto_start, from_zero }
        };
        let by_rows = Right::Rows { values: &b, stride: columns, first: 0 };
        let products = [
            (Right::Columns(&b), &expected("columns", &|t, j| b[j * inner + t])),
            (by_rows, &expected("rows", &|t, j| b[t * columns + j])),
        ];
        for (name, level) in available() {
            let shape = format!("{} {name} {rows}×{inner}×{columns}", T::NAME);
            for (right, expected) in products {
                let mut c = start.clone();
                let part = Part::Full;
                add_gemm(level, Gemm { a: &a, b: right, c: &mut c, rows, inner, part });
                assert_eq!(c, expected.onto_start, "{shape}, onto C, {}", expected.name);
                gemm(level, Gemm { a: &a, b: right, c: &mut c, rows, inner, part });
                assert_eq!(c, expected.from_zero, "{shape}, {}", expected.name);
            }
        }
    }
}

/// Prints the levels that run here; those that do not are no agreement.
fn say_levels() {
    let names: Vec<&str> = available().into_iter().map(|(name, _)| name).collect();
    println!("levels run: {names:?}");
    #[cfg(target_arch = "x86_64")]
    for level in ["v3", "v4"].into_iter().filter(|level| !names.contains(level)) {
        skip(level, "this machine lacks the instruction set");
    }
}

#[test]
fn gemm_equals_its_definition_at_every_level() {
    say_levels();
    gemm_matches::<f32>();
    gemm_matches::<f64>();
}

#[test]
fn the_lower_part_of_a_product_is_that_of_the_whole() {
    for order in [1, 7, 16, 61, 64, 100] {
        let a = converted::<f64>(order * 30, 4);
        let right = Right::Rows { values: &a, stride: order, first: 0 };
        for (name, level) in available() {
            let mut whole = vec![f64::NAN; order * order];
            let (rows, inner) = (order, 30);
            gemm(level, Gemm { a: &a, b: right, c: &mut whole, rows, inner, part: Part::Full });
            let mut lower = vec![f64::NAN; order * order];
            gemm(level, Gemm { a: &a, b: right, c: &mut lower, rows, inner, part: Part::Lower });
            for column in 0..order {
                let range = column * order + column..(column + 1) * order;
                assert_eq!(whole[range.clone()], lower[range], "{name} {order} column {column}");
            }
        }
    }
}

fn origins_are_subtracted<T: Real>() {
    for (order, items) in [(1, 1), (3, 5), (61, 9), (64, 12)] {
        let features = numbers_f32(order * items, 8);
        let origin = converted::<T>(order, 9);
        let expected: Vec<T> = (features.iter().enumerate())
            .map(|(at, value)| T::from_real(*value) - origin[at % order])
            .collect();
        for (name, level) in available() {
            let mut out = vec![T::ZERO; order * items];
            subtract_origin(level, &features, &origin, &mut out);
            assert_eq!(out, expected, "{} {name} {order}×{items}", T::NAME);
        }
    }
}

#[test]
fn differences_from_an_origin_equal_their_definition_at_every_level() {
    origins_are_subtracted::<f32>();
    origins_are_subtracted::<f64>();
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
            fill_panel(level, columns, stride, &mut panel);
            let mut projected = vec![T::ZERO; items];
            let view = Panel { values: &panel, stride };
            let whole = Items { panel: view, first: 0 };
            project_panel(level, whole, &weights, &mut projected);
            let ones = vec![T::ONE; order];
            let given = [&weights[..], &ones, &weights, &weights];
            let mut together = [(); 4].map(|()| vec![T::ZERO; items]);
            let [a, b, c, d] = &mut together;
            project_panels(level, whole, [given[0], given[1]], [a, b]);
            project_panels(level, whole, given, [&mut *a, &mut *b, c, d]);
            for (weights, together) in given.iter().zip(&together) {
                let mut alone = vec![T::ZERO; items];
                project_panel(level, whole, weights, &mut alone);
                assert_eq!(*together, alone, "{name} {order} several projections");
            }
            let mut back = vec![T::ZERO; order * items];
            fill_columns(level, view, order, &mut back);
            let given: Vec<T> = features.iter().map(|x| T::from_real(*x)).collect();
            assert_eq!(back, given, "{name} {order} turned back");
            fill_whitened(level, columns, &whitener, stride, &mut panel);
            for (place, item) in columns.iter().enumerate() {
                let mut item: Vec<T> = item.iter().map(|x| T::from_real(*x)).collect();
                let sum = naive::dot(&item, &weights);
                assert_eq!(projected[place], sum, "{name} {order} projection of item {place}");
                naive::whiten(&factor, order, &mut item);
                let whitened: Vec<T> = panel.iter().skip(place).step_by(stride).copied().collect();
                assert_eq!(whitened, item, "{name} {order} item {place}");
            }
        }
    }
}

fn changes_of_pairs_match<T: Real>() {
    for count in [1, 5, 16, 45, 256] {
        let numbers = |seed| converted::<T>(count, seed);
        let positive = |seed| numbers(seed).iter().map(|x| x.magnitude()).collect::<Vec<T>>();
        let (mut weights, misfits) = (positive(1), positive(2));
        weights[count / 2] = T::from_f64(CLOSED);
        let (leverages, gains) = (positive(3), positive(4));
        let (d, q, square) = (numbers(5), numbers(6), T::HALF);
        for (name, level) in available() {
            let (mut v, mut g) = (leverages.clone(), gains.clone());
            let (mut scores, mut with) = (vec![T::ZERO; count], vec![T::ZERO; count]);
            let pairs = PairNumbers {
                weights: &weights,
                leverages: &mut v,
                gains: &mut g,
                misfits: &misfits,
            };
            let change = Change { projections: &d, targets: &q, square };
            change_pairs(level, pairs, change, &mut scores);
            leverages_with(level, &weights, &leverages, &d, &mut with);
            for pair in 0..count {
                let (w, n, t) = (weights[pair], misfits[pair], d[pair]);
                let positive = |value: T| if value < T::ZERO { T::ZERO } else { value };
                let leverage = leverages[pair] - t * t;
                let gain = positive(gains[pair] - t * ((q[pair] + q[pair]) - t * square));
                assert_eq!((v[pair], g[pair]), (leverage, gain), "{name} pair {pair}");
                let score = w * gain / (T::ONE + w * (positive(leverage) + n));
                let left_out = w * (leverages[pair] + t * t);
                let closed = |score| if w < T::ZERO { w } else { score };
                let expected = (closed(score), closed(left_out));
                assert_eq!((scores[pair], with[pair]), expected, "{name} pair {pair}");
            }
        }
    }
}

#[test]
fn changes_of_pairs_equal_their_definitions_at_every_level() {
    say_levels();
    changes_of_pairs_match::<f32>();
    changes_of_pairs_match::<f64>();
}

#[test]
fn panels_equal_their_definitions_at_every_level() {
    say_levels();
    panels_match::<f32>();
    panels_match::<f64>();
}

/// Strips of several rows, single rows, whole tiles, single vectors and parts of one.
fn distances_match<T: Real>() {
    for (order, items) in [(1, 2), (16, 40), (61, 77)] {
        let features = numbers_f32(order * items, 8);
        let columns = Columns::new(&features, order, items).expect("shape");
        let stride = panel_stride(items);
        let mut panel = vec![T::ZERO; order * stride];
        fill_panel(Level::baseline(), columns, stride, &mut panel);
        let item = |i: usize| -> Vec<T> {
            columns.column(i).iter().map(|value| T::from_real(*value)).collect()
        };
        for (name, level) in available() {
            for first in [0, items / 3, items - 1] {
                for (rows, width) in [(1, items - first), (7.min(items), 1), (6.min(items), items)]
                {
                    let panel = Panel { values: &panel, stride };
                    let at = |first| Items { panel, first };
                    let to = if width == items { 0 } else { first };
                    for added in [0, order / 3, usize::MAX] {
                        let mut out = vec![T::ZERO; rows * width];
                        let grid = Grid { rows: at(0), columns: at(to), width };
                        match added {
                            usize::MAX => squared_distances(level, grid, &mut out),
                            _ => signed_squared_distances(level, grid, added, &mut out),
                        }
                        for (place, found) in out.iter().enumerate() {
                            let (row, column) = (place / width, to + place % width);
                            let expected = naive::distance(added, &item(column), &item(row));
                            assert_eq!(*found, expected, "{name} {order}: {row} to {column}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn distances_equal_their_definition_at_every_level() {
    say_levels();
    distances_match::<f32>();
    distances_match::<f64>();
}

/// [`Bounds`] of some numbers.
struct Places<T> {
    distances: Vec<T>,
    low: [Vec<T>; AXES],
    high: [Vec<T>; AXES],
    rests: Vec<T>,
    h: Vec<T>,
    g: Vec<T>,
}

impl<T: Real> Places<T> {
    fn items(count: usize) -> Self {
        let row = |seed| converted::<T>(count, seed);
        let magnitude = |values: Vec<T>| values.into_iter().map(|x| x * x).collect();
        let factors = |values: Vec<T>| values.into_iter().map(|x| arith::exp(x + x)).collect();
        let along = [row(11), row(12)];
        Self {
            distances: magnitude(row(5)),
            low: along.clone(),
            high: along,
            rests: magnitude(row(6)),
            h: factors(row(3)),
            g: factors(row(4)),
        }
    }

    /// What bounds each group of them.
    fn groups(&self) -> Self {
        let of = |values: &Vec<T>, pick: fn(T, T) -> T| {
            values
                .chunks(REACH_GROUP)
                .map(|group| group.iter().copied().reduce(pick).unwrap())
                .collect()
        };
        let (most, least) = (|a, b| if a < b { b } else { a }, |a, b| if b < a { b } else { a });
        Self {
            distances: of(&self.distances, most),
            low: self.low.each_ref().map(|values| of(values, least)),
            high: self.high.each_ref().map(|values| of(values, most)),
            rests: of(&self.rests, most),
            h: of(&self.h, least),
            g: of(&self.g, least),
        }
    }

    fn bounds(&self) -> Bounds<'_, T> {
        Bounds {
            distances: &self.distances,
            low: self.low.each_ref().map(Vec::as_slice),
            high: self.high.each_ref().map(Vec::as_slice),
            rests: &self.rests,
            h: &self.h,
            g: &self.g,
        }
    }

    /// Whether a pair of them reaches the threshold.
    fn reaches(&self, threshold: Threshold<T>, a: usize, b: usize) -> bool {
        let sum = self.h[a] * self.g[b] + self.g[a] * self.h[b];
        let limit =
            threshold.root * sum - threshold.rounding * (self.distances[a] + self.distances[b]);
        let limit = if limit < T::ZERO { T::ZERO } else { limit };
        let rest = self.rests[a] + self.rests[b];
        let apart = self.low.each_ref().map(|along| along[a] - along[b]);
        limit * limit <= rest * rest + apart[0] * apart[0] + apart[1] * apart[1]
    }
}

fn reaching_matches<T: Real>() {
    const ITEMS: usize = 77;
    let items = Places::<T>::items(ITEMS);
    let groups = items.groups();
    let (columns, rows) = (items.bounds(), items.bounds().range(5, 12));
    let mut answers = [0; 2];
    for root in [0.0, 0.2, 0.5, 1.0, 2.0, 4.0].map(T::from_f64) {
        let threshold = Threshold { root, rounding: T::from_f64(0.01) };
        for (name, level) in available() {
            let mut out = [false; 7 * 3];
            reaching(level, threshold, rows, columns, groups.bounds(), &mut out);
            for (row, out) in (5..).zip(out.chunks(3)) {
                for (group, found) in out.iter().enumerate() {
                    let mut others = group * REACH_GROUP..ITEMS.min((group + 1) * REACH_GROUP);
                    let expected = others.any(|column| items.reaches(threshold, row, column));
                    assert_eq!(*found, expected, "{name}: {row}, {group}");
                    answers[usize::from(*found)] += 1;
                }
            }
        }
    }
    assert!(answers.iter().all(|answers| *answers > 20), "{answers:?}");
}

#[test]
fn reaching_equals_its_definition_at_every_level() {
    say_levels();
    reaching_matches::<f32>();
    reaching_matches::<f64>();
}

/// Coordinates of items from a centre, of which the last three rows are subtracted.
fn coordinates_match<T: Real>() {
    const ROWS: usize = 9;
    const ADDED: usize = 6;
    const COUNT: usize = 37;
    let stride = panel_stride(COUNT);
    let panel = converted::<T>(ROWS * stride, 1);
    let [centre, first, second] = [2, 3, 4].map(|seed| converted::<T>(ROWS, seed));
    let (rounding, offset) = (T::from_f64(0.125), T::from_f64(3.0));
    let frame = Frame { centre: &centre, axes: [&first, &second], added: ADDED, offset };
    for (name, level) in available() {
        let [mut distances, mut along, mut across, mut rests] = [(); 4].map(|()| [T::ZERO; COUNT]);
        let items = Items { panel: Panel { values: &panel, stride }, first: 0 };
        let out = Coordinates {
            distances: &mut distances,
            along: [&mut along, &mut across],
            rests: &mut rests,
        };
        fill_coordinates(level, items, frame, rounding, out);
        for item in 0..COUNT {
            let mut sums = [T::ZERO; 4];
            for row in 0..ROWS {
                let from_centre = panel[row * stride + item] - centre[row];
                sums[0] += from_centre * first[row];
                sums[1] += from_centre * second[row];
                sums[if row < ADDED { 2 } else { 3 }] += from_centre * from_centre;
            }
            let [p, q, added, subtracted] = sums;
            let left = added - subtracted - (p * p + q * q);
            let left = if left < T::ZERO { T::ZERO } else { left };
            let squares = added + subtracted;
            assert_eq!((along[item], across[item]), (p, q), "{name}: {item}");
            let spread = squares.sqrt_of();
            assert_eq!(distances[item], spread, "{name}: {item}");
            let taken = rounding * offset;
            let left = left + rounding * spread * (spread + T::TWO * offset) + taken * taken;
            assert_eq!(rests[item], left.sqrt_of(), "{name}: {item}");
        }
    }
}

#[test]
fn coordinates_equal_their_definition_at_every_level() {
    say_levels();
    coordinates_match::<f32>();
    coordinates_match::<f64>();
}

fn activations_match<T: Real>() {
    let mut arguments = converted::<T>(67, 9);
    arguments[3] = -T::ZERO;
    arguments[4] = T::ZERO;
    for (name, level) in available() {
        for activation in [Activation::Gelu, Activation::Relu] {
            let (mut values, mut slopes) = (arguments.clone(), vec![T::ZERO; arguments.len()]);
            activation.apply(level, &mut values, &mut slopes);
            for (place, x) in arguments.iter().enumerate() {
                let positive = T::ZERO < *x;
                let expected = match activation {
                    Activation::Gelu => (arith::gelu(*x), arith::gelu_derivative(*x)),
                    Activation::Relu if positive => (*x, T::ONE),
                    Activation::Relu => (T::ZERO, T::ZERO),
                };
                let bits = |(value, slope): (T, T)| (value.bits(), slope.bits());
                let found = (values[place], slopes[place]);
                assert_eq!(bits(found), bits(expected), "{name} {activation:?} of {x:?}");
            }
        }
    }
}

#[test]
fn activations_equal_their_definitions_at_every_level() {
    say_levels();
    activations_match::<f32>();
    activations_match::<f64>();
}

fn adam_matches<T: Real>() {
    const COUNT: usize = 37;
    let (rate, decay) = (0.01, 0.1);
    for (name, level) in available() {
        let [mut parameters, gradients] = [10, 11].map(|seed| converted::<T>(COUNT, seed));
        let (mut first, mut second) = (vec![T::ZERO; COUNT], vec![T::ZERO; COUNT]);
        let mut states: Vec<AdamState<T>> = parameters
            .iter()
            .zip(&gradients)
            .map(|(parameter, gradient)| AdamState {
                parameter: *parameter,
                gradient: *gradient,
                first: T::ZERO,
                second: T::ZERO,
            })
            .collect();
        let mut adam = Adam::new(rate, decay);
        let mut powers = (1.0, 1.0);
        for step in 1..=3 {
            adam.advance();
            adam.update(level, true, &mut parameters, &gradients, &mut first, &mut second);
            powers = (powers.0 * 0.9, powers.1 * 0.999);
            for (place, state) in states.iter_mut().enumerate() {
                naive::adam(state, rate, decay, powers);
                let found = (parameters[place], first[place], second[place]);
                let expected = (state.parameter, state.first, state.second);
                assert_eq!(found, expected, "{name}, step {step}, parameter {place}");
            }
        }
    }
}

#[test]
fn adam_equals_its_definition_at_every_level() {
    say_levels();
    adam_matches::<f32>();
    adam_matches::<f64>();
}
