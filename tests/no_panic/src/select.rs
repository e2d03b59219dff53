use pairpick_core::select::{
    ArraySelector, Facts, Options, Problem, Selection, Selector, Sizes, Strategy, Workload,
    WorkspaceLen,
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
    select::strategy::Strategy::facts => any::<Strategy>().facts();
    select::strategy::Strategy::select[T] =>
        any::<Strategy>().select::<T, Any>(any(), any(), any(), any());
    select::options::Options::read_by[T] => any::<Options<'static, T>>().read_by(any::<&Facts>());
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
    select::problem::Selection::rounding[T] => any::<Selection>().rounding::<T>();
}
