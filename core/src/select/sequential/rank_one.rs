//! The designs of a trace where numbers of every pair can be kept: a pick changes each by rank one.
//!
//! With v = √w S_s x / √(1 + q) the direction of a pick (see [`super`]), V = KKᵀ and B = L⁻¹K, a pair's
//! v falls by (t_a − t_b)², t = v · u, and its g = dᵀM⁻¹VM⁻¹d by
//! (t_a − t_b) (2 (q_a − q_b) − (t_a − t_b) ‖y‖²), y = Bᵀv, q = (S_s B y) · u: two numbers an item and
//! a dozen operations a pair. g starts as the squared distance of Bᵀu.
//!
//! Differences lose digits. After [`sum::PICKS`] picks all starts from a new factor; and once the best
//! score is below √ε of the largest that a pair could have had by its g, whatever its v, when g was
//! computed last, g is computed anew, as the squared distance of (S_s B)ᵀu. A new factor would not
//! help: the matrix that it is of has lost as much.

use super::growing::{Factored, Growing, growing_len};
use super::kept::{Kept, PromptRun, Row, items_len, kept_len};
use super::scores::{Scores, WeighedPair};
use super::{Options, Problem, Selection, Sizes, Workspace, WorkspaceLen, averaged, posterior};
use crate::arith::{Level, Real, sum};
use crate::columns::Columns;
use crate::error::Error;
use crate::head::rewards_workspace_len;
use crate::kernel::axpy::{add_scaled, subtract_scaled};
use crate::kernel::dot::dot;
use crate::kernel::panel::{Panel, fill_panel, project_panel, project_panels};
use crate::linalg::{Packed, packed_len};
use crate::memory::{SCARCE, larger};
use crate::parallel::{Executor, for_chunks, split_at};
use crate::pool::{Pairs, PairsSize, PickedPairs, Pool, PoolSize, picked_len};
use crate::select::trace;
use crate::topk::Scored;
use crate::whiten::{Whitened, block_stride, fill_whitened, panels_len, whiten_panels};

/// Memory for [`select`].
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    let Sizes { pool, batch, .. } = *sizes;
    let PoolSize { order, items, .. } = pool;
    let design = averaged::weighting_len(sizes, options)
        .saturating_add(growing_len(order, batch))
        .saturating_add(target_len(order))
        .saturating_add(panels_len(order, window(&pool)).saturating_mul(2))
        .saturating_add(kept_len(&pool, false));
    // Rewards are computed before there is a design.
    let rewards = sizes.workers().saturating_mul(rewards_workspace_len(order));
    WorkspaceLen {
        numbers: items.saturating_add(larger(design, rewards)),
        heaps: sizes.workers(),
        ranks: picked_len(batch, items, options.distinct()).saturating_add(items_len(&pool)),
    }
}

/// Items that are whitened at a time, and kept so: all, or where memory is scarce those of a prompt, which
/// are whitened anew each time.
const fn window(pool: &PoolSize) -> usize {
    match pool.pairs {
        PairsSize::InPrompt { block, .. } if by_prompt(pool) => block.replies,
        _ => pool.items,
    }
}

/// Whether items are whitened prompt by prompt.
const fn by_prompt(pool: &PoolSize) -> bool {
    SCARCE && matches!(pool.pairs, PairsSize::InPrompt { block, .. } if block.replies <= sum::ITEMS)
}

/// The prompts, where items are whitened prompt by prompt.
fn each_prompt(pool: &Pool<'_>) -> Option<impl Iterator<Item = PromptRun>> {
    let prompts = match pool.pairs() {
        Pairs::InPrompt(prompts) if by_prompt(&pool.size()) => prompts,
        _ => return None,
    };
    Some((0..prompts.len()).map(move |prompt| {
        let (start, end) = prompts.items_of(prompt, prompt + 1);
        let pairs = prompts.first_pair(prompt)..prompts.first_pair(prompt + 1);
        PromptRun { items: start..end, pairs }
    }))
}

