//! The Bradley–Terry loss on logits: for a margin m = r_a − r_b and a label y (1 where a is
//! preferred, 0 where b is, ½ for a tie), −y ln σ(m) − (1 − y) ln σ(−m) = softplus(m) − y m.
//!
//! Its derivative σ(m) − y stays ±1 for a pair that is confidently wrong, where a loss on rounded
//! probabilities goes silent.
//!
//! A comparison that counts c times has c times that loss and c times that derivative; a mean is over
//! the sum of the counts, which is in f64, in order.

use crate::arith::elementwise::map;
use crate::arith::sigmoid::Sigmoid;
use crate::arith::softplus::Softplus;
use crate::arith::{Level, Real, sum};
use crate::error::Error;
use crate::pool::Comparison;

/// Fails unless every label is 0, ½ or 1, every item exists, and every count and their sum are finite
/// and above 0.
///
/// # Errors
/// [`Error::Label`], [`Error::Index`] with the first that does not fit; [`Error::Parameter`] for the
/// counts.
pub fn check<T: Real>(comparisons: &[Comparison<T>], items: usize) -> Result<(), Error> {
    for (index, comparison) in comparisons.iter().enumerate() {
        let label = comparison.label;
        if label != T::ZERO && label != T::HALF && label != T::ONE {
            return Err(Error::Label { index, value: label.to_f64() });
        }
        let item = comparison.a.max(comparison.b);
        if item as usize >= items {
            let what = "item of a comparison";
            return Err(Error::Index { what, index: u64::from(item), len: items as u64 });
        }
        let counts = T::ZERO < comparison.count;
        if !counts {
            return Err(Error::Parameter { what: COUNTS });
        }
    }
    match T::from_f64(total(comparisons)).is_finite_number() {
        true => Ok(()),
        false => Err(Error::Parameter { what: COUNTS }),
    }
}

const COUNTS: &str = "how often comparisons count must be finite and above 0";

/// How many answers there are: the sum of the counts.
pub(crate) fn total<T: Real>(comparisons: &[Comparison<T>]) -> f64 {
    let mut total = 0.0;
    for comparison in comparisons {
        total += comparison.count.to_f64();
    }
    total
}

/// Writes the margin r_a − r_b of each comparison.
pub fn margins<T: Real>(rewards: &[T], comparisons: &[Comparison<T>], out: &mut [T]) {
    margins_of(rewards, comparisons.iter().copied(), out);
}

/// [`margins`] of comparisons that are not in memory as such.
pub(crate) fn margins_of<T: Real>(
    rewards: &[T],
    comparisons: impl Iterator<Item = Comparison<T>>,
    out: &mut [T],
) {
    let reward = |item: u32| rewards.get(item as usize).copied().unwrap_or(T::ZERO);
    for (margin, pair) in out.iter_mut().zip(comparisons) {
        *margin = reward(pair.a) - reward(pair.b);
    }
}

/// The mean loss over answers, summed [`sum::PAIRS`] comparisons to a block; 0 for none. `losses`
/// holds the margins, and is overwritten.
pub fn mean_loss<T: Real>(level: Level, comparisons: &[Comparison<T>], losses: &mut [T]) -> T {
    let mut sum = T::ZERO;
    for (comparisons, losses) in comparisons.chunks(sum::PAIRS).zip(losses.chunks_mut(sum::PAIRS)) {
        // The margins are needed twice; a block's worth fits on any stack.
        let mut margins = [T::ZERO; sum::PAIRS];
        for (kept, margin) in margins.iter_mut().zip(&*losses) {
            *kept = *margin;
        }
        map::<Softplus, T>(level, losses);
        let mut block = T::ZERO;
        for ((loss, margin), pair) in losses.iter().zip(&margins).zip(comparisons) {
            block += pair.count * (*loss - pair.label * *margin);
        }
        sum += block;
    }
    if comparisons.is_empty() { T::ZERO } else { sum / T::from_f64(total(comparisons)) }
}

/// Adds the derivative of the mean loss with respect to each item's reward, each item's terms in
/// the order of the comparisons. `slopes` holds the margins, and is overwritten.
pub fn add_reward_gradients<T: Real>(
    level: Level,
    comparisons: &[Comparison<T>],
    slopes: &mut [T],
    gradients: &mut [T],
) {
    let answers = T::from_f64(total(comparisons));
    add_gradients_of(level, comparisons.iter().copied(), answers, slopes, gradients);
}

/// [`add_reward_gradients`] of comparisons that are not in memory as such, the mean being over so many
/// answers.
pub(crate) fn add_gradients_of<T: Real>(
    level: Level,
    comparisons: impl Iterator<Item = Comparison<T>>,
    answers: T,
    slopes: &mut [T],
    gradients: &mut [T],
) {
    map::<Sigmoid, T>(level, slopes);
    for (slope, pair) in slopes.iter().zip(comparisons) {
        let slope = pair.count * (*slope - pair.label) / answers;
        if let Some(gradient) = gradients.get_mut(pair.a as usize) {
            *gradient += slope;
        }
        if let Some(gradient) = gradients.get_mut(pair.b as usize) {
            *gradient -= slope;
        }
    }
}
