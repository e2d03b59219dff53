//! `pairpick device pack`: what a device is given.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use pairpick_core::device::{PairKind, Precision};
use pairpick_core::profile::Profile;
use pairpick_core::select::{Strategy, Weights};

use crate::cli::output::Output;
use crate::cli::over::Over;
use crate::cli::{groups, help};
use crate::data::labels::LabelFile;
use crate::data::pool_kind::PoolKind;
use crate::device::info::ImageInfo;
use crate::device::open_image;
use crate::device::pack::{Form, Request, pack};
use crate::device::replay::try_out;
use crate::error::Result;
use crate::model::{Context, Model};
use crate::named::{Named, choice};
use crate::output::file::NewFile;
use crate::parallel::Threads;
use crate::progress::Progress;
use crate::runtime::Runtime;
use crate::settings::{
    self, Architecture, Asking, DistinctPairs, Features, Landmarks, Prior, Settings,
};

/// Landmarks of kernel features, unless others are asked for: what fits a microcontroller.
const LANDMARKS: usize = 32;

/// Pack the image of a pool that a device is given
///
/// The image holds items, whole prompts of them drawn at random, with their features and texts, and says
/// how pairs are selected and how the device learns. Features are those of --model; without it those
/// of a kernel, which need no label. With --covariates the head also weighs what is known of each
/// response, such as its length. With --labels the device starts from what they told: the head of
/// --model, which was trained on them, and their Fisher information; it does not ask about their pairs
/// again.
#[derive(Debug, ClapArgs)]
#[command(after_help = help::DEVICE_PACK, allow_negative_numbers = true)]
pub(super) struct Args {
    #[command(flatten)]
    replies: groups::Replies,

    /// The model whose features they are: a file that run or train wrote
    #[arg(long, value_name = "FILE", conflicts_with = "landmarks", help_heading = "Data")]
    model: Option<PathBuf>,

    /// Labels so far, on which the model was trained: JSON Lines as run writes them
    #[arg(long, value_name = "FILE", requires = "model", help_heading = "Data")]
    labels: Option<PathBuf>,

    #[command(flatten)]
    repeats: groups::RepeatedLabels,

    /// Landmarks of kernel features, which are as many numbers an item [default: 32]
    #[arg(long, value_name = "N", help_heading = "Device")]
    landmarks: Option<usize>,

    /// The most items, in whole prompts drawn at random [default: all]
    #[arg(long, value_name = "N", help_heading = "Device")]
    items: Option<usize>,

    /// How features are stored
    #[arg(long, value_parser = choice::<Precision>(), default_value = Precision::F32.name(),
          help_heading = "Device")]
    precision: Precision,

    /// Whose functions the device computes with
    #[arg(long, value_parser = choice::<Profile>(), default_value = Profile::Exact.name(),
          help_heading = "Device")]
    profile: Profile,

    /// Numerical jitter, relative to the mean diagonal entry of the matrix that is factored
    #[arg(long, value_name = "X", default_value_t = 0.0, help_heading = "Device")]
    jitter: f64,

    /// The most bytes of a text, cut between characters
    #[arg(long, value_name = "N", default_value_t = 256, help_heading = "Device")]
    text_bytes: usize,

    /// Which pairs to ask about [default: robust-v-opt]
    #[arg(long, value_parser = choice::<Strategy>(), help_heading = "Asking")]
    strategy: Option<Strategy>,

    /// Which pairs can be asked about
    #[arg(long, value_parser = choice::<PairKind>(), default_value = PairKind::InPrompt.name(),
          help_heading = "Asking")]
    pool: PairKind,

    /// Pairs asked about before the device learns
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Asking")]
    batch: usize,

    /// off, item:N, prompt:N, even or even+N: how many pairs of a batch may touch the same item or
    /// prompt; the default is the strategy's
    #[arg(long, value_name = "off|item:N|prompt:N|even", help_heading = "Asking")]
    distinct: Option<DistinctPairs>,

    /// The weight of a pair in the Fisher information; the default is the strategy's
    #[arg(long, value_parser = choice::<Weights>(), help_heading = "Asking")]
    weights: Option<Weights>,

    /// κ: how much a pair far apart is distrusted; the default is the strategy's
    #[arg(long, value_name = "X", help_heading = "Asking")]
    misfit: Option<f64>,

    /// The precision of the prior that designs start from; the default is the strategy's
    #[arg(long, value_name = "X", help_heading = "Asking")]
    design_precision: Option<f64>,

    /// The share of a batch that is drawn at random
    #[arg(long, value_name = "S", default_value_t = 0.0, help_heading = "Asking")]
    mix: f64,

    #[command(flatten)]
    prior: Over<Prior>,

    #[command(flatten)]
    recipe: groups::Recipe,

    #[command(flatten)]
    runtime: Runtime,

    /// File for the image, - for standard output
    #[arg(long, value_name = "FILE", default_value = "pool.img", help_heading = "Output")]
    out: PathBuf,

    /// Replace the file if it is there
    #[arg(long, help_heading = "Output")]
    force: bool,

    #[command(flatten)]
    print: groups::Print,
}

