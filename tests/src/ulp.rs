//! How far a result lies from the truth, in units of the last place of the truth.
//!
//! The unit of a number is the distance of its neighbours in the type; of a subnormal number it is
//! the smallest subnormal. A result of +∞ counts as the number after the largest finite one, and
//! so does every truth beyond that.

/// The truth, to more digits than an `f64` has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// The nearest `f64`.
    pub high: f64,
    /// What is missing from it, in units of its last place: as a number it could underflow.
    pub missing: f64,
}

impl Truth {
    /// A decimal number of the form `-1.2345e-67` or `1.2345`.
    ///
    /// # Panics
    /// If it is not of this form.
    #[must_use]
    pub fn parse(decimal: &str) -> Self {
        let high: f64 = decimal.parse().expect("a decimal number");
        let (digits, exponent) = parts(decimal);
        let missing = if high == 0.0 {
            // The unit is 2^-1074; in between, a power of ten that fits.
            let lifted = format!("{digits}e{}", exponent - (DIGITS - 1) + 200);
            lifted.parse::<f64>().expect("a decimal number") / (f64::from_bits(1) * 1e200)
        } else if high.is_finite() {
            let (high_digits, high_exponent) = parts(&format!("{high:.33e}"));
            // 9.99…e-1 may round to 1.00…e0: count both in the smaller exponent's last digit.
            let least = exponent.min(high_exponent);
            let scaled =
                |digits: i128, exponent: i32| digits * 10_i128.pow((exponent - least) as u32);
            let high_scaled = scaled(high_digits, high_exponent);
            let relative = (scaled(digits, exponent) - high_scaled) as f64 / high_scaled as f64;
            relative * (high / unit(high, -1022, 52))
        } else {
            0.0
        };
        Self { high, missing }
    }
}

/// How many leading digits of a decimal number are looked at: twice as many as an `f64` has.
const DIGITS: i32 = 34;

/// The leading digits of a decimal number as a whole number, and its exponent of ten.
fn parts(decimal: &str) -> (i128, i32) {
    let (mantissa, exponent) = decimal.split_once('e').unwrap_or((decimal, "0"));
    let negative = mantissa.starts_with('-');
    let (whole, fraction) = mantissa.trim_start_matches('-').split_once('.').expect("a point");
    assert_eq!(whole.len(), 1, "one digit before the point in {decimal}");
    let digits: String = whole
        .chars()
        .chain(fraction.chars())
        .chain("0".repeat(DIGITS as usize).chars())
        .take(DIGITS as usize)
        .collect();
    let digits: i128 = digits.parse().expect("digits");
    (if negative { -digits } else { digits }, exponent.parse().expect("an exponent"))
}

/// The error of an `f32` in units of the last place, the truth given in `f64`; 0 where both are
/// NaN, infinite where one is.
#[must_use]
pub fn ulps_f32(result: f32, truth: f64) -> f64 {
    const END: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0; // 2^128
    let (result, truth) = (clamp(f64::from(result), END), clamp(truth, END));
    distance(result, truth, 0.0) / unit(truth, -126, 23)
}

/// The error of an `f64` in units of the last place; 0 where both are NaN, infinite where one is.
#[must_use]
pub fn ulps_f64(result: f64, truth: Truth) -> f64 {
    if truth.high.abs() > f64::MAX / 4.0 {
        // There is no f64 after the largest: halve both.
        let end = f64::MAX / 2.0 + unit(f64::MAX / 2.0, -1022, 52);
        let (result, high) = (clamp(result / 2.0, end), clamp(truth.high / 2.0, end));
        let unit = unit(high, -1022, 52);
        return distance(result / unit, high / unit, truth.missing);
    }
    let unit = unit(truth.high, -1022, 52);
    distance(result / unit, truth.high / unit, truth.missing)
}

/// The error relative to the distance from 1 to the next number of the type: absolute.
#[must_use]
pub fn epsilons_f32(result: f32, truth: f64) -> f64 {
    distance(f64::from(result), truth, 0.0) / f64::from(f32::EPSILON)
}

/// The error relative to the distance from 1 to the next number of the type: absolute.
#[must_use]
pub fn epsilons_f64(result: f64, truth: Truth) -> f64 {
    let missing = truth.missing * unit(truth.high, -1022, 52);
    distance(result, truth.high, missing) / f64::EPSILON
}

/// |result − (high + missing)|; 0 where both are NaN or the same infinity, infinite where only one
/// is.
fn distance(result: f64, high: f64, missing: f64) -> f64 {
    let distance = ((result - high) - missing).abs();
    if distance.is_nan() {
        let equal = result.is_nan() && high.is_nan() || result == high;
        return if equal { 0.0 } else { f64::INFINITY };
    }
    distance
}

/// The distance of neighbours at `value` in a type with this least exponent and these explicit
/// significand bits.
fn unit(value: f64, least_exponent: i64, significand_bits: i64) -> f64 {
    let exponent = ((value.to_bits() >> 52) & 0x7ff).cast_signed() - 1023;
    let exponent = exponent.clamp(least_exponent, 1023) - significand_bits;
    if exponent >= -1022 {
        f64::from_bits(((exponent + 1023) as u64) << 52)
    } else {
        f64::from_bits(1 << (exponent + 1074))
    }
}

/// `value`, no larger than `end` in magnitude.
fn clamp(value: f64, end: f64) -> f64 {
    if value > end {
        end
    } else if value < -end {
        -end
    } else {
        value
    }
}
