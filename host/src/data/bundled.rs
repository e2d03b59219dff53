//! The small data that is part of the program, so that `pairpick run` needs no files: replies to
//! everyday questions, embedded, with golden rewards.

/// Embeddings, `.npy` of shape (N, 8, 384).
pub const EMBEDDINGS: &[u8] = include_bytes!("../../../fixtures/replies/embeddings.npy");

/// Golden rewards, `.npy` of shape (N, 8).
pub const REWARDS: &[u8] = include_bytes!("../../../fixtures/replies/rewards.npy");

/// The names by which messages call the two arrays.
pub const NAMES: (&str, &str) = ("(bundled) embeddings.npy", "(bundled) rewards.npy");

/// The test prompts are the last of the data: one in this many.
pub const TEST_SHARE: usize = 4;
