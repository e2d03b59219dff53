//! A probe that can panic: `run` must find it, or it would find nothing.

use crate::any;

probes! {
    planted::unwrap => *any::<&[u32]>().first().unwrap();
}
