//! k-means of the signed differences of all pairs on offer, and the bounds that its clusters give.
//!
//! Seeds are those of k-means++ (Arthur and Vassilvitskii, 2007); Lloyd's iterations follow until no
//! pair changes its cluster, at most [`ITERATIONS`]. A cluster that loses all its pairs moves to the
//! pair furthest from its own centre; where every pair stands on a centre (fewer distinct pairs than
//! clusters), it stays empty and counts for nothing. The bound holds for any clustering, so the cap
//! and the local optimum cost tightness alone.
//!
//! Distances are sums of squared differences in ascending feature order, and centres are sums in
//! ascending pair order. Differences are made anew in each pass, 64 pairs at a time, and never kept.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::arith::Real;
use crate::arith::elementwise::map;
use crate::arith::exp::Exp;
use crate::columns::Columns;
use crate::error::Error;
use crate::kernel::panel::{Grid, Panel, fill_panel, panel_stride, squared_distances};
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::pool::{ItemPair, Pool, pairs_of_ranks};
use crate::rng::Stream;

/// Lloyd's iterations at most.
pub(super) const ITERATIONS: usize = 100;

/// Pairs looked at at a time.
const BLOCK: usize = 64;

/// From one row of a panel to the next: room for a block of pairs, or for all centres.
const fn stride_of(clusters: usize) -> usize {
    panel_stride(if clusters < BLOCK { BLOCK } else { clusters })
}

/// Numbers that a worker needs: a block of pairs, as columns and as a panel, and a row of distances
/// for each centre.
const fn worker_workspace_len(order: usize, clusters: usize) -> usize {
    let columns = order.saturating_mul(BLOCK);
    let panel = order.saturating_mul(stride_of(clusters));
    columns.saturating_add(panel).saturating_add(clusters.saturating_mul(BLOCK))
}

/// Numbers for so many pairs and clusters.
pub(super) const fn workspace_len(
    order: usize,
    pairs: usize,
    clusters: usize,
    workers: usize,
) -> usize {
    (order.saturating_mul(stride_of(clusters)))
        .saturating_add(clusters)
        .saturating_add(pairs.saturating_mul(2))
        .saturating_add(workers.saturating_mul(worker_workspace_len(order, clusters)))
}

/// The pairs of a pool in clusters.
pub(super) struct Clusters<'a, T, E> {
    executor: &'a E,
    pool: &'a Pool<'a>,
    rewards: &'a [T],
    count: usize,
    /// A panel of the centres.
    centres: &'a mut [T],
    /// Pairs in each cluster.
    sizes: &'a mut [T],
    /// For each pair the number of its cluster, −1 if it has a label, and the squared distance to
    /// the centre.
    standings: &'a mut [[T; 2]],
    workspace: &'a mut [T],
}

impl<'a, T: Real, E: Executor> Clusters<'a, T, E> {
    /// So many clusters, without centres yet.
    pub(super) fn new(
        executor: &'a E,
        pool: &'a Pool<'a>,
        rewards: &'a [T],
        pairs: usize,
        count: usize,
        workspace: &'a mut [T],
    ) -> Self {
        let order = pool.features().rows();
        let (centres, workspace) = split_at(workspace, order.saturating_mul(stride_of(count)));
        let (sizes, workspace) = split_at(workspace, count);
        let (standings, workspace) = split_at(workspace, pairs.saturating_mul(2));
        let (standings, _) = standings.as_chunks_mut();
        centres.fill(T::INFINITY);
        Self { executor, pool, rewards, count, centres, sizes, standings, workspace }
    }

    /// The centres of k-means++: a pair at random, then each time one in proportion to its squared
    /// distance to the nearest so far.
    ///
    /// # Errors
    /// [`Error::NonFinite`] where the distances overflow; [`Error::Workspace`].
    pub(super) fn seed(&mut self, rng: &mut Stream) -> Result<(), Error> {
        self.standings.fill([T::ZERO, T::INFINITY]);
        for pair in self.pool.labelled() {
            let standing =
                usize::try_from(*pair).ok().and_then(|pair| self.standings.get_mut(pair));
            if let Some(standing) = standing {
                *standing = [-T::ONE, T::ZERO];
            }
        }
        let mut next = self.at_random(rng);
        for centre in 0..self.count {
            self.move_centre(centre, next);
            self.approach(centre)?;
            next = self.in_proportion(rng)?;
        }
        Ok(())
    }

    /// Lloyd's iterations. In the end, centres are the means of their clusters.
    ///
    /// # Errors
    /// [`Error::Workspace`].
    pub(super) fn converge(&mut self) -> Result<(), Error> {
        for _ in 0..ITERATIONS {
            self.update();
            if !self.assign()? {
                return Ok(());
            }
        }
        self.update();
        Ok(())
    }

