//! The small data that is part of the program, so that `pairpick run` needs no files: replies to
//! everyday questions, embedded, with golden rewards.

/// Embeddings, `.npy` of shape (N, 8, 384).
pub const EMBEDDINGS: &[u8] = include_bytes!("../../../fixtures/replies/embeddings.npy");

/// Golden rewards, `.npy` of shape (N, 8).
pub const REWARDS: &[u8] = include_bytes!("../../../fixtures/replies/rewards.npy");

/// Prompts with the texts of their replies, JSON Lines.
pub const TEXTS: &[u8] = include_bytes!("../../../fixtures/replies/texts.jsonl");

/// The name by which messages call the embeddings.
pub const EMBEDDINGS_NAME: &str = "(bundled) embeddings.npy";

/// The name by which messages call the rewards.
pub const REWARDS_NAME: &str = "(bundled) rewards.npy";

/// The name by which messages call the texts.
pub const TEXTS_NAME: &str = "(bundled) texts.jsonl";

/// The test prompts are the last of the data: one in this many.
pub const TEST_SHARE: usize = 4;

/// The first test prompt of so many prompts.
pub(super) fn first_test(prompts: usize) -> usize {
    prompts.saturating_sub(prompts / TEST_SHARE)
}
