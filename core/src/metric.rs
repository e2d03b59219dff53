//! What a model's order is worth, prompt by prompt: Spearman's rank correlation, best-of-N, and
//! pairwise accuracy, all against golden rewards, all in f64. Against held-out answers:
//! [`held_out`].

pub mod held_out;

use crate::error::{Error, check_shape};
use crate::sort::sort;

/// Spearman's rank correlation of two lists, with average ranks for ties. A constant prediction
/// scores 0; `None` where the golden rewards are constant, and there is no order to find.
///
/// `order` and `ranks` hold as many numbers as the lists, `ranks` twice as many.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Workspace`] where lengths do not fit.
pub fn spearman(
    predicted: &[f64],
    golden: &[f64],
    order: &mut [u32],
    ranks: &mut [f64],
) -> Result<Option<f64>, Error> {
    check_shape("golden rewards", predicted.len(), golden.len())?;
    let (required, found) = (2 * predicted.len(), ranks.len());
    let Some((predicted_ranks, golden_ranks)) =
        ranks.get_mut(..required).and_then(|used| used.split_at_mut_checked(predicted.len()))
    else {
        return Err(Error::Workspace { what: "ranks", required, found });
    };
    average_ranks(predicted, order, predicted_ranks)?;
    average_ranks(golden, order, golden_ranks)?;
    let count = as_f64(predicted.len());
    let mean = (count + 1.0) / 2.0;
    let (mut covariance, mut predicted_sum, mut golden_sum) = (0.0, 0.0, 0.0);
    for (p, g) in predicted_ranks.iter().zip(golden_ranks) {
        let (p, g) = (*p - mean, *g - mean);
        covariance += p * g;
        predicted_sum += p * p;
        golden_sum += g * g;
    }
    if golden_sum == 0.0 {
        return Ok(None);
    }
    if predicted_sum == 0.0 {
        return Ok(Some(0.0));
    }
    Ok(Some(covariance / libm::sqrt(predicted_sum * golden_sum)))
}

/// The expected golden reward of the reply that the model ranks first among N drawn from all K
/// without replacement: exact, over all subsets. Replies that tie share their chance. N = K is the
/// arg-max.
///
/// # Errors
/// [`Error::Shape`], [`Error::Workspace`]; [`Error::Parameter`] unless 1 ≤ N ≤ K.
pub fn best_of_n(
    predicted: &[f64],
    golden: &[f64],
    n: usize,
    order: &mut [u32],
) -> Result<f64, Error> {
    check_shape("golden rewards", predicted.len(), golden.len())?;
    let count = predicted.len();
    if n == 0 || n > count {
        return Err(Error::Parameter { what: "best-of-N needs 1 ≤ N ≤ the number of replies" });
    }
    let order = sorted(predicted, order)?;
    // The reply at ascending place i (from 1) is the best of a subset in C(i − 1, N − 1) of the
    // C(K, N) subsets: N/K for i = K, and (i − N)/(i − 1) of its upper neighbour's below.
    let mut chance = as_f64(n) / as_f64(count);
    let (mut expected, mut end) = (0.0, count);
    while end > 0 {
        let tied = tie_before(predicted, order, end);
        let (mut tie_chance, mut tie_reward) = (0.0, 0.0);
        for place in (tied + 1..=end).rev() {
            let item = order.get(place - 1).map_or(0, |item| *item as usize);
            tie_chance += chance;
            tie_reward += golden.get(item).copied().unwrap_or(0.0);
            if place > 1 {
                let left = if place > n { as_f64(place - n) } else { 0.0 };
                chance *= left / as_f64(place - 1);
            }
        }
        expected += tie_chance * (tie_reward / as_f64(end - tied));
        end = tied;
    }
    Ok(expected)
}

/// Pairs that a model orders as the golden rewards do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Pairs without a golden tie.
    pub pairs: u64,
    /// Of these, the ones ordered alike; a tie of the model counts a half.
    pub agreed: f64,
}

impl Agreement {
    /// Counts all pairs of one prompt's replies.
    ///
    /// # Errors
    /// [`Error::Shape`] where the lengths differ.
    pub fn add(&mut self, predicted: &[f64], golden: &[f64]) -> Result<(), Error> {
        check_shape("golden rewards", predicted.len(), golden.len())?;
        let mut rest = predicted.iter().zip(golden);
        while let Some((p, g)) = rest.next() {
            for (q, h) in rest.clone() {
                if g != h {
                    self.pairs += 1;
                    if p == q {
                        self.agreed += 0.5;
                    } else if (p < q) == (g < h) {
                        self.agreed += 1.0;
                    }
                }
            }
        }
        Ok(())
    }

    /// The share that agrees; `None` where every pair is a golden tie.
    #[must_use]
    pub fn accuracy(self) -> Option<f64> {
        (self.pairs > 0).then(|| self.agreed / as_f64(usize::try_from(self.pairs).unwrap_or(1)))
    }
}

/// Ranks from 1, those of tied values averaged.
fn average_ranks(values: &[f64], order: &mut [u32], ranks: &mut [f64]) -> Result<(), Error> {
    let order = sorted(values, order)?;
    let mut end = order.len();
    while end > 0 {
        let tied = tie_before(values, order, end);
        // The mean of the ranks tied + 1 ..= end.
        let rank = as_f64(tied + 1 + end) / 2.0;
        for item in order.get(tied..end).unwrap_or_default() {
            if let Some(slot) = ranks.get_mut(*item as usize) {
                *slot = rank;
            }
        }
        end = tied;
    }
    Ok(())
}

/// The items in ascending order of their values, ties by index.
fn sorted<'a>(values: &[f64], order: &'a mut [u32]) -> Result<&'a [u32], Error> {
    let (required, found) = (values.len(), order.len());
    let Some(order) = order.get_mut(..required) else {
        return Err(Error::Workspace { what: "order", required, found });
    };
    for (item, slot) in (0_u32..).zip(&mut *order) {
        *slot = item;
    }
    let value = |item: u32| values.get(item as usize).copied().unwrap_or(0.0);
    sort(order, &|a, b| value(*a).total_cmp(&value(*b)).then(a.cmp(b)));
    Ok(order)
}

/// Where the run of equal values that ends before place `end` begins.
fn tie_before(values: &[f64], order: &[u32], end: usize) -> usize {
    let value = |place: usize| order.get(place).and_then(|item| values.get(*item as usize));
    let mut first = end - 1;
    while first > 0 && value(first - 1) == value(end - 1) {
        first -= 1;
    }
    first
}

fn as_f64(count: usize) -> f64 {
    <f64 as crate::arith::Real>::from_u64(count as u64)
}
