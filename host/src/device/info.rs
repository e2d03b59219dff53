//! What an image or a log says of itself.

use std::path::Path;

use pairpick_core::device::{
    Header, PoolImage, Precision, RECORD_LEN, Section, SessionLen, SessionSizes, Settings,
};
use pairpick_core::pool::Distinct;
use pairpick_core::scenario::CONTRACT;
use serde::Serialize;

use super::log::DeviceLog;
use crate::digest::HexDigest;
use crate::named::Named;
use crate::settings::DistinctPairs;

/// Answers for which an image's memory is told.
const ANSWERS: usize = 100;

/// A section of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionInfo {
    /// What it holds.
    pub section: &'static str,
    /// Its bytes.
    pub bytes: usize,
}

/// What an image says of itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageInfo {
    /// The file.
    pub image: String,
    /// Its length.
    pub bytes: usize,
    /// Its checksum, which logs name it by.
    pub checksum: String,
    /// Which responses the pool has.
    pub pool: HexDigest,
    /// The numeric contract that it was packed under.
    pub contract: u32,
    /// Items.
    pub items: usize,
    /// Prompts.
    pub prompts: usize,
    /// Features of an item.
    pub features: usize,
    /// The last of them that are covariates, whose weights have a prior of their own.
    pub covariates: u32,
    /// That prior's precision.
    pub covariate_precision: f32,
    /// How they are stored.
    pub precision: &'static str,
    /// Bytes of a device's memory that they are widened into, where they cannot be used in its flash.
    pub widened: usize,
    /// Whose functions are computed with.
    pub profile: &'static str,
    /// Which pairs are on offer.
    pub pairs: &'static str,
    /// Pairs that are not asked about.
    pub asked: usize,
    /// The strategy.
    pub strategy: &'static str,
    /// Pairs of a batch.
    pub batch: u32,
    /// The first round.
    pub first_round: u32,
    /// Caps on a batch; none where they are the strategy's.
    pub distinct: Option<String>,
    /// κ; none where it is the strategy's.
    pub misfit: Option<f32>,
    /// How pairs are weighed; none where it is as the strategy does.
    pub weights: Option<&'static str>,
    /// Whether designs count the labels so far.
    pub past: bool,
    /// λ that designs start from; none where it is the strategy's.
    pub design_precision: Option<f32>,
    /// Whether pairs are drawn by their scores.
    pub sampled: bool,
    /// Pairs of a batch that are drawn at random.
    pub mixed: u32,
    /// Draws of the posterior.
    pub posterior_samples: u32,
    /// Joint answers.
    pub configurations: u32,
    /// Clusters.
    pub clusters: u32,
    /// The radius that sensitivities are bounded over.
    pub radius: f32,
    /// λ.
    pub prior_precision: f32,
    /// Numerical jitter.
    pub jitter: f32,
    /// The seed.
    pub seed: u64,
    /// Its sections.
    pub sections: Vec<SectionInfo>,
    /// Bytes of memory for a session of 100 answers on this machine, which works on more items at a time
    /// than a device without an operating system; the image lies aligned, as in such a device's
    /// flash.
    pub memory: usize,
}

