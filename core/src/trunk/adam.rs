//! Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019).
//!
//! m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − lr·decay·θ − (lr / (1 − β₁ᵗ)) · m /
//! (√v / √(1 − β₂ᵗ) + ε). βᵗ is a running product in f64; each scalar is rounded once.

use crate::arith::Real;
use crate::arith::lanes::{Lanes, Level, Operation, Simd, run_at};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// The state that is not a vector: how far the running products have come.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    learning_rate: f64,
    decay: f64,
    beta_1_power: f64,
    beta_2_power: f64,
}

impl Adam {
    /// Before the first step.
    #[must_use]
    pub fn new(learning_rate: f64, decay: f64) -> Self {
        Self { learning_rate, decay, beta_1_power: 1.0, beta_2_power: 1.0 }
    }

    /// Counts a step; its sizes then hold for every parameter.
    pub fn advance(&mut self) {
        self.beta_1_power *= BETA_1;
        self.beta_2_power *= BETA_2;
    }

    /// Updates some parameters with their gradients and moments; `decays` says whether weight
    /// decay applies to them (to weights it does, to biases not).
    pub fn update<T: Real>(
        &self,
        level: Level,
        decays: bool,
        parameters: &mut [T],
        gradients: &[T],
        first_moments: &mut [T],
        second_moments: &mut [T],
    ) {
        let step = Step {
            keep: T::from_f64(if decays { 1.0 - self.learning_rate * self.decay } else { 1.0 }),
            size: T::from_f64(self.learning_rate / (1.0 - self.beta_1_power)),
            root: T::from_f64(libm::sqrt(1.0 - self.beta_2_power)),
            parameters,
            gradients,
            first_moments,
            second_moments,
        };
        run_at(level, step);
    }
}

struct Step<'a, T> {
    keep: T,
    size: T,
    root: T,
    parameters: &'a mut [T],
    gradients: &'a [T],
    first_moments: &'a mut [T],
    second_moments: &'a mut [T],
}

impl<T: Real> Operation for Step<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = Lanes::<S, T>::LEN;
        let (one_less_1, one_less_2) = (T::from_f64(1.0 - BETA_1), T::from_f64(1.0 - BETA_2));
        let chunks =
            self.parameters.chunks_mut(lanes).zip(self.gradients.chunks(lanes)).zip(
                self.first_moments.chunks_mut(lanes).zip(self.second_moments.chunks_mut(lanes)),
            );
        for ((parameters, gradients), (first_moments, second_moments)) in chunks {
            let gradient = load(simd, gradients);
            let first =
                load(simd, first_moments).times(T::from_f64(BETA_1)) + gradient.times(one_less_1);
            let second = load(simd, second_moments).times(T::from_f64(BETA_2))
                + (gradient * gradient).times(one_less_2);
            let scale = (second.sqrt() / second.filled(self.root)).plus(T::from_f64(EPSILON));
            let parameter = load(simd, parameters).times(self.keep);
            let parameter = parameter - (first / scale).times(self.size);
            first.store(first_moments);
            second.store(second_moments);
            parameter.store(parameters);
        }
    }
}

#[inline(always)]
fn load<S: Simd, T: Real>(simd: S, values: &[T]) -> Lanes<S, T> {
    if values.len() == Lanes::<S, T>::LEN {
        Lanes::load(simd, values)
    } else {
        Lanes::load_partial(simd, values, T::ZERO)
    }
}
