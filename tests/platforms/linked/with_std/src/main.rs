//! The scenario where nalgebra and the vector library link std: prints its traces.

use nalgebra::ComplexField;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::scenario::{DeviceMemory, Header, Size, replay};

fn main() -> Result<(), Error> {
    // So that the linker keeps what std gives to nalgebra.
    let root = std::hint::black_box(2.0_f64);
    assert!(ComplexField::exp(root) > 1.0);
    let executor = Sequential(fearless_simd::Level::new());
    told::<f32, _>(&executor)?;
    told::<f32, _>(&Micro(&executor))?;
    told::<f64, _>(&executor)
}

fn told<T: Real, E: Executor>(executor: &E) -> Result<(), Error> {
    println!("{}", Header::new::<T>(E::PROFILE, &Size::DEVICE));
    let mut memory = Box::new(DeviceMemory::<T>::ZERO);
    replay(executor, &Size::DEVICE, memory.borrow(), &mut |entry| println!("{entry}"))
}
