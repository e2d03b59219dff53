//! `pairpick cost`: what a round takes, before it is run.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args as ClapArgs;
use pairpick_core::linalg::MAX_ORDER;
use pairpick_core::parallel::Executor;
use pairpick_core::trunk::mlp::{LAYERS, MAX_INPUTS};
use pairpick_core::trunk::nystrom::MAX_LANDMARKS;

use super::output::Output;
use super::{groups, help};
use crate::cost::{
    Calibration, Device, KernelShape, Machine, OtherMachine, PoolShape, Shape, costs, kernel_costs,
    measure_kernel,
};
use crate::data::pool_kind::PoolKind;
use crate::data::prompt_ids::PromptIds;
use crate::error::{DataError, Error, Result};
use crate::named::{Named, choice};
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::report::cost::CostReport;
use crate::runtime::Runtime;
use crate::settings::{
    Amount, Architecture, Features, Landmarks, Precision, Settings, check_hidden, hidden_sizes,
};

/// Predict what a round costs: operations, bytes and time, stage by stage
///
/// For this machine, by running each stage on few items, about a second; for one that is described
/// by its rates; or for a microcontroller. With a network the strategy counted is one-shot D-optimal
/// design; with --features kernel it is the default recipe: features fitted once, `robust-v-opt` and a
/// head, each round.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::COST, allow_negative_numbers = true)]
pub(super) struct Args {
    /// Items of a round: prompts times responses
    #[arg(long, value_name = "N", default_value_t = 5000, help_heading = "Shape")]
    items: u64,

    /// Responses to a prompt
    #[arg(long, value_name = "K", default_value_t = 10, help_heading = "Shape")]
    responses: u64,

    /// The prompt of each row of your embeddings, in a file as that of --train-prompt-ids: a round
    /// draws 500 of these prompts, or all, which count as prompts of one size
    #[arg(long, value_name = "FILE", conflicts_with_all = ["items", "responses"],
          help_heading = "Shape")]
    prompt_ids: Option<PathBuf>,

    #[command(flatten)]
    fields: groups::PromptFields,

    /// Numbers in an embedding
    #[arg(long, value_name = "D", default_value_t = 384, help_heading = "Shape")]
    dimensions: u64,

    /// What the last layer sees: mlp or kernel
    #[arg(long, value_parser = choice::<Features>(), default_value = Features::Mlp.name(),
          help_heading = "Shape")]
    features: Features,

    /// kernel: as many features
    #[arg(long, value_name = "N", help_heading = "Shape")]
    landmarks: Option<usize>,

    /// kernel: items that the features are fitted to; without it those of a round
    #[arg(long, value_name = "N", help_heading = "Shape")]
    training_items: Option<u64>,

    /// kernel: pairs picked a round
    #[arg(long, value_name = "N", help_heading = "Shape")]
    batch: Option<u64>,

    /// Sizes of the hidden layers; the last is the order of the Fisher matrix
    #[arg(long, value_name = "H,H,H", value_parser = hidden_sizes, default_value = "64,64,64",
          help_heading = "Shape")]
    hidden: [usize; LAYERS],

    /// Which pairs can be asked about
    #[arg(long, value_parser = choice::<PoolKind>(), default_value = PoolKind::InPrompt.name(),
          help_heading = "Shape")]
    pool: PoolKind,

    /// Pairs offered: all, or so many of a list or drawn
    #[arg(long, value_name = "N|all", default_value = "all", help_heading = "Shape")]
    pairs: Amount,

    /// Labels that are trained on
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = "Shape")]
    labels: u64,

    /// Arithmetic of selection
    #[arg(long, value_parser = choice::<Precision>(), default_value = Precision::F64.name(),
          help_heading = "Shape")]
    precision: Precision,

    /// Another machine: 10⁹ operations a second of one of its threads
    #[arg(
        long,
        value_name = "X",
        requires = "bandwidth",
        conflicts_with = "device",
        help_heading = "Machine"
    )]
    gflops: Option<f64>,

    /// Another machine: 10⁹ bytes a second between processor and memory
    #[arg(long, value_name = "X", requires = "gflops", help_heading = "Machine")]
    bandwidth: Option<f64>,

    /// A microcontroller
    #[arg(long, value_parser = choice::<Device>(), help_heading = "Machine")]
    device: Option<Device>,

    /// Its clock, in MHz
    #[arg(
        long,
        value_name = "X",
        requires = "device",
        default_value_t = 100.0,
        help_heading = "Machine"
    )]
    mhz: f64,

    #[command(flatten)]
    runtime: Runtime,

    #[command(flatten)]
    print: groups::Print,
}

