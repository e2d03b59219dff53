//! [`CovariateTrunk`]: fixed features beside known numbers of each response, such as its length, which
//! then have a coefficient of their own in the reward, and so can be seen and left out.
//!
//! z is log(1 + v) of a covariate v that is never negative in training, else v, less its mean, over its
//! deviation within prompts. Of the features, what z tells of them within prompts is taken away:
//! φ′ = f · φ − `slopes` · z, ‖φ′ − φ̄′‖² being 1 in the mean again; and the last layer sees (φ′, z).
//!
//! In a model's file: those of the features, and `covariates.log` (1 where the logarithm is taken),
//! `covariates.mean` and `covariates.scale`, a number a covariate, `covariates.slopes` (C, features),
//! `covariates.factor` f, and `covariates.moment`, the second moment of the differences of (φ′, z) within
//! the training prompts.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use pairpick_core::arith::{Real, ln};
use pairpick_core::linalg::{Cholesky, Packed, packed_len};

use super::differences::{Block, Groups, Spread, blocks, mean_of};
use super::file::{ModelFile, NamedTensor};
use super::kernel::rounded;
use super::{Context, Trunk};
use crate::data::embeddings::Embeddings;
use crate::error::{DataError, Error, Result};
use crate::parallel::Threads;

/// The precision of the prior on the coefficients: lengths tell much on some data and nothing on
/// other, and this lets either show within a few answers.
pub(crate) const PRECISION: f64 = 3.0;

const LOG: &str = "covariates.log";
pub(super) const MEAN: &str = "covariates.mean";
const SCALE: &str = "covariates.scale";
const SLOPES: &str = "covariates.slopes";
const FACTOR: &str = "covariates.factor";
const MOMENT: &str = "covariates.moment";

/// Fixed features, and covariates.
#[derive(Clone, Debug, PartialEq)]
pub struct CovariateTrunk {
    features: Box<Trunk>,
    names: Vec<String>,
    /// 1 where the logarithm is taken, else 0.
    log: Vec<f32>,
    mean: Vec<f32>,
    scale: Vec<f32>,
    /// A row of features for each covariate.
    slopes: Vec<f32>,
    factor: f32,
    moment: Vec<f32>,
}

impl CovariateTrunk {
    /// Fits what is known beside the features to the training embeddings.
    pub(super) fn fitted(features: Trunk, context: Context<'_>) -> Result<Self> {
        let embeddings = context.embeddings;
        let Some(covariates) = embeddings.covariates() else {
            return Err(Error::setting("covariates", "none", "the embeddings have none"));
        };
        let count = covariates.names().len();
        let values = covariates.values();
        let log = (0..count).map(|place| {
            let mut own = values.iter().skip(place).step_by(count);
            if own.all(|value| *value >= 0.0) { 1.0 } else { 0.0 }
        });
        let order = features.features();
        let trunk = Self {
            names: covariates.names().to_vec(),
            log: log.collect(),
            mean: vec![0.0; count],
            scale: vec![1.0; count],
            slopes: vec![0.0; count.saturating_mul(order)],
            factor: 1.0,
            moment: Vec::new(),
            features: Box::new(features),
        };
        let blocks = blocks(&Groups::of(context)?.all());
        let trunk = trunk.standardised(context, &blocks)?;
        trunk.regressed(context, &blocks)?.scaled(context, &blocks)
    }

