//! The scenario from outside, as every platform replays it: the same trace at every instruction set
//! and number of threads, in the memory that it says, and sensitive to what it should be.

use std::collections::BTreeMap;

use pairpick::named::Named;
use pairpick::verify::{Scalar, ScenarioSize, Section, first_difference, golden, replay};
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::parallel::{Executor, Micro, Sequential};
use pairpick_core::profile::Profile;
use pairpick_core::scenario::{self, DeviceMemory, Header, Size};
use pairpick_core::select::Strategy;
use pairpick_tests::levels::available;
use pairpick_tests::threads::Threads;

fn agrees_with_golden(executor: &impl Executor, scalar: Scalar, size: ScenarioSize, what: &str) {
    let found = replay(executor, scalar, size, false).expect("a replay");
    let golden = golden().expect("golden traces");
    let expected = golden.section(&found.key).expect("a golden section");
    if let Some(difference) = first_difference(&found, expected) {
        panic!(
            "{}, {what}: first at {difference}\nA change of bits on purpose is a new version of the \
             contract: see \"Changing bits\" in core/src/CONTRACT.md.",
            found.key
        );
    }
}

#[test]
fn every_level_and_thread_count_agrees_with_the_golden_traces() {
    for (name, level) in available() {
        println!("level run: {name}");
        for scalar in Scalar::ALL {
            for threads in [1, 2, 3, 7] {
                let executor = Threads { level, threads };
                let what = format!("{name}, {threads} threads");
                agrees_with_golden(&executor, *scalar, ScenarioSize::Device, &what);
                if *scalar == Scalar::F32 {
                    agrees_with_golden(&Micro(&executor), *scalar, ScenarioSize::Device, &what);
                }
            }
        }
    }
}

/// At the best instruction set alone: at the others `tests/platforms/run` replays it too.
#[test]
fn the_large_size_agrees_with_the_golden_traces() {
    let (name, level) = available().into_iter().last().expect("an instruction set");
    for scalar in Scalar::ALL {
        let executor = Threads { level, threads: 7 };
        agrees_with_golden(&executor, *scalar, ScenarioSize::Host, name);
    }
}

#[test]
fn a_device_has_the_memory_that_the_scenario_needs() {
    let bytes = (size_of::<DeviceMemory<f32>>(), size_of::<DeviceMemory<f64>>());
    println!("{:?}: {bytes:?} bytes", DeviceMemory::<f32>::lengths());
    assert!(bytes.0 < 186 << 10 && bytes.1 < 332 << 10, "{bytes:?}");
}

fn in_device_memory<T: Real>(scalar: Scalar) {
    let mut memory = Box::new(DeviceMemory::<T>::ZERO);
    let mut text = format!("{}\n", Header::new::<T>(Profile::Exact, &Size::DEVICE));
    scenario::replay(&Sequential::default(), &Size::DEVICE, memory.borrow(), &mut |entry| {
        text.push_str(&format!("{entry:#}\n"));
    })
    .expect("a replay");
    let trace = pairpick::verify::Trace::parse("device".as_ref(), &text).expect("a trace");
    let expected = replay(&Sequential::default(), scalar, ScenarioSize::Device, true);
    assert_eq!(trace.sections, [expected.expect("a replay")]);
    assert_eq!(trace.to_string(), text, "the text forms of core and host are one");
}

#[test]
fn the_device_says_what_the_host_says() {
    in_device_memory::<f32>(Scalar::F32);
    in_device_memory::<f64>(Scalar::F64);
}

#[test]
fn memory_that_is_too_small_is_an_error_that_names_it() {
    let size = Size::DEVICE;
    let executor = Sequential::default();
    for keep in [0, 1, 600, 5_000, 20_000] {
        let mut memory = Box::new(DeviceMemory::<f32>::ZERO);
        let mut lent = memory.borrow();
        lent.numbers = &mut lent.numbers[..keep];
        let replayed = scenario::replay(&executor, &size, lent, &mut |_| ());
        assert!(
            matches!(replayed, Err(Error::Workspace { .. } | Error::Shape { .. })),
            "{keep} numbers: {replayed:?}"
        );
    }
}

/// Stages whose values tell nothing could hide a fault: each must have values, and what should
/// differ from round to round must.
#[test]
fn every_stage_tells_something() {
    for scalar in Scalar::ALL {
        let section: Section =
            replay(&Sequential::default(), *scalar, ScenarioSize::Device, true).expect("a replay");
        let mut digests: BTreeMap<(String, usize, usize), Vec<u64>> = BTreeMap::new();
        for stage in &section.stages {
            let values = stage.values.as_ref().expect("values");
            assert!(!values.is_empty(), "{}", stage.place());
            let key = (stage.name.clone(), stage.order, stage.index);
            digests.entry(key).or_default().push(stage.digest);
        }
        for strategy in Strategy::ALL {
            for order in [8, 16, 32] {
                // In-prompt, cross-prompt, the same with rewards far apart, and listed.
                for pool in 0..4 {
                    let key = (strategy.name().to_owned(), order, 3 * pool);
                    // Every strategy picks within prompts, and elsewhere where it walks in another
                    // way; but clusters are those of a list alone.
                    let must = if strategy == Strategy::Coreset { 3 } else { 0 };
                    let Some(batches) = digests.get(&key) else {
                        assert_ne!(pool, must, "{}", strategy.name());
                        continue;
                    };
                    assert_eq!(batches.len(), 2, "{}", strategy.name());
                    assert_ne!(batches[0], batches[1], "{} {order}, {pool}", strategy.name());
                }
            }
        }
        for (name, index) in [("features", 1), ("fisher-past", 0), ("losses", 0), ("metrics", 0)] {
            let told = &digests[&(name.to_owned(), 16, index)];
            assert_eq!(told.len(), 2, "{name}");
            assert_ne!(told[0], told[1], "{name}");
        }
    }
}

/// Weights of every size must be met, and such as vanish.
#[test]
fn cross_prompt_rewards_are_near_and_far() {
    for (scalar, limit) in [(Scalar::F32, 80.0), (Scalar::F64, 600.0)] {
        for size in ScenarioSize::ALL {
            let section = replay(&Sequential::default(), scalar, *size, true).expect("a replay");
            let ranges: Vec<_> = section.stages.iter().filter(|s| s.name == "range").collect();
            assert!(ranges.len() >= 8);
            for stage in ranges {
                let bits = stage.values.as_ref().expect("values")[0];
                let range = match scalar {
                    Scalar::F32 => f64::from(f32::from_bits(bits as u32)),
                    Scalar::F64 => f64::from_bits(bits),
                };
                let within = stage.index == 0;
                assert_eq!(range <= limit, within, "{}: {range}", stage.place());
                assert!(range > 0.0 && range <= 2.0 * limit, "{}: {range}", stage.place());
            }
        }
    }
}
