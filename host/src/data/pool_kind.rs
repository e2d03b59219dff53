//! [`PoolKind`]: which pairs there are to ask about.

use crate::named::named;

/// Which pairs can be asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PoolKind {
    /// Two responses to the same prompt.
    #[default]
    InPrompt,
    /// Any two responses to the prompts drawn.
    CrossPrompt,
    /// The pairs of a file.
    Listed,
}

named!(PoolKind, "pool",
    InPrompt = "in-prompt": "two responses to the same prompt",
    CrossPrompt = "cross-prompt": "any two responses to the prompts drawn",
    Listed = "listed": "the pairs of a list",
);
