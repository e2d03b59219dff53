//! The floating-point environment is checked, not assumed: a host linked with `-ffast-math`, or a
//! real-time system that flushes subnormals to zero, would change bits in silence.

use core::hint::black_box;

use crate::error::Error;

/// Checks that subnormals are kept and that results round to the nearest, ties to even, in both
/// precisions. Cheap enough to run at every start.
///
/// # Errors
/// [`Error::FloatEnvironment`] with what is wrong.
pub fn self_test() -> Result<(), Error> {
    let fail = |what| Err(Error::FloatEnvironment { what });
    // Operands pass through `black_box`, so that the machine computes and not the compiler.
    if (black_box(f32::MIN_POSITIVE) * black_box(0.5)).to_bits() != 1 << 22
        || (black_box(f64::MIN_POSITIVE) * black_box(0.5)).to_bits() != 1 << 51
    {
        return fail("a subnormal result was flushed to zero");
    }
    if (black_box(f32::from_bits(1)) * black_box(2.0)).to_bits() != 2
        || (black_box(f64::from_bits(1)) * black_box(2.0)).to_bits() != 2
    {
        return fail("a subnormal operand was taken as zero");
    }
    // 1 + ε/2 is a tie and goes to the even 1; 1 + 3ε/2 to the even 1 + 2ε; the same below zero,
    // which tells apart every directed rounding.
    let single = |x: f32, y: f32| black_box(x) + black_box(y);
    let double = |x: f64, y: f64| black_box(x) + black_box(y);
    let nearest = [1.0_f32, -1.0].into_iter().all(|one| {
        let half = one * f32::EPSILON / 2.0;
        single(one, half) == one
            && single(one + 2.0 * half, half) == one + 4.0 * half
            && single(one, half * 1.000_001) == one + 2.0 * half
    }) && [1.0_f64, -1.0].into_iter().all(|one| {
        let half = one * f64::EPSILON / 2.0;
        double(one, half) == one
            && double(one + 2.0 * half, half) == one + 4.0 * half
            && double(one, half * 1.000_001) == one + 2.0 * half
    });
    if !nearest {
        return fail("results are not rounded to the nearest");
    }
    // In a wider register 1 + 2⁻⁶⁰ would survive until the subtraction.
    let tiny = f64::from_bits((1023 - 60) << 52);
    if double(double(1.0, tiny), -1.0) != 0.0 {
        return fail("intermediate results carry extra precision");
    }
    Ok(())
}