/// Numbers of a [`Target`].
const fn target_len(order: usize) -> usize {
    let squares = order.saturating_mul(order).saturating_mul(2);
    squares.saturating_add(packed_len(order)).saturating_add(order.saturating_mul(2))
}

/// Picks so many pairs that `batch` is full, each by the largest drop of tr(V M⁻¹), V = I if there is
/// none.
pub(super) fn select<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    target: Option<Packed<T, &[T]>>,
    misfit: T,
    workspace: Workspace<'_, T>,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let requested = batch.len();
    let mut design = Design::new(problem, target, misfit, workspace, requested)?;
    let (mut next, mut left) = (None, requested);
    for slot in batch {
        let best = match next {
            Some(best) => best,
            None => design.refactor()?,
        };
        let Some(best) = best else {
            let available = (requested - left) as u64;
            return Err(Error::Batch { requested: requested as u64, available });
        };
        *slot = best;
        left -= 1;
        next = if left > 0 { design.take(best.pair)? } else { None };
    }
    Ok(design.growing.selection())
}

/// What a trace is made of.
struct Target<'a, T> {
    /// K with V = KKᵀ; none where V = I.
    root: Option<&'a mut [T]>,
    /// B = L⁻¹K, column by column, a lower triangle.
    solved: &'a mut [T],
    /// S_s B.
    reduced: &'a mut [T],
    /// y.
    change: &'a mut [T],
    /// S_s B y.
    direction: &'a mut [T],
}

/// A design, and the pairs that it grows by.
struct Design<'a, T, E> {
    problem: &'a Problem<'a, T, E>,
    growing: Growing<'a, T>,
    target: Target<'a, T>,
    kept: Kept<'a, T>,
    /// Items that there is room for below.
    window: usize,
    /// u of all items, and Bᵀu; or of one prompt's.
    whitened: &'a mut [T],
    targets: &'a mut [T],
    picked: PickedPairs<'a>,
    heaps: &'a mut [Scored<T>],
    /// The best score below which g may have lost half of its digits.
    least: T,
}

impl<'a, T: Real, E: Executor> Design<'a, T, E> {
    /// Before the first pick, to be factored.
    fn new(
        problem: &'a Problem<'a, T, E>,
        target: Option<Packed<T, &[T]>>,
        misfit: T,
        workspace: Workspace<'a, T>,
        batch: usize,
    ) -> Result<Self, Error> {
        let Problem { executor, pool, options, .. } = *problem;
        let features = pool.features();
        let order = features.rows();
        let panels = panels_len(order, window(&pool.size()));
        if workspace.heaps.is_empty() {
            return Err(Error::Workspace { what: "heaps", required: 1, found: 0 });
        }
        let (picked, ranks) = PickedPairs::new(pool, options.distinct(), batch, workspace.ranks)?;
        let (rewards, numbers) = posterior::pool_rewards(problem, workspace.numbers)?;
        let (weighting, numbers) = averaged::weighting(problem, numbers)?;
        let scores = Scores::new(weighting, rewards);
        let (growing, numbers) = Growing::new(problem, batch, numbers)?;
        let (mut kept, numbers) = Kept::new(executor, pool, &scores, false, ranks, numbers)?;
        let (required, found) = (target_len(order).saturating_add(2 * panels), numbers.len());
        if found < required {
            return Err(Error::Workspace { what: "sequential design", required, found });
        }
        let (root, numbers) = split_at(numbers, packed_len(order));
        let (solved, numbers) = split_at(numbers, order * order);
        let (reduced, numbers) = split_at(numbers, order * order);
        let (change, numbers) = split_at(numbers, order);
        let (direction, numbers) = split_at(numbers, order);
        let root = trace::fill_root(order, target, root)?;
        let target = Target { root, solved, reduced, change, direction };
        let (whitened, numbers) = split_at(numbers, panels);
        let (targets, _) = split_at(numbers, panels);
        let window = window(&pool.size());
        if let Some(prompts) = each_prompt(pool) {
            let level = executor.level();
            for prompt in prompts {
                let items = features.range(prompt.items.start, prompt.items.end);
                fill_panel(level, items, block_stride(window), targets);
                let items = Whitened::of(targets, order, window);
                kept.fill_prompt(level, Row::Misfit, &prompt, items, misfit);
            }
        } else {
            fill_panels(executor, features, targets);
            let items = Whitened::of(targets, order, features.len());
            kept.fill(executor, Row::Misfit, items, misfit);
        }
        Ok(Self {
            problem,
            growing,
            target,
            kept,
            window,
            whitened,
            targets,
            picked,
            heaps: workspace.heaps,
            least: T::ZERO,
        })
    }

