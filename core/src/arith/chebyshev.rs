//! Chebyshev polynomials T_i on [−1, 1], and the nodes at which a function is interpolated by the
//! first of them.
//!
//! **Method.** T_0 = 1, T_1 = x, T_{i+1} = (x + x) T_i − T_{i−1}. The nodes are the zeros of T_m,
//! cos((2k + 1)π/2m), from the largest down. The polynomial of degree m − 1 through values f_k at the
//! nodes is Σ_i c_i T_i, c_i = Σ_k f_k T_i(x_k) (2 − [i = 0])/m, and T_i(x_k) = cos(i(2k + 1)π/2m).
//!
//! **Range.** [−1, 1]. **Coefficients.** Cosines, rounded once. **Bound.** An absolute i² ε; half an ε
//! at the nodes.
//!
//! **Special values.** NaN ↦ NaN, but for T_0.

use super::Real;
use super::lanes::{Element, Level, Operation, Simd, run_at};

/// What interpolation needs to know of a scalar type.
pub trait Constants: Element + 'static {
    /// cos(nπ/2m) for n from 0 to m.
    const COSINES: &'static [Self];
}

#[allow(clippy::approx_constant, reason = "a table, of which one is √½")]
impl Constants for f32 {
    const COSINES: &'static [Self] = &[
        1.0,
        0.993_712_2,
        0.974_927_9,
        0.943_883_36,
        0.900_968_85,
        0.846_724_2,
        0.781_831_5,
        0.707_106_77,
        0.623_489_8,
        0.532_032_1,
        0.433_883_73,
        0.330_279_05,
        0.222_520_93,
        0.111_964_48,
        0.0,
    ];
}

#[allow(clippy::approx_constant, reason = "a table, of which one is √½")]
impl Constants for f64 {
    const COSINES: &'static [Self] = &[
        1.0,
        0.998_426_815_017_816_6,
        0.993_712_209_893_242_6,
        0.985_871_018_518_235_9,
        0.974_927_912_181_823_6,
        0.960_917_321_945_099_5,
        0.943_883_330_308_367_6,
        0.923_879_532_511_286_7,
        0.900_968_867_902_419_1,
        0.875_223_421_908_753_7,
        0.846_724_199_228_284_1,
        0.815_560_868_959_260_2,
        0.781_831_482_468_029_8,
        0.745_642_164_883_165_6,
        0.707_106_781_186_547_6,
        0.666_346_577_952_003_9,
        0.623_489_801_858_733_5,
        0.578_671_296_179_805_7,
        0.532_032_076_515_336_6,
        0.483_718_887_105_239_8,
        0.433_883_739_117_558_1,
        0.382_683_432_365_089_8,
        0.330_279_061_955_167_1,
        0.276_835_511_424_849_4,
        0.222_520_933_956_314_4,
        0.167_506_223_304_736_4,
        0.111_964_476_103_307_86,
        0.056_070_447_237_191_79,
        0.0,
    ];
}

/// The most nodes of either type.
pub const MOST_NODES: usize = <f64 as Constants>::COSINES.len() - 1;

/// How many nodes there are: m.
#[must_use]
pub const fn node_count<T: Real>() -> usize {
    T::COSINES.len().saturating_sub(1)
}

/// Node number k, from the largest down.
#[must_use]
pub fn node<T: Real>(k: usize) -> T {
    at_node(1, k)
}

/// T_i at node number k.
#[must_use]
pub fn at_node<T: Real>(i: usize, k: usize) -> T {
    let quarter = node_count::<T>().max(1);
    let odd = k.saturating_mul(2).saturating_add(1);
    let angle = i.saturating_mul(odd).checked_rem(4 * quarter).unwrap_or(0);
    // The cosine is even about a whole turn, and odd about a quarter of one.
    let angle = if angle > 2 * quarter { 4 * quarter - angle } else { angle };
    let cosine = |angle: usize| T::COSINES.get(angle).copied().unwrap_or(T::ZERO);
    if angle > quarter { -cosine(2 * quarter - angle) } else { cosine(angle) }
}

/// Writes T_0, T_1, … of each x: a row for each polynomial, as many as `out` has room for.
pub fn fill_polynomials<T: Real>(level: Level, x: &[T], out: &mut [T]) {
    run_at(level, Polynomials { x, out });
}

struct Polynomials<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> Operation for Polynomials<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { x, out } = self;
        let width = x.len().max(1);
        let mut rows = out.chunks_exact_mut(width);
        let (Some(mut before), Some(mut last)) = (rows.next(), rows.next()) else {
            return out.fill(T::ONE);
        };
        before.fill(T::ONE);
        for (value, x) in last.iter_mut().zip(x) {
            *value = *x;
        }
        for row in rows {
            let terms = x.iter().zip(&*last).zip(&*before);
            for (value, ((x, last), before)) in row.iter_mut().zip(terms) {
                *value = (*x + *x) * *last - *before;
            }
            (before, last) = (last, row);
        }
    }
}
