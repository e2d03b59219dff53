use pairpick_core::select::{
    Selection, Strategy, WorkspaceLen, design, dopt, entropy, maxdiff, pa_dopt, random, workspace_len,
};

use crate::{Any, any};

probes! {
    select::Strategy::name => any::<Strategy>().name();
    select::Strategy::from_name => Strategy::from_name(any());
    select::Strategy::select[T] =>
        any::<Strategy>().select::<T, _>(&Any, any(), any(), any(), any(), any());
    select::workspace_len => workspace_len(any(), any(), any());
    select::WorkspaceLen::new => WorkspaceLen::new(any(), any(), any(), any(), any());
    select::Selection::checked[T] => any::<Selection>().checked::<T>();
    select::design::select[T] => design::select::<T, _>(&Any, any(), any(), any(), any(), any());
    select::dopt::select[T] => dopt::select::<T, _>(&Any, any(), any(), any(), any(), any());
    select::entropy::select[T] => entropy::select::<T, _>(&Any, any(), any(), any(), any(), any());
    select::maxdiff::select[T] => maxdiff::select::<T, _>(&Any, any(), any(), any(), any(), any());
    select::pa_dopt::select[T] => pa_dopt::select::<T, _>(&Any, any(), any(), any(), any(), any());
    select::random::select[T] => random::select::<T, _>(&Any, any(), any(), any(), any(), any());
}
