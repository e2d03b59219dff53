use pairpick_core::select::{Facts, Options, Selection, Sizes, Strategy, WorkspaceLen};

use crate::{Any, any};

probes! {
    select::strategy::Strategy::name => any::<Strategy>().name();
    select::strategy::Strategy::from_name => Strategy::from_name(any());
    select::strategy::Strategy::facts => any::<Strategy>().facts();
    select::strategy::Strategy::select[T] =>
        any::<Strategy>().select::<T, Any>(any(), any(), any(), any());
    select::options::Options::read_by[T] => any::<Options<'static, T>>().read_by(any::<&Facts>());
    select::strategy::Strategy::workspace_len[T] => any::<Strategy>().workspace_len::<T>(any(), any());
    select::problem::WorkspaceLen::max => any::<WorkspaceLen>().max(any());
    select::problem::Sizes::of => Sizes::of(any(), any(), any());
    select::problem::Selection::checked[T] => any::<Selection>().checked::<T>();
}