    /// The bound of each pair's sensitivity over the ball of this radius; 0 of labelled pairs.
    ///
    /// # Errors
    /// [`Error::NonFinite`] with the pair whose bound is no number; [`Error::Workspace`].
    pub(super) fn sensitivities(&mut self, radius: T) -> Result<impl Iterator<Item = T>, Error> {
        let available = T::from_u64(self.pool.available());
        let Self { executor, count, .. } = *self;
        self.pass(0, count, &|sizes, distances, standings| {
            for (number, row) in (0..).zip(distances.chunks_exact_mut(BLOCK)) {
                let size = size_of(sizes, number);
                for (distance, [own, _]) in row.iter_mut().zip(&*standings) {
                    let without = without_itself(*own == T::from_u64(number), size);
                    *distance = -(radius * without * distance.sqrt_of());
                }
            }
            map::<Exp, T>(executor.level(), distances);
            standings.iter_mut().for_each(|[_, bound]| *bound = T::ONE);
            for (number, row) in (0..).zip(distances.chunks_exact(BLOCK)) {
                let size = size_of(sizes, number);
                for (decay, [own, sum]) in row.iter().zip(&mut *standings) {
                    let others = if *own == T::from_u64(number) { size - T::ONE } else { size };
                    if others > T::ZERO {
                        *sum += others * *decay;
                    }
                }
            }
            for [own, bound] in standings {
                *bound = if *own < T::ZERO { T::ZERO } else { available / *bound };
            }
        })?;
        match self.standings.iter().position(|[_, bound]| !bound.is_finite_number()) {
            Some(index) => Err(Error::NonFinite { what: "sensitivities", index }),
            None => Ok(self.standings.iter().map(|[_, bound]| *bound)),
        }
    }

    /// One of the pairs on offer, each as likely.
    fn at_random(&self, rng: &mut Stream) -> u64 {
        let mut pair = [rng.below(self.pool.available())];
        pairs_of_ranks(self.pool.labelled(), &mut pair);
        let [pair] = pair;
        pair
    }

    /// One of the pairs on offer in proportion to its squared distance; where all are 0, each as
    /// likely.
    fn in_proportion(&self, rng: &mut Stream) -> Result<u64, Error> {
        let mut total = T::ZERO;
        for [_, distance] in &*self.standings {
            total += *distance;
        }
        if !total.is_finite_number() {
            return Err(Error::NonFinite { what: "distances of pairs", index: 0 });
        }
        let target = rng.uniform::<T>() * total;
        let mut sum = T::ZERO;
        for (pair, [_, distance]) in (0..).zip(&*self.standings) {
            sum += *distance;
            if target < sum {
                return Ok(pair);
            }
        }
        Ok(self.at_random(rng))
    }

    /// Puts a centre where a pair is.
    fn move_centre(&mut self, centre: usize, pair: u64) {
        let (column, _) = split_at(self.workspace, self.pool.features().rows());
        fill_differences(self.pool, self.rewards, pair, column);
        let rows = self.centres.chunks_exact_mut(stride_of(self.count));
        for (value, row) in column.iter().zip(rows) {
            if let Some(place) = row.get_mut(centre) {
                *place = *value;
            }
        }
    }

    /// Gives a new centre the pairs that are nearer to it than to any so far.
    fn approach(&mut self, centre: usize) -> Result<(), Error> {
        let number = T::from_u64(centre as u64);
        self.pass(centre, centre + 1, &|_, distances, standings| {
            for ([own, nearest], distance) in standings.iter_mut().zip(&*distances) {
                // No labelled pair is nearer than 0; and what is no number stays to be seen.
                let unknown = !distance.is_finite_number();
                if *own >= T::ZERO && (unknown || *distance < *nearest) {
                    [*own, *nearest] = [number, *distance];
                }
            }
        })
    }

    /// Gives each pair to the nearest centre, the first of equally near ones. Whether any changed.
    fn assign(&mut self) -> Result<bool, Error> {
        let changed = AtomicBool::new(false);
        self.pass(0, self.count, &|_, distances, standings| {
            for (place, [own, nearest]) in standings.iter_mut().enumerate() {
                if *own < T::ZERO {
                    continue;
                }
                let mut best = [*own, T::INFINITY];
                for (number, distance) in (0..).zip(distances.iter().skip(place).step_by(BLOCK)) {
                    if *distance < best[1] {
                        best = [T::from_u64(number), *distance];
                    }
                }
                if best[0] != *own {
                    changed.store(true, Ordering::Relaxed);
                }
                [*own, *nearest] = best;
            }
        })?;
        Ok(changed.into_inner())
    }

