//! [`Size`]: how much data a replay works on, and the memory that it needs for it.

use super::kernel_features;
use super::many;
use super::memory::Lengths;
use super::pools::{Offer, options};
use crate::certificate;
use crate::error::Error;
use crate::fisher::{pairs_workspace_len, pool_workspace_len};
use crate::head::{newton, rewards_workspace_len};
use crate::kernel::panel::panel_stride;
use crate::linalg::{condition_workspace_len, downdate_workspace_len, packed_len};
use crate::memory::larger;
use crate::pool::{PairsSize, PoolSize, PromptSizes};
use crate::select::{Sizes, Strategy, WorkspaceLen};
use crate::trunk::train::{self, index_len};
use crate::trunk::{Activation, Mlp};
use crate::whiten::whitener_len;

/// How much data, which shapes.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub(super) name: &'static str,
    /// Numbers in an embedding.
    pub(super) inputs: usize,
    /// Units of the first two hidden layers.
    pub(super) hidden: [usize; 2],
    /// Units of the third: the order of the Fisher matrix, one after the other.
    pub(super) orders: &'static [usize],
    pub(super) prompts: usize,
    pub(super) items: usize,
    /// Replies to each prompt, over and over; the last prompt has what is left of the items.
    pub(super) replies: &'static [u32],
    /// Pairs in a list of which items may be of different prompts.
    pub(super) listed: usize,
    /// Items of the cross-prompt pool, the first ones.
    pub(super) crossed: usize,
    /// Features of the many items.
    pub(super) many: usize,
    /// Pairs asked about each round.
    pub(super) batch: usize,
    /// Items trained on, the first ones: a training takes many passes over them.
    pub(super) trained: usize,
    pub(super) iterations: usize,
    /// Labels a step, where not all of them are taken.
    pub(super) minibatch: usize,
    /// Directions of the metric of kernel features.
    pub(super) rank: usize,
    /// Landmarks of kernel features.
    pub(super) landmarks: usize,
}

impl Size {
    /// For a microcontroller, and for everything else too. More prompts and listed pairs than two
    /// blocks of their sums, since the order in which two are added does not show, prompts without a
    /// reply and with one, and shapes that fill no vector.
    pub const DEVICE: Self = Self {
        name: "device",
        inputs: 9,
        hidden: [11, 7],
        orders: &[8, 16, 32],
        prompts: 53,
        items: 67,
        replies: &[1, 3, 0, 0, 2, 0, 4, 0, 2, 0],
        listed: 530,
        crossed: 31,
        many: 2,
        batch: 6,
        trained: 67,
        iterations: 5,
        minibatch: 2,
        rank: 7,
        landmarks: 16,
    };

    /// For a machine of 64 bits: several blocks of every kind, shares for many threads, and the
    /// usual sizes of layers beside ones that no vector divides.
    pub const HOST: Self = Self {
        name: "host",
        inputs: 384,
        hidden: [64, 64],
        orders: &[64, 61],
        prompts: 501,
        items: 5003,
        replies: &[1, 17, 9, 0, 12, 10, 3, 31, 7, 10],
        listed: 1000,
        crossed: 523,
        many: 19,
        batch: 150,
        trained: 601,
        iterations: 2,
        minibatch: 31,
        rank: 32,
        landmarks: 64,
    };

    /// The name used in recordings.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Labels after the last round.
    pub(super) const fn labels(&self) -> usize {
        self.known(super::ROUNDS.saturating_add(1))
    }

    /// Labels before a round.
    pub(super) const fn known(&self, round: usize) -> usize {
        self.batch.saturating_mul(round.saturating_sub(1))
    }

    const fn largest_order(&self) -> usize {
        let (mut largest, mut rest) = (0, self.orders);
        while let [order, others @ ..] = rest {
            (largest, rest) = (larger(largest, *order), others);
        }
        largest
    }

    /// The first item of each prompt, and how many items it has.
    pub(super) fn items_of_prompts(&self) -> impl Iterator<Item = (u32, u32)> {
        let mut start = 0_u32;
        (0..self.prompts).map(move |prompt| {
            let replies = self.replies_to(prompt, start);
            let first = start;
            start = start.saturating_add(replies);
            (first, replies)
        })
    }

    /// The replies to a prompt whose first item is this one.
    const fn replies_to(&self, prompt: usize, start: u32) -> u32 {
        let left = (self.items as u32).saturating_sub(start);
        let Some(place) = prompt.checked_rem(self.replies.len()) else {
            return left;
        };
        match self.replies.split_at_checked(place) {
            Some((_, [replies, ..])) if prompt + 1 < self.prompts && *replies < left => *replies,
            _ => left,
        }
    }

    /// The in-prompt pool.
    pub(super) const fn in_prompt(&self, order: usize) -> PoolSize {
        let (mut sizes, mut prompt, mut start) = (PromptSizes::NONE, 0, 0);
        while prompt < self.prompts {
            let replies = self.replies_to(prompt, start);
            sizes = sizes.with(replies as usize);
            (prompt, start) = (prompt + 1, start + replies);
        }
        sizes.pool(order)
    }

