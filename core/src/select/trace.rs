//! Designs that lower tr(V M⁻¹), the summed variance of what is wanted: the gradient with respect to
//! a pair's selection weight is w dᵀM⁻¹VM⁻¹d, and with M = LLᵀ, V = KKᵀ it is w ‖y_a − y_b‖²,
//! y = (L⁻¹K)ᵀu of whitened items u.

use super::{
    Options, Problem, Selection, Sizes, Workspace, WorkspaceLen, averaged, leverage, posterior,
};
use crate::arith::{Real, sum};
use crate::error::{Error, check_shape};
use crate::head::rewards_workspace_len;
use crate::kernel::axpy::add_scaled;
use crate::kernel::dot::dot;
use crate::linalg::{
    Cholesky, Packed, condition_workspace_len, packed_columns, packed_len, semidefinite_root,
};
use crate::memory::larger;
use crate::parallel::{Executor, for_chunks, split_at, workers};
use crate::pool::PoolSize;
use crate::rng::Stream;
use crate::score::{Criterion, LeverageRows, ScoreWorkspaceLen, Stored};
use crate::topk::Scored;
use crate::whiten::{fill_whitener, whitener_len};
use crate::whiten::{whiten_columns, whiten_workspace_len};

/// V, an error where it is missing.
pub(super) fn target<'a, T: Copy>(
    options: &Options<'a, T>,
) -> Result<Option<Packed<T, &'a [T]>>, Error> {
    match options.target {
        Some(target) => Ok(Some(target)),
        None => Err(Error::Parameter { what: "v-opt needs a target" }),
    }
}

/// Ranks by the gradient of tr(V M⁻¹), M = P + Σ over the pool (λI + Σ without the past); V = I if
/// there is none.
pub(super) fn by_gradient<T: Real, E: Executor>(
    problem: &Problem<'_, T, E>,
    target: Option<Packed<T, &[T]>>,
    workspace: Workspace<'_, T>,
    rng: &mut Stream,
    batch: &mut [Scored<T>],
) -> Result<Selection, Error> {
    let Problem { executor, pool, options, .. } = *problem;
    let features = pool.features();
    let order = features.rows();
    let (items, height) = (features.len(), order.saturating_mul(2));
    let Workspace { numbers, heaps, ranks } = workspace;
    let (rewards, numbers) = posterior::pool_rewards(problem, numbers)?;
    let (weighting, numbers) = averaged::weighting(problem, numbers)?;
    let (required, found) = (rows_len(order).saturating_add(items * height), numbers.len());
    if found < required {
        return Err(Error::Workspace { what: "trace", required, found });
    }
    let (columns, numbers) = split_at(numbers, items * height);
    let (root, numbers) = split_at(numbers, packed_len(order));
    let (solved, numbers) = split_at(numbers, order * order);
    let (whitener, numbers) = split_at(numbers, whitener_len(order));
    let (factor, selection, numbers) =
        leverage::pool_factor(problem, options.past, rewards, weighting, numbers, heaps)?;
    let root = fill_root(order, target, root)?;
    fill_whitener(factor.as_slice(), order, whitener);
    let fits = workers(
        "whitening",
        whiten_workspace_len(order, items),
        executor.threads(),
        numbers.len(),
    )?;
    whiten_columns(executor, features, whitener, height, fits.get(), columns, numbers);
    solve(&factor, root.as_deref(), solved)?;
    fill_rows(executor, order, solved, height, order, columns);
    let leverage = LeverageRows { first: order, added: order, subtracted: 0 };
    let stored = Stored { columns, height, leverage, drop: None };
    let criterion = Criterion::<T, &[T]>::Stored(stored, weighting);
    let workspace = Workspace { numbers, heaps, ranks };
    leverage::rank(problem, rewards, criterion, workspace, rng, batch)?;
    Ok(selection)
}

const fn rows_len(order: usize) -> usize {
    let square = order.saturating_mul(order);
    square.saturating_add(packed_len(order)).saturating_add(whitener_len(order))
}

/// Memory for [`by_gradient`].
pub(super) const fn workspace_len<T: Real>(
    sizes: &Sizes,
    options: &Options<'_, T>,
) -> WorkspaceLen {
    let PoolSize { order, items, .. } = sizes.pool;
    let scores = ScoreWorkspaceLen::stored(order, &sizes.pool, options.is_bounded())
        .at_least(whiten_workspace_len(order, items));
    let rewards = sizes.workers().saturating_mul(rewards_workspace_len(order));
    let shared =
        larger(larger(leverage::pool_len(sizes), scores.numbers(sizes.workers())), rewards);
    let numbers = items
        .saturating_mul(order.saturating_mul(2).saturating_add(1))
        .saturating_add(averaged::weighting_len(sizes, options))
        .saturating_add(rows_len(order))
        .saturating_add(packed_len(order))
        .saturating_add(condition_workspace_len(order))
        .saturating_add(shared);
    let (heaps, ranks) = leverage::rank_len(sizes, options.distinct(), scores);
    WorkspaceLen { numbers, heaps, ranks }
}

/// K with V = KKᵀ, in `root`; none where V = I.
pub(super) fn fill_root<'a, T: Real>(
    order: usize,
    target: Option<Packed<T, &[T]>>,
    root: &'a mut [T],
) -> Result<Option<&'a mut [T]>, Error> {
    let Some(target) = target else {
        return Ok(None);
    };
    check_shape("order of the target", order, target.order())?;
    semidefinite_root(&target, root)?;
    Ok(Some(root))
}

/// L⁻¹K, column by column.
pub(super) fn solve<T: Real, D: AsRef<[T]>>(
    factor: &Cholesky<T, D>,
    root: Option<&[T]>,
    solved: &mut [T],
) -> Result<(), Error> {
    let order = factor.order();
    solved.fill(T::ZERO);
    let columns = solved.chunks_exact_mut(order.max(1)).enumerate();
    let Some(root) = root else {
        for (place, column) in columns {
            if let Some(slot) = column.get_mut(place) {
                *slot = T::ONE;
            }
            factor.solve_lower(column)?;
        }
        return Ok(());
    };
    for ((place, column), entries) in columns.zip(packed_columns(root, order)) {
        add_scaled(split_at(column, place).1, T::ONE, entries);
        factor.solve_lower(column)?;
    }
    Ok(())
}

/// y = (L⁻¹K)ᵀu into the rows from `first` on of each item's column of this height, whose first rows
/// are u.
pub(super) fn fill_rows<T: Real, E: Executor>(
    executor: &E,
    order: usize,
    solved: &[T],
    height: usize,
    first: usize,
    columns: &mut [T],
) {
    let share = sum::ITEMS.saturating_mul(height);
    for_chunks(executor, columns, share, &mut [(); 0], 0, &|_, columns, _| {
        for column in columns.chunks_exact_mut(height.max(1)) {
            let (front, back) = split_at(column, first);
            let whitened = front.get(..order).unwrap_or_default();
            for (slot, row) in back.iter_mut().zip(solved.chunks_exact(order.max(1))) {
                *slot = dot(row, whitened);
            }
        }
    });
}
