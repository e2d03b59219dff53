use pairpick_core::select::{
    ArraySelector, Options, Problem, Selection, Selector, Sizes, Strategy, Workload, WorkspaceLen,
    a_opt, bald, batchbald, coreset, design, dopt, entropy, exchange, greedy_a_opt, greedy_dopt,
    greedy_v_opt, maxdiff, pa_dopt, random, robust_v_opt, v_opt,
};

use pairpick_core::pool::PoolSize;
use pairpick_core::topk::Scored;

use crate::{Any, any, give};

/// A selector in lent slices.
type Lent<'a, T> = Selector<&'a mut [T], &'a mut [Scored<T>], &'a mut [u64], &'a mut [Scored<T>]>;

/// No work at all.
struct Nothing;

impl Workload for Nothing {
    const SIZES: Sizes = Sizes { pool: PoolSize::cross_prompt(1, 0), batch: 0, threads: 1 };
    const LEN: WorkspaceLen = WorkspaceLen::NONE;
}

probes! {
    select::strategy::Strategy::name => any::<Strategy>().name();
    select::strategy::Strategy::from_name => Strategy::from_name(any());
    select::strategy::Strategy::needs_target => any::<Strategy>().needs_target();
    select::strategy::Strategy::can_sample => any::<Strategy>().can_sample();
    select::strategy::Strategy::select[T] =>
        any::<Strategy>().select::<T, Any>(any(), any(), any(), any());
    select::strategy::Strategy::takes_caps => any::<Strategy>().takes_caps();
    select::strategy::Strategy::takes_misfit => any::<Strategy>().takes_misfit();
    select::strategy::Strategy::takes_weights => any::<Strategy>().takes_weights();
    select::strategy::Strategy::can_leave_out_the_past => any::<Strategy>().can_leave_out_the_past();
    select::strategy::Strategy::own_misfit => any::<Strategy>().own_misfit();
    select::strategy::Strategy::own_distinct => any::<Strategy>().own_distinct();
    select::strategy::Strategy::takes_all_cross_prompt_pairs =>
        any::<Strategy>().takes_all_cross_prompt_pairs();
    select::options::Options::read_by[T] => any::<Options<'static, T>>().read_by(any());
    select::strategy::Strategy::workspace_len[T] => any::<Strategy>().workspace_len::<T>(any(), any());
    select::problem::WorkspaceLen::bytes[T] => any::<WorkspaceLen>().bytes::<T>();
    select::problem::WorkspaceLen::max => any::<WorkspaceLen>().max(any());
    select::problem::Sizes::of => Sizes::of(any(), any(), any());
    select::selector::Selector::reserve[T] => any::<&mut Lent<'_, T>>().reserve::<T>(any(), any());
    select::selector::Selector::select[T] =>
        give(any::<&mut Lent<'_, T>>().select(any(), any::<&Problem<'_, T, Any>>(), any(), any()));
    select::selector::ArraySelector::for_workload[T] =>
        ArraySelector::<T, 4, 0, 0, 1>::for_workload::<Nothing>();
    select::problem::Selection::checked[T] => any::<Selection>().checked::<T>();
    select::a_opt::select[T] => a_opt::select::<T, Any>(any(), any(), any(), any());
    select::bald::select[T] => bald::select::<T, Any>(any(), any(), any(), any());
    select::batchbald::select[T] => batchbald::select::<T, Any>(any(), any(), any(), any());
    select::coreset::select[T] => coreset::select::<T, Any>(any(), any(), any(), any());
    select::design::select[T] => design::select::<T, Any>(any(), any(), any(), any());
    select::dopt::select[T] => dopt::select::<T, Any>(any(), any(), any(), any());
    select::entropy::select[T] => entropy::select::<T, Any>(any(), any(), any(), any());
    select::exchange::select[T] => exchange::select::<T, Any>(any(), any(), any(), any());
    select::greedy_a_opt::select[T] =>
        greedy_a_opt::select::<T, Any>(any(), any(), any(), any());
    select::greedy_dopt::select[T] => greedy_dopt::select::<T, Any>(any(), any(), any(), any());
    select::greedy_v_opt::select[T] =>
        greedy_v_opt::select::<T, Any>(any(), any(), any(), any());
    select::maxdiff::select[T] => maxdiff::select::<T, Any>(any(), any(), any(), any());
    select::pa_dopt::select[T] => pa_dopt::select::<T, Any>(any(), any(), any(), any());
    select::random::select[T] => random::select::<T, Any>(any(), any(), any(), any());
    select::robust_v_opt::select[T] =>
        robust_v_opt::select::<T, Any>(any(), any(), any(), any());
    select::v_opt::select[T] => v_opt::select::<T, Any>(any(), any(), any(), any());
}
