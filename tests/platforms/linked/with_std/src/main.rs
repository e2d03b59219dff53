//! The scenario where nalgebra and the vector library link std: prints its traces.

use nalgebra::ComplexField;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::parallel::Sequential;
use pairpick_core::scenario::{DeviceMemory, Header, Size, replay};

fn main() -> Result<(), Error> {
    // So that the linker keeps what std gives to nalgebra.
    let root = std::hint::black_box(2.0_f64);
    assert!(ComplexField::exp(root) > 1.0);
    told::<f32>()?;
    told::<f64>()
}

fn told<T: Real>() -> Result<(), Error> {
    println!("{}", Header::new::<T>(&Size::DEVICE));
    let mut memory = Box::new(DeviceMemory::<T>::ZERO);
    let executor = Sequential(fearless_simd::Level::new());
    replay(&executor, &Size::DEVICE, memory.borrow(), &mut |entry| println!("{entry}"))
}