    /// Factors M, computes the numbers of all pairs anew, and gives the best pair.
    fn refactor(&mut self) -> Result<Option<Scored<T>>, Error> {
        let Problem { executor, pool, .. } = *self.problem;
        let features = pool.features();
        let (order, items) = (features.rows(), features.len());
        let Factored { factor, whitener } = self.growing.refactor()?;
        trace::solve(&factor, self.target.root.as_deref(), self.target.solved)?;
        if let Some(prompts) = each_prompt(pool) {
            let level = executor.level();
            for prompt in prompts {
                let window = Window { features, whitener, items: self.window };
                let whitened = window.whiten(level, &prompt, self.whitened);
                self.kept.fill_prompt(level, Row::Leverage, &prompt, whitened, T::ONE);
            }
        } else {
            whiten_panels(executor, features, whitener, self.whitened);
            let whitened = Whitened::of(self.whitened, order, items);
            self.kept.fill(executor, Row::Leverage, whitened, T::ONE);
        }
        self.restart()
    }

    /// Computes the g of all pairs anew, from the factor and the picks since, and gives the best pair.
    fn restart(&mut self) -> Result<Option<Scored<T>>, Error> {
        let Problem { executor, pool, .. } = *self.problem;
        let (order, items) = (pool.features().rows(), pool.features().len());
        let Target { solved, reduced, .. } = &mut self.target;
        self.growing.reduce(executor.level(), solved, reduced);
        let (reduced, lower) = (&**reduced, self.growing.picks() == 0);
        let stride = block_stride(self.window);
        let len = order.saturating_mul(stride);
        if let Some(prompts) = each_prompt(pool) {
            let level = executor.level();
            for prompt in prompts {
                let whitener = self.growing.whitener();
                let window = Window { features: pool.features(), whitener, items: self.window };
                window.whiten(level, &prompt, self.whitened);
                let panel = Panel { values: &*self.whitened, stride };
                project_columns(level, panel, reduced, lower, self.targets);
                let targets = Whitened::of(self.targets, order, self.window);
                self.kept.fill_prompt(level, Row::Gain, &prompt, targets, T::ONE);
            }
            return self.rank_anew();
        }
        let whitened = &*self.whitened;
        for_chunks(executor, self.targets, len, &mut [(); 0], 0, &|block, targets, _| {
            let values = whitened.get(block * len..(block + 1) * len).unwrap_or_default();
            let panel = Panel { values, stride };
            project_columns(executor.level(), panel, reduced, lower, targets);
        });
        let targets = Whitened::of(self.targets, order, items);
        self.kept.fill(executor, Row::Gain, targets, T::ONE);
        self.rank_anew()
    }

    /// The best pair, by numbers that have just been computed.
    fn rank_anew(&mut self) -> Result<Option<Scored<T>>, Error> {
        let executor = self.problem.executor;
        self.least = T::EPSILON.sqrt_of() * self.kept.largest_gain();
        self.kept.projections.fill(T::ZERO);
        self.kept.targets.fill(T::ZERO);
        self.kept.square = T::ZERO;
        self.kept.change(executor, &self.picked, self.heaps)
    }