    pub(super) const fn network(&self, order: usize) -> Result<Mlp, Error> {
        let [first, second] = self.hidden;
        Mlp::new(self.inputs, [first, second, order], Activation::Gelu)
    }

    /// How many prompts there are.
    #[must_use]
    pub const fn prompts(&self) -> usize {
        self.prompts
    }

    /// How the network is trained.
    pub(super) const fn training(&self, minibatch: Option<usize>) -> train::Settings {
        train::Settings {
            iterations: self.iterations,
            learning_rate: 0.02,
            weight_decay: 0.01,
            patience: Some(3),
            warm_up: 1,
            minibatch,
        }
    }

    /// The memory that so many threads can work in.
    ///
    /// # Errors
    /// None, for the sizes that there are.
    pub const fn lengths(&self, threads: usize) -> Result<Lengths, Error> {
        let order = self.largest_order();
        let mlp = match self.network(order) {
            Ok(mlp) => mlp,
            Err(error) => return Err(error),
        };
        let replies = largest_prompt(&self.in_prompt(order));
        let selection = self.selection(threads);
        let certificate = self.certificate(threads);
        let fixed = self.inputs.saturating_add(order).saturating_mul(self.items);
        let places = index_len(self.labels(), self.trained, Some(self.minibatch));
        Ok(Lengths {
            numbers: larger(
                largest([self.work(threads, &mlp), selection.numbers, certificate.numbers])
                    .saturating_add(fixed)
                    .saturating_add(self.items)
                    .saturating_add(2 * mlp.parameters())
                    .saturating_add(2 * packed_len(order)),
                larger(
                    many::numbers_len(self, threads),
                    kernel_features::numbers_len(self, threads),
                ),
            ),
            singles: larger(
                fixed.saturating_add(2 * order).saturating_add(2 * self.inputs),
                many::singles_len(self),
            ),
            doubles: self.items.saturating_add(3 * self.inputs + 3 * replies + self.prompts),
            prompts: self.prompts.saturating_add(1),
            places: larger(places, replies),
            listed: self.listed,
            labels: self.labels().saturating_add(self.listed),
            asked: self.labels(),
            batch: self.batch,
            ranks: largest([selection.ranks, certificate.ranks, self.landmarks]),
            heaps: largest([selection.heaps, certificate.heaps, many::heaps_len(self)]),
        })
    }

    /// The numbers that the stages other than the selection work in.
    const fn work(&self, threads: usize, mlp: &Mlp) -> usize {
        let order = mlp.features();
        let labels = self.labels();
        let settings = self.training(Some(self.minibatch));
        let (training, held_out) = (labels, labels);
        let sizes = train::TrainingSizes { threads, items: self.trained, training, held_out };
        let mut pools = 0;
        let each = larger(pairs_workspace_len(order), rewards_workspace_len(order));
        let mut offers = Offer::ALL.as_slice();
        while let [offer, rest @ ..] = offers {
            let pool = pool_workspace_len(&offer.size(self, order), threads);
            (pools, offers) = (larger(pools, pool), rest);
        }
        let whitening = order.saturating_mul(panel_stride(self.items));
        largest([
            train::workspace_len(mlp, &settings, &sizes),
            newton::workspace_len(threads, order, self.trained, labels),
            each.saturating_mul(larger(threads, 1)),
            pools,
            whitener_len(order).saturating_add(whitening),
            mlp.workspace_len(self.items),
            condition_workspace_len(order),
            order.saturating_add(downdate_workspace_len(order)),
            self.listed.saturating_add(self.items),
        ])
    }

    /// Memory with which the batch to answer can be certified.
    const fn certificate(&self, threads: usize) -> certificate::WorkspaceLen {
        let pool = self.in_prompt(self.largest_order());
        certificate::workspace_len(&Sizes { pool, batch: self.batch, threads })
    }

    /// Memory with which every strategy can pick from every pool.
    const fn selection(&self, threads: usize) -> WorkspaceLen {
        let mut largest = WorkspaceLen::NONE;
        let mut offers = Offer::ALL.as_slice();
        while let [offer, rest @ ..] = offers {
            let pool = offer.size(self, self.largest_order());
            let sizes = Sizes { pool, batch: self.batch, threads };
            let mut strategies = Strategy::ALL.as_slice();
            while let [strategy, others @ ..] = strategies {
                if offer.is_for(*strategy) {
                    let options = options::<f64>(*offer);
                    largest = largest.max(strategy.workspace_len(&sizes, &options));
                }
                strategies = others;
            }
            offers = rest;
        }
        largest
    }
}

/// The replies to the prompt that has the most.
pub(super) const fn largest_prompt(pool: &PoolSize) -> usize {
    match pool.pairs {
        PairsSize::InPrompt { block, .. } => block.replies,
        PairsSize::CrossPrompt | PairsSize::Listed(_) => 0,
    }
}

const fn largest<const N: usize>(lengths: [usize; N]) -> usize {
    let (mut most, mut rest) = (0, lengths.as_slice());
    while let [length, others @ ..] = rest {
        (most, rest) = (larger(most, *length), others);
    }
    most
}
