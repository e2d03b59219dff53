//! The instruction sets that this machine and build can run.

use fearless_simd::Level;

/// Every level that can be forced here, the scalar fallback first, with its name.
#[must_use]
pub fn available() -> Vec<(&'static str, Level)> {
    let best = Level::new();
    let mut levels = vec![("fallback", Level::fallback()), ("baseline", Level::baseline())];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        if let Some(avx2) = best.as_avx2() {
            levels.push(("v3", Level::Avx2(avx2)));
        }
        if let Some(avx512) = best.as_avx512() {
            levels.push(("v4", Level::Avx512(avx512)));
        }
    }
    levels.push(("best", best));
    levels
}
