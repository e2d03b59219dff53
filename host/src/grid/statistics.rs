//! Means with their intervals, by [`pairpick_core::arith`]'s operations alone: the same bits everywhere.

use std::cmp::Ordering;
use std::fmt;

use pairpick_core::arith::Real;
use serde::{Serialize, Serializer};

/// A mean over seeds, and where it lies with 95 % certainty, as far as these tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// From here; none of a single seed.
    pub low: Option<f64>,
    /// To here.
    pub high: Option<f64>,
}

impl Estimate {
    /// Of values that are independent and not far from normal: mean ± t s/√n, the quantile of
    /// Student's t with n − 1 degrees of freedom. None without a value.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let half = variance(values).map(|variance| {
            let error = (variance / values.len() as f64).sqrt_of();
            quantile(values.len() - 1) * error
        });
        (!values.is_empty()).then(|| Self::around(average(values), half))
    }

    /// A mean ± half an interval, if there is one.
    pub(super) fn around(mean: f64, half: Option<f64>) -> Self {
        Self { mean, low: half.map(|half| mean - half), high: half.map(|half| mean + half) }
    }

    /// The ends of the interval.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }
}

pub(super) fn average(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

/// None of fewer than two.
pub(super) fn variance(values: &[f64]) -> Option<f64> {
    let mean = average(values);
    let square = values.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
    (values.len() > 1).then(|| square / (values.len() as f64 - 1.0))
}

/// The 97.5 % quantiles of Student's t with 1, 2, … degrees of freedom.
const QUANTILES: [f64; 30] = [
    12.706_204_736,
    4.302_652_730,
    3.182_446_305,
    2.776_445_105,
    2.570_581_836,
    2.446_911_851,
    2.364_624_252,
    2.306_004_135,
    2.262_157_163,
    2.228_138_852,
    2.200_985_160,
    2.178_812_830,
    2.160_368_656,
    2.144_786_688,
    2.131_449_546,
    2.119_905_299,
    2.109_815_578,
    2.100_922_040,
    2.093_024_054,
    2.085_963_447,
    2.079_613_845,
    2.073_873_068,
    2.068_657_610,
    2.063_898_562,
    2.059_538_553,
    2.055_529_439,
    2.051_830_516,
    2.048_407_142,
    2.045_229_642,
    2.042_272_456,
];

/// That of the normal distribution.
const NORMAL: f64 = 1.959_963_985;

/// The 97.5 % quantile of Student's t, for more than 30 degrees of freedom to 2 · 10⁻⁶ by the series
/// in their inverse (Abramowitz and Stegun, 26.7.5).
pub(super) fn quantile(degrees: usize) -> f64 {
    if let Some(quantile) = degrees.checked_sub(1).and_then(|place| QUANTILES.get(place)) {
        return *quantile;
    }
    let (z, n) = (NORMAL, degrees as f64);
    let square = z * z;
    let first = z * (square + 1.0) / 4.0;
    let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let third = z * (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    z + (first + (second + third / n) / n) / n
}

/// The p-values of several tests, each corrected for there being so many (Holm, *A simple sequentially
/// rejective multiple test procedure*, Scandinavian Journal of Statistics 1979): below a level with no
/// more than that probability, were all true means 0.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let (mut corrected, mut least) = (vec![1.0; p_values.len()], 0.0);
    for (before, place) in order.into_iter().enumerate() {
        let value = (p_values.len() - before) as f64 * p_values[place];
        if value > least {
            least = value;
        }
        if least < 1.0 {
            corrected[place] = least;
        }
    }
    corrected
}

/// How many labels a curve of decreasing error needs to come down to a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Needed {
    /// Fewer than its first point has.
    LessThan(f64),
    /// So many, by a straight line between two points.
    About(f64),
    /// More than its last point has.
    MoreThan(f64),
}

impl Needed {
    /// The number of labels that it is known by, and on which side of that it is.
    fn place(&self) -> (f64, i8) {
        match self {
            Self::LessThan(labels) => (*labels, -1),
            Self::About(labels) => (*labels, 0),
            Self::MoreThan(labels) => (*labels, 1),
        }
    }

