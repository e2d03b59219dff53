//! A session: people answer the questions of rounds, one file keeps all that they said, and every face,
//! be it a terminal or a page, is served by one call.
//!
//! A round is a closed batch. Which pairs batch r + 1 asks about follows from the answers to batches
//! 1 … r, or with a [`Lag`] of one from those to 1 … r − 1 and from which pairs batch r asks about, so
//! that learning goes on while people answer; never from when an answer came. The same answers give the
//! same questions and the same bits of every model.

mod course;
mod desk;
mod elsewhere;
mod holder;
mod material;
mod plan;
mod record;
mod reply;
mod status;
mod store;
mod tally;
mod text;
mod transfer;
mod worker;

pub use self::desk::Desk;
pub use self::elsewhere::{AskedElsewhere, Contradiction, Opinion, ReplyElsewhere, TakenIn};
pub use self::material::Material;
pub use self::plan::{Lag, Plan};
pub use self::record::Who;
pub use self::reply::{Answer, Ending, Next, Outcome, QuestionId, Reply, Shown, Undone, Waiting};
pub use self::status::{Agreement, Line, Share, Status, Stop};
pub use self::store::FORMAT_VERSION;
pub use self::text::printable;