/// What a round draws.
struct Drawn {
    items: u64,
    responses: u64,
}

/// Predicts, and writes nothing.
pub(super) fn execute(args: &Args, output: &mut Output) -> Result<()> {
    let report = match args.features {
        Features::Kernel => args.of_kernel(output)?,
        _ => args.of_network(output)?,
    };
    match args.print.json {
        true => output.json(&report),
        false => output.result(&format!("{}\n", report.table())),
    }
}

impl Args {
    fn of_network(&self, output: &mut Output) -> Result<CostReport> {
        self.check_network()?;
        let shape = self.shape()?;
        output.begin("measuring this machine", 0);
        let (machine, name, threads) = self.machine(&shape)?;
        output.end();
        Ok(CostReport::new(&shape, name, threads, costs(&shape, &machine, threads)))
    }

    /// Refuses what only kernel features have, and features without a cost of their own.
    fn check_network(&self) -> Result<()> {
        if self.features == Features::Input {
            let expected = "has no prediction; kernel and mlp have";
            return Err(Error::setting("features", self.features.name(), expected));
        }
        let typed = [
            ("landmarks", self.landmarks.map(|count| count as u64)),
            ("training_items", self.training_items),
            ("batch", self.batch),
        ];
        match typed.into_iter().find_map(|(setting, value)| Some((setting, value?))) {
            Some((setting, value)) => {
                Err(Error::setting(setting, value, "is only read with `features` kernel"))
            }
            None => Ok(()),
        }
    }

    fn of_kernel(&self, output: &mut Output) -> Result<CostReport> {
        let shape = self.kernel_shape()?;
        if let Some((other, name)) = self.other()? {
            return Ok(CostReport::of_kernel(&shape, name, 1, kernel_costs(&shape, other)));
        }
        let threads = Threads::start(&self.runtime)?;
        output.begin("measuring this machine", 0);
        let start = Instant::now();
        let stages = measure_kernel(&threads, &shape, &move || start.elapsed().as_secs_f64())?;
        output.end();
        let name = format!("this machine, {}", threads.level_name());
        Ok(CostReport::of_kernel(&shape, name, threads.threads(), stages))
    }

    /// The default recipe on pairs within prompts.
    fn kernel_shape(&self) -> Result<KernelShape> {
        let Drawn { items, responses } = self.drawn()?;
        if (self.pairs, self.pool) != (Amount::All, PoolKind::InPrompt) {
            let expected = "has a prediction of all pairs within prompts alone";
            return Err(Error::setting("features", self.features.name(), expected));
        }
        within("dimensions", self.dimensions, 1, MAX_ORDER as u64)?;
        within("labels", self.labels, 1, u64::from(u32::MAX) / 2)?;
        let recipe = Settings::default();
        let own = match recipe.model {
            Architecture::Kernel(Landmarks { landmarks }) => landmarks,
            Architecture::Mlp(_) | Architecture::Input => MAX_LANDMARKS,
        };
        let landmarks = self.landmarks.unwrap_or(own) as u64;
        within("landmarks", landmarks, 1, MAX_LANDMARKS as u64)?;
        let batch = self.batch.unwrap_or(recipe.asking.batch as u64);
        within("batch", batch, 1, u64::from(u32::MAX))?;
        let training_items = self.training_items.unwrap_or(items);
        within("training_items", training_items, 2, 1 << 53)?;
        let (dimensions, labels) = (self.dimensions, self.labels);
        Ok(KernelShape { items, responses, training_items, dimensions, landmarks, batch, labels })
    }

    fn shape(&self) -> Result<Shape> {
        let Drawn { items, responses } = self.drawn()?;
        within("dimensions", self.dimensions, 1, MAX_INPUTS as u64)?;
        within("labels", self.labels, 1, u64::from(u32::MAX) / 2)?;
        for found in self.hidden {
            check_hidden(found)?;
        }
        let scalar = match self.precision {
            Precision::F32 => 4,
            Precision::F64 => 8,
        };
        Ok(Shape {
            items,
            dimensions: self.dimensions,
            hidden: self.hidden.map(|size| size as u64),
            pool: self.pool(responses)?,
            labels: self.labels,
            scalar,
        })
    }

