//! [`Size`]: how much data a replay works on, and the memory that it needs for it.

use super::memory::Lengths;
use super::pools::{Offer, options};
use crate::error::Error;
use crate::fisher::{pairs_workspace_len, pool_workspace_len};
use crate::head::{newton, rewards_workspace_len};
use crate::kernel::panel::panel_stride;
use crate::linalg::{condition_workspace_len, downdate_workspace_len, packed_len};
use crate::parallel::Executor;
use crate::pool::{ItemPair, Prompts};
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
    /// Pairs asked about each round.
    pub(super) batch: usize,
    /// Items trained on, the first ones: a training takes many passes over them.
    pub(super) trained: usize,
    pub(super) iterations: usize,
    /// Labels a step, where not all of them are taken.
    pub(super) minibatch: usize,
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
        batch: 6,
        trained: 67,
        iterations: 5,
        minibatch: 2,
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
        batch: 150,
        trained: 601,
        iterations: 2,
        minibatch: 31,
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

    pub(super) fn largest_order(&self) -> usize {
        self.orders.iter().copied().fold(0, usize::max)
    }

    /// The replies to the prompt that has the most.
    pub(super) fn largest_prompt(&self) -> usize {
        self.items_of_prompts().map(|(_, replies)| replies as usize).fold(0, usize::max)
    }

    /// The first item of each prompt, and how many items it has.
    pub(super) fn items_of_prompts(&self) -> impl Iterator<Item = (u32, u32)> {
        let items = u32::try_from(self.items).unwrap_or(u32::MAX);
        let last = self.prompts.saturating_sub(1);
        let mut next = 0_u32;
        self.replies.iter().cycle().take(self.prompts).enumerate().map(move |(prompt, replies)| {
            let start = next;
            let left = items.saturating_sub(start);
            let replies = if prompt == last || left < *replies { left } else { *replies };
            next = start.saturating_add(replies);
            (start, replies)
        })
    }

    pub(super) fn network(&self, order: usize) -> Result<Mlp, Error> {
        let [first, second] = self.hidden;
        Mlp::new(self.inputs, [first, second, order], Activation::Gelu)
    }

    /// How many prompts there are.
    #[must_use]
    pub const fn prompts(&self) -> usize {
        self.prompts
    }

    /// The memory that the executor's threads can work in. `starts` and `first_pairs`, as long as
    /// the prompts and one more, serve to find it.
    ///
    /// # Errors
    /// [`Error::Shape`] where they are not.
    pub fn lengths<E: Executor>(
        &self,
        executor: &E,
        starts: &mut [u32],
        first_pairs: &mut [u64],
    ) -> Result<Lengths, Error> {
        let prompts = super::data::prompts(self, starts, first_pairs)?;
        let order = self.largest_order();
        let mlp = self.network(order)?;
        let fixed = [
            self.inputs.saturating_mul(self.items),
            mlp.parameters(),
            mlp.parameters(),
            order.saturating_mul(self.items),
            self.items,
            packed_len(order),
            packed_len(order),
        ];
        let selection = self.selection(executor.threads(), prompts);
        let work = self.work(executor, &mlp, prompts).max(selection.numbers);
        let replies = self.largest_prompt();
        let places = index_len(self.labels(), self.trained, Some(self.minibatch));
        Ok(Lengths {
            numbers: fixed.into_iter().fold(work, usize::saturating_add),
            singles: (self.inputs.saturating_add(order))
                .saturating_mul(self.items)
                .saturating_add(2 * order)
                .saturating_add(2 * self.inputs),
            doubles: self.items.saturating_add(3 * self.inputs + 3 * replies + self.prompts),
            prompts: self.prompts.saturating_add(1),
            places: places.max(replies),
            listed: self.listed,
            labels: self.labels().saturating_add(self.listed),
            asked: self.labels(),
            batch: self.batch,
            ranks: selection.ranks,
            heaps: selection.heaps,
        })
    }

    /// The numbers that the stages other than the selection work in.
    fn work<E: Executor>(&self, executor: &E, mlp: &Mlp, prompts: Prompts<'_>) -> usize {
        let order = mlp.features();
        let threads = executor.threads().max(1);
        let (labels, minibatch) = (self.labels(), Some(self.minibatch));
        let pools = Offer::ALL.into_iter().map(|offer| offer.pairs(self, prompts, self.list()));
        let fisher = pools
            .map(|pairs| pool_workspace_len(order, pairs))
            .fold(pairs_workspace_len(order), usize::max);
        let whitening = order.saturating_mul(panel_stride(self.items));
        let change = order.saturating_add(downdate_workspace_len(order));
        train::workspace_len(executor, mlp, self.trained, labels, minibatch)
            .max(newton::workspace_len(executor, order, self.trained, labels))
            .max(fisher.saturating_mul(threads))
            .max(rewards_workspace_len(order).saturating_mul(threads))
            .max(whitener_len(order).saturating_add(whitening))
            .max(mlp.workspace_len(self.items))
            .max(condition_workspace_len(order))
            .max(change)
            .max(self.listed.saturating_add(self.items))
    }

    /// Memory with which every strategy can pick from every pool.
    fn selection(&self, threads: usize, prompts: Prompts<'_>) -> WorkspaceLen {
        let (order, batch) = (self.largest_order(), self.batch);
        let mut largest = WorkspaceLen::default();
        for offer in Offer::ALL {
            let (pairs, items) = (offer.pairs(self, prompts, self.list()), offer.items(self));
            let sizes = Sizes { order, pairs, items, batch, threads };
            for strategy in Strategy::ALL.into_iter().filter(|strategy| offer.is_for(*strategy)) {
                largest = largest.max(strategy.workspace_len(&sizes, &options::<f64>(offer)));
            }
        }
        largest
    }

    /// A list as long as that of the listed pairs, to size memory by.
    fn list(&self) -> &'static [ItemPair] {
        const LONGEST: &[ItemPair] = &[ItemPair { a: 0, b: 1 }; Size::HOST.listed];
        LONGEST.get(..self.listed).unwrap_or(LONGEST)
    }
}