    /// Moves the centres to the means of their clusters, and those of none to the furthest pairs.
    fn update(&mut self) {
        let order = self.pool.features().rows();
        let (differences, workspace) = split_at(self.workspace, order * BLOCK);
        let (means, _) = split_at(workspace, order * self.count);
        means.fill(T::ZERO);
        self.sizes.fill(T::ZERO);
        for (first, standings) in (0..).step_by(BLOCK).zip(self.standings.chunks(BLOCK)) {
            fill_differences(self.pool, self.rewards, first, differences);
            for (difference, [own, _]) in differences.chunks_exact(order.max(1)).zip(standings) {
                let Some(own) = number_of(*own) else {
                    continue;
                };
                if let Some(size) = self.sizes.get_mut(own) {
                    *size += T::ONE;
                }
                let mean = means.get_mut(own.saturating_mul(order)..).unwrap_or_default();
                for (sum, value) in mean.iter_mut().zip(difference) {
                    *sum += *value;
                }
            }
        }
        for (mean, size) in means.chunks_exact_mut(order.max(1)).zip(&*self.sizes) {
            for value in mean {
                *value = if *size > T::ZERO { *value / *size } else { T::INFINITY };
            }
        }
        if let Ok(means) = Columns::new(means, order, self.count) {
            fill_panel(self.executor.level(), means, stride_of(self.count), self.centres);
        }
        for centre in 0..self.count {
            if self.sizes.get(centre).is_some_and(|size| *size == T::ZERO) {
                self.revive(centre);
            }
        }
    }

    /// Moves the centre of an empty cluster to the pair furthest from its own, the first of equal
    /// ones; nowhere, if no pair is away from its own.
    fn revive(&mut self, centre: usize) {
        let mut furthest = (T::ZERO, None);
        for (pair, [_, distance]) in self.standings.iter().enumerate() {
            if furthest.0 < *distance {
                furthest = (*distance, Some(pair));
            }
        }
        if let Some(pair) = furthest.1 {
            self.move_centre(centre, pair as u64);
            if let Some([_, distance]) = self.standings.get_mut(pair) {
                *distance = T::ZERO;
            }
        }
    }

    /// Calls `visit(sizes, distances, standings)` for each block of pairs, with their squared
    /// distances to the centres `from..end`, a row of [`BLOCK`] each.
    fn pass(
        &mut self,
        from: usize,
        end: usize,
        visit: &(impl Fn(&[T], &mut [T], &mut [[T; 2]]) + Sync),
    ) -> Result<(), Error> {
        let Self { executor, pool, rewards, count, .. } = *self;
        let (stride, order) = (stride_of(count), pool.features().rows());
        let each = worker_workspace_len(order, count);
        let fits = workers("clusters", each, executor.threads(), self.workspace.len())?;
        let share = self.standings.len().div_ceil(fits.get()).div_ceil(BLOCK) * BLOCK;
        let rows = Panel { values: &*self.centres, stride }.from(from);
        let (sizes, standings) = (&*self.sizes, &mut *self.standings);
        let level = executor.level();
        let workspace = &mut *self.workspace;
        for_chunks(executor, standings, share, workspace, each, &|number, standings, workspace| {
            let (differences, workspace) = split_at(workspace, order * BLOCK);
            let (panel, distances) = split_at(workspace, order * stride);
            let (distances, _) = split_at(distances, (end - from) * BLOCK);
            let first = number as u64 * share as u64;
            for (first, standings) in (first..).step_by(BLOCK).zip(standings.chunks_mut(BLOCK)) {
                fill_differences(pool, rewards, first, differences);
                if let Ok(differences) = Columns::new(differences, order, BLOCK) {
                    fill_panel(level, differences, stride, panel);
                }
                let columns = Panel { values: &*panel, stride }.from(0);
                squared_distances(level, Grid { rows, columns, width: BLOCK }, distances);
                visit(sizes, distances, standings);
            }
        });
        Ok(())
    }
}

/// Writes the signed differences of the pairs from number `first` on, a column each, as many as
/// there is room for; zeros beyond the last pair.
fn fill_differences<T: Real>(pool: &Pool<'_>, rewards: &[T], first: u64, differences: &mut [T]) {
    let features = pool.features();
    let reward = |item: u32| rewards.get(item as usize).copied().unwrap_or(T::ZERO);
    let mut pairs = pool.pairs().items_from(first);
    for difference in differences.chunks_exact_mut(features.rows().max(1)) {
        let Some(ItemPair { a, b }) = pairs.next() else {
            difference.fill(T::ZERO);
            continue;
        };
        let first_wins = reward(b) < reward(a) || (reward(b) == reward(a) && a < b);
        let (a, b) = if first_wins { (a, b) } else { (b, a) };
        for (value, d) in difference.iter_mut().zip(features.difference(a, b)) {
            *value = d;
        }
    }
}

/// The cluster that a standing names; none of a labelled pair.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number ≥ 0")]
fn number_of<T: Real>(own: T) -> Option<usize> {
    if own < T::ZERO { None } else { Some(own.to_f64() as usize) }
}

fn size_of<T: Real>(sizes: &[T], number: u64) -> T {
    let size = usize::try_from(number).ok().and_then(|number| sizes.get(number));
    size.copied().unwrap_or(T::ZERO)
}

/// By how much further a pair is from the mean of its own cluster without it: the mean of the
/// n − 1 others is n/(n − 1) times as far as that of all.
fn without_itself<T: Real>(own: bool, size: T) -> T {
    if own && size > T::ONE { size / (size - T::ONE) } else { T::ONE }
}
