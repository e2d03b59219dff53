//! [`Machine`]: what turns operations into time.

use serde::Serialize;

use super::calibration::Calibration;
use super::stages::{PoolShape, Shape, Stage, StageKind, stages};
use crate::named::Named;

/// Clock cycles an instruction of a Cortex-M4F. An assumption: with instructions fetched from
/// flash, 1.5 to 2 are usual.
const CYCLES: f64 = 2.0;

/// A microcontroller whose instructions were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// Arm Cortex-M4F: single precision in hardware, double in software.
    CortexM4f,
}

impl Named for Device {
    const WHAT: &'static str = "device";
    const ALL: &'static [Self] = &[Self::CortexM4f];

    fn name(self) -> &'static str {
        match self {
            Self::CortexM4f => "cortex-m4f",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::CortexM4f => "Arm Cortex-M4F; instructions counted with 32 features",
        }
    }
}

impl Device {
    /// Instructions for one operation of a stage: counts of an emulated processor (QEMU, -icount)
    /// over the operations of the same work, 32 features, 10 responses a prompt.
    fn instructions(self, stage: StageKind, scalar: u64) -> f64 {
        let (single, double) = match (self, stage) {
            // 2.2 instructions for a multiplication and an addition of the Fisher information's matrix
            // products. Networks are single precision.
            (Self::CortexM4f, StageKind::Embed | StageKind::TrainingIteration) => (1.1, 1.1),
            // 479 and 39,812 a pair.
            (Self::CortexM4f, StageKind::Fisher | StageKind::FitFeatures | StageKind::Head) => {
                (1.17, 97.0)
            }
            // 72,291 and 1,412,367 in all.
            (Self::CortexM4f, StageKind::Cholesky) => (6.6, 129.0),
            // 1,423 and 110,526 an item.
            (Self::CortexM4f, StageKind::Whiten) => (1.35, 105.0),
            // 257 and 18,258 a pair, its weight included.
            (Self::CortexM4f, StageKind::Scores | StageKind::Design) => (2.07, 147.0),
        };
        if scalar == 4 { single } else { double }
    }
}

/// What turns operations into time.
#[derive(Clone, Debug)]
pub enum Machine {
    /// This one.
    Calibrated(Calibration),
    /// None that is here.
    Other(OtherMachine),
}

/// A machine that is not here.
#[derive(Clone, Copy, Debug)]
pub enum OtherMachine {
    /// One described by its rates: a stage takes as long as its operations or its bytes, whichever
    /// take longer. A lower bound, for no kernel reaches the peak.
    Described {
        /// Operations a second of one thread, in units of 10⁹.
        gflops: f64,
        /// Bytes a second of all threads, in units of 10⁹.
        bandwidth: f64,
    },
    /// A microcontroller.
    Device {
        /// Which.
        device: Device,
        /// Its clock.
        megahertz: f64,
    },
}

impl OtherMachine {
    /// What a stage costs there, by numbers of so many bytes, where it keeps so many threads busy.
    pub(super) fn cost(self, work: Stage, scalar: u64, shared: f64) -> Cost {
        match self {
            Self::Described { gflops, bandwidth } => {
                let operations = work.flops / (gflops * 1e9) / shared;
                let bytes = work.bytes / (bandwidth * 1e9);
                let seconds = if operations > bytes { operations } else { bytes };
                Cost { work, instructions: None, seconds }
            }
            Self::Device { device, megahertz } => {
                let count = work.flops * device.instructions(work.stage, scalar);
                let seconds = count * CYCLES / (megahertz * 1e6);
                Cost { work, instructions: Some(count), seconds }
            }
        }
    }
}

/// What a stage costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Which, and how much it does.
    #[serde(flatten)]
    pub work: Stage,
    /// Instructions, of a device.
    pub instructions: Option<f64>,
    /// How long it takes.
    pub seconds: f64,
}

/// The costs of every stage on so many threads, in the order of a round.
#[must_use]
pub fn costs(shape: &Shape, machine: &Machine, threads: usize) -> Vec<Cost> {
    let cost = |work: Stage| {
        let shared = shared(shape, work.stage, threads as f64);
        match machine {
            Machine::Calibrated(calibration) => {
                let seconds = calibration.seconds(shape, &work) / shared;
                Cost { work, instructions: None, seconds }
            }
            Machine::Other(other) => other.cost(work, shape.scalar, shared),
        }
    };
    stages(shape).into_iter().map(cost).collect()
}

/// How many threads a stage keeps busy: parts are shared out whole.
fn shared(shape: &Shape, stage: StageKind, threads: f64) -> f64 {
    let items = shape.items as f64;
    let parts = match (stage, shape.pool) {
        (StageKind::Cholesky | StageKind::Head, _) => 1.0,
        (StageKind::Embed, _) => items / 64.0,
        (StageKind::TrainingIteration, _) => 2.0 * shape.labels as f64 / 64.0,
        (_, PoolShape::InPrompt { responses }) => items / responses as f64 / 25.0,
        (StageKind::Scores, PoolShape::CrossPrompt) => {
            let blocks = (items / 256.0).ceil();
            blocks * (blocks + 1.0) / 2.0
        }
        (_, PoolShape::CrossPrompt) | (StageKind::Whiten, _) => items / 256.0,
        (_, PoolShape::Listed { pairs }) => pairs as f64 / 256.0,
    };
    let parts = if parts > 1.0 { parts.ceil() } else { 1.0 };
    parts / (parts / threads).ceil()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(scalar: u64) -> Shape {
        let pool = PoolShape::InPrompt { responses: 10 };
        Shape { items: 200, dimensions: 384, hidden: [32; 3], pool, labels: 100, scalar }
    }

    #[test]
    fn a_described_machine_is_bound_by_operations_or_by_bytes() {
        let fisher = |gflops, bandwidth| {
            let other = OtherMachine::Described { gflops, bandwidth };
            costs(&shape(4), &Machine::Other(other), 1)[1]
        };
        let bound = fisher(1.0, 1e9);
        assert_eq!(bound.seconds, bound.work.flops / 1e9);
        let bound = fisher(1e9, 1.0);
        assert_eq!(bound.seconds, bound.work.bytes / 1e9);
    }

    /// The emulator's counts of 900 pairs of 200 items: 688 a pair, 1,534 an item, 195 a pair.
    #[test]
    fn a_device_needs_the_instructions_that_were_counted() {
        let device = OtherMachine::Device { device: Device::CortexM4f, megahertz: 100.0 };
        let machine = Machine::Other(device);
        let counted = [900.0 * 688.0, 54_160.0, 200.0 * 1534.0, 900.0 * 195.0];
        for (cost, counted) in costs(&shape(4), &machine, 1)[1..].iter().zip(counted) {
            let found = cost.instructions.unwrap();
            assert!((0.6..1.7).contains(&(found / counted)), "{:?}: {found}", cost.work.stage);
            assert_eq!(cost.seconds, found * 2.0 / 1e8);
        }
        let double = costs(&shape(8), &machine, 1);
        assert!(double[1].seconds > 30.0 * costs(&shape(4), &machine, 1)[1].seconds);
    }

    #[test]
    fn threads_share_parts_and_no_more() {
        let stage = StageKind::Fisher;
        // 20 prompts are one block of 25, 60 are three.
        assert_eq!(shared(&shape(4), stage, 4.0), 1.0);
        let three = Shape { items: 600, ..shape(4) };
        assert_eq!(shared(&three, stage, 2.0), 1.5);
        assert_eq!(shared(&three, stage, 7.0), 3.0);
        assert_eq!(shared(&three, StageKind::Cholesky, 7.0), 1.0);
    }
}
