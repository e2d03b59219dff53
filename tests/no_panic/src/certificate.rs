use pairpick_core::certificate::{Certificate, certify, log_det, workspace_len};

use crate::{Any, any};

probes! {
    certificate::Certificate::d_efficiency => any::<Certificate>().d_efficiency(any());
    certificate::Certificate::gain_share => any::<Certificate>().gain_share(any());
    certificate::workspace_len => workspace_len(any());
    certificate::certify[T] =>
        certify::<T, Any>(any(), any(), any(), any(), &mut |seen| crate::give(*seen));
    certificate::log_det[T] => log_det::<T, Any>(any(), any(), any());
}
