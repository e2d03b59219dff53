use pairpick_core::certificate::{Certificate, Certifier, workspace_len};
use pairpick_core::pool::ItemPair;
use pairpick_core::select::Problem;
use pairpick_core::topk::Scored;

use crate::{Any, any};

/// A certifier in lent slices.
type Lent<'a, T> = Certifier<&'a mut [T], &'a mut [Scored<T>], &'a mut [ItemPair], &'a mut [u64]>;

probes! {
    certificate::Certificate::gap => any::<Certificate>().gap();
    certificate::Certificate::d_efficiency => any::<Certificate>().d_efficiency(any());
    certificate::Certificate::gain_share => any::<Certificate>().gain_share(any());
    certificate::workspace_len => workspace_len(any());
    certificate::Certifier::certify[T] => any::<&mut Lent<'_, T>>().certify(
        any::<&Problem<'_, T, Any>>(),
        any(),
        any(),
        &mut |seen| crate::give(*seen),
    );
    certificate::Certifier::information[T] =>
        any::<&mut Lent<'_, T>>().information(any::<&Problem<'_, T, Any>>(), any());
}
