//! Round numbers for an axis, found with `+ − × ÷` and comparisons alone: a plotting library's own
//! use logarithms, whose last bits differ between platforms.

/// An axis: its ends, and where it is marked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
    /// Digits after the point that the ticks need.
    decimals: usize,
}

impl Axis {
    /// An axis that holds all values, with about `wanted` ticks at multiples of 1, 2 or 5 times a
    /// power of ten.
    pub fn new(values: impl Iterator<Item = f64>, wanted: u32) -> Self {
        let (low, high) = extent(values);
        let (step, decimals) = step((high - low) / f64::from(wanted));
        let mut first = whole(low / step);
        if first * step > low {
            first -= 1.0;
        }
        let mut ticks = vec![first * step];
        let mut count = first;
        // About `wanted` turns; the bound is for values at the end of what a float holds.
        while ticks.last().is_some_and(|last| *last < high) && ticks.len() < 4 * wanted as usize {
            count += 1.0;
            ticks.push(count * step);
        }
        let (low, high) = (first * step, count * step);
        Self { low, high, ticks, decimals }
    }

    /// A tick's text.
    pub fn label(&self, tick: f64) -> String {
        // Adding 0 turns −0 into 0.
        format!("{:.*}", self.decimals, tick + 0.0).replace('-', "−")
    }
}

/// Values closer than this share of their size are drawn as one.
const APART: f64 = 1e-9;

/// The least and largest value, apart even if there is one value or none.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut ends: Option<(f64, f64)> = None;
    for value in values.filter(|value| value.is_finite()) {
        ends = Some(match ends {
            None => (value, value),
            Some((low, high)) if value < low => (value, high),
            Some((low, high)) if value > high => (low, value),
            same => same.unwrap_or((value, value)),
        });
    }
    match ends {
        None => (0.0, 1.0),
        Some((low, high)) if high - low > APART * (magnitude(low) + magnitude(high)) => (low, high),
        Some((value, _)) => {
            let magnitude = magnitude(value);
            let margin = if magnitude > 0.0 { magnitude / 10.0 } else { 0.5 };
            (value - margin, value + margin)
        }
    }
}

fn magnitude(value: f64) -> f64 {
    if value < 0.0 { -value } else { value }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `least`, and the digits after
/// the point that its multiples need.
fn step(least: f64) -> (f64, usize) {
    let mut power = 1.0;
    let mut decimals = 0;
    while power > least && decimals < 12 {
        power /= 10.0;
        decimals += 1;
    }
    while power * 10.0 <= least && power < 1e300 {
        power *= 10.0;
    }
    for factor in [1.0, 2.0, 5.0] {
        if power * factor >= least {
            return (power * factor, decimals);
        }
    }
    (power * 10.0, if decimals > 0 { decimals - 1 } else { 0 })
}

/// The whole part, towards zero.
fn whole(value: f64) -> f64 {
    value as i64 as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], wanted: u32) -> Vec<String> {
        let axis = Axis::new(values.iter().copied(), wanted);
        axis.ticks.iter().map(|tick| axis.label(*tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_hold_the_values() {
        assert_eq!(labels(&[125.0, 1000.0], 5), ["0", "200", "400", "600", "800", "1000"]);
        assert_eq!(labels(&[0.41, 0.79], 4), ["0.4", "0.5", "0.6", "0.7", "0.8"]);
        assert_eq!(labels(&[-310.0, -195.0], 4), ["−350", "−300", "−250", "−200", "−150"]);
        assert_eq!(labels(&[-1.0, 1.0], 4), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
    }

    #[test]
    fn one_value_or_none_still_makes_an_axis() {
        for values in [
            &[][..],
            &[0.0],
            &[7.0],
            &[-3.5],
            &[1e16, 1e16 + 2.0],
            &[f64::NAN],
            &[1e-300],
            &[1e300],
        ] {
            let axis = Axis::new(values.iter().copied(), 5);
            assert!(axis.low < axis.high, "{values:?}: {axis:?}");
            assert!(axis.ticks.len() >= 2 && axis.ticks.len() < 20, "{values:?}: {axis:?}");
        }
    }
}
