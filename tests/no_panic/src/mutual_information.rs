use pairpick_core::mutual_information::{of_answer, of_batch, workspace_len};
use pairpick_core::select::Problem;

use crate::{Any, any};

probes! {
    mutual_information::of_answer => of_answer(any(), any());
    mutual_information::workspace_len => workspace_len(any());
    mutual_information::of_batch[T] => of_batch(any::<&Problem<'_, T, Any>>(), any(), any());
}