    /// With means, and deviations within prompts.
    fn standardised(self, context: Context<'_>, blocks: &[Block]) -> Result<Self> {
        let count = self.names.len();
        let (mut mean, mut square, mut items) = (vec![0.0; count], vec![0.0; count], 0_u64);
        for block in blocks {
            let values = self.covariates_of(context.embeddings, &block.items)?;
            for group in groups_of(block, &values, count) {
                let own = mean_of(group, count);
                for row in group.chunks_exact(count) {
                    for (place, value) in row.iter().enumerate() {
                        let deviation = f64::from(*value) - own[place];
                        square[place] += deviation * deviation;
                        mean[place] += f64::from(*value);
                    }
                }
            }
            items = items.saturating_add(block.items.len() as u64);
        }
        let items = items as f64;
        let mut scale = Vec::new();
        for (square, name) in square.iter().zip(&self.names) {
            let deviation = (square / items).sqrt_of();
            if deviation.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
                let expected =
                    "is the same for all responses to each prompt: it tells them not apart";
                return Err(Error::setting("covariates", name, expected));
            }
            scale.push((1.0 / deviation) as f32);
        }
        let mean = mean.iter().map(|sum| (sum / items) as f32).collect();
        Ok(Self { mean, scale, ..self })
    }

    /// With the slopes of φ over z within prompts.
    fn regressed(self, context: Context<'_>, blocks: &[Block]) -> Result<Self> {
        let (count, order) = (self.names.len(), self.features.features());
        let mut squares =
            Packed::new(count, vec![0.0; packed_len(count)]).map_err(Error::core("covariates"))?;
        let mut products = vec![0.0; count.saturating_mul(order)];
        for block in blocks {
            let mixed = self.mixed(context.embeddings, &block.items, context.threads)?;
            let height = order.saturating_add(count);
            for group in groups_of(block, &mixed, height) {
                let mean = mean_of(group, height);
                for row in group.chunks_exact(height) {
                    let row: Vec<f64> = row
                        .iter()
                        .zip(&mean)
                        .map(|(value, mean)| f64::from(*value) - mean)
                        .collect();
                    let (phi, z) = row.split_at(order);
                    for (place, z) in z.iter().enumerate() {
                        let sums = products[place.saturating_mul(order)..].iter_mut().zip(phi);
                        sums.for_each(|(sum, phi)| *sum += z * phi);
                    }
                    let mut sums = squares.as_mut_slice().iter_mut();
                    for (place, column) in z.iter().enumerate() {
                        let own = z[place..].iter().zip(&mut sums);
                        own.for_each(|(row, sum)| *sum += row * column);
                    }
                }
            }
        }
        let dependent = |_| {
            let names = self.names.join(",");
            Error::setting("covariates", names, "are not independent: one is made of the others")
        };
        let factor = Cholesky::factor(squares).map_err(dependent)?;
        for place in 0..order {
            let mut own: Vec<f64> = products.iter().skip(place).step_by(order).copied().collect();
            factor.solve(&mut own).map_err(Error::core("covariates"))?;
            for (slope, own) in products.iter_mut().skip(place).step_by(order).zip(own) {
                *slope = own;
            }
        }
        Ok(Self { slopes: rounded(&products, 1.0), ..self })
    }

    /// With the factor, and the moment.
    fn scaled(self, context: Context<'_>, blocks: &[Block]) -> Result<Self> {
        let (count, order) = (self.names.len(), self.features.features());
        let height = order.saturating_add(count);
        let mut spread = Spread::new(height, order)?;
        for block in blocks {
            let mixed = self.mixed(context.embeddings, &block.items, context.threads)?;
            spread.add(context.threads, &mixed, block)?;
        }
        let factor = 1.0 / spread.mean_square()?.sqrt_of();
        let columns = (0..height).flat_map(|column| (column..height).map(move |row| (row, column)));
        let scaled = |(entry, (row, column)): (f64, (usize, usize))| match [row, column]
            .into_iter()
            .filter(|place| *place < order)
            .count()
        {
            0 => entry as f32,
            1 => (entry * factor) as f32,
            _ => (entry * factor * factor) as f32,
        };
        let moment = spread.moment().into_iter().zip(columns).map(scaled).collect();
        let slopes: Vec<f64> = self.slopes.iter().map(|slope| f64::from(*slope)).collect();
        let slopes = rounded(&slopes, factor);
        Ok(Self { slopes, factor: factor as f32, moment, ..self })
    }

    /// What the features are of.
    pub(super) fn features(&self) -> &Trunk {
        &self.features
    }

    /// What the covariates are called.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The second moment of differences within the training prompts: its lower triangle.
    pub(super) fn moment(&self) -> &[f32] {
        &self.moment
    }

    pub(super) fn constants(&self) -> Vec<&[f32]> {
        let Self { log, mean, scale, slopes, moment, .. } = self;
        let own = [&log[..], mean, scale, slopes, std::slice::from_ref(&self.factor), moment];
        self.features.constants().into_iter().chain(own).collect()
    }

    /// (φ′, z) of items, one after the other.
    pub(super) fn mixed(
        &self,
        embeddings: &Embeddings,
        items: &[u64],
        threads: &Threads,
    ) -> Result<Vec<f32>> {
        let features = self.features.features_of(embeddings, items, threads)?;
        let covariates = self.covariates_of(embeddings, items)?;
        let (count, order) = (self.names.len(), self.features.features());
        let rows = features.columns()?.iter().zip(covariates.chunks_exact(count));
        let mut mixed = Vec::with_capacity(items.len().saturating_mul(order.saturating_add(count)));
        for (phi, z) in rows {
            let begin = mixed.len();
            mixed.extend(phi.iter().map(|phi| self.factor * phi));
            for (z, slopes) in z.iter().zip(self.slopes.chunks_exact(order)) {
                let own = mixed[begin..].iter_mut().zip(slopes);
                own.for_each(|(phi, slope)| *phi -= slope * z);
            }
            mixed.extend_from_slice(z);
        }
        Ok(mixed)
    }

    /// z of items, one after the other.
    fn covariates_of(&self, embeddings: &Embeddings, items: &[u64]) -> Result<Vec<f32>> {
        let covariates = embeddings.covariates().filter(|found| found.names() == self.names);
        let Some(covariates) = covariates else {
            let expected = self.names.join(",");
            return Err(DataError::NeedsCovariates { expected }.at(embeddings.path()));
        };
        let z = |(place, value): (usize, &f32)| {
            let value = match self.log[place] > 0.0 {
                // Test data may have what training data has not.
                true => ln(1.0 + f64::from(if *value > 0.0 { *value } else { 0.0 })) as f32,
                false => *value,
            };
            (value - self.mean[place]) * self.scale[place]
        };
        let of_item = |item: &u64| covariates.of_item(*item).iter().enumerate().map(z);
        Ok(items.iter().flat_map(of_item).collect())
    }

    /// Reads the covariates' part of a model's file.
    pub(super) fn read(
        features: Trunk,
        names: Vec<String>,
        file: &mut ModelFile<'_>,
    ) -> Result<Self> {
        let (count, order) = (names.len(), features.features());
        let trunk = Self {
            log: file.take(LOG, &[count])?,
            mean: file.take(MEAN, &[count])?,
            scale: file.take(SCALE, &[count])?,
            slopes: file.take(SLOPES, &[count, order])?,
            factor: file.take(FACTOR, &[1])?.first().copied().unwrap_or(1.0),
            moment: file.take(MOMENT, &[packed_len(order.saturating_add(count))])?,
            names,
            features: Box::new(features),
        };
        Ok(trunk)
    }

    /// The tensors of features and covariates.
    pub(super) fn tensors(&self) -> Vec<NamedTensor> {
        let (count, order) = (self.names.len(), self.features.features());
        let tensor = |name: &str, shape, values| NamedTensor::new(name.to_owned(), shape, values);
        let mut tensors = self.features.tensors();
        tensors.extend([
            tensor(LOG, vec![count], &self.log),
            tensor(MEAN, vec![count], &self.mean),
            tensor(SCALE, vec![count], &self.scale),
            tensor(SLOPES, vec![count, order], &self.slopes),
            tensor(FACTOR, vec![1], std::slice::from_ref(&self.factor)),
            tensor(MOMENT, vec![self.moment.len()], &self.moment),
        ]);
        tensors
    }
}

/// The rows of each group of a block.
fn groups_of<'a>(
    block: &'a Block,
    values: &'a [f32],
    height: usize,
) -> impl Iterator<Item = &'a [f32]> {
    let ends = block.starts.iter().skip(1);
    block.starts.iter().zip(ends).map(move |(start, end)| {
        let (start, end) = (*start as usize, *end as usize);
        &values[start.saturating_mul(height)..end.saturating_mul(height)]
    })
}
