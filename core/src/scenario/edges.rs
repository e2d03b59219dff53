//! What ordinary data does not reach: subnormal and extreme arguments, margins beyond every range,
//! ties, matrices next to a singular one, and refusals with what they say.

use super::data::SEED;
use super::recorder::Recorder;
use crate::arith::elementwise::map;
use crate::arith::{Level, Real, bernoulli, erf, exp, gelu, ln, log1p, sigmoid, softplus};
use crate::columns::Columns;
use crate::error::Error;
use crate::fisher::Weighting;
use crate::head::loss;
use crate::linalg::{Cholesky, Packed, condition_workspace_len, packed_len};
use crate::parallel::Executor;
use crate::pool::{Comparison, Pool, Prompts};
use crate::rng::Stream;
use crate::topk::{Scored, TopK};
use crate::trunk::Activation;

/// Arguments of a function: a number that fills no vector.
const ARGUMENTS: usize = 77;

/// Arguments at which something changes: signs of zero, the smallest and largest numbers, where an
/// exponential ends in either precision, where a guard may switch.
const SPECIAL: [f64; 22] = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1e-5, -1e-5, 1e-40, -1e-310, 17.0, -17.0, 40.0, -40.0, 80.0,
    -80.5, 88.7, -103.9, 600.0, -600.5, 709.7, -745.1,
];

/// All of it.
pub(super) fn replay<T: Real, E: Executor>(
    executor: &E,
    recorder: &mut Recorder<'_>,
) -> Result<(), Error> {
    let level = executor.level();
    streams(recorder)?;
    functions::<T>(level, recorder)?;
    activations::<T>(level, recorder)?;
    of_profile::<T, E>(executor, recorder)?;
    extreme_margins::<T>(level, recorder)?;
    ties::<T>(recorder);
    nearly_singular::<T>(recorder)?;
    refusals::<T>(recorder);
    Ok(())
}

/// Every distribution, from streams of equal names in different rounds.
fn streams(recorder: &mut Recorder<'_>) -> Result<(), Error> {
    for round in 0..3 {
        let mut rng = Stream::new(SEED, "stream", round);
        let mut drawn = [0; 24];
        let (bits, rest) = drawn.split_at_mut_checked(8).unwrap_or_default();
        let (below, sample) = rest.split_at_mut_checked(8).unwrap_or_default();
        for (power, (bits, below)) in (0_u32..).zip(bits.iter_mut().zip(&mut *below)) {
            *bits = rng.bits();
            *below = rng.below(3_u64.wrapping_pow(5 * power).wrapping_add(1));
        }
        rng.sample(11, sample)?;
        rng.shuffle(sample);
        let place = usize::try_from(round).unwrap_or(0);
        recorder.integers("stream", place, drawn.len(), &|at| drawn.get(at).copied().unwrap_or(0));
        let uniform: [f32; 5] = core::array::from_fn(|_| rng.uniform());
        recorder.numbers("uniform-f32", place, &uniform)?;
        let uniform: [f64; 5] = core::array::from_fn(|_| rng.uniform());
        recorder.numbers("uniform-f64", place, &uniform)?;
    }
    Ok(())
}

/// Special arguments, then a third moderate ones, then ones of any magnitude, subnormal included.
fn arguments<T: Real>() -> [T; ARGUMENTS] {
    let mut rng = Stream::new(SEED, "arguments", 0);
    let mut arguments = [T::ZERO; ARGUMENTS];
    for (place, argument) in arguments.iter_mut().enumerate() {
        *argument = match SPECIAL.get(place) {
            Some(value) => T::from_f64(*value),
            None if place.is_multiple_of(3) => T::from_f64(24.0 * rng.uniform::<f64>() - 12.0),
            None => any_magnitude(&mut rng),
        };
    }
    let smallest = T::MIN_POSITIVE * T::EPSILON;
    let ends = [smallest, -smallest, T::MIN_POSITIVE * T::HALF, T::EPSILON, T::MAX, -T::MAX];
    for (argument, end) in arguments.iter_mut().rev().zip(ends) {
        *argument = end;
    }
    arguments
}