impl ImageInfo {
    /// Of an image in a file.
    #[must_use]
    pub fn of(path: &Path, image: &PoolImage<'_>) -> Self {
        let Header { pool, settings, .. } = *image.header();
        let Settings { strategy, batch, first_round, prior_precision, jitter, seed, .. } = settings;
        let present = Section::ALL.into_iter().filter_map(|section| {
            let bytes = image.section(section)?.len();
            Some(SectionInfo { section: section.name(), bytes })
        });
        let distinct = |distinct: Distinct| DistinctPairs(distinct).to_string();
        // Whatever memory the bytes lie in here.
        let widened = match settings.precision {
            Precision::F32 => 0,
            Precision::F16 => image.items() * image.order(),
        };
        let sizes = SessionSizes { copied: widened, ..image.session_sizes(ANSWERS, 1) };
        let memory = SessionLen::new(strategy, &settings.options(None), &sizes).bytes();
        Self {
            image: path.display().to_string(),
            bytes: image.as_bytes().len(),
            checksum: format!("{:#010x}", image.checksum()),
            pool: HexDigest(pool),
            contract: CONTRACT,
            items: image.items(),
            prompts: image.prompts(),
            features: image.order(),
            covariates: settings.covariates,
            covariate_precision: settings.covariate_precision,
            precision: settings.precision.name(),
            widened: size_of::<f32>() * widened,
            profile: Named::name(settings.profile),
            pairs: settings.pairs.name(),
            asked: image.asked_len(),
            strategy: strategy.name(),
            batch,
            first_round,
            distinct: settings.distinct.map(distinct),
            misfit: settings.misfit,
            weights: settings.weights.map(Named::name),
            past: settings.past,
            design_precision: settings.design_precision,
            sampled: settings.sampled,
            mixed: settings.mixed,
            posterior_samples: settings.posterior_samples,
            configurations: settings.configurations,
            clusters: settings.clusters,
            radius: settings.radius,
            prior_precision,
            jitter,
            seed,
            sections: present.collect(),
            memory,
        }
    }

    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let sections: Vec<String> = self
            .sections
            .iter()
            .map(|section| format!("  {:<22}{:>9} bytes", section.section, section.bytes))
            .collect();
        let covariates = match self.covariates {
            0 => String::new(),
            count => {
                let precision = self.covariate_precision;
                format!(", the last {count} of them covariates of λ {precision},")
            }
        };
        let widened = match self.widened {
            0 => String::new(),
            bytes => format!(", which a device widens into {bytes} bytes of its memory"),
        };
        let caps = self.distinct.as_deref().unwrap_or("the strategy's");
        format!(
            "{}: a pool image of {} bytes, checksum {}\n\
             pool {}: {} items of {} prompts, {} pairs, {} of them not asked about\n\
             {} features an item{covariates} as {}{widened}; profile {}\n\
             {}, {} pairs a batch from round {} on, caps {caps}; λ {}, jitter {}, seed {}\n\
             {}\n\
             {}\n\
             a session of {ANSWERS} answers takes {} bytes of memory here, and less where there is no \
             operating system\n",
            self.image,
            self.bytes,
            self.checksum,
            self.pool,
            self.items,
            self.prompts,
            self.pairs,
            self.asked,
            self.features,
            self.precision,
            self.profile,
            self.strategy,
            self.batch,
            self.first_round,
            self.prior_precision,
            self.jitter,
            self.seed,
            self.choices(),
            sections.join("\n"),
            self.memory,
        )
    }

    /// What else decides a selection.
    fn choices(&self) -> String {
        let own = || "the strategy's".to_owned();
        let weights = self.weights.map_or_else(own, str::to_owned);
        let misfit = self.misfit.map_or_else(own, |misfit| misfit.to_string());
        let design = self.design_precision.map_or_else(own, |precision| precision.to_string());
        let past = if self.past { "with" } else { "without" };
        let drawn = if self.sampled { "drawn by score" } else { "the best" };
        format!(
            "weights {weights}, κ {misfit}; designs from λ {design}, {past} the labels so far; pairs {drawn}, \
             {} of a batch at random; {} samples, {} joint answers, {} clusters, radius {}",
            self.mixed, self.posterior_samples, self.configurations, self.clusters, self.radius
        )
    }
}

/// What a log says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogInfo {
    /// The file.
    pub log: String,
    /// The device.
    pub device: u32,
    /// The pool.
    pub pool: HexDigest,
    /// The checksum of its image.
    pub image: String,
    /// Rounds begun.
    pub rounds: usize,
    /// Answers.
    pub answers: usize,
    /// Records that power did not let end.
    pub dropped: u32,
    /// Records that the file has room for.
    pub room: usize,
}

impl LogInfo {
    /// Of a log in a file of so many bytes.
    #[must_use]
    pub fn of(log: &DeviceLog, bytes: usize) -> Self {
        Self {
            log: log.path.display().to_string(),
            device: log.header.device,
            pool: HexDigest(log.header.pool),
            image: format!("{:#010x}", log.header.image),
            rounds: log.rounds().count(),
            answers: log.answers().count(),
            dropped: log.dropped,
            room: bytes / RECORD_LEN,
        }
    }

    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{}: the log of device {}, of the image with checksum {}, pool {}\n\
             {} answers in {} rounds; {} records torn; room for {} records in all\n",
            self.log,
            self.device,
            self.image,
            self.pool,
            self.answers,
            self.rounds,
            self.dropped,
            self.room,
        )
    }
}