    /// By the number of labels.
    #[must_use]
    pub fn total_cmp(&self, other: &Self) -> Ordering {
        let ((own, own_side), (others, others_side)) = (self.place(), other.place());
        own.total_cmp(&others).then(own_side.cmp(&others_side))
    }

    /// Whether it is no more than a bound.
    #[must_use]
    pub const fn is_bound(&self) -> bool {
        !matches!(self, Self::About(_))
    }

    /// The labels that it is known by: a bound where it is no more than that.
    #[must_use]
    pub fn bound(&self) -> f64 {
        self.place().0
    }
}

/// In whole labels.
impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LessThan(labels) => write!(f, "<{labels:.0}"),
            Self::About(labels) => write!(f, "{labels:.0}"),
            Self::MoreThan(labels) => write!(f, ">{labels:.0}"),
        }
    }
}

/// A number of labels; `null` where there are not enough.
impl Serialize for Needed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::LessThan(labels) | Self::About(labels) => serializer.serialize_f64(*labels),
            Self::MoreThan(_) => serializer.serialize_none(),
        }
    }
}

/// Where a curve, of labels and errors in the order of the labels, first comes down to a level; none
/// of no curve.
#[must_use]
pub fn needed(curve: &[(f64, f64)], level: f64) -> Option<Needed> {
    let ((first, start), (last, _)) = (*curve.first()?, *curve.last()?);
    if start < level {
        return Some(Needed::LessThan(first));
    }
    if start == level {
        return Some(Needed::About(first));
    }
    let reached = |pair: &&[(f64, f64)]| pair[1].1 <= level;
    let crossing = curve.windows(2).find(reached);
    Some(crossing.map_or(Needed::MoreThan(last), |pair| {
        let ((from, above), (to, below)) = (pair[0], pair[1]);
        Needed::About(from + (to - from) * ((above - level) / (above - below)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, expected) in [
            (1, 12.706_205),
            (4, 2.776_445),
            (19, 2.093_024),
            (30, 2.042_272),
            (31, 2.039_513),
            (40, 2.021_075),
            (100, 1.983_972),
            (1000, 1.962_339),
        ] {
            let found = quantile(degrees);
            assert!((found - expected).abs() < 2e-6, "{degrees}: {found}");
        }
    }

    /// By hand: mean 3, variance 2.5, t 2.776 with 4 degrees of freedom.
    #[test]
    fn an_interval_is_that_of_student() {
        let Estimate { mean, low, high } = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let half = 2.776_445_105 * 0.5_f64.sqrt_of();
        assert_eq!(mean, 3.0);
        assert!((low.unwrap() - (3.0 - half)).abs() < 1e-12, "{low:?}");
        assert!((high.unwrap() - (3.0 + half)).abs() < 1e-12, "{high:?}");
        let same = Estimate::of(&[2.0; 4]).unwrap();
        assert_eq!(same, Estimate { mean: 2.0, low: Some(2.0), high: Some(2.0) });
        assert_eq!(Estimate::of(&[2.0]).unwrap().interval(), None);
        assert_eq!(Estimate::of(&[]), None);
    }

    /// By hand: 4 · .01, 3 · .02 and so on, none below one before it. The first two are significant.
    #[test]
    fn holm_s_correction_is_that_of_the_textbooks() {
        let found = holm(&[0.04, 0.01, 0.03, 0.005]);
        let expected = [0.06, 0.03, 0.06, 0.02];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
        assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }

    #[test]
    fn a_level_is_reached_where_the_curve_first_comes_down_to_it() {
        let curve = [(20.0, 0.6), (40.0, 0.5), (60.0, 0.55), (80.0, 0.4)];
        let cases = [
            (0.7, Needed::LessThan(20.0)),
            (0.6, Needed::About(20.0)),
            (0.5, Needed::About(40.0)),
            (0.4, Needed::About(80.0)),
            (0.3, Needed::MoreThan(80.0)),
        ];
        for (level, expected) in cases {
            assert_eq!(needed(&curve, level), Some(expected), "{level}");
        }
        let Some(Needed::About(labels)) = needed(&curve, 0.525) else { panic!() };
        assert!((labels - 35.0).abs() < 1e-9, "{labels}");
        assert_eq!(needed(&[], 0.5), None);
    }
}
