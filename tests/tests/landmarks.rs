//! What the firmware of 64 landmarks computes, here: the same bits at every level.

#[path = "../platforms/bare/src/landmarks.rs"]
mod landmarks;

use pairpick_core::parallel::Sequential;
use pairpick_tests::levels::available;

use landmarks::{DIGEST, Memory};

#[test]
fn a_microcontroller_s_features_have_the_bits_of_every_level() {
    for (name, level) in available() {
        let mut memory = Box::new(Memory::ZERO);
        let digest = memory.run(&Sequential(level)).expect("fits");
        assert_eq!(digest, DIGEST, "{digest:#018x} at {name}");
    }
}