    /// Adds a pair to the design and gives the best one after it; none where that takes a new factor.
    fn take(&mut self, pair: u64) -> Result<Option<Option<Scored<T>>>, Error> {
        let Problem { executor, pool, .. } = *self.problem;
        let order = pool.features().rows();
        let (weight, leverage) = (self.kept.weight(pair), self.kept.leverage(pair));
        let items = pool.pairs().items_of_pair(pair).unwrap_or_default();
        let weighed = WeighedPair { items, weight };
        self.close(pair);
        if self.growing.picks() + 1 == sum::PICKS {
            self.growing.add_information(weighed);
            return Ok(None);
        }
        let level = executor.level();
        let Target { solved, change, direction, .. } = &mut self.target;
        let (a, b) = (&mut **change, &mut **direction);
        let mut projections = [[T::ZERO; sum::PICKS]; 2];
        let [a_projections, b_projections] = &mut projections;
        let first = each_prompt(pool)
            .and_then(|mut prompts| {
                prompts.find(|prompt| prompt.items.contains(&(items.a as usize)))
            })
            .map_or(0, |prompt| {
                let whitener = self.growing.whitener();
                let window = Window { features: pool.features(), whitener, items: self.window };
                window.whiten(level, &prompt, self.whitened);
                prompt.items.start
            });
        let whitened = Whitened::of(self.whitened, order, self.window);
        for (item, column, projections) in
            [(items.a, &mut *a, a_projections), (items.b, &mut *b, b_projections)]
        {
            let own = (item as usize).saturating_sub(first);
            for (slot, value) in column.iter_mut().zip(whitened.column(own)) {
                *slot = value;
            }
            self.growing.directions(level).project(column, 0, projections);
        }
        let [a_projections, b_projections] = &projections;
        self.growing.add(weighed, leverage, [a, b], [a_projections, b_projections])?;
        self.kept.square = self.growing.change_target(level, solved, change, direction);
        self.project();
        let best = self.kept.change(executor, &self.picked, self.heaps)?;
        match best {
            Some(best) if best.score < self.least => Ok(Some(self.restart()?)),
            best => Ok(Some(best)),
        }
    }

    /// Takes a pair off offer, and those that it leaves no place for.
    fn close(&mut self, pair: u64) {
        self.picked.insert(pair);
        self.kept.close(pair);
        for items in self.picked.filled(pair) {
            self.kept.close_items(&items);
        }
    }

    /// t and q of all items.
    fn project(&mut self) {
        let Problem { executor, pool, .. } = *self.problem;
        let (order, items) = (pool.features().rows(), pool.features().len());
        let (last, direction) = (self.growing.last(), &*self.target.direction);
        let Kept { projections, targets, .. } = &mut self.kept;
        if let Some(prompts) = each_prompt(pool) {
            let level = executor.level();
            for prompt in prompts {
                let whitener = self.growing.whitener();
                let window = Window { features: pool.features(), whitener, items: self.window };
                let whitened = window.whiten(level, &prompt, self.whitened);
                let projections = projections.get_mut(prompt.items.clone()).unwrap_or_default();
                let targets = targets.get_mut(prompt.items.clone()).unwrap_or_default();
                project_panels(level, whitened.from(0), [last, direction], [projections, targets]);
            }
            return;
        }
        let whitened = Whitened::of(self.whitened, order, items);
        let body = |block: usize, projections: &mut [T], targets: &mut [T]| {
            let items = whitened.from(block * sum::ITEMS);
            project_panels(executor.level(), items, [last, direction], [projections, targets]);
        };
        for_chunks(executor, projections, sum::ITEMS, targets, sum::ITEMS, &body);
    }
}

/// What the items of a prompt are whitened by, in room for so many.
struct Window<'a, T> {
    features: Columns<'a, f32>,
    whitener: &'a [T],
    items: usize,
}