    /// What a round draws.
    fn drawn(&self) -> Result<Drawn> {
        let Some(file) = self.fields.file(self.prompt_ids.as_deref()) else {
            return self.uniform();
        };
        let ids = PromptIds::open(file)?;
        let (prompts, sizes) = (ids.sizes().len() as u64, ids.responses());
        if sizes.most() < 2 {
            return Err(DataError::SingleResponses.at(ids.path()));
        }
        let drawn = prompts.min(Settings::default().asking.prompts_per_round as u64);
        let share = drawn as f64 / prompts as f64;
        let items = (share * ids.prompts().len() as f64).round() as u64;
        // Of at least two, since some prompt has as many.
        let responses = (sizes.mean_of_items().round() as u64).max(2);
        Ok(Drawn { items, responses })
    }

    /// Prompts of one size.
    fn uniform(&self) -> Result<Drawn> {
        let Self { items, responses, .. } = *self;
        within("items", items, 2, u64::from(u32::MAX))?;
        if (self.pairs, self.pool) == (Amount::All, PoolKind::InPrompt) {
            within("responses", responses, 2, u64::from(u16::MAX))?;
            if !items.is_multiple_of(responses) {
                let expected = format!("a multiple of `responses` {responses}");
                return Err(Error::setting("items", items, expected));
            }
        }
        Ok(Drawn { items, responses })
    }

    fn pool(&self, responses: u64) -> Result<PoolShape> {
        match (self.pairs, self.pool) {
            (Amount::Only(pairs), _) => {
                within("pairs", pairs, 1, 1 << 53)?;
                Ok(PoolShape::Listed { pairs })
            }
            (Amount::All, PoolKind::InPrompt) => Ok(PoolShape::InPrompt { responses }),
            (Amount::All, PoolKind::CrossPrompt) => Ok(PoolShape::CrossPrompt),
            (Amount::All, PoolKind::Listed) => {
                Err(Error::setting("pool", "listed", "needs `pairs` N, the length of the list"))
            }
        }
    }

    /// A machine that is described, and its name.
    fn other(&self) -> Result<Option<(OtherMachine, String)>> {
        if let Some(device) = self.device {
            positive("mhz", self.mhz)?;
            let name = format!("{} at {} MHz", device.name(), self.mhz);
            return Ok(Some((OtherMachine::Device { device, megahertz: self.mhz }, name)));
        }
        let Some((gflops, bandwidth)) = self.gflops.zip(self.bandwidth) else {
            return Ok(None);
        };
        positive("gflops", gflops)?;
        positive("bandwidth", bandwidth)?;
        let name = format!("{gflops} GF/s a thread, {bandwidth} GB/s");
        Ok(Some((OtherMachine::Described { gflops, bandwidth }, name)))
    }

    /// The machine, its name, and how many threads it lends.
    fn machine(&self, shape: &Shape) -> Result<(Machine, String, usize)> {
        let runtime = &self.runtime;
        if let Some((other, name)) = self.other()? {
            let threads = runtime.threads.filter(|_| self.device.is_none());
            return Ok((Machine::Other(other), name, threads.map_or(1, NonZeroUsize::get)));
        }
        let count = Threads::start(runtime)?.threads();
        let one = Threads::start(&Runtime { threads: Some(NonZeroUsize::MIN), ..*runtime })?;
        let start = Instant::now();
        let calibration = Calibration::run(&one, shape, &move || start.elapsed().as_secs_f64())?;
        let name = format!("this machine, {}", one.level_name());
        Ok((Machine::Calibrated(calibration), name, count))
    }
}

fn within(setting: &'static str, found: u64, least: u64, most: u64) -> Result<()> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(Error::setting(setting, found, format!("a number from {least} to {most}")))
}

fn positive(setting: &'static str, found: f64) -> Result<()> {
    if found > 0.0 && found.is_finite() {
        return Ok(());
    }
    Err(Error::setting(setting, found, "a number above 0"))
}
