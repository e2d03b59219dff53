use pairpick_core::profile::Profile;

use crate::any;

probes! {
    profile::Profile::name => any::<Profile>().name();
}
