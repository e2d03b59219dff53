use pairpick_core::metric::{Agreement, best_of_n, spearman};

use crate::any;

probes! {
    metric::spearman => spearman(any(), any(), any(), any());
    metric::best_of_n => best_of_n(any(), any(), any(), any());
    metric::Agreement::add => any::<&mut Agreement>().add(any(), any());
    metric::Agreement::accuracy => any::<Agreement>().accuracy();
}