fn any_magnitude<T: Real>(rng: &mut Stream) -> T {
    let exponents = if T::SIGNIFICAND_BITS == 23 { (1023 - 149, 276) } else { (0, 2046) };
    let exponent = exponents.0 + rng.below(exponents.1);
    let sign_and_significand = rng.bits() & !(0x7ff << 52);
    T::from_f64(f64::from_bits(sign_and_significand | exponent << 52))
}

type Map<T> = fn(Level, &mut [T]);

fn functions<T: Real>(level: Level, recorder: &mut Recorder<'_>) -> Result<(), Error> {
    let functions: [(&'static str, Map<T>); 7] = [
        ("exp", map::<exp::Exp, T>),
        ("erf", map::<erf::Erf, T>),
        ("sigmoid", map::<sigmoid::Sigmoid, T>),
        ("variance", map::<bernoulli::Variance, T>),
        ("softplus", map::<softplus::Softplus, T>),
        ("gelu", map::<gelu::Gelu, T>),
        ("gelu-derivative", map::<gelu::Derivative, T>),
    ];
    for (name, function) in functions {
        let mut values = arguments::<T>();
        function(level, &mut values);
        recorder.numbers(name, 0, &values)?;
    }
    // Of positive arguments alone.
    let logarithms: [(&'static str, Map<T>); 2] =
        [("ln", map::<ln::Ln, T>), ("log1p", map::<log1p::Log1p, T>)];
    for (name, function) in logarithms {
        let mut values = arguments::<T>();
        for value in &mut values {
            *value = value.magnitude() + T::MIN_POSITIVE * T::EPSILON;
        }
        function(level, &mut values);
        recorder.numbers(name, 0, &values)?;
    }
    // One at a time, they are the same.
    let scalars = arguments().map(exp::<T>);
    recorder.numbers("exp", 1, &scalars)?;
    let roots = arguments().map(|value: T| value.magnitude().sqrt_of());
    recorder.numbers("sqrt", 0, &roots)
}

fn activations<T: Real>(level: Level, recorder: &mut Recorder<'_>) -> Result<(), Error> {
    for (index, activation) in [Activation::Gelu, Activation::Relu].into_iter().enumerate() {
        let mut values = arguments::<T>();
        let mut derivatives = [T::ZERO; ARGUMENTS];
        activation.apply(level, &mut values, &mut derivatives);
        recorder.numbers("activation", 2 * index, &values)?;
        recorder.numbers("activation", 2 * index + 1, &derivatives)?;
    }
    Ok(())
}

/// Weights and GELU in the executor's profile.
fn of_profile<T: Real, E: Executor>(
    executor: &E,
    recorder: &mut Recorder<'_>,
) -> Result<(), Error> {
    let mut values = arguments::<T>();
    Weighting::Bernoulli.apply(executor, core::iter::empty(), &mut values);
    recorder.numbers("profile-weights", 0, &values)?;
    let (mut values, mut derivatives) = (arguments::<T>(), [T::ZERO; ARGUMENTS]);
    Activation::Gelu.apply_by(executor, &mut values, &mut derivatives);
    recorder.numbers("profile-gelu", 0, &values)?;
    recorder.numbers("profile-gelu", 1, &derivatives)
}

/// Rewards far from zero and far from each other: losses and their slopes.
fn extreme_margins<T: Real>(level: Level, recorder: &mut Recorder<'_>) -> Result<(), Error> {
    let rewards = [210.0, 209.0, 180.0, 179.0, 0.0, -0.25, -90.0, 1200.0].map(T::from_f64);
    let mut comparisons = [Comparison { a: 0, b: 1, label: T::HALF, count: T::ONE }; 28];
    let pairs = (0_u32..8).flat_map(|a| (a + 1..8).map(move |b| (a, b)));
    let labels = [T::ONE, T::ZERO, T::HALF].into_iter().cycle();
    for ((comparison, (a, b)), label) in comparisons.iter_mut().zip(pairs).zip(labels) {
        *comparison = Comparison { a, b, label, count: T::ONE };
    }
    let mut margins = [T::ZERO; 28];
    loss::margins(&rewards, &comparisons, &mut margins);
    let mut weights = margins;
    map::<bernoulli::Variance, T>(level, &mut weights);
    recorder.numbers("extreme-weights", 0, &weights)?;
    let mut slopes = margins;
    let mut gradients = [T::ZERO; 8];
    loss::add_reward_gradients(level, &comparisons, &mut slopes, &mut gradients);
    recorder.numbers("extreme-gradients", 0, &gradients)?;
    let mean = loss::mean_loss(level, &comparisons, &mut margins);
    recorder.numbers("extreme-loss", 0, &[mean])
}

/// Scores that tie, both zeros and a NaN among them.
fn ties<T: Real>(recorder: &mut Recorder<'_>) {
    let scores = [T::ONE, T::HALF, T::ONE, T::ZERO, -T::ZERO, T::TWO, T::HALF, T::ONE];
    let mut slots = [Scored::default(); 9];
    let mut best = TopK::new(&mut slots);
    for (pair, score) in (0..40_u64).rev().zip(scores.into_iter().cycle()) {
        best.offer(Scored { pair, score });
    }
    best.offer(Scored { pair: 99, score: T::INFINITY * T::ZERO });
    let kept = best.finish();
    recorder.integers("ties", 0, kept.len(), &|at| kept.get(at).map_or(0, |kept| kept.pair));
}

/// vvᵀ + δI, from a well-conditioned one to one without a factor.
fn nearly_singular<T: Real>(recorder: &mut Recorder<'_>) -> Result<(), Error> {
    const ORDER: usize = 7;
    let mut rng = Stream::new(SEED, "singular", 0);
    let vector: [T; ORDER] = core::array::from_fn(|_| rng.uniform::<T>() + T::HALF);
    for (index, scale) in [1e6, 1e2, 4.0, 0.25, 0.0].into_iter().enumerate() {
        let mut matrix = Packed::<T, [T; packed_len(ORDER)]>::zeros(ORDER)?;
        let columns = vector.iter().enumerate();
        let products = columns.flat_map(|(j, b)| vector.iter().skip(j).map(|a| *a * *b));
        for (entry, product) in matrix.as_mut_slice().iter_mut().zip(products) {
            *entry = product;
        }
        matrix.add_diagonal(T::EPSILON * T::from_f64(scale));
        let factor = Cholesky::factor(matrix);
        if let Ok(factor) = &factor {
            recorder.numbers("singular-factor", index, factor.as_slice())?;
            recorder.numbers("singular-log-det", index, &[factor.log_det()])?;
        }
        let mut workspace = [T::ZERO; condition_workspace_len(ORDER)];
        recorder.refusal(
            "singular",
            index,
            factor.and_then(|factor| factor.checked(&mut workspace)),
        );
    }
    Ok(())
}

fn refusals<T: Real>(recorder: &mut Recorder<'_>) {
    let mut first_pairs = [0; 3];
    recorder.refusal("refusal", 0, Prompts::new(&[0, 3, 2], &mut first_pairs));
    recorder.refusal("refusal", 1, Packed::<T, [T; 3]>::zeros(3));
    recorder.refusal("refusal", 2, Columns::new(&[T::ONE; 5], 2, 3));
    let prompts = Prompts::new(&[0, 2, 5], &mut first_pairs);
    let features = [1.0, 2.0, 3.0, f32::INFINITY, 4.0];
    let pool = |labelled: &'static [u64]| {
        Pool::in_prompt(Columns::new(&features, 1, 5)?, prompts?, labelled)
    };
    recorder.refusal("refusal", 3, pool(&[4]));
    recorder.refusal("refusal", 4, pool(&[1, 1]));
    recorder.refusal("refusal", 5, pool(&[]));
    let comparison = Comparison { a: 0, b: 1, label: T::from_f64(0.25), count: T::ONE };
    recorder.refusal("refusal", 6, loss::check(&[comparison], 2));
    recorder.refusal("refusal", 7, Stream::new(SEED, "refusal", 0).sample(2, &mut [0; 3]));
}