impl<T: Real> Window<'_, T> {
    fn whiten<'m>(&self, level: Level, prompt: &PromptRun, panel: &'m mut [T]) -> Whitened<'m, T> {
        let items = self.features.range(prompt.items.start, prompt.items.end);
        fill_whitened(level, items, self.whitener, block_stride(self.items), panel);
        Whitened::of(panel, self.features.rows(), self.items)
    }
}

impl<T: Real> Growing<'_, T> {
    /// S_s B, column by column: each less its projections on the directions of the picks, in order.
    fn reduce(&self, level: Level, solved: &[T], reduced: &mut [T]) {
        let order = self.order().max(1);
        for (column, reduced) in solved.chunks_exact(order).zip(reduced.chunks_exact_mut(order)) {
            for (slot, value) in reduced.iter_mut().zip(column) {
                *slot = *value;
            }
            self.project_out(level, self.picks(), reduced);
        }
    }

    /// A column less its projections on the directions of the first picks, in order.
    fn project_out(&self, level: Level, picks: usize, column: &mut [T]) {
        let mut projections = [T::ZERO; sum::PICKS];
        self.directions(level).project(column, 0, &mut projections);
        for (direction, projection) in self.each().zip(projections).take(picks) {
            subtract_scaled(column, projection, direction);
        }
    }

    /// y = Bᵀv of the last direction v and S_s B y, s being the picks before it; and ‖y‖².
    fn change_target(
        &self,
        level: Level,
        solved: &[T],
        change: &mut [T],
        direction: &mut [T],
    ) -> T {
        let last = self.last();
        direction.fill(T::ZERO);
        let columns = solved.chunks_exact(last.len().max(1)).enumerate();
        for (change, (place, column)) in change.iter_mut().zip(columns) {
            // What stands above the diagonal is 0.
            let below = column.get(place..).unwrap_or_default();
            *change = dot(below, last.get(place..).unwrap_or_default());
            add_scaled(split_at(direction, place).1, *change, below);
        }
        self.project_out(level, self.picks().saturating_sub(1), direction);
        dot(change, change)
    }
}

/// The features of all items as panels.
fn fill_panels<T: Real, E: Executor>(executor: &E, features: Columns<'_, f32>, panels: &mut [T]) {
    let stride = block_stride(features.len());
    let len = features.rows().saturating_mul(stride);
    for_chunks(executor, panels, len, &mut [(); 0], 0, &|block, panel, _| {
        let first = block * sum::ITEMS;
        let items = features.range(first, first + sum::ITEMS);
        fill_panel(executor.level(), items, stride, panel);
    });
}

/// Columns of B that [`project_columns`] takes at once.
const COLUMNS: usize = 4;

/// Bᵀu of the items of a panel, B being a lower triangle, or not.
fn project_columns<T: Real>(
    level: Level,
    panel: Panel<'_, T>,
    columns: &[T],
    lower: bool,
    out: &mut [T],
) {
    let stride = panel.stride.max(1);
    let order = (panel.values.len() / stride).max(1);
    let (four_rows, four_columns) = (stride.saturating_mul(COLUMNS), order.saturating_mul(COLUMNS));
    let rows = out.chunks_mut(four_rows).zip((0..order).step_by(COLUMNS));
    for ((rows, first), columns) in rows.zip(columns.chunks(four_columns)) {
        // What stands above the diagonal is 0.
        let first = if lower { first } else { 0 };
        let values = panel.values.get(first * stride..).unwrap_or_default();
        let items = Panel { values, ..panel }.from(0);
        let whole = rows.len() == four_rows;
        let mut columns = columns.chunks_exact(order);
        let mut rows = rows.chunks_exact_mut(stride);
        if whole {
            let weights = [(); COLUMNS].map(|()| columns.next().and_then(|all| all.get(first..)));
            let out = [(); COLUMNS].map(|()| rows.next().unwrap_or_default());
            project_panels(level, items, weights.map(Option::unwrap_or_default), out);
        } else {
            for (out, column) in rows.zip(columns) {
                project_panel(level, items, column.get(first..).unwrap_or_default(), out);
            }
        }
    }
}
