//! A session: people answer the questions of rounds, one file keeps all that they said, and every face,
//! be it a terminal or a page, is served by one call.
//!
//! A round is a closed batch. Which pairs batch r + 1 asks about follows from the answers to batches
//! 1 … r, or with a [`Lag`](plan::Lag) of one from those to 1 … r − 1 and from which pairs batch r asks
//! about, so that learning goes on while people answer; never from when an answer came. The same answers
//! give the same questions and the same bits of every model.

pub mod desk;
pub mod plan;
pub mod reply;
pub mod status;
pub mod text;

pub use desk::{Desk, Material};
pub use plan::{Lag, Plan, Stop};
pub use reply::{Answer, Ending, Next, Outcome, QuestionId, Reply, Shown, Side, Undone, Waiting};
pub use status::Status;
