use pairpick_core::metric::held_out::{Bin, HeldOut};
use pairpick_core::metric::{Agreement, best_of_n, spearman};

use crate::any;

probes! {
    metric::spearman => spearman(any(), any(), any(), any());
    metric::best_of_n => best_of_n(any(), any(), any(), any());
    metric::Agreement::add => any::<&mut Agreement>().add(any(), any());
    metric::Agreement::accuracy => any::<Agreement>().accuracy();
    metric::held_out::Bin::mean_predicted => any::<Bin>().mean_predicted();
    metric::held_out::Bin::observed => any::<Bin>().observed();
    metric::held_out::HeldOut::add => any::<&mut HeldOut>().add(any(), any(), any());
    metric::held_out::HeldOut::answers => any::<&HeldOut>().answers();
    metric::held_out::HeldOut::untied => any::<&HeldOut>().untied();
    metric::held_out::HeldOut::accuracy => any::<&HeldOut>().accuracy();
    metric::held_out::HeldOut::log_loss => any::<&HeldOut>().log_loss();
    metric::held_out::HeldOut::bins => any::<&HeldOut>().bins();
    metric::held_out::HeldOut::calibration_error => any::<&HeldOut>().calibration_error();
}