/// Packs. Nothing is written before a session could begin with the image.
pub(super) fn execute(args: &mut Args, output: &mut Output) -> Result<()> {
    if let Some(folder) = args.replies.fill(false)? {
        folder.note(output);
    }
    let threads = Threads::start(&args.runtime)?;
    let mut settings = args.settings();
    settings.check()?;
    let file = args.file()?;
    let embeddings = args.replies.open(output)?;
    let model = args.model.as_ref().map(|path| Model::open_for(&embeddings, path)).transpose()?;
    if let Some(model) = &model {
        settings.learn_from(model.trunk().kind(), &args.prior.typed());
    }
    embeddings.check_pool(settings.asking.pool)?;
    let labels = match &args.labels {
        Some(path) => args.repeats.read(path, &embeddings, output)?,
        None => LabelFile::default(),
    };
    args.note_head(output);
    let texts = args.replies.read_texts(&embeddings)?;
    let context =
        Context { embeddings: &embeddings, settings: &settings, threads: &threads, listed: None };
    let image = threads.install(|| -> Result<Vec<u8>> {
        let model = model.map_or_else(|| Model::untrained(context, output), Ok)?;
        let (labels, texts) = (&labels, texts.as_ref());
        let request = Request { context, model: &model, labels, texts, form: args.form() };
        pack(&request, output)
    })?;
    let opened = open_image(&args.out, &image)?;
    threads.install(|| try_out(&threads, &args.out, &opened))?;
    let (info, printed) = (ImageInfo::of(&args.out, &opened), file.is_standard_output());
    file.write(&image)?;
    match args.print.json {
        true => output.json(&info),
        false => output.result_beside(printed, &info.text()),
    }
}

impl Args {
    fn settings(&self) -> Settings {
        let mut settings =
            self.recipe.settings(self.replies.embeddings.train_embeddings.as_deref());
        let recipe = settings.asking;
        settings.asking = Asking {
            strategy: self.strategy.unwrap_or(recipe.strategy),
            pool: match self.pool {
                PairKind::InPrompt => PoolKind::InPrompt,
                PairKind::CrossPrompt => PoolKind::CrossPrompt,
            },
            batch: self.batch,
            distinct: self.distinct,
            weights: self.weights,
            misfit: self.misfit,
            design_precision: self.design_precision,
            mix: self.mix,
            precision: settings::Precision::F32,
            ..recipe
        };
        self.prior.write(&mut settings.prior);
        if self.model.is_none() {
            settings.learn_from(Features::Kernel, &self.prior.typed());
            let landmarks = self.landmarks.unwrap_or(LANDMARKS);
            settings.model = Architecture::Kernel(Landmarks { landmarks });
        }
        settings
    }

    fn form(&self) -> Form {
        Form {
            items: self.items,
            pairs: self.pool,
            precision: self.precision,
            profile: self.profile,
            jitter: self.jitter,
            text_bytes: self.text_bytes,
        }
    }

    fn file(&self) -> Result<NewFile> {
        let others = [&self.model, &self.labels].into_iter().flatten().map(PathBuf::as_path);
        let inputs: Vec<&Path> = self.replies.files().chain(others).collect();
        self.print.beside(self.force, &inputs).take(&self.out)
    }

    /// A head without the labels that tell how sure it is.
    fn note_head(&self, output: &mut Output) {
        if self.model.is_some() && self.labels.is_none() {
            output.note(
                "`model` without `labels`: the device starts from its features, and learns the head \
                 anew",
            );
        }
    }
}
